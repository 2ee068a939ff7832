// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/event.h"

#include "base/sanitize.h"
#include "base/text.h"
#include "replication/templates.h"

#include <string.h>

#define TIE_AGE_S (24 * 3600)
/* No template needs more of a message; also bounds the search of `{*}`. STATMSG lines are long. */
#define MESSAGE_LONGEST 4096

const char *const replication_components[REPLICATION_COMPONENTS] = {"SMS_DISTRIBUTION_MANAGER",
                                                                    "SMS_DESPOOLER"};

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
    if (match->package[0] == '\0')
        return;
    if (tie == NULL)
        tie = new_tie(ties, component, thread);
    if (match->template->tie == TIE_BEGIN || !same_package(tie->package, match->package))
        tie->wanted = tie->held = 0;
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
    if (match->package[0] == '\0') {
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
    bool says = template->kind != REPLICATION_NOTHING;
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
    event->line[0] = '\0';
    if (event->kind != REPLICATION_WANTED && event->kind != REPLICATION_PROGRESS &&
        event->kind != REPLICATION_STORED)
        copy_line(said, (size_t)(record->message + record->message_length - said), event->line);
    return true;
}
