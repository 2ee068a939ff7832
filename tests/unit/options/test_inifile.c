// SPDX-License-Identifier: GPL-3.0-or-later
#include "options/inifile.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The entries of a section as "line:key=value;" each, '-' for no value. */
static void list_entries(const struct ini_section *section, struct text *list)
{
    for (const struct ini_entry *entry = section->entries; entry != NULL; entry = entry->next)
        text_addf(list, "%d:%s=%s|", entry->line, entry->key, entry->value != NULL ? entry->value : "-");
}

/* Section [s] of each file. */
static const struct {
    const char *file;
    const char *entries; /* NULL: refused */
    const char *words;   /* of the failure */
} cases[] = {
    {"[s]\na = 1\n", "2:a=1|", NULL},
    {"[s]\na=1", "2:a=1|", NULL},
    {"[s]\r\na = 1\r\nb=2\r\n", "2:a=1|3:b=2|", NULL},
    {"\xEF\xBB\xBF[s]\na=1\n", "2:a=1|", NULL},
    {"# c\n; d\n\n[s]\n\n a = 1 \n", "6:a=1|", NULL},
    {"  [ s ]  \na=1\n", "2:a=1|", NULL},
    {"[s] ; comment\na=1\n", "2:a=1|", NULL},
    {"[s]\n", "", NULL},
    {"[s]", "", NULL},
    {"[s]\na\nb =\nc: 3\n", "2:a=-|3:b=|4:c=3|", NULL},
    {"[s]\na = x ; y # z\n", "2:a=x ; y # z|", NULL},
    {"[s]\na = b=c:d\n", "2:a=b=c:d|", NULL},
    {"[s]\na = \"q\"\n", "2:a=\"q\"|", NULL},
    {"[s]\na=1\n  b=2\n", "2:a=1|3:b=2|", NULL},
    {"[s]\na=1\n[t]\na=2\n[s]\na=3\n", "2:a=1|6:a=3|", NULL},
    {"[t]\nwhat ever\n[s]\na=1\n", "4:a=1|", NULL},
    {"[S]\na=1\n[s]\nb=1\n", "4:b=1|", NULL},
    {"[]\na=1\n[s]\nb=1\n", "4:b=1|", NULL},
    {"[s]\n\xC3\xA4 = \xC3\xB6\n", "2:\xC3\xA4=\xC3\xB6|", NULL},
    {"", NULL, "x.ini: there is no section [s]"},
    {"[t]\na=1\n", NULL, "no section [s]"},
    {"[st]\n", NULL, "did you mean [st]?"},
    {"a=1\n[s]\n", NULL, "x.ini:1: a key stands before"},
    {"# c\na\n", NULL, "x.ini:2: a key stands before"},
    {"[s]\na=1\n[t\n", NULL, "x.ini:3: a section's heading lacks its ']'"},
    {"[s\na=1\n", NULL, "x.ini:1: a section's heading lacks its ']'"},
    {"[s]\n\n = 1\n", NULL, "x.ini:3: no key stands before"},
    {"\xFF\xFE[", NULL, "UTF-16"},
};

static void sections_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = {0};
        struct ini_section section = {0};
        struct failure failure = {""};
        struct text list = {0};
        const char *file = cases[i].file;
        int outcome = inifile_parse(file, strlen(file), "x.ini", "s", &arena, &section, &failure);
        list_entries(&section, &list);
        if (cases[i].entries != NULL && (outcome != 0 || strcmp(text_string(&list), cases[i].entries) != 0))
            fail_msg("\"%s\": '%s' instead of '%s' (%s)", file, text_string(&list), cases[i].entries,
                     failure.text);
        if (cases[i].entries == NULL && (outcome != -1 || strstr(failure.text, cases[i].words) == NULL))
            fail_msg("\"%s\": %d '%s', '%s' expected", file, outcome, failure.text, cases[i].words);
        text_free(&list);
        arena_free(&arena);
    }
}

static int parse(const struct text *file, struct arena *arena, struct ini_section *section,
                 struct failure *failure)
{
    return inifile_parse(file->bytes, file->length, "x.ini", "s", arena, section, failure);
}

static void nul_bytes_are_refused(void **state)
{
    (void)state;
    static const char bytes[] = "[s]\na=1\nb=\0\n";
    struct arena arena = {0};
    struct ini_section section = {0};
    struct failure failure;
    assert_int_equal(inifile_parse(bytes, sizeof bytes - 1, "x.ini", "s", &arena, &section, &failure), -1);
    assert_non_null(strstr(failure.text, "x.ini:3: there is a NUL byte"));
    arena_free(&arena);
}

/* Lengths around the sizes at which inih's own buffer would grow, to the longest line. */
static void long_lines_are_not_cut(void **state)
{
    (void)state;
    static const size_t lengths[] = {
        195, 196, 197, 198, 199, 200, 201, 399, 400, 401, 4095, 4096, INI_LINE_MAX - 3};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct text file = {0};
        struct arena arena = {0};
        struct ini_section section = {0};
        struct failure failure = {""};
        text_add(&file, "[s]\na=");
        for (size_t j = 0; j < lengths[i]; j++)
            text_add(&file, "v");
        text_add(&file, "\nb=1\n");
        if (parse(&file, &arena, &section, &failure) != 0 || strlen(section.entries->value) != lengths[i] ||
            section.entries->next->line != 3)
            fail_msg("value of %zu bytes: %s", lengths[i], failure.text);
        arena_free(&arena);
        text_free(&file);
    }
}

