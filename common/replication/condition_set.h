/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_CONDITION_SET_H
#define SMS_REPLICATION_CONDITION_SET_H

#include "replication/conditions.h"

/* The sorted arrays of a set and what ends in them; between conditions.c (what events mean) and
 * conditionset.c. */

/** @return the package's condition, made when there is none; NULL when the set is full or out of memory
 * (noted there) */
struct condition *condition_set_take(struct conditions *set, const char *package);

struct condition *condition_set_find(struct conditions *set, const char *package);

/** Remove a condition in which no sign is left. @return true when it was removed */
bool condition_set_drop_empty(struct conditions *set, struct condition *condition);

/** Remember a stored-version line, unless a newer one is known. */
void condition_set_stored(struct conditions *set, const char *package, int64_t version, int64_t time_s);

/** End one sign; an open one is told in `endings`, a candidate goes silently. */
void condition_set_end(struct conditions *set, struct condition *condition, enum condition_kind kind,
                       enum condition_end how, int64_t stored, int64_t time_s);

#endif
