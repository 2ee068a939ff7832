// SPDX-License-Identifier: GPL-3.0-or-later
/* From the rows of PkgStatus to pairs, arrivals and numbers. */
#include "sitedb/package_site_parts.h"

#include "base/array.h"
#include "sitedb/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct odbc_column pair_columns[COLUMN_COUNT] = {
    [COLUMN_PACKAGE] = {ODBC_TEXT, 16},    [COLUMN_NAME] = {ODBC_TEXT, 256},
    [COLUMN_SITE] = {ODBC_TEXT, 8},        [COLUMN_WANTED] = {ODBC_INTEGER, 0},
    [COLUMN_SIZE] = {ODBC_INTEGER, 0},     [COLUMN_SOURCE_DATE] = {ODBC_INSTANT, 0},
    [COLUMN_PRIORITY] = {ODBC_INTEGER, 0}, [COLUMN_REFRESHED] = {ODBC_INSTANT, 0},
    [COLUMN_ENDED] = {ODBC_INTEGER, 0},    [COLUMN_STATUS] = {ODBC_INTEGER, 0},
    [COLUMN_HELD] = {ODBC_INTEGER, 0},     [COLUMN_UPDATED] = {ODBC_INSTANT, 0},
    [COLUMN_SERVER] = {ODBC_TEXT, 256},    [COLUMN_HAS_ROW] = {ODBC_INTEGER, 0},
    [COLUMN_TARGETED] = {ODBC_INTEGER, 0}, [COLUMN_SELECTED] = {ODBC_INTEGER, 0},
    [COLUMN_NEWEST] = {ODBC_INSTANT, 0}};

static int64_t product_date(const struct pair_reader *reader, const struct odbc_value *value)
{
    const struct sitedb_clock *clock = &reader->db->clock;
    if (reader->clock == PAIR_CLOCK_IGNORE)
        return 0;
    return sitedb_date(value, reader->clock == PAIR_CLOCK_LOCAL ? -clock->utc_offset_s : 0, clock);
}

static const struct sitedb_clock end_of_time = {.utc = INT64_MAX};

/* As stored: no date lies in the future, for no zone is known. */
static int64_t stored_date(const struct odbc_value *value)
{
    return sitedb_date(value, 0, &end_of_time);
}

/* How far a date that is none lies in the future of the database's clock. */
static int64_t future_of(const struct pair_reader *reader, const struct odbc_value *value)
{
    const struct sitedb_clock *clock = &reader->db->clock;
    if (reader->clock == PAIR_CLOCK_IGNORE)
        return 0;
    const int64_t date =
        sitedb_date(value, reader->clock == PAIR_CLOCK_LOCAL ? -clock->utc_offset_s : 0, &end_of_time);
    return date > clock->utc ? date - clock->utc : 0;
}

/* All texts of a pair in one allocation, which `package` points to. */
static int keep_texts(struct pair *pair, const struct odbc_value *values)
{
    const char *texts[] = {values[COLUMN_PACKAGE].text, values[COLUMN_NAME].text, values[COLUMN_SITE].text,
                           values[COLUMN_SERVER].text};
    const char **targets[] = {&pair->package, &pair->package_name, &pair->site, &pair->server};
    size_t size = 0;
    for (size_t i = 0; i < 4; i++)
        size += strlen(texts[i]) + 1;
    char *block = malloc(size);
    if (block == NULL)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        size_t length = strlen(texts[i]) + 1;
        memcpy(block, texts[i], length);
        *targets[i] = block;
        block += length;
    }
    return 0;
}

/*
 * Of the site's own server, then highest SourceVersion, then newest UpdateTime, NULLs lowest. Dates are compared as stored: which of two
 * rows is newer does not depend on the zone, nor on --db-clock=ignore. Status makes the choice the same in
 * every run.
 */
