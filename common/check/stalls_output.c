// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stalls_output.h"

#include "base/sanitize.h"
#include "base/units.h"
#include "check/stall_words.h"
#include "items/itemline.h"
#include "items/output.h"

#include <inttypes.h>
#include <string.h>

static const char *log_name(const char *location)
{
    const char *slash = strrchr(location, '/');
    return slash != NULL ? slash + 1 : location;
}

static bool has_local_stamps(const struct logset *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->logs[i].by_zone || set->logs[i].shifted)
            return true;
    return false;
}

static void item_line(void *context, size_t index, struct text *line)
{
    const struct stallreport *report = context;
    const struct stall *stall = stalls_ordered(report->stalls, index);
    const struct item *item = &stall->item;
    char age[32];
    itemline_begin(item, "", line);
    if (item->place[0] != '\0')
        text_addf(line, " at %s", item->place);
    text_addf(line, ": %s, ", item->kind);
    stall_add_facts(stall, line);
    text_addf(line, ", for %s", duration_format(item->age_s, age, sizeof age));
    if (stall->repeats > 0)
        text_addf(
            line, ", repeated %" PRId64 " times, last %s ago", stall->repeats,
            duration_format(report->now > stall->last_s ? report->now - stall->last_s : 0, age, sizeof age));
    if (stall->pck_missing)
        text_addf(line, ", %s.PCK is %s in %s", item->package, stall->pck_empty ? "empty" : "not",
                  report->folder);
    stall_add_line(stall, line);
    stall_add_way(stall, line);
    if (item->stuck)
        stall_add_advice(stall, &(struct stall_place){report->site, has_local_stamps(report->logs)}, line);
}

_Static_assert(offsetof(struct stall, item) == 0, "a tally's worst item is its stall");

bool stallreport_is_unread(const struct logset_log *log)
{
    return log->failed || log->newest_s == 0 || log->others[0] != '\0';
}

/* The first line has a budget: a few names stand for many. */
static void add_names(const char *const *names, size_t count, struct text *text)
{
    enum { SHOWN = 5, NAME_BYTES = 64 };
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        text_add(text, i > 0 ? ", " : "");
        text_add_clean(text, names[i], NAME_BYTES);
    }
    if (count > SHOWN)
        text_addf(text, " and %zu more", count - SHOWN);
}

static void add_logs(const struct stallreport *report, struct text *text)
{
    const char *names[LOG_MERGE_LOGS];
    size_t count = 0;
    for (size_t i = 0; i < report->logs->count && count < LOG_MERGE_LOGS; i++)
        if (!stallreport_is_unread(&report->logs->logs[i]))
            names[count++] = log_name(report->logs->logs[i].location);
    add_names(names, count, text);
}

/* Nothing is said of what was not selected. */
static void add_selection(const struct stallreport *report, struct text *text)
{
    const struct string_list *packages = report->packages, *excluded = report->exclude_packages;
    if (packages->count > 0) {
        text_add(text, " of ");
        add_names(packages->strings, packages->count, text);
    }
    if (excluded->count > 0) {
        text_add(text, packages->count > 0 ? " except " : " of all packages except ");
        add_names(excluded->strings, excluded->count, text);
    }
}

static void add_state_of_reading(const struct stallreport *report, struct text *verdict)
{
    char size[32], until[32];
    for (size_t i = 0; i < report->logs->count; i++) {
        const struct logset_log *log = &report->logs->logs[i];
        if (!log->status.catching_up)
            continue;
        text_addf(verdict, "; catching up with %s", log_name(log->location));
        if (log->newest_s > 0)
            text_addf(verdict, ", read up to %s", instant_format(log->newest_s, until, sizeof until));
        text_addf(verdict, ", %s left for the next runs (%s)",
                  size_format(log->status.bytes_left, size, sizeof size),
                  report->logs->out_of_time ? "--timeout" : "--max-bytes");
    }
}

static void add_memory_trouble(const struct stallreport *report, struct text *verdict)
{
    char age[32];
    if (report->no_memory != NULL)
        text_addf(verdict, "; ages may be too young: %s", report->no_memory->text);
    else if (report->memory_lost_at > 0)
        text_addf(verdict, "; ages may be too young: the memory was lost %s ago",
                  duration_format(report->now - report->memory_lost_at, age, sizeof age));
}

