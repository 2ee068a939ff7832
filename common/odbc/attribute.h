/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ODBC_ATTRIBUTE_H
#define SMS_ODBC_ATTRIBUTE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* One key=value of a connection string; borrowed from it, not terminated, the value without its braces. */
struct attribute {
    const char *key, *value;
    size_t key_length, value_length;
};

/**
 * Read a connection string as FreeTDS and unixODBC do: a value in braces ends at "};" or at the end of the string.
 *
 * @param at  the beginning, then what was returned
 * @return where the next one is looked for; NULL at the end
 */
const char *attribute_next(const char *at, struct attribute *attribute);

/** @return whether it has this key, in any case */
bool attribute_is(const struct attribute *attribute, const char *key);

/** Append the value of one key of a connection string ("PWD", any case). @return whether it is there */
bool attribute_find(const char *string, const char *key, struct text *value);

#endif
