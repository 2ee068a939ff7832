// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/private.h"

#include "base/sanitize.h"
#include "base/secretfile.h"
#include "base/unicode.h"
#include "odbc/attribute.h"
#include "odbc/connection_string.h"
#include "odbc/freetds.h"

#include <netdb.h>
#include <inttypes.h>
#include <sqlucode.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RECORDS = 8 };

double odbc_clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double odbc_clock_add(struct odbc_connection *connection, double begin)
{
    double passed = odbc_clock_s() - begin;
    connection->elapsed_s += passed;
    return passed;
}

int odbc_error_plain(struct odbc_error *error, const char *format, ...)
{
    *error = (struct odbc_error){0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->failure.text, sizeof error->failure.text, format, arguments);
    va_end(arguments);
    return -1;
}

static void copy_units(const SQLWCHAR *units, size_t count, char *target, size_t size)
{
    struct text text = {0};
    utf8_append_utf16(&text, units, count);
    snprintf(target, size, "%s", text_string(&text));
    text_free(&text);
}

static size_t units_until_nul(const SQLWCHAR *units, size_t room)
{
    size_t count = 0;
    while (count < room && units[count] != 0)
        count++;
    return count;
}

static bool read_record_wide(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number,
                             struct odbc_record *record)
{
    SQLWCHAR state[6] = {0}, message[512] = {0};
    SQLINTEGER native = 0;
    SQLSMALLINT length = 0;
    SQLRETURN result = SQLGetDiagRecW(type, handle, number, state, &native, message, 512, &length);
    if (!SQL_SUCCEEDED(result))
        return false;
    copy_units(state, units_until_nul(state, 5), record->sqlstate, sizeof record->sqlstate);
    copy_units(message, units_until_nul(message, 511), record->text, sizeof record->text);
    record->native = (int)native;
    return true;
}

static bool read_record(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number, struct odbc_record *record)
{
    SQLCHAR state[6] = "", message[sizeof record->text] = "";
    SQLINTEGER native = 0;
    SQLSMALLINT length = 0;
    SQLRETURN result = SQLGetDiagRec(type, handle, number, state, &native, message, sizeof message, &length);
    if (!SQL_SUCCEEDED(result))
        return false;
    snprintf(record->sqlstate, sizeof record->sqlstate, "%.5s", (const char *)state);
    snprintf(record->text, sizeof record->text, "%.*s", (int)sizeof message - 1, (const char *)message);
    record->native = (int)native;
    return true;
}

size_t odbc_records(bool wide, SQLSMALLINT type, SQLHANDLE handle, struct odbc_record *records, size_t room)
{
    size_t count = 0;
    while (count < room && (wide ? read_record_wide(type, handle, (SQLSMALLINT)(count + 1), &records[count])
                                 : read_record(type, handle, (SQLSMALLINT)(count + 1), &records[count])))
        count++;
    return count;
}

int odbc_diagnose(const struct odbc_connection *connection, enum odbc_stage stage, const char *what,
                  double waited_s, SQLSMALLINT type, SQLHANDLE handle, struct odbc_error *error)
{
    struct odbc_record records[RECORDS];
    size_t count = odbc_records(connection->wide, type, handle, records, RECORDS);
    for (size_t i = 0; i < count; i++) {
        struct text text = {0};
        odbc_record_text(&records[i], connection->situation.password, &text);
        trace_note(connection->trace, 2, "driver: [%s] %d %s", records[i].sqlstate, records[i].native,
                   text_string(&text));
        text_free(&text);
    }
    struct odbc_situation situation = connection->situation;
    situation.stage = stage;
    situation.what = what;
    SQLUINTEGER dead = SQL_CD_FALSE;
    if (connection->connected && SQL_SUCCEEDED(SQLGetConnectAttr(connection->handle, SQL_ATTR_CONNECTION_DEAD,
                                                                 &dead, sizeof dead, NULL)))
        situation.dead = dead == SQL_CD_TRUE;
    situation.waited_s = waited_s;
    odbc_error_fill(&situation, records, count, error);
    return -1;
}

