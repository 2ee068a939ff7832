// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * check_sms_despool: which versions are stalled at this child site, and why?
 *
 *   check/check          argv to exit code: options, identity, supervised child
 *   state/statefile      what earlier runs kept, under a lock for the whole run
 *   replication/logset   the logs since the last run: bytes, records, events, conditions
 *   check/stalls         one item a package, of the conditions; stalls_folder: of the base files of --pck
 *   check/log_silence    logs that nobody writes, a component that hangs
 *   items/judge          age and thresholds to a state
 *   check/stalls_output  the wording: stalls_verdict, stalls_unread, stalls_notes, stall_words
 *   items/output         lines and perfdata within the budgets
 *
 * This file: the options, the question and the state.
 */
#include "config.h"

#include "check/check.h"
#include "check/log_silence.h"
#include "check/stalls.h"
#include "check/stalls_output.h"
#include "replication/logset.h"
#include "replication/merge.h"
#include "replication/reading.h"
#include "replication/store.h"

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
     .help =
         "A log of the child site: despool.log, distmgr.log; a path, or smb://host[:port]/share/path. Its "
         "rotated predecessors (.lo_, or with a date in their names) are found beside it. Give both logs of a site to one check: they "
         "tell one story. sched.log, sender.log and PkgXferMgr.log of the parent may stand beside them: they "
         "raise no alarm, they tell why."},
    {.name = "pck",
     .type = OPTION_TEXT,
     .offset = DESPOOL(pck),
     .argument = "DIR",
     .help =
         "Folder of compressed packages (SMSPKG) of the child site, a path or "
         "smb://host/SMSPKGC$. A package that was stored there, or is given by --package, and "
         "whose PackageID.PCK is gone, has lost its base already, before the next delta fails. Up to Configuration Manager "
         "2007: later a content library holds the base, and the check says that this does not apply."},
    {.name = "site",
     .type = OPTION_TEXT,
     .offset = DESPOOL(site),
     .argument = "CODE",
     .help =
         "Code of the child site, for the texts, for --known=PACKAGE@SITE, and for check_sms_packages on this host, whose items then say what these logs say."},
    SMB_AUTH_OPTION(DESPOOL(smb_auth)),
    {.name = "encoding",
     .type = OPTION_CUSTOM,
     .offset = DESPOOL(encoding),
     .argument = "NAME",
     .fallback = "auto",
     .parse = parse_encoding,
     .help = "Encoding of the logs: auto, utf-8, utf-16le, utf-16be, "
             "or a code page that iconv knows (cp1252, cp932)."},
    {.name = "timezone",
     .type = OPTION_TEXT,
     .offset = DESPOOL(timezone),
     .argument = "AREA/CITY",
     .help = "Time zone of the site server, for stamps that are local time (SMS 2003 and before). "
             "Without it, the file's own modification time tells the offset; -v shows it."},
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
     .help = "WARNING when no record was written to any of the logs for this long: a "
             "component that hangs or was stopped writes nothing. 0 switches it off."},
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
     .help = "Forget a waiting condition that was not repeated for this "
             "long, and say so. A missing base is never forgotten. 0: never."},
    {.name = "close",
     .type = OPTION_TEXT,
     .offset = DESPOOL(close),
     .argument = "PACKAGE",
     .flags = OPTION_COMMAND_LINE_ONLY | OPTION_MANNER,
     .help = "Close what is open for this package by hand, after a repair that the logs do not show; "
             "or for the site or server that stands in its place."},
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
    struct logset_places places;
    struct logset set;
    struct stall_list stalls;
    struct announcements announcements;
    bool closed;              /* --close found something */
    struct failure no_folder; /* --pck could not be looked into; text "" when it could */
    int64_t now;
    struct log_silence silence;
};

static void note_trouble(struct run *run, const struct failure *failure)
{
    if (!run->in_trouble)
        run->trouble = *failure;
    run->in_trouble = true;
}

