// SPDX-License-Identifier: GPL-3.0-or-later
#include "files/location.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void expect(const char *given, const char *wanted, char *got)
{
    if ((got == NULL) != (wanted == NULL) || (got != NULL && strcmp(got, wanted) != 0))
        fail_msg("%s: '%s' instead of '%s'", given, got != NULL ? got : "nothing",
                 wanted != NULL ? wanted : "nothing");
    free(got);
}

static void test_parents(void **state)
{
    (void)state;
    static const struct {
        const char *given, *parent, *name;
    } cases[] = {
        {"/a/b", "/a", "b"},
        {"/a//b", "/a", "b"},
        {"/a", "/", "a"},
        {"/", NULL, ""},
        {"a", ".", "a"},
        {"a/b", "a", "b"},
        {"", NULL, ""},
        {"smb://h/share", NULL, "share"},
        {"smb://h/share/", NULL, ""},
        {"smb://h/share/a", "smb://h/share", "a"},
        {"smb://h:1445/share/a/b%23", "smb://h:1445/share/a", "b%23"},
        {"smb://h", NULL, "h"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect(cases[i].given, cases[i].parent, location_parent(cases[i].given));
        assert_string_equal(location_name(cases[i].given), cases[i].name);
    }
}

static void test_joins(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *name, *joined;
    } cases[] = {
        {"/a", "b", "/a/b"},
        {"/", "b", "/b"},
        {"/a/", "100%#", "/a/100%#"},
        {"smb://h/s", "100%#?\\", "smb://h/s/100%25%23%3F%5C"},
        {"smb://h/s/", "\xff", "smb://h/s/\xff"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect(cases[i].folder, cases[i].joined, location_join(cases[i].folder, cases[i].name));
    expect("100%25%2", "100%%2", location_decode("100%25%2"));
    expect("%", "%", location_decode("%"));
    expect("", "", location_decode(""));
}

static void test_absolute(void **state)
{
    (void)state;
    assert_int_equal(chdir("/usr"), 0);
    static const struct {
        const char *given, *absolute;
    } cases[] = {
        {"/a//b/./c/", "/a/b/c"},
        {"/a/../b", "/a/../b"}, /* a may be a link */
        {"a", "/usr/a"},
        {"../a", "/a"},
        {"../../../a", "/a"},
        {".", "/usr"},
        {"/", "/"},
        {"smb://h/s//a", "smb://h/s//a"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect(cases[i].given, cases[i].absolute, location_absolute(cases[i].given, NULL));
}

static void test_identity(void **state)
{
    (void)state;
    const char *locations[] = {strdup("/b"), strdup("/a"), strdup("/b")};
    size_t count = location_sort(locations, 3);
    struct text identity = {0};
    location_add_identity(locations, count, &identity);
    assert_string_equal(text_string(&identity), "/a\n/b");
    text_free(&identity);
    for (size_t i = 0; i < count; i++)
        free((char *)locations[i]);
    assert_int_equal(location_sort(NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parents),
        cmocka_unit_test(test_joins),
        cmocka_unit_test(test_absolute),
        cmocka_unit_test(test_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