/* The driver resolves too, but does not tell that step, and in FreeTDS' case not the reason. */
static int resolve(const struct odbc_settings *settings, const struct trace *trace, struct odbc_error *error)
{
    if (settings->hostname == NULL)
        return 0;
    char host[256];
    snprintf(host, sizeof host, "%.*s", (int)strcspn(settings->hostname, "\\"), settings->hostname);
    trace_step(trace, "resolving %s", host);
    double begin = odbc_clock_s();
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *addresses = NULL;
    int result = getaddrinfo(host, NULL, &hints, &addresses);
    if (result != 0) {
        odbc_error_plain(error, "the name %s cannot be resolved (%s): check --hostname and the name service",
                         host, result == EAI_SYSTEM ? "system error" : gai_strerror(result));
        error->reason = ODBC_REASON_UNREACHABLE;
        return -1;
    }
    char address[128] = "?";
    getnameinfo(addresses->ai_addr, addresses->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST);
    trace_note(trace, 2, "%s is %s (%.3f s)", host, address, odbc_clock_s() - begin);
    freeaddrinfo(addresses);
    return 0;
}

static const char *keep(struct text *text, const char *string)
{
    if (string == NULL)
        return NULL;
    text_add(text, string);
    return text_string(text);
}

static int prepare_situation(struct odbc_connection *connection, const struct odbc_settings *settings,
                             struct odbc_error *error)
{
    struct failure failure = {""};
    if (connection_password(settings, &connection->password, &failure) != 0)
        return odbc_error_plain(error, "%s", failure.text);
    if (settings->connect != NULL && connection->password.length == 0 &&
        !attribute_find(settings->connect, "PWD", &connection->password))
        attribute_find(settings->connect, "PASSWORD", &connection->password);
    odbc_settings_place(settings, &connection->place);
    struct odbc_situation *situation = &connection->situation;
    situation->place = text_string(&connection->place);
    situation->password = text_string(&connection->password);
    situation->user = keep(&connection->user, settings->user);
    situation->database = keep(&connection->database, settings->database);
    situation->tls_ca = keep(&connection->tls_ca, settings->tls_ca);
    if (settings->dsn == NULL)
        situation->driver =
            keep(&connection->driver, settings->driver != NULL ? settings->driver : "FreeTDS");
    if (settings->connect != NULL) {
        if (situation->user == NULL && attribute_find(settings->connect, "UID", &connection->user))
            situation->user = text_string(&connection->user);
        if (attribute_find(settings->connect, "Database", &connection->database))
            situation->database = text_string(&connection->database);
        text_cut(&connection->driver, 0);
        attribute_find(settings->connect, "Driver", &connection->driver);
        situation->driver = connection->driver.length > 0 ? text_string(&connection->driver) : NULL;
    }
    situation->server = settings->hostname != NULL;
    situation->encryption_required =
        settings->encryption == ODBC_ENCRYPTION_REQUIRE || settings->tls_ca != NULL;
    situation->login_timeout_s = (long)settings->login_timeout_s;
    return 0;
}

static void tell_step(const struct odbc_connection *connection, const struct odbc_settings *settings)
{
    if (settings->hostname == NULL) {
        trace_step(connection->trace, "connecting to %s", connection->situation.place);
        return;
    }
    char port[32] = "";
    if (strchr(settings->hostname, '\\') == NULL)
        snprintf(port, sizeof port, " port %" PRId64, settings->port);
    if (settings->user != NULL)
        trace_step(connection->trace, "connecting and logging in to %s%s as user %s", settings->hostname,
                   port, settings->user);
    else
        trace_step(connection->trace, "connecting and logging in to %s%s with the Kerberos ticket",
                   settings->hostname, port);
}

static SQLRETURN driver_connect(const struct odbc_connection *connection, const struct text *string)
{
    if (!connection->wide)
        return SQLDriverConnect(connection->handle, NULL, (SQLCHAR *)string->bytes, SQL_NTS, NULL, 0, NULL,
                                SQL_DRIVER_NOPROMPT);
    SQLWCHAR *units = calloc(string->length + 1, sizeof *units);
    if (units == NULL)
        return SQL_ERROR;
    size_t count = utf16_from_utf8(string->bytes, string->length, units);
    SQLRETURN result = SQLDriverConnectW(connection->handle, NULL, units, (SQLSMALLINT)count, NULL, 0, NULL,
                                         SQL_DRIVER_NOPROMPT);
    explicit_bzero(units, string->length * sizeof *units);
    free(units);
    return result;
}

