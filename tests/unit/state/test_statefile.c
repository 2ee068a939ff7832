// SPDX-License-Identifier: GPL-3.0-or-later
/* Locks, transactions, concurrency, kills: a committed first_seen is never lost. */
#include "../statetest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The rooms ask the time here, so that a test can let a day pass. */
static time_t clock_offset;

time_t time(time_t *seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (seconds != NULL)
        *seconds = now.tv_sec + clock_offset;
    return now.tv_sec + clock_offset;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct statefile *open_with(const char *identity, const struct statefile_schema *schema,
                                   int64_t wait_ms, const struct trace *trace, struct opening *opening)
{
    *opening = (struct opening){0};
    return statefile_open(state_directory, PLUGIN, identity, schema, wait_ms, trace, &opening->health,
                          &opening->failure);
}

static void test_new_then_kept(void **state)
{
    (void)state;
    struct opening got = statetest_run(5, true);
    statetest_expect("first", &got, STATEFILE_NEW, "");
    got = statetest_run(5, false);
    statetest_expect("first after one that did not commit", &got, STATEFILE_NEW, "");
    got = statetest_run(0, false);
    statetest_expect("second", &got, STATEFILE_KEPT, "");
    assert_int_equal(got.first_seen, 5);
    assert_int_equal(got.lost_at, 0);
}

static void test_modes(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 077, 0277, 0777};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        statetest_remove_directory(NULL);
        statetest_make_directory(NULL);
        mode_t before = umask(masks[i]);
        struct opening got = statetest_run(5, false);
        umask(before);
        statetest_expect("new", &got, STATEFILE_NEW, "");
        struct stat status;
        assert_int_equal(stat(statetest_path(""), &status), 0);
        if ((status.st_mode & 07777) != 0600)
            fail_msg("umask %o: mode %o", (unsigned)masks[i], (unsigned)status.st_mode);
        got = statetest_run(0, false);
        statetest_expect("kept", &got, STATEFILE_KEPT, "");
    }
}

static void test_identities(void **state)
{
    (void)state;
    char long_identity[5001];
    memset(long_identity, 'x', sizeof long_identity - 1);
    long_identity[sizeof long_identity - 1] = '\0';
    const char *const identities[] = {
        "",       "a",          "b", "A", "a ", "smb://h/s/\xc3\xa4/despool.log", "'; DROP TABLE state",
        "a/../b", long_identity};
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof identities / sizeof identities[0]; i++) {
            struct opening got;
            struct statefile *file = open_with(identities[i], &memory_schema, 0, NULL, &got);
            assert_non_null(file);
            statetest_expect(identities[i], &got, round == 0 ? STATEFILE_NEW : STATEFILE_KEPT, "");
            struct remembered *items;
            size_t count;
            assert_int_equal(memory_load(file, "", &items, &count, NULL), 0);
            if (count != (size_t)round || (round == 1 && items[0].first_seen != (int64_t)i + 1))
                fail_msg("identity '%.40s' shares a file", identities[i]);
            memory_free(items, count);
            statetest_put(file, "item", (int64_t)i + 1);
            assert_int_equal(statefile_commit(file, 1, NULL), 0);
            statefile_close(file);
        }
    }
}

/* ---- locks ---- */

/* A process that holds the state open until it is ended, or for so long. */
static pid_t hold(int ms)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct opening got;
        struct statefile *file = open_with(IDENTITY, &memory_schema, 0, NULL, &got);
        if (file == NULL || write(ready[1], "x", 1) != 1)
            _exit(1);
        poll(NULL, 0, ms);
        statefile_close(file);
        _exit(0);
    }
    char byte;
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void keep_step(void *listener, const char *step)
{
    snprintf(listener, 256, "%s", step);
}

