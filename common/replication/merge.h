/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_MERGE_H
#define SMS_REPLICATION_MERGE_H

#include "replication/conditions.h"
#include "replication/event.h"

/*
 * The events of several logs, applied in the order of time. despool.log and distmgr.log of one site tell one
 * story: a proof in the one closes what the other opened. Events of one log keep the order of the file
 * (neighbouring lines go back in time: threads write unordered); between logs the time decides.
 *
 * To keep memory small read the logs in turns, a block each: log_merge_next says whose turn it is.
 */

#define LOG_MERGE_LOGS 16

struct log_merge;

/** @return owned (log_merge_free), NULL without memory */
struct log_merge *log_merge_new(struct conditions *conditions, int logs);

/** Take an event of a log, and apply what can be applied. @return 0, or -1 without memory */
int log_merge_add(struct log_merge *merge, int log, const struct replication_event *event);

/** The log was read up to records of this UTC second (from log_progress.any, after each push). Applies what
 * is due. */
int log_merge_reached(struct log_merge *merge, int log, int64_t newest_s);

/** The log was read to its present end: nothing of it is outstanding. Applies what is due. */
int log_merge_ended(struct log_merge *merge, int log);

/** @return the log to read next: the one that is furthest behind and not ended; -1 when all have ended */
int log_merge_next(const struct log_merge *merge);

/**
 * A run that stops before all logs have ended (its byte budget is used up) keeps the order for the next run
 * by not moving past events that could not be applied yet.
 *
 * @return byte offset of the log's first event that was not applied: the position to store instead of the
 * reader's, with the ties and progress as they were before that record; -1 when everything was applied
 */
int64_t log_merge_held(const struct log_merge *merge, int log);

void log_merge_free(struct log_merge *merge);

#endif
