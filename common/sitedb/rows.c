// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/rows.h"

#include <assert.h>

int sitedb_ask(struct sitedb_rows *rows, const struct sitedb *db, const char *what,
               struct statement *statement, const struct odbc_column *columns, size_t column_count,
               struct failure *failure)
{
    assert(column_count <= sizeof rows->values / sizeof *rows->values);
    rows->no_memory = statement->failed || statement->sql.failed;
    rows->failed = false;
    rows->what = what;
    rows->trace = db->trace;
    rows->count = 0;
    rows->query = rows->no_memory
                      ? NULL
                      : odbc_query(db->connection, what, text_string(&statement->sql), statement->parameters,
                                   statement->count, columns, column_count, &rows->error);
    statement_free(statement);
    if (rows->query != NULL)
        return 0;
    return rows->no_memory ? fail(failure, "out of memory") : sitedb_fail(&rows->error, failure);
}

bool sitedb_next(struct sitedb_rows *rows)
{
    if (rows->no_memory || rows->failed)
        return false;
    const int row = odbc_query_next(rows->query, rows->values, &rows->error);
    rows->failed = row < 0;
    rows->count += row == 1;
    return row == 1;
}

int sitedb_end(struct sitedb_rows *rows, struct failure *failure)
{
    if (rows->query != NULL)
        trace_note(rows->trace, 2, "%s: %lld rows", rows->what, (long long)rows->count);
    odbc_query_free(rows->query);
    rows->query = NULL;
    if (rows->no_memory)
        return fail(failure, "out of memory while reading %s", rows->what);
    return rows->failed ? sitedb_fail(&rows->error, failure) : 0;
}
