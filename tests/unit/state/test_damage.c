// SPDX-License-Identifier: GPL-3.0-or-later
/* Everything that can be wrong with a state file or its directory is said, and the check goes on. */
#include "../statetest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- the directory ---- */

static void expect_directory(const char *name, const char *directory, const char *words)
{
    char saved[sizeof state_directory];
    strcpy(saved, state_directory);
    snprintf(state_directory, sizeof state_directory, "%s", directory);
    struct opening got = statetest_run(5, false);
    strcpy(state_directory, saved);
    statetest_expect(name, &got, STATEFILE_UNUSABLE, words);
    assert_false(got.commit_failed); /* the trouble was told once */
    assert_int_equal(got.count, 0);
}

static void test_directories(void **state)
{
    (void)state;
    char path[80], link[80];
    snprintf(path, sizeof path, "%s/missing", state_directory);
    expect_directory("missing", path, "does not exist; as root: install -d -o ");
    snprintf(path, sizeof path, "%s/missing/too", state_directory);
    expect_directory("missing parent", path, "does not exist");
    snprintf(path, sizeof path, "%s/dir", state_directory);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(link, sizeof link, "%s/link", state_directory);
    assert_int_equal(symlink(path, link), 0);
    expect_directory("symlink", link, "is a symbolic link");
    snprintf(link, sizeof link, "%s/link/", state_directory);
    expect_directory("symlink with slash", link, "is a symbolic link");
    assert_int_equal(chmod(path, 0777), 0);
    expect_directory("world-writable", path, "can be written by everybody; chmod o-w");
    assert_int_equal(chmod(path, 01777), 0);
    expect_directory("world-writable, sticky", path, "can be written by everybody");
    assert_int_equal(chmod(path, 0500), 0);
    expect_directory("unwritable", path, "cannot be written by");
    assert_int_equal(chmod(path, 0600), 0);
    expect_directory("unsearchable", path, "cannot be written by");
    assert_int_equal(chmod(path, 0700), 0);
    snprintf(path, sizeof path, "%s/file", state_directory);
    statetest_write(path, "x", 1);
    expect_directory("file", path, "is not a directory");
    expect_directory("empty name", "", "does not exist");
}

static void test_foreign_directory(void **state)
{
    (void)state;
    if (!statetest_can_be_root()) {
        print_message("only root can make a directory that belongs to another user\n");
        skip();
    }
    char path[80];
    snprintf(path, sizeof path, "%s/foreign", state_directory);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0770), 0);
    statetest_give(path, 1234);
    expect_directory("foreign", path, "belongs to 1234");
    statetest_give(path, 0); /* root may own it, where our group may write it */
    char saved[sizeof state_directory];
    strcpy(saved, state_directory);
    strcpy(state_directory, path);
    struct opening got = statetest_run(5, false);
    statetest_expect("root's", &got, STATEFILE_NEW, "");
    strcpy(state_directory, saved);
}

static void test_lock_file(void **state)
{
    (void)state;
    statetest_make_state();
    char lock[512];
    snprintf(lock, sizeof lock, "%s", statetest_path(""));
    strcpy(strrchr(lock, '.'), ".lock");
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(symlink("/etc/passwd", lock), 0);
    struct opening got = statetest_run(5, false);
    statetest_expect("symlink", &got, STATEFILE_UNUSABLE, "it is a symbolic link; remove it");
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(mkfifo(lock, 0600), 0);
    got = statetest_run(5, false);
    statetest_expect("fifo", &got, STATEFILE_UNUSABLE, "it is not a regular file");
    assert_int_equal(unlink(lock), 0);
    got = statetest_run(0, true);
    statetest_expect("repaired", &got, STATEFILE_KEPT, "");
    assert_int_equal(got.first_seen, 1000);
}

/* ---- the file ---- */

static char *target; /* what a test's link points to */

static void becomes_symlink(const char *path)
{
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(symlink(target, path), 0);
}

static void becomes_dangling_symlink(const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(target, path), 0);
}

