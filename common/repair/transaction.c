// SPDX-License-Identifier: GPL-3.0-or-later
/* The one place that changes the site database. */
#include "repair/transaction.h"

#include "repair/journal_entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Dates as text: a datetime is not equal to the datetime2 it was read as, from SQL
 * Server 2016 on, and parameters of timestamps are sent as datetime2 from TDS 7.3 on. */
static const char *date_as_text(const struct sitedb *db)
{
    return db->transact_sql ? "CONVERT(char(23), UpdateTime, 121)"
           : db->sqlite     ? "CAST(UpdateTime AS TEXT)"
                            : "UpdateTime";
}

static void add_rows_query(const struct sitedb *db, const char *package, const char *site,
                           enum repair_lock lock, struct statement *statement)
{
    statement_text(statement, "SELECT PkgServer, Status, SourceVersion, ");
    statement_text(statement, date_as_text(db));
    statement_text(statement, " AS Updated FROM PkgStatus ");
    if (lock == REPAIR_LOCK && db->transact_sql)
        statement_text(statement, "WITH (UPDLOCK, HOLDLOCK) ");
    statement_text(statement, "WHERE ID = ");
    statement_bind(statement, package);
    statement_text(statement, " AND Type = 1 AND SiteCode = ");
    statement_bind(statement, site);
}

static void take_row(const struct odbc_value *values, struct row_image *row)
{
    *row = (struct row_image){.has_status = !values[1].null,
                              .has_version = !values[2].null,
                              .has_updated = !values[3].null,
                              .status = sitedb_integer(&values[1], 0),
                              .version = sitedb_integer(&values[2], 0)};
    snprintf(row->pkg_server, sizeof row->pkg_server, "%s", values[0].null ? "" : values[0].text);
    snprintf(row->updated, sizeof row->updated, "%s", values[3].null ? "" : values[3].text);
}

int repair_read_rows(const struct repair_connection *connection, const char *package, const char *site,
                     enum repair_lock lock, struct row_image *rows, int64_t *count, struct odbc_error *error)
{
    static const struct odbc_column columns[] = {
        {ODBC_TEXT, 255}, {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}, {ODBC_TEXT, 31}};
    struct statement statement = {0};
    add_rows_query(&connection->db, package, site, lock, &statement);
    *count = 0;
    *error = (struct odbc_error){0};
    fail(&error->failure, "out of memory");
    struct odbc_query *query =
        statement.failed || statement.sql.failed
            ? NULL
            : odbc_query(
                  connection->connection, lock == REPAIR_LOCK ? "the row under lock" : "the rows of the site",
                  text_string(&statement.sql), statement.parameters, statement.count, columns, 4, error);
    statement_free(&statement);
    if (query == NULL)
        return -1;
    struct odbc_value values[4];
    int got;
    while ((got = odbc_query_next(query, values, error)) == 1)
        if ((*count)++ < REPAIR_MOST_ROWS)
            take_row(values, &rows[*count - 1]);
    odbc_query_free(query);
    return got;
}

static void add_integer(struct statement *statement, const char *before, bool known, int64_t value)
{
    statement_text(statement, before);
    statement_bind_integer(statement, known, value);
}

/* In a WHERE, NULL is no value. */
static void add_equal(struct statement *statement, const char *column, bool known, int64_t value)
{
    statement_text(statement, " AND ");
    statement_text(statement, column);
    if (known)
        add_integer(statement, " = ", true, value);
    else
        statement_text(statement, " IS NULL");
}

void repair_add_update(const struct sitedb *db, const struct repair_change *change,
                       struct statement *statement)
{
    const struct row_image *before = change->before, *after = change->after;
    statement_text(statement, "UPDATE PkgStatus SET ");
    if (change->set_status)
        add_integer(statement, "Status = ", after->has_status, after->status);
    add_integer(statement, change->set_status ? ", SourceVersion = " : "SourceVersion = ", after->has_version,
                after->version);
    statement_text(statement, " WHERE ID = ");
    statement_bind(statement, change->package);
    statement_text(statement, " AND Type = 1 AND SiteCode = ");
    statement_bind(statement, change->site);
    statement_text(statement, " AND PkgServer = ");
    statement_bind(statement, before->pkg_server);
    add_equal(statement, "Status", before->has_status, before->status);
    add_equal(statement, "SourceVersion", before->has_version, before->version);
    if (before->has_updated) {
        statement_text(statement, " AND ");
        statement_text(statement, date_as_text(db));
        statement_text(statement, " = ");
        statement_bind(statement, before->updated);
    } else {
        statement_text(statement, " AND UpdateTime IS NULL");
    }
}

