/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_PROCESS_SUPERVISE_H
#define SMS_PROCESS_SUPERVISE_H

#include "base/failure.h"
#include "base/text.h"
#include "base/trace.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The work runs in a child process, because ODBC drivers and dead mounts hang or crash; the parent owns the
 * deadline and the exit code. The child has its own /dev/null stdio, stays in the plugin's process group
 * (NRPE and Icinga end the whole group), dies with its parent (PR_SET_PDEATHSIG) and is waited for at most
 * 100 ms after SIGKILL.
 */

/* The child's end of the pipe. */
struct worker;

/** @return the trace that reaches the parent: steps are kept, notes go to stderr as they come; borrowed */
const struct trace *worker_trace(struct worker *worker);

/** @return milliseconds left until the parent's deadline, at least 0 */
int64_t worker_time_left_ms(const struct worker *worker);

/**
 * Hand over the result: exit code and the whole standard output. Called once, after everything that must be
 * kept was committed; what happens later (a crash at disconnect, a hang at exit) no longer changes the
 * outcome.
 *
 * @return 0, or -1 when the parent is gone
 */
int worker_result(struct worker *worker, int exit_code, const char *output, size_t length);

/**
 * Ask, before worker_result, that worker_delivered can be answered: for a worker that keeps what it has told.
 */
void worker_confirm(struct worker *worker);

/** Wait, after worker_result, until the parent has written the output. @return whether all of it was written */
bool worker_delivered(struct worker *worker);

/** Say that what depended on the delivery is kept: the parent waits for it, at most a second. */
void worker_kept(struct worker *worker);

/** The work: runs in the child, ends by returning. Its stdout and stderr are /dev/null. */
typedef void worker_function(struct worker *worker, void *context);

enum supervision_end {
    SUPERVISION_RESULT,  /* exit_code and output are valid */
    SUPERVISION_TIMEOUT, /* the deadline passed */
    SUPERVISION_CRASH,   /* died by a signal before the result */
    SUPERVISION_EXIT     /* ended without a result: `status` has the exit status */
};

struct supervision {
    enum supervision_end end;
    int exit_code;
    struct text output; /* owned; text_free */
    char step[256];     /* the last step told, "" before the first */
    int64_t elapsed_ms;
    int status;     /* signal number or exit status */
    pid_t survivor; /* pid of a worker that did not die within 100 ms of SIGKILL, else 0 */
};

/** Write a result to where it belongs. @return whether all of it was written */
typedef bool delivery_function(const struct text *output);

/**
 * Run `work` in a child and wait for its result or the deadline.
 *
 * @param timeout_ms  from now
 * @param verbosity   number of -v: which notes are passed on to stderr
 * @param deliver     called with the result as soon as it is whole; NULL: `output` is all that is wanted
 * @return 0 with `supervision` filled; -1 when no child could be started
 */
int supervise(worker_function *work, void *context, int64_t timeout_ms, int verbosity,
              delivery_function *deliver, struct supervision *supervision, struct failure *failure);

/**
 * Say why a worker gave no result: out of time, crashed or ended, in which step, and whether it is still
 * there.
 *
 * @param timeout_s  what the deadline was
 */
void supervision_explain(const struct supervision *supervision, int64_t timeout_s, struct failure *failure);

#endif