static bool decides_over(int64_t held, int64_t updated, int64_t status, bool by_server,
                         const struct pair_reader *reader)
{
    const struct pair *pair = &reader->pair;
    if (by_server != reader->decided_by_server)
        return by_server;
    if (held != pair->held)
        return held > pair->held;
    return updated != reader->decided_at ? updated > reader->decided_at : status > pair->status;
}

static struct lookup *find_lookup(struct pair_reader *reader, const struct pair *pair)
{
    for (size_t i = 0; i < reader->lookup_count; i++)
        if (strcasecmp(reader->lookups[i].package, pair->package) == 0 &&
            (pair->site[0] == '\0' || strcasecmp(reader->lookups[i].place, pair->site) == 0))
            return &reader->lookups[i];
    return NULL;
}

static int keep_pair(struct pair_reader *reader)
{
    struct pair_list *list = reader->list;
    struct pair *pairs = array_grow(list->pairs, list->count, sizeof *pairs);
    if (pairs == NULL)
        return -1;
    list->pairs = pairs;
    pairs[list->count++] = reader->pair;
    reader->pair = (struct pair){0};
    return 0;
}

static int keep_arrival(struct pair_reader *reader)
{
    if (reader->arrival.package[0] == '\0')
        return 0;
    struct arrival_list *list = reader->arrivals;
    struct arrival *arrivals = array_grow(list->arrivals, list->count, sizeof *arrivals);
    if (arrivals == NULL)
        return -1;
    list->arrivals = arrivals;
    arrivals[list->count++] = reader->arrival;
    reader->arrival = (struct arrival){0};
    return 0;
}

/* What was in trouble and is in sync now has arrived, whatever its date says. */
static void note_undated(struct pair_reader *reader)
{
    reader->arrival = (struct arrival){.version = reader->pair.held, .priority = reader->pair.priority};
    snprintf(reader->arrival.package, sizeof reader->arrival.package, "%s", reader->pair.package);
    snprintf(reader->arrival.site, sizeof reader->arrival.site, "%s", reader->pair.site);
}

/* The pair's rows are complete: judge it, and keep it when it is in trouble. */
static int finish_pair(struct pair_reader *reader)
{
    struct pair *pair = &reader->pair;
    if (pair->package == NULL)
        return 0;
    if (reader->rule == PAIR_RULE_VERSION)
        pair->kind = pair_judge(pair);
    else
        pair->kind = pair->has_status && pair->status != 0 && pair->held > 0 ? PAIR_RECIPE : PAIR_IN_SYNC;
    struct lookup *lookup = find_lookup(reader, pair);
    bool trouble = pair->kind != PAIR_IN_SYNC && !reader->ended;
    if (lookup != NULL && pair->site[0] != '\0')
        lookup->found = trouble ? LOOKUP_IN_TROUBLE : LOOKUP_ENDED;
    if (reader->scan == NULL && reader->arrivals != NULL && lookup != NULL && pair->kind == PAIR_IN_SYNC &&
        !reader->ended)
        note_undated(reader);
    if (reader->scan != NULL && reader->rule == PAIR_RULE_VERSION && !trouble && pair->held > pair->wanted)
        reader->scan->ahead += sitedb_filter_selects(reader->question->filter, pair->package, pair->site);
    if (keep_arrival(reader) != 0)
        return -1;
    if (trouble)
        return keep_pair(reader);
    free((char *)pair->package);
    *pair = (struct pair){0};
    return 0;
}

static int begin_pair(struct pair_reader *reader, const struct odbc_value *values)
{
    struct pair *pair = &reader->pair;
    if (keep_texts(pair, values) != 0)
        return -1;
    pair->wanted = sitedb_integer(&values[COLUMN_WANTED], 0);
    pair->size_bytes = sitedb_size_bytes(&values[COLUMN_SIZE]);
    pair->priority = sitedb_integer(&values[COLUMN_PRIORITY], 0);
    pair->source_date = product_date(reader, &values[COLUMN_SOURCE_DATE]);
    pair->refreshed = sitedb_date(&values[COLUMN_REFRESHED], 0, &reader->db->clock);
    pair->held = -1;
    reader->ended = sitedb_integer(&values[COLUMN_ENDED], 0) != 0;
    return 0;
}