static int open_state(struct run *run, const char *identity, struct failure *failure)
{
    const struct despool_check *check = run->check;
    run->state = statefile_open(check_state_directory(&check->options), check->check.program->name, identity,
                                &logmemory_schema, check_lock_wait_ms(run->worker), worker_trace(run->worker),
                                &run->health, failure);
    if (run->state == NULL)
        return -1;
    /* Whoever closes by hand relies on it: not in a memory that no service has, and not in one that is gone
     * after this run. */
    if (check->despool.close != NULL && run->health == STATEFILE_NEW)
        return fail(failure,
                    "%s is not closed: no earlier run looked at just these logs; give the same --log or "
                    "--extra-opts as the service does",
                    check->despool.close);
    if (check->despool.close != NULL && run->health == STATEFILE_UNUSABLE)
        return fail_context(failure, "%s is not closed: ", check->despool.close);
    if (run->health == STATEFILE_LOST || run->health == STATEFILE_UNUSABLE)
        note_trouble(run, failure);
    return 0;
}

/* The rest of the run needs its time, too: judging, writing the state, ending the connection. */
static int64_t reading_ends_ms(const struct run *run)
{
    enum { REST_MS = 1000 };
    const int64_t left_ms = worker_time_left_ms(run->worker);
    return log_reading_clock_ms() + left_ms - (left_ms / 4 < REST_MS ? left_ms / 4 : REST_MS);
}

