// SPDX-License-Identifier: GPL-3.0-or-later
#include "repair/procedure.h"

#include "repair/journal.h"
#include "repair/workers.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { HOUR_S = 3600, JOURNAL_WAIT_MS = 10000 };

const char *repair_result_name(enum repair_result result)
{
    static const char *const names[] = {"shown", "refused", "done", "rolled back", "unknown"};
    return names[result];
}

int repair_exit_code(enum repair_result result)
{
    static const int codes[] = {[REPAIR_RESULT_SHOWN] = 0,
                                [REPAIR_RESULT_REFUSED] = 1,
                                [REPAIR_RESULT_DONE] = 0,
                                [REPAIR_RESULT_ROLLED_BACK] = 2,
                                [REPAIR_RESULT_UNKNOWN] = 3};
    return codes[result];
}

/* One run, in the parent. */
struct run {
    struct repair_request request; /* a copy, completed on the way */
    struct repair_report *report;
    struct journal *journal;     /* owned; NULL when it is not at hand */
    struct journal_entry undone; /* of an undo: the entry; the request points into it */
};

static bool same_row(const struct journal_entry *one, const struct journal_entry *other)
{
    return strcmp(one->server, other->server) == 0 && strcasecmp(one->database, other->database) == 0 &&
           strcasecmp(one->package, other->package) == 0 && strcasecmp(one->site, other->site) == 0;
}

static bool same_place(const struct journal_entry *entry, const struct repair_view *view)
{
    return strcmp(entry->server, view->server) == 0 && strcasecmp(entry->database, view->database) == 0 &&
           strcasecmp(entry->package, view->package.id) == 0 && strcasecmp(entry->site, view->site.code) == 0;
}

/*
 * Entries about this row whose end is not known: what the row is now answers the question. In a dry run it is
 * only told.
 * @return 0, or -1 when the answer could not be written
 */
static int resolve_open_entries(struct run *run, struct failure *failure)
{
    const struct repair_view *view = &run->report->view;
    size_t count;
    const struct journal_entry *entries = journal_entries(run->journal, &count);
    for (size_t i = 0; i < count && view->row_count == 1; i++) {
        const struct journal_entry *entry = &entries[i];
        if ((entry->result != JOURNAL_OPEN && entry->result != JOURNAL_UNKNOWN) || !same_place(entry, view))
            continue;
        enum journal_result result = row_image_equal(&view->rows[0], &entry->after)    ? JOURNAL_DONE
                                     : row_image_equal(&view->rows[0], &entry->before) ? JOURNAL_ROLLED_BACK
                                                                                       : JOURNAL_UNKNOWN;
        fail(&run->report->journal,
             "the end of entry %" PRId64 " about this row was not known; the row as it is now says: %s",
             entry->id,
             result == JOURNAL_UNKNOWN ? "neither done nor rolled back, it has changed since"
                                       : journal_result_name(result));
        if (run->request.apply && entry->result != result &&
            journal_end(run->journal, entry->id, result, time(NULL), failure) != 0)
            return -1;
    }
    return 0;
}

/* What a killed run has sent may still be on its way: the look that answers for it must stand behind it in
 * the queue. */
static bool must_wait(const struct run *run)
{
    size_t count;
    const struct journal_entry *entries = journal_entries(run->journal, &count);
    for (size_t i = 0; i < count; i++)
        if (entries[i].result == JOURNAL_OPEN || entries[i].result == JOURNAL_UNKNOWN)
            return true;
    return false;
}

/* A dry run goes on without the journal: the checks' user, for whom an event handler runs it, cannot read it.
 */
static int open_journal(struct run *run, struct failure *failure)
{
    const char *directory = run->request.journal_directory;
    run->journal = run->request.apply ? journal_open(directory, JOURNAL_WAIT_MS, failure)
                                      : journal_look(directory, failure);
    return run->journal != NULL ? 0 : -1;
}

static bool is_undone(const struct journal_entry *entries, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].undo_of == id && entries[i].result == JOURNAL_DONE)
            return true;
    return false;
}

/* What a newer repair found is younger than what this one found: an undo of this one would put it back over that. */
static int guard_newer(const struct run *run, const struct journal_entry *undone, struct failure *failure)
{
    size_t count;
    const struct journal_entry *entries = journal_entries(run->journal, &count);
    for (size_t i = 0; i < count; i++) {
        const struct journal_entry *entry = &entries[i];
        if (entry->id > undone->id && entry->undo_of == 0 && entry->result != JOURNAL_ROLLED_BACK &&
            same_row(entry, undone) && !is_undone(entries, count, entry->id))
            return fail(failure,
                        "entry %" PRId64 " is a newer repair of the same row: undo that first, or nothing "
                        "at all",
                        entry->id);
    }
    return 0;
}

