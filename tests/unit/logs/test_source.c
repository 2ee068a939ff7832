// SPDX-License-Identifier: GPL-3.0-or-later
#include "../logworld.h"

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

static struct logworld world;

static int begin(void **state)
{
    (void)state;
    logworld_begin(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    logworld_end(&world);
    return 0;
}

/* One run: what its parser finished, the segments it saw, and whether it told a loss. */
static void expect(const char *given, const char *segments, bool loss)
{
    assert_int_equal(logworld_run(&world), LOG_POSITION_READY);
    assert_string_equal(text_string(&world.given), given);
    assert_string_equal(text_string(&world.segments), segments);
    if (loss != (world.status.loss[0] != '\0'))
        fail_msg("loss: '%s'", world.status.loss);
}

static void expect_nothing(void)
{
    expect("", "", false);
}

static void test_first_run_reads_both(void **state)
{
    (void)state;
    logworld_append(&world, "one\ntwo\n");
    logworld_rename(&world);
    logworld_append(&world, "three\n");
    expect("one\ntwo\nthree\n", "~lo_@0+8! log@0+6 ", false);
    assert_true(world.status.first_run);
    expect_nothing();
    assert_false(world.status.first_run);
}

static void test_first_run_without_old(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    expect("one\n", "~log@0+4 ", false);
}

static void test_nothing_new_is_cheap(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++)
        logworld_append(&world, "a line of the log that is read once and never again\n");
    logworld_run(&world);
    expect_nothing();
    assert_true(world.bytes_read <= 2 * LOG_FINGERPRINT_BYTES);
    assert_int_equal(world.status.bytes_new, 0);
}

static void test_grown(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_run(&world);
    logworld_append(&world, "two\n");
    expect("two\n", "log@4+4 ", false);
}

static void test_half_line_waits(void **state)
{
    (void)state;
    logworld_append(&world, "one\ntw");
    expect("one\n", "~log@0+6 ", false);
    expect("", "log@4+2 ", false);
    logworld_append(&world, "o\n");
    expect("two\n", "log@4+4 ", false);
    expect_nothing();
}

static void test_half_line_at_end_of_rotated(void **state)
{
    (void)state;
    logworld_append(&world, "one\ntw");
    logworld_run(&world);
    logworld_rename(&world);
    logworld_append(&world, "three\n");
    expect("twthree\n", "lo_@4+2! log@0+6 ", false);
    expect_nothing();
}

static void test_renamed(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_run(&world);
    logworld_append(&world, "two\n");
    logworld_rename(&world);
    logworld_append(&world, "three\n");
    expect("two\nthree\n", "lo_@4+4! log@0+6 ", false);
    expect_nothing();
}

static void test_renamed_with_nothing_left(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_run(&world);
    logworld_rename(&world);
    logworld_write(world.log, "", 0, "w");
    expect_nothing();
    logworld_append(&world, "two\n");
    expect("two\n", "log@0+4 ", false);
    logworld_append(&world, "three\n");
    expect("three\n", "log@4+6 ", false);
}

/* The position is the end of X.lo_ and X.log has a half line only; then it is rotated too. */
static void test_half_line_then_rotated(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_run(&world);
    logworld_rename(&world);
    logworld_append(&world, "tw");
    expect("", "log@0+2 ", false);
    logworld_append(&world, "o\n");
    logworld_rename(&world);
    logworld_append(&world, "three\n");
    expect("two\nthree\n", "lo_@0+4! log@0+6 ", false);
    expect_nothing();
}

static void test_renamed_and_no_new_log_yet(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_run(&world);
    logworld_append(&world, "two\n");
    logworld_rename(&world);
    expect("two\n", "lo_@4+4! ", false);
    assert_true(world.status.log_missing);
    logworld_append(&world, "three\n");
    expect("three\n", "log@0+6 ", false);
    assert_false(world.status.log_missing);
}

static void test_copied_and_truncated(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_run(&world);
    logworld_append(&world, "two\n");
    logworld_copy(&world);
    logworld_truncate(&world);
    logworld_append(&world, "three, longer than before\n");
    expect("two\nthree, longer than before\n", "lo_@4+4! log@0+26 ", false);
    expect_nothing();
}

