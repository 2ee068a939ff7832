/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_JSON_H
#define SMS_BASE_JSON_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A JSON text while it is put together. Strings are quoted by SQLite's json_quote; they must be UTF-8
 * (text_add_clean). Keys are literals of the program. NULL as key: a member of a list.
 */
struct json {
    struct text text;       /* owned */
    void *database, *quote; /* owned: SQLite's */
    bool comma;             /* the next value follows another one */
};

/** @return 0, or -1 when memory ran out; end it with json_close in both cases */
int json_open(struct json *json);

void json_begin(struct json *json, const char *key, char bracket); /* '{' or '[' */
void json_end(struct json *json, char bracket);                    /* '}' or ']' */

/** @param value  NULL is null */
void json_string(struct json *json, const char *key, const char *value);
void json_integer(struct json *json, const char *key, bool known, int64_t value); /* not known: null */
void json_boolean(struct json *json, const char *key, bool value);

/** Free all but the text, which is the caller's from now on. */
void json_close(struct json *json);

#endif
