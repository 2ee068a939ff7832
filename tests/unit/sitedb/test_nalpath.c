// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/nalpath.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const struct {
    const char *path, *site, *place;
} good[] = {
    {"[\"Display=\\\\S021\\\"]MSWNET:[\"SMS_SITE=S02\"]\\\\S021\\", "S02", "S021"},
    {"[\"Display=\\\\DP1.corp.example\\\"]MSWNET:[\"SMS_SITE=PS1\"]\\\\DP1.corp.example\\", "PS1",
     "DP1.corp.example"},
    {"[\"Display=\\\\S021\\Pkgs$\\\"]MSWNET:[\"SMS_SITE=S02\"]\\\\S021\\Pkgs$\\", "S02", "S021\\Pkgs$"},
    {"MSWNET:[\"SMS_SITE=S02\"]\\\\S021\\", "S02", "S021"},
    {"MSWNET:[\"SMS_SITE=S02\"]\\\\S021", "S02", "S021"},
    {"MSWNET:\\\\S021\\", "", "S021"},
    {"mswnet:[\"sms_site=s02\"]\\\\s021\\", "s02", "s021"},
    {"[\"Display=x\",\"Other=y\"]MSWNET:[\"A=b\",\"SMS_SITE=S02\"]\\\\S021\\", "S02", "S021"},
    {"[\"Display=a ] b\"]MSWNET:[\"SMS_SITE=S02\"]\\\\S021\\", "S02", "S021"},
    {"[\"Display=\"]MSWNET:[\"SMS_SITE=S02\"]\\\\SRV\\SHARE\\DEEP\\", "S02", "SRV\\SHARE\\DEEP"},
    {"MSWNET:[\"SMS_SITE=S02\"]\\\\Büro-Süd_1\\", "S02", "Büro-Süd_1"},
};

static void known_shapes_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct nalpath path;
        nalpath_read(good[i].path, &path);
        if (!path.parsed || strcmp(path.site, good[i].site) != 0 ||
            strcmp(text_string(&path.place), good[i].place) != 0)
            fail_msg("%s: parsed %d, site '%s', place '%s'", good[i].path, path.parsed, path.site,
                     text_string(&path.place));
        nalpath_free(&path);
    }
}

static const struct {
    const char *path, *place;
} broken[] = {
    {"", ""},
    {"S021", "S021"},
    {"\\\\S021\\", "\\\\S021\\"},
    {"[\"Display=\\\\S021\\\"]", "[\"Display=\\\\S021\\\"]"},
    {"[\"Display", "[\"Display"},
    {"[Display]MSWNET:\\\\S021\\", "[Display]MSWNET:\\\\S021\\"},
    {"MSWNET:", "MSWNET:"},
    {"MSWNET:[\"SMS_SITE=S02\"]", "MSWNET:[\"SMS_SITE=S02\"]"},
    {"MSWNET:[\"SMS_SITE=S02\"]\\S021\\", "MSWNET:[\"SMS_SITE=S02\"]\\S021\\"},
    {"MSWNET:[\"SMS_SITE=S02\"]\\\\\\", "MSWNET:[\"SMS_SITE=S02\"]\\\\\\"},
    {"MSWNET:[\"SMS_SITE=S02\"]\\\\S021\\\\x\\", "MSWNET:[\"SMS_SITE=S02\"]\\\\S021\\\\x\\"},
    {"MSWNET:[\"SMS_SITE=\"]\\\\S021\\", "MSWNET:[\"SMS_SITE=\"]\\\\S021\\"},
    {"MSWNET:[\"SMS_SITE=TOOLONGCODE\"]\\\\S021\\", "MSWNET:[\"SMS_SITE=TOOLONGCODE\"]\\\\S021\\"},
    {"MSWNET:[\"SMS_SITE=S02\"\\\\S021\\", "MSWNET:[\"SMS_SITE=S02\"\\\\S021\\"},
    {"[\"Display=x\"]OTHER:[\"SMS_SITE=S02\"]\\\\S021\\",
     "[\"Display=x\"]OTHER:[\"SMS_SITE=S02\"]\\\\S021\\"},
    {"MSWNET:\\\\S0|21\\", "MSWNET:\\\\S0/21\\"},
    {"MSWNET:\\\\S0 21\\", "MSWNET:\\\\S0 21\\"},
    {"MSWNET:\\\\S0\n21\\", "MSWNET:\\\\S0 21\\"},
    {"MSWNET:\\\\S0/21\\", "MSWNET:\\\\S0/21\\"},
    {"MSWNET:\\\\S0\xff\\", "MSWNET:\\\\S0\uFFFD\\"},
    {"MSWNET:\\\\S0\u202e21\\", "MSWNET:\\\\S021\\"},
};

static void what_does_not_parse_is_kept_cleaned(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct nalpath path;
        nalpath_read(broken[i].path, &path);
        if (path.parsed || path.site[0] != '\0' || strcmp(text_string(&path.place), broken[i].place) != 0)
            fail_msg("%s: parsed %d, site '%s', place '%s'", broken[i].path, path.parsed, path.site,
                     text_string(&path.place));
        nalpath_free(&path);
    }
}

static void a_long_path_is_cut(void **state)
{
    (void)state;
    char string[2000] = "MSWNET:\\\\";
    memset(string + strlen(string), 'x', 1500);
    struct nalpath path;
    nalpath_read(string, &path);
    assert_false(path.parsed);
    assert_in_range(path.place.length, 300, 320);
    nalpath_free(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_shapes_are_taken_apart),
        cmocka_unit_test(what_does_not_parse_is_kept_cleaned),
        cmocka_unit_test(a_long_path_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
