// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/event.h"

#include "base/ascii.h"
#include "base/sanitize.h"
#include "base/text.h"
#include "logs/stamp.h"
#include "replication/cause.h"
#include "replication/templates.h"

#include <string.h>

#define TIE_AGE_S (24 * 3600)
/* No template needs more of a message; also bounds the search of `{*}`. STATMSG lines are long. */
#define MESSAGE_LONGEST 4096

const char *const replication_components[REPLICATION_COMPONENTS] = {
    "SMS_DISTRIBUTION_MANAGER", "SMS_DESPOOLER", "SMS_SCHEDULER", "SMS_LAN_SENDER",
    "SMS_PACKAGE_TRANSFER_MANAGER"};

_Static_assert(REPLICATION_COMPONENTS <= LOG_WATCHED, "every component can be watched");

/* Thread IDs are multiples of four. */
static struct replication_tie *row_of(struct replication_ties *ties, uint32_t thread)
{
    uint32_t row = (thread / 4 ^ thread / 128) % (REPLICATION_TIES / REPLICATION_TIE_ROW);
    return &ties->tie[row * REPLICATION_TIE_ROW];
}

static struct replication_tie *find_tie(struct replication_ties *ties, enum replication_component component,
                                        uint32_t thread)
{
    struct replication_tie *row = row_of(ties, thread);
    for (int i = 0; i < REPLICATION_TIE_ROW; i++)
        if (row[i].thread == thread && row[i].component == (uint8_t)component && row[i].package[0] != '\0')
            return &row[i];
    return NULL;
}

static struct replication_tie *new_tie(struct replication_ties *ties, enum replication_component component,
                                       uint32_t thread)
{
    struct replication_tie *row = row_of(ties, thread), *place = row;
    int64_t oldest = row->used;
    for (int i = 1; i < REPLICATION_TIE_ROW; i++) {
        bool older = row[i].used < oldest;
        oldest = older ? row[i].used : oldest;
        place = older ? &row[i] : place;
    }
    *place = (struct replication_tie){.thread = thread, .component = (uint8_t)component};
    return place;
}

static bool same_package(const char one[REPLICATION_PACKAGE], const char other[REPLICATION_PACKAGE])
{
    return memcmp(one, other, REPLICATION_PACKAGE) == 0;
}

/* What the line does with its thread's tie. @param tie  NULL: the thread has none */
static void move_tie(struct replication_ties *ties, struct replication_tie *tie, uint32_t thread,
                     enum replication_component component, const struct template_match *match, int64_t time_s)
{
    if (match->template->tie == TIE_END) {
        if (tie != NULL)
            *tie = (struct replication_tie){0};
        return;
    }
    if (match->package[0] == '\0' || match->package[0] == REPLICATION_SUBJECT)
        return;
    if (tie == NULL)
        tie = new_tie(ties, component, thread);
    if (match->template->tie == TIE_BEGIN || match->other_thread ||
        !same_package(tie->package, match->package))
        tie->wanted = tie->held = 0;
    if (match->template->tie == TIE_START)
        tie->processing = true;
    memcpy(tie->package, match->package, sizeof tie->package);
    if (match->wanted > 0)
        tie->wanted = match->wanted;
    if (match->held > 0)
        tie->held = match->held;
    tie->time_s = time_s;
    tie->used = ++ties->uses;
}

/*
 * A record over several lines may begin with a torn one, or with garbage: the line nearest to the tail that
 * says something counts.
 *
 * @return where it begins, NULL when none says anything
 */
static const char *find_line(enum replication_component component, const struct log_record *record,
                             struct template_match *match)
{
    const char *message = record->message, *end = message + record->message_length, *found = NULL;
    size_t length = record->message_length < MESSAGE_LONGEST ? record->message_length : MESSAGE_LONGEST;
    if (!record->several_lines)
        return template_find(component, message, length, match) ? message : NULL;
    for (const char *at = message; at != NULL && at < end;) {
        struct template_match here;
        while (at < end && (*at == '~' || *at == ' ' || *at == '\t' || *at == '\r' || *at == '\0'))
            at++;
        size_t rest = (size_t)(end - at);
        if (template_find(component, at, rest < MESSAGE_LONGEST ? rest : MESSAGE_LONGEST, &here)) {
            *match = here;
            found = at;
        }
        at = memchr(at, '\n', rest);
        if (at != NULL)
            at++;
    }
    return found;
}

