// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/private.h"

#include "base/unicode.h"
#include "odbc/parameters.h"
#include "odbc/value.h"

#include <sqlucode.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 128, /* fetched at once; more brings nothing with the drivers measured */
    ROWSET_BYTES = 1 << 20,
    NUMBER_UNITS = 64, /* room for a number or a date as text */
    RECORDS = 8
};

/* A driver that meets a value it cannot convert leaves its indicator alone, or sets it to 0. */
static const SQLLEN UNTOUCHED = -77;

struct bound_column {
    enum odbc_type type;
    size_t room;        /* UTF-16 units with the terminating 0 */
    SQLWCHAR *units;    /* owned: one piece of `room` a row */
    SQLLEN *indicators; /* owned: one a row */
};

struct odbc_query {
    struct odbc_connection *connection; /* borrowed */
    SQLHSTMT statement;
    char what[96];
    struct odbc_parameters *parameters; /* owned: some drivers read them until the end */
    struct bound_column *columns;       /* owned */
    size_t column_count, rows;
    SQLULEN fetched;      /* rows in the rowset */
    SQLULEN next;         /* the next of them to hand out */
    SQLUSMALLINT *status; /* owned: one a row */
    size_t *offsets;      /* owned: where each text of the row begins in `texts` */
    struct text texts;
    bool fetching, ended;
};

void odbc_expect(struct odbc_connection *connection, const char *hint)
{
    connection->hint = hint;
}

static void tell_statement(const struct odbc_connection *connection, const char *what, const char *sql,
                           size_t parameter_count)
{
    trace_note(connection->trace, 3, "SQL of %s, %zu parameters: %s", what, parameter_count, sql);
    trace_step(connection->trace, "waiting for the answer to %s%s%s", what,
               connection->hint != NULL ? ": " : "", connection->hint != NULL ? connection->hint : "");
}

/* The SQL text is written by us; what came from a user is a parameter. */
static SQLRETURN run_statement(const struct odbc_connection *connection, SQLHSTMT statement, const char *sql)
{
    if (!connection->wide)
        return SQLExecDirect(statement, (SQLCHAR *)(uintptr_t)sql, SQL_NTS);
    size_t length = strlen(sql);
    SQLWCHAR *units = calloc(length + 1, sizeof *units);
    if (units == NULL)
        return SQL_ERROR;
    size_t count = utf16_from_utf8(sql, length, units);
    SQLRETURN code = SQLExecDirectW(statement, units, (SQLINTEGER)count);
    free(units);
    return code;
}

/* @return whether there is one; else *failed tells an error from the end */
static bool next_result(const struct odbc_connection *connection, SQLHSTMT statement, bool *failed)
{
    SQLRETURN code = SQLMoreResults(statement);
    *failed = false;
    if (SQL_SUCCEEDED(code))
        return true;
    if (code == SQL_NO_DATA)
        return false;
    struct odbc_record record;
    if (odbc_records(connection->wide, SQL_HANDLE_STMT, statement, &record, 1) == 1 &&
        strcmp(record.sqlstate, "IM001") == 0) /* the driver does not know more than one result */
        return false;
    *failed = true;
    return false;
}

static int fail_statement(const struct odbc_query *query, enum odbc_stage stage, double waited_s,
                          struct odbc_error *error)
{
    return odbc_diagnose(query->connection, stage, query->what, waited_s, SQL_HANDLE_STMT, query->statement,
                         error);
}

static int allocate_columns(struct odbc_query *query, const struct odbc_column *columns, size_t count)
{
    query->columns = calloc(count, sizeof *query->columns);
    query->offsets = calloc(count, sizeof *query->offsets);
    if (query->columns == NULL || query->offsets == NULL)
        return -1;
    query->column_count = count;
    size_t row_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        query->columns[i].type = columns[i].type;
        query->columns[i].room = columns[i].type == ODBC_TEXT ? columns[i].characters + 1 : NUMBER_UNITS;
        row_bytes += query->columns[i].room * sizeof(SQLWCHAR);
    }
    query->rows = row_bytes > 0 ? ROWSET_BYTES / row_bytes : 1;
    query->rows = query->rows < 1 ? 1 : query->rows > ROWS ? ROWS : query->rows;
    query->status = calloc(query->rows, sizeof *query->status);
    if (query->status == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct bound_column *column = &query->columns[i];
        column->units = calloc(query->rows * column->room, sizeof *column->units);
        column->indicators = calloc(query->rows, sizeof *column->indicators);
        if (column->units == NULL || column->indicators == NULL)
            return -1;
    }
    return 0;
}

