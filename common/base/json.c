// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"

#include "base/unicode.h"

#include <inttypes.h>

static void add_quoted(struct text *text, const char *value)
{
    text_add(text, "\"");
    while (*value != '\0') {
        size_t plain = 0;
        while ((unsigned char)value[plain] >= 0x20 && value[plain] != '"' && value[plain] != '\\' &&
               value[plain] != 0x7F)
            plain++;
        utf8_append_clean(text, value, plain);
        value += plain;
        if (*value == '"' || *value == '\\')
            text_addf(text, "\\%c", *value++);
        else if (*value != '\0')
            text_addf(text, "\\u%04x", (unsigned)*value++);
    }
    text_add(text, "\"");
}

static void add_key(struct json *json, const char *key)
{
    if (json->comma)
        text_add(&json->text, ",");
    if (key != NULL)
        text_addf(&json->text, "\"%s\":", key);
    json->comma = true;
}

void json_begin(struct json *json, const char *key, char bracket)
{
    add_key(json, key);
    text_add_bytes(&json->text, &bracket, 1);
    json->comma = false;
}

void json_end(struct json *json, char bracket)
{
    text_add_bytes(&json->text, &bracket, 1);
    json->comma = true;
}

void json_string(struct json *json, const char *key, const char *value)
{
    add_key(json, key);
    if (value == NULL)
        text_add(&json->text, "null");
    else
        add_quoted(&json->text, value);
}

void json_integer(struct json *json, const char *key, bool known, int64_t value)
{
    add_key(json, key);
    if (known)
        text_addf(&json->text, "%" PRId64, value);
    else
        text_add(&json->text, "null");
}

void json_boolean(struct json *json, const char *key, bool value)
{
    add_key(json, key);
    text_add(&json->text, value ? "true" : "false");
}

void json_number(struct json *json, const char *key, const char *number)
{
    add_key(json, key);
    text_add(&json->text, number);
}
