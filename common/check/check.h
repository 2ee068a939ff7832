/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_CHECK_H
#define SMS_CHECK_CHECK_H

#include "base/failure.h"
#include "check/options_shared.h"
#include "files/files.h"
#include "items/announce.h"
#include "items/output.h"
#include "options/options.h"
#include "process/supervise.h"

/* From main's argv to the exit code: what all checks do in the same way. */
struct check {
    const struct program *program;                 /* without sections: check_main has those of all checks */
    const char *label;                             /* "SMS PACKAGES" */
    struct check_options *options;                 /* the target of one of the program's groups */
    const struct environment_options *environment; /* NULL when the program has none */
    /* Contradictions between options; may be NULL. */
    int (*validate)(const struct check *check, struct failure *failure);
    /* In the supervised child, with this check as context; ends with check_finish, check_fail or
     * worker_result. */
    worker_function *run;
};

/**
 * Parse the options, take the state directory owner's identity when started as root, run the check in a
 * supervised child and print its result.
 *
 * @return the exit code for main
 */
int check_main(const struct check *check, int argc, char **argv);

/**
 * Hand a report over, and keep what it told for the first time once it is delivered.
 *
 * @param announcements  of the items in the report, their state file open; NULL: what is told is not kept. An
 *                       UNKNOWN announces nothing
 * @param is_kept        as announcements_keep has it
 */
void check_finish(struct worker *worker, const struct report *report, struct announcements *announcements,
                  bool (*is_kept)(const void *context, const char *key), const void *context);

/** Hand over a check that could not read what it judges: UNKNOWN with the failure's text. */
void check_fail(struct worker *worker, const struct check *check, const struct failure *failure);

/** @return how long a run may wait for another one of the same identity, in ms: its deadline, less what the
 * answer needs */
int64_t check_lock_wait_ms(const struct worker *worker);

/** @return how a run reaches smb:// locations: one answer of a server must leave time for a text of our own */
struct smb_access check_smb_access(const struct worker *worker, const char *auth_file);

/** Write all of it to standard output. @return whether that was possible; a reader that is gone (EPIPE) is no
 * other trouble */
bool write_output(const struct text *output);

#endif