static void set_attributes(struct odbc_query *query)
{
    SQLHSTMT statement = query->statement;
    SQLSetStmtAttr(statement, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)(intptr_t)SQL_CURSOR_FORWARD_ONLY, 0);
    if (!SQL_SUCCEEDED(SQLSetStmtAttr(statement, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)query->rows, 0))) {
        SQLSetStmtAttr(statement, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)(intptr_t)1, 0);
        query->rows = 1;
    }
    SQLSetStmtAttr(statement, SQL_ATTR_ROWS_FETCHED_PTR, &query->fetched, 0);
    SQLSetStmtAttr(statement, SQL_ATTR_ROW_STATUS_PTR, query->status, 0);
}

static int bind_columns(struct odbc_query *query, struct odbc_error *error)
{
    SQLSMALLINT count = 0;
    bool failed = false;
    while (SQL_SUCCEEDED(SQLNumResultCols(query->statement, &count)) && count == 0)
        if (!next_result(query->connection, query->statement, &failed))
            break;
    if (failed)
        return fail_statement(query, ODBC_STAGE_QUERY, 0, error);
    if ((size_t)count != query->column_count)
        return odbc_error_plain(error, "%s: the answer has %d columns where %zu are expected", query->what,
                                count, query->column_count);
    for (size_t i = 0; i < query->column_count; i++) {
        struct bound_column *column = &query->columns[i];
        if (!SQL_SUCCEEDED(SQLBindCol(query->statement, (SQLUSMALLINT)(i + 1), SQL_C_WCHAR, column->units,
                                      (SQLLEN)(column->room * sizeof(SQLWCHAR)), column->indicators)))
            return fail_statement(query, ODBC_STAGE_QUERY, 0, error);
    }
    return 0;
}

static int start_query(struct odbc_query *query, const char *sql, const struct odbc_value *parameters,
                       size_t parameter_count, struct odbc_error *error)
{
    struct odbc_connection *connection = query->connection;
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, connection->handle, &query->statement)))
        return odbc_diagnose(connection, ODBC_STAGE_QUERY, query->what, 0, SQL_HANDLE_DBC, connection->handle,
                             error);
    set_attributes(query);
    query->parameters =
        odbc_parameters_bind(connection, query->statement, query->what, parameters, parameter_count, error);
    if (query->parameters == NULL)
        return -1;
    tell_statement(connection, query->what, sql, parameter_count);
    double begin = odbc_clock_s();
    SQLRETURN code = run_statement(connection, query->statement, sql);
    double waited_s = odbc_clock_add(connection, begin);
    if (!SQL_SUCCEEDED(code) && code != SQL_NO_DATA)
        return fail_statement(query, ODBC_STAGE_QUERY, waited_s, error);
    trace_note(connection->trace, 2, "%s answered after %.3f s", query->what, waited_s);
    return bind_columns(query, error);
}

struct odbc_query *odbc_query(struct odbc_connection *connection, const char *what, const char *sql,
                              const struct odbc_value *parameters, size_t parameter_count,
                              const struct odbc_column *columns, size_t column_count,
                              struct odbc_error *error)
{
    *error = (struct odbc_error){0};
    struct odbc_query *query = calloc(1, sizeof *query);
    if (query == NULL) {
        odbc_error_plain(error, "out of memory");
        return NULL;
    }
    query->connection = connection;
    query->statement = SQL_NULL_HSTMT;
    snprintf(query->what, sizeof query->what, "%s", what);
    int result = 0;
    if (column_count == 0 || allocate_columns(query, columns, column_count) != 0)
        result = odbc_error_plain(error, column_count == 0 ? "%s: no columns asked for" : "%s: out of memory",
                                  what);
    if (result == 0)
        result = start_query(query, sql, parameters, parameter_count, error);
    if (result != 0) {
        odbc_query_free(query);
        return NULL;
    }
    return query;
}

static bool is_about_a_value(const struct odbc_record *record)
{
    return strncmp(record->sqlstate, "22", 2) == 0 || strcmp(record->sqlstate, "07006") == 0 ||
           strcmp(record->sqlstate, "HY003") == 0 || strcmp(record->sqlstate, "01004") == 0;
}

/* FreeTDS ends the rowset with SQL_ERROR at a row with a value that it cannot convert and goes on behind it
 * at the next fetch; a lost connection gives SQL_ERROR, too, but with a record that is about no value (01000,
 * 20017). */