static void test_copied_not_yet_truncated(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_copy(&world);
    logworld_append(&world, "two\n");
    expect("one\ntwo\n", "~log@0+8 ", false); /* X.lo_ is the beginning of X.log */
    logworld_copy(&world);
    logworld_truncate(&world);
    expect_nothing();
    logworld_append(&world, "three\n");
    expect("three\n", "log@0+6 ", false);
}

static void test_rotated_twice(void **state)
{
    (void)state;
    logworld_append(&world, "one\nhalf");
    logworld_run(&world);
    logworld_rename(&world);
    logworld_append(&world, "two\n");
    logworld_rename(&world);
    logworld_append(&world, "three\n");
    expect("two\nthree\n", "~lo_@0+4! log@0+6 ", true);
    assert_non_null(strstr(world.status.loss, "rotated more than once"));
    assert_non_null(strstr(world.status.loss, "4 bytes not read then"));
    assert_non_null(strstr(world.status.loss, "despool.lo_"));
    expect_nothing();
}

static void test_truncated_without_old(void **state)
{
    (void)state;
    logworld_append(&world, "one\ntwo\n");
    logworld_run(&world);
    logworld_truncate(&world);
    logworld_append(&world, "three\n");
    expect("three\n", "~log@0+6 ", true);
    assert_non_null(strstr(world.status.loss, "truncated or replaced"));
    expect_nothing();
}

static void test_truncated_with_known_old(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_rename(&world);
    logworld_append(&world, "two\n");
    logworld_run(&world);
    logworld_truncate(&world);
    logworld_append(&world, "3\n");
    expect("3\n", "~log@0+2 ", true); /* not "one" again */
    expect_nothing();
}

static void test_known_old_after_reading_it_in_two_runs(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_run(&world);
    logworld_append(&world, "two\n");
    logworld_rename(&world);
    logworld_append(&world, "three\n");
    logworld_run(&world);
    logworld_truncate(&world);
    logworld_append(&world, "4\n");
    expect("4\n", "~log@0+2 ", true);
}

static void test_replaced_by_longer(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_run(&world);
    logworld_write(world.log, "another one, and longer\n", 24, "w");
    expect("another one, and longer\n", "~log@0+24 ", true);
}

static void test_same_first_line_is_no_identity(void **state)
{
    (void)state;
    logworld_append(&world, "the same first line\nA\n");
    logworld_run(&world);
    logworld_append(&world, "B\n");
    logworld_rename(&world);
    logworld_append(&world, "the same first line\nC\nDDDD\n");
    expect("B\nthe same first line\nC\nDDDD\n", "lo_@22+2! log@0+27 ", false);
}

static void test_same_content_settled_by_inode(void **state)
{
    (void)state;
    logworld_append(&world, "same\n");
    logworld_run(&world);
    logworld_append(&world, "more\n");
    logworld_rename(&world);
    logworld_append(&world, "same\nother, longer\n");
    expect("more\nsame\nother, longer\n", "lo_@5+5! log@0+19 ", false);
}

static void test_remounted_share(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_run(&world);
    logworld_append(&world, "two\n");
    world.position.at.inode += 1000; /* what a remount does to every number */
    expect("two\n", "log@4+4 ", false);
}

static void test_names_without_case(void **state)
{
    (void)state;
    char upper[96], upper_old[96];
    snprintf(upper, sizeof upper, "%s/DESPOOL.LOG", world.folder);
    snprintf(upper_old, sizeof upper_old, "%s/Despool.Lo_", world.folder);
    logworld_write(upper, "two\n", 4, "w");
    logworld_write(upper_old, "one\n", 4, "w");
    expect("one\ntwo\n", "~Lo_@0+4! LOG@0+4 ", false);
}

static void test_max_bytes(void **state)
{
    (void)state;
    logworld_append(&world, "0123456\n89abcde\n");
    logworld_rename(&world);
    logworld_append(&world, "GHIJKLM\n");
    world.max_bytes = 10;
    expect("0123456\n", "~lo_@0+10 ", false);
    assert_true(world.status.catching_up);
    assert_int_equal(world.status.bytes_new, 24);
    assert_int_equal(world.status.bytes_left, 14);
    expect("89abcde\n", "lo_@8+8! log@0+2 ", false);
    assert_true(world.status.catching_up);
    expect("GHIJKLM\n", "log@0+8 ", false);
    assert_false(world.status.catching_up);
    expect_nothing();
}

