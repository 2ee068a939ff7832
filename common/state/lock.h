/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_STATE_LOCK_H
#define SMS_STATE_LOCK_H

#include "base/failure.h"
#include "base/trace.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * One run at a time per state file. A POSIX record lock on a file of its own: the kernel frees it when the
 * holder dies and names the holder's pid while it lives; on the database itself it would be lost as soon as
 * SQLite, or we, close any descriptor of that file.
 */

enum statelock_outcome {
    STATELOCK_TAKEN,
    STATELOCK_HELD,    /* by another process until the wait was over; the failure names its pid */
    STATELOCK_UNUSABLE /* no lock file can be made or locked here; the failure says why */
};

/**
 * Take the lock; while another process holds it, wait and tell the trace who does.
 *
 * @param[out] fd  the lock, owned (statelock_free)
 */
enum statelock_outcome statelock_take(const char *path, int64_t wait_ms, const struct trace *trace, int *fd,
                                      struct failure *failure);

/** @param fd  -1 is allowed */
void statelock_free(int fd);

/**
 * Who holds a record lock on a file. Must not be called while this process itself holds one on it: closing
 * the descriptor used here would free it.
 * @return the pid, or 0 where there is none or the system does not tell
 */
pid_t statelock_holder(const char *path);

#endif
