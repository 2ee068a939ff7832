// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/event.h"

#include "base/ascii.h"
#include "base/sanitize.h"
#include "base/text.h"
#include "replication/cause.h"
#include "replication/event_site.h"
#include "replication/templates.h"

#include <stdio.h>
#include <string.h>

#define TIE_AGE_S (24 * 3600)
/* The lines of one failure at a server; the thread goes on to the next one then. */
#define SERVER_AGE_S 60
/* A thread that copies a large package is silent for as long as the copy takes. */
#define HANGS_S (6 * 3600)
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

/* What comes next from this thread, "Error occurred.", is about the same server. */
static void tie_to_server(struct replication_ties *ties, struct replication_tie *tie, uint32_t thread,
                          const struct replication_event *event)
{
    if (tie == NULL)
        tie = new_tie(ties, event->component, thread);
    *tie = (struct replication_tie){.thread = thread,
                                    .component = (uint8_t)event->component,
                                    .time_s = event->time_s,
                                    .used = ++ties->uses};
    memcpy(tie->package, event->package, sizeof tie->package);
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
    if (match->package[0] == '\0' || match->package[0] == REPLICATION_SUBJECT ||
        match->template->tie == TIE_NONE)
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

static const char *const failing_subjects[REPLICATION_COMPONENTS] = {
    [REPLICATION_DISTMGR] = REPLICATION_DISTMGR_ITSELF, [REPLICATION_DESPOOL] = REPLICATION_DESPOOLER};

/* STATMSG 4400 tells that the package was stored, and not which version. */
static bool tells_version(const struct message_template *template)
{
    return strstr(template->pattern, "{h}") != NULL;
}

static bool is_usable(const struct replication_tie *tie, int64_t time_s)
{
    if (tie == NULL)
        return false;
    const int64_t most_s = tie->package[0] == REPLICATION_SUBJECT ? SERVER_AGE_S : TIE_AGE_S;
    return time_s - tie->time_s <= most_s && tie->time_s - time_s <= most_s;
}

/*
 * What a line is about that names no package, and is of no thread that is at one. Many distribution points fail, each for
 * its own reason and at its own time.
 *
 * @param tie  NULL: none that is usable
 * @return false when it is about nothing that is kept
 */
static bool find_subject(const struct replication_tie *tie, const char *said, size_t length,
                         struct replication_event *event)
{
    const char *const *subjects = event->kind == REPLICATION_EXECUTED  ? event_busy_subjects
                                  : event->kind == REPLICATION_FAILURE ? failing_subjects
                                                                       : NULL;
    if (subjects == NULL || subjects[event->component] == NULL)
        return false;
    const bool servers = event->kind == REPLICATION_FAILURE && event->component == REPLICATION_DISTMGR;
    if (servers && subject_of_server(said, length, event->package))
        return true;
    if (servers && tie != NULL)
        memcpy(event->package, tie->package, sizeof event->package);
    else
        subject_put(subjects[event->component], event->package);
    return true;
}

/* @param site  a site's code as a subject, "" where the line tells none */
static void set_link(const char site[REPLICATION_PACKAGE], char package[REPLICATION_PACKAGE])
{
    memset(package, 0, REPLICATION_PACKAGE);
    snprintf(package, REPLICATION_PACKAGE, REPLICATION_LINK "%.3s", site[0] != '\0' ? site + 1 : site);
}

/* What the thread's tie knows and the line does not say. @return false when the line stays without a package
 */
static bool fill_from_tie(const struct replication_tie *tie, const struct template_match *match,
                          const char *said, size_t length, int64_t time_s, struct replication_event *event)
{
    bool usable = is_usable(tie, time_s);
    memcpy(event->package, match->package, sizeof event->package);
    event->tied = false;
    event->wanted = match->wanted;
    event->held = match->held;
    event->definition = event->denied = false;
    if (event->kind == REPLICATION_STARTED || event->kind == REPLICATION_BUSY)
        return true;
    if (event->kind == REPLICATION_LINK_DOWN) {
        set_link(match->package, event->package);
        return true;
    }
    if (match->package[0] == '\0') {
        if (!usable || tie->package[0] == REPLICATION_SUBJECT)
            return find_subject(usable ? tie : NULL, said, length, event);
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
            event->denied = event->kind == REPLICATION_WAITING && tie->wanted > 0 && tie->held >= tie->wanted;
        }
        break;
    case REPLICATION_STORED:
        if (!tells_version(match->template))
            event->held = tie->wanted;
        break;
    case REPLICATION_EXECUTED:
        event->held = tie->wanted;
        break;
    default:
        break;
    }
    return true;
}

