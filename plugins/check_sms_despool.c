// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * check_sms_despool: which versions are stalled at this child site, and why?
 *
 *   common/check        argv to exit code: options, identity, supervised child
 *   common/statefile    what earlier runs kept, under a lock for the whole run
 *   common/logset       the logs since the last run: bytes, records, events, conditions
 *   common/pckfolder    --pck: base files that are gone before the next delta fails
 *   common/stall        one item a package, of both
 *   common/judge        age and thresholds to a state
 *   common/report       lines and perfdata within the budgets
 *
 * This file: the options, the question and the wording.
 */
#include "config.h"

#include "check.h"
#include "clean.h"
#include "logmemory.h"
#include "logmerge.h"
#include "logset.h"
#include "manual.h"
#include "quantity.h"
#include "smbauth.h"
#include "stall.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct despool_check {
    struct check check; /* first: the worker's context is the check */
    struct check_options options;
    struct environment_options environment;
    struct {
        struct string_list logs;
        const char *pck;
        const char *site;
        const char *smb_auth;
        struct log_encoding encoding;
        const char *timezone;
        int64_t max_bytes;
        struct string_list packages, exclude_packages;
        int64_t silent_warning_s, silent_critical_s;
        int64_t forget_s;
        const char *close;
    } despool;
};

static int parse_encoding(void *target, const char *value, struct failure *failure)
{
    return log_encoding_parse(value, target, failure);
}

#define DESPOOL(member)                                                                                      \
    (offsetof(struct despool_check, despool.member) - offsetof(struct despool_check, despool))
static const struct option despool_option_table[] = {
    {.name = "log",
     .type = OPTION_LIST,
     .offset = DESPOOL(logs),
     .argument = "FILE",
     .help = "A log of the child site: despool.log, distmgr.log; a path, or smb://host[:port]/share/path. "
             "Its rotated "
             "predecessor (.lo_) is found beside it. Give both logs of a site to one check: they tell one "
             "story."},
    {.name = "pck",
     .type = OPTION_TEXT,
     .offset = DESPOOL(pck),
     .argument = "DIR",
     .help = "Folder of compressed packages (SMSPKG) of the child site, a path or smb://host/SMSPKGC$. A "
             "package that was "
             "stored there, or is given by --package, and whose PackageID.PCK is gone, has lost its base "
             "already, before the "
             "next delta fails."},
    {.name = "site",
     .type = OPTION_TEXT,
     .offset = DESPOOL(site),
     .argument = "CODE",
     .help = "Code of the child site, for the texts and for --known=PACKAGE@SITE."},
    {.name = "smb-auth",
     .type = OPTION_TEXT,
     .offset = DESPOOL(smb_auth),
     .argument = "FILE",
     .help = "User and password for smb://, in the format of smbclient's authentication file, not readable "
             "by others. Without "
             "it, a Kerberos ticket is used."},
    {.name = "encoding",
     .type = OPTION_CUSTOM,
     .offset = DESPOOL(encoding),
     .argument = "NAME",
     .fallback = "auto",
     .parse = parse_encoding,
     .help = "Encoding of the logs: auto, utf-8, utf-16le, utf-16be, or a code page that iconv knows "
             "(cp1252, cp932)."},
    {.name = "timezone",
     .type = OPTION_TEXT,
     .offset = DESPOOL(timezone),
     .argument = "AREA/CITY",
     .help = "Time zone of the site server, for stamps that are local time (SMS 2003 and before). Without "
             "it, the file's own "
             "modification time tells the offset; -v shows it."},
    {.name = "max-bytes",
     .type = OPTION_SIZE,
     .offset = DESPOOL(max_bytes),
     .argument = "SIZE",
     .fallback = "64MiB",
     .least = 65536,
     .most = INT64_C(1) << 40,
     .help = "Read at most this much in one run; the next run goes on from there."},
    {.name = "package",
     .type = OPTION_LIST,
     .offset = DESPOOL(packages),
     .argument = "ID,...",
     .help = "Only these packages."},
    {.name = "exclude-package",
     .type = OPTION_LIST,
     .offset = DESPOOL(exclude_packages),
     .argument = "ID,...",
     .help = "Not these packages."},
    {.name = "silent-warning",
     .type = OPTION_DURATION,
     .offset = DESPOOL(silent_warning_s),
     .argument = "DURATION",
     .fallback = "24h",
     .help = "WARNING when no record was written to any of the logs for this long: a component that hangs or "
             "was stopped "
             "writes nothing. 0 switches it off."},
    {.name = "silent-critical",
     .type = OPTION_DURATION,
     .offset = DESPOOL(silent_critical_s),
     .argument = "DURATION",
     .fallback = "0",
     .help = "The same for CRITICAL."},
    {.name = "forget",
     .type = OPTION_DURATION,
     .offset = DESPOOL(forget_s),
     .argument = "DURATION",
     .fallback = "14d",
     .help = "Forget a waiting condition that was not repeated for this long, and say so. A missing base is "
             "never forgotten. "
             "0: never."},
    {.name = "close",
     .type = OPTION_TEXT,
     .offset = DESPOOL(close),
     .argument = "PACKAGE",
     .flags = OPTION_COMMAND_LINE_ONLY,
     .help = "Close what is open for this package by hand, after a repair that the logs do not show."},
};

