// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t at(int year, int month, int day, int hour)
{
    struct tm parts = {
        .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_isdst = -1};
    return mktime(&parts);
}

static const struct {
    const char *list, *package, *place;
    int year, month, day, hour;
    bool mutes, ended;
} cases[] = {
    {"CEN00012", "CEN00012", "S02", 2026, 1, 1, 0, true, false},
    {"cen00012", "CEN00012", "S02", 2026, 1, 1, 0, true, false},
    {"CEN00012", "CEN00012", NULL, 2026, 1, 1, 0, true, false},
    {"CEN00012", "CEN00013", "S02", 2026, 1, 1, 0, false, false},
    {"CEN00012@S02", "CEN00012", "s02", 2026, 1, 1, 0, true, false},
    {"CEN00012@S02", "CEN00012", "S03", 2026, 1, 1, 0, false, false},
    {"CEN00012@S02", "CEN00012", NULL, 2026, 1, 1, 0, false, false},
    {"CEN00012@DP1.corp.example", "CEN00012", "dp1.corp.example", 2026, 1, 1, 0, true, false},
    {"CEN00012@DP1", "CEN00012", "dp1.corp.example", 2026, 1, 1, 0, true, false},
    {"CEN00012@DP1.corp.example", "CEN00012", "DP1", 2026, 1, 1, 0, true, false},
    {"CEN00012@DP1.corp.example", "CEN00012", "DP1.lab.example", 2026, 1, 1, 0, false, false},
    {"CEN00012@DP", "CEN00012", "DP1.corp.example", 2026, 1, 1, 0, false, false},
    {"CEN00012:2026-03-29", "CEN00012", "S02", 2026, 3, 29, 23, true, false},
    {"CEN00012:2026-03-29", "CEN00012", "S02", 2026, 3, 30, 0, false, true},
    {"CEN00012@S02:2026-12-31", "CEN00012", "S02", 2026, 12, 31, 23, true, false},
    {"CEN00012@S02:2026-12-31", "CEN00012", "S02", 2027, 1, 1, 0, false, true},
    {"CEN00012:2028-02-29", "CEN00012", "S02", 2028, 2, 29, 12, true, false},
    {"CEN0000A,CEN0000B@S02 , CEN0000C", "CEN0000C", "S09", 2026, 1, 1, 0, true, false},
    {"CEN0000A:2020-01-01,CEN0000A", "CEN0000A", "S09", 2026, 1, 1, 0, true, false},
    {"W_M02000A1", "W_M02000A1", "S09", 2026, 1, 1, 0, true, false},
    {"@S02", "CEN00012", "s02", 2026, 1, 1, 0, true, false},
    {"@S02", "CEN00012", "S03", 2026, 1, 1, 0, false, false},
    {"@S02", "CEN00012", NULL, 2026, 1, 1, 0, false, false},
    {"CEN00001,@S02:2026-03-29", "CEN00012", "S02", 2026, 3, 29, 23, true, false},
    {"CEN00001,@S02:2026-03-29", "CEN00012", "S02", 2026, 3, 30, 0, false, true},
};

static void entries_mute_what_they_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct known_list list = {0};
        struct failure failure = {""};
        int64_t until = -1;
        if (known_list_parse(&list, cases[i].list, &failure) != 0)
            fail_msg("%s: %s", cases[i].list, failure.text);
        bool mutes = known_list_mutes(&list, cases[i].package, cases[i].place,
                                      at(cases[i].year, cases[i].month, cases[i].day, cases[i].hour), &until);
        if (mutes != cases[i].mutes || (until >= 0) != (mutes || cases[i].ended))
            fail_msg("--known=%s, case %zu: %d, until %" PRId64, cases[i].list, i, mutes, until);
        known_list_free(&list);
    }
    assert_false(known_list_mutes(NULL, "A", "B", 0, NULL));
}

