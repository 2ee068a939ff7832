// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/connection_string.h"

#include "base/secretfile.h"
#include "odbc/attribute.h"
#include "odbc/freetds.h"

#include <inttypes.h>
#include <string.h>

/* Else sqliteodbc makes a missing file, and waits 100 s for a lock; 5 s is what SQL Server is told, too. */
#define SQLITE_NO_CREATE "NoCreat=1;"
#define SQLITE_TIMEOUT   "Timeout=5000;"

static enum connection_dialect dialect_of_driver(const char *driver)
{
    if (strcasestr(driver, "sqlite") != NULL)
        return CONNECTION_SQLITE;
    return strcasestr(driver, "tds") != NULL ? CONNECTION_FREETDS : CONNECTION_OTHER;
}

enum connection_dialect connection_dialect(const struct odbc_settings *settings)
{
    if (settings->dsn != NULL)
        return CONNECTION_OTHER;
    if (settings->connect ==
        NULL) /* whatever the name in odbcinst.ini: its host, port and TDS version are asked for */
        return settings->driver == NULL || dialect_of_driver(settings->driver) != CONNECTION_SQLITE
                   ? CONNECTION_FREETDS
                   : CONNECTION_SQLITE;
    struct text driver = {0};
    bool found = attribute_find(settings->connect, "Driver", &driver);
    enum connection_dialect dialect = found ? dialect_of_driver(text_string(&driver)) : CONNECTION_OTHER;
    text_free(&driver);
    return dialect;
}

int connection_password(const struct odbc_settings *settings, struct text *password, struct failure *failure)
{
    if (settings->password != NULL)
        text_add(password, settings->password);
    else if (settings->password_file != NULL)
        return password_file_read(settings->password_file, password, failure);
    return password->failed ? fail(failure, "out of memory") : 0;
}

static void add_quoted(struct text *string, const char *key, const char *value)
{
    if (value != NULL)
        text_addf(string, "%s={%s};", key, value);
}

/* Quoting that every driver reads alike: none where none is needed. */
static void add_plain(struct text *string, const char *key, const char *value)
{
    if (value != NULL && *value != '\0' && strpbrk(value, ";{}=[]()?*!@ ") == NULL)
        text_addf(string, "%s=%s;", key, value);
    else
        add_quoted(string, key, value);
}

static void add_given(const struct odbc_settings *settings, const char *password, struct text *string)
{
    void (*add)(struct text *, const char *, const char *) =
        connection_dialect(settings) == CONNECTION_FREETDS ? add_quoted : add_plain;
    if (settings->user != NULL)
        add(string, "UID", settings->user);
    if (*password != '\0')
        add(string, "PWD", password);
}

static const char *tds_version(const struct odbc_settings *settings)
{
    return settings->tds_version != NULL ? settings->tds_version : "7.1";
}

static bool has_key(const char *string, const char *key)
{
    struct text value = {0};
    bool found = attribute_find(string, key, &value);
    text_wipe(&value);
    return found;
}

static void add_separator(struct text *string)
{
    if (string->length > 0 && string->bytes[string->length - 1] != ';')
        text_add(string, ";");
}

static void add_connect(const struct odbc_settings *settings, const char *password, struct text *string)
{
    text_add(string, settings->connect);
    add_separator(string);
    add_given(settings, password, string);
    enum connection_dialect dialect = connection_dialect(settings);
    if (dialect == CONNECTION_FREETDS && !has_key(settings->connect, "TDS_Version") &&
        !has_key(settings->connect, "Servername"))
        text_addf(string, "TDS_Version=%s;", tds_version(settings));
    if (dialect == CONNECTION_SQLITE && !has_key(settings->connect, "NoCreat"))
        text_add(string, SQLITE_NO_CREATE);
    if (dialect == CONNECTION_SQLITE && !has_key(settings->connect, "Timeout"))
        text_add(string, SQLITE_TIMEOUT);
}

static void add_dsn(const struct odbc_settings *settings, const char *password, struct text *string)
{
    text_addf(string, "DSN=%s;", settings->dsn);
    if (settings->database != NULL)
        add_plain(string, "Database", settings->database);
    add_given(settings, password, string);
    if (dsn_detects_tds_version(settings->dsn))
        text_addf(string, "TDS_Version=%s;", tds_version(settings));
}

/* Driver first, so that unixODBC, which reads braces otherwise than FreeTDS, has it before the values with
 * odd characters. TDS_Version is always there: FreeTDS 1.3 can loop for ever in its detection (FreeTDS issue
 * 733). */
static void add_freetds(const struct odbc_settings *settings, const char *password, const char *servername,
                        struct text *string)
{
    static const char *const encryptions[] = {"off", "request", "require"};
    add_quoted(string, "Driver", settings->driver != NULL ? settings->driver : "FreeTDS");
    if (servername != NULL) {
        add_quoted(string, "Servername", servername);
    } else {
        add_quoted(string, "Server", settings->hostname);
        if (strchr(settings->hostname, '\\') ==
            NULL) /* an instance's port comes from the SQL Server browser */
            text_addf(string, "Port=%" PRId64 ";", settings->port);
    }
    text_addf(string, "TDS_Version=%s;", tds_version(settings));
    int encryption = settings->tls_ca != NULL ? ODBC_ENCRYPTION_REQUIRE : settings->encryption;
    if (encryption >= ODBC_ENCRYPTION_OFF && encryption <= ODBC_ENCRYPTION_REQUIRE)
        text_addf(string, "Encryption=%s;", encryptions[encryption]);
    add_quoted(string, "APP", settings->application);
    add_quoted(string, "Database", settings->database);
    /* Without UID and PWD FreeTDS takes the Kerberos ticket; a '\' in UID makes it NTLM. */
    add_given(settings, password, string);
}

int connection_string(const struct odbc_settings *settings, const char *password, const char *servername,
                      struct text *string)
{
    if (settings->connect != NULL) {
        add_connect(settings, password, string);
    } else if (settings->dsn != NULL) {
        add_dsn(settings, password, string);
    } else if (connection_dialect(settings) == CONNECTION_SQLITE) {
        text_addf(string, "Driver={%s};Database=%s;" SQLITE_NO_CREATE SQLITE_TIMEOUT, settings->driver,
                  settings->database);
    } else {
        add_freetds(settings, password, servername, string);
    }
    return string->failed ? -1 : 0;
}