static const char label[] = "SMS DESPOOL";

/* ---- the question */

struct run {
    const struct despool_check *check;
    struct worker *worker;
    struct statefile *state;
    enum statefile_health health;
    struct failure trouble; /* of the memory: lost or not kept */
    bool in_trouble;
    struct bytestore *store;
    struct logset set;
    struct stall_list stalls;
    bool closed;              /* --close found something */
    struct failure no_folder; /* --pck could not be looked into; text "" when it could */
    int64_t now;
};

static void note_trouble(struct run *run, const struct failure *failure)
{
    if (!run->in_trouble)
        run->trouble = *failure;
    run->in_trouble = true;
}

/* What is watched: these logs, whatever the thresholds and filters. */
static void add_identity(const struct despool_check *check, struct text *identity)
{
    for (size_t i = 0; i < check->despool.logs.count; i++)
        text_addf(identity, "%s%s", i == 0 ? "" : "\n", check->despool.logs.strings[i]);
}

static int64_t lock_wait_ms(const struct run *run)
{
    int64_t left = worker_time_left_ms(run->worker) - 500;
    return left > 0 ? left : 0;
}

static int open_state(struct run *run, const char *identity, struct failure *failure)
{
    const struct despool_check *check = run->check;
    run->state = statefile_open(check_state_directory(&check->options), check->check.program->name, identity,
                                &logmemory_schema, lock_wait_ms(run), worker_trace(run->worker), &run->health,
                                failure);
    if (run->state == NULL)
        return -1;
    if (run->health == STATEFILE_LOST || run->health == STATEFILE_UNUSABLE)
        note_trouble(run, failure);
    return 0;
}

static int read_logs(struct run *run, struct failure *failure)
{
    const struct despool_check *check = run->check;
    struct logset_options options = {.logs = check->despool.logs.strings,
                                     .count = check->despool.logs.count,
                                     .encoding = check->despool.encoding,
                                     .timezone = check->despool.timezone,
                                     .max_bytes = check->despool.max_bytes,
                                     .forget_s = check->despool.forget_s};
    if (logset_read(&run->set, &options, run->store, run->state, worker_trace(run->worker), failure) != 0)
        return -1;
    if (check->despool.close != NULL) {
        run->closed = conditions_close(&run->set.conditions, check->despool.close, run->now);
        if (run->closed && logset_store(&run->set, run->state, failure) != 0)
            return -1;
    }
    return 0;
}

static int find_stalls(struct run *run, const char *identity, struct failure *failure)
{
    const struct despool_check *check = run->check;
    struct stall_options options = {.packages = check->despool.packages,
                                    .exclude_packages = check->despool.exclude_packages,
                                    .site = check->despool.site != NULL ? check->despool.site : ""};
    if (stalls_of_conditions(&run->stalls, &run->set.conditions, &options, run->now, failure) != 0)
        return -1;
    if (check->despool.pck != NULL) {
        struct stall_memory memory = {.directory = check_state_directory(&check->options),
                                      .plugin = check->check.program->name,
                                      .identity = identity,
                                      .wait_ms = lock_wait_ms(run)};
        /* The logs are still judged: what they tell may be worse than a folder that cannot be read. */
        if (stalls_of_folder(&run->stalls, run->store, check->despool.pck, &run->set.conditions, &options,
                             &memory, run->now, worker_trace(run->worker), &run->no_folder) != 0)
            trace_note(worker_trace(run->worker), 1, "%s", run->no_folder.text);
        if (run->stalls.in_trouble)
            note_trouble(run, &run->stalls.trouble);
    }
    return stalls_judge(&run->stalls, &check->options.thresholds, &check->options.known, run->now, failure);
}

