// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char directory[64];

static int begin(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/test_logmemory.XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

static struct statefile *open_memory(void)
{
    enum statefile_health health;
    struct failure failure = {""};
    struct statefile *file = statefile_open(directory, "check_test", "smb://host/logs", &logmemory_schema,
                                            1000, NULL, &health, &failure);
    if (file == NULL || (health != STATEFILE_KEPT && health != STATEFILE_NEW))
        fail_msg("health %d: %s", (int)health, failure.text);
    return file;
}

static void commit(struct statefile *file)
{
    struct failure failure = {""};
    if (statefile_commit(file, time(NULL), &failure) != 0)
        fail_msg("%s", failure.text);
    statefile_close(file);
}

static void test_never_read(void **state)
{
    (void)state;
    struct statefile *file = open_memory();
    struct logmemory_log memory;
    static const struct logmemory_log nothing;
    memset(&memory, 1, sizeof memory);
    assert_int_equal(logmemory_load_log(file, "a.log", &memory, NULL), 0);
    assert_memory_equal(&memory, &nothing, sizeof memory);
    statefile_close(file);
}

static void test_position_and_parser(void **state)
{
    (void)state;
    struct log_mark at = {1, 2, 3, UINT64_MAX, 5, UINT64_C(1) << 63, 7}, old = {8, 9, 10, 11, 12, 13, 14};
    char parser[] = "any\0bytes";
    struct logmemory_log memory = {{at, old}, parser, sizeof parser}, loaded;
    struct statefile *file = open_memory();
    assert_int_equal(logmemory_store_log(file, "a.log", &memory, NULL), 0);
    memory.position.at.offset = 100;
    memory.parser = NULL;
    memory.parser_length = 0;
    assert_int_equal(logmemory_store_log(file, "b.log", &memory, NULL), 0);
    commit(file);

    file = open_memory();
    assert_int_equal(logmemory_load_log(file, "a.log", &loaded, NULL), 1);
    assert_memory_equal(&loaded.position.at, &at, sizeof at);
    assert_memory_equal(&loaded.position.rotated, &old, sizeof old);
    assert_int_equal(loaded.parser_length, sizeof parser);
    assert_memory_equal(loaded.parser, parser, sizeof parser);
    loaded.position.at.offset = 55;
    assert_int_equal(logmemory_store_log(file, "a.log", &loaded, NULL), 0);
    logmemory_log_free(&loaded);
    assert_int_equal(logmemory_load_log(file, "a.log", &loaded, NULL), 1);
    assert_int_equal(loaded.position.at.offset, 55);
    logmemory_log_free(&loaded);
    assert_int_equal(logmemory_load_log(file, "b.log", &loaded, NULL), 1);
    assert_int_equal(loaded.position.at.offset, 100);
    assert_null(loaded.parser);
    statefile_close(file);

    file = open_memory(); /* what was not committed is not there */
    assert_int_equal(logmemory_load_log(file, "a.log", &loaded, NULL), 1);
    assert_int_equal(loaded.position.at.offset, 1);
    logmemory_log_free(&loaded);
    statefile_close(file);
}

/* A condition with every member set to something of its own. */
static struct condition sample(const char *package, int64_t number)
{
    struct condition condition;
    memset(&condition, 0, sizeof condition);
    snprintf(condition.package, sizeof condition.package, "%s", package);
    condition.wanted = number + 1;
    condition.held = number + 2;
    condition.last_progress_s = number + 3;
    condition.received_s = number + 4;
    condition.cause = (struct cause){CAUSE_DISK_FULL, number + 112};
    condition.cause_s = number + 11;
    condition.wanted_s = number + 12;
    condition.wanted_repeats = number + 13;
    condition.definition_s = number + 10;
    condition.way_first_s = number + 11;
    condition.way_last_s = number + 12;
    condition.way_count = number + 13;
    static char way[] = "sender: Sending failed.";
    condition.way = way;
    static char failure[] = "failure \xE2\x80\x99 '|'", line[REPLICATION_LINE];
    condition.failure = failure;
    struct condition_sign *sign = &condition.sign[CONDITION_BASE_MISSING];
    sign->open = true;
    sign->first_s = number + 5;
    sign->last_s = number + 6;
    sign->repeats = number + 7;
    sign->longest_gap_s = number + 8;
    sign->written_s = number + 9;
    sign->component = REPLICATION_DESPOOL;
    sign->line = memset(line, 'l', sizeof line - 1);
    condition.sign[CONDITION_SUPERSEDED] = (struct condition_sign){.first_s = number, .last_s = number};
    return condition;
}

static void expect_same(const struct conditions *set, const struct condition *expected)
{
    const struct condition *found = conditions_find(set, expected->package);
    assert_non_null(found);
    assert_int_equal(found->wanted, expected->wanted);
    assert_int_equal(found->held, expected->held);
    assert_int_equal(found->last_progress_s, expected->last_progress_s);
    assert_int_equal(found->received_s, expected->received_s);
    assert_int_equal(found->cause.family, expected->cause.family);
    assert_int_equal(found->cause.code, expected->cause.code);
    assert_int_equal(found->cause_s, expected->cause_s);
    assert_int_equal(found->wanted_s, expected->wanted_s);
    assert_int_equal(found->wanted_repeats, expected->wanted_repeats);
    assert_int_equal(found->definition_s, expected->definition_s);
    assert_int_equal(found->way_first_s, expected->way_first_s);
    assert_int_equal(found->way_last_s, expected->way_last_s);
    assert_int_equal(found->way_count, expected->way_count);
    assert_string_equal(found->way != NULL ? found->way : "", expected->way != NULL ? expected->way : "");
    assert_string_equal(condition_failure(found), condition_failure(expected));
    for (int kind = 0; kind < CONDITION_KINDS; kind++) {
        const struct condition_sign *a = &found->sign[kind], *b = &expected->sign[kind];
        assert_int_equal(a->open, b->open);
        assert_int_equal(a->first_s, b->first_s);
        assert_int_equal(a->last_s, b->last_s);
        assert_int_equal(a->repeats, b->repeats);
        assert_int_equal(a->longest_gap_s, b->longest_gap_s);
        assert_int_equal(a->written_s, b->written_s);
        assert_int_equal(a->component, b->component);
        assert_string_equal(condition_line(found, (enum condition_kind)kind),
                            condition_line(expected, (enum condition_kind)kind));
    }
}

static void load(struct statefile *file, struct conditions *set)
{
    struct failure failure = {""};
    conditions_init(set, 0);
    if (logmemory_load_conditions(file, set, &failure) != 0)
        fail_msg("%s", failure.text);
}

static void test_conditions(void **state)
{
    (void)state;
    struct condition items[] = {sample("CEN00001", 100), sample("CEN00002", 200), sample("CEN00003", 300)};
    struct stored_version stored[] = {{"CEN00001", 4, 1000, true, false},
                                      {"CEN00009", 5, 2000, false, false}};
    struct conditions set;
    struct failure failure = {""};
    struct statefile *file = open_memory();
    load(file, &set);
    assert_int_equal(set.count, 0);
    assert_int_equal(conditions_load(&set, items, 3, stored, 2), 0);
    set.stored_lines = true;
    set.stored_since_s = 11;
    set.executed_lines = true;
    set.newest_s = 12;
    set.written_s[REPLICATION_DISTMGR] = 13;
    set.written_s[REPLICATION_DESPOOL] = 14;
    if (logmemory_store_conditions(file, &set, &failure) != 0)
        fail_msg("%s", failure.text);
    commit(file);
    conditions_free(&set);

    file = open_memory();
    load(file, &set);
    assert_int_equal(set.count, 3);
    for (size_t i = 0; i < 3; i++)
        expect_same(&set, &items[i]);
    assert_int_equal(set.stored_count, 2);
    assert_int_equal(conditions_stored(&set, "CEN00009")->version, 5);
    assert_int_equal(conditions_stored(&set, "CEN00009")->time_s, 2000);
    assert_true(set.stored_lines);
    assert_int_equal(set.stored_since_s, 11);
    assert_true(set.executed_lines);
    assert_false(set.success_lines);
    assert_true(conditions_stored(&set, "CEN00001")->despooled);
    assert_false(conditions_stored(&set, "CEN00009")->despooled);
    assert_int_equal(set.newest_s, 12);
    assert_int_equal(set.written_s[REPLICATION_DISTMGR], 13);
    assert_int_equal(set.written_s[REPLICATION_DESPOOL], 14);

    /* Nothing changed: nothing is written. */
    int before = sqlite3_total_changes(statefile_database(file));
    assert_int_equal(logmemory_store_conditions(file, &set, &failure), 0);
    assert_int_equal(sqlite3_total_changes(statefile_database(file)), before);
    conditions_free(&set);

    /* One goes, one changes, one comes. */
    struct condition others[] = {sample("CEN00000", 400), sample("CEN00001", 100), sample("CEN00003", 500)};
    others[2].sign[CONDITION_SUPERSEDED] = (struct condition_sign){0};
    conditions_init(&set, 0);
    assert_int_equal(conditions_load(&set, others, 3, stored + 1, 1), 0);
    set.removed = set.stored_removed = true;
    assert_int_equal(logmemory_store_conditions(file, &set, &failure), 0);
    conditions_free(&set);
    commit(file);
    file = open_memory();
    load(file, &set);
    assert_int_equal(set.count, 3);
    for (size_t i = 0; i < 3; i++)
        expect_same(&set, &others[i]);
    assert_int_equal(set.stored_count, 1);
    conditions_free(&set);
    statefile_close(file);
}

static void expect_senseless(const char *sql)
{
    struct conditions set;
    struct failure failure = {""};
    struct statefile *file = open_memory();
    assert_int_equal(sqlite3_exec(statefile_database(file), sql, NULL, NULL, NULL), SQLITE_OK);
    conditions_init(&set, 0);
    if (logmemory_load_conditions(file, &set, &failure) != -1 ||
        strstr(failure.text, "makes no sense") == NULL)
        fail_msg("%s: '%s'", sql, failure.text);
    conditions_free(&set);
    statefile_close(file);
}

static void test_senseless_rows(void **state)
{
    (void)state;
    expect_senseless("INSERT INTO condition VALUES (0, 'a package ID that is too long')");
    expect_senseless("INSERT INTO condition VALUES (0, 'CEN00001' || char(9) || 'wanted=x')");
    expect_senseless("INSERT INTO condition VALUES (0, 'CEN00001' || char(9) || 'wanted')");
    expect_senseless("INSERT INTO condition VALUES (0, 'CEN00001' || char(9) || 'kind=no such kind')");
    expect_senseless("INSERT INTO condition VALUES (0, 'CEN00001' || char(9) || 'kind=waiting' || char(9) || "
                     "'component=SMS_OF_ANOTHER')");
    expect_senseless("INSERT INTO condition VALUES (0, char(10) || 'CEN00001')");
    expect_senseless("INSERT INTO stored VALUES (0, 'a package ID that is too long' || char(9) || '1')");
    expect_senseless("INSERT INTO stored VALUES (0, 'CEN00001' || char(9) || '1')");
}

/* An administrator may mend a line with sqlite3's shell, or take one away: what stands there counts, and the
 * next run brings the lines to their places. */
static void test_mended_lines(void **state)
{
    (void)state;
    struct conditions set;
    struct failure failure = {""};
    struct statefile *file = open_memory();
    sqlite3 *database = statefile_database(file);
    assert_int_equal(sqlite3_exec(database,
                                  "INSERT INTO condition VALUES (0, 'CEN00001' || char(9) || 'wanted=3' || "
                                  "char(9) || 'news=1'), (1, 'CEN00002' || char(10) || 'CEN00003')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    load(file, &set);
    assert_int_equal(set.count, 3);
    assert_int_equal(conditions_find(&set, "CEN00001")->wanted, 3);
    assert_int_equal(logmemory_store_conditions(file, &set, &failure), 0);
    conditions_free(&set);
    load(file, &set);
    assert_int_equal(set.count, 3);
    assert_false(set.removed);
    conditions_free(&set);
    statefile_close(file);
}

static void test_many(void **state)
{
    (void)state;
    struct conditions set;
    struct failure failure = {""};
    struct statefile *file = open_memory();
    load(file, &set);
    for (int i = 0; i < 1000; i++) {
        char package[REPLICATION_PACKAGE];
        snprintf(package, sizeof package, "CEN%05X", (unsigned)i);
        struct condition item = sample(package, i);
        struct stored_version stored = {.version = i + 1, .time_s = i};
        memcpy(stored.package, package, sizeof package);
        assert_int_equal(conditions_load(&set, &item, 1, &stored, 1), 0);
    }
    assert_int_equal(logmemory_store_conditions(file, &set, &failure), 0);
    for (int step = 7; step < 10; step++) { /* some go, from the middle and from the end */
        conditions_free(&set);
        load(file, &set);
        size_t count = set.count;
        for (int i = 0; i < 1000; i++)
            if (i % step == 0 || i > 1200 - 30 * step) {
                char package[REPLICATION_PACKAGE];
                snprintf(package, sizeof package, "CEN%05X", (unsigned)i);
                count -= conditions_find(&set, package) != NULL;
                conditions_close(&set, package, 1);
            }
        assert_int_equal(set.count, count);
        assert_int_equal(logmemory_store_conditions(file, &set, &failure), 0);
        conditions_free(&set);
        load(file, &set);
        assert_int_equal(set.count, count);
        assert_int_equal(set.stored_count, 1000);
        for (size_t i = 0; i < set.count; i++) {
            unsigned number;
            sscanf(set.items[i].package, "CEN%X", &number);
            struct condition expected = sample(set.items[i].package, number);
            expect_same(&set, &expected);
        }
    }
    conditions_free(&set);
    statefile_close(file);
}

/* The tables of 1.0.0, as it left them. */
static void test_version_1(void **state)
{
    (void)state;
    static const struct statefile_schema version_1 = {
        .version = 1,
        .ddl = "CREATE TABLE log(log TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;"
               "CREATE TABLE condition("
               "package TEXT NOT NULL PRIMARY KEY, wanted INTEGER NOT NULL, held INTEGER NOT NULL, "
               "last_progress INTEGER NOT NULL, received INTEGER NOT NULL, failure TEXT NOT NULL) WITHOUT "
               "ROWID;"
               "CREATE TABLE sign("
               "package TEXT NOT NULL, kind TEXT NOT NULL, open INTEGER NOT NULL, first INTEGER NOT NULL, "
               "last INTEGER NOT NULL, repeats INTEGER NOT NULL, longest_gap INTEGER NOT NULL, "
               "written INTEGER NOT NULL, component TEXT NOT NULL, line TEXT NOT NULL, "
               "PRIMARY KEY(package, kind)) WITHOUT ROWID;"
               "CREATE TABLE stored(package TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, "
               "time INTEGER NOT NULL) WITHOUT ROWID;"
               "CREATE TABLE log_set(name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"};
    enum statefile_health health;
    struct failure failure = {""};
    struct statefile *file =
        statefile_open(directory, "check_test", "smb://host/logs", &version_1, 1000, NULL, &health, &failure);
    assert_int_equal(health, STATEFILE_NEW);
    for (int i = 0; i < 100; i++) {
        char package[REPLICATION_PACKAGE];
        snprintf(package, sizeof package, "CEN%05X", (unsigned)i);
        struct condition item = sample(package, i);
        item.cause = (struct cause){0}; /* nothing was known of causes then */
        item.cause_s = item.wanted_s = item.wanted_repeats = 0;
        item.definition_s = item.way_first_s = item.way_last_s = item.way_count = 0;
        item.way = NULL;
        const struct condition_sign *sign = &item.sign[CONDITION_BASE_MISSING];
        char *sql = sqlite3_mprintf(
            "INSERT INTO condition VALUES ('%q', %lld, %lld, %lld, %lld, '%q');"
            "INSERT INTO sign VALUES ('%q', 'base_missing', 1, %lld, %lld, %lld, %lld, %lld, 'SMS_DESPOOLER', "
            "'%q');"
            "INSERT INTO sign VALUES ('%q', 'superseded', 0, %d, %d, 0, 0, 0, 'SMS_DISTRIBUTION_MANAGER', '');",
            package, item.wanted, item.held, item.last_progress_s, item.received_s, item.failure, package,
            sign->first_s, sign->last_s, sign->repeats, sign->longest_gap_s, sign->written_s, sign->line,
            package, i, i);
        assert_int_equal(sqlite3_exec(statefile_database(file), sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_free(sql);
    }
    assert_int_equal(sqlite3_exec(statefile_database(file),
                                  "INSERT INTO condition VALUES ('CEN0FFFF', 1, 0, 0, 0, '');"
                                  "INSERT INTO stored VALUES ('CEN00001', 7, 1000);"
                                  "INSERT INTO log_set VALUES ('newest', 12)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    commit(file);
    for (int time = 0; time < 2; time++) {
        struct conditions set;
        file = open_memory();
        load(file, &set);
        assert_int_equal(set.count, 101);
        for (int i = 0; i < 100; i++) {
            char package[REPLICATION_PACKAGE];
            snprintf(package, sizeof package, "CEN%05X", (unsigned)i);
            struct condition expected = sample(package, i);
            expected.cause = (struct cause){0};
            expected.cause_s = expected.wanted_s = expected.wanted_repeats = 0;
            expected.definition_s = expected.way_first_s = expected.way_last_s = expected.way_count = 0;
            expected.way = NULL;
            expect_same(&set, &expected);
        }
        assert_int_equal(conditions_find(&set, "CEN0FFFF")->wanted, 1);
        assert_false(set.removed); /* each line is in the row of its place */
        assert_int_equal(conditions_stored(&set, "CEN00001")->version, 7);
        assert_int_equal(set.newest_s, 12);
        conditions_free(&set);
        commit(file);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_never_read),     TEST(test_position_and_parser), TEST(test_conditions),
        TEST(test_senseless_rows), TEST(test_mended_lines),        TEST(test_many),
        TEST(test_version_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
