// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/cause.h"

#include <string.h>

struct meaning {
    int native;
    enum odbc_cause cause;
    const char *remedy;
};

/* SQL Server's messages (sys.messages) and, from 20000 on, FreeTDS' own (its sybdb.h, SYBE...). */
static const struct meaning natives[] = {
    {207, ODBC_CAUSE_NO_COLUMN, NULL},
    {208, ODBC_CAUSE_NO_OBJECT, NULL},
    {229, ODBC_CAUSE_DENIED, NULL},
    {230, ODBC_CAUSE_DENIED, NULL},
    {262, ODBC_CAUSE_DENIED, NULL},
    {601, ODBC_CAUSE_LOCKED, NULL},
    {911, ODBC_CAUSE_NO_DATABASE, NULL},
    {916, ODBC_CAUSE_NO_DATABASE, NULL},
    {1205, ODBC_CAUSE_LOCKED, NULL},
    {1222, ODBC_CAUSE_LOCKED, NULL},
    {4060, ODBC_CAUSE_NO_DATABASE, NULL},
    {4064, ODBC_CAUSE_NO_DATABASE, NULL},
    {17892, ODBC_CAUSE_LOGIN, "a logon trigger of the server refused it: ask its administrator"},
    {18452, ODBC_CAUSE_LOGIN,
     "the server does not trust the account's domain: give a domain account as DOMAIN\\user, "
     "a SQL login only where the server has mixed mode, or no user for a Kerberos ticket"},
    {18456, ODBC_CAUSE_LOGIN, "check the user and the password file"},
    {18470, ODBC_CAUSE_LOGIN, "the account is disabled: ALTER LOGIN ... ENABLE"},
    {18486, ODBC_CAUSE_LOGIN, "the account is locked: ALTER LOGIN ... WITH PASSWORD = ... UNLOCK"},
    {18487, ODBC_CAUSE_LOGIN, "its password has expired: change it, and the password file"},
    {18488, ODBC_CAUSE_LOGIN, "its password must be changed: change it, and the password file"},
    {20002, ODBC_CAUSE_REFUSED, NULL},
    {20003, ODBC_CAUSE_LOST, NULL},
    {20004, ODBC_CAUSE_LOST, NULL},
    {20006, ODBC_CAUSE_LOST, NULL},
    {20009, ODBC_CAUSE_UNREACHABLE, NULL},
    {20013, ODBC_CAUSE_UNREACHABLE, NULL},
    {20017, ODBC_CAUSE_LOST, NULL},
    {20020, ODBC_CAUSE_LOST, NULL},
};

static const struct {
    const char *sqlstate;
    enum odbc_cause cause;
} states[] = {
    {"28000", ODBC_CAUSE_LOGIN},       {"28P01", ODBC_CAUSE_LOGIN},     {"42501", ODBC_CAUSE_DENIED},
    {"42S02", ODBC_CAUSE_NO_OBJECT},   {"42P01", ODBC_CAUSE_NO_OBJECT}, {"42S22", ODBC_CAUSE_NO_COLUMN},
    {"3D000", ODBC_CAUSE_NO_DATABASE}, {"IM002", ODBC_CAUSE_DRIVER},    {"IM003", ODBC_CAUSE_DRIVER},
    {"IM004", ODBC_CAUSE_DRIVER},      {"IM005", ODBC_CAUSE_DRIVER},    {"HYT00", ODBC_CAUSE_LOST},
    {"HYT01", ODBC_CAUSE_LOST},        {"08S01", ODBC_CAUSE_LOST},      {"08003", ODBC_CAUSE_LOST},
    {"08007", ODBC_CAUSE_LOST},
};

static const struct meaning *find_native(int native)
{
    for (size_t i = 0; i < sizeof natives / sizeof *natives; i++)
        if (natives[i].native == native)
            return &natives[i];
    return NULL;
}

bool odbc_record_is_sqlite(const struct odbc_record *record)
{
    return strncmp(record->text, "[SQLite]", 8) == 0;
}

