// SPDX-License-Identifier: GPL-3.0-or-later
/* What proves that a state file is as a run left it: its bytes where they are known, else its rows; and clocks that are behind. */
#include "../statetest.h"
#include "state/proof.h"

#include "../dice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOUR = 3600, NOW = 1700000000 };

static const char *lock_path(void)
{
    static char path[256];
    const char *state = statetest_path("");
    snprintf(path, sizeof path, "%.*s.lock", (int)(strlen(state) - strlen(".sqlite3")), state);
    return path;
}

static bool proven(void)
{
    return stateproof_look(statetest_path(""));
}

/* As if a run had left the file as it is now. */
static void prove(void)
{
    int lock = open(lock_path(), O_RDWR);
    assert_true(lock >= 0);
    stateproof_keep(statetest_path(""), lock);
    close(lock);
}

static void test_what_a_run_leaves_is_proven(void **state)
{
    (void)state;
    struct stat status;
    struct opening got = statetest_run(5, false);
    assert_true(proven());
    got = statetest_run(0, true); /* it looks alone */
    statetest_expect("looked at", &got, STATEFILE_KEPT, "");
    assert_true(proven());
    got = statetest_run(6, false);
    assert_true(proven());
    assert_true(stat(lock_path(), &status) == 0 && status.st_size == 17);
}

static void test_bytes_that_are_proven_need_no_rows(void **state)
{
    (void)state;
    statetest_make_state();
    statetest_sql(statetest_path(""), "UPDATE item SET first_seen = 3 WHERE key = 'a'");
    assert_false(proven());
    prove();
    struct opening got = statetest_run(0, true);
    statetest_expect("its rows were not read", &got, STATEFILE_KEPT, "");
    assert_int_equal(got.first_seen, 3);
}

static void test_without_proof_the_rows_decide(void **state)
{
    (void)state;
    static const char *const proofs[] = {"", "0000000000000000\n", "x",
                                         "ffffffffffffffff\nffffffffffffffff\n"};
    statetest_make_state();
    for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++) {
        statetest_write(lock_path(), proofs[i], strlen(proofs[i]));
        assert_false(proven());
        struct opening got = statetest_run(0, i % 2 == 0);
        statetest_expect(proofs[i], &got, STATEFILE_KEPT, "");
        assert_int_equal(got.first_seen, 1000);
        assert_true(proven()); /* by its rows */
    }
    statetest_sql(statetest_path(""), "UPDATE item SET first_seen = 3 WHERE key = 'a'");
    struct opening got = statetest_run(0, true);
    statetest_expect("changed", &got, STATEFILE_LOST, "its digest does not fit");
}

/* Whatever byte it is, a file that is not the one that was left is not proven. */
static void test_every_byte_counts(void **state)
{
    (void)state;
    statetest_make_state();
    size_t length;
    char *bytes = statetest_read(statetest_path(""), &length);
    for (size_t at = 0; at < length; at += 1 + at % 13) {
        bytes[at] ^= (char)(1 << at % 8);
        statetest_write(statetest_path(""), bytes, length);
        if (proven())
            fail_msg("byte %zu of %zu", at, length);
        bytes[at] ^= (char)(1 << at % 8);
    }
    statetest_write(statetest_path(""), bytes, length - 1);
    assert_false(proven());
    statetest_write(statetest_path(""), bytes, length);
    assert_true(proven());
    free(bytes);
}

static void test_with_a_journal_the_rows_decide(void **state)
{
    (void)state;
    statetest_make_state();
    statetest_sql(statetest_path(""), "UPDATE item SET first_seen = 3 WHERE key = 'a'");
    prove();
    assert_true(proven());
    statetest_write(statetest_path("-journal"), "", 0);
    assert_false(proven());
    struct opening got = statetest_run(0, true);
    statetest_expect("with a journal", &got, STATEFILE_LOST, "its digest does not fit");
}

