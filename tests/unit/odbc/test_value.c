// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void integers(void **state)
{
    (void)state;
    static const struct {
        const char *string;
        bool converts;
        int64_t integer;
    } cases[] = {{"0", true, 0},
                 {"42", true, 42},
                 {"-7", true, -7},
                 {"+7", true, 7},
                 {" 8 ", true, 8},
                 {"42.000", true, 42},
                 {"1.9", true, 1},
                 {"-1.9", true, -1},
                 {"9007199254740993", true, 9007199254740993},
                 {"9223372036854775807", true, INT64_MAX},
                 {"-9223372036854775808", true, INT64_MIN},
                 {"9223372036854775808", false, 0},
                 {"-9223372036854775809", false, 0},
                 {"99999999999999999999", false, 0},
                 {"", false, 0},
                 {" ", false, 0},
                 {"-", false, 0},
                 {".5", false, 0},
                 {"abc", false, 0},
                 {"7 x", false, 0},
                 {"1.0e+20", false, 0},
                 {"0x10", false, 0},
                 {"1,000", false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t integer = 0;
        bool converts = odbc_integer_parse(cases[i].string, &integer);
        if (converts != cases[i].converts || integer != cases[i].integer)
            fail_msg("\"%s\": %d, %lld", cases[i].string, converts, (long long)integer);
    }
}

static void instants(void **state)
{
    (void)state;
    static const struct {
        const char *string;
        bool converts;
        int64_t instant;
    } cases[] = {{"1970-01-01 00:00:00", true, 0},
                 {"1969-12-31 23:59:59", true, -1},
                 {"2026-11-23", true, 1795392000},
                 {"2026-11-23 08:15", true, 1795421700},
                 {"2026-11-23 08:15:04", true, 1795421704},
                 {"2026-11-23 08:15:04.999", true, 1795421704},
                 {"2026-11-23 08:15:04.1234567", true, 1795421704},
                 {"2026-11-23T08:15:04Z", true, 1795421704},
                 {"2000-02-29 00:00:00", true, 951782400},
                 {"0001-01-01 00:00:00", true, -62135596800},
                 {"1753-01-01 00:00:00", true, -6847804800},
                 {"9999-12-31 23:59:59", true, 253402300799},
                 {"1900-02-29 00:00:00", false, 0},
                 {"2026-02-30 00:00:00", false, 0},
                 {"2026-13-01 00:00:00", false, 0},
                 {"2026-00-01", false, 0},
                 {"2026-01-00", false, 0},
                 {"0000-01-01", false, 0},
                 {"2026-01-01 24:00:00", false, 0},
                 {"2026-01-01 08:60:00", false, 0},
                 {"2026-01-01 08:00:61", false, 0},
                 {"2026-01-01 08:00:00.", false, 0},
                 {"2026-01-01 08", false, 0},
                 {"2026-01-01 08:00:00 +02:00", false, 0},
                 {"20260101", false, 0},
                 {"rubbish", false, 0},
                 {"", false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t instant = 0;
        bool converts = odbc_instant_parse(cases[i].string, &instant);
        if (converts != cases[i].converts || instant != cases[i].instant)
            fail_msg("\"%s\": %d, %lld", cases[i].string, converts, (long long)instant);
    }
}

/* Some day of every month of all years, there and back. */
static void moments(void **state)
{
    (void)state;
    for (int64_t instant = -62135596800; instant <= 253402300799; instant += 86400 * 29 + 12345) {
        struct odbc_moment moment;
        char string[64];
        int64_t back = 0;
        assert_true(odbc_moment_of(instant, &moment));
        snprintf(string, sizeof string, "%04d-%02d-%02d %02d:%02d:%02d", moment.year, moment.month,
                 moment.day, moment.hour, moment.minute, moment.second);
        if (!odbc_instant_parse(string, &back) || back != instant)
            fail_msg("%lld became \"%s\", %lld", (long long)instant, string, (long long)back);
    }
    struct odbc_moment moment;
    assert_true(odbc_moment_of(253402300799, &moment));
    assert_int_equal(moment.year, 9999);
    assert_false(odbc_moment_of(253402300800, &moment));
    assert_false(odbc_moment_of(-62135596801, &moment));
    assert_false(odbc_moment_of(INT64_MAX, &moment));
    assert_false(odbc_moment_of(INT64_MIN, &moment));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(integers), cmocka_unit_test(instants),
                                       cmocka_unit_test(moments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