static void test_rotated_while_catching_up(void **state)
{
    (void)state;
    logworld_append(&world, "0123456\n89abcde\n");
    world.max_bytes = 10;
    expect("0123456\n", "~log@0+10 ", false);
    logworld_rename(&world);
    logworld_append(&world, "x\n");
    expect("89abcde\nx\n", "lo_@8+8! log@0+2 ", false);
}

static void test_extend(void **state)
{
    (void)state;
    struct failure failure = {""};
    char buffer[64];
    const struct log_segment *segment;
    logworld_append(&world, "one line that is longer than the budget\n");
    struct bytestore *store = bytestore_new(NULL, NULL);
    struct log_source *source = log_source_open(store, world.log, NULL, 8, NULL, &failure);
    assert_non_null(source);
    assert_int_equal(log_source_next(source, &segment, &failure), 1);
    assert_int_equal(log_source_read(source, buffer, sizeof buffer, &failure), 8);
    assert_int_equal(log_source_read(source, buffer, sizeof buffer, &failure), 0);
    assert_true(log_source_status(source)->catching_up);
    assert_int_equal(log_source_extend(source, 10), 10);
    assert_int_equal(log_source_read(source, buffer, sizeof buffer, &failure), 10);
    assert_int_equal(log_source_extend(source, 1000), 22);
    assert_false(log_source_status(source)->catching_up);
    assert_int_equal(log_source_read(source, buffer, sizeof buffer, &failure), 22);
    assert_int_equal(log_source_extend(source, 1000), 0);
    log_source_close(source);
    bytestore_close(store);
}

/* Read everything of X.lo_ and X.log, then put the next run back. */
static void expect_held(const char *location, int64_t offset, const char *next_run)
{
    struct failure failure = {""};
    char buffer[256];
    const struct log_segment *segment;
    struct log_position position;
    struct bytestore *store = bytestore_new(NULL, NULL);
    struct log_source *source = log_source_open(store, world.log, NULL, 0, NULL, &failure);
    while (log_source_next(source, &segment, &failure) > 0)
        while (log_source_read(source, buffer, sizeof buffer, &failure) > 0)
            log_source_consumed(source, segment->offset + segment->length);
    log_source_hold(source, location, offset);
    assert_int_equal(log_source_position(source, &position, &failure), LOG_POSITION_READY);
    log_source_close(source);
    bytestore_close(store);
    world.position = position;
    logworld_run(&world);
    assert_string_equal(text_string(&world.given), next_run);
}

static void test_hold(void **state)
{
    (void)state;
    logworld_append(&world, "one\ntwo\n");
    logworld_rename(&world);
    logworld_append(&world, "three\nfour\n");
    expect_held(world.old, 0, "one\ntwo\nthree\nfour\n");
    expect_held(world.old, 4, "two\nthree\nfour\n");
    expect_held(world.old, 8, "three\nfour\n");
    expect_held(world.log, 0, "three\nfour\n");
    expect_held(world.log, 6, "four\n");
    expect_held(world.log, 11, "");
}

static void grow(struct logworld *log)
{
    logworld_append(log, "later\n");
}

static void test_growing_while_reading(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    assert_int_equal(logworld_run_while(&world, grow), LOG_POSITION_READY);
    assert_string_equal(text_string(&world.given), "one\n");
    expect("later\n", "log@4+6 ", false);
}

static void shrink(struct logworld *log)
{
    assert_int_equal(truncate(log->log, 4), 0);
}

static void test_shrinking_while_reading(void **state)
{
    (void)state;
    logworld_append(&world, "one\ntwo\n");
    assert_int_equal(logworld_run_while(&world, shrink), LOG_POSITION_CHANGED);
    world.position = (struct log_position){0};
    expect("one\n", "~log@0+4 ", false);
}

static void copy_truncate_and_refill(struct logworld *log)
{
    logworld_copy(log);
    logworld_truncate(log);
    logworld_append(log, "THREE\nFOUR\n");
}

