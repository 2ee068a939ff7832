/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_DP_VERDICT_H
#define SMS_CHECK_DP_VERDICT_H

#include "base/range.h"
#include "check/sitecheck.h"
#include "sitedb/package_dp.h"

#include <stdbool.h>

/* The first line of check_sms_dps: how many packages are in trouble on how many DPs, or that all are installed. */

/* Without what is known. */
struct dp_numbers {
    struct tally tally;
    int64_t retrying, servers;
    int64_t maintained;     /* items on DPs in maintenance mode */
    int64_t evidence_age_s; /* of the newest summary row; 0: none has a date */
};

/* What it is about; borrowed. */
struct dp_verdict {
    const struct siterun *run;
    const struct dp_list *dps; /* in the order of the findings */
    const struct dp_sources *sources;
    const struct dp_evidence *evidence;
    bool strict;                                        /* what is else only told is judged */
    const struct range *stale_warning, *stale_critical; /* of the evidence's age, in s */
    /* Append the worst item. @param run  the same */
    void (*add_worst)(const void *run, const struct item *worst, struct text *verdict);
};

/** Count the findings. */
void dp_numbers_count(const struct dp_verdict *told, struct dp_numbers *numbers);

/** Append the whole sentence, with what every verdict must say. @return the state of the check */
enum status dp_verdict_add(const struct dp_verdict *told, const struct dp_numbers *numbers,
                           struct text *verdict);

#endif
