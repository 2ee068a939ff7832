// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The least that any program must do: connect, run the given statements, fetch every row as text, disconnect.
 *
 * usage: odbc_floor CONNECTION-STRING STATEMENTS-FILE PARAMETER
 * The file has one statement a line; each `?` is bound to PARAMETER.
 */
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 32, ARRAY = 64, CELL = 256 };

static int failed(const char *step)
{
    fprintf(stderr, "odbc_floor: %s failed\n", step);
    return 1;
}

int main(int argc, char **argv)
{
    static SQLWCHAR cells[MOST_COLUMNS][ARRAY][CELL];
    static SQLLEN lengths[MOST_COLUMNS][ARRAY];
    SQLHENV environment;
    SQLHDBC connection;
    FILE *file = argc == 4 ? fopen(argv[2], "r") : NULL;
    if (file == NULL)
        return failed("reading the statements");
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
    SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
    if (!SQL_SUCCEEDED(SQLDriverConnect(connection, NULL, (SQLCHAR *)argv[1], SQL_NTS, NULL, 0, NULL,
                                        SQL_DRIVER_NOPROMPT)))
        return failed("connect");
    char *line = NULL;
    size_t size = 0;
    long rows = 0;
    SQLLEN length = SQL_NTS;
    while (getline(&line, &size, file) > 0) {
        SQLHSTMT statement;
        SQLULEN got = 0;
        SQLSMALLINT columns = 0;
        SQLRETURN result;
        SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement);
        SQLSetStmtAttr(statement, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)(SQLULEN)ARRAY, 0);
        SQLSetStmtAttr(statement, SQL_ATTR_ROWS_FETCHED_PTR, &got, 0);
        SQLUSMALLINT parameter = 0;
        for (const char *mark = line; (mark = strchr(mark, '?')) != NULL; mark++)
            SQLBindParameter(statement, ++parameter, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 8, 0, argv[3],
                             0, &length);
        result = SQLExecDirect(statement, (SQLCHAR *)line, SQL_NTS);
        if (!SQL_SUCCEEDED(result) && result != SQL_NO_DATA) /* FreeTDS' answer to SET */
            return failed(line);
        SQLNumResultCols(statement, &columns);
        for (SQLSMALLINT i = 0; i < columns && i < MOST_COLUMNS; i++)
            SQLBindCol(statement, (SQLUSMALLINT)(i + 1), SQL_C_WCHAR, cells[i], sizeof cells[i][0],
                       lengths[i]);
        while (columns > 0 && SQL_SUCCEEDED(result = SQLFetch(statement)))
            rows += (long)got;
        if (columns > 0 && result != SQL_NO_DATA)
            return failed("fetch");
        SQLFreeHandle(SQL_HANDLE_STMT, statement);
    }
    free(line);
    fclose(file);
    SQLDisconnect(connection);
    SQLFreeHandle(SQL_HANDLE_DBC, connection);
    SQLFreeHandle(SQL_HANDLE_ENV, environment);
    printf("%ld rows\n", rows);
    return 0;
}