static void test_truncated_under_the_reader(void **state)
{
    (void)state;
    logworld_append(&world, "zero\n");
    logworld_run(&world);
    logworld_append(&world, "one\n");
    struct log_position before = world.position;
    assert_int_equal(logworld_run_while(&world, copy_truncate_and_refill), LOG_POSITION_CHANGED);
    assert_memory_equal(&before, &world.position, sizeof before);
    expect("one\nTHREE\nFOUR\n", "lo_@5+4! log@0+11 ", false);
}

static void rename_and_refill(struct logworld *log)
{
    logworld_append(log, "two\n");
    logworld_rename(log);
    logworld_append(log, "three\n");
}

static void test_renamed_under_the_reader(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    assert_int_equal(logworld_run_while(&world, rename_and_refill), LOG_POSITION_READY);
    assert_string_equal(text_string(&world.given), "one\n");
    expect("two\nthree\n", "lo_@4+4! log@0+6 ", false);
}

static void test_other_names_have_no_predecessor(void **state)
{
    (void)state;
    snprintf(world.log, sizeof world.log, "%s/despool.txt", world.folder);
    logworld_append(&world, "one\n");
    expect("one\n", "~txt@0+4 ", false);
    logworld_truncate(&world);
    logworld_append(&world, "2\n");
    expect("2\n", "~txt@0+2 ", true);
}

static void expect_refused(const char *path, const char *words)
{
    struct failure failure = {""};
    struct bytestore *store = bytestore_new(NULL, NULL);
    struct log_source *source = log_source_open(store, path, NULL, 0, NULL, &failure);
    if (source != NULL || strstr(failure.text, words) == NULL)
        fail_msg("%s: %s instead of '%s'", path, source != NULL ? "opened" : failure.text, words);
    bytestore_close(store);
}

static void test_missing_or_strange(void **state)
{
    (void)state;
    expect_refused(world.log, "no such file");
    mkdir(world.old, 0700);
    expect_refused(world.log, "is a directory");
    mkfifo(world.log, 0600);
    expect_refused(world.log, "is a FIFO");
}

static void test_empty(void **state)
{
    (void)state;
    logworld_write(world.log, "", 0, "w");
    expect_nothing();
    assert_true(world.status.first_run);
    assert_int_equal(world.status.size_bytes, 0);
    logworld_append(&world, "one\n");
    expect("one\n", "~log@0+4 ", false);
}

/* Memory and cost do not depend on the file's size: a hole of 1 TiB and a line behind it. */
static void test_huge(void **state)
{
    (void)state;
    logworld_append(&world, "one\n");
    logworld_run(&world);
    assert_int_equal(truncate(world.log, (off_t)1 << 40), 0);
    logworld_append(&world, "two\n");
    world.max_bytes = 1 << 20;
    assert_int_equal(logworld_run(&world), LOG_POSITION_READY);
    assert_true(world.status.catching_up);
    assert_int_equal(world.status.bytes_left, ((int64_t)1 << 40) - (1 << 20));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_first_run_reads_both),
        TEST(test_first_run_without_old),
        TEST(test_nothing_new_is_cheap),
        TEST(test_grown),
        TEST(test_half_line_waits),
        TEST(test_half_line_at_end_of_rotated),
        TEST(test_renamed),
        TEST(test_renamed_with_nothing_left),
        TEST(test_half_line_then_rotated),
        TEST(test_renamed_and_no_new_log_yet),
        TEST(test_copied_and_truncated),
        TEST(test_copied_not_yet_truncated),
        TEST(test_rotated_twice),
        TEST(test_truncated_without_old),
        TEST(test_truncated_with_known_old),
        TEST(test_known_old_after_reading_it_in_two_runs),
        TEST(test_replaced_by_longer),
        TEST(test_same_first_line_is_no_identity),
        TEST(test_same_content_settled_by_inode),
        TEST(test_remounted_share),
        TEST(test_names_without_case),
        TEST(test_max_bytes),
        TEST(test_rotated_while_catching_up),
        TEST(test_extend),
        TEST(test_hold),
        TEST(test_growing_while_reading),
        TEST(test_shrinking_while_reading),
        TEST(test_truncated_under_the_reader),
        TEST(test_renamed_under_the_reader),
        TEST(test_other_names_have_no_predecessor),
        TEST(test_missing_or_strange),
        TEST(test_empty),
        TEST(test_huge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