static int look(struct run *run, struct failure *failure)
{
    struct text identity = {0};
    add_identity(run->check, &identity);
    int result = open_state(run, text_string(&identity), failure);
    if (result == 0)
        result = read_logs(run, failure);
    if (result == 0)
        result = find_stalls(run, text_string(&identity), failure);
    struct failure problem;
    if (result == 0 && statefile_commit(run->state, run->now, &problem) != 0)
        note_trouble(run, &problem);
    text_free(&identity);
    return result;
}

/* ---- the wording */

static const char *log_name(const char *location)
{
    const char *slash = strrchr(location, '/');
    return slash != NULL ? slash + 1 : location;
}

static void add_versions(const struct stall *stall, struct text *line)
{
    if (stall->wanted > 0)
        text_addf(line, "wants version %" PRId64, stall->wanted);
    else
        text_add(line, "wanted version not said");
    if (stall->held > 0)
        text_addf(line, ", has %" PRId64, stall->held);
}

/* Supported remedies first; the page has the whole order. */
static void add_advice(const struct run *run, const struct stall *stall, struct text *line)
{
    const char *site = run->check->despool.site != NULL ? run->check->despool.site : "CODE";
    if (stall->item.item_class == ITEM_FAILED)
        text_addf(line,
                  "; copy %s.PCK from the owning site to this site's SMSPKG folder and preload it "
                  "(PreloadPkgOnSite.exe %s); "
                  "else on the owning site sms_reset_package --package=%s --child-site=%s, then refresh its "
                  "distribution points",
                  stall->item.package, stall->item.package, stall->item.package, site);
    else
        text_addf(
            line,
            "; is the parent sending it? look for %s in sched.log and sender.log of the parent (antivirus on "
            "schedule.box, KB936465)",
            stall->item.package);
}

static void item_line(void *context, size_t index, struct text *line)
{
    const struct run *run = context;
    const struct stall *stall = stalls_ordered(&run->stalls, index);
    const struct item *item = &stall->item;
    char age[32];
    if (item->known) {
        char until[32];
        text_add(line, "known");
        if (item->known_until != 0)
            text_addf(line, " until %.10s", instant_format(item->known_until - 1, until, sizeof until));
    } else {
        text_add(line, status_name(item->status));
    }
    text_addf(line, ": %s", item->package);
    if (item->place[0] != '\0')
        text_addf(line, " at %s", item->place);
    text_addf(line, ": %s, ", item->kind);
    add_versions(stall, line);
    text_addf(line, ", for %s", duration_format(item->age_s, age, sizeof age));
    if (stall->repeats > 0)
        text_addf(line, ", repeated %" PRId64 " times, last %s ago", stall->repeats,
                  duration_format(run->now > stall->last_s ? run->now - stall->last_s : 0, age, sizeof age));
    if (stall->pck_missing)
        text_addf(line, ", %s.PCK is %s in %s", item->package, stall->pck_empty ? "empty" : "not",
                  run->check->despool.pck);
    if (stall->line[0] != '\0') {
        text_add(line, ": \"");
        text_add_clean(line, stall->line, 200);
        text_add(line, "\"");
    }
    if (item->stuck)
        add_advice(run, stall, line);
}

/* Nothing can be said of this log: it could not be read, or never held a record. */
static bool is_unread(const struct logset_log *log)
{
    return log->failed || log->newest_s == 0;
}

static void add_logs(const struct run *run, struct text *text)
{
    const char *separator = "";
    for (size_t i = 0; i < run->set.count; i++)
        if (!is_unread(&run->set.logs[i])) {
            text_addf(text, "%s%s", separator, log_name(run->set.logs[i].location));
            separator = ", ";
        }
}

static bool is_catching_up(const struct run *run)
{
    for (size_t i = 0; i < run->set.count; i++)
        if (run->set.logs[i].status.catching_up)
            return true;
    return false;
}