static void add_silent_component(const struct stallreport_silence *silent, struct text *verdict)
{
    static const char *const names[REPLICATION_STORY_COMPONENTS] = {
        [REPLICATION_DISTMGR] = "distribution manager", [REPLICATION_DESPOOL] = "despooler"};
    enum { SHOWN = 120 };
    char age[32];
    text_addf(verdict, "; the %s is silent for %s while the %s writes: does it hang?",
              names[silent->component], duration_format(silent->age_s, age, sizeof age),
              names[REPLICATION_STORY_COMPONENTS - 1 - silent->component]);
    if (silent->line[0] == '\0')
        return;
    text_add(verdict, " its last line: \"");
    text_add_clean(verdict, silent->line, SHOWN);
    text_add(verdict, "\"");
}

static void add_silence(const struct stallreport *report, struct text *verdict)
{
    char age[32];
    if (report->silent->status != STATUS_OK)
        add_silent_component(report->silent, verdict);
    if (report->silence != STATUS_OK)
        text_addf(verdict,
                  "; no log was written for %s: is SMS_EXECUTIVE running, do the despooler and the "
                  "distribution manager hang?",
                  duration_format(report->log_age_s, age, sizeof age));
}

/* The logs of one set may be of both kinds: the one with the newest record is meant. */
static void add_future(const struct stallreport *report, struct text *verdict)
{
    const struct logset *set = report->logs;
    char ahead[32];
    bool by_zone = false;
    if (report->future_s <= 0)
        return;
    for (size_t i = 0; i < set->count; i++)
        by_zone = by_zone || (set->logs[i].by_zone && set->logs[i].newest_s == set->newest_s);
    text_addf(verdict, "; the newest record lies %s in the future: %s",
              duration_format(report->future_s, ahead, sizeof ahead),
              by_zone ? "is --timezone right?" : "compare the site server's clock with this host's");
}

static void add_items(const struct stallreport *report, struct text *verdict)
{
    char age[32];
    const struct tally *tally = report->tally;
    int64_t items = tally->pending + tally->failed;
    const struct item *worst = tally->worst;
    text_addf(verdict, tally->stuck > 0 ? "%" PRId64 " stalled: " : "%" PRId64 " open, none too long: ",
              tally->stuck > 0 ? tally->stuck : items);
    struct text why = {0};
    stall_add_why((const struct stall *)worst, &why); /* its item is its first member */
    text_addf(verdict, "%s %s for %s%s%s%s; %" PRId64 " broken, %" PRId64 " only waiting", worst->package,
              worst->kind, duration_format(worst->age_s, age, sizeof age), why.length > 0 ? ", " : "",
              text_string(&why), items > 1 ? " and others" : "", tally->failed, tally->pending);
    text_free(&why);
    add_selection(report, verdict);
}

static void add_verdict(const struct stallreport *report, struct text *verdict)
{
    const struct tally *tally = report->tally;
    char age[32];
    bool any_read = false;
    for (size_t i = 0; i < report->logs->count; i++)
        any_read = any_read || !stallreport_is_unread(&report->logs->logs[i]);
    if (report->close != NULL)
        text_addf(verdict,
                  report->closed ? "closed %s by hand; " : "nothing was open for %s, nothing was closed; ",
                  report->close);
    if (tally->worst != NULL) {
        add_items(report, verdict);
    } else if (any_read) {
        text_add(verdict, tally->known > 0 ? "nothing else stalled" : "nothing stalled");
        add_selection(report, verdict);
        text_add(verdict, " in ");
        add_logs(report, verdict);
        if (report->future_s <= 0)
            text_addf(verdict, ", last written %s ago", duration_format(report->log_age_s, age, sizeof age));
    } else {
        text_add(verdict, "whether anything is stalled is not known");
    }
    if (tally->known > 0)
        text_addf(verdict, "; %" PRId64 " known", tally->known);
    add_silence(report, verdict);
    add_future(report, verdict);
    add_state_of_reading(report, verdict);
    add_memory_trouble(report, verdict);
}