static int log_in(struct odbc_connection *connection, const struct odbc_settings *settings,
                  struct odbc_error *error)
{
    struct freetdsconf conf = {-1};
    struct failure failure = {""};
    if (settings->tls_ca != NULL && freetdsconf_open(settings, &conf, &failure) != 0)
        return odbc_error_plain(error, "%s", failure.text);
    struct text string = {0};
    int result = connection_string(settings, connection->situation.password,
                                   conf.file >= 0 ? FREETDSCONF_SERVER : NULL, &string);
    if (result != 0 || string.length > INT16_MAX) {
        odbc_error_plain(error,
                         result != 0 ? "out of memory" : "the connection string is longer than 32,767 bytes");
        result = -1;
    } else {
        if (settings->login_timeout_s > 0) /* FreeTDS heeds it only with TDS_Version set */
            SQLSetConnectAttr(connection->handle, SQL_ATTR_LOGIN_TIMEOUT,
                              (SQLPOINTER)(intptr_t)settings->login_timeout_s, 0);
        tell_step(connection, settings);
        double begin = odbc_clock_s();
        SQLRETURN code = driver_connect(connection, &string);
        double waited_s = odbc_clock_add(connection, begin);
        connection->connected = SQL_SUCCEEDED(code);
        if (!connection->connected)
            result = odbc_diagnose(connection, ODBC_STAGE_CONNECT, NULL, waited_s, SQL_HANDLE_DBC,
                                   connection->handle, error);
        else
            trace_note(connection->trace, 2, "connected to %s in %.3f s", connection->situation.place,
                       waited_s);
    }
    text_wipe(&string);
    freetdsconf_close(&conf);
    return result;
}

static void ask(struct odbc_connection *connection, SQLUSMALLINT what, char *answer, size_t size)
{
    SQLSMALLINT length = 0;
    char raw[512] = "";
    if (connection->wide) {
        SQLWCHAR units[256] = {0};
        if (SQL_SUCCEEDED(SQLGetInfoW(connection->handle, what, units, sizeof units, &length)))
            copy_units(units, units_until_nul(units, 255), raw, sizeof raw);
    } else if (!SQL_SUCCEEDED(SQLGetInfo(connection->handle, what, raw, sizeof raw - 1, &length))) {
        raw[0] = '\0';
    }
    struct text text = {0};
    text_add_clean(&text, raw, size - 1);
    snprintf(answer, size, "%s", text_string(&text));
    text_free(&text);
}

static void ask_versions(struct odbc_connection *connection)
{
    char driver[64], driver_version[64], dbms_version[128];
    ask(connection, SQL_DBMS_NAME, connection->dbms_name, sizeof connection->dbms_name);
    ask(connection, SQL_DATABASE_NAME, connection->database_name, sizeof connection->database_name);
    ask(connection, SQL_DRIVER_NAME, driver, sizeof driver);
    ask(connection, SQL_DRIVER_VER, driver_version, sizeof driver_version);
    ask(connection, SQL_DBMS_VER, dbms_version, sizeof dbms_version);
    snprintf(connection->versions, sizeof connection->versions, "driver %s %s, server %s %s", driver,
             driver_version, connection->dbms_name, dbms_version);
    if (connection->situation.database == NULL && connection->database_name[0] != '\0')
        connection->situation.database = connection->database_name;
    trace_note(connection->trace, 2, "%s, database %s", connection->versions, connection->database_name);
}

static int allocate_handles(struct odbc_connection *connection, struct odbc_error *error)
{
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &connection->environment)) ||
        !SQL_SUCCEEDED(SQLSetEnvAttr(connection->environment, SQL_ATTR_ODBC_VERSION,
                                     (SQLPOINTER)(intptr_t)SQL_OV_ODBC3, 0)) ||
        !SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, connection->environment, &connection->handle)))
        return odbc_error_plain(error, "unixODBC could not be started: out of memory");
    return 0;
}