static void test_lock_held(void **state)
{
    (void)state;
    statetest_make_state();
    pid_t holder = hold(60000);
    char step[256] = "", expected[64];
    struct trace trace = {.step = keep_step, .listener = step};
    static const int waits[] = {0, 1, 150};
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        struct opening got;
        int64_t begin = now_ms();
        assert_null(open_with(IDENTITY, &memory_schema, waits[i], &trace, &got));
        int64_t took = now_ms() - begin;
        snprintf(expected, sizeof expected, "is locked by pid %d", (int)holder);
        statetest_expect("held", &got, STATEFILE_UNUSABLE, expected);
        if (took < waits[i] || took > waits[i] + 400)
            fail_msg("waited %d ms instead of %d", (int)took, waits[i]);
        snprintf(expected, sizeof expected, "waiting for the state lock held by pid %d", (int)holder);
        assert_string_equal(step, expected);
    }
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    struct opening got = statetest_run(0, false);
    statetest_expect("after its holder was killed", &got, STATEFILE_KEPT, "");
    assert_int_equal(got.first_seen, 1000);
}

static void test_lock_waited_for(void **state)
{
    (void)state;
    statetest_make_state();
    pid_t holder = hold(300);
    struct opening got;
    int64_t begin = now_ms();
    struct statefile *file = open_with(IDENTITY, &memory_schema, 5000, NULL, &got);
    int64_t took = now_ms() - begin;
    assert_non_null(file);
    statetest_expect("waited", &got, STATEFILE_KEPT, "");
    if (took < 200 || took > 800)
        fail_msg("got the lock after %d ms", (int)took);
    statefile_close(file);
    waitpid(holder, NULL, 0);
}

/* The lock file is swept away under its holder: a later run must not believe that it is alone for ever. */
static void test_lock_file_removed(void **state)
{
    (void)state;
    statetest_make_state();
    pid_t holder = hold(400);
    char lock[512], aside[512];
    snprintf(lock, sizeof lock, "%s", statetest_path(""));
    strcpy(strrchr(lock, '.'), ".lock");
    snprintf(aside, sizeof aside, "%s/aside", state_directory);
    assert_int_equal(rename(lock, aside), 0);
    struct opening got = statetest_run(0, true); /* SQLite's own lock is still held: told, not damaged */
    statetest_expect("no lock file", &got, STATEFILE_UNUSABLE, "has it open");
    waitpid(holder, NULL, 0);
    got = statetest_run(0, false);
    statetest_expect("later", &got, STATEFILE_KEPT, "");
    assert_int_equal(got.first_seen, 1000);
}

static void test_stranger_has_it_open(void **state)
{
    (void)state;
    statetest_make_state();
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t stranger = fork();
    if (stranger == 0) {
        sqlite3 *database;
        if (sqlite3_open(statetest_path(""), &database) != SQLITE_OK ||
            sqlite3_exec(database, "BEGIN EXCLUSIVE", NULL, NULL, NULL) != SQLITE_OK ||
            write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char byte, expected[64];
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    struct opening got = statetest_run(0, false);
    snprintf(expected, sizeof expected, "pid %d has it open; end it", (int)stranger);
    statetest_expect("stranger", &got, STATEFILE_UNUSABLE, expected);
    kill(stranger, SIGKILL);
    waitpid(stranger, NULL, 0);
    got = statetest_run(0, false);
    statetest_expect("stranger gone", &got, STATEFILE_KEPT, "");
    assert_int_equal(got.first_seen, 1000);
}

static void test_many_at_once(void **state)
{
    (void)state;
    enum { PROCESSES = 20, RUNS = 20 };
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() != 0)
            continue;
        for (int run = 0; run < RUNS; run++) {
            struct opening got;
            struct statefile *file = open_with(IDENTITY, &memory_schema, 60000, NULL, &got);
            struct remembered *items;
            size_t count;
            if (file == NULL || got.failure.text[0] != '\0' ||
                memory_load(file, "a", &items, &count, NULL) != 0)
                _exit(1);
            statetest_put(file, "a", count > 0 ? items[0].first_seen + 1 : 1);
            memory_free(items, count);
            if (statefile_commit(file, run, NULL) != 0)
                _exit(1);
            statefile_close(file);
        }
        _exit(0);
    }
    int status, failures = 0;
    while (wait(&status) > 0)
        failures += status != 0;
    assert_int_equal(failures, 0);
    struct opening got = statetest_run(0, true);
    statetest_expect("after all", &got, STATEFILE_KEPT, "");
    assert_int_equal(got.first_seen, PROCESSES * RUNS);
}

/* ---- kills ---- */