static const char *ending_words(enum condition_end how)
{
    static const char *const words[] = {[CONDITION_STORED] = "its version was stored",
                                        [CONDITION_SUCCEEDED] = "it went well now",
                                        [CONDITION_NOT_REPEATED] = "no longer repeated, not proven",
                                        [CONDITION_RECEIVED] = "received again without a failure",
                                        [CONDITION_FORGOTTEN] =
                                            "forgotten: not repeated for the time of --forget",
                                        [CONDITION_BY_HAND] = "closed by hand"};
    return words[how];
}

/* Lines that are not items: what ended, what was lost, what is only a candidate. */
struct notes {
    struct text texts[65]; /* the last one takes what has no room, and is not shown */
    const char *strings[64];
    size_t count;
};

static struct text *add_note(struct notes *notes)
{
    const size_t room = sizeof notes->strings / sizeof *notes->strings;
    return &notes->texts[notes->count < room ? notes->count++ : room];
}

static void note_endings(const struct stallreport *report, struct notes *notes)
{
    const struct conditions *set = &report->logs->conditions;
    for (size_t i = 0; i < set->ending_count && i < CONDITIONS_ENDINGS; i++) {
        const struct condition_ending *ending = &set->endings[i];
        if (report->verbose || ending->how == CONDITION_FORGOTTEN)
            text_addf(add_note(notes), "ended: %s %s: %s", ending->package, condition_kind_name(ending->kind),
                      ending_words(ending->how));
    }
}

static void note_logs(const struct stallreport *report, struct notes *notes)
{
    for (size_t i = 0; i < report->logs->count; i++) {
        const struct logset_log *log = &report->logs->logs[i];
        if (log->status.loss[0] != '\0')
            text_addf(add_note(notes), "%s: %s", log_name(log->location), log->status.loss);
        if (report->verbose && log->shifted)
            text_addf(add_note(notes),
                      "%s: stamps are local time, UTC%+" PRId64 " min by the file's own time",
                      log_name(log->location), log->offset_s / 60);
    }
}

static void note_candidates(const struct stallreport *report, struct notes *notes)
{
    for (size_t i = 0; report->verbose && i < report->logs->conditions.count; i++) {
        const struct condition *condition = &report->logs->conditions.items[i];
        if (!condition_open(condition))
            text_addf(add_note(notes), "seen once: %s: %s", condition->package,
                      condition_line(condition, condition->sign[CONDITION_SUPERSEDED].last_s != 0
                                                    ? CONDITION_SUPERSEDED
                                                    : CONDITION_FAILING));
    }
}

static void note_known(const struct stallreport *report, struct notes *notes)
{
    struct text ended = {0};
    if (report->verbose)
        known_list_add_ended(report->known, report->now, &ended);
    if (ended.length > 0)
        text_add(add_note(notes), text_string(&ended));
    text_free(&ended);
}

static void make_notes(const struct stallreport *report, struct notes *notes)
{
    note_known(report, notes);
    note_logs(report, notes);
    note_endings(report, notes);
    note_candidates(report, notes);
    if (report->logs->conditions.refused > 0)
        text_addf(add_note(notes),
                  "%zu events are of more packages than are believed: are these logs of one site?",
                  report->logs->conditions.refused);
    for (size_t i = 0; i < notes->count; i++)
        notes->strings[i] = text_string(&notes->texts[i]);
}

/* A file of credentials may have been given by mistake: what it is is shown, what it hides is not. */
static void add_beginning(const char *beginning, struct text *verdict)
{
    static const char hidden[] = "password";
    const char *secret = strcasestr(beginning, hidden);
    if (beginning[0] == '\0')
        return;
    text_add(verdict, ", it begins \"");
    text_add_bytes(verdict, beginning,
                   secret != NULL ? (size_t)(secret - beginning) + strlen(hidden) : strlen(beginning));
    text_add(verdict, secret != NULL ? " ***\"" : "\"");
}

/* What a failure says behind the place that it is about; all of it where it names another (a share). */
static const char *behind_place(const struct logset_log *log)
{
    const size_t length = strlen(log->location);
    return strncmp(log->failure.text, log->location, length) == 0 ? log->failure.text + length
                                                                  : log->failure.text;
}

/* Are two logs away for the same reason? */
static bool has_cause(const struct logset_log *log, const struct logset_log *cause)
{
    return log->failed && strcmp(behind_place(log), behind_place(cause)) == 0;
}

static bool folder_has_cause(const struct stallreport *report, const struct logset_log *cause)
{
    return report->no_folder != NULL && strcmp(report->no_folder->text, cause->failure.text) == 0;
}

