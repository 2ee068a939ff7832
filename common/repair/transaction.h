/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_TRANSACTION_H
#define SMS_REPAIR_TRANSACTION_H

#include "repair/look.h"

/* The one transaction of a repair that changes a row. In the worker. */

/* The UPDATE of one row, and its names. */
struct repair_change {
    const char *package, *site; /* borrowed */
    const struct row_image *before, *after;
    bool set_status; /* false: SourceVersion alone */
};

/** Append the UPDATE of exactly that row in exactly that state. */
void repair_add_update(const struct sitedb *db, const struct repair_change *change,
                       struct statement *statement);

enum repair_end {
    REPAIR_COMMITTED,
    REPAIR_REFUSED,     /* by a guard under lock, or by the server for want of a right; nothing was changed */
    REPAIR_ROLLED_BACK, /* an error before COMMIT, and the server confirmed the rollback */
    REPAIR_LOST,    /* an error before COMMIT; the connection is gone, so the server rolls back by itself */
    REPAIR_IN_DOUBT /* COMMIT was sent and did not succeed */
};

/**
 * One explicit transaction: read the row under lock, compare it with what was shown, UPDATE, see that one row
 * changed, read it again, COMMIT.
 *
 * @param[out] failure  the operator's text for every end but REPAIR_COMMITTED
 */
enum repair_end repair_make(const struct repair_connection *connection, const struct repair_change *change,
                            struct failure *failure);

#endif
