/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_ITEMSTORE_H
#define SMS_ITEMS_ITEMSTORE_H

#include "base/failure.h"
#include "base/text.h"
#include "base/trace.h"
#include "items/age.h"
#include "items/away.h"
#include "items/judge.h"
#include "state/statefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is remembered of the items in trouble, in the state file's open transaction. */

extern const struct statefile_schema memory_schema;

/** Append the key of an item: prefix, package and place, in upper case because the product's collation knows
 * none. */
void memory_key(const char *prefix, const char *package, const char *place, struct text *key);

/**
 * Load the items whose key begins with `key_prefix` ("" for all), sorted by key (bytewise).
 *
 * @param[out] items  owned by the caller (memory_free); the texts of an item are one allocation, that of `key`
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

/* What failed and ended this often in this time comes back: somebody cures it each time, and not its cause. */
enum { RETURNS_LEAST = 3, RETURNS_S = 7 * 86400 };

struct returning {
    char *key;                   /* owned */
    const char *package, *place; /* of the key, once findings.h has taken it apart; borrowed from it */
    int64_t count;               /* ends in the last RETURNS_S */
};

struct returning_list {
    struct returning *rows; /* owned by the recall, those that came most often first */
    size_t count;
};

/*
 * One run's use of the items' memory: open, age what was found, settle what was not, commit. A memory that
 * cannot be read or kept never stops a check from judging what it sees: the trouble is kept as text, for the
 * verdict.
 */
struct recall {
    struct statefile *file;    /* owned */
    struct remembered *memory; /* owned: the items of this rule, by key */
    size_t count;
    struct away_list away; /* owned: when sites took no part */
    bool *found;           /* owned: which of them are among this run's findings */
    struct returning_list returning;
    int64_t lost_at; /* UTC: when the memory was last lost, 0 never */
    int64_t
        behind_s; /* the host's clock is wrong, and so far behind that of the last run: this run learns nothing */
    bool in_trouble; /* lost or not kept in this run: at least WARNING */
    struct failure trouble;
};

/**
 * Take the identity's lock and load the items whose key begins with `prefix`.
 *
 * @param clocks   held against that of the last run
 * @param wait_ms  how long to wait for another run of the same identity
 * @return 0, also when the memory is damaged or unusable (`in_trouble`); -1 when the lock was not got
 */
int recall_open(struct recall *recall, const char *directory, const char *plugin, const char *identity,
                const char *prefix, const struct clocks *clocks, int64_t wait_ms, const struct trace *trace,
                struct failure *failure);

/** Note which sites take part in this run; before recall_age. */
void recall_note_site(struct recall *recall, const char *site, bool active, int64_t now);

/** Mark what is among the findings, so that recall_next_missing gives the others. */
void recall_mark(struct recall *recall, const struct item *items, size_t count);

/** @return the next remembered item at or after `*at` that is not marked (advances `*at`), NULL at the end;
 * borrowed */
struct remembered *recall_next_missing(struct recall *recall, size_t *at);

/** Give each item its ages, without the time for which its site was away, and remember what changed. */
void recall_age(struct recall *recall, struct item *items, size_t count, const struct clocks *clocks);

/** Decide about a remembered item that is not among the findings. */
void recall_settle(struct recall *recall, struct remembered *remembered, enum absence absence, int64_t now);

/** Find what came back (ITEM_START_ATTEMPT alone knows failures), whose key begins with `prefix`; after recall_settle. */
void recall_find_returning(struct recall *recall, const char *prefix, int64_t now);

/** Note that the memory is in trouble; the first trouble is the cause, later ones follow from it. */
void recall_note_trouble(struct recall *recall, const struct failure *failure);

/** Commit; a failure becomes `trouble`. */
void recall_commit(struct recall *recall, int64_t now);

void recall_close(struct recall *recall);

#endif
