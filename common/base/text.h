/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_TEXT_H
#define SMS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A growing byte string. Start with `struct text t = {0}`, end with text_free. When memory runs out the text
 * keeps what it has and `failed` stays true: callers add freely and look once at the end.
 */
struct text {
    char *bytes; /* owned; NULL while empty, else NUL-terminated behind `length` */
    size_t length;
    size_t capacity;
    bool failed;
};

/** Append. @param string  never NULL; any bytes, as they are: untrusted text goes through base/sanitize.h */
void text_add(struct text *text, const char *string);

/** Append bytes, of which one may be NUL. @param bytes  none of the text itself */
void text_add_bytes(struct text *text, const char *bytes, size_t length);

/** Append as printf does. */
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Cut back to a length not above the present one. */
void text_cut(struct text *text, size_t length);

/** @return the string, "" when empty; borrowed until the next change */
const char *text_string(const struct text *text);

void text_free(struct text *text);

#endif