static bool only_values_failed(const struct odbc_query *query)
{
    if (query->fetched == 0 || query->fetched > query->rows ||
        query->status[query->fetched - 1] != SQL_ROW_ERROR)
        return false;
    struct odbc_record records[RECORDS];
    size_t count = odbc_records(query->connection->wide, SQL_HANDLE_STMT, query->statement, records, RECORDS);
    for (size_t i = 0; i < count; i++)
        if (!is_about_a_value(&records[i]))
            return false;
    return true;
}

/* An error of the server in mid-result (601: the scan could not go on under READ UNCOMMITTED) behind some
 * rows of a rowset comes as SQL_SUCCESS_WITH_INFO, and then FreeTDS says SQL_NO_DATA: the only sign is the
 * record. Its own errors, of a connection that it lost, are 20000 and above, in class 01. */
static bool cut_short(const struct odbc_query *query)
{
    struct odbc_record records[RECORDS];
    size_t count = odbc_records(query->connection->wide, SQL_HANDLE_STMT, query->statement, records, RECORDS);
    for (size_t i = 0; i < count; i++) {
        bool warning = strncmp(records[i].sqlstate, "01", 2) == 0 &&
                       (records[i].native < 20000 || records[i].native > 20999);
        if (!warning && !is_about_a_value(&records[i]))
            return true;
    }
    return false;
}

/* What comes behind the rows may be an error: a batch that was ended by the server. */
static int finish(struct odbc_query *query, struct odbc_error *error)
{
    query->ended = true;
    bool failed = false;
    double begin = odbc_clock_s();
    while (next_result(query->connection, query->statement, &failed))
        ;
    double waited_s = odbc_clock_add(query->connection, begin);
    return failed ? fail_statement(query, ODBC_STAGE_FETCH, waited_s, error) : 0;
}

static int fetch_rowset(struct odbc_query *query, struct odbc_error *error)
{
    if (!query->fetching)
        trace_step(query->connection->trace, "fetching rows of %s", query->what);
    query->fetching = true;
    query->fetched = query->next = 0;
    for (size_t row = 0; row < query->rows; row++) {
        query->status[row] = SQL_ROW_SUCCESS;
        for (size_t i = 0; i < query->column_count; i++) {
            query->columns[i].indicators[row] = UNTOUCHED;
            query->columns[i].units[row * query->columns[i].room] = 0;
        }
    }
    double begin = odbc_clock_s();
    SQLRETURN code = SQLFetch(query->statement);
    double waited_s = odbc_clock_add(query->connection, begin);
    if (code == SQL_NO_DATA)
        return finish(query, error);
    if (code == SQL_SUCCESS_WITH_INFO ? cut_short(query)
                                      : !SQL_SUCCEEDED(code) && !only_values_failed(query)) {
        query->ended = true;
        query->fetched = 0;
        return fail_statement(query, ODBC_STAGE_FETCH, waited_s, error);
    }
    if (query->fetched == 0 || query->fetched > query->rows) {
        query->ended = true;
        query->fetched = 0;
        return odbc_error_plain(error, "%s: the driver says that it fetched %zu rows of %zu", query->what,
                                (size_t)query->fetched, query->rows);
    }
    return 1;
}

static size_t units_of(const struct bound_column *column, const SQLWCHAR *units, SQLLEN indicator)
{
    size_t room = column->room - 1;
    if (indicator >= 0 && (size_t)indicator / sizeof *units <= room)
        return (size_t)indicator / sizeof *units;
    size_t count = 0; /* cut, or of unknown length: what fits is NUL-terminated */
    while (count < room && units[count] != 0)
        count++;
    if (count > 0 && units[count - 1] >= 0xD800 && units[count - 1] <= 0xDBFF)
        count--; /* cut inside a surrogate pair */
    return count;
}

static void read_value(struct odbc_query *query, size_t index, size_t row, struct odbc_value *value)
{
    const struct bound_column *column = &query->columns[index];
    SQLLEN indicator = column->indicators[row];
    const SQLWCHAR *units = column->units + row * column->room;
    bool row_error = query->status[row] == SQL_ROW_ERROR;
    *value = (struct odbc_value){.type = column->type};
    query->offsets[index] = query->texts.length;
    if (indicator == SQL_NULL_DATA || indicator == UNTOUCHED ||
        (row_error && indicator == 0 && units[0] == 0)) {
        value->null = true;
        value->unconverted = indicator != SQL_NULL_DATA;
    } else {
        utf8_append_utf16(&query->texts, units, units_of(column, units, indicator));
    }
    text_add_bytes(&query->texts, "", 1); /* the terminating NUL */
}

