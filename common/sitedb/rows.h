/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_ROWS_H
#define SMS_SITEDB_ROWS_H

#include "sitedb/sitedb.h"
#include "sitedb/statement.h"

#include <stdbool.h>

/*
 * A question to the site database and its rows:
 *
 *     struct sitedb_rows rows;
 *     if (sitedb_ask(&rows, db, "the sites", &statement, columns, 5, failure) != 0)
 *         return -1;
 *     while (sitedb_next(&rows))
 *         ... rows.values[0] ...
 *     return sitedb_end(&rows, failure);
 */
struct sitedb_rows {
    struct odbc_value values[20]; /* of the row; texts are borrowed until the next one, or the end */
    bool no_memory;               /* to be set by the caller who had no room for a row: it was the last */
    bool failed;                  /* ended by an error: there are rows that were not read */
    const char *what;             /* borrowed */
    int64_t count;                /* of those that were read */
    const struct trace *trace;
    struct odbc_query *query;
    struct odbc_error error;
};

/**
 * Run a statement, and free it, whether it ran or not.
 *
 * @param what     for steps and failures: "the packages that are not in sync"
 * @param columns  as many as the rows have values for, at most
 * @return 0, or -1: then there is nothing to end
 */
int sitedb_ask(struct sitedb_rows *rows, const struct sitedb *db, const char *what,
               struct statement *statement, const struct odbc_column *columns, size_t column_count,
               struct failure *failure);

/** @return whether there is a row */
bool sitedb_next(struct sitedb_rows *rows);

/** End, also before the last row. @return 0, or -1: rows could not be read, or there was no memory for one */
int sitedb_end(struct sitedb_rows *rows, struct failure *failure);

#endif
