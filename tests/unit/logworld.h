/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGWORLD_H
#define SMS_LOGWORLD_H

#include "base/text.h"
#include "logs/source.h"

/* A folder with a log that a test writes, rotates and reads like the runs of a check. */
struct logworld {
    char folder[64];
    char log[96], old[96];
    struct log_position position;
    struct log_status status; /* of the last run */
    struct text given;        /* what the last run's parser finished */
    struct text segments; /* the last run's segments: "lo_@12+30! log@0+5 " ('!' final, '~' after a gap) */
    int64_t bytes_read;   /* of files' contents, by the last run */
    int64_t max_bytes;
    size_t buffer; /* bytes a read */
};

void logworld_begin(struct logworld *world);
void logworld_end(struct logworld *world);

void logworld_append(struct logworld *world, const char *bytes);
void logworld_write(const char *path, const char *bytes, size_t length, const char *mode);
void logworld_rename(struct logworld *world); /* X.log -> X.lo_, no new X.log yet */
void logworld_copy(struct logworld *world);   /* X.log copied to X.lo_ */
void logworld_truncate(struct logworld *world);

/**
 * One run: read what is new, finish whole lines, keep the position unless told otherwise.
 * @return the outcome of log_source_position; fails the test when the log cannot be opened
 */
enum log_outcome logworld_run(struct logworld *world);

/* One run in which `meanwhile` happens after the source was opened and before it is read. */
enum log_outcome logworld_run_while(struct logworld *world, void (*meanwhile)(struct logworld *));

#endif
