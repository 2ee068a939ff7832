// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/event_site.h"

#include "base/ascii.h"
#include "logs/stamp.h"

#include <string.h>

const char *const event_busy_subjects[REPLICATION_COMPONENTS] = {
    [REPLICATION_DISTMGR] = REPLICATION_THREADS, [REPLICATION_DESPOOL] = REPLICATION_DESPOOLING};

enum { HOLDERS_SHOWN = 8 };

/* Which packages hold the threads: those that were taken up last and have not ended. @return how many; newest first */
static size_t find_holders(const struct replication_ties *ties, enum replication_component component,
                           size_t most, const struct replication_tie *holders[HOLDERS_SHOWN])
{
    size_t count = 0;
    for (size_t i = 0; i < REPLICATION_TIES; i++) {
        const struct replication_tie *tie = &ties->tie[i];
        if (!tie->processing || tie->component != (uint8_t)component || tie->package[0] == '\0' ||
            (count == most && tie->used < holders[count - 1]->used))
            continue;
        size_t at = count < most ? count++ : count - 1;
        for (; at > 0 && holders[at - 1]->used < tie->used; at--)
            holders[at] = holders[at - 1];
        holders[at] = tie;
    }
    return count;
}

static void add_holders(const struct replication_ties *ties, enum replication_component component,
                        int64_t threads, char line[REPLICATION_LINE])
{
    const struct replication_tie *holders[HOLDERS_SHOWN];
    if (threads <= 0)
        return;
    const size_t count =
        find_holders(ties, component, threads < HOLDERS_SHOWN ? (size_t)threads : HOLDERS_SHOWN, holders);
    size_t length = strlen(line);
    if (length > 0 && line[length - 1] == '.')
        length--;
    for (size_t shown = 0; shown < count; shown++) {
        const size_t needed = strlen(holders[shown]->package) + 2;
        if (length + needed >= REPLICATION_LINE)
            return;
        memcpy(line + length, shown == 0 ? ": " : ", ", 2);
        memcpy(line + length + 2, holders[shown]->package, needed - 2);
        length += needed;
        line[length] = '\0';
    }
}

/* Up to six numbers: a date, and a time behind it. */
static int read_numbers(const char *at, const char *end, int64_t numbers[6])
{
    int count = 0;
    for (; at < end && count < 6; at++) {
        if (!ascii_is_digit(*at))
            continue;
        for (numbers[count] = 0; at < end && ascii_is_digit(*at) && numbers[count] < 100000; at++)
            numbers[count] = numbers[count] * 10 + (*at - '0');
        count++;
    }
    return count;
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/*
 * The order of day, month and year is the server's locale: of the readings that are dates the one that lies
 * nearest counts, so that no retry in five minutes is taken for one in half a year. To half a day: AM and PM
 * are not asked, nor what the server's zone is.
 *
 * @return seconds from now (negative: past), 0 when this is no date
 */
static int64_t seconds_until(const char *date, const char *end, int64_t now_ms)
{
    static const int orders[][3] = {{2, 0, 1}, {2, 1, 0}, {0, 1, 2}}; /* of year, month, day */
    /* A Thai locale writes years of the Buddhist era: 2569 is 2026. */
    enum { BUDDHIST_AHEAD = 543, BUDDHIST_FIRST = 2500, BUDDHIST_LAST = 2700 };
    int64_t numbers[6] = {0}, found = 0;
    int count = read_numbers(date, end, numbers);
    if (count < 3)
        return 0;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        int64_t year = numbers[orders[i][0]], month = numbers[orders[i][1]], day = numbers[orders[i][2]];
        year += year < 100 ? 2000 : 0;
        year -= year >= BUDDHIST_FIRST && year <= BUDDHIST_LAST ? BUDDHIST_AHEAD : 0;
        if (year < 1970 || year > 9999 || month > 12 || day > 31)
            continue;
        int64_t ms = log_stamp_ms((int)year, (int)month, (int)day, 0, 0, 0, 0);
        if (ms < 0)
            continue;
        ms += count >= 5 ? (numbers[3] * 60 + numbers[4]) * 60000 : 0;
        if (found == 0 || distance(ms, now_ms) < distance(found, now_ms))
            found = ms;
    }
    return found == 0 ? 0 : (found - now_ms) / 1000;
}

void event_read_site(const struct replication_ties *ties, const struct log_record *record,
                     const struct template_match *match, struct replication_event *event)
{
    const char *end = record->message + record->message_length;
    switch (event->kind) {
    case REPLICATION_BUSY:
        subject_put(event_busy_subjects[event->component], event->package);
        event->held = match->held;
        event->wanted = match->wanted;
        if (event->held >= event->wanted)
            add_holders(ties, event->component, event->wanted, event->line);
        break;
    case REPLICATION_STARTED:
        subject_put(event_busy_subjects[event->component], event->package);
        event->wanted = event->held = 0;
        break;
    case REPLICATION_PUT_OFF:
        event->wanted = match->date != NULL ? seconds_until(match->date, end, record->stamp.ms) : 0;
        break;
    default:
        break;
    }
}