/* @return how many rows changed, -1 where that is not known (`error` is filled or empty) */
static int64_t run_update(const struct repair_connection *connection, const struct repair_change *change,
                          struct odbc_error *error)
{
    static const char what[] = "the UPDATE of PkgStatus";
    struct statement statement = {0};
    int64_t changed = -1;
    repair_add_update(&connection->db, change, &statement);
    *error = (struct odbc_error){0};
    if (statement.failed || statement.sql.failed) {
        fail(&error->failure, "out of memory");
    } else if (connection->db.transact_sql) {
        statement_text(&statement, "; SELECT @@ROWCOUNT AS Changed");
        static const struct odbc_column column = {ODBC_INTEGER, 0};
        struct odbc_query *query = odbc_query(connection->connection, what, text_string(&statement.sql),
                                              statement.parameters, statement.count, &column, 1, error);
        struct odbc_value value, after;
        if (query != NULL && odbc_query_next(query, &value, error) == 1 &&
            odbc_query_next(query, &after, error) == 0)
            changed = sitedb_integer(&value, -1);
        odbc_query_free(query);
    } else if (odbc_execute(connection->connection, what, text_string(&statement.sql), statement.parameters,
                            statement.count, &changed, error) != 0) {
        changed = -1;
    }
    statement_free(&statement);
    return changed;
}

/* After an error: is the server still there to confirm the rollback? */
static enum repair_end take_back(const struct repair_connection *connection, enum repair_end end)
{
    struct odbc_error error;
    return odbc_rollback(connection->connection, &error) == 0 ? end : REPAIR_LOST;
}

static enum repair_end fail_before_commit(const struct repair_connection *connection,
                                          const struct odbc_error *error, struct failure *failure)
{
    fail(failure, "%s",
         error->failure.text[0] != '\0' ? error->failure.text : "the server gave no answer to the UPDATE");
    if (error->reason != ODBC_REASON_DENIED)
        return take_back(connection, REPAIR_ROLLED_BACK);
    /* Nothing can have changed, whatever XACT_ABORT has left for the rollback to do. */
    take_back(connection, REPAIR_REFUSED);
    return REPAIR_REFUSED;
}

enum repair_end repair_make(const struct repair_connection *connection, const struct repair_change *change,
                            struct failure *failure)
{
    struct odbc_error error = {0};
    struct row_image rows[REPAIR_MOST_ROWS];
    int64_t count;
    if (odbc_begin(connection->connection, &error) != 0)
        return fail_before_commit(connection, &error, failure);
    if (repair_read_rows(connection, change->package, change->site, REPAIR_LOCK, rows, &count, &error) != 0)
        return fail_before_commit(connection, &error, failure);
    if (repair_guard_unchanged(change->before, count, &rows[0], failure) != 0)
        return take_back(connection, REPAIR_REFUSED);
    int64_t changed = run_update(connection, change, &error);
    if (changed < 0)
        return fail_before_commit(connection, &error, failure);
    if (changed != 1) {
        fail(failure, "the UPDATE changed %" PRId64 " rows instead of one", changed);
        return take_back(connection, REPAIR_ROLLED_BACK);
    }
    if (repair_read_rows(connection, change->package, change->site, REPAIR_LOCK, rows, &count, &error) != 0)
        return fail_before_commit(connection, &error, failure);
    if (count != 1 || !row_image_equal(&rows[0], change->after)) {
        struct text image = {0};
        row_image_write(&rows[0], &image);
        fail(failure, "after the UPDATE the row was %s (a trigger?)", text_string(&image));
        text_free(&image);
        return take_back(connection, REPAIR_ROLLED_BACK);
    }
    if (odbc_commit(connection->connection, &error) != 0) {
        *failure = error.failure;
        return REPAIR_IN_DOUBT;
    }
    return REPAIR_COMMITTED;
}