static void test_a_lock_file_that_cannot_be_written_is_no_trouble(void **state)
{
    (void)state;
    statetest_make_state();
    statetest_write(lock_path(), "", 0);
    assert_int_equal(chmod(lock_path(), 0400), 0);
    struct opening got = statetest_run(0, true);
    assert_true(got.health == STATEFILE_KEPT || got.health == STATEFILE_UNUSABLE);
    assert_int_equal(unlink(lock_path()), 0);
    assert_false(proven());
    got = statetest_run(0, false);
    statetest_expect("without a lock file", &got, STATEFILE_KEPT, "");
    assert_int_equal(got.first_seen, 1000);
    assert_true(proven());
}

static void run_sql(struct statefile *file, const char *sql, int64_t number)
{
    struct failure failure;
    sqlite3_stmt *statement = statefile_statement(file, sql, &failure);
    if (statement == NULL)
        fail_msg("%s: %s", sql, failure.text);
    if (strstr(sql, "?1") != NULL)
        sqlite3_bind_int64(statement, 1, number);
    if (statefile_write(file, statement, &failure) != 0)
        fail_msg("%s: %s", sql, failure.text);
}

/* The digest follows changes of any tables, by statements that are accounted for and by others. */
static void test_the_digest_follows_all_changes(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "INSERT OR REPLACE INTO item(key, kind, progress, first_seen, attempt_since, last_progress, "
        "absent_runs, absent_since) VALUES ('k' || (?1 % 50), 'sent', 'p', ?1, 1, 2, 3, 4)",
        "INSERT OR REPLACE INTO failure VALUES ('k' || (?1 % 5), ?1 % 9)",
        "DELETE FROM item WHERE key = 'k' || (?1 % 50)",
        "UPDATE item SET first_seen = first_seen + ?1 WHERE absent_runs = 3",
        "INSERT OR REPLACE INTO away VALUES ('S' || (?1 % 7), ?1 % 3, ?1)",
        "DELETE FROM away WHERE until < ?1",
        "DELETE FROM away WHERE ?1 % 5 = 0",
        "DELETE FROM order_site",
        "INSERT OR REPLACE INTO order_site(code, last, quiet, page, pages, mark, prev, gap, gap_end, off, arrived, late, "
        "newest) VALUES ('S' || (?1 % 9), ?1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 'x')",
    };
    uint64_t seed = 7;
    statetest_make_state();
    for (int run = 0; run < 300; run++) {
        struct opening got = {0};
        struct failure failure;
        struct statefile *file = statefile_open(state_directory, PLUGIN, IDENTITY, &memory_schema, 5000, NULL,
                                                &got.health, &got.failure);
        assert_non_null(file);
        statetest_expect("each run", &got, STATEFILE_KEPT, "");
        int many = (int)dice_throw(&seed, 6);
        for (int i = 0; i < many; i++)
            run_sql(file, changes[dice_throw(&seed, (uint32_t)(sizeof changes / sizeof *changes))],
                    (int64_t)dice_throw(&seed, 1000));
        if (dice_throw(&seed, 5) == 0)
            sqlite3_exec(statefile_database(file), "UPDATE item SET absent_since = absent_since + 1", NULL,
                         NULL, NULL);
        if (dice_throw(&seed, 5) == 0)
            assert_int_equal(statefile_table(file, "other", "(a INTEGER)", &failure), 0);
        if (dice_throw(&seed, 4) != 0)
            assert_int_equal(statefile_commit(file, NOW, &failure), 0);
        if (dice_throw(&seed, 3) == 0) { /* what was told, in a transaction of its own */
            assert_int_equal(statefile_begin(file, &failure), 0);
            run_sql(file, changes[0], run);
            assert_int_equal(statefile_commit(file, NOW, &failure), 0);
        }
        statefile_close(file);
        if (dice_throw(&seed, 3) != 0)
            statetest_write(lock_path(), "", 0); /* so that the rows decide */
    }
}

/* ---- a clock that is behind */