/* Runs without end; tells each committed number over the pipe. */
static _Noreturn void run_for_ever(int told)
{
    for (int64_t number = 1;; number++) {
        struct opening got;
        struct statefile *file = open_with(IDENTITY, &memory_schema, 5000, NULL, &got);
        struct remembered *items;
        size_t count;
        if (file == NULL || got.health != STATEFILE_KEPT || memory_load(file, "", &items, &count, NULL) != 0)
            _exit(1);
        if (number == 1 && count > 0)
            number = items[0].first_seen + 1;
        memory_free(items, count);
        statetest_put(file, "a", number);
        for (int i = 0; i < 200; i++) {
            char key[32];
            snprintf(key, sizeof key, "version/%05d", i);
            statetest_put(file, key, number);
        }
        if (statefile_commit(file, number, NULL) != 0 || write(told, &number, sizeof number) != sizeof number)
            _exit(1);
        statefile_close(file);
    }
}

static void test_killed_at_random(void **state)
{
    (void)state;
    statetest_run(1, false);
    srand(3);
    int64_t committed = 1;
    for (int i = 0; i < 200; i++) {
        int told[2];
        assert_int_equal(pipe(told), 0);
        pid_t pid = fork();
        if (pid == 0)
            run_for_ever(told[1]);
        close(told[1]);
        usleep((useconds_t)(rand() % 20000));
        kill(pid, SIGKILL);
        int status;
        waitpid(pid, &status, 0);
        for (int64_t number; read(told[0], &number, sizeof number) == sizeof number;)
            committed = number;
        close(told[0]);
        struct opening got = statetest_run(0, true);
        statetest_expect("after a kill", &got, STATEFILE_KEPT, "");
        /* A commit may be complete and not yet told; it is never lost and never half there. */
        if (!WIFSIGNALED(status) || got.first_seen < committed || got.first_seen > committed + 1 ||
            (got.count != 1 && got.count != 201))
            fail_msg("kill %d: %lld committed, %lld found, %zu items, status %d", i, (long long)committed,
                     (long long)got.first_seen, got.count, status);
        committed = got.first_seen;
    }
    print_message("%lld runs were committed between 200 kills\n", (long long)committed);
    assert_int_equal(statetest_count_files(".damaged-"), 0);
}

/* Killed with half of its pages written: the journal takes it back. */
static void test_hot_journal(void **state)
{
    (void)state;
    statetest_make_state();
    size_t before_length, after_length;
    char *before = statetest_read(statetest_path(""), &before_length);
    pid_t pid = fork();
    if (pid == 0) {
        struct opening got;
        struct statefile *file = open_with(IDENTITY, &memory_schema, 0, NULL, &got);
        sqlite3_exec(statefile_database(file), "PRAGMA cache_size = 1; PRAGMA cache_spill = 1", NULL, NULL,
                     NULL);
        statetest_put(file, "a", 77);
        for (int i = 0; i < 2000; i++) {
            char key[32];
            snprintf(key, sizeof key, "version/CEN%05d@S01", i);
            statetest_put(file, key, 77);
        }
        raise(SIGKILL);
    }
    waitpid(pid, NULL, 0);
    char *after = statetest_read(statetest_path(""), &after_length);
    assert_true(after_length != before_length || memcmp(before, after, before_length) != 0);
    assert_int_equal(statetest_count_files("-journal"), 1);
    free(before);
    free(after);
    struct opening got = statetest_run(0, false);
    statetest_expect("hot journal", &got, STATEFILE_KEPT, "");
    assert_int_equal(got.count, 41);
    assert_int_equal(got.first_seen, 1000);
    assert_int_equal(statetest_count_files("-journal"), 0);
}

/* ---- the rest ---- */

