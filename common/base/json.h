/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_JSON_H
#define SMS_BASE_JSON_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A JSON text (RFC 8259) while it is put together. Begin with {0}; `text.failed` tells that memory ran out.
 * Keys are literals of the program. NULL as key: a member of a list.
 */
struct json {
    struct text text; /* owned */
    bool comma;       /* the next value follows another one */
};

/** Begin an object or a list. @param bracket  '{' or '[' */
void json_begin(struct json *json, const char *key, char bracket);

/** End it. @param bracket  '}' or ']' */
void json_end(struct json *json, char bracket);

/** @param value  NULL is null; what is no valid UTF-8 becomes U+FFFD, control characters are escaped */
void json_string(struct json *json, const char *key, const char *value);

/** @param known  false: null */
void json_integer(struct json *json, const char *key, bool known, int64_t value);
void json_boolean(struct json *json, const char *key, bool value);

/** A number that is already text, as perfdata has it ("0.002"). */
void json_number(struct json *json, const char *key, const char *number);

#endif
