/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_LOOK_H
#define SMS_REPAIR_LOOK_H

#include "repair/repair.h"
#include "sitedb/package_site.h"
#include "sitedb/sitedb.h"

/* The SQL of a repair that reads what it is about. In the worker. */

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

/** End the connection; an open transaction is rolled back. */
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

#endif