static void becomes_directory(const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void becomes_fifo(const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void gets_a_hard_link(const char *path)
{
    assert_int_equal(link(path, target), 0);
}

static void becomes_empty(const char *path)
{
    statetest_write(path, "", 0);
}

static void becomes_one_byte(const char *path)
{
    statetest_write(path, "S", 1);
}

static void becomes_zeros(const char *path)
{
    char zeros[8192] = {0};
    statetest_write(path, zeros, sizeof zeros);
}

static void becomes_text(const char *path)
{
    statetest_write(path, "first_seen = 1000\n", 18);
}

static void becomes_garbage(const char *path)
{
    char garbage[12288];
    srand(7);
    for (size_t i = 0; i < sizeof garbage; i++)
        garbage[i] = (char)rand();
    statetest_write(path, garbage, sizeof garbage);
}

static void becomes_garbage_behind_its_header(const char *path)
{
    size_t length;
    char *bytes = statetest_read(path, &length);
    srand(7);
    for (size_t i = 100; i < length; i++)
        bytes[i] = (char)rand();
    statetest_write(path, bytes, length);
    free(bytes);
}

static void becomes_anothers_database(const char *path)
{
    assert_int_equal(unlink(path), 0);
    statetest_sql(path, "CREATE TABLE moz_places(id INTEGER PRIMARY KEY, url TEXT)");
}

static void becomes_ours_without_tables(const char *path)
{
    assert_int_equal(unlink(path), 0);
    statetest_sql(path, "PRAGMA application_id = 0x534d5331; PRAGMA user_version = 1; CREATE TABLE x(y)");
}

static void loses_its_items(const char *path)
{
    statetest_sql(path, "DELETE FROM item WHERE key = 'a'");
}

static void loses_a_table(const char *path)
{
    statetest_sql(path, "DROP TABLE item");
}

static void gets_a_trigger(const char *path)
{
    statetest_sql(path, "CREATE TRIGGER t AFTER INSERT ON item BEGIN DELETE FROM item; END");
}

static void becomes_wal(const char *path)
{
    statetest_sql(path, "PRAGMA journal_mode = WAL; UPDATE item SET kind = 'x'");
}

static void becomes_version_0(const char *path)
{
    statetest_sql(path, "PRAGMA user_version = 0");
}

static void becomes_another_identitys(const char *path)
{
    statetest_sql(path, "UPDATE state SET identity = 'sql02:1433/SMS_CEN/CEN'");
}

static void gets_a_journal_symlink(const char *path)
{
    char journal[512];
    snprintf(journal, sizeof journal, "%s-journal", path);
    assert_int_equal(symlink(target, journal), 0);
}

static const struct {
    const char *name;
    void (*damage)(const char *path);
    const char *words;
} damages[] = {
    {"symlink", becomes_symlink, "was a symbolic link; set aside as "},
    {"dangling symlink", becomes_dangling_symlink, "was a symbolic link"},
    {"directory", becomes_directory, "was not a regular file"},
    {"fifo", becomes_fifo, "was not a regular file"},
    {"hard link", gets_a_hard_link, "had a second name"},
    {"empty", becomes_empty, "was empty"},
    {"one byte", becomes_one_byte, "was not a SQLite database"},
    {"zeros", becomes_zeros, "held only zeros"},
    {"text", becomes_text, "was not a SQLite database"},
    {"garbage", becomes_garbage, "was not a SQLite database"},
    {"garbage behind the header", becomes_garbage_behind_its_header, "was damaged"},
    {"another program's", becomes_anothers_database, "was the database of another program"},
    {"no tables of ours", becomes_ours_without_tables, "was damaged (no such table"},
    {"a row deleted", loses_its_items, "was damaged, or changed by another program"},
    {"a table dropped", loses_a_table, "was damaged"},
    {"a trigger added", gets_a_trigger, "was damaged, or changed by another program"},
    {"WAL", becomes_wal, "had a damaged header"},
    {"version 0", becomes_version_0, "had a damaged header"},
    {"another identity", becomes_another_identitys, "was the memory of something else than " IDENTITY},
    {"journal symlink", gets_a_journal_symlink, "had a journal that is not ours"},
};

static void test_damages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        statetest_remove_directory(NULL);
        statetest_make_directory(NULL);
        statetest_make_state();
        char target_path[sizeof state_directory + 8];
        snprintf(target_path, sizeof target_path, "%s/target", state_directory);
        target = target_path;
        damages[i].damage(statetest_path(""));
        size_t before_length = 0, after_length = 0;
        char *before = access(target, F_OK) == 0 ? statetest_read(target, &before_length) : NULL;

        int64_t now = time(NULL);
        struct opening got =
            statetest_run(3000, true); /* not committed: the loss is remembered all the same */
        statetest_expect(damages[i].name, &got, STATEFILE_LOST, damages[i].words);
        if (got.count != 0 || got.lost_at < now || got.lost_at > now + 60 ||
            statetest_count_files(".damaged-") < 1)
            fail_msg("%s: %zu items, lost at %lld, %d set aside", damages[i].name, got.count,
                     (long long)got.lost_at, statetest_count_files(".damaged-"));
        got = statetest_run(3000, false);
        statetest_expect(damages[i].name, &got, STATEFILE_KEPT, "");
        if (got.lost_at < now || got.count != 0 || got.commit_failed)
            fail_msg("%s: second run: lost at %lld, %zu items", damages[i].name, (long long)got.lost_at,
                     got.count);
        got = statetest_run(0, true);
        statetest_expect(damages[i].name, &got, STATEFILE_KEPT, "");
        if (got.first_seen != 3000)
            fail_msg("%s: what was begun anew was not kept", damages[i].name);
        if (before != NULL) {
            char *after = statetest_read(target, &after_length);
            if (before_length != after_length || memcmp(before, after, before_length) != 0)
                fail_msg("%s: written through", damages[i].name);
            free(after);
        } else if (access(target, F_OK) == 0)
            fail_msg("%s: made what the link points to", damages[i].name);
        free(before);
    }
}

