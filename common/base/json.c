// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"

#include <inttypes.h>
#include <sqlite3.h>

int json_open(struct json *json)
{
    *json = (struct json){0};
    sqlite3 *database;
    sqlite3_stmt *quote = NULL;
    int code = sqlite3_open_v2(":memory:", &database, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(database, "SELECT json_quote(?1)", -1, &quote, NULL);
    json->database = database;
    json->quote = quote;
    json->text.failed = code != SQLITE_OK;
    return code == SQLITE_OK ? 0 : -1;
}

static void add_quoted(struct json *json, const char *value)
{
    sqlite3_stmt *quote = json->quote;
    sqlite3_reset(quote);
    sqlite3_bind_text(quote, 1, value, -1, SQLITE_STATIC);
    if (sqlite3_step(quote) == SQLITE_ROW)
        text_add(&json->text, (const char *)sqlite3_column_text(quote, 0));
    else
        json->text.failed = true;
    sqlite3_reset(quote);
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
        add_quoted(json, value);
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

void json_close(struct json *json)
{
    sqlite3_finalize(json->quote);
    sqlite3_close(json->database);
    json->quote = json->database = NULL;
}