static int take_undo(struct run *run, struct failure *failure)
{
    struct repair_request *request = &run->request;
    const struct journal_entry *entry = journal_find(run->journal, request->undo_entry);
    if (entry == NULL)
        return fail(failure, "the journal in %s has no entry %" PRId64 ": --journal lists them",
                    request->journal_directory, request->undo_entry);
    if (entry->undo_of != 0)
        return fail(failure, "entry %" PRId64 " is itself an undo, of %" PRId64, entry->id, entry->undo_of);
    if (entry->result == JOURNAL_ROLLED_BACK)
        return fail(failure, "entry %" PRId64 " was rolled back: there is nothing to undo", entry->id);
    size_t count;
    const struct journal_entry *entries = journal_entries(run->journal, &count);
    for (size_t i = 0; i < count; i++)
        if (entries[i].undo_of == entry->id && entries[i].result == JOURNAL_DONE)
            return fail(failure, "entry %" PRId64 " was undone already, by entry %" PRId64, entry->id,
                        entries[i].id);
    if (guard_newer(run, entry, failure) != 0)
        return -1;
    run->undone = *entry;
    request->target.package = run->undone.package;
    request->target.site = run->undone.site;
    request->target.pkg_server = NULL;
    request->target.undo = &run->undone.before;
    request->rules.left = &run->undone.after;
    return 0;
}

/* An undo must not strike the same package on another server. */
static int guard_place(const struct run *run, struct failure *refusal)
{
    const struct journal_entry *entry = &run->undone;
    if (entry->id == 0 || same_place(entry, &run->report->view))
        return 0;
    return fail(refusal, "entry %" PRId64 " is about database %s on %s, this is %s on %s", entry->id,
                entry->database, entry->server, run->report->view.database, run->report->view.server);
}

static void fill_user(char *user, size_t size)
{
    const struct passwd *known = getpwuid(getuid());
    const char *sudo = getenv("SUDO_USER");
    snprintf(user, size, "%s", known != NULL ? known->pw_name : "?");
    if (getuid() == 0 && sudo != NULL)
        snprintf(user, size, "%s (sudo by %.40s)", known != NULL ? known->pw_name : "root", sudo);
}

static void fill_entry(const struct run *run, struct journal_entry *entry)
{
    const struct repair_view *view = &run->report->view;
    *entry = (struct journal_entry){.time = time(NULL),
                                    .undo_of = run->request.undo_entry,
                                    .before = view->rows[0],
                                    .after = view->after};
    fill_user(entry->user, sizeof entry->user);
    if (gethostname(entry->host, sizeof entry->host - 1) != 0)
        strcpy(entry->host, "?");
    memcpy(entry->server, view->server, sizeof entry->server);
    memcpy(entry->database, view->database, sizeof entry->database);
    memcpy(entry->package, view->package.id, sizeof entry->package);
    memcpy(entry->site, view->site.code, sizeof entry->site);
}

/* The changing worker gave no clear answer: ask the row. @return the result, with what is known in the
 * message */
static enum repair_result find_out(struct run *run, enum repair_end end)
{
    enum { ATTEMPTS = 3 };
    const struct repair_view *view = &run->report->view;
    struct failure *message = &run->report->message, trouble = {""}, cause = *message;
    struct row_image row;
    int64_t count = 0;
    int got = -1;
    for (int i = 0; i < ATTEMPTS && got != 0; i++) {
        if (i > 0)
            nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
        got = repair_worker_verify(&run->request, view, &row, &count, &trouble);
    }
    bool one = got == 0 && count == 1;
    if (one && row_image_equal(&row, &view->after)) {
        fail(message,
             "the answer to COMMIT was lost (%s), but the row over a new connection says that it is done",
             cause.text);
        return REPAIR_RESULT_DONE;
    }
    if (one && row_image_equal(&row, &view->rows[0])) {
        fail(message, "not done, the row over a new connection is as it was: %s", cause.text);
        return REPAIR_RESULT_ROLLED_BACK;
    }
    if (end == REPAIR_LOST) {
        fail(message,
             "not done: %s; COMMIT was never sent, so the server takes the UPDATE back by itself, at the "
             "latest when it sees that "
             "the connection is gone%s%s%s",
             cause.text, got != 0 ? " (the row could not be read since: " : "", got != 0 ? trouble.text : "",
             got != 0 ? ")" : "");
        return REPAIR_RESULT_ROLLED_BACK;
    }
    struct text is = {0}, done = {0}, undone = {0};
    row_image_write(&view->after, &done);
    row_image_write(&view->rows[0], &undone);
    if (one)
        row_image_write(&row, &is);
    fail(message, "it is not known whether it was done: %s. %s %s. Look at %s: done is %s, not done is %s",
         cause.text, got != 0 ? "The row could not be read since:" : "Over a new connection the row is",
         got != 0 ? trouble.text
         : one    ? text_string(&is)
                  : "not there or not alone",
         view->look, text_string(&done), text_string(&undone));
    text_free(&is);
    text_free(&done);
    text_free(&undone);
    return REPAIR_RESULT_UNKNOWN;
}

