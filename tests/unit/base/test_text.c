// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void starts_empty(void **state)
{
    (void)state;
    struct text text = {0};
    assert_string_equal(text_string(&text), "");
    text_cut(&text, 0);
    text_cut(&text, 5);
    text_free(&text);
    text_free(&text);
}

static void grows_and_is_cut(void **state)
{
    (void)state;
    struct text text = {0};
    text_add(&text, "package ");
    text_addf(&text, "%s version %d", "CEN00012", 3);
    text_add_bytes(&text, "; more", 2);
    text_add_bytes(&text, NULL, 0);
    assert_string_equal(text_string(&text), "package CEN00012 version 3; ");
    text_cut(&text, 26);
    assert_string_equal(text_string(&text), "package CEN00012 version 3");
    text_cut(&text, 99);
    assert_int_equal(text.length, 26);
    text_free(&text);
}

static void grows_far(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 100000; i++)
        text_addf(&text, "%05d", i);
    assert_int_equal(text.length, 500000);
    assert_false(text.failed);
    assert_string_equal(text_string(&text) + 499990, "9999899999");
    text_free(&text);
}

static void impossible_lengths_fail_and_stay(void **state)
{
    (void)state;
    struct text text = {0};
    text_add(&text, "kept");
    text_add_bytes(&text, "x", SIZE_MAX / 2);
    assert_true(text.failed);
    text_add(&text, "dropped");
    assert_string_equal(text_string(&text), "kept");
    text_free(&text);
    assert_false(text.failed);
}

static void holds_nul_bytes(void **state)
{
    (void)state;
    struct text text = {0};
    text_add_bytes(&text, "a\0b", 3);
    assert_int_equal(text.length, 3);
    assert_memory_equal(text.bytes, "a\0b", 4);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty),    cmocka_unit_test(grows_and_is_cut),
        cmocka_unit_test(grows_far),       cmocka_unit_test(impossible_lengths_fail_and_stay),
        cmocka_unit_test(holds_nul_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
