// SPDX-License-Identifier: GPL-3.0-or-later

/*
 * An ODBC driver that fails as drivers do, for tests: it hands every call to the SQLite driver until the step
 * named by FAKE_ABORT (connect, execute, fetch, disconnect) comes up for the FAKE_NTH time (1), and then does
 * FAKE_HOW: abort (default), segv, exit, hang, error, or run: FAKE_COMMAND in a shell, and goes on. Where the environment is empty (NRPE), the same words
 * stand in the connection string: Driver=Fake;Database=x;FakeAbort=fetch;FakeHow=hang. FAKE_DRIVER names
 * another driver to hand the calls to.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <glob.h>
#include <signal.h>
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char step_wanted[32], how_wanted[32];
static int calls_left = 1;

static void *load_driver(void)
{
    const char *path = getenv("FAKE_DRIVER");
    if (path != NULL)
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    glob_t found;
    void *library = NULL;
    if (glob("/usr/lib/*/odbc/libsqlite3odbc.so", 0, NULL, &found) == 0)
        library = dlopen(found.gl_pathv[0], RTLD_NOW | RTLD_LOCAL);
    globfree(&found);
    return library;
}

static void *function_of_driver(const char *name)
{
    static void *library;
    if (library == NULL)
        library = load_driver();
    return library != NULL ? dlsym(library, name) : NULL;
}

static void read_environment(void)
{
    const char *step = getenv("FAKE_ABORT"), *how = getenv("FAKE_HOW"), *nth = getenv("FAKE_NTH");
    if (step != NULL)
        snprintf(step_wanted, sizeof step_wanted, "%s", step);
    if (how != NULL)
        snprintf(how_wanted, sizeof how_wanted, "%s", how);
    if (nth != NULL)
        calls_left = atoi(nth);
}

static void read_key(const char *string, const char *key, char *value, size_t size)
{
    const char *found = strcasestr(string, key);
    if (found == NULL)
        return;
    found += strlen(key);
    snprintf(value, size, "%.*s", (int)strcspn(found, ";"), found);
}

static void read_connection_string(const SQLCHAR *string, SQLSMALLINT length)
{
    char copy[4096], nth[16] = "";
    const char *begin = (const char *)string;
    snprintf(copy, sizeof copy, "%.*s", length < 0 ? (int)strlen(begin) : (int)length, begin);
    read_key(copy, "FakeAbort=", step_wanted, sizeof step_wanted);
    read_key(copy, "FakeHow=", how_wanted, sizeof how_wanted);
    read_key(copy, "FakeNth=", nth, sizeof nth);
    if (nth[0] != '\0')
        calls_left = atoi(nth);
}

/* @return whether the call shall fail; does not return where the process shall end or hang */
static int reached(const char *step)
{
    if (strcmp(step, step_wanted) != 0 || --calls_left > 0)
        return 0;
    if (strcmp(how_wanted, "hang") == 0)
        for (;;)
            pause();
    if (strcmp(how_wanted, "exit") == 0)
        _exit(7);
    if (strcmp(how_wanted, "run") == 0)
        return getenv("FAKE_COMMAND") == NULL || system(getenv("FAKE_COMMAND")) != 0;
    if (strcmp(how_wanted, "segv") == 0)
        raise(SIGSEGV);
    if (strcmp(how_wanted, "error") != 0)
        abort();
    return 1;
}