struct odbc_connection *odbc_connect(const struct odbc_settings *settings, const struct trace *trace,
                                     struct odbc_error *error)
{
    *error = (struct odbc_error){0};
    struct failure failure = {""};
    if (odbc_settings_check(settings, &failure) != 0) {
        odbc_error_plain(error, "%s", failure.text);
        return NULL;
    }
    struct odbc_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        odbc_error_plain(error, "out of memory");
        return NULL;
    }
    connection->trace = trace;
    /* sqliteodbc has no UTF-16 functions and takes UTF-8 as it is; for it unixODBC would convert by the
     * locale. With FreeTDS it is the other way: only UTF-16 passes unchanged where the locale is C. */
    connection->wide = connection_dialect(settings) != CONNECTION_SQLITE;
    if (prepare_situation(connection, settings, error) != 0 || resolve(settings, trace, error) != 0 ||
        allocate_handles(connection, error) != 0 || log_in(connection, settings, error) != 0) {
        odbc_disconnect(connection);
        return NULL;
    }
    ask_versions(connection);
    if (strcmp(connection->dbms_name, "SQLite") == 0) /* also behind a DSN or a driver of another name */
        connection->wide = false;
    return connection;
}

void odbc_disconnect(struct odbc_connection *connection)
{
    if (connection == NULL)
        return;
    if (connection->connected) {
        trace_step(connection->trace, "disconnecting from %s", connection->situation.place);
        if (connection->transaction) /* a driver may refuse to disconnect inside one (25000) */
            SQLEndTran(SQL_HANDLE_DBC, connection->handle, SQL_ROLLBACK);
        SQLDisconnect(connection->handle);
    }
    if (connection->handle != SQL_NULL_HANDLE)
        SQLFreeHandle(SQL_HANDLE_DBC, connection->handle);
    if (connection->environment != SQL_NULL_HANDLE)
        SQLFreeHandle(SQL_HANDLE_ENV, connection->environment);
    text_free(&connection->place);
    text_free(&connection->user);
    text_free(&connection->database);
    text_free(&connection->driver);
    text_free(&connection->tls_ca);
    text_wipe(&connection->password);
    free(connection);
}

const char *odbc_dbms_name(const struct odbc_connection *connection)
{
    return connection->dbms_name;
}

const char *odbc_database_name(const struct odbc_connection *connection)
{
    return connection->database_name;
}

const char *odbc_versions(const struct odbc_connection *connection)
{
    return connection->versions;
}

double odbc_elapsed_s(const struct odbc_connection *connection)
{
    return connection->elapsed_s;
}

const char odbc_commit_step[] = "waiting for the commit";

static int end_transaction(struct odbc_connection *connection, SQLSMALLINT how, struct odbc_error *error)
{
    const char *what = how == SQL_COMMIT ? "commit" : "rollback";
    trace_step(connection->trace, "%s", how == SQL_COMMIT ? odbc_commit_step : "waiting for the rollback");
    double begin = odbc_clock_s();
    SQLRETURN code = SQLEndTran(SQL_HANDLE_DBC, connection->handle, how);
    double waited_s = odbc_clock_add(connection, begin);
    int result = 0;
    if (!SQL_SUCCEEDED(code)) {
        result = odbc_diagnose(connection, ODBC_STAGE_TRANSACTION, what, waited_s, SQL_HANDLE_DBC,
                               connection->handle, error);
        if (how == SQL_COMMIT) /* turning autocommit on would commit in some drivers */
            SQLEndTran(SQL_HANDLE_DBC, connection->handle, SQL_ROLLBACK);
    }
    connection->transaction = false;
    code = SQLSetConnectAttr(connection->handle, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)(intptr_t)SQL_AUTOCOMMIT_ON,
                             0);
    if (result == 0 && !SQL_SUCCEEDED(code))
        result = odbc_diagnose(connection, ODBC_STAGE_TRANSACTION, "turning autocommit on", 0, SQL_HANDLE_DBC,
                               connection->handle, error);
    return result;
}

int odbc_begin(struct odbc_connection *connection, struct odbc_error *error)
{
    SQLRETURN code = SQLSetConnectAttr(connection->handle, SQL_ATTR_AUTOCOMMIT,
                                       (SQLPOINTER)(intptr_t)SQL_AUTOCOMMIT_OFF, 0);
    if (!SQL_SUCCEEDED(code))
        return odbc_diagnose(connection, ODBC_STAGE_TRANSACTION, "begin of a transaction", 0, SQL_HANDLE_DBC,
                             connection->handle, error);
    connection->transaction = true;
    return 0;
}

int odbc_commit(struct odbc_connection *connection, struct odbc_error *error)
{
    return end_transaction(connection, SQL_COMMIT, error);
}

int odbc_rollback(struct odbc_connection *connection, struct odbc_error *error)
{
    return end_transaction(connection, SQL_ROLLBACK, error);
}
