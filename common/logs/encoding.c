// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/encoding.h"

#include "base/unicode.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name; /* the first of each kind is the canonical one */
    enum log_encoding_kind kind;
} names[] = {
    {"auto", LOG_ENCODING_AUTO},        {"utf-8/cp1252", LOG_ENCODING_EIGHT},
    {"utf-8", LOG_ENCODING_UTF8},       {"utf8", LOG_ENCODING_UTF8},
    {"utf-16le", LOG_ENCODING_UTF16LE}, {"utf16le", LOG_ENCODING_UTF16LE},
    {"utf-16", LOG_ENCODING_UTF16LE},   {"utf16", LOG_ENCODING_UTF16LE},
    {"ucs-2le", LOG_ENCODING_UTF16LE},  {"utf-16be", LOG_ENCODING_UTF16BE},
    {"utf16be", LOG_ENCODING_UTF16BE},
};

static void set_kind(struct log_encoding *encoding, enum log_encoding_kind kind)
{
    size_t i = 0;
    while (names[i].kind != kind)
        i++;
    *encoding = (struct log_encoding){.kind = kind};
    memcpy(encoding->name, names[i].name, strlen(names[i].name) + 1);
}

/* Do the ASCII characters stand for themselves? The reader looks for them in the bytes. Refuses UTF-7,
 * UTF-32, EBCDIC. */
static bool ascii_transparent(iconv_t codepage)
{
    for (char c = '\n'; c < 127; c++) {
        char bytes[1] = {c}, out[16] = "";
        char *in = bytes, *to = out;
        size_t left = 1, room = sizeof out;
        if ((c < ' ' && c != '\n') || c == '\\' ||
            c == '~') /* differ in Shift-JIS, and only in the picture */
            continue;
        if (iconv(codepage, &in, &left, &to, &room) == (size_t)-1 || to != out + 1 || out[0] != c)
            return false;
    }
    return true;
}

int log_encoding_parse(const char *name, struct log_encoding *encoding, struct failure *failure)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(name, names[i].name) == 0) {
            set_kind(encoding, names[i].kind);
            return 0;
        }
    if (name[0] == '\0' || strlen(name) >= sizeof encoding->name || strpbrk(name, "/ ,") != NULL)
        return fail(
            failure,
            "\"%.40s\" is no encoding; write auto, utf-8, utf-16le, utf-16be or a code page such as cp1252",
            name);
    iconv_t codepage = iconv_open("UTF-8", name);
    if (codepage == (iconv_t)-1)
        return fail(failure,
                    "the code page \"%s\" is not known here; write auto, utf-8, utf-16le, "
                    "utf-16be or a code page such as cp1252 (`iconv -l` lists them)",
                    name);
    bool usable = ascii_transparent(codepage);
    iconv_close(codepage);
    if (!usable)
        return fail(failure,
                    "logs in \"%s\" cannot be read: write auto, utf-8, "
                    "utf-16le, utf-16be or a code page such as cp1252",
                    name);
    *encoding = (struct log_encoding){.kind = LOG_ENCODING_CODEPAGE};
    memcpy(encoding->name, name, strlen(name) + 1);
    return 0;
}

bool log_encoding_decide(const char *bytes, size_t length, bool final, struct log_encoding *encoding)
{
    const unsigned char *b = (const unsigned char *)bytes;
    if (length >= 2 && b[0] == 0xFF && b[1] == 0xFE)
        set_kind(encoding, LOG_ENCODING_UTF16LE);
    else if (length >= 2 && b[0] == 0xFE && b[1] == 0xFF)
        set_kind(encoding, LOG_ENCODING_UTF16BE);
    else if (length >= 4 && b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0)
        set_kind(encoding, LOG_ENCODING_UTF16LE);
    else if (length >= 4 && b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0)
        set_kind(encoding, LOG_ENCODING_UTF16BE);
    else if (length >= 4 || final)
        set_kind(encoding, LOG_ENCODING_EIGHT);
    else
        return false;
    return true;
}

/* Windows-1252 from 0x80 to 0x9F; 0: not assigned (Microsoft's table cp1252). */
static const uint16_t cp1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

static void convert_cp1252(const char *bytes, size_t length, struct text *out)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        uint32_t character = c;
        if (c >= 0x80 && c < 0xA0)
            character = cp1252[c - 0x80] != 0 ? cp1252[c - 0x80] : UTF_REPLACEMENT;
        utf8_append(out, character);
    }
}

static void convert_iconv(const char *name, const char *bytes, size_t length, struct text *out)
{
    iconv_t codepage = iconv_open("UTF-8", name);
    if (codepage == (iconv_t)-1) {
        utf8_append_clean(out, bytes, length);
        return;
    }
    char *in = (char *)(uintptr_t)bytes; /* iconv does not write to it; its prototype is older than const */
    size_t left = length;
    while (left > 0) {
        char piece[1024], *to = piece;
        size_t room = sizeof piece;
        size_t result = iconv(codepage, &in, &left, &to, &room);
        int error = errno;
        text_add_bytes(out, piece, (size_t)(to - piece));
        if (result == (size_t)-1 && error != E2BIG && left > 0) {
            utf8_append(out, UTF_REPLACEMENT);
            in++;
            left--;
        }
    }
    iconv_close(codepage);
}

void log_encoding_convert(const struct log_encoding *encoding, const char *bytes, size_t length,
                          struct text *out)
{
    if (encoding->kind == LOG_ENCODING_CODEPAGE)
        convert_iconv(encoding->name, bytes, length, out);
    else if (encoding->kind == LOG_ENCODING_EIGHT && !utf8_valid(bytes, length))
        convert_cp1252(bytes, length, out);
    else
        utf8_append_clean(out, bytes, length);
}

static uint32_t unit_at(bool big_endian, const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return big_endian ? (uint32_t)b[0] << 8 | b[1] : (uint32_t)b[1] << 8 | b[0];
}

size_t log_utf16_decode(bool big_endian, const char *bytes, size_t length, char *out, size_t *used)
{
    size_t at = 0;
    unsigned char *to = (unsigned char *)out;
    while (length - at >= 2) {
        uint32_t c = unit_at(big_endian, bytes + at);
        size_t taken = 2;
        if (c >= 0xD800 && c < 0xDC00) {
            if (length - at < 4)
                break;
            uint32_t low = unit_at(big_endian, bytes + at + 2);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                taken = 4;
            } else {
                c = UTF_REPLACEMENT;
            }
        } else if (c >= 0xDC00 && c < 0xE000) {
            c = UTF_REPLACEMENT;
        }
        at += taken;
        if (c < 0x80) {
            *to++ = (unsigned char)c;
        } else if (c < 0x800) {
            *to++ = (unsigned char)(0xC0 | c >> 6);
            *to++ = (unsigned char)(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            *to++ = (unsigned char)(0xE0 | c >> 12);
            *to++ = (unsigned char)(0x80 | (c >> 6 & 0x3F));
            *to++ = (unsigned char)(0x80 | (c & 0x3F));
        } else {
            *to++ = (unsigned char)(0xF0 | c >> 18);
            *to++ = (unsigned char)(0x80 | (c >> 12 & 0x3F));
            *to++ = (unsigned char)(0x80 | (c >> 6 & 0x3F));
            *to++ = (unsigned char)(0x80 | (c & 0x3F));
        }
    }
    *used = at;
    return (size_t)(to - (unsigned char *)out);
}

size_t log_utf16_size(const char *utf8, size_t length)
{
    size_t size = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)utf8[i];
        if ((c & 0xC0) != 0x80)
            size += c >= 0xF0 ? 4 : 2;
    }
    return size;
}
