// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

/* (fail): cmocka has a macro of that name. */
static void formats_and_returns_minus_one(void **state)
{
    (void)state;
    struct failure failure = {""};
    assert_int_equal((fail)(&failure, "line %d: %s", 7, "no key"), -1);
    assert_string_equal(failure.text, "line 7: no key");
    assert_int_equal(fail_context(&failure, "%s: ", "x.ini"), -1);
    assert_string_equal(failure.text, "x.ini: line 7: no key");
}

static void null_drops_the_text(void **state)
{
    (void)state;
    assert_int_equal((fail)(NULL, "%d", 1), -1);
    assert_int_equal(fail_context(NULL, "%d", 1), -1);
}

/* A text of three-byte characters behind `lead` letters: the cut falls at every place inside a character. */
static void cuts_between_characters(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < 3; lead++) {
        char wide[2048] = "";
        struct failure failure;
        memset(wide, 'a', lead);
        for (size_t at = lead; at + 3 < sizeof wide; at += 3)
            memcpy(wide + at, "\xE2\x82\xAC", 4);
        (fail)(&failure, "%s", wide);
        size_t length = strlen(failure.text);
        if (length < sizeof failure.text - 4 || (length - lead) % 3 != 0)
            fail_msg("%zu letters before: cut to %zu bytes, inside a character", lead, length);
        fail_context(&failure, "file: ");
        length = strlen(failure.text);
        if (length >= sizeof failure.text || (length - lead - 6) % 3 != 0)
            fail_msg("%zu letters before, with context: cut to %zu bytes, inside a character", lead, length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_and_returns_minus_one),
        cmocka_unit_test(null_drops_the_text),
        cmocka_unit_test(cuts_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