/* One run by a clock; puts item "b". @return by how much it is behind */
static int64_t run_at(int64_t now, int64_t other)
{
    enum statefile_health health;
    struct failure failure = {""};
    struct statefile *file =
        statefile_open(state_directory, PLUGIN, IDENTITY, &memory_schema, 5000, NULL, &health, &failure);
    assert_non_null(file);
    const int64_t behind_s = statefile_stand_still(file, now, other);
    statetest_put(file, "b", now);
    if (statefile_commit(file, now, &failure) != 0)
        fail_msg("commit: %s", failure.text);
    assert_int_equal(statefile_begin(file, &failure), 0); /* a second transaction, as for what was told */
    statetest_put(file, "c", now);
    if (statefile_commit(file, now, &failure) != 0)
        fail_msg("second commit: %s", failure.text);
    statefile_close(file);
    if (health != STATEFILE_KEPT && health != STATEFILE_NEW)
        fail_msg("health %d: %s", (int)health, failure.text);
    return behind_s;
}

static int64_t remembered(const char *key)
{
    enum statefile_health health;
    struct failure failure;
    struct remembered *items;
    size_t count;
    statetest_write(lock_path(), "", 0);
    struct statefile *file =
        statefile_open(state_directory, PLUGIN, IDENTITY, &memory_schema, 5000, NULL, &health, &failure);
    assert_true(file != NULL && health == STATEFILE_KEPT);
    assert_int_equal(memory_load(file, "", &items, &count, &failure), 0);
    const struct remembered *item = history_find(items, count, key);
    const int64_t first_seen = item != NULL ? item->first_seen : 0;
    memory_free(items, count);
    statefile_close(file);
    return first_seen;
}

static void test_a_clock_that_is_behind_teaches_nothing(void **state)
{
    (void)state;
    static const struct {
        int64_t now, other, behind_s, kept;
    } runs[] = {
        {NOW, NOW, 0, NOW},
        {NOW - 600, NOW, 0, NOW - 600}, /* ten minutes: as runs side by side, or a clock that is set right */
        {NOW, NOW, 0, NOW},
        {NOW - 24 * HOUR, NOW + 60, 24 * HOUR, NOW},
        {NOW - 23 * HOUR, NOW + HOUR, 23 * HOUR, NOW},
        {NOW - 22 * HOUR, NOW + 2 * HOUR, 22 * HOUR, NOW},
        {NOW + HOUR, NOW + HOUR, 0, NOW + HOUR}, /* it was wrong for a while */
        {NOW - 24 * HOUR, NOW + HOUR, 25 * HOUR, NOW + HOUR},
        {NOW - 48 * HOUR, NOW + HOUR, 49 * HOUR,
         NOW + HOUR}, /* still further back: the three hours begin anew */
        {NOW - 46 * HOUR, NOW + HOUR, 47 * HOUR, NOW + HOUR},
        {NOW - 45 * HOUR, NOW + HOUR, 0, NOW - 45 * HOUR}, /* for three hours: the other may be wrong, too */
        {NOW - 44 * HOUR, NOW + HOUR, 0, NOW - 44 * HOUR},
        {NOW + 1000 * HOUR, NOW, 0, NOW + 1000 * HOUR}, /* far ahead for one run: the other clock tells so */
        {NOW, NOW + 599, 0, NOW},
    };
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        const int64_t behind_s = run_at(runs[i].now, runs[i].other);
        const int64_t kept = remembered("b");
        assert_int_equal(remembered("c"), kept);
        if (behind_s != runs[i].behind_s || kept != runs[i].kept)
            fail_msg("run %zu: behind by %" PRId64 ", kept %" PRId64, i, behind_s, kept - NOW);
    }
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, statetest_make_directory, statetest_remove_directory)
    const struct CMUnitTest tests[] = {
        EACH(test_what_a_run_leaves_is_proven),
        EACH(test_bytes_that_are_proven_need_no_rows),
        EACH(test_without_proof_the_rows_decide),
        EACH(test_every_byte_counts),
        EACH(test_with_a_journal_the_rows_decide),
        EACH(test_a_lock_file_that_cannot_be_written_is_no_trouble),
        EACH(test_the_digest_follows_all_changes),
        EACH(test_a_clock_that_is_behind_teaches_nothing),
    };
    return cmocka_run_group_tests(tests, statetest_become_nobody, NULL);
}
