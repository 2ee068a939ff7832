// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/test_inbox_store.XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

/* What version 3 left of a box with one file. */
static const struct statefile_schema version_3 = {
    .version = 3,
    .ddl =
        "CREATE TABLE box(location TEXT NOT NULL PRIMARY KEY, looked INTEGER NOT NULL, moved INTEGER NOT NULL, "
        "quiet INTEGER NOT NULL, changed INTEGER NOT NULL, entries INTEGER NOT NULL, waiting INTEGER NOT NULL, "
        "complete INTEGER NOT NULL, moved_name BLOB, floor INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
        "CREATE TABLE file(location TEXT NOT NULL, name BLOB NOT NULL, mtime INTEGER NOT NULL, size INTEGER NOT "
        "NULL, start INTEGER NOT NULL, inherited INTEGER NOT NULL, overtaken INTEGER NOT NULL, over_since INTEGER "
        "NOT NULL, over_last INTEGER NOT NULL, passed_since INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(location, "
        "name)) WITHOUT ROWID;"
        "CREATE TABLE conclusion(location TEXT NOT NULL, file BLOB NOT NULL, status INTEGER NOT NULL, at INTEGER "
        "NOT NULL, since INTEGER NOT NULL, told TEXT NOT NULL, PRIMARY KEY(location, file)) WITHOUT ROWID;"
        "INSERT INTO box VALUES('/m/a.box', 1000, 900, 800, 700, 1, 1, 1, CAST('B.SRQ' AS BLOB), 600);"
        "INSERT INTO file VALUES('/m/a.box', CAST('202AAS05.SRQ' AS BLOB), 500, 7, 400, 0, 3, 300, 200, 100);"};

static struct statefile *open_it(const struct statefile_schema *schema)
{
    enum statefile_health health;
    struct failure failure = {""};
    struct statefile *file =
        statefile_open(directory, "check_sms_inbox", "/m/a.box", schema, 0, NULL, &health, &failure);
    if (file == NULL || health == STATEFILE_LOST || health == STATEFILE_UNUSABLE)
        fail_msg("%s", failure.text);
    return file;
}

static void commit(struct statefile *file)
{
    struct failure failure = {""};
    if (statefile_commit(file, 1000, &failure) != 0)
        fail_msg("%s", failure.text);
    statefile_close(file);
}

static void test_a_memory_of_version_3_is_taken_over(void **state)
{
    (void)state;
    struct failure failure = {""};
    struct inbox_memory memory, again;
    commit(open_it(&version_3));
    struct statefile *file = open_it(&inbox_schema);
    assert_int_equal(inbox_store_load(file, "/m/a.box", &memory, &failure), 0);
    assert_int_equal(memory.count, 1);
    assert_string_equal(memory.moved_name, "B.SRQ");
    assert_int_equal(memory.quiet, 800);
    assert_int_equal(memory.inode, 0); /* not known: no folder is another one */
    assert_int_equal(memory.files[0].start, 400);
    assert_int_equal(memory.files[0].overtaken, 3);
    assert_int_equal(memory.files[0].rewritten, 0);
    again = memory;
    again.device = 5;
    again.inode = 128;
    struct inbox_file rewritten = memory.files[0];
    rewritten.rewritten = 9;
    again.files = &rewritten;
    assert_int_equal(inbox_store_save(file, "/m/a.box", &memory, &again, &failure), 0);
    commit(file);
    inbox_memory_free(&memory);
    file = open_it(&inbox_schema);
    assert_int_equal(inbox_store_load(file, "/m/a.box", &memory, &failure), 0);
    assert_int_equal(memory.device, 5);
    assert_int_equal(memory.inode, 128);
    assert_string_equal(memory.moved_name, "B.SRQ");
    assert_int_equal(memory.files[0].rewritten, 9);
    statefile_close(file);
    inbox_memory_free(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_memory_of_version_3_is_taken_over)};
    return cmocka_run_group_tests_name("inbox store", tests, make_directory, remove_directory);
}