/* Would cleaning change nothing? Nearly every line is like that, and a stalled log has thousands. */
static bool is_clean(const char *line, size_t length)
{
    if (length == 0 || length >= REPLICATION_LINE || line[0] == ' ' || line[length - 1] == ' ')
        return false;
    for (size_t i = 0; i < length; i++)
        if (line[i] < ' ' || line[i] == 0x7F || line[i] == '|' || (line[i] == ' ' && line[i + 1] == ' '))
            return false;
    return true;
}

static void copy_line(const char *message, size_t length, char line[REPLICATION_LINE])
{
    if (is_clean(message, length)) {
        memcpy(line, message, length);
        memset(line + length, 0, REPLICATION_LINE - length);
        return;
    }
    struct text raw = {0}, clean = {0};
    text_add_bytes(&raw, message, length < 1024 ? length : 1024);
    text_add_clean(&clean, text_string(&raw), REPLICATION_LINE - 1);
    memset(line, 0, REPLICATION_LINE);
    memcpy(line, text_string(&clean), clean.length);
    text_free(&raw);
    text_free(&clean);
}

static const char *const busy_subjects[REPLICATION_COMPONENTS] = {
    [REPLICATION_DISTMGR] = REPLICATION_THREADS, [REPLICATION_DESPOOL] = REPLICATION_DESPOOLING};

static const char *const failing_subjects[REPLICATION_COMPONENTS] = {
    [REPLICATION_DISTMGR] = REPLICATION_DISTMGR_ITSELF, [REPLICATION_DESPOOL] = REPLICATION_DESPOOLER};

static void set_subject(const char *subject, struct replication_event *event)
{
    memset(event->package, 0, sizeof event->package);
    memcpy(event->package, subject, strlen(subject));
}

/* What the thread's tie knows and the line does not say. @return false when the line stays without a package
 */
static bool fill_from_tie(const struct replication_tie *tie, const struct template_match *match,
                          int64_t time_s, struct replication_event *event)
{
    bool usable = tie != NULL && time_s - tie->time_s <= TIE_AGE_S && tie->time_s - time_s <= TIE_AGE_S;
    memcpy(event->package, match->package, sizeof event->package);
    event->tied = false;
    event->wanted = match->wanted;
    event->held = match->held;
    event->definition = false;
    if (event->kind == REPLICATION_STARTED || event->kind == REPLICATION_BUSY)
        return true;
    if (match->package[0] == '\0') {
        const char *const *subjects = event->kind == REPLICATION_EXECUTED  ? busy_subjects
                                      : event->kind == REPLICATION_FAILURE ? failing_subjects
                                                                           : NULL;
        if (!usable && subjects != NULL && subjects[event->component] != NULL) {
            set_subject(subjects[event->component], event);
            return true;
        }
        if (!usable)
            return false;
        memcpy(event->package, tie->package, sizeof event->package);
        event->tied = true;
    } else if (!usable || !same_package(tie->package, match->package)) {
        return true;
    }
    switch (event->kind) {
    case REPLICATION_WAITING:
    case REPLICATION_BASE_MISSING:
        if (match->wanted == 0) {
            event->wanted = tie->wanted;
            event->held = match->held > 0 ? match->held : tie->held;
        }
        break;
    case REPLICATION_STORED: /* STATMSG 4400 */
        if (match->held == 0 && match->wanted == 0)
            event->held = tie->wanted;
        break;
    default:
        break;
    }
    return true;
}

/* ---- lines about the site as a whole */

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

/* Fill what such an event says. */
static void read_site_event(const struct replication_ties *ties, const struct log_record *record,
                            const struct template_match *match, struct replication_event *event)
{
    const char *end = record->message + record->message_length;
    switch (event->kind) {
    case REPLICATION_BUSY:
        set_subject(busy_subjects[event->component], event);
        event->held = match->held;
        event->wanted = match->wanted;
        if (event->held >= event->wanted)
            add_holders(ties, event->component, event->wanted, event->line);
        break;
    case REPLICATION_STARTED:
        set_subject(busy_subjects[event->component], event);
        event->wanted = event->held = 0;
        break;
    case REPLICATION_PUT_OFF:
        event->wanted = match->date != NULL ? seconds_until(match->date, end, record->stamp.ms) : 0;
        break;
    default:
        break;
    }
}

/*
 * A delta that could not be merged: only a base that is not there is a missing base. (The number in `CCompress::Open:
 * Failed to open X:\SMSPKG\CEN00001 (2)` is an error or a version, which no source settles: it is not read.)
 */
static bool is_base_missing(const char *said, size_t length)
{
    struct cause cause = cause_of_line(said, length);
    return cause.family == CAUSE_NOT_FOUND || (cause.family == CAUSE_UNKNOWN && cause.code == 0);
}

