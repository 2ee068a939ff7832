/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_STALLS_OUTPUT_H
#define SMS_CHECK_STALLS_OUTPUT_H

#include "base/failure.h"
#include "base/status.h"
#include "base/text.h"
#include "base/trace.h"
#include "check/check.h"
#include "check/log_silence.h"
#include "check/stalls.h"
#include "replication/logset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an operator reads of the versions that are stalled at a site, and of how its logs were read. */

/* What is told, and how it was judged. Everything is borrowed. */
struct stallreport {
    const char *label; /* "SMS DESPOOL" */
    enum status status;
    const struct check_options *options;
    struct announcements *announcements; /* of the stalls */
    const struct logset *logs;
    const struct stall_list *stalls;                       /* in the order of display */
    const struct tally *tally;                             /* of the stalls */
    const struct string_list *packages, *exclude_packages; /* what was selected */
    const char *site;                                      /* code of the site, NULL when not given */
    const char *folder;                /* of base files, NULL when none was to be looked into */
    bool folder_in_vain;               /* ... and the site has a content library, so that it tells nothing */
    const struct failure *no_folder;   /* why it could not be looked into, or NULL */
    const struct failure *no_memory;   /* how the memory was lost or not kept, or NULL */
    int64_t memory_lost_at;            /* by an earlier run, UTC; 0 never */
    const char *close;                 /* package that was to be closed by hand, or NULL ... */
    bool closed;                       /* ... and whether something was open for it */
    const struct log_silence *silence; /* judged */
    int64_t now;                       /* UTC */
};

/** Tell how each log was read, for -vv. */
void stallreport_trace(const struct logset *logs, const struct trace *trace);

/**
 * Hand the report over: first line with perfdata, notes and items, within items/output.h's budgets, or JSON.
 * With --new the verdict tells what is new.
 */
void stallreport_finish(const struct stallreport *report, struct worker *worker);

#endif
