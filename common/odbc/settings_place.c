// SPDX-License-Identifier: GPL-3.0-or-later
/* The part of odbc.h that says which database it is: for memories, and for the operator. */
#include "odbc/attribute.h"
#include "odbc/odbc.h"

#include <inttypes.h>
#include <string.h>

/* Keys that say what is watched; all others (users, secrets, ways to connect) may change without a new
 * memory. */
static bool is_place(const struct attribute *attribute)
{
    static const char *const keys[] = {"Server", "Servername", "Address",  "Addr", "Host", "Hostname",
                                       "Port",   "DSN",        "Database", "DB",   "DBQ",  "FileDSN"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (attribute_is(attribute, keys[i]))
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
        for (const char *at = settings->connect; (at = attribute_next(at, &attribute)) != NULL;) {
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
