/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_STALL_WORDS_H
#define SMS_CHECK_STALL_WORDS_H

#include "base/text.h"
#include "check/options_shared.h"
#include "check/stalls.h"

#include <stdbool.h>

/* Why a version is stalled, and what to do about it: plain sentences for the one who is woken up. */

/** Where it happened; borrowed. */
struct stall_place {
    const struct check_options *options; /* of the check: its sections are in the commands */
    const char *site;                    /* code of the site, NULL when not given */
    bool local_stamps;                   /* the logs are of SMS 2003 or older: their stamps carry no offset */
};

/** One or a few words on the cause, for the first line: "the disk is full"; nothing where it is not known. */
void stall_add_why(const struct stall *stall, struct text *text);

/** `wants version 3, has 2`, or what a failure or a trouble of the whole site is about. */
void stall_add_facts(const struct stall *stall, struct text *text);

/** `: "the line of the log"`, a status message in words. */
void stall_add_line(const struct stall *stall, struct text *text);

/** `; sender: ...`: what the logs of sched, sender and PkgXferMgr tell of the package. */
void stall_add_way(const struct stall *stall, struct text *text);

/** `; what to do`, with the commands that check/advice.h allows. Never to copy a file onto a disk that is full. */
void stall_add_advice(const struct stall *stall, const struct stall_place *place, struct text *text);

#endif