/* SQLite result codes: 5 busy, 6 locked, 11 corrupt, 14 cannot open, 26 not a database
 * (sqlite.org/rescode.html). */
static enum odbc_cause sqlite_cause(const struct odbc_record *record)
{
    if (strstr(record->text, "no such table") != NULL || strstr(record->text, "no such view") != NULL)
        return ODBC_CAUSE_NO_OBJECT;
    if (strstr(record->text, "no such column") != NULL)
        return ODBC_CAUSE_NO_COLUMN;
    if (record->native == 5 || record->native == 6 || strstr(record->text, "is locked") != NULL)
        return ODBC_CAUSE_LOCKED;
    if (record->native == 14 || record->native == 26)
        return ODBC_CAUSE_NO_DATABASE;
    return ODBC_CAUSE_OTHER;
}

static enum odbc_cause cause_of(const struct odbc_record *record)
{
    if (odbc_record_is_sqlite(record))
        return sqlite_cause(record);
    const struct meaning *meaning = find_native(record->native);
    if (meaning != NULL)
        return meaning->cause;
    if (strstr(record->text, "Can't open lib") != NULL)
        return ODBC_CAUSE_DRIVER;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(states[i].sqlstate, record->sqlstate) == 0)
            return states[i].cause;
    if (record->native == 0 && strcmp(record->sqlstate, "08001") == 0)
        return ODBC_CAUSE_NOISE; /* FreeTDS adds it to every reason */
    return strncmp(record->sqlstate, "01", 2) == 0 ? ODBC_CAUSE_NOISE : ODBC_CAUSE_OTHER;
}

enum odbc_cause odbc_cause(const struct odbc_record *record, bool connecting)
{
    enum odbc_cause cause = cause_of(record);
    /* While connecting: a time-out means silence; an end of the stream is a refusal. */
    if (connecting && cause == ODBC_CAUSE_LOST) {
        bool silent = strncmp(record->sqlstate, "HYT", 3) == 0 || record->native == 20003;
        return silent ? ODBC_CAUSE_UNREACHABLE : ODBC_CAUSE_REFUSED;
    }
    return cause;
}

enum odbc_reason odbc_cause_reason(enum odbc_cause cause)
{
    switch (cause) {
    case ODBC_CAUSE_LOGIN:
        return ODBC_REASON_LOGIN;
    case ODBC_CAUSE_DENIED:
        return ODBC_REASON_DENIED;
    case ODBC_CAUSE_NO_DATABASE:
        return ODBC_REASON_NO_DATABASE;
    case ODBC_CAUSE_NO_OBJECT:
        return ODBC_REASON_NO_OBJECT;
    case ODBC_CAUSE_NO_COLUMN:
        return ODBC_REASON_NO_COLUMN;
    case ODBC_CAUSE_LOCKED:
        return ODBC_REASON_LOCKED;
    case ODBC_CAUSE_DRIVER:
        return ODBC_REASON_DRIVER;
    case ODBC_CAUSE_UNREACHABLE:
        return ODBC_REASON_UNREACHABLE;
    case ODBC_CAUSE_LOST:
        return ODBC_REASON_LOST;
    default:
        return ODBC_REASON_OTHER;
    }
}

const char *odbc_login_remedy(int native, bool user_given)
{
    const struct meaning *meaning = find_native(native);
    if (meaning != NULL && meaning->remedy != NULL && (native != 18456 || user_given))
        return meaning->remedy;
    return user_given ? "check the user and the password file"
                      : "check the ticket (klist) and its login on the server";
}

const char *odbc_driver_remedy(const char *driver)
{
    if (strcasestr(driver, "tds") != NULL)
        return "install the package tdsodbc, or name another with --driver";
    if (strcasestr(driver, "sqlite") != NULL)
        return "install the package libsqliteodbc, or correct Driver=";
    return "install it, or correct --driver; ODBCSYSINI names "
           "the directory where odbcinst.ini lies elsewhere";
}
