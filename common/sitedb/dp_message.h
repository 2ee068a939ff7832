/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_DP_MESSAGE_H
#define SMS_SITEDB_DP_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The status messages about a package on a distribution point (vSMS_DistributionDPStatus.MessageID, 2012 and
 * later) in our words. Numbers that no public source explains are shown as numbers.
 */

enum dp_message_class {
    DP_MESSAGE_DONE,     /* the content is there */
    DP_MESSAGE_PROGRESS, /* work goes on */
    DP_MESSAGE_WAITING,  /* for somebody or something else: nothing goes on here */
    DP_MESSAGE_FAILURE
};

struct dp_message {
    int64_t id;
    enum dp_message_class message_class;
    const char *words;  /* "the site server cannot connect to the DP" */
    const char *next;   /* what to do, "" where nothing is to be done */
    const char *source; /* the public text that explains the number */
};

/** @return the message's meaning; static, NULL for a number that is not explained */
const struct dp_message *dp_message_find(int64_t id);

/** @return "failure"; static */
const char *dp_message_class_name(enum dp_message_class message_class);

/** @return the message at a place of the table, NULL behind its end; for tests and pages */
const struct dp_message *dp_message_at(size_t index);

#endif
