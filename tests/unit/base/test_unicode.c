// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define R "\xEF\xBF\xBD"

static void decodes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint32_t character;
        size_t taken;
    } cases[] = {
        {"a", 'a', 1},
        {"\xC3\xA4", 0xE4, 2},
        {"\xE2\x82\xAC", 0x20AC, 3},
        {"\xF0\x9F\x8E\x89", 0x1F389, 4},
        {"\xF4\x8F\xBF\xBF", 0x10FFFF, 4},
        {"\xEF\xBF\xBF", 0xFFFF, 3},
        {"\x80", UTF_REPLACEMENT, 1},
        {"\xC0\x80", UTF_REPLACEMENT, 1},
        {"\xC1\xBF", UTF_REPLACEMENT, 1},
        {"\xE0\x9F\xBF", UTF_REPLACEMENT, 1},
        {"\xED\xA0\x80", UTF_REPLACEMENT, 1},
        {"\xF0\x8F\xBF\xBF", UTF_REPLACEMENT, 1},
        {"\xF4\x90\x80\x80", UTF_REPLACEMENT, 1},
        {"\xF5\x80\x80\x80", UTF_REPLACEMENT, 1},
        {"\xFF", UTF_REPLACEMENT, 1},
        {"\xC3", UTF_REPLACEMENT, 1},
        {"\xC3z", UTF_REPLACEMENT, 1},
        {"\xE2\x82", UTF_REPLACEMENT, 2},
        {"\xE2\x82z", UTF_REPLACEMENT, 2},
        {"\xF0\x9F\x8E", UTF_REPLACEMENT, 3},
        {"\xF0\x9F\x8Ez", UTF_REPLACEMENT, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t character = 0;
        size_t taken = utf8_decode(cases[i].bytes, strlen(cases[i].bytes), &character);
        if (taken != cases[i].taken || character != cases[i].character)
            fail_msg("case %zu: U+%04X, %zu bytes", i, (unsigned)character, taken);
        bool valid = utf8_valid(cases[i].bytes, strlen(cases[i].bytes));
        if (valid != (cases[i].character != UTF_REPLACEMENT))
            fail_msg("case %zu: valid is %d", i, valid);
    }
    uint32_t character;
    assert_int_equal(utf8_decode("", 0, &character), 0);
    assert_true(utf8_valid("a\0b", 3));
    assert_true(utf8_valid(R, 3));
    assert_false(utf8_valid("a\xC3\xA4\xE2\x82", 5));
}

static void cleans(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *clean;
    } cases[] = {{"", ""},
                 {"plain", "plain"},
                 {"a\xFF"
                  "b",
                  "a" R "b"},
                 {"\xE2\x82", R},
                 {"\xE2\x82\xE2\x82\xAC", R "\xE2\x82\xAC"},
                 {"\xED\xA0\x80", R R R},
                 {"\xC3\xA4\xC3", "\xC3\xA4" R}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = {0};
        utf8_append_clean(&text, cases[i].bytes, strlen(cases[i].bytes));
        assert_string_equal(text_string(&text), cases[i].clean);
        text_free(&text);
    }
}

static void reads_utf16(void **state)
{
    (void)state;
    static const struct {
        uint16_t units[4];
        size_t count;
        const char *utf8;
    } cases[] = {{{0}, 0, ""},
                 {{'a', 0xE4, 0x20AC}, 3, "a\xC3\xA4\xE2\x82\xAC"},
                 {{0xD83C, 0xDF89}, 2, "\xF0\x9F\x8E\x89"},
                 {{0xDBFF, 0xDFFF}, 2, "\xF4\x8F\xBF\xBF"},
                 {{0xD800}, 1, R},
                 {{0xD800, 'a'}, 2, R "a"},
                 {{0xDC00, 'a'}, 2, R "a"},
                 {{0xD800, 0xD83C, 0xDF89}, 3, R "\xF0\x9F\x8E\x89"},
                 {{0xDC00, 0xD800}, 2, R R},
                 {{0xFFFF}, 1, "\xEF\xBF\xBF"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = {0};
        utf8_append_utf16(&text, cases[i].units, cases[i].count);
        assert_string_equal(text_string(&text), cases[i].utf8);
        text_free(&text);
    }
}

static void writes_utf16(void **state)
{
    (void)state;
    static const char bytes[] = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8E\x89\xFFz";
    static const uint16_t expected[] = {'a', 0xE4, 0x20AC, 0xD83C, 0xDF89, 0xFFFD, 'z'};
    uint16_t units[sizeof bytes];
    assert_int_equal(utf16_from_utf8(bytes, sizeof bytes - 1, units), 7);
    assert_memory_equal(units, expected, sizeof expected);
}

static void every_character_there_and_back(void **state)
{
    (void)state;
    for (uint32_t character = 1; character <= 0x10FFFF; character++) {
        if (character >= 0xD800 && character <= 0xDFFF)
            continue;
        struct text text = {0}, back = {0};
        uint16_t units[4];
        utf8_append(&text, character);
        size_t count = utf16_from_utf8(text.bytes, text.length, units);
        utf8_append_utf16(&back, units, count);
        uint32_t decoded;
        if (utf8_decode(back.bytes, back.length, &decoded) != back.length || decoded != character ||
            !utf8_valid(back.bytes, back.length))
            fail_msg("U+%04X came back as U+%04X", (unsigned)character, (unsigned)decoded);
        text_free(&text);
        text_free(&back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decodes), cmocka_unit_test(cleans),
                                       cmocka_unit_test(reads_utf16), cmocka_unit_test(writes_utf16),
                                       cmocka_unit_test(every_character_there_and_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
