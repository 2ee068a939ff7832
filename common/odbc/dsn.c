// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/dsn.h"

#include <dlfcn.h>
#include <string.h>

typedef int profile_string_function(const char *section, const char *entry, const char *fallback, char *value,
                                    int size, const char *file);

/* libodbcinst is unixODBC's reader of odbc.ini, with its search order. It is loaded, not linked: only a DSN
 * needs it. It stays loaded, because it caches what it read. */
static profile_string_function *load_reader(void)
{
    void *library = dlopen("libodbcinst.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return NULL;
    profile_string_function *reader;
    void *symbol = dlsym(library, "SQLGetPrivateProfileString");
    memcpy(&reader, &symbol, sizeof reader); /* ISO C has no conversion to a function pointer */
    return reader;
}

static bool is_set(profile_string_function *reader, const char *dsn, const char *key)
{
    char value[256] = "";
    return reader(dsn, key, "", value, sizeof value, "odbc.ini") > 0 && value[0] != '\0';
}

bool dsn_detects_tds_version(const char *dsn)
{
    profile_string_function *reader = load_reader();
    if (reader == NULL)
        return false;
    char driver[512] = "";
    reader(dsn, "Driver", "", driver, sizeof driver, "odbc.ini");
    return strcasestr(driver, "tds") != NULL && !is_set(reader, dsn, "TDS_Version") &&
           !is_set(reader, dsn, "Servername");
}