static void test_foreign_file(void **state)
{
    (void)state;
    if (!statetest_can_be_root()) {
        print_message("only root can make a file that belongs to another user\n");
        skip();
    }
    statetest_make_state();
    statetest_give(statetest_path(""), 0);
    struct opening got = statetest_run(3000, false);
    statetest_expect("root's file", &got, STATEFILE_LOST, "belonged to another user");
    assert_int_equal(got.count, 0);
}

static void test_newer_version(void **state)
{
    (void)state;
    statetest_make_state();
    char sql[80];
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d; CREATE TABLE later(x)", memory_schema.version + 1);
    statetest_sql(statetest_path(""), sql);
    size_t before_length, after_length;
    char *before = statetest_read(statetest_path(""), &before_length);
    struct opening got = statetest_run(3000, false);
    statetest_expect("newer", &got, STATEFILE_UNUSABLE, "is of a newer version");
    assert_int_equal(got.count, 0);
    char *after = statetest_read(statetest_path(""), &after_length);
    assert_int_equal(before_length, after_length);
    assert_memory_equal(before, after, before_length);
    assert_int_equal(statetest_count_files(".damaged-"), 0);
    free(before);
    free(after);
}

static void test_read_only_file(void **state)
{
    (void)state;
    statetest_make_state();
    assert_int_equal(chmod(statetest_path(""), 0400), 0);
    struct opening got = statetest_run(3000, false);
    statetest_expect("read-only", &got, STATEFILE_UNUSABLE, "is read-only; chmod 600");
    assert_int_equal(chmod(statetest_path(""), 0000), 0);
    got = statetest_run(3000, false);
    statetest_expect("unreadable", &got, STATEFILE_UNUSABLE, "cannot be read: Permission denied");
    assert_int_equal(chmod(statetest_path(""), 0666), 0);
    got = statetest_run(0, true);
    statetest_expect("too open", &got, STATEFILE_KEPT, "");
    struct stat status;
    assert_int_equal(stat(statetest_path(""), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

/* The state as it was made, changed, opened: either told, or with all that was in it. @return whether told */
static bool told_or_whole(const char *what, long where, const char *changed, size_t length)
{
    statetest_write(statetest_path(""), changed, length);
    struct opening got = statetest_run(0, true);
    bool told = got.health == STATEFILE_LOST || got.health == STATEFILE_UNUSABLE;
    if (told ? got.failure.text[0] == '\0' || got.count != 0
             : got.health != STATEFILE_KEPT || got.count != 41 || got.first_seen != 1000)
        fail_msg("%s at %ld: health %d '%s', %zu items, first seen %lld", what, where, (int)got.health,
                 got.failure.text, got.count, (long long)got.first_seen);
    if (got.health == STATEFILE_UNUSABLE && strstr(got.failure.text, "newer version") == NULL)
        fail_msg("%s at %ld: '%s'", what, where, got.failure.text);
    return told;
}

static void test_truncations(void **state)
{
    (void)state;
    statetest_make_state();
    size_t length;
    char *bytes = statetest_read(statetest_path(""), &length);
    for (size_t cut = 0; cut < length; cut += 512) {
        if (!told_or_whole("cut", (long)cut, bytes, cut))
            fail_msg("cut to %zu of %zu bytes: not noticed", cut, length);
    }
    assert_false(told_or_whole("not cut", (long)length, bytes, length));
    free(bytes);
}

static void test_flipped_bytes(void **state)
{
    (void)state;
    statetest_make_state();
    size_t length;
    char *bytes = statetest_read(statetest_path(""), &length);
    int told = 0, harmless = 0;
    for (size_t at = 0; at < 4096; at++) {
        bytes[at] ^= (char)0xFF;
        told_or_whole("byte flipped", (long)at, bytes, length) ? told++ : harmless++;
        bytes[at] ^= (char)0xFF;
    }
    print_message("first page: %d told, %d harmless\n", told, harmless);
    srand(1);
    told = harmless = 0;
    for (int i = 0; i < 3000; i++) {
        size_t at = (size_t)rand() % length;
        char bit = (char)(1 << rand() % 8);
        bytes[at] ^= bit;
        told_or_whole("bit flipped", (long)at, bytes, length) ? told++ : harmless++;
        bytes[at] ^= bit;
    }
    print_message("random bits: %d told, %d harmless\n", told, harmless);
    free(bytes);
}

static void test_damaged_copies_are_few(void **state)
{
    (void)state;
    statetest_make_state();
    for (int i = 0; i < 13; i++) {
        char text[32];
        snprintf(text, sizeof text, "damage %d\n", i);
        statetest_write(statetest_path(""), text, strlen(text));
        char journal[512];
        snprintf(journal, sizeof journal, "%s-journal", statetest_path(""));
        statetest_write(journal, text, strlen(text));
        struct opening got = statetest_run(3000, false);
        statetest_expect("again", &got, STATEFILE_LOST, "was not a SQLite database");
    }
    assert_int_equal(statetest_count_files(".damaged-"), 10); /* five and their journals */
    assert_int_equal(statetest_count_files("-journal"), 5);
    struct opening got = statetest_run(0, true);
    statetest_expect("after", &got, STATEFILE_KEPT, "");
}

/* A run that was killed between setting aside and beginning anew has told nobody of the loss. */
static void test_killed_while_setting_aside(void **state)
{
    (void)state;
    statetest_make_state();
    statetest_write(statetest_path(""), "x", 1);
    statetest_run(0, false);
    assert_int_equal(unlink(statetest_path("")), 0);
    struct opening got = statetest_run(0, false);
    statetest_expect("missing", &got, STATEFILE_LOST, "is missing after an earlier one was set aside");
}

/* What lies beside a file that is gone must not get into the new one. */
static void test_leftovers(void **state)
{
    (void)state;
    statetest_make_state();
    assert_int_equal(unlink(statetest_path("")), 0);
    statetest_write(statetest_path("-journal"), "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 stale", 14);
    statetest_write(statetest_path("-wal"), "stale", 5);
    statetest_write(statetest_path(".new"), "half", 4);
    statetest_write(statetest_path(".new-journal"), "half", 4);
    struct opening got = statetest_run(0, false);
    statetest_expect("new", &got, STATEFILE_NEW, "");
    assert_int_equal(statetest_count_files(""), 2 + 2); /* . .. the lock and the file */
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, statetest_make_directory, statetest_remove_directory)
    const struct CMUnitTest tests[] = {
        EACH(test_directories),
        EACH(test_foreign_directory),
        EACH(test_lock_file),
        EACH(test_damages),
        EACH(test_foreign_file),
        EACH(test_newer_version),
        EACH(test_read_only_file),
        EACH(test_truncations),
        EACH(test_flipped_bytes),
        EACH(test_damaged_copies_are_few),
        EACH(test_killed_while_setting_aside),
        EACH(test_leftovers),
    };
    return cmocka_run_group_tests(tests, statetest_become_nobody, NULL);
}
