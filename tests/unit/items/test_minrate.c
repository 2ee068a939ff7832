// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/minrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <string.h>

static const struct {
    const char *rates; /* blank-separated: one --min-rate each */
    const char *site;
    int64_t bytes_per_hour, size_bytes, allowance_s;
} cases[] = {
    {"2GB/h", "S02", 2000000000, 4000000000, 7200},
    {"2GB/h", NULL, 2000000000, 1000000000, 1800},
    {"S02=300MB/h", "S02", 300000000, 600000000, 7200},
    {"S02=300MB/h", "s02", 300000000, 600000000, 7200},
    {"S02=300MB/h", "S03", 0, 600000000, 0},
    {"2GB/h,S02=1GB/h", "S02", 1000000000, 1000000000, 3600},
    {"S02=1GB/h,2GB/h", "S02", 1000000000, 1000000000, 3600},
    {"S02=1GB/h,2GB/h", "S03", 2000000000, 1000000000, 1800},
    {"1GB/h 2GB/h", "S03", 2000000000, 1000000000, 1800},
    {"S02=1GB/h S02=2GB/h", "S02", 2000000000, 1000000000, 1800},
    {"1/h", "S02", 1, 0, 0},
    {"1/h", "S02", 1, -5, 0},
    {"1MiB/h", "S02", 1048576, 1048576, 3600},
};

static void sizes_allow_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rate_list list = {0};
        struct failure failure = {""};
        char copy[64];
        strcpy(copy, cases[i].rates);
        for (char *rest = copy, *part; (part = strtok_r(rest, " ", &rest)) != NULL;)
            if (rate_list_parse(&list, part, &failure) != 0)
                fail_msg("%s: %s", cases[i].rates, failure.text);
        int64_t rate = rate_list_bytes_per_hour(&list, cases[i].site);
        int64_t allowance = rate_list_allowance_s(&list, cases[i].site, cases[i].size_bytes);
        if (rate != cases[i].bytes_per_hour || allowance != cases[i].allowance_s)
            fail_msg("%s for %s: %" PRId64 " an hour, %" PRId64 " s", cases[i].rates, cases[i].site, rate,
                     allowance);
        rate_list_free(&list);
    }
    assert_int_equal(rate_list_bytes_per_hour(NULL, "S02"), 0);
    assert_int_equal(rate_list_allowance_s(NULL, "S02", 5), 0);
}

static const struct {
    const char *rate, *words;
} bad[] = {
    {"2GB", "no rate per hour"},
    {"2GB/d", "no rate per hour"},
    {"2GB/h/h", "no rate per hour"},
    {"=2GB/h", "no site code"},
    {"TOOLONGCODE=2GB/h", "no site code"},
    {"S02=", "no rate per hour"},
    {"S02=fast/h", ""},
    {"/h", ""},
    {"-1GB/h", ""},
    {"0/h", "would never page"},
};

static void bad_rates_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rate_list list = {0};
        struct failure failure = {""};
        if (rate_list_parse(&list, bad[i].rate, &failure) == 0 || failure.text[0] == '\0' ||
            strstr(failure.text, bad[i].words) == NULL)
            fail_msg("--min-rate=%s: '%s'", bad[i].rate, failure.text);
        rate_list_free(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_allow_time),
        cmocka_unit_test(bad_rates_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
