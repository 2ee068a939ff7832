// SPDX-License-Identifier: GPL-3.0-or-later
#include "repair/journal.h"
#include "repair/journal_entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOW = 1795426191 };

static char base[64], directory[96], path[128];

static int make_directory(void **state)
{
    (void)state;
    strcpy(base, "/tmp/test_journal.XXXXXX");
    if (mkdtemp(base) == NULL)
        return -1;
    snprintf(directory, sizeof directory, "%s/reset", base);
    snprintf(path, sizeof path, "%s/journal", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", base);
    return system(command);
}

static struct journal_entry entry_of(const char *site, int64_t time)
{
    struct journal_entry entry = {
        .time = time,
        .before = {.has_status = true, .status = 1, .has_version = true, .version = 2, .has_updated = true},
        .after = {.has_status = true, .status = 2, .has_version = true, .has_updated = true}};
    strcpy(entry.user, "jdoe");
    strcpy(entry.host, "mon1");
    strcpy(entry.server, "SQL01");
    strcpy(entry.database, "SMS_CEN");
    strcpy(entry.package, "CEN00012");
    strcpy(entry.site, site);
    strcpy(entry.before.updated, "2026-11-19 08:15:00.000");
    strcpy(entry.after.updated, "2026-11-19 08:15:00.000");
    strcpy(entry.before.pkg_server, "S021");
    strcpy(entry.after.pkg_server, "S021");
    return entry;
}

static struct journal *open_it(void)
{
    struct failure failure = {""};
    struct journal *journal = journal_open(directory, 0, &failure);
    if (journal == NULL)
        fail_msg("%s", failure.text);
    return journal;
}

static void refuse_it(const char *words)
{
    struct failure failure = {""};
    struct journal *journal = journal_open(directory, 0, &failure);
    if (journal != NULL || strstr(failure.text, words) == NULL)
        fail_msg("expected '%s', got '%s'", words, failure.text);
}

static void write_file(const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static int64_t begin(struct journal *journal, const char *site, int64_t time)
{
    struct failure failure;
    struct journal_entry entry = entry_of(site, time);
    if (journal_begin(journal, &entry, &failure) != 0)
        fail_msg("%s", failure.text);
    return entry.id;
}

static void test_entries_come_back(void **state)
{
    (void)state;
    struct journal *journal = open_it();
    struct failure failure;
    assert_int_equal(begin(journal, "S02", NOW), 1);
    assert_int_equal(begin(journal, "S03", NOW), 2);
    assert_int_equal(journal_end(journal, 1, JOURNAL_DONE, NOW, &failure), 0);
    assert_int_equal(journal_end(journal, 9, JOURNAL_DONE, NOW, &failure), -1);
    journal_close(journal);
    journal = open_it();
    size_t count;
    const struct journal_entry *entries = journal_entries(journal, &count);
    assert_int_equal(count, 2);
    struct journal_entry first = entry_of("S02", NOW);
    assert_true(row_image_equal(&entries[0].before, &first.before));
    assert_true(row_image_equal(&entries[0].after, &first.after));
    assert_int_equal(entries[0].result, JOURNAL_DONE);
    assert_int_equal(entries[1].result, JOURNAL_OPEN);
    assert_string_equal(entries[1].site, "S03");
    assert_int_equal(begin(journal, "S02", NOW), 3); /* ids go on */
    journal_close(journal);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(directory, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

/* The last of several ends counts: an unknown one may be found out later. */
static void test_the_last_end_counts(void **state)
{
    (void)state;
    struct journal *journal = open_it();
    struct failure failure;
    begin(journal, "S02", NOW);
    assert_int_equal(journal_end(journal, 1, JOURNAL_UNKNOWN, NOW, &failure), 0);
    assert_int_equal(journal_end(journal, 1, JOURNAL_ROLLED_BACK, NOW, &failure), 0);
    journal_close(journal);
    journal = open_it();
    assert_int_equal(journal_find(journal, 1)->result, JOURNAL_ROLLED_BACK);
    journal_close(journal);
}

static void test_rate(void **state)
{
    (void)state;
    struct journal *journal = open_it();
    struct failure failure;
    begin(journal, "S02", NOW - 4000);
    begin(journal, "S02", NOW - 100);
    begin(journal, "S03", NOW - 50);
    journal_end(journal, begin(journal, "S02", NOW - 40), JOURNAL_ROLLED_BACK, NOW, &failure);
    journal_end(journal, begin(journal, "S02", NOW - 30), JOURNAL_DONE, NOW, &failure);
    struct journal_entry undo = entry_of("S02", NOW - 20);
    undo.undo_of = 5;
    assert_int_equal(journal_begin(journal, &undo, &failure), 0);
    assert_int_equal(journal_count_since(journal, "SQL01", "sms_cen", "s02", NOW - 3600),
                     2); /* the open one as well */
    assert_int_equal(journal_count_since(journal, "SQL01", "SMS_CEN", "S03", NOW - 3600), 1);
    assert_int_equal(journal_count_since(journal, "SQL02", "SMS_CEN", "S02", NOW - 3600), 0);
    assert_int_equal(journal_count_since(journal, "SQL01", "SMS_PR1", "S02", NOW - 3600), 0);
    journal_close(journal);
}

static void test_a_half_written_line_is_taken_off(void **state)
{
    (void)state;
    struct journal *journal = open_it();
    begin(journal, "S02", NOW);
    journal_close(journal);
    struct stat whole, cut;
    stat(path, &whole);
    int fd = open(path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "2026-11-23T09:05:13Z end id=1 resu", 34), 34);
    close(fd);
    struct failure failure;
    journal = journal_look(directory, &failure); /* only looks */
    assert_int_equal(journal_find(journal, 1)->result, JOURNAL_OPEN);
    journal_close(journal);
    stat(path, &cut);
    assert_int_equal(cut.st_size, whole.st_size + 34);
    journal = open_it();
    assert_int_equal(journal_end(journal, 1, JOURNAL_DONE, NOW, &failure), 0);
    journal_close(journal);
    journal = open_it();
    assert_int_equal(journal_find(journal, 1)->result, JOURNAL_DONE);
    journal_close(journal);
}

/* Whatever stands in the names, one line is one entry and comes back as it was. */
static void test_lines(void **state)
{
    (void)state;
    static const char *const names[] = {
        "S021",     "",      "with \"quotes\" \\ and \\\"", "line\nbreak\ttab\x7f",
        "Größe 1С", "\\x41", "before=\"status=1\""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct journal_entry entry = entry_of("S02", NOW), back;
        strcpy(entry.before.pkg_server, names[i]);
        strcpy(entry.user, names[i]);
        entry.id = 17;
        entry.before.has_status = i % 2 == 0;
        entry.before.has_version = i % 3 != 0;
        entry.before.has_updated = i % 4 != 1;
        struct text line = {0};
        journal_line_write_begin(&entry, &line);
        assert_int_equal(strcspn(text_string(&line), "\n"), line.length - 1);
        text_cut(&line, line.length - 1);
        if (journal_line_read_begin(text_string(&line), &back) != 0)
            fail_msg("not read: %s", text_string(&line));
        if (strcmp(back.user, names[i]) != 0 || !row_image_equal(&back.before, &entry.before) ||
            back.time != NOW)
            fail_msg("changed: %s", text_string(&line));
        /* Cut anywhere, or with something behind it, it is no entry. */
        for (size_t length = line.length; length-- > 0;) {
            text_cut(&line, length);
            if (journal_line_read_begin(text_string(&line), &back) == 0)
                fail_msg("read: %s", text_string(&line));
        }
        text_free(&line);
    }
}

static void test_foreign_files_are_refused(void **state)
{
    (void)state;
    journal_close(open_it());
    static const char *const foreign[] = {"hello\n", "\n", "2026-11-23T09:05:13Z end id=1 result=\"done\"\n",
                                          "2026-11-23T09:05:13Z end id=1\n"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        write_file(foreign[i]);
        refuse_it("none of ours");
    }
    write_file("# a remark of the administrator\n");
    journal_close(open_it());
    chmod(path, 0640);
    refuse_it("mode 0600");
    chmod(path, 0600);
    char second[160];
    snprintf(second, sizeof second, "%s2", path);
    assert_int_equal(link(path, second), 0);
    refuse_it("one name");
    unlink(path);
    assert_int_equal(symlink(second, path), 0);
    refuse_it("cannot open");
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    refuse_it("journal");
    unlink(path);
    chmod(directory, 0750);
    refuse_it("open to others");
    chmod(directory, 0700);
}

static void refuse_directory(const char *where, const char *words, bool looking)
{
    struct failure failure = {""};
    struct journal *journal = looking ? journal_look(where, &failure) : journal_open(where, 0, &failure);
    if (journal != NULL || strncmp(failure.text, words, strlen(words)) != 0)
        fail_msg("%s: expected '%s', got '%s'", where, words, failure.text);
}

/* Each says what could not be done, with which path, and why. */
static void test_what_cannot_be_opened_is_named(void **state)
{
    (void)state;
    char where[128], words[256];
    snprintf(where, sizeof where, "%s/none/reset", base);
    snprintf(words, sizeof words, "cannot make the journal's directory %s: No such file or directory", where);
    refuse_directory(where, words, false);
    snprintf(where, sizeof where, "%s/file", base);
    int fd = open(where, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    snprintf(words, sizeof words,
             "the journal's directory %s is no directory (a symbolic link is not followed)", where);
    refuse_directory(where, words, false);
    snprintf(words, sizeof words, "cannot read the journal %s/journal: Not a directory", where);
    refuse_directory(where, words, true);
    close(fd);

    journal_close(open_it());
    snprintf(words, sizeof words, "the journal %s cannot be read or is larger than 64 MiB: move it away",
             path);
    assert_int_equal(truncate(path, 64 * 1024 * 1024 + 1), 0);
    refuse_directory(directory, words, false);
    refuse_directory(directory, words, true);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(words, sizeof words, "cannot open the journal %s: Is a directory", path);
    refuse_directory(directory, words, false);
    snprintf(words, sizeof words, "cannot read the journal %s: Is a directory", path);
    refuse_directory(directory, words, true);
    assert_int_equal(rmdir(path), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(directory, 65534, 65534), 0);
        snprintf(words, sizeof words,
                 "the journal's directory %s belongs to user 65534: run the repair as that", directory);
        refuse_directory(directory, words, false);
    }
}

/* The line that records an end finds no room: the database has changed by then, so the words must be right. */
static void test_an_end_that_cannot_be_written(void **state)
{
    (void)state;
    struct journal *journal = open_it();
    begin(journal, "S02", NOW);
    struct stat before, after;
    assert_int_equal(stat(path, &before), 0);
    struct rlimit old, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct failure failure = {""}, none = {""};
    char words[256];
    for (rlim_t more = 0; more <= 20; more += 20) {
        limit = (struct rlimit){(rlim_t)before.st_size + more, old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        int ended = journal_end(journal, 1, JOURNAL_DONE, NOW, &failure);
        setrlimit(RLIMIT_FSIZE, &old);
        snprintf(words, sizeof words, "cannot write the journal %s: %s", path,
                 more == 0 ? "File too large" : "No space left on device");
        assert_int_equal(ended, -1);
        assert_string_equal(failure.text, words);
        assert_int_equal(journal_find(journal, 1)->result, JOURNAL_OPEN);
        assert_int_equal(stat(path, &after), 0);
        assert_int_equal(after.st_size, before.st_size);
    }
    signal(SIGXFSZ, handler);
    assert_int_equal(journal_end(journal, 1, JOURNAL_DONE, NOW, &none), 0);
    journal_close(journal);
    journal = open_it();
    assert_int_equal(journal_find(journal, 1)->result, JOURNAL_DONE);
    journal_close(journal);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    struct journal *first = open_it();
    refuse_it("another repair is under way");
    struct failure failure;
    struct journal *look = journal_look(directory, &failure);
    assert_non_null(look); /* looking waits for nobody */
    struct journal_entry entry = entry_of("S02", NOW);
    assert_int_equal(journal_begin(look, &entry, &failure), -1);
    journal_close(look);
    journal_close(first);
    journal_close(open_it());
}

static void test_looking_makes_nothing(void **state)
{
    (void)state;
    struct failure failure;
    size_t count = 1;
    struct journal *journal = journal_look(directory, &failure);
    assert_non_null(journal);
    journal_entries(journal, &count);
    assert_int_equal(count, 0);
    journal_close(journal);
    assert_int_equal(access(directory, F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_entries_come_back),
        TEST(test_the_last_end_counts),
        TEST(test_rate),
        TEST(test_a_half_written_line_is_taken_off),
        TEST(test_lines),
        TEST(test_foreign_files_are_refused),
        TEST(test_what_cannot_be_opened_is_named),
        TEST(test_an_end_that_cannot_be_written),
        TEST(test_one_at_a_time),
        TEST(test_looking_makes_nothing),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