#define HAND_ON(name, parameters, arguments)                                                                 \
    SQLRETURN SQL_API name parameters                                                                        \
    {                                                                                                        \
        __typeof__(&name) next;                                                                              \
        void *symbol = function_of_driver(#name);                                                            \
        memcpy(&next, &symbol, sizeof next);                                                                 \
        return symbol != NULL ? next arguments : SQL_ERROR;                                                  \
    }

#define HAND_ON_UNLESS(step, name, parameters, arguments)                                                    \
    SQLRETURN SQL_API name parameters                                                                        \
    {                                                                                                        \
        __typeof__(&name) next;                                                                              \
        void *symbol = function_of_driver(#name);                                                            \
        memcpy(&next, &symbol, sizeof next);                                                                 \
        if (reached(step))                                                                                   \
            return SQL_ERROR;                                                                                \
        return symbol != NULL ? next arguments : SQL_ERROR;                                                  \
    }

SQLRETURN SQL_API SQLDriverConnect(SQLHDBC dbc, SQLHWND window, SQLCHAR *in, SQLSMALLINT in_length,
                                   SQLCHAR *out, SQLSMALLINT room, SQLSMALLINT *out_length,
                                   SQLUSMALLINT completion)
{
    __typeof__(&SQLDriverConnect) next;
    void *symbol = function_of_driver("SQLDriverConnect");
    memcpy(&next, &symbol, sizeof next);
    read_environment();
    read_connection_string(in, in_length);
    if (reached("connect") || symbol == NULL)
        return SQL_ERROR;
    return next(dbc, window, in, in_length, out, room, out_length, completion);
}

HAND_ON_UNLESS("connect", SQLConnect,
               (SQLHDBC dbc, SQLCHAR *dsn, SQLSMALLINT dsn_length, SQLCHAR *user, SQLSMALLINT user_length,
                SQLCHAR *password, SQLSMALLINT password_length),
               (dbc, dsn, dsn_length, user, user_length, password, password_length))
HAND_ON_UNLESS("execute", SQLExecDirect, (SQLHSTMT statement, SQLCHAR *sql, SQLINTEGER length),
               (statement, sql, length))
HAND_ON_UNLESS("execute", SQLExecute, (SQLHSTMT statement), (statement))
HAND_ON_UNLESS("fetch", SQLFetch, (SQLHSTMT statement), (statement))
HAND_ON_UNLESS("fetch", SQLFetchScroll, (SQLHSTMT statement, SQLSMALLINT orientation, SQLLEN offset),
               (statement, orientation, offset))
HAND_ON_UNLESS("fetch", SQLExtendedFetch,
               (SQLHSTMT statement, SQLUSMALLINT orientation, SQLLEN offset, SQLULEN *count,
                SQLUSMALLINT *status),
               (statement, orientation, offset, count, status))
HAND_ON_UNLESS("disconnect", SQLDisconnect, (SQLHDBC dbc), (dbc))

HAND_ON(SQLAllocHandle, (SQLSMALLINT type, SQLHANDLE parent, SQLHANDLE *handle), (type, parent, handle))
HAND_ON(SQLFreeHandle, (SQLSMALLINT type, SQLHANDLE handle), (type, handle))
HAND_ON(SQLFreeStmt, (SQLHSTMT statement, SQLUSMALLINT option), (statement, option))
HAND_ON(SQLCloseCursor, (SQLHSTMT statement), (statement))
HAND_ON(SQLCancel, (SQLHSTMT statement), (statement))
HAND_ON(SQLGetInfo, (SQLHDBC dbc, SQLUSMALLINT what, SQLPOINTER value, SQLSMALLINT room, SQLSMALLINT *length),
        (dbc, what, value, room, length))
HAND_ON(SQLGetFunctions, (SQLHDBC dbc, SQLUSMALLINT function, SQLUSMALLINT *supported),
        (dbc, function, supported))
HAND_ON(SQLSetEnvAttr, (SQLHENV env, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length),
        (env, attribute, value, length))
HAND_ON(SQLGetEnvAttr,
        (SQLHENV env, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER room, SQLINTEGER *length),
        (env, attribute, value, room, length))
HAND_ON(SQLSetConnectAttr, (SQLHDBC dbc, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length),
        (dbc, attribute, value, length))
HAND_ON(SQLGetConnectAttr,
        (SQLHDBC dbc, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER room, SQLINTEGER *length),
        (dbc, attribute, value, room, length))
HAND_ON(SQLSetStmtAttr, (SQLHSTMT statement, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length),
        (statement, attribute, value, length))
HAND_ON(SQLGetStmtAttr,
        (SQLHSTMT statement, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER room, SQLINTEGER *length),
        (statement, attribute, value, room, length))
HAND_ON(SQLPrepare, (SQLHSTMT statement, SQLCHAR *sql, SQLINTEGER length), (statement, sql, length))
HAND_ON(SQLBindParameter,
        (SQLHSTMT statement, SQLUSMALLINT number, SQLSMALLINT direction, SQLSMALLINT c_type,
         SQLSMALLINT sql_type, SQLULEN size, SQLSMALLINT digits, SQLPOINTER value, SQLLEN room,
         SQLLEN *indicator),
        (statement, number, direction, c_type, sql_type, size, digits, value, room, indicator))
HAND_ON(SQLNumParams, (SQLHSTMT statement, SQLSMALLINT *count), (statement, count))
HAND_ON(SQLBindCol,
        (SQLHSTMT statement, SQLUSMALLINT number, SQLSMALLINT c_type, SQLPOINTER value, SQLLEN room,
         SQLLEN *indicator),
        (statement, number, c_type, value, room, indicator))
HAND_ON(SQLGetData,
        (SQLHSTMT statement, SQLUSMALLINT number, SQLSMALLINT c_type, SQLPOINTER value, SQLLEN room,
         SQLLEN *indicator),
        (statement, number, c_type, value, room, indicator))
HAND_ON(SQLNumResultCols, (SQLHSTMT statement, SQLSMALLINT *count), (statement, count))
HAND_ON(SQLDescribeCol,
        (SQLHSTMT statement, SQLUSMALLINT number, SQLCHAR *name, SQLSMALLINT room, SQLSMALLINT *length,
         SQLSMALLINT *type, SQLULEN *size, SQLSMALLINT *digits, SQLSMALLINT *nullable),
        (statement, number, name, room, length, type, size, digits, nullable))
HAND_ON(SQLColAttribute,
        (SQLHSTMT statement, SQLUSMALLINT number, SQLUSMALLINT field, SQLPOINTER text, SQLSMALLINT room,
         SQLSMALLINT *length, SQLLEN *value),
        (statement, number, field, text, room, length, value))
HAND_ON(SQLRowCount, (SQLHSTMT statement, SQLLEN *count), (statement, count))
HAND_ON(SQLMoreResults, (SQLHSTMT statement), (statement))
HAND_ON(SQLEndTran, (SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT how), (type, handle, how))
HAND_ON(SQLGetDiagRec,
        (SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number, SQLCHAR *state, SQLINTEGER *native,
         SQLCHAR *text, SQLSMALLINT room, SQLSMALLINT *length),
        (type, handle, number, state, native, text, room, length))
HAND_ON(SQLGetDiagField,
        (SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number, SQLSMALLINT field, SQLPOINTER value,
         SQLSMALLINT room, SQLSMALLINT *length),
        (type, handle, number, field, value, room, length))
HAND_ON(SQLError,
        (SQLHENV env, SQLHDBC dbc, SQLHSTMT statement, SQLCHAR *state, SQLINTEGER *native, SQLCHAR *text,
         SQLSMALLINT room, SQLSMALLINT *length),
        (env, dbc, statement, state, native, text, room, length))
