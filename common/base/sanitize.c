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

struct code_range {
    uint32_t first, last;
};

static bool is_in(const struct code_range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/*
 * They are not seen, or change how the rest of a console's line reads, and have no place in a package name: Unicode's
 * Default_Ignorable_Code_Point (DerivedCoreProperties.txt: U+00AD to U+E0FFF, with the bidirectional controls), and the
 * controls of interlinear notes and of hieroglyphs.
 */
static bool is_dropped(uint32_t c)
{
    static const struct code_range dropped[] = {
        {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x061C, 0x061C},   {0x115F, 0x1160}, {0x17B4, 0x17B5},
        {0x180B, 0x180F},   {0x200B, 0x200F},   {0x202A, 0x202E},   {0x2060, 0x206F}, {0x3164, 0x3164},
        {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB}, {0x13430, 0x1345F},
        {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
    };
    return is_in(dropped, sizeof dropped / sizeof *dropped, c);
}

/* Of private use, or of none: what a console shows for them, if anything, nobody can say. */
static bool is_unknown(uint32_t c)
{
    static const struct code_range unknown[] = {{0xE000, 0xF8FF}, {0xFDD0, 0xFDEF}, {0xF0000, 0x10FFFF}};
    return (c & 0xFFFE) == 0xFFFE || is_in(unknown, sizeof unknown / sizeof *unknown, c);
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
        return is_unknown(c) ? 0xFFFD : c;
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