static void test_loss_is_forgotten_after_a_day(void **state)
{
    (void)state;
    statetest_make_state();
    statetest_write(statetest_path(""), "x", 1);
    struct opening got = statetest_run(5, false);
    statetest_expect("lost", &got, STATEFILE_LOST, "");
    static const struct {
        time_t later;
        bool told;
    } cases[] = {{0, true}, {3600, true}, {24 * 3600 - 60, true}, {24 * 3600 + 60, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clock_offset = cases[i].later;
        got = statetest_run(0, false);
        statetest_expect("later", &got, STATEFILE_KEPT, "");
        if ((got.lost_at != 0) != cases[i].told)
            fail_msg("%lld s later: lost at %lld", (long long)cases[i].later, (long long)got.lost_at);
    }
    clock_offset = 0;
}

static void test_upgrade(void **state)
{
    (void)state;
    statetest_make_state();
    const char *upgrades[16] = {0};
    upgrades[memory_schema.version - 1] = "ALTER TABLE item ADD COLUMN note TEXT NOT NULL DEFAULT ''";
    upgrades[memory_schema.version] = "UPDATE item SET note = 'three' WHERE key = 'a'";
    const struct statefile_schema third = {
        .version = memory_schema.version + 2, .ddl = "", .upgrades = upgrades};
    for (int round = 0; round < 3; round++) { /* the first run does not commit: all is done again */
        struct opening got;
        struct statefile *file = open_with(IDENTITY, &third, 0, NULL, &got);
        assert_non_null(file);
        statetest_expect("upgraded", &got, STATEFILE_KEPT, "");
        sqlite3_stmt *row =
            statefile_statement(file, "SELECT first_seen FROM item WHERE key = 'a' AND note = 'three'", NULL);
        assert_non_null(row);
        assert_int_equal(sqlite3_step(row), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int64(row, 0), 1000);
        if (round > 0)
            assert_int_equal(statefile_commit(file, 1, NULL), 0);
        statefile_close(file);
    }
    struct opening got = statetest_run(5, false);
    statetest_expect("the older program", &got, STATEFILE_UNUSABLE, "is of a newer version");
}

/* SQLite ends a transaction by itself after some errors: nothing of the run may be kept then. */
static void test_only_commit_commits(void **state)
{
    (void)state;
    statetest_make_state();
    struct opening got;
    struct failure failure = {""};
    struct statefile *file = open_with(IDENTITY, &memory_schema, 0, NULL, &got);
    statetest_put(file, "a", 5);
    assert_int_not_equal(sqlite3_exec(statefile_database(file), "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_exec(statefile_database(file), "ROLLBACK", NULL, NULL, NULL);
    char key[] = "a";
    struct remembered item = {.key = key, .first_seen = 6};
    assert_int_equal(memory_put(file, &item, &failure), -1);
    assert_int_equal(memory_remove(file, "a", &failure), -1);
    assert_int_equal(statefile_commit(file, 1, &failure), -1);
    assert_non_null(strstr(failure.text, "nothing was kept in the state file "));
    statefile_close(file);
    got = statetest_run(0, false);
    statetest_expect("after", &got, STATEFILE_KEPT, "");
    assert_int_equal(got.first_seen, 1000);
}

static void test_many_statements(void **state)
{
    (void)state;
    static char texts[40][32];
    struct opening got;
    struct statefile *file = open_with(IDENTITY, &memory_schema, 0, NULL, &got);
    for (int i = 0; i < 80; i++) {
        snprintf(texts[i % 40], sizeof texts[0], "SELECT %d", i % 40);
        sqlite3_stmt *row = statefile_statement(file, texts[i % 40], NULL);
        assert_non_null(row);
        assert_int_equal(sqlite3_step(row), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(row, 0), i % 40);
    }
    struct failure failure = {""};
    assert_null(statefile_statement(file, "SELECT x FROM nowhere", &failure));
    if (strstr(failure.text, "no such table: nowhere") == NULL)
        fail_msg("%s", failure.text);
    statefile_close(file);
    statefile_close(NULL);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, statetest_make_directory, statetest_remove_directory)
    const struct CMUnitTest tests[] = {
        EACH(test_new_then_kept),
        EACH(test_modes),
        EACH(test_identities),
        EACH(test_lock_held),
        EACH(test_lock_waited_for),
        EACH(test_lock_file_removed),
        EACH(test_stranger_has_it_open),
        EACH(test_many_at_once),
        EACH(test_killed_at_random),
        EACH(test_hot_journal),
        EACH(test_loss_is_forgotten_after_a_day),
        EACH(test_upgrade),
        EACH(test_only_commit_commits),
        EACH(test_many_statements),
    };
    return cmocka_run_group_tests(tests, statetest_become_nobody, NULL);
}
