/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_CONDITION_SET_H
#define SMS_REPLICATION_CONDITION_SET_H

#include "replication/conditions.h"

/*
 * What a set holds, what is seen and what ends in it; between what events mean (conditions.c, condition_version.c,
 * condition_failing.c), condition_set.c, condition_time.c (what ends by itself) and condition_due.c (when that is to be
 * looked at). Pointers to conditions hold until the next is taken or dropped.
 */

/** @return the package's condition, made when there is none, to be changed; NULL when the set is full or out
 * of memory (noted there) */
struct condition *condition_set_take(struct conditions *set, const char *package);

/** @return the package's condition, to be changed; NULL when there is none */
struct condition *condition_set_find(struct conditions *set, const char *package);

/** Replace a text that the set owns. NULL: none. */
void condition_set_text(struct conditions *set, char **text, const char *line);

/** Remove a condition in which no sign is left. @return true when it was removed */
bool condition_set_drop_empty(struct conditions *set, struct condition *condition);

/** Remember a stored-version line, unless a newer one is known; version 0: none is stored here.
 * @param despooled  it is the despooler's */
void condition_set_stored(struct conditions *set, const char *package, int64_t version, int64_t time_s,
                          bool despooled);

/** End one sign; an open one is told in `endings`, a candidate goes silently. */
void condition_set_end(struct conditions *set, struct condition *condition, enum condition_kind kind,
                       enum condition_end how, int64_t stored, int64_t time_s);

/** An open sign is no longer repeated, which proves nothing: it ends, and stays a candidate; a candidate goes. */
void condition_set_rest(struct conditions *set, struct condition *condition, enum condition_kind kind,
                        int64_t time_s);

/** One more line of this kind about it: it opens, or is repeated. */
void condition_set_see(struct conditions *set, struct condition *condition, enum condition_kind kind,
                       const struct replication_event *event);

/** When this condition could end by itself: ask that it is looked at then. */
void condition_time_ask(struct conditions *set, struct condition *condition);

/** End what ends by itself, now that the logs have come to the set's newest_s and written_s. */
void condition_time_end(struct conditions *set);

/**
 * A condition is to be looked at when a clock comes to this second, or earlier: it has one entry for each
 * clock, which is the earliest that was asked for.
 */
void condition_due_at(struct conditions *set, struct condition *condition, enum condition_clock clock,
                      int64_t at_s);

/** @return the next condition that is due at `now_s`, its entry removed; NULL when none is. To be changed. */
struct condition *condition_due_next(struct conditions *set, enum condition_clock clock, int64_t now_s);

/** The condition goes: remove its entries. */
void condition_due_drop(struct conditions *set, struct condition *condition);

/** The condition has moved to another place in the array. */
void condition_due_moved(struct conditions *set, const struct condition *condition);

#endif
