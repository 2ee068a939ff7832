/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_REPAIRQUERY_H
#define SMS_REPAIR_REPAIRQUERY_H

#include "repair/repair.h"
#include "sitedb/package_site.h"
#include "sitedb/sitedb.h"

/* The SQL of a repair: reading what it is about, and the one transaction that does it. In the worker. */

enum repair_lock {
    REPAIR_READ,
    REPAIR_LOCK /* wait for others' transactions on these rows, and keep them out */
};

/* What is to be repaired; texts borrowed. */
struct repair_target {
    const char *package;
    const char *site;       /* the child site's code, or NULL */
    const char *pkg_server; /* the article's form, or NULL; one of both is given */
    enum repair_style style;
    enum pair_clock clock;
    enum repair_lock lock;        /* REPAIR_LOCK: a transaction that may still end on the row is waited for */
    const struct row_image *undo; /* an undo: the row is to become this; NULL for a repair */
};

struct repair_connection {
    struct odbc_connection *connection; /* owned */
    struct sitedb db;                   /* owned */
};

/**
 * Connect, look around as the checks do (sitedb_open), then take settings of its own: committed rows only,
 * row counts on, any error ends the transaction, locks are waited for 5 s.
 *
 * @return 0, or -1; end it with repair_disconnect in both cases
 */
int repair_connect(struct repair_connection *connection, const struct odbc_settings *settings,
                   const char *owner, const struct trace *trace, struct failure *failure);

void repair_disconnect(struct repair_connection *connection);

/** Read everything that a person and the guards want to know; what does not exist is said in the view.
 * @return 0 or -1 */
int repair_read_view(const struct repair_connection *connection, const struct repair_target *target,
                     struct repair_view *view, struct failure *failure);

/**
 * Read the Type 1 rows of a package at a site.
 *
 * @param[out] rows   the first REPAIR_MOST_ROWS
 * @param[out] count  of all
 */
int repair_read_rows(const struct repair_connection *connection, const char *package, const char *site,
                     enum repair_lock lock, struct row_image *rows, int64_t *count, struct odbc_error *error);

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