static void add_state_of_reading(const struct run *run, struct text *verdict)
{
    char size[32];
    for (size_t i = 0; i < run->set.count; i++) {
        const struct logset_log *log = &run->set.logs[i];
        if (log->status.catching_up)
            text_addf(verdict, "; catching up with %s, %s left for the next runs (--max-bytes)",
                      log_name(log->location), size_format(log->status.bytes_left, size, sizeof size));
    }
}

static void add_memory_trouble(const struct run *run, struct text *verdict)
{
    char age[32];
    if (run->in_trouble)
        text_addf(verdict, "; ages may be too young: %s", run->trouble.text);
    else if (statefile_lost_at(run->state) > 0)
        text_addf(verdict, "; ages may be too young: the memory was lost %s ago",
                  duration_format(run->now - statefile_lost_at(run->state), age, sizeof age));
}

static void add_silence(int64_t log_age_s, enum status silence, struct text *verdict)
{
    char age[32];
    if (silence != STATUS_OK)
        text_addf(verdict,
                  "; no log was written for %s: is SMS_EXECUTIVE running, do the despooler and the "
                  "distribution manager hang?",
                  duration_format(log_age_s, age, sizeof age));
}

static void add_items(const struct tally *tally, struct text *verdict)
{
    char age[32];
    int64_t items = tally->pending + tally->failed;
    const struct item *worst = tally->worst;
    text_addf(verdict, tally->stuck > 0 ? "%" PRId64 " stalled: " : "%" PRId64 " open, none too long: ",
              tally->stuck > 0 ? tally->stuck : items);
    text_addf(verdict, "%s %s for %s%s; %" PRId64 " waiting, %" PRId64 " broken", worst->package, worst->kind,
              duration_format(worst->age_s, age, sizeof age), items > 1 ? " and others" : "", tally->pending,
              tally->failed);
}

static void add_verdict(const struct run *run, const struct tally *tally, int64_t log_age_s,
                        enum status silence, struct text *verdict)
{
    char age[32];
    bool any_read = false;
    for (size_t i = 0; i < run->set.count; i++)
        any_read = any_read || !is_unread(&run->set.logs[i]);
    if (run->check->despool.close != NULL)
        text_addf(verdict, run->closed ? "closed %s by hand; " : "nothing was open for %s; ",
                  run->check->despool.close);
    if (tally->worst != NULL) {
        add_items(tally, verdict);
    } else if (any_read) {
        text_add(verdict, "nothing stalled in ");
        add_logs(run, verdict);
        text_addf(verdict, ", last written %s ago", duration_format(log_age_s, age, sizeof age));
    } else {
        text_add(verdict, "nothing is known to be stalled");
    }
    if (tally->known > 0)
        text_addf(verdict, "; %" PRId64 " known", tally->known);
    add_silence(log_age_s, silence, verdict);
    add_state_of_reading(run, verdict);
    add_memory_trouble(run, verdict);
}

