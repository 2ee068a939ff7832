// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/away.h"
#include "items/itemstore.h"
#include "items/order_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/test_memory.XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

static struct statefile *open_memory(const char *identity)
{
    enum statefile_health health;
    struct failure failure;
    struct statefile *file =
        statefile_open(directory, "check_test", identity, &memory_schema, 1000, NULL, &health, &failure);
    if (file == NULL || health == STATEFILE_UNUSABLE || health == STATEFILE_LOST)
        fail_msg("health %d: %s", (int)health, failure.text);
    return file;
}

static void put(struct statefile *file, const char *key, const char *kind, int64_t first_seen)
{
    struct remembered item = {.key = (char *)(uintptr_t)key,
                              .kind = (char *)(uintptr_t)kind,
                              .first_seen = first_seen,
                              .attempt_since = 2,
                              .last_progress = 3,
                              .absent_runs = 5,
                              .absent_since = 6};
    struct failure failure = {""};
    if (memory_put(file, &item, &failure) != 0)
        fail_msg("%s: %s", key, failure.text);
}

/* The keys that a prefix gives, joined by blanks. */
static void expect_keys(struct statefile *file, const char *prefix, const char *expected)
{
    struct remembered *items;
    size_t count;
    char keys[512] = "";
    assert_int_equal(memory_load(file, prefix, &items, &count, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        strcat(keys, i > 0 ? " " : "");
        strcat(keys, items[i].key);
    }
    memory_free(items, count);
    if (strcmp(keys, expected) != 0)
        fail_msg("prefix '%s': '%s' instead of '%s'", prefix, keys, expected);
}

static void test_prefixes(void **state)
{
    (void)state;
    struct statefile *file = open_memory("prefixes");
    static const char *const keys[] = {"version/B", "version/A",  "recipe/A", "version/\xc3\xa4",
                                       "versionX",  "version/A0", "a\xff",    "a",
                                       "Z"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        put(file, keys[i], "sent", 1);
    expect_keys(file, "", "Z a a\xff recipe/A version/A version/A0 version/B version/\xc3\xa4 versionX");
    expect_keys(file, "version/", "version/A version/A0 version/B version/\xc3\xa4");
    expect_keys(file, "version/A", "version/A version/A0");
    expect_keys(file, "a\xff", "a\xff");
    expect_keys(file, "b", "");
    expect_keys(file, "zzz", "");
    assert_int_equal(memory_remove(file, "version/A", NULL), 0);
    assert_int_equal(memory_remove(file, "never there", NULL), 0);
    expect_keys(file, "version/", "version/A0 version/B version/\xc3\xa4");
    put(file, "version/B", "failed", 9);
    expect_keys(file, "version/B", "version/B");
    statefile_close(file);
}

static void test_values_survive(void **state)
{
    (void)state;
    struct statefile *file = open_memory("values");
    char key[] = "version/P@S", kind[] = "sent \"'", progress[] = "1/2/\xe4\xb8\xad";
    struct remembered item = {.key = key,
                              .kind = kind,
                              .progress = progress,
                              .first_seen = INT64_MAX,
                              .attempt_since = INT64_MIN,
                              .last_progress = -1,
                              .absent_runs = 7,
                              .absent_since = 1700000000,
                              .told_since = 11,
                              .failed_since = 12,
                              .held = -13,
                              .excused_since = 14,
                              .excused_s = INT64_MAX - 1};
    assert_int_equal(memory_put(file, &item, NULL), 0);
    assert_int_equal(statefile_commit(file, 1, NULL), 0);
    statefile_close(file);

    file = open_memory("values");
    struct remembered *items;
    size_t count;
    assert_int_equal(memory_load(file, "", &items, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(items[0].key, key);
    assert_string_equal(items[0].kind, kind);
    assert_string_equal(items[0].progress, progress);
    assert_true(items[0].first_seen == INT64_MAX && items[0].attempt_since == INT64_MIN &&
                items[0].last_progress == -1 && items[0].absent_runs == 7 &&
                items[0].absent_since == 1700000000);
    assert_true(items[0].told_since == 11 && items[0].failed_since == 12 && items[0].held == -13 &&
                items[0].excused_since == 14 && items[0].excused_s == INT64_MAX - 1);
    memory_free(items, count);
    statefile_close(file);
}

static void test_nothing_is_kept_without_commit(void **state)
{
    (void)state;
    struct statefile *file = open_memory("uncommitted");
    put(file, "a", "sent", 1);
    assert_int_equal(statefile_commit(file, 1, NULL), 0);
    statefile_close(file);
    file = open_memory("uncommitted");
    put(file, "b", "sent", 1);
    assert_int_equal(memory_remove(file, "a", NULL), 0);
    statefile_close(file);
    file = open_memory("uncommitted");
    expect_keys(file, "", "a");
    statefile_close(file);
}

/* A file of release 1.0, which knew no times away, opens with its items. */
static void test_the_first_version_is_upgraded(void **state)
{
    (void)state;
    static const struct statefile_schema first = {
        .version = 1,
        .ddl = "CREATE TABLE item("
               "key TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, progress TEXT NOT NULL, "
               "first_seen INTEGER NOT NULL, attempt_since INTEGER NOT NULL, last_progress INTEGER NOT NULL, "
               "absent_runs INTEGER NOT NULL, absent_since INTEGER NOT NULL"
               ") WITHOUT ROWID"};
    enum statefile_health health;
    struct failure failure;
    struct statefile *file =
        statefile_open(directory, "check_test", "first", &first, 1000, NULL, &health, &failure);
    assert_non_null(file);
    sqlite3_stmt *insert =
        statefile_statement(file, "INSERT INTO item VALUES ('a', 'sent', '1', 1, 2, 3, 0, 0)", &failure);
    assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
    sqlite3_reset(insert);
    assert_int_equal(statefile_commit(file, 1, NULL), 0);
    statefile_close(file);
    file = open_memory("first");
    expect_keys(file, "", "a");
    struct remembered *items;
    size_t count;
    assert_int_equal(memory_load(file, "", &items, &count, &failure), 0);
    assert_true(items[0].first_seen == 1 && items[0].told_since == 0 && items[0].failed_since == 0 &&
                items[0].held == -1 && items[0].excused_since == 0 && items[0].excused_s == 0);
    memory_free(items, count);
    assert_non_null(statefile_statement(file, "SELECT ended FROM failure", &failure));
    struct away_list away;
    assert_int_equal(away_load(file, &away, &failure), 0);
    assert_int_equal(away.count, 0);
    statefile_close(file);
}

/* What is remembered of the order is read as it was written, also the numbers and flags that came last. */
static void test_an_order_is_kept(void **state)
{
    (void)state;
    const struct order_pair pair = {.package = "X", .site = "S02", .key = "X@S02"};
    const struct order_hop hop = {.code = "S02", .parent = "", .active = true, .covered = true};
    char key[] = "X@S02";
    struct order_item item = {
        .key = key, .since = 1, .earliest = 2, .above = 3, .row = ORDER_ROW_NONE, .missed = true};
    struct order_site site = {
        .code = "S02", .last = 4, .late = 5, .begun = 6, .begun_since = 7, .newest = "Y"};
    bool changed = true;
    const struct order_run run = {.pairs = &pair, .pair_count = 1, .hops = &hop, .hop_count = 1};
    const struct order_result result = {
        .items = &item, .item_changed = &changed, .sites = &site, .site_changed = &changed};
    struct order_memory memory;
    struct failure failure;
    struct statefile *file = open_memory("order");
    put(file, "version/X@S02", "sent", 1);
    assert_int_equal(order_memory_store(file, "version/", &run, &result, &failure), 0);
    assert_int_equal(order_memory_load(file, &memory, &failure), 0);
    assert_int_equal(memory.item_count, 1);
    assert_int_equal(memory.site_count, 1);
    const struct order_item *kept = &memory.items[0];
    assert_true(kept->since == 1 && kept->earliest == 2 && kept->above == 3 && kept->row == ORDER_ROW_NONE &&
                kept->missed && !kept->below && !kept->inherited);
    const struct order_site *place = &memory.sites[0];
    assert_true(place->last == 4 && place->late == 5 && place->begun == 6 && place->begun_since == 7 &&
                strcmp(place->newest, "Y") == 0);
    order_memory_free(&memory);
    statefile_close(file);
}

/* What each run saw, and how much of an age that began at 0 was away after the last. */
static const struct {
    const char *what, *runs; /* one letter a run, a day apart: a active, i inactive */
    int64_t away_days, spans;
} stays[] = {
    {"always there", "aaaa", 0, 0}, {"one run away", "aiaa", 1, 1},        {"still away", "aiii", 2, 1},
    {"away twice", "aiaiaa", 2, 2}, {"away from the start", "iiia", 3, 1}, {"flapping", "iaiaia", 3, 3},
};

static void test_times_away_are_kept(void **state)
{
    (void)state;
    enum { DAY = 86400, START = 1700000000 };
    for (size_t i = 0; i < sizeof stays / sizeof *stays; i++) {
        struct away_list list = {0};
        struct failure failure = {""};
        struct statefile *file = open_memory(stays[i].what);
        for (size_t run = 0; stays[i].runs[run] != '\0'; run++) {
            assert_int_equal(away_load(file, &list, &failure), 0);
            const int64_t now = START + (int64_t)run * DAY;
            assert_int_equal(away_note(file, &list, "S02", stays[i].runs[run] == 'a', now, &failure), 0);
            assert_int_equal(statefile_commit(file, now, NULL), 0);
            int64_t away_s = away_seconds(&list, "s02", START, now);
            if (stays[i].runs[run + 1] == '\0' &&
                (away_s != stays[i].away_days * DAY || (int64_t)list.count != stays[i].spans))
                fail_msg("%s: away %lld s in %zu spans", stays[i].what, (long long)away_s, list.count);
            away_list_free(&list);
            statefile_close(file);
            file = open_memory(stays[i].what);
        }
        statefile_close(file);
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Bytes that this process handed to write calls, by the kernel's count. */
static long written_bytes(void)
{
    FILE *file = fopen("/proc/self/io", "r");
    char line[128];
    long bytes = -1;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "wchar: %ld", &bytes);
    if (file != NULL)
        fclose(file);
    return bytes;
}

/* Generous to sanitizers and loaded machines; MEASURE=1 prints the times and holds an optimised build to its
 * limits. */
static void test_ten_thousand_items(void **state)
{
    (void)state;
    double limit = getenv("MEASURE") != NULL ? 1 : 20;
    double begin = seconds();
    struct statefile *file = open_memory("many");
    for (int i = 0; i < 10000; i++) {
        char key[64];
        snprintf(key, sizeof key, "version/CEN%05d@S%02d", i / 20, i % 20);
        put(file, key, "sent", 1700000000 + i);
    }
    double put_s = seconds() - begin;
    assert_int_equal(statefile_commit(file, 1700000000, NULL), 0);
    statefile_close(file);
    double first_s = seconds() - begin;

    long before = written_bytes();
    begin = seconds();
    file = open_memory("many");
    double open_s = seconds() - begin;
    struct remembered *items;
    size_t count;
    begin = seconds();
    assert_int_equal(memory_load(file, "version/", &items, &count, NULL), 0);
    double load_s = seconds() - begin;
    assert_int_equal(count, 10000);
    for (size_t i = 1; i < count; i++)
        assert_true(strcmp(items[i - 1].key, items[i].key) < 0);
    memory_free(items, count);
    begin = seconds();
    assert_int_equal(statefile_commit(file, 1700000001, NULL), 0);
    statefile_close(file);
    double commit_s = seconds() - begin;
    long written = written_bytes() - before;
    print_message("10,000 items: put %.1f ms (with open and commit %.1f), open "
                  "%.1f ms, load %.1f ms, unchanged commit %.1f ms, %ld bytes\n",
                  put_s * 1e3, first_s * 1e3, open_s * 1e3, load_s * 1e3, commit_s * 1e3, written);
    assert_true(put_s < 0.1 * limit);
    assert_true(load_s < 0.015 * limit);
    assert_true(before >= 0 && written < 64 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_values_survive),
        cmocka_unit_test(test_the_first_version_is_upgraded),
        cmocka_unit_test(test_an_order_is_kept),
        cmocka_unit_test(test_times_away_are_kept),
        cmocka_unit_test(test_nothing_is_kept_without_commit),
        cmocka_unit_test(test_ten_thousand_items),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
