/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_ORDER_STORE_H
#define SMS_ITEMS_ORDER_STORE_H

#include "base/failure.h"
#include "items/order.h"
#include "state/statefile.h"

#include <stddef.h>

/* What the judgement `order` remembers, in the state file's open transaction (itemstore.h has its schema). */

/* The tables, for the schema; their later columns are an upgrade of their own. */
#define ORDER_TABLES                                                                                         \
    "CREATE TABLE order_item("                                                                               \
    "key TEXT NOT NULL PRIMARY KEY, since INTEGER NOT NULL, sent INTEGER NOT NULL, over INTEGER NOT NULL, "  \
    "any_priority INTEGER NOT NULL, held INTEGER NOT NULL, failed INTEGER NOT NULL, "                        \
    "failed_s INTEGER NOT NULL, reason INTEGER NOT NULL, inherited INTEGER NOT NULL, "                       \
    "below INTEGER NOT NULL, by_sent INTEGER NOT NULL, by_count INTEGER NOT NULL, by_package TEXT NOT NULL"  \
    ") WITHOUT ROWID;"                                                                                       \
    "CREATE TABLE order_site("                                                                               \
    "code TEXT NOT NULL PRIMARY KEY COLLATE NOCASE, last INTEGER NOT NULL, quiet INTEGER NOT NULL, "         \
    "page INTEGER NOT NULL, pages INTEGER NOT NULL, mark INTEGER NOT NULL, prev INTEGER NOT NULL, "          \
    "gap INTEGER NOT NULL, gap_end INTEGER NOT NULL, off INTEGER NOT NULL, arrived INTEGER NOT NULL, "       \
    "late INTEGER NOT NULL, newest TEXT NOT NULL"                                                            \
    ") WITHOUT ROWID;"

#define ORDER_TABLES_RAISED                                                                                  \
    "ALTER TABLE order_item ADD COLUMN wanted INTEGER NOT NULL DEFAULT 0;"                                   \
    "ALTER TABLE order_item ADD COLUMN raised INTEGER NOT NULL DEFAULT 0;"                                   \
    "ALTER TABLE order_item ADD COLUMN raised_from INTEGER NOT NULL DEFAULT 0;"                              \
    "ALTER TABLE order_item ADD COLUMN passed INTEGER NOT NULL DEFAULT 0;"                                   \
    "ALTER TABLE order_item ADD COLUMN earliest INTEGER NOT NULL DEFAULT 0;"

#define ORDER_TABLES_FAILED "ALTER TABLE order_item ADD COLUMN failed_last INTEGER NOT NULL DEFAULT 0;"
#define ORDER_TABLES_RETRY  "ALTER TABLE order_item ADD COLUMN retry_s INTEGER NOT NULL DEFAULT 0;"

#define ORDER_TABLES_MISSED                                                                                  \
    "ALTER TABLE order_item ADD COLUMN above INTEGER NOT NULL DEFAULT 0;"                                    \
    "ALTER TABLE order_item ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;"                                   \
    "ALTER TABLE order_item ADD COLUMN row INTEGER NOT NULL DEFAULT -1;" /* ORDER_ROW_NULL */                \
    "ALTER TABLE order_site ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;"                                    \
    "ALTER TABLE order_site ADD COLUMN begun_since INTEGER NOT NULL DEFAULT 0;"

struct order_memory {
    struct order_item *items; /* owned, sorted by key */
    size_t item_count;
    struct order_site *sites; /* owned, sorted by code */
    size_t site_count;
};

/** @return 0, or -1 with the operator's text; free it in both cases */
int order_memory_load(struct statefile *file, struct order_memory *memory, struct failure *failure);

/** The sites alone, for a look before the database is read. */
int order_memory_load_sites(struct statefile *file, struct order_memory *memory, struct failure *failure);

/**
 * Write what changed, and forget the items that itemstore.h has forgotten.
 *
 * @param prefix  of the items' keys there: "version/"
 * @return 0 or -1
 */
int order_memory_store(struct statefile *file, const char *prefix, const struct order_run *run,
                       const struct order_result *result, struct failure *failure);

void order_memory_free(struct order_memory *memory);

#endif
