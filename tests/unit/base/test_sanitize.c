// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/sanitize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const struct {
    const char *string, *cleaned;
} cases[] = {
    {NULL, ""},
    {"", ""},
    {"Office 2003", "Office 2003"},
    {"  a  b  ", "a b"},
    {"a\r\n\tb", "a b"},
    {"a\x01\x02 \x7f"
     "b",
     "a b"},
    {"\n\n", ""},
    {"x | y=1;2", "x / y=1;2"},
    {"a\xc2\x85"
     "b\u00a0c\u2028d\u2029e",
     "a b c d e"},
    {"a\u202eb\u200fc\ufeff", "abc"},
    {"CEN\u200b0\u00ad0\u20600\U000e00410\ufe0f1\u061c2\u3164", "CEN000012"}, /* not seen */
    {"a\ue000b\U00100000c\ufffed\ufdd0", "a\ufffdb\ufffdc\ufffdd\ufffd"},     /* of nobody */
    {"\u0661\u200d\u0e33 \u05d0\u0301", "\u0661\u0e33 \u05d0\u0301"},
    {"\u2066user\u2069", "user"},
    {"Größe €😀", "Größe €😀"},
    {"1С:Предприятие", "1С:Предприятие"},
    {"a\xff"
     "b",
     "a\ufffd"
     "b"},
    {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
    {"\xc3", "\ufffd"},
    {"cut \xe2\x82", "cut \ufffd"},
    {"'\"`$(x)", "'\"`$(x)"},
    {"<b>x</b><!--", "‹b›x‹/b›‹!--"},
};

static void untrusted_text_is_cleaned(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = {0};
        text_add(&text, "<");
        text_add_clean(&text, cases[i].string, 100);
        if (strcmp(text_string(&text) + 1, cases[i].cleaned) != 0)
            fail_msg("case %zu: '%s', not '%s'", i, text_string(&text) + 1, cases[i].cleaned);
        text_free(&text);
    }
}

static const struct {
    const char *string;
    size_t most;
    const char *cut;
} cuts[] = {
    {"abcdef", 6, "abcdef"}, {"abcdef", 5, "ab..."}, {"abcdef", 3, "..."},   {"abcdef", 2, ""},
    {"abcdef", 0, ""},       {"äöüß", 8, "äöüß"},    {"äöüß", 7, "äö..."},   {"äöüß", 6, "ä..."},
    {"😀😀", 7, "😀..."},       {"ab  cd", 5, "ab cd"}, {"ab cd ", 5, "ab cd"}, {"a |b", 4, "a /b"},
};

static void long_text_is_cut_at_a_character(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct text text = {0};
        text_add(&text, "before ");
        text_add_clean(&text, cuts[i].string, cuts[i].most);
        if (strcmp(text_string(&text) + strlen("before "), cuts[i].cut) != 0)
            fail_msg("'%s' in %zu bytes: '%s'", cuts[i].string, cuts[i].most, text_string(&text));
        text_free(&text);
    }
}

static const char *const names[] = {"CEN00001", "CEN|0002", NULL, "CEN00000004"};
static const struct {
    size_t count, shown, most;
    const char *list;
} lists[] = {
    {0, 5, 20, ""},
    {1, 5, 20, "CEN00001"},
    {2, 5, 20, "CEN00001, CEN/0002"},
    {4, 4, 8, "CEN00001, CEN/0002, ?, CEN00..."},
    {4, 1, 20, "CEN00001 and 3 more"},
    {1000, 2, 20, "CEN00001, CEN/0002 and 998 more"},
    {4, 0, 20, " and 4 more"},
};

static void a_few_names_stand_for_many(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct text text = {0};
        text_add_clean_list(&text, names, lists[i].count, lists[i].shown, lists[i].most);
        if (strcmp(text_string(&text), lists[i].list) != 0)
            fail_msg("%zu of %zu: '%s', not '%s'", lists[i].shown, lists[i].count, text_string(&text),
                     lists[i].list);
        text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untrusted_text_is_cleaned),
        cmocka_unit_test(long_text_is_cut_at_a_character),
        cmocka_unit_test(a_few_names_stand_for_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
