// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/unicode.h"

/* The bounds of the second byte are what rules out overlong forms, surrogates and values above U+10FFFF
 * (RFC 3629, section 4). */
struct lead {
    size_t length;
    unsigned char second_least, second_most;
};

static struct lead lead_of(unsigned char byte)
{
    if (byte >= 0xC2 && byte <= 0xDF)
        return (struct lead){2, 0x80, 0xBF};
    if (byte >= 0xE0 && byte <= 0xEF)
        return (struct lead){3, byte == 0xE0 ? 0xA0 : 0x80, byte == 0xED ? 0x9F : 0xBF};
    if (byte >= 0xF0 && byte <= 0xF4)
        return (struct lead){4, byte == 0xF0 ? 0x90 : 0x80, byte == 0xF4 ? 0x8F : 0xBF};
    return (struct lead){1, 0, 0};
}

/* @return bytes taken; *valid tells a character from garbage */
static size_t decode(const char *bytes, size_t length, uint32_t *character, bool *valid)
{
    *character = UTF_REPLACEMENT;
    *valid = false;
    if (length == 0)
        return 0;
    unsigned char first = (unsigned char)bytes[0];
    if (first < 0x80) {
        *character = first;
        *valid = true;
        return 1;
    }
    struct lead lead = lead_of(first);
    if (lead.length == 1)
        return 1;
    uint32_t value = first & (0x7Fu >> lead.length);
    for (size_t i = 1; i < lead.length; i++) {
        unsigned char least = i == 1 ? lead.second_least : 0x80;
        unsigned char most = i == 1 ? lead.second_most : 0xBF;
        if (i >= length || (unsigned char)bytes[i] < least || (unsigned char)bytes[i] > most)
            return i;
        value = value << 6 | ((unsigned char)bytes[i] & 0x3Fu);
    }
    *character = value;
    *valid = true;
    return lead.length;
}

size_t utf8_decode(const char *bytes, size_t length, uint32_t *character)
{
    bool valid;
    return decode(bytes, length, character, &valid);
}

bool utf8_valid(const char *bytes, size_t length)
{
    uint32_t character;
    for (size_t at = 0; at < length;) {
        bool valid;
        at += decode(bytes + at, length - at, &character, &valid);
        if (!valid)
            return false;
    }
    return true;
}

void utf8_append(struct text *text, uint32_t character)
{
    if (character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF))
        character = UTF_REPLACEMENT;
    char bytes[4];
    size_t length;
    if (character < 0x80) {
        bytes[0] = (char)character;
        length = 1;
    } else if (character < 0x800) {
        bytes[0] = (char)(0xC0 | character >> 6);
        bytes[1] = (char)(0x80 | (character & 0x3F));
        length = 2;
    } else if (character < 0x10000) {
        bytes[0] = (char)(0xE0 | character >> 12);
        bytes[1] = (char)(0x80 | (character >> 6 & 0x3F));
        bytes[2] = (char)(0x80 | (character & 0x3F));
        length = 3;
    } else {
        bytes[0] = (char)(0xF0 | character >> 18);
        bytes[1] = (char)(0x80 | (character >> 12 & 0x3F));
        bytes[2] = (char)(0x80 | (character >> 6 & 0x3F));
        bytes[3] = (char)(0x80 | (character & 0x3F));
        length = 4;
    }
    text_add_bytes(text, bytes, length);
}

void utf8_append_clean(struct text *text, const char *bytes, size_t length)
{
    size_t from = 0; /* valid bytes from here to `at` are appended in one piece */
    for (size_t at = 0; at < length;) {
        uint32_t character;
        bool valid;
        size_t taken = decode(bytes + at, length - at, &character, &valid);
        if (!valid) {
            text_add_bytes(text, bytes + from, at - from);
            utf8_append(text, UTF_REPLACEMENT);
            from = at + taken;
        }
        at += taken;
    }
    text_add_bytes(text, bytes + from, length - from);
}

void utf8_append_utf16(struct text *text, const uint16_t *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t unit = units[i];
        bool high = unit >= 0xD800 && unit <= 0xDBFF;
        if (high && i + 1 < count && units[i + 1] >= 0xDC00 && units[i + 1] <= 0xDFFF) {
            utf8_append(text, 0x10000 + ((unit - 0xD800) << 10) + (units[i + 1] - 0xDC00u));
            i++;
        } else {
            utf8_append(text, unit);
        }
    }
}

size_t utf16_from_utf8(const char *bytes, size_t length, uint16_t *units)
{
    size_t count = 0;
    for (size_t at = 0; at < length;) {
        uint32_t character;
        at += utf8_decode(bytes + at, length - at, &character);
        if (character >= 0x10000) {
            units[count++] = (uint16_t)(0xD800 + ((character - 0x10000) >> 10));
            units[count++] = (uint16_t)(0xDC00 + ((character - 0x10000) & 0x3FF));
        } else {
            units[count++] = (uint16_t)character;
        }
    }
    return count;
}
