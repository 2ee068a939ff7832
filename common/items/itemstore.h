/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_ITEMSTORE_H
#define SMS_ITEMS_ITEMSTORE_H

#include "base/failure.h"
#include "base/text.h"
#include "state/statefile.h"

#include <stddef.h>
#include <stdint.h>

/* What is remembered of the items in trouble, in the state file's open transaction. */

/* All times UTC seconds, 0 where there is none. */
struct remembered {
    char *key;      /* rule and pair: "version/CEN00012@S02" */
    char *kind;     /* "sent" */
    char *progress; /* what must change for the item to have moved: status, versions, update time */
    int64_t first_seen;
    int64_t attempt_since; /* first_seen, or the first sight of the last repair */
    int64_t last_progress;
    int64_t absent_runs;
    int64_t absent_since;
};

extern const struct statefile_schema memory_schema;

/** Append the key of an item: prefix, package and place, in upper case because the product's collation knows
 * none. */
void memory_key(const char *prefix, const char *package, const char *place, struct text *key);

/**
 * Load the items whose key begins with `key_prefix` ("" for all), sorted by key (bytewise).
 *
 * @param[out] items  owned by the caller (memory_free), each text an allocation of its own
 * @return 0, or -1 with the operator's text
 */
int memory_load(struct statefile *file, const char *key_prefix, struct remembered **items, size_t *count,
                struct failure *failure);

/** NULL is allowed. */
void memory_free(struct remembered *items, size_t count);

/** Insert or replace an item; NULL texts are stored as "". @return 0 or -1 */
int memory_put(struct statefile *file, const struct remembered *item, struct failure *failure);

/** Forget an item; one that is not there is no error. @return 0 or -1 */
int memory_remove(struct statefile *file, const char *key, struct failure *failure);

#endif