static bool same_pair(const struct pair *pair, const struct odbc_value *values)
{
    return pair->package != NULL && strcasecmp(pair->package, values[COLUMN_PACKAGE].text) == 0 &&
           strcasecmp(pair->site, values[COLUMN_SITE].text) == 0;
}

/* Did it come after the site was read last? */
static bool is_new(const struct pair_reader *reader, int64_t updated)
{
    const struct pair_question *question = reader->question;
    if (updated > question->since || updated <= question->quiet_since)
        return updated > question->since;
    for (size_t i = 0; i < question->quiet.count; i++)
        if (strcasecmp(question->quiet.strings[i], reader->pair.site) == 0)
            return true;
    return false;
}

static void note_arrival(struct pair_reader *reader, const struct pair *row, int64_t updated)
{
    bool healthy =
        row->has_status && (row->status == PAIR_STATUS_NONE || row->status == PAIR_STATUS_RECEIVED ||
                            row->status == PAIR_STATUS_INSTALLED);
    if (reader->scan == NULL || reader->question->since == 0 || !healthy || row->held <= 0 ||
        !is_new(reader, updated) || updated > reader->until)
        return;
    struct arrival *arrival = &reader->arrival;
    if (arrival->package[0] == '\0')
        *arrival = (struct arrival){.priority = reader->pair.priority};
    snprintf(arrival->package, sizeof arrival->package, "%s", reader->pair.package);
    snprintf(arrival->site, sizeof arrival->site, "%s", reader->pair.site);
    if (row->held > arrival->version)
        arrival->version = row->held;
    if (updated > arrival->updated)
        arrival->updated = updated;
}

/* @return the site's index, or the number of sites. Rows come in order of the sites, again and again. */
static size_t find_site(struct pair_reader *reader, const char *code)
{
    const struct sitedb *db = reader->db;
    for (size_t i = 0; i < db->site_count; i++) {
        size_t at = (reader->site + i) % db->site_count;
        if (strcasecmp(db->sites[at].code, code) == 0)
            return reader->site = at;
    }
    return db->site_count;
}

/* Is the row of the server that v_Site names for the site? Either may have its domain or not. */
static bool is_of_server(struct pair_reader *reader, const char *server)
{
    const size_t at = find_site(reader, reader->pair.site);
    const char *own = at < reader->db->site_count ? reader->db->sites[at].server : "";
    const size_t length = strcspn(own, ".");
    return length > 0 && strcspn(server, ".") == length && strncasecmp(own, server, length) == 0;
}

static int add_row(struct pair_reader *reader, const struct odbc_value *values)
{
    struct pair *pair = &reader->pair;
    if (sitedb_integer(&values[COLUMN_HAS_ROW], 0) == 0)
        return 0;
    const struct pair row = {.held = sitedb_integer(&values[COLUMN_HELD], -1),
                             .has_status = !values[COLUMN_STATUS].null,
                             .status = sitedb_integer(&values[COLUMN_STATUS], 0)};
    int64_t updated = sitedb_integer(&values[COLUMN_UPDATED], INT64_MIN);
    note_arrival(reader, &row, updated);
    const bool by_server =
        reader->rule == PAIR_RULE_VERSION && is_of_server(reader, values[COLUMN_SERVER].text);
    if (pair->rows++ > 0 && !decides_over(row.held, updated, row.status, by_server, reader))
        return 0;
    const char *former = pair->package; /* the texts: PkgServer is the deciding row's */
    if (pair->rows > 1) {
        if (keep_texts(pair, values) != 0)
            return -1;
        free((char *)former);
    }
    reader->decided_at = updated;
    reader->decided_by_server = by_server;
    pair->held = row.held;
    pair->updated = product_date(reader, &values[COLUMN_UPDATED]);
    pair->stamp = stored_date(&values[COLUMN_UPDATED]);
    const int64_t row_s = future_of(reader, &values[COLUMN_UPDATED]),
                  package_s = future_of(reader, &values[COLUMN_SOURCE_DATE]);
    pair->future_s = row_s > package_s ? row_s : package_s;
    pair->has_status = row.has_status;
    pair->status = row.status;
    return 0;
}