static bool same_folder(const char *one, const char *other)
{
    const size_t length = (size_t)(log_name(one) - one);
    return length == (size_t)(log_name(other) - other) && strncmp(one, other, length) == 0;
}

/* What keeps several from being read, as a server or a file with the password does, is told once. */
static void add_failure(const struct stallreport *report, const struct logset_log *cause,
                        struct text *verdict)
{
    const char *names[LOG_MERGE_LOGS + 1];
    const char *reason = behind_place(cause);
    const bool placed = reason != cause->failure.text;
    size_t count = 0;
    for (size_t i = 0; i < report->logs->count && count < LOG_MERGE_LOGS; i++)
        if (has_cause(&report->logs->logs[i], cause))
            names[count++] = placed && !same_folder(report->logs->logs[i].location, cause->location)
                                 ? report->logs->logs[i].location
                                 : log_name(report->logs->logs[i].location);
    if (folder_has_cause(report, cause))
        names[count++] = "--pck";
    if (count > 1 && placed) { /* the first with its folder, the others by name */
        text_addf(verdict, "%s, ", cause->location);
        add_names(names + 1, count - 1, verdict);
    } else if (count > 1) {
        add_names(names, count, verdict);
        text_add(verdict, ": ");
    }
    text_addf(verdict, "%s; ", count > 1 ? reason : cause->failure.text);
}

static void add_unread(const struct stallreport *report, const struct logset_log *log, struct text *verdict)
{
    if (log->failed)
        add_failure(report, log, verdict);
    else if (log->others[0] != '\0')
        text_addf(verdict, "%s is the log of %s: give despool.log and distmgr.log of the child site; ",
                  log_name(log->location), log->others);
    else if (log->status.size_bytes == 0)
        text_addf(verdict, "%s is empty: is logging of this component switched on?; ", log->location);
    else {
        text_addf(verdict, "%s has no record of an SMS or ConfigMgr log in %" PRId64 " bytes", log->location,
                  log->status.size_bytes);
        add_beginning(log->beginning, verdict);
        text_add(verdict, ": is it the right file, or --encoding?; ");
    }
}

static bool is_told(const struct logset *set, size_t log)
{
    for (size_t i = 0; i < log; i++)
        if (has_cause(&set->logs[i], &set->logs[log]))
            return true;
    return false;
}

static bool folder_is_told(const struct stallreport *report)
{
    for (size_t i = 0; i < report->logs->count; i++)
        if (report->logs->logs[i].failed && folder_has_cause(report, &report->logs->logs[i]))
            return true;
    return false;
}

/* What could not be looked at; each ends with `; `. */
static void add_all_unread(const struct stallreport *report, struct text *verdict)
{
    enum { SHOWN = 2 };
    const struct logset *set = report->logs;
    size_t causes = 0;
    for (size_t i = 0; i < set->count; i++)
        if (stallreport_is_unread(&set->logs[i]) && !(set->logs[i].failed && is_told(set, i)) &&
            causes++ < SHOWN)
            add_unread(report, &set->logs[i], verdict);
    if (causes > SHOWN)
        text_addf(verdict, "and %zu more like these; ", causes - SHOWN);
    if (report->no_folder != NULL && !folder_is_told(report))
        text_addf(verdict, "%s; ", report->no_folder->text);
}

static int64_t sum_repeats(const struct stall_list *stalls)
{
    int64_t repeats = 0;
    for (size_t i = 0; i < stalls->count; i++)
        if (!stalls->stalls[i].item.known)
            repeats += stalls->stalls[i].repeats;
    return repeats;
}

void stallreport_trace(const struct logset *logs, const struct trace *trace)
{
    for (size_t i = 0; i < logs->count; i++) {
        const struct logset_log *log = &logs->logs[i];
        trace_note(trace, 2, "%s: encoding %s, %" PRId64 " bytes read of %" PRId64, log->location,
                   log->encoding, log->status.bytes_read, log->status.size_bytes);
    }
}

static const struct item *item_of(const void *context, size_t index)
{
    return &stalls_ordered(((const struct stallreport *)context)->stalls, index)->item;
}

