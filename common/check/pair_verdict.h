/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_PAIR_VERDICT_H
#define SMS_CHECK_PAIR_VERDICT_H

#include "check/sitecheck.h"
#include "sitedb/package_site.h"

/* The first line of check_sms_packages: how many pairs are in trouble and where, or that all is in sync. */

/* Without what is known or left out. */
struct pair_numbers {
    struct tally tally;
    int64_t never_sent, resend;
    int64_t sites; /* with at least one item */
};

/* What it is about; borrowed. */
struct pair_verdict {
    const struct siterun *run;
    const struct pair_scan *scan; /* its pairs in the order of the findings */
    enum pair_rule rule;
    /* Append the worst item, or the cause of many. @param run  the same */
    void (*add_worst)(const void *run, const struct item *worst, struct text *verdict);
};

/** Count the findings. @return 0, or -1 when memory ran out */
int pair_numbers_count(const struct pair_verdict *told, struct pair_numbers *numbers);

/** Append the whole sentence, with what every verdict must say. */
void pair_verdict_add(const struct pair_verdict *told, const struct pair_numbers *numbers,
                      struct text *verdict);

#endif