/* Of an instruction that is put off: "nothing more than a warning" (cb: KB Q169491), informational (38a: Q264945). */
static bool is_mere_warning(const struct message_template *template, const char *said, size_t length)
{
    if (template->kind != REPLICATION_FAILURE || strncmp(template->pattern, "Despooler failed", 16) != 0)
        return false;
    const int64_t code = cause_of_line(said, length).code;
    return code == 0xCB || code == 0x38A;
}

static void come_so_far(const struct log_record *record, int64_t time_s, struct replication_event *event)
{
    const struct log_progress *before = record->before;
    struct log_activity with = before->watched[event->component];
    log_activity_add(&with, record->stamp.ms);
    event->written_s = with.written_ms / 1000;
    for (int i = 0; i < REPLICATION_COMPONENTS; i++) {
        event->written_before_s[i] = before->watched[i].written_ms / 1000;
        event->here[i] = before->watched[i].newest_ms != 0;
    }
    /* As far from this record in UTC as the stamps are apart */
    event->newest_s = 0;
    if (before->any.newest_ms != 0)
        event->newest_s = time_s + before->any.newest_ms / 1000 - record->stamp.ms / 1000;
}

bool replication_tick(const struct log_record *record, int64_t time_s, struct replication_event *event)
{
    enum { TICK_MS = REPLICATION_TICK_S * 1000 };
    if (record->watched < 0 || record->watched >= REPLICATION_STORY_COMPONENTS)
        return false;
    const struct log_activity *before = &record->before->watched[record->watched];
    struct log_activity with = *before;
    log_activity_add(&with, record->stamp.ms);
    if (with.written_ms / TICK_MS == before->written_ms / TICK_MS)
        return false;
    *event = (struct replication_event){.kind = REPLICATION_NOTHING,
                                        .component = (enum replication_component)record->watched,
                                        .thread = record->thread,
                                        .time_s = time_s,
                                        .start = record->start};
    come_so_far(record, time_s, event);
    return true;
}

/* Whether the operator may be shown the line: half of a healthy log says that something went well. */
static bool keeps_line(enum replication_kind kind, const struct template_match *match)
{
    switch (kind) {
    case REPLICATION_WAITING:
    case REPLICATION_BASE_MISSING:
    case REPLICATION_SUPERSEDED:
    case REPLICATION_FAILURE:
    case REPLICATION_REFUSED:
    case REPLICATION_PUT_OFF:
    case REPLICATION_ON_ITS_WAY:
    case REPLICATION_SENT:
        return true;
    case REPLICATION_BUSY:
        return match->held >= match->wanted;
    default:
        return false;
    }
}

bool replication_read(struct replication_ties *ties, const struct log_record *record, int64_t time_s,
                      struct replication_event *event)
{
    struct template_match match;
    if (record->watched < 0 || record->watched >= REPLICATION_COMPONENTS)
        return false;
    enum replication_component component = (enum replication_component)record->watched;
    const char *said = find_line(component, record, &match);
    if (said == NULL)
        return false;
    const struct message_template *template = match.template;
    uint32_t thread = match.other_thread ? match.thread : record->thread;
    struct replication_tie *tie = find_tie(ties, component, thread);
    const size_t length = (size_t)(record->message + record->message_length - said);
    bool says = template->kind != REPLICATION_NOTHING && !is_mere_warning(template, said, length);
    if (says) {
        event->kind = template->kind;
        event->component = component;
        event->thread = record->thread;
        event->time_s = time_s;
        event->start = record->start;
        says = fill_from_tie(tie, &match, time_s, event);
    }
    move_tie(ties, tie, thread, component, &match, time_s);
    if (!says)
        return false;
    come_so_far(record, time_s, event);
    bool no_stored_version = event->kind == REPLICATION_STORED && event->held == 0 && match.wanted == 0;
    if (event->kind == REPLICATION_WAITING && event->wanted > 0 && event->held >= event->wanted)
        event->kind = REPLICATION_STORED; /* never seen; it would say that the version is here */
    else if (no_stored_version && strncmp(template->pattern, "STATMSG", 7) == 0)
        event->kind = REPLICATION_PROGRESS;
    event->definition = event->kind == REPLICATION_WAITING && component == REPLICATION_DESPOOL;
    if (event->kind == REPLICATION_BASE_MISSING && strstr(template->pattern, "merge delta") != NULL &&
        !is_base_missing(said, length))
        event->kind = REPLICATION_FAILURE;
    event->line[0] = '\0';
    if (keeps_line(event->kind, &match))
        copy_line(said, length, event->line);
    read_site_event(ties, record, &match, event);
    return true;
}