static int read_logs(struct run *run, struct failure *failure)
{
    const struct despool_check *check = run->check;
    struct logset_options options = {.logs = run->places.places,
                                     .count = run->places.count,
                                     .encoding = check->despool.encoding,
                                     .timezone = check->despool.timezone,
                                     .max_bytes = check->despool.max_bytes,
                                     .until_ms = reading_ends_ms(run),
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
    if (check->despool.pck != NULL && !run->set.conditions.has_library) {
        struct stall_memory memory = {.directory = check_state_directory(&check->options),
                                      .plugin = check->check.program->name,
                                      .identity = identity,
                                      .wait_ms = check_lock_wait_ms(run->worker)};
        /* The logs are still judged: what they tell may be worse than a folder that cannot be read. */
        if (stalls_of_folder(&run->stalls, run->store, check->despool.pck, &run->set.conditions, &options,
                             &memory, run->now, worker_trace(run->worker), &run->no_folder) != 0)
            trace_note(worker_trace(run->worker), 1, "%s", run->no_folder.text);
        if (run->stalls.in_trouble)
            note_trouble(run, &run->stalls.trouble);
    }
    const struct announce_options announce = check_announce_options(&check->options);
    struct failure problem;
    if (announcements_open(&run->announcements, run->state, &announce, run->in_trouble, run->now, &problem) !=
        0)
        note_trouble(run, &problem);
    return stalls_judge(&run->stalls, &check->options.thresholds, &check->options.known, &run->announcements,
                        run->now, failure);
}

static int look(struct run *run, struct failure *failure)
{
    const struct string_list *logs = &run->check->despool.logs;
    struct text identity = {0};
    int result = logset_places_find(&run->places, logs->strings, logs->count, failure);
    logset_places_identity(&run->places, &identity);
    if (result == 0)
        result = open_state(run, text_string(&identity), failure);
    if (result == 0)
        result = read_logs(run, failure);
    if (result == 0)
        result = find_stalls(run, text_string(&identity), failure);
    struct failure problem;
    if (result == 0 && run->check->despool.site != NULL &&
        logmemory_store_site(run->state, run->check->despool.site, &problem) != 0)
        note_trouble(run, &problem);
    if (result == 0 && statefile_commit(run->state, run->now, &problem) != 0)
        note_trouble(run, &problem);
    text_free(&identity);
    return result;
}

/* ---- the judgement */

static enum status judge(const struct run *run, const struct tally *tally)
{
    enum status status = status_worse(tally->status, run->silence.told);
    size_t unread = 0;
    for (size_t i = 0; i < run->set.count; i++) {
        const struct logset_log *log = &run->set.logs[i];
        unread += logset_is_unread(log);
        if (logset_has_lost(log) || (log->undated > 0 && !logset_is_unread(log)))
            status = status_worse(status, STATUS_WARNING);
    }
    /* Without logs and without memory nothing was looked at: that is no mere warning. */
    if (run->in_trouble)
        status = status_worse(status, unread < run->set.count ? STATUS_WARNING : STATUS_UNKNOWN);
    enum { DAY_S = 24 * 3600 }; /* what is older may have stalled since for long enough to alert */
    if (run->silence.behind_s > DAY_S)
        status = status_worse(status, STATUS_UNKNOWN);
    if (run->silence.future_s > 0)
        status = status_worse(status, STATUS_WARNING);
    if (unread > 0 || (run->check->despool.close != NULL && !run->closed))
        status = status_worse(status, STATUS_UNKNOWN);
    return run->no_folder.text[0] != '\0' ? status_worse(status, STATUS_UNKNOWN) : status;
}

static void tell(struct run *run)
{
    const struct despool_check *check = run->check;
    run->silence = (struct log_silence){.warning_s = check->despool.silent_warning_s,
                                        .critical_s = check->despool.silent_critical_s};
    log_silence_judge(&run->silence, &run->set, run->store, &run->announcements, run->now);
    struct tally tally;
    stalls_tally(&run->stalls, &tally);
    const struct stallreport report = {
        .label = label,
        .status = judge(run, &tally),
        .options = &check->options,
        .announcements = &run->announcements,
        .logs = &run->set,
        .stalls = &run->stalls,
        .tally = &tally,
        .packages = &check->despool.packages,
        .exclude_packages = &check->despool.exclude_packages,
        .site = check->despool.site,
        .folder = check->despool.pck,
        .folder_in_vain = check->despool.pck != NULL && run->set.conditions.has_library,
        .no_folder = run->no_folder.text[0] != '\0' ? &run->no_folder : NULL,
        .no_memory = run->in_trouble ? &run->trouble : NULL,
        .memory_lost_at = statefile_lost_at(run->state),
        .close = check->despool.close,
        .closed = run->closed,
        .silence = &run->silence,
        .now = run->now,
    };
    stallreport_trace(&run->set, worker_trace(run->worker));
    stallreport_finish(&report, run->worker);
}

static void run_check(struct worker *worker, void *context)
{
    const struct despool_check *check = context;
    struct run run = {.check = check, .worker = worker, .now = time(NULL)};
    struct failure failure = {0};
    const struct smb_access access = check_smb_access(worker, check->despool.smb_auth);
    run.store = bytestore_new(&access, worker_trace(worker));
    if (run.store == NULL)
        fail(&failure, "out of memory");
    if (run.store == NULL || look(&run, &failure) != 0)
        check_fail(worker, &check->check, &failure);
    else
        tell(&run);
    trace_step(worker_trace(worker), "closing the logs");
    announcements_free(&run.announcements);
    stalls_free(&run.stalls);
    log_silence_free(&run.silence);
    logset_free(&run.set);
    logset_places_free(&run.places);
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
        .description = "Reads what is new in despool.log and distmgr.log of one child site, and tells "
                       "which package versions are stalled there, since when, why, and what to do.",
        .examples = "The check, as NRPE runs it; and on logs that lie on this host:\n"
                    "\n"
                    " check_sms_despool --extra-opts=despool_S02\n"
                    " check_sms_despool --site=S03 --log=/srv/sms-logs/S03/despool.log \\\n"
                    "     --log=/srv/sms-logs/S03/distmgr.log\n"
                    "\n"
                    "The base file was copied and preloaded by hand, and the log cannot prove it:\n"
                    "\n"
                    " check_sms_despool --extra-opts=despool_S02 --close=CEN00012",
        .groups = groups,
        .group_count = sizeof groups / sizeof *groups,
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