/*
 * A delta that could not be merged: only a base that is not there is a missing base. The number in `CCompress::Open:
 * Failed to open X:\SMSPKG\CEN00001 (2)` is an error or a version, which no source settles: it is read where it can be no
 * version, neither the wanted one nor the one before it.
 */
static bool is_base_missing(const struct replication_event *event, const struct message_template *template,
                            const char *said, size_t length)
{
    const struct cause cause = cause_of_line(said, length);
    if (strstr(template->pattern, "merge delta") != NULL)
        return cause.family == CAUSE_NOT_FOUND || (cause.family == CAUSE_UNKNOWN && cause.code == 0);
    return strncmp(template->pattern, "CCompress", 9) != 0 || cause.code == 0 || event->wanted == 0 ||
           cause.code == event->wanted || cause.code == event->wanted - 1;
}

/* Of an instruction that is put off: "nothing more than a warning" (cb: KB Q169491), informational (38a: Q264945). */
static bool is_mere_warning(const struct message_template *template, const char *said, size_t length)
{
    if (template->kind != REPLICATION_FAILURE || strncmp(template->pattern, "Despooler failed", 16) != 0)
        return false;
    const int64_t code = cause_of_line(said, length).code;
    return code == 0xCB || code == 0x38A;
}

/* Is the thread that was started for the package silent since so long? */
static bool is_held_long(const struct replication_ties *ties, enum replication_component component,
                         const char package[REPLICATION_PACKAGE], int64_t time_s)
{
    int64_t newest_s = 0;
    for (size_t i = 0; i < REPLICATION_TIES; i++) {
        const struct replication_tie *tie = &ties->tie[i];
        if (tie->processing && tie->component == (uint8_t)component && same_package(tie->package, package) &&
            tie->time_s > newest_s)
            newest_s = tie->time_s;
    }
    return newest_s != 0 && time_s - newest_s >= HANGS_S;
}

/* What the line means beyond its words. */
static enum replication_kind kind_of(const struct replication_ties *ties,
                                     enum replication_component component, const struct template_match *match,
                                     const char *said, size_t length, int64_t time_s)
{
    const struct message_template *template = match->template;
    if (template->kind == REPLICATION_HELD)
        return is_held_long(ties, component, match->package, time_s) ? REPLICATION_FAILURE
                                                                     : REPLICATION_NOTHING;
    return is_mere_warning(template, said, length) ? REPLICATION_NOTHING : template->kind;
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
    case REPLICATION_LINK_DOWN:
        return true;
    case REPLICATION_BUSY:
        return match->held >= match->wanted;
    default:
        return false;
    }
}

/* `Processing package P (SourceVersion:3;StoredVersion:3)`, the only one that tells both, and `Content Library: ...` */
static bool is_of_library(const struct message_template *template, const struct template_match *match)
{
    static const char library[] = "Content Library:";
    return template->kind == REPLICATION_STORED
               ? match->wanted > 0
               : template->kind == REPLICATION_PROGRESS &&
                     strncmp(template->pattern, library, strlen(library)) == 0;
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
    event->kind = kind_of(ties, component, &match, said, length, time_s);
    bool says = event->kind != REPLICATION_NOTHING;
    if (says) {
        event->component = component;
        event->thread = record->thread;
        event->time_s = time_s;
        event->start = record->start;
        says = fill_from_tie(tie, &match, said, length, time_s, event);
    }
    move_tie(ties, tie, thread, component, &match, time_s);
    if (!says)
        return false;
    if (event->kind == REPLICATION_FAILURE && event->package[0] == REPLICATION_SUBJECT &&
        !subject_is_component(event->package))
        tie_to_server(ties, tie, thread, event);
    come_so_far(record, time_s, event);
    if (event->kind == REPLICATION_WAITING && match.wanted > 0 && match.held >= match.wanted)
        event->kind = REPLICATION_STORED; /* never seen; it would say that the version is here */
    else if (event->kind == REPLICATION_STORED && event->held == 0 && !tells_version(template))
        event->kind = REPLICATION_PROGRESS;
    event->library = is_of_library(template, &match);
    event->definition = event->kind == REPLICATION_WAITING && component == REPLICATION_DESPOOL;
    if (event->kind == REPLICATION_BASE_MISSING && !is_base_missing(event, template, said, length))
        event->kind = REPLICATION_FAILURE;
    event->line[0] = '\0';
    if (keeps_line(event->kind, &match))
        copy_line(said, length, event->line);
    event_read_site(ties, record, &match, event);
    return true;
}
