// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

typedef int parser(const char *string, int64_t *number, struct failure *failure);
typedef const char *formatter(int64_t number, char *buffer, int size);

/* `words` of the failure, or NULL for a good one. */
struct parse_case {
    const char *string;
    int64_t number;
    const char *words;
};

struct format_case {
    int64_t number;
    const char *text;
};

static void check_parser(parser *parse, const struct parse_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t number = -42;
        struct failure failure = {""};
        int outcome = parse(cases[i].string, &number, &failure);
        if (cases[i].words == NULL && (outcome != 0 || number != cases[i].number))
            fail_msg("'%s': %" PRId64 ", not %" PRId64 " (%s)", cases[i].string, number, cases[i].number,
                     failure.text);
        if (cases[i].words != NULL && (outcome != -1 || strstr(failure.text, cases[i].words) == NULL))
            fail_msg("'%s': %d '%s', '%s' expected", cases[i].string, outcome, failure.text, cases[i].words);
    }
}

static void check_formatter(formatter *format, const struct format_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char buffer[32];
        const char *text = format(cases[i].number, buffer, sizeof buffer);
        if (strcmp(text, cases[i].text) != 0)
            fail_msg("%" PRId64 ": '%s', not '%s'", cases[i].number, text, cases[i].text);
    }
}

static const struct parse_case durations[] = {
    {"0", 0, NULL},
    {"90", 0, "90 has no unit: 90h or 90s?"},
    {"0s", 0, NULL},
    {"00", 0, NULL},
    {"90s", 90, NULL},
    {"15m", 900, NULL},
    {"24h", 86400, NULL},
    {"3d", 259200, NULL},
    {"2w", 1209600, NULL},
    {"1d12h", 129600, NULL},
    {"1w2d3h4m5s", 788645, NULL},
    {"9223372036854775807s", INT64_MAX, NULL},
    {"9223372036854775808s", 0, "too long"},
    {"15250284452471w4d", 0, "too long"},
    {"9999999999999999w", 0, "too long"},
    {"", 0, "empty"},
    {"-1", 0, "negative"},
    {"-1h", 0, "negative"},
    {" 1h", 0, "not a duration"},
    {"1h ", 0, "not a duration"},
    {"h", 0, "not a duration"},
    {"1 h", 0, "unknown unit"},
    {"1H", 3600, NULL},
    {"1W2D3H4M5S", 788645, NULL},
    {"1@", 0, "unknown unit"},
    {"1y", 0, "unknown unit"},
    {"1.5h", 0, "fraction"},
    {"1d12", 0, "without a unit"},
    {"12h1d", 0, "out of order"},
    {"1h1h", 0, "out of order"},
};

static const struct parse_case sizes[] = {
    {"0", 0, NULL},
    {"4096", 4096, NULL},
    {"4096B", 4096, NULL},
    {"10k", 10000, NULL},
    {"10K", 10000, NULL},
    {"10kB", 10000, NULL},
    {"10KiB", 10240, NULL},
    {"64MiB", 67108864, NULL},
    {"2M", 2000000, NULL},
    {"2GB", 2000000000, NULL},
    {"1GiB", 1073741824, NULL},
    {"3T", INT64_C(3000000000000), NULL},
    {"3TiB", INT64_C(3298534883328), NULL},
    {"1.5GB", 1500000000, NULL},
    {"0.5KiB", 512, NULL},
    {"9223372036854775807", INT64_MAX, NULL},
    {"9223372036854775808", 0, "too large"},
    {"9999999T", INT64_C(9999999), "too large"},
    {"", 0, "not a size"},
    {"GB", 0, "not a size"},
    {"-1", 0, "negative"},
    {"1m", 1000000, NULL},
    {"4g", INT64_C(4000000000), NULL},
    {"4gib", INT64_C(4294967296), NULL},
    {"4mb", 4000000, NULL},
    {"1x", 0, "unknown unit"},
    {"1 GB", 0, "unknown unit"},
    {"1Gb", 1000000000, NULL},
    {"2GB/h", 0, "unknown unit"},
    {"1.5", 0, "fraction"},
    {"1.GB", 0, "fraction"},
    {"1.1234567GB", 0, "fraction"},
};

static const struct format_case duration_texts[] = {
    {0, "0 s"},
    {45, "45 s"},
    {119, "119 s"},
    {120, "2 min"},
    {7199, "119 min"},
    {7200, "2 h"},
    {111600, "31 h"},
    {259199, "71 h"},
    {259200, "3 d"},
    {352800, "4 d 2 h"},
    {349199, "4 d"},
    {-45, "-45 s"},
    {INT64_MAX, "106751991167300 d 15 h"},
    {INT64_MIN, "-106751991167300 d 15 h"},
};

static const struct format_case size_texts[] = {
    {0, "0 B"},
    {512, "512 B"},
    {999, "999 B"},
    {1000, "1 kB"},
    {1049, "1 kB"},
    {1050, "1.1 kB"},
    {1500000, "1.5 MB"},
    {4200000000, "4.2 GB"},
    {99900, "99.9 kB"},
    {99950, "100 kB"},
    {123456789, "123 MB"},
    {999499, "999 kB"},
    {999500, "1 MB"},
    {999999999, "1 GB"},
    {-1500, "-1.5 kB"},
    {INT64_MAX, "9.2 EB"},
    {INT64_MIN, "-9.2 EB"},
};

static const struct format_case instant_texts[] = {
    {0, "1970-01-01 00:00 UTC"},  {INT64_C(1795075200), "2026-11-19 08:00 UTC"},
    {-1, "1969-12-31 23:59 UTC"}, {INT64_MAX, "no date"},
    {INT64_MIN, "no date"},
};

#define CHECK(function, cases) function, cases, sizeof(cases) / sizeof(cases)[0]

static void durations_are_read(void **state)
{
    (void)state;
    check_parser(CHECK(duration_parse, durations));
}

static void sizes_are_read(void **state)
{
    (void)state;
    check_parser(CHECK(size_parse, sizes));
}

static void durations_are_written(void **state)
{
    (void)state;
    check_formatter(CHECK(duration_format, duration_texts));
}

static void sizes_are_written(void **state)
{
    (void)state;
    check_formatter(CHECK(size_format, size_texts));
}

static void instants_are_written(void **state)
{
    (void)state;
    check_formatter(CHECK(instant_format, instant_texts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read),    cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(durations_are_written), cmocka_unit_test(sizes_are_written),
        cmocka_unit_test(instants_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