static void convert_value(struct odbc_value *value, const char *text)
{
    value->text = text;
    if (value->null || value->type == ODBC_TEXT)
        return;
    bool converted = value->type == ODBC_INTEGER ? odbc_integer_parse(text, &value->integer)
                                                 : odbc_instant_parse(text, &value->integer);
    value->null = value->unconverted = !converted;
}

int odbc_query_next(struct odbc_query *query, struct odbc_value *values, struct odbc_error *error)
{
    *error = (struct odbc_error){0};
    if (query->next >= query->fetched) {
        int result = query->ended ? 0 : fetch_rowset(query, error);
        if (result <= 0)
            return result;
    }
    size_t row = query->next++;
    text_cut(&query->texts, 0);
    for (size_t i = 0; i < query->column_count; i++)
        read_value(query, i, row, &values[i]);
    if (query->texts.failed)
        return odbc_error_plain(error, "%s: out of memory", query->what);
    for (size_t i = 0; i < query->column_count; i++) {
        convert_value(&values[i], query->texts.bytes + query->offsets[i]);
        if (values[i].unconverted)
            trace_note(query->connection->trace, 2, "%s: a value of column %zu does not convert", query->what,
                       i + 1);
    }
    return 1;
}

void odbc_query_free(struct odbc_query *query)
{
    if (query == NULL)
        return;
    if (query->statement != SQL_NULL_HSTMT)
        SQLFreeHandle(SQL_HANDLE_STMT, query->statement);
    odbc_parameters_free(query->parameters);
    for (size_t i = 0; query->columns != NULL && i < query->column_count; i++) {
        free(query->columns[i].units);
        free(query->columns[i].indicators);
    }
    free(query->columns);
    free(query->offsets);
    free(query->status);
    text_free(&query->texts);
    free(query);
}

/* Add up the row counts of all results. @return 0, or -1 with the error */
static int count_rows(const struct odbc_connection *connection, const char *what, SQLHSTMT statement,
                      int64_t *affected, struct odbc_error *error)
{
    bool failed = false;
    *affected = -1;
    do {
        SQLLEN rows = -1;
        SQLSMALLINT columns = 0;
        if (SQL_SUCCEEDED(SQLNumResultCols(statement, &columns)) && columns == 0 &&
            SQL_SUCCEEDED(SQLRowCount(statement, &rows)) && rows >= 0)
            *affected = (*affected < 0 ? 0 : *affected) + rows;
    } while (next_result(connection, statement, &failed));
    if (failed)
        return odbc_diagnose(connection, ODBC_STAGE_QUERY, what, 0, SQL_HANDLE_STMT, statement, error);
    return 0;
}

int odbc_execute(struct odbc_connection *connection, const char *what, const char *sql,
                 const struct odbc_value *parameters, size_t parameter_count, int64_t *affected,
                 struct odbc_error *error)
{
    *error = (struct odbc_error){0};
    SQLHSTMT statement;
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, connection->handle, &statement)))
        return odbc_diagnose(connection, ODBC_STAGE_QUERY, what, 0, SQL_HANDLE_DBC, connection->handle,
                             error);
    int result = -1;
    int64_t rows = 0;
    struct odbc_parameters *bound =
        odbc_parameters_bind(connection, statement, what, parameters, parameter_count, error);
    if (bound != NULL) {
        tell_statement(connection, what, sql, parameter_count);
        double begin = odbc_clock_s();
        SQLRETURN code = run_statement(connection, statement, sql);
        double waited_s = odbc_clock_s() - begin;
        if (SQL_SUCCEEDED(code))
            result = count_rows(connection, what, statement, &rows, error);
        else if (code == SQL_NO_DATA) /* ODBC 3: a searched update or delete that met no row */
            result = 0;
        else
            result = odbc_diagnose(connection, ODBC_STAGE_QUERY, what, waited_s, SQL_HANDLE_STMT, statement,
                                   error);
        odbc_clock_add(connection, begin);
        trace_note(connection->trace, 2, "%s: done after %.3f s", what, odbc_clock_s() - begin);
    }
    if (affected != NULL)
        *affected = result == 0 ? rows : -1;
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
    odbc_parameters_free(bound);
    return result;
}
