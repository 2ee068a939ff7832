/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_PROCESS_WORKER_H
#define SMS_PROCESS_WORKER_H

#include "process/supervise.h"

/* The child's half of supervise.h, and what both halves must agree on. Only supervise.c includes this. */

/* What travels on the pipe: this header, then `length` bytes. A result's bytes are the exit code and the
 * output. A confirmation is asked for before the result and answered by one byte on the pipe back; KEPT says
 * that what depended on it is done. */
enum frame_kind { FRAME_STEP = 0x534d5301, FRAME_NOTE, FRAME_RESULT, FRAME_CONFIRM, FRAME_KEPT };

enum { MOST_FRAME_BYTES = 64 * 1024 * 1024 };

struct frame {
    uint32_t kind;
    uint32_t length;
};

/** @return milliseconds of the monotonic clock, the same in both processes */
int64_t worker_clock_ms(void);

/**
 * Become the worker in a process just forked: die with `parent`, take /dev/null as stdio, close every other
 * file than the two pipes, do the work and end the process.
 *
 * @param pipe   write end
 * @param back   read end of the pipe on which the parent confirms that the result was delivered
 * @param null   /dev/null, open for both
 */
_Noreturn void worker_run(worker_function *work, void *context, int pipe, int back, int null, pid_t parent,
                          int64_t deadline_ms, int verbosity);

#endif