static const char *ending_words(enum condition_end how)
{
    static const char *const words[] = {[CONDITION_STORED] = "its version was stored",
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

static void note_endings(const struct run *run, struct notes *notes)
{
    const struct conditions *set = &run->set.conditions;
    for (size_t i = 0; i < set->ending_count && i < CONDITIONS_ENDINGS; i++) {
        const struct condition_ending *ending = &set->endings[i];
        if (run->check->options.verbosity > 0 || ending->how == CONDITION_FORGOTTEN)
            text_addf(add_note(notes), "ended: %s %s: %s", ending->package, condition_kind_name(ending->kind),
                      ending_words(ending->how));
    }
}

static void note_logs(const struct run *run, struct notes *notes)
{
    for (size_t i = 0; i < run->set.count; i++) {
        const struct logset_log *log = &run->set.logs[i];
        if (log->status.loss[0] != '\0')
            text_addf(add_note(notes), "%s: %s", log_name(log->location), log->status.loss);
        if (run->check->options.verbosity > 0 && log->shifted)
            text_addf(add_note(notes),
                      "%s: stamps are local time, UTC%+" PRId64 " min by the file's own time",
                      log_name(log->location), log->offset_s / 60);
        trace_note(worker_trace(run->worker), 2, "%s: encoding %s, %" PRId64 " bytes read of %" PRId64,
                   log->location, log->encoding, log->status.bytes_read, log->status.size_bytes);
    }
}

static void note_candidates(const struct run *run, struct notes *notes)
{
    for (size_t i = 0; run->check->options.verbosity > 0 && i < run->set.conditions.count; i++) {
        const struct condition *condition = &run->set.conditions.items[i];
        if (!condition_open(condition))
            text_addf(add_note(notes), "seen once: %s: %s", condition->package,
                      condition->sign[CONDITION_SUPERSEDED].line);
    }
}

static void make_notes(const struct run *run, struct notes *notes)
{
    note_logs(run, notes);
    note_endings(run, notes);
    note_candidates(run, notes);
    if (run->set.conditions.refused > 0)
        text_addf(add_note(notes),
                  "%zu events are of more packages than are believed: are these logs of one site?",
                  run->set.conditions.refused);
    for (size_t i = 0; i < notes->count; i++)
        notes->strings[i] = text_string(&notes->texts[i]);
}

static void add_unread(const struct logset_log *log, struct text *verdict)
{
    if (log->failed)
        text_addf(verdict, "%s; ", log->failure.text);
    else if (log->status.size_bytes == 0)
        text_addf(verdict, "%s is empty: is logging of this component switched on?; ", log->location);
    else
        text_addf(verdict,
                  "%s has no record of an SMS or ConfigMgr log in %" PRId64
                  " bytes%s%s%s: is it the right file, or --encoding?; ",
                  log->location, log->status.size_bytes, log->beginning[0] != '\0' ? ", it begins \"" : "",
                  log->beginning, log->beginning[0] != '\0' ? "\"" : "");
}

/* What could not be looked at comes first. @return UNKNOWN when there is any */
static enum status add_all_unread(const struct run *run, struct text *verdict)
{
    size_t unread = 0;
    for (size_t i = 0; i < run->set.count; i++)
        if (is_unread(&run->set.logs[i]) && unread++ < 2)
            add_unread(&run->set.logs[i], verdict);
    if (unread > 2)
        text_addf(verdict, "and %zu more logs are like that; ", unread - 2);
    if (run->no_folder.text[0] != '\0')
        text_addf(verdict, "%s; ", run->no_folder.text);
    return unread > 0 || run->no_folder.text[0] != '\0' ? STATUS_UNKNOWN : STATUS_OK;
}

static int64_t sum_repeats(const struct run *run)
{
    int64_t repeats = 0;
    for (size_t i = 0; i < run->stalls.count; i++)
        if (!run->stalls.stalls[i].item.known)
            repeats += run->stalls.stalls[i].repeats;
    return repeats;
}

static enum status judge_silence(const struct despool_check *check, int64_t log_age_s)
{
    if (check->despool.silent_critical_s > 0 && log_age_s > check->despool.silent_critical_s)
        return STATUS_CRITICAL;
    return check->despool.silent_warning_s > 0 && log_age_s > check->despool.silent_warning_s ? STATUS_WARNING
                                                                                              : STATUS_OK;
}

static void tell(struct run *run)
{
    const struct despool_check *check = run->check;
    const struct thresholds *thresholds = &check->options.thresholds;
    struct tally tally;
    stalls_tally(&run->stalls, &tally);
    int64_t log_age_s =
        run->set.newest_s > 0 && run->set.newest_s < run->now ? run->now - run->set.newest_s : 0;
    /* While old records are still being read, the newest one is not known. */
    bool newest_known = run->set.newest_s > 0 && !is_catching_up(run);
    enum status silence = newest_known ? judge_silence(check, log_age_s) : STATUS_OK;
    enum status status = status_worse(tally.status, silence);
    if (run->in_trouble)
        status = status_worse(status, STATUS_WARNING);
    struct text verdict = {0};
    if (check->despool.site != NULL)
        text_addf(&verdict, "site %s: ", check->despool.site);
    status = status_worse(status, add_all_unread(run, &verdict));
    add_verdict(run, &tally, log_age_s, silence, &verdict);
    const struct range silent = {.set = check->despool.silent_warning_s > 0,
                                 .end = check->despool.silent_warning_s};
    const struct range silent_critical = {.set = check->despool.silent_critical_s > 0,
                                          .end = check->despool.silent_critical_s};
    const struct perfdatum perfdata[] = {
        {.label = "waiting", .unit = "", .value = tally.pending},
        {.label = "stuck", .unit = "", .value = tally.stuck},
        {.label = "broken", .unit = "", .value = tally.failed},
        {.label = "known", .unit = "", .value = tally.known},
        {.label = "oldest",
         .unit = "s",
         .value = tally.oldest_s,
         .warning = &thresholds->warning,
         .critical = &thresholds->critical},
        {.label = "oldest_broken",
         .unit = "s",
         .value = tally.oldest_failed_s,
         .warning = &thresholds->failed_warning,
         .critical = &thresholds->failed_critical},
        {.label = "repeats", .unit = "", .value = sum_repeats(run)},
        {.label = "lines", .unit = "", .value = run->set.lines},
        {.label = "bytes", .unit = "B", .value = run->set.bytes},
        {.label = "log_age",
         .unit = "s",
         .value = log_age_s,
         .warning = &silent,
         .critical = &silent_critical},
    };
    struct notes notes = {0};
    make_notes(run, &notes);
    struct report report = {.label = label,
                            .status = status,
                            .verdict = text_string(&verdict),
                            .perfdata = perfdata,
                            .perfdata_count = sizeof perfdata / sizeof *perfdata,
                            .notes = notes.strings,
                            .note_count = notes.count,
                            .item_line = item_line,
                            .context = run,
                            .item_count = run->stalls.count,
                            .max_items = (size_t)check->options.max_items,
                            .all = check->options.verbosity > 0};
    check_finish(run->worker, &report);
    for (size_t i = 0; i < sizeof notes.texts / sizeof *notes.texts; i++)
        text_free(&notes.texts[i]);
    text_free(&verdict);
}

static void run_check(struct worker *worker, void *context)
{
    const struct despool_check *check = context;
    struct run run = {.check = check, .worker = worker, .now = time(NULL)};
    struct failure failure = {0};
    const int64_t left_ms = worker_time_left_ms(worker);
    struct smb_access access = {.auth_file = check->despool.smb_auth,
                                .timeout_ms = (int)(left_ms > 2000 ? left_ms - 1000 : left_ms / 2)};
    run.store = bytestore_new(&access, worker_trace(worker));
    if (run.store == NULL)
        fail(&failure, "out of memory");
    if (run.store == NULL || look(&run, &failure) != 0)
        check_fail(worker, &check->check, &failure);
    else
        tell(&run);
    trace_step(worker_trace(worker), "closing the logs");
    stalls_free(&run.stalls);
    logset_free(&run.set);
    statefile_close(run.state);
    bytestore_close(run.store);
}

static int validate(const struct check *context, struct failure *failure)
{
    const struct despool_check *check = (const struct despool_check *)context;
    if (check->despool.logs.count == 0)
        return fail(failure, "no log is given; write --log=FILE for despool.log and again for distmgr.log");
    if (check->despool.logs.count > LOG_MERGE_LOGS)
        return fail(failure, "--log is given %zu times, at most %d logs make one site",
                    check->despool.logs.count, LOG_MERGE_LOGS);
    for (size_t i = 0; i < check->despool.logs.count; i++)
        if (bytestore_check(check->despool.logs.strings[i], failure) != 0)
            return -1;
    return check->despool.pck == NULL ? 0 : bytestore_check(check->despool.pck, failure);
}

int main(int argc, char **argv)
{
    struct despool_check check = {0};
    const struct option_group groups[] = {
        {"Check", check_option_table, check_option_count, &check.options},
        {"Logs", despool_option_table, sizeof despool_option_table / sizeof *despool_option_table,
         &check.despool},
        {"Environment", kerberos_option_table, kerberos_option_count, &check.environment},
    };
    const struct program program = {
        .name = "check_sms_despool",
        .purpose = "find stalled SMS package versions, from the logs of a site",
        .description = "Reads what is new in despool.log and distmgr.log of one child site, and tells which "
                       "package versions "
                       "are stalled there, since when, why, and what to do.",
        .groups = groups,
        .group_count = sizeof groups / sizeof *groups,
        .sections = check_manual_sections,
        .section_count = check_manual_section_count,
    };
    check.check = (struct check){.program = &program,
                                 .label = label,
                                 .options = &check.options,
                                 .environment = &check.environment,
                                 .validate = validate,
                                 .run = run_check};
    int status = check_main(&check.check, argc, argv);
    known_list_free(&check.options.known);
    return status;
}
