/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_ACTIVITY_H
#define SMS_LOGS_ACTIVITY_H

#include <stdint.h>

/*
 * How far the writers of a log came. "The component went on writing without repeating" is what closes a
 * condition when no line proves it, so a stopped service must not count as writing: the clock runs from
 * record to record, and a longer pause counts as LOG_WRITING_STEP. An idle SMS_DISTRIBUTION_MANAGER wakes
 * every 3600 seconds ("Sleep 3600 seconds...").
 */

#define LOG_WATCHED      4          /* components that can be watched */
#define LOG_WRITING_STEP (2 * 3600) /* seconds */

/* To the minute, so that a reader must look only at lines of a new minute. Times as in log_stamp.ms; 0: no
 * record yet. */
struct log_activity {
    int64_t newest_ms;  /* the highest minute of any of its records */
    int64_t written_ms; /* its writing clock */
};

/* Plain; stored with the position. Start with zeros. It goes on from `.lo_` to `.log` of the same log. */
struct log_progress {
    struct log_activity any;                  /* records of every component */
    struct log_activity watched[LOG_WATCHED]; /* in the order of log_reader_options.components */
};

/** Move on by a record. Records of the same or an earlier minute change nothing. */
void log_activity_add(struct log_activity *activity, int64_t stamp_ms);

#endif
