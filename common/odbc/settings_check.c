// SPDX-License-Identifier: GPL-3.0-or-later
/* The part of odbc.h that refuses settings before anything is connected to. */
#include "base/secretfile.h"
#include "base/unicode.h"
#include "odbc/attribute.h"
#include "odbc/connection_string.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SQL Server's limit for names, and where FreeTDS 1.3 cuts passwords without a word. */
enum { VALUE_CHARACTERS = 128 };

static size_t utf16_length(const char *value)
{
    size_t units = 0;
    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;
        if ((byte & 0xC0) != 0x80)
            units += byte >= 0xF0 ? 2 : 1;
    }
    return units;
}

/* Refuse what the driver's parser does not carry, without showing a secret. */
static int check_value(enum connection_dialect dialect, const char *name, const char *value, bool secret,
                       struct failure *failure)
{
    if (value == NULL)
        return 0;
    char shown[160] = "";
    if (!secret && utf8_valid(value, strlen(value)))
        snprintf(shown, sizeof shown, " \"%.150s\"", value);
    if (!utf8_valid(value, strlen(value)))
        return fail(failure, "%s is not valid UTF-8: a connection string cannot carry it", name);
    for (const char *at = value; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            return fail(failure, "%s holds a control character: a connection string cannot carry it", name);
    if (dialect == CONNECTION_SQLITE && strchr(value, ';') != NULL)
        return fail(failure,
                    "%s%s contains \";\", at which the SQLite driver ends a value: choose another name", name,
                    shown);
    if (dialect != CONNECTION_SQLITE && strstr(value, "};") != NULL)
        return fail(failure, "%s%s contains \"};\", which no connection string can carry: choose another one",
                    name, shown);
    /* Braces end differently in unixODBC's, Microsoft's and FreeTDS' reading. */
    if (dialect == CONNECTION_OTHER && strchr(value, '}') != NULL)
        return fail(failure, "%s%s contains \"}\", which ODBC drivers read differently: choose another one",
                    name, shown);
    if (dialect != CONNECTION_SQLITE && utf16_length(value) > VALUE_CHARACTERS)
        return fail(failure, "%s is longer than %d characters, SQL Server's limit", name, VALUE_CHARACTERS);
    return 0;
}

static int check_way(const struct odbc_settings *settings, enum connection_dialect dialect,
                     struct failure *failure)
{
    int ways = (settings->hostname != NULL) + (settings->dsn != NULL) + (settings->connect != NULL);
    bool file = ways == 0 && dialect == CONNECTION_SQLITE && settings->database != NULL;
    if (ways == 0 && !file)
        return fail(failure, "no database server given: use --extra-opts=SECTION of the ini file, or "
                             "--hostname=NAME with --database=NAME, or --dsn=NAME, or --connect=STRING");
    if (ways > 1)
        return fail(failure, "--hostname, --dsn and --connect exclude each other: give one of them");
    if (settings->connect != NULL && settings->database != NULL)
        return fail(
            failure,
            "--database and --connect exclude each other: write Database= into the connection string");
    if (dialect == CONNECTION_SQLITE && settings->hostname != NULL)
        return fail(failure, "the SQLite driver takes no --hostname: give the file as --database=FILE");
    if (settings->hostname != NULL) {
        if (*settings->hostname == '\0' || strpbrk(settings->hostname, ",;{}= \t/") != NULL)
            return fail(
                failure,
                "hostname \"%s\" is no host name: give a name or an address, and the port with --port",
                settings->hostname);
        if (strchr(settings->hostname, '\\') == NULL && (settings->port < 1 || settings->port > 65535))
            return fail(failure, "port %" PRId64 " is not between 1 and 65535", settings->port);
        if (settings->driver != NULL && strcasestr(settings->driver, "for SQL Server") != NULL)
            return fail(failure,
                        "driver \"%s\" takes other keywords than FreeTDS: use --dsn=NAME or --connect=STRING",
                        settings->driver);
    }
    return 0;
}

static int check_secrets(const struct odbc_settings *settings, enum connection_dialect dialect,
                         struct failure *failure)
{
    bool given = settings->password != NULL || settings->password_file != NULL;
    if (settings->password != NULL && settings->password_file != NULL)
        return fail(failure, "password and password-file exclude each other: give one of them");
    if (given && settings->user == NULL && settings->connect == NULL && settings->dsn == NULL)
        return fail(failure,
                    "a password without --user: give --user=NAME, or no password to use a Kerberos ticket");
    if (settings->hostname != NULL && settings->user != NULL && !given)
        return fail(
            failure,
            "no password for user \"%s\": give --password-file=FILE or the ini file's key password, or "
            "no --user to use a Kerberos ticket",
            settings->user);
    if (!given)
        return 0;
    struct text password = {0};
    int result = connection_password(settings, &password, failure);
    if (result == 0)
        result = check_value(dialect, "the password", text_string(&password), true, failure);
    text_wipe(&password);
    return result;
}

static int check_tls(const struct odbc_settings *settings, enum connection_dialect dialect,
                     struct failure *failure)
{
    if (settings->tls_ca == NULL)
        return 0;
    if (settings->hostname == NULL || dialect != CONNECTION_FREETDS)
        return fail(failure,
                    "--tls-ca goes with --hostname only: for a DSN set \"ca file\" in its freetds.conf");
    if (settings->encryption == ODBC_ENCRYPTION_OFF)
        return fail(failure, "--tls-ca and --encryption=off contradict each other");
    if (getenv("FREETDSCONF") != NULL)
        return fail(failure,
                    "--tls-ca and FREETDSCONF exclude each other: set \"ca file\" in that file instead");
    return 0;
}

int odbc_settings_check(const struct odbc_settings *settings, struct failure *failure)
{
    enum connection_dialect dialect = connection_dialect(settings);
    if (check_way(settings, dialect, failure) != 0)
        return -1;
    const struct {
        const char *name, *value;
    } values[] = {{"hostname", settings->hostname}, {"database", settings->database},
                  {"user", settings->user},         {"driver", settings->driver},
                  {"dsn", settings->dsn},           {"tds-version", settings->tds_version}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (values[i].value != NULL && *values[i].value == '\0')
            return fail(failure, "%s is empty", values[i].name);
        if (check_value(dialect, values[i].name, values[i].value, false, failure) != 0)
            return -1;
    }
    /* FreeTDS begins to guess at a version that it does not know, and can hang for ever while it does (#733).
     */
    if (settings->tds_version != NULL &&
        (strncmp(settings->tds_version, "7.", 2) != 0 || strspn(settings->tds_version + 2, "01234") != 1 ||
         settings->tds_version[3] != '\0'))
        return fail(failure,
                    "--tds-version=%s is no version of the protocol: "
                    "7.1 for all servers, 7.2, 7.3 or 7.4 for newer ones",
                    settings->tds_version);
    if (settings->connect != NULL && !utf8_valid(settings->connect, strlen(settings->connect)))
        return fail(failure, "the connection string is not valid UTF-8");
    struct attribute attribute;
    if (settings->connect != NULL && attribute_next(settings->connect, &attribute) == NULL)
        return fail(
            failure,
            "the connection string has no KEY=VALUE: write for example Driver=FreeTDS;Server=sql01;...");
    if (check_secrets(settings, dialect, failure) != 0)
        return -1;
    return check_tls(settings, dialect, failure);
}