/* @return where pairs of a site that v_Site does not know are counted, NULL when memory ran out */
static int64_t *find_unknown(struct pair_scan *scan, const char *code)
{
    for (size_t i = 0; i < scan->unknown_count; i++)
        if (strcasecmp(scan->unknown[i].code, code) == 0)
            return &scan->unknown[i].away;
    struct unknown_site *unknown = array_grow(scan->unknown, scan->unknown_count, sizeof *unknown);
    if (unknown == NULL)
        return NULL;
    scan->unknown = unknown;
    unknown[scan->unknown_count] = (struct unknown_site){0};
    snprintf(unknown[scan->unknown_count].code, sizeof unknown->code, "%s", code);
    return &unknown[scan->unknown_count++].away;
}

/* A row of a site that nobody looks at, whose group is counted once. @param at  among the database's sites, or their number */
static void count_away(struct pair_reader *reader, size_t at, const struct odbc_value *values)
{
    struct pair_scan *scan = reader->scan;
    char group[sizeof reader->away];
    snprintf(group, sizeof group, "%s@%s", values[COLUMN_PACKAGE].null ? "" : values[COLUMN_PACKAGE].text,
             values[COLUMN_SITE].text);
    if (strcasecmp(group, reader->away) == 0)
        return;
    snprintf(reader->away, sizeof reader->away, "%s", group);
    int64_t *away =
        at < reader->db->site_count ? &scan->sites[at].away : find_unknown(scan, values[COLUMN_SITE].text);
    if (away != NULL)
        *away += sitedb_integer(&values[COLUMN_SELECTED], 0);
}

/* A group's first row: what it adds to the numbers. @return whether it is looked at */
static bool count_group(struct pair_reader *reader, const struct odbc_value *values)
{
    const struct sitedb *db = reader->db;
    size_t at = find_site(reader, values[COLUMN_SITE].text);
    if (reader->rule == PAIR_RULE_VERSION && (at == db->site_count || !site_is_active(&db->sites[at]))) {
        count_away(reader, at, values);
        return false;
    }
    struct pair_scan *scan = reader->scan;
    scan->examined += sitedb_integer(&values[COLUMN_SELECTED], 0);
    if (at < db->site_count) {
        struct pair_site *site = &scan->sites[at];
        int64_t newest = stored_date(&values[COLUMN_NEWEST]);
        site->targeted += sitedb_integer(&values[COLUMN_TARGETED], 0);
        if (newest > site->newest)
            site->newest = newest;
    }
    return true;
}

static int take_row(struct pair_reader *reader, const struct odbc_value *values)
{
    if (same_pair(&reader->pair, values))
        return add_row(reader, values);
    if (finish_pair(reader) != 0)
        return -1;
    if (reader->scan != NULL && !count_group(reader, values))
        return 0;
    if (values[COLUMN_PACKAGE].null)
        return 0;
    return begin_pair(reader, values) != 0 ? -1 : add_row(reader, values);
}

int pair_reader_read(struct pair_reader *reader, const char *what, struct statement *statement,
                     struct failure *failure)
{
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, reader->db, what, statement, pair_columns, COLUMN_COUNT, failure) != 0)
        return -1;
    while (sitedb_next(&rows))
        rows.no_memory = take_row(reader, rows.values) != 0;
    if (!rows.no_memory && !rows.failed)
        rows.no_memory = finish_pair(reader) != 0;
    free((char *)reader->pair.package);
    reader->pair = (struct pair){0};
    return sitedb_end(&rows, failure);
}