static void item_fields(void *context, size_t index, struct json *json)
{
    const struct stall *stall = stalls_ordered(((const struct stallreport *)context)->stalls, index);
    json_integer(json, "wanted_version", stall->wanted > 0, stall->wanted);
    json_integer(json, "version", stall->held > 0, stall->held);
    json_integer(json, "repeats", true, stall->repeats);
    json_integer(json, "last_repeat", stall->last_s > 0, stall->last_s);
    json_boolean(json, "base_file_missing", stall->pck_missing);
    json_string(json, "on_its_way", stall->way[0] != '\0' ? stall->way : NULL);
    json_string(json, "cause", stall->cause.family != CAUSE_UNKNOWN ? cause_name(stall->cause.family) : NULL);
    json_integer(json, "win32_error", stall->cause.code != 0, stall->cause.code);
    struct text line = {0};
    text_add_clean(&line, stall->line, REPLICATION_LINE);
    json_string(json, "log_line", line.length > 0 ? text_string(&line) : NULL);
    text_free(&line);
}

static void add_own_verdict(const struct stallreport *report, struct text *verdict)
{
    if (report->announcements->only_new && report->status != STATUS_UNKNOWN)
        announce_verdict(item_of, report, report->stalls->count, report->tally, verdict);
    else
        add_verdict(report, verdict);
}

/* A pager shows the beginning: what is stalled stands before what could not be looked at, and that before
 * what is well. */
static void add_whole_verdict(const struct stallreport *report, struct text *verdict)
{
    struct text unread = {0};
    add_all_unread(report, &unread);
    if (report->tally->stuck > 0 && unread.length > 0) {
        add_own_verdict(report, verdict);
        text_cut(&unread, unread.length - strlen("; "));
        text_addf(verdict, "; %s", text_string(&unread));
    } else {
        text_add(verdict, text_string(&unread));
        add_own_verdict(report, verdict);
    }
    text_free(&unread);
}

void stallreport_finish(const struct stallreport *report, struct worker *worker)
{
    const struct tally *tally = report->tally;
    const struct thresholds *thresholds = report->thresholds;
    struct text verdict = {0};
    if (report->site != NULL)
        text_addf(&verdict, "site %s: ", report->site);
    add_whole_verdict(report, &verdict);
    const struct range silent_warning = {.set = report->silent_warning_s > 0,
                                         .end = report->silent_warning_s};
    const struct range silent_critical = {.set = report->silent_critical_s > 0,
                                          .end = report->silent_critical_s};
    const struct perfdatum perfdata[] = {
        {.label = "waiting", .unit = "", .value = tally->pending},
        {.label = "stuck", .unit = "", .value = tally->stuck},
        {.label = "broken", .unit = "", .value = tally->failed},
        {.label = "known", .unit = "", .value = tally->known},
        {.label = "oldest",
         .unit = "s",
         .value = tally->oldest_s,
         .warning = &thresholds->warning,
         .critical = &thresholds->critical},
        {.label = "oldest_broken",
         .unit = "s",
         .value = tally->oldest_failed_s,
         .warning = &thresholds->failed_warning,
         .critical = &thresholds->failed_critical},
        {.label = "repeats", .unit = "", .value = sum_repeats(report->stalls)},
        {.label = "lines", .unit = "", .value = report->logs->lines},
        {.label = "bytes", .unit = "B", .value = report->logs->bytes},
        {.label = "log_age",
         .unit = "s",
         .value = report->log_age_s,
         .warning = &silent_warning,
         .critical = &silent_critical},
        announce_perfdatum(tally),
    };
    struct notes notes = {0};
    make_notes(report, &notes);
    const struct report lines = {.format = report->format,
                                 .label = report->label,
                                 .status = report->status,
                                 .verdict = text_string(&verdict),
                                 .perfdata = perfdata,
                                 .perfdata_count = sizeof perfdata / sizeof *perfdata,
                                 .notes = notes.strings,
                                 .note_count = notes.count,
                                 .item_line = item_line,
                                 .item = item_of,
                                 .item_fields = item_fields,
                                 .context = (void *)report,
                                 .item_count = report->stalls->count,
                                 .max_items = report->max_items,
                                 .all = report->verbose};
    check_finish(worker, &lines, report->announcements, NULL, NULL);
    for (size_t i = 0; i < sizeof notes.texts / sizeof *notes.texts; i++)
        text_free(&notes.texts[i]);
    text_free(&verdict);
}
