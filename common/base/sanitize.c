// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/sanitize.h"

#include "base/unicode.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_blank(uint32_t c)
{
    return c <= 0x20 || c == 0x7F || (c >= 0x80 && c <= 0xA0) || c == 0x2028 || c == 0x2029;
}

/* They change how the rest of a console's line reads, and have no place in a package name. */
static bool is_dropped(uint32_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F ||
           c == 0xFEFF;
}

/* What has a meaning for a console becomes what looks alike and has none: `|` begins perfdata, and Icinga Web takes
 * output with `<` and `>` in it for HTML. */
static uint32_t harmless(uint32_t c)
{
    switch (c) {
    case '|':
        return '/';
    case '<':
        return 0x2039; /* SINGLE LEFT-POINTING ANGLE QUOTATION MARK */
    case '>':
        return 0x203A;
    default:
        return c;
    }
}

void text_add_clean(struct text *text, const char *string, size_t max_bytes)
{
    static const char ellipsis[] = "...";
    if (string == NULL)
        return;
    size_t left = strlen(string), start = text->length, room_for_ellipsis = start;
    bool blank = false;
    while (left > 0) {
        uint32_t character;
        size_t size = utf8_decode(string, left, &character);
        string += size;
        left -= size;
        if (is_dropped(character))
            continue;
        if (is_blank(character)) {
            blank = true;
            continue;
        }
        size_t before = text->length;
        if (blank && before > start)
            text_add(text, " ");
        utf8_append(text, harmless(character));
        blank = false;
        if (text->length - start > max_bytes) {
            text_cut(text, before);
            text_cut(text, room_for_ellipsis);
            if (max_bytes >= sizeof ellipsis - 1)
                text_add(text, ellipsis);
            return;
        }
        if (text->length - start + sizeof ellipsis - 1 <= max_bytes)
            room_for_ellipsis = text->length;
    }
}

void text_add_clean_list(struct text *text, const char *const *strings, size_t count, size_t shown,
                         size_t max_bytes)
{
    for (size_t i = 0; i < count && i < shown; i++) {
        text_add(text, i > 0 ? ", " : "");
        text_add_clean(text, strings[i] != NULL ? strings[i] : "?", max_bytes);
    }
    if (count > shown)
        text_addf(text, " and %zu more", count - shown);
}