static enum repair_result conclude(struct run *run, enum repair_end end)
{
    switch (end) {
    case REPAIR_COMMITTED:
        run->report->message.text[0] = '\0';
        return REPAIR_RESULT_DONE;
    case REPAIR_REFUSED:
        return REPAIR_RESULT_REFUSED;
    case REPAIR_ROLLED_BACK:
        fail_context(&run->report->message, "not done: ");
        return REPAIR_RESULT_ROLLED_BACK;
    default:
        return find_out(run, end);
    }
}

/* For a repair the next steps say it; an undo has none, and was not asked for by names. */
static void say_put_back(struct run *run)
{
    const struct repair_view *view = &run->report->view;
    struct text row = {0};
    row_image_write(&view->after, &row);
    fail_context(&run->report->message, "%s at %s is again as it was before entry %" PRId64 ", %s%s",
                 view->package.id, view->site.code, run->request.undo_entry, text_string(&row),
                 run->report->message.text[0] != '\0' ? "; " : "");
    text_free(&row);
}

/* From the begin of the entry to its end an interrupt must not part the journal from the database: the worker
 * may die of it, this process then finds out. */
enum { HELD_SIGNALS = 4 };
static const int held_signals[HELD_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void hold_signals(struct sigaction *former)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < HELD_SIGNALS; i++)
        sigaction(held_signals[i], &ignore, &former[i]);
}

static void free_signals(const struct sigaction *former)
{
    for (size_t i = 0; i < HELD_SIGNALS; i++)
        sigaction(held_signals[i], &former[i], NULL);
}

static enum repair_result change(struct run *run)
{
    static const enum journal_result ends[] = {[REPAIR_RESULT_SHOWN] = JOURNAL_OPEN,
                                               [REPAIR_RESULT_REFUSED] = JOURNAL_ROLLED_BACK,
                                               [REPAIR_RESULT_DONE] = JOURNAL_DONE,
                                               [REPAIR_RESULT_ROLLED_BACK] = JOURNAL_ROLLED_BACK,
                                               [REPAIR_RESULT_UNKNOWN] = JOURNAL_UNKNOWN};
    struct repair_report *report = run->report;
    struct journal_entry entry;
    struct sigaction former[HELD_SIGNALS];
    fill_entry(run, &entry);
    hold_signals(former);
    enum repair_result result = REPAIR_RESULT_REFUSED;
    if (journal_begin(run->journal, &entry, &report->message) == 0) {
        report->entry = entry.id;
        result = conclude(run, repair_worker_change(&run->request, &report->view, &report->message));
        if (result == REPAIR_RESULT_DONE && run->request.undo_entry != 0)
            say_put_back(run);
        struct failure failure;
        if (journal_end(run->journal, entry.id, ends[result], time(NULL), &failure) != 0)
            fail(&report->journal, "the end of entry %" PRId64 " could not be written, it stays open: %s",
                 entry.id, failure.text);
    } else {
        fail_context(&report->message, "the database was not touched: ");
    }
    free_signals(former);
    return result;
}

static enum repair_result judge_and_change(struct run *run)
{
    struct repair_report *report = run->report;
    struct failure *message = &report->message;
    struct repair_request *request = &run->request;
    if (run->journal != NULL && resolve_open_entries(run, message) != 0)
        return REPAIR_RESULT_REFUSED;
    if (run->journal != NULL)
        request->rules.recent = journal_count_since(run->journal, report->view.server, report->view.database,
                                                    report->view.site.code, (int64_t)time(NULL) - HOUR_S);
    enum repair_permit permit = guard_place(run, message) != 0
                                    ? REPAIR_BARRED
                                    : repair_guard(&report->view, &request->rules, message);
    report->barred = permit == REPAIR_BARRED;
    if (permit != REPAIR_PERMITTED)
        return REPAIR_RESULT_REFUSED;
    if (!request->apply)
        return REPAIR_RESULT_SHOWN;
    report->asked = request->confirm != NULL;
    if (request->confirm != NULL && !request->confirm(request, &report->view)) {
        fail(message, "the package ID was not typed: nothing was changed");
        return REPAIR_RESULT_REFUSED;
    }
    return change(run);
}

static enum repair_result look_and_go_on(struct run *run)
{
    struct repair_report *report = run->report;
    if (open_journal(run, &report->journal) != 0 && (run->request.apply || run->request.undo_entry != 0)) {
        report->message = report->journal;
        report->journal.text[0] = '\0';
        return REPAIR_RESULT_REFUSED;
    }
    if (run->request.undo_entry != 0 && take_undo(run, &report->message) != 0)
        return REPAIR_RESULT_REFUSED;
    if (run->request.apply && must_wait(run))
        run->request.target.lock = REPAIR_LOCK;
    if (repair_worker_look(&run->request, &report->view, &report->message) != 0)
        return REPAIR_RESULT_UNKNOWN;
    report->has_view = true;
    return judge_and_change(run);
}

void repair_run(const struct repair_request *request, struct repair_report *report)
{
    struct run run = {.request = *request, .report = report};
    *report = (struct repair_report){0};
    report->result = look_and_go_on(&run);
    journal_close(run.journal);
}
