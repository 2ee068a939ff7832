// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/attribute.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

const char *attribute_next(const char *at, struct attribute *attribute)
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

bool attribute_is(const struct attribute *attribute, const char *key)
{
    return strlen(key) == attribute->key_length &&
           strncasecmp(attribute->key, key, attribute->key_length) == 0;
}

bool attribute_find(const char *string, const char *key, struct text *value)
{
    struct attribute attribute;
    for (const char *at = string; (at = attribute_next(at, &attribute)) != NULL;) {
        if (attribute_is(&attribute, key)) {
            text_add_bytes(value, attribute.value, attribute.value_length);
            return true;
        }
    }
    return false;
}
