// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/connection_string.h"

#include "base/secretfile.h"
#include "base/unicode.h"
#include "odbc/freetds.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* SQL Server's limit for names, and where FreeTDS 1.3 cuts passwords without a word. */
enum { VALUE_CHARACTERS = 128 };

/* Else sqliteodbc makes a missing file, and waits 100 s for a lock; 5 s is what SQL Server is told, too. */
#define SQLITE_NO_CREATE "NoCreat=1;"
#define SQLITE_TIMEOUT   "Timeout=5000;"

/* One key=value of a connection string. */
struct attribute {
    const char *key, *value;
    size_t key_length, value_length;
};

/* FreeTDS' and unixODBC's reading: a value in braces ends at "};" or at the end of the string. @return NULL
 * at the end */
static const char *next_attribute(const char *at, struct attribute *attribute)
{
    at += strspn(at, "; \t");
    const char *equals = strchr(at, '=');
    if (equals == NULL)
        return NULL;
    size_t key_length = (size_t)(equals - at);
    while (key_length > 0 && isspace((unsigned char)at[key_length - 1]))
        key_length--;
    const char *value = equals + 1 + strspn(equals + 1, " \t");
    const char *end;
    if (*value == '{') {
        value++;
        end = strstr(value, "};");
        if (end == NULL) {
            end = value + strlen(value);
            if (end > value && end[-1] == '}')
                end--;
        }
    } else {
        end = value + strcspn(value, ";");
    }
    *attribute = (struct attribute){at, value, key_length, (size_t)(end - value)};
    return *end == '}' ? end + 1 : end;
}

static bool is_key(const struct attribute *attribute, const char *key)
{
    return strlen(key) == attribute->key_length &&
           strncasecmp(attribute->key, key, attribute->key_length) == 0;
}

bool connection_string_value(const char *string, const char *key, struct text *value)
{
    struct attribute attribute;
    for (const char *at = string; (at = next_attribute(at, &attribute)) != NULL;) {
        if (is_key(&attribute, key)) {
            text_add_bytes(value, attribute.value, attribute.value_length);
            return true;
        }
    }
    return false;
}

static bool contains(const char *string, const char *word)
{
    return strcasestr(string, word) != NULL;
}

static enum connection_dialect dialect_of_driver(const char *driver)
{
    if (contains(driver, "sqlite"))
        return CONNECTION_SQLITE;
    return contains(driver, "tds") ? CONNECTION_FREETDS : CONNECTION_OTHER;
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
    bool found = connection_string_value(settings->connect, "Driver", &driver);
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
        return fail(failure, "no database server given: use --hostname=NAME with "
                             "--database=NAME, or --dsn=NAME, or --connect=STRING");
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
        if (settings->driver != NULL && contains(settings->driver, "for SQL Server"))
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
    if (settings->connect != NULL && next_attribute(settings->connect, &attribute) == NULL)
        return fail(
            failure,
            "the connection string has no KEY=VALUE: write for example Driver=FreeTDS;Server=sql01;...");
    if (check_secrets(settings, dialect, failure) != 0)
        return -1;
    return check_tls(settings, dialect, failure);
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
    bool found = connection_string_value(string, key, &value);
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

/* Keys that say what is watched; all others (users, secrets, ways to connect) may change without a new
 * memory. */
static bool is_place(const struct attribute *attribute)
{
    static const char *const keys[] = {"Server", "Servername", "Address",  "Addr", "Host", "Hostname",
                                       "Port",   "DSN",        "Database", "DB",   "DBQ",  "FileDSN"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (is_key(attribute, keys[i]))
            return true;
    return false;
}

static void add_lower(struct text *text, const char *string, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char byte = (char)(string[i] >= 'A' && string[i] <= 'Z' ? string[i] + ('a' - 'A') : string[i]);
        text_add_bytes(text, &byte, 1);
    }
}

static void add_place(const struct odbc_settings *settings, struct text *place)
{
    if (settings->connect != NULL) {
        size_t begin = place->length;
        struct attribute attribute;
        for (const char *at = settings->connect; (at = next_attribute(at, &attribute)) != NULL;) {
            if (!is_place(&attribute))
                continue;
            if (place->length > begin)
                text_add(place, ";");
            add_lower(place, attribute.key, attribute.key_length);
            text_add(place, "=");
            text_add_bytes(place, attribute.value, attribute.value_length);
        }
        return;
    }
    if (settings->dsn != NULL) {
        text_addf(place, "dsn:%s", settings->dsn);
    } else if (settings->hostname != NULL) { /* host names are the same in any case */
        add_lower(place, settings->hostname, strlen(settings->hostname));
        if (strchr(settings->hostname, '\\') == NULL)
            text_addf(place, ":%" PRId64, settings->port);
    } else {
        text_addf(place, "file:%s", settings->database != NULL ? settings->database : "");
        return;
    }
    if (settings->database != NULL)
        text_addf(place, "/%s", settings->database);
}

void odbc_settings_identity(const struct odbc_settings *settings, struct text *identity)
{
    if (settings->connect != NULL)
        text_add(identity, "connect:");
    add_place(settings, identity);
}

void odbc_settings_place(const struct odbc_settings *settings, struct text *place)
{
    size_t begin = place->length;
    add_place(settings, place);
    if (place->length == begin)
        text_add(place, "the database");
}