static void longer_lines_are_refused(void **state)
{
    (void)state;
    struct text file = {0};
    struct arena arena = {0};
    struct ini_section section = {0};
    struct failure failure;
    text_add(&file, "[s]\na=");
    for (size_t j = 0; j < INI_LINE_MAX; j++)
        text_add(&file, "v");
    assert_int_equal(parse(&file, &arena, &section, &failure), -1);
    assert_non_null(strstr(failure.text, "x.ini:2: the line is longer than 64 KiB"));
    arena_free(&arena);
    text_free(&file);
}

/* A directory of its own, left by remove_directory. */
static char directory[] = "/tmp/test_inifile.XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

static const char *write_file(const char *name, const char *text, mode_t mode)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    unlink(path); /* the mode of the last one may forbid writing */
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static void files_are_read(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        bool keeps_secret;
    } modes[] = {
        {0600, true},  {0640, true},  {0660, true},  {0400, true},  {0440, true},
        {0644, false}, {0604, false}, {0602, false}, {0601, false}, {0666, false},
    };
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct arena arena = {0};
        struct ini_section section;
        struct failure failure = {""};
        const char *path = write_file("modes.ini", "[s]\npassword = hunter2\n", modes[i].mode);
        assert_int_equal(inifile_read(path, "s", &arena, &section, &failure), 0);
        assert_string_equal(section.entries->value, "hunter2");
        int outcome = inifile_keeps_secret(&section, section.entries, &failure);
        if ((outcome == 0) != modes[i].keeps_secret)
            fail_msg("mode %04o: %d %s", (unsigned)modes[i].mode, outcome, failure.text);
        if (outcome != 0 &&
            (strstr(failure.text, "chmod o-rwx") == NULL || strstr(failure.text, "hunter2") != NULL))
            fail_msg("mode %04o: %s", (unsigned)modes[i].mode, failure.text);
        arena_free(&arena);
    }
}

static void check_refused(const char *path, const char *words)
{
    struct arena arena = {0};
    struct ini_section section;
    struct failure failure = {""};
    if (inifile_read(path, "s", &arena, &section, &failure) != -1 || strstr(failure.text, words) == NULL)
        fail_msg("%s: '%s', '%s' expected", path, failure.text, words);
    arena_free(&arena);
}

static void only_regular_files_are_read(void **state)
{
    (void)state;
    char fifo[64], nowhere[64];
    snprintf(fifo, sizeof fifo, "%s/fifo", directory);
    snprintf(nowhere, sizeof nowhere, "%s/nowhere.ini", directory);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    check_refused(fifo, "not a regular file");
    check_refused(directory, "not a regular file");
    check_refused("/dev/null", "not a regular file");
    check_refused(nowhere, "No such file");
    if (geteuid() != 0)
        check_refused(write_file("closed.ini", "[s]\n", 0), "permission denied for user ");
}

static void check_located(const char *locator, const char *section, const char *path)
{
    struct arena arena = {0};
    const char *found_section = "", *found_path = "";
    struct failure failure = {""};
    if (inifile_locate(locator, "check_x", &arena, &found_section, &found_path, &failure) != 0)
        fail_msg("'%s': %s", locator != NULL ? locator : "NULL", failure.text);
    if (strcmp(found_section, section) != 0 || strcmp(found_path, path) != 0)
        fail_msg("'%s': [%s] of %s, not [%s] of %s", locator != NULL ? locator : "NULL", found_section,
                 found_path, section, path);
    arena_free(&arena);
}

static void check_not_located(const char *locator, const char *words)
{
    struct arena arena = {0};
    const char *section, *path;
    struct failure failure = {""};
    if (inifile_locate(locator, "check_x", &arena, &section, &path, &failure) != -1 ||
        strstr(failure.text, words) == NULL)
        fail_msg("'%s': '%s', '%s' expected", locator, failure.text, words);
    arena_free(&arena);
}

static void locators_are_taken_apart(void **state)
{
    (void)state;
    setenv("MP_CONFIG_FILE", "/srv/default.ini", 1);
    check_located(NULL, "check_x", "/srv/default.ini");
    check_located("", "check_x", "/srv/default.ini");
    check_located("wan", "wan", "/srv/default.ini");
    check_located("wan@/etc/x.ini", "wan", "/etc/x.ini");
    check_located("@/etc/x.ini", "check_x", "/etc/x.ini");
    check_located("wan@/etc/a@b.ini", "wan", "/etc/a@b.ini");
    check_not_located("wan@", "no file is named");
    check_not_located("1234567890123456789012345678901234567890123456789", "longer than 48 bytes");
    unsetenv("MP_CONFIG_FILE");
}

static void the_search_path_is_followed(void **state)
{
    (void)state;
    char path[128], other[64], expected[128];
    snprintf(other, sizeof other, "%s/other", directory);
    assert_int_equal(mkdir(other, 0700), 0);
    snprintf(path, sizeof path, "::/nonexistent:%s:%s:", other, directory);
    setenv("NAGIOS_CONFIG_PATH", path, 1);

    snprintf(expected, sizeof expected, "%s", write_file("plugins.ini", "", 0600));
    check_located("s", "s", expected);
    snprintf(expected, sizeof expected, "%s", write_file("monitoring-plugins.ini", "", 0600));
    check_located("s", "s", expected);
    snprintf(expected, sizeof expected, "%s", write_file("monitoring-plugins-sms.ini", "", 0600));
    check_located("s", "s", expected);
    snprintf(expected, sizeof expected, "%s", write_file("other/nagios-plugins.ini", "", 0600));
    check_located("s", "s", expected);
    unsetenv("NAGIOS_CONFIG_PATH");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_read),        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(long_lines_are_not_cut),   cmocka_unit_test(longer_lines_are_refused),
        cmocka_unit_test(files_are_read),           cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(locators_are_taken_apart), cmocka_unit_test(the_search_path_is_followed),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
