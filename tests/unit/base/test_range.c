// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Values that alert and that do not, blank-separated, and the range in perfdata. */
static const struct {
    const char *range;
    bool durations;
    const char *alerts;
    const char *calm;
    const char *perfdata;
} good[] = {
    {"10", false, "-1 11", "0 10", "10"},
    {"10:", false, "-5 9", "10 9223372036854775807", ""},
    {"~:10", false, "11", "-9223372036854775808 10", ""},
    {"5:10", false, "4 11", "5 10", ""},
    {"@5:10", false, "5 7 10", "4 11", ""},
    {"@10", false, "0 10", "-1 11", ""},
    {"@~:3", false, "-9 3", "4", ""},
    {"@3:", false, "3 9", "2", ""},
    {"~:", false, "", "-1 0 1", ""},
    {":10", false, "-1 11", "0 10", "10"},
    {"0:10", false, "-1 11", "0 10", "10"},
    {"7:7", false, "6 8", "7", ""},
    {"-10:-2", false, "-11 -1", "-10 -2", ""},
    {"0", false, "1 -1", "0", "0"},
    {"24h", true, "86401", "0 86400", "86400"},
    {"1d12h:", true, "129599", "129600", ""},
    {"@30m:1h", true, "1800 3600", "1799 3601", ""},
    {"90s", true, "91", "90", "90"},
    {"0", true, "1", "0", "0"},
    {"9223372036854775807", false, "-1", "0 9223372036854775807", "9223372036854775807"},
};

static void check_values(const char *range_text, const struct range *range, const char *values, bool alerts)
{
    int length;
    int64_t value;
    for (; sscanf(values, "%" SCNd64 "%n", &value, &length) == 1; values += length) {
        if (range_alerts(range, value) != alerts)
            fail_msg("range %s, value %" PRId64 ": %s expected", range_text, value,
                     alerts ? "alert" : "no alert");
    }
}

static void ranges_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct range range = {0};
        struct failure failure = {""};
        char perfdata[24];
        if (range_parse(good[i].range, good[i].durations, &range, &failure) != 0)
            fail_msg("range %s: %s", good[i].range, failure.text);
        check_values(good[i].range, &range, good[i].alerts, true);
        check_values(good[i].range, &range, good[i].calm, false);
        range_perfdata(&range, perfdata, sizeof perfdata);
        if (strcmp(perfdata, good[i].perfdata) != 0)
            fail_msg("range %s: perfdata '%s', not '%s'", good[i].range, perfdata, good[i].perfdata);
    }
}

static const struct {
    const char *range;
    bool durations;
    const char *words; /* of the failure */
} bad[] = {
    {"", false, "no number"},
    {":", false, "no number"},
    {"@", false, "no number"},
    {"@:", false, "no number"},
    {"~", false, "not a whole number"},
    {"10:~", false, "not a whole number"},
    {"20:10", false, "start lies above its end"},
    {"1.5", false, "not a whole number"},
    {"1h", false, "not a whole number"},
    {"1:2:3", false, "not a whole number"},
    {" 1", false, "not a whole number"},
    {"+1", false, "not a whole number"},
    {"-", false, "not a whole number"},
    {"@@1", false, "not a whole number"},
    {"9223372036854775808", false, "too large"},
    {"2h:1h", true, "start lies above its end"},
    {"-5", true, "negative"},
    {"24", true, "24h or 24s?"},
    {"10:", true, "10h or 10s?"},
    {"@1h:2", true, "2h or 2s?"},
    {"5x", true, "unknown unit"},
    {"1d12", true, "without a unit"},
    {"1111111111111111111111111111111111111111111111111111111111111111111111", true, "too long"},
};

static void wrong_ranges_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct range range = {.end = 42};
        struct failure failure = {""};
        if (range_parse(bad[i].range, bad[i].durations, &range, &failure) != -1)
            fail_msg("range '%s' was taken", bad[i].range);
        if (strstr(failure.text, bad[i].words) == NULL)
            fail_msg("range '%s': '%s' lacks '%s'", bad[i].range, failure.text, bad[i].words);
        if (range.set || range.end != 42)
            fail_msg("range '%s': the target was changed", bad[i].range);
    }
}

static const struct {
    const char *range;
    int64_t more;
    int64_t start, end;
} extended[] = {
    {"10", 5, 0, 15},      {"10:20", 5, 10, 25}, {"10:", 5, 15, 0}, {"~:10", 5, 0, 15},
    {"@10:20", 5, 10, 20}, {"10", 0, 0, 10},     {"10", -5, 0, 10}, {"10", INT64_MAX, 0, INT64_MAX},
};

static void ranges_are_extended(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof extended / sizeof extended[0]; i++) {
        struct range range;
        assert_int_equal(range_parse(extended[i].range, false, &range, NULL), 0);
        range = range_extended(&range, extended[i].more);
        if (range.start != extended[i].start || range.end != extended[i].end)
            fail_msg("%s and %" PRId64 ": %" PRId64 " to %" PRId64, extended[i].range, extended[i].more,
                     range.start, range.end);
    }
    struct range none = range_extended(&(struct range){0}, 5);
    assert_false(none.set);
    assert_false(range_alerts(&none, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read),
        cmocka_unit_test(wrong_ranges_are_refused),
        cmocka_unit_test(ranges_are_extended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
