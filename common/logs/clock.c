// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/clock.h"

#include "base/units.h"
#include "logs/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    TAIL_BYTES =
        48 * 1024, /* where the last record is looked for; with the fingerprints less than 64 KB a log */
    QUARTER_HOUR = 15 * 60, /* every zone in use is a multiple */
    MOST_WEST = -12 * 3600,
    MOST_EAST = 14 * 3600,
    MOST_RESIDUE = 150 /* seconds between the last record and the file's time that still fit */
};

/* tzdata's folder holds tables as well, which the C library takes for UTC. */
static bool is_zone(const char *path)
{
    char magic[4] = "";
    FILE *file = fopen(path, "rbe");
    const bool read = file != NULL && fread(magic, sizeof magic, 1, file) == 1;
    if (file != NULL)
        fclose(file);
    return read && memcmp(magic, "TZif", sizeof magic) == 0;
}

int log_clock_use_zone(struct log_clock *clock, const char *zone, struct failure *failure)
{
    /* The C library takes an unknown zone for UTC without a word. */
    char path[512];
    bool named = zone[0] != '/' && strstr(zone, "..") == NULL &&
                 snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", zone) < (int)sizeof path;
    struct stat facts;
    if (!named || stat(path, &facts) != 0 || !S_ISREG(facts.st_mode) || !is_zone(path))
        return fail(failure,
                    "--timezone=%s: there is no such zone in /usr/share/zoneinfo "
                    "(package tzdata); write AREA/CITY, as in Europe/Berlin",
                    zone);
    if (setenv("TZ", zone, 1) != 0)
        return fail(failure, "out of memory");
    tzset();
    clock->by_zone = true;
    return 0;
}

static void ignore_record(void *listener, const struct log_record *record)
{
    (void)listener;
    (void)record;
}

/* The stamp of the last whole record in the bytes. */
static int last_stamp(const char *bytes, size_t length, const struct log_encoding *encoding,
                      struct log_stamp *stamp, struct failure *failure)
{
    struct log_progress progress = {0};
    struct log_reader_options options = {.encoding = *encoding};
    struct log_reader *reader = log_reader_new(&options, 1, &progress, failure);
    if (reader == NULL)
        return -1;
    struct log_stamp newest;
    bool found = log_reader_push(reader, bytes, length, ignore_record, NULL) == 0 &&
                 log_reader_finish(reader, ignore_record, NULL) == 0 &&
                 log_reader_last(reader, stamp, &newest);
    log_reader_free(reader);
    return found ? 0 : 1;
}

static int read_tail(struct bytestore *store, const char *location, const struct log_encoding *encoding,
                     struct log_stamp *stamp, struct failure *failure)
{
    bool missing;
    struct bytefile *file = bytestore_open(store, location, &missing, failure);
    if (file == NULL)
        return -1;
    struct bytefile_facts facts;
    char *bytes = malloc(TAIL_BYTES);
    int result = bytes == NULL ? fail(failure, "out of memory") : bytefile_facts(file, &facts, failure);
    if (result == 0) {
        /* An even place: UTF-16 has two bytes a character. */
        int64_t from = facts.size_bytes > TAIL_BYTES ? (facts.size_bytes - TAIL_BYTES) & ~INT64_C(1) : 0;
        int64_t got = bytefile_read_at(file, from, bytes, TAIL_BYTES, failure);
        result = got < 0 ? -1 : last_stamp(bytes, (size_t)got, encoding, stamp, failure);
    }
    free(bytes);
    bytefile_close(file);
    return result;
}

int log_clock_measure(struct log_clock *clock, struct bytestore *store, const char *location, int64_t mtime,
                      const struct log_encoding *encoding, struct failure *failure)
{
    struct log_stamp stamp;
    int found = read_tail(store, location, encoding, &stamp, failure);
    if (found < 0)
        return -1;
    int64_t distance = found == 0 ? stamp.ms / 1000 - mtime : INT64_MAX / 2;
    int64_t offset =
        (distance + (distance < 0 ? -QUARTER_HOUR / 2 : QUARTER_HOUR / 2)) / QUARTER_HOUR * QUARTER_HOUR;
    int64_t residue = distance > offset ? distance - offset : offset - distance;
    if (found != 0 || offset < MOST_WEST || offset > MOST_EAST || residue > MOST_RESIDUE) {
        char modified[32];
        return fail(failure,
                    "the stamps of %s are local time, and its last one does not fit the file's "
                    "modification time (%s): give --timezone=AREA/CITY of the site server",
                    location, instant_format(mtime, modified, sizeof modified));
    }
    clock->offset_s = offset;
    clock->measured = true;
    return 0;
}

bool log_clock_lacks(const struct log_clock *clock, const struct log_stamp *stamp)
{
    return !stamp->utc && !clock->by_zone && !clock->measured;
}

/* UTC minus the zone's local time. */
static int64_t zone_offset(int64_t local_s)
{
    time_t as_if_utc = (time_t)local_s;
    struct tm parts;
    if (gmtime_r(&as_if_utc, &parts) == NULL)
        return 0;
    parts.tm_isdst = -1; /* in the hour that DST repeats, the first one: file order settles what it can */
    return (int64_t)mktime(&parts) - local_s;
}

int64_t log_clock_utc(struct log_clock *clock, int64_t ms, bool utc)
{
    int64_t seconds = ms / 1000;
    if (utc)
        return seconds;
    if (!clock->by_zone)
        return seconds - clock->offset_s;
    /* Zones change on quarters of an hour; neighbouring records are nearly always of the same one. */
    int64_t quarter = seconds / QUARTER_HOUR;
    if (quarter != clock->quarter) {
        clock->quarter_offset_s = zone_offset(quarter * QUARTER_HOUR);
        clock->quarter = quarter;
    }
    return seconds + clock->quarter_offset_s;
}