static const struct {
    const char *list, *words;
} bad[] = {
    {"@", "has no site behind '@'"},
    {"@:2026-01-01", "has no site behind '@'"},
    {":2026-01-01", "does not begin with a package ID"},
    {"@S02@S03", "has more than one '@'"},
    {"*@S02", "does not begin with a package ID"},
    {"CEN00012@", "has no site behind '@'"},
    {"CEN00012@:2026-01-01", "has no site behind '@'"},
    {"CEN00012:", "does not end in a date"},
    {"CEN00012:tomorrow", "does not end in a date"},
    {"CEN00012:2026-02-30", "does not end in a date"},
    {"CEN00012:2026-13-01", "does not end in a date"},
    {"CEN00012:26-01-01", "does not end in a date"},
    {"CEN00012:2026-1-1", "does not end in a date"},
    {"CEN00012:2026-01-01x", "does not end in a date"},
    {"CEN0001234567890123", "does not begin with a package ID"},
    {"CEN00000012", "does not begin with a package ID: three characters"},
    {"CEN0001", "'CEN0001' does not begin with a package ID: three characters"},
    {"CEN0001@S02:2026-01-01", "'CEN0001@S02:2026-01-01' does not begin"},
    {"CONTENTS", "five hexadecimal digits"},
    {"CEN0001*", "does not begin with a package ID"},
    {"CEN-0001@S02", "does not begin with a package ID"},
    {"CEN\303\2300001", "does not begin with a package ID"},
    {"CEN00001@S02@S03", "'CEN00001@S02@S03' has more than one '@'"},
    {"CEN00001@S02@", "has more than one '@'"},
    {"CEN00001@@S02", "has more than one '@'"},
    {"CEN00001:2026-01-01@S02", "does not end in a date"},
};

static void bad_entries_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct known_list list = {0};
        struct failure failure = {""};
        if (known_list_parse(&list, bad[i].list, &failure) == 0 ||
            strstr(failure.text, bad[i].words) == NULL || strstr(failure.text, "write PACKAGE") == NULL)
            fail_msg("--known=%s: '%s'", bad[i].list, failure.text);
        known_list_free(&list);
    }
}

#define NAME_64  "abcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefgh"
#define NAME_256 NAME_64 NAME_64 NAME_64 NAME_64

/* Of files, whose first half is a pattern of any shape. */
static void bad_entries_of_files_are_refused(void **state)
{
    (void)state;
    static const char *const refused[][2] = {
        {":2026-01-01",
         "':2026-01-01' does not begin with the pattern of a file name; write PATTERN, @BOX, PATTERN@BOX or"},
        {NAME_256, "does not begin with the pattern of a file name"},
        {"*.SRQ@", "'*.SRQ@' has no box behind '@'; write PATTERN"},
        {"*.SRQ@" NAME_256, "has no box behind '@'"},
        {"*.SRQ@LAN@WAN", "'*.SRQ@LAN@WAN' has more than one '@'"},
        {"*.SRQ:soon", "'*.SRQ:soon' does not end in a date"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct known_list list = {0};
        struct failure failure = {""};
        if (known_list_parse_files(&list, refused[i][0], &failure) == 0 ||
            strstr(failure.text, refused[i][1]) == NULL)
            fail_msg("--known=%s: '%s'", refused[i][0], failure.text);
        known_list_free(&list);
    }
    struct failure failure = {""};
    struct known_list list = {0};
    assert_int_equal(known_list_parse(&list, "CEN00012@" NAME_256, &failure), -1);
    assert_non_null(strstr(failure.text, "has no site behind '@'"));
    known_list_free(&list);
}

static void entries_that_ended_are_named(void **state)
{
    (void)state;
    struct known_list list = {0};
    struct failure failure;
    struct text note = {0};
    assert_int_equal(
        known_list_parse(&list, "CEN00001,CEN00002@S02:2020-01-01,CEN00003:2026-03-29,CEN00004:2026-03-28",
                         &failure),
        0);
    known_list_add_ended(&list, at(2020, 1, 1, 12), &note);
    assert_string_equal(text_string(&note), "");
    known_list_add_ended(&list, at(2026, 3, 29, 12), &note);
    assert_string_equal(text_string(&note),
                        "--known CEN00002@S02 ended 2020-01-01, CEN00004 ended 2026-03-28");
    text_cut(&note, 0);
    known_list_free(&list);
    assert_int_equal(
        known_list_parse_files(&list, "*:2020-01-01,@LAN:2020-01-02,*.SRQ@LAN:2020-01-03", &failure), 0);
    known_list_add_ended(&list, at(2026, 3, 29, 12), &note);
    assert_string_equal(text_string(&note),
                        "--known * ended 2020-01-01, @LAN ended 2020-01-02, *.SRQ@LAN ended 2020-01-03");
    text_free(&note);
    known_list_free(&list);
}

int main(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_mute_what_they_name),
        cmocka_unit_test(bad_entries_are_refused),
        cmocka_unit_test(bad_entries_of_files_are_refused),
        cmocka_unit_test(entries_that_ended_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
