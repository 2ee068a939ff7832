// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stuck_boxes.h"

#include "../statetest.h"
#include "check/place_site.h"
#include "inbox/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 24 * HOUR, NOW = 1800000000 };

static struct site sites[] = {
    {.code = "CEN", .server = "CEN1.corp.example"},
    {.code = "LAN", .server = "S031", .parent = "P01"},
    {.code = "P01", .server = "P011", .parent = "CEN"},
    {.code = "S02", .server = "S021", .parent = "P01"},
    {.code = "SRV", .server = "S051", .parent = "CEN"},
    {.code = "X01", .server = "X011", .parent = "X02"}, /* a circle */
    {.code = "X02", .server = "X021", .parent = "X01"},
};

static const struct sitedb db = {.owner = "CEN", .sites = sites, .site_count = sizeof sites / sizeof *sites};

/* ---- whose box it is */

static const struct {
    const char *location, *site; /* NULL: it does not tell */
} places[] = {
    {"smb://host/SMS_CEN/inboxes/schedule.box/requests", "CEN"},
    {"smb://host:445/sms_cen/inboxes/schedule.box", "CEN"},
    {"smb://CEN1/c$/SMS/inboxes/despoolr.box/receive", "CEN"},
    {"smb://cen1.corp.example:4450/d$/inboxes/despoolr.box", "CEN"},
    {"smb://cen1.other.example/d$/inboxes/despoolr.box", NULL},
    {"smb://s021.corp.example/SMS_XXX/inboxes/despoolr.box", "S02"},
    {"smb://cen1/SMS_S02/inboxes/despoolr.box", "S02"}, /* the nearest to the box */
    {"/srv/S02/inboxes/despoolr.box/receive", "S02"},
    {"/srv/s02/despoolr.box/", "S02"},
    {"/mnt/SMS_S02/inboxes/despoolr.box", "S02"},
    {"/SMS_S02/despoolr.box", "S02"},
    {"/mnt/s021/d/inboxes/despoolr.box", "S02"},
    {"/srv/data/inboxes/despoolr.box", NULL}, /* SRV is no site here */
    {"/data/srv/inboxes/despoolr.box", "SRV"},
    {"/data/x/inboxes/schedule.box/outboxes/LAN", NULL}, /* nor LAN */
    {"/data/CEN/inboxes/schedule.box/outboxes/LAN", "CEN"},
    {"/data/S02x/inboxes/schedule.box", NULL},
    {"/data/S02.old/inboxes/schedule.box", NULL},
    {"/data//S02//inboxes/schedule.box", "S02"},
    {"/schedule.box/S02", NULL},
    {"smb://host", NULL},
    {"/", NULL},
    {"", NULL},
};

static void test_whose_box(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const struct site *site = place_site(&db, places[i].location);
        const char *code = site != NULL ? site->code : "none", *wanted = places[i].site;
        if (strcmp(code, wanted != NULL ? wanted : "none") != 0)
            fail_msg("%s belongs to %s", places[i].location, code);
    }
}

/* ---- what is said */

struct stuck_row {
    const char *location;
    struct inbox_conclusion one;
};

#define CEN_BOX "smb://host/SMS_CEN/inboxes/"
#define S02_BOX "smb://host/SMS_S02/inboxes/"
#define ROW(place, name, state, since_ago, told_text)                                                        \
    {                                                                                                        \
        (place),                                                                                             \
        {                                                                                                    \
            .file = (name), .status = (state), .at = NOW - MINUTE, .since = NOW - (since_ago),               \
            .told = (told_text)                                                                              \
        }                                                                                                    \
    }

/* Keep rows up to one without a location as a run of check_sms_inbox would. */
static void remember(const char *identity, const struct stuck_row *rows, int64_t run_at)
{
    enum statefile_health health;
    struct failure failure = {""};
    struct statefile *file = statefile_open(state_directory, "check_sms_inbox", identity, &inbox_schema, 0,
                                            NULL, &health, &failure);
    if (file == NULL || (health != STATEFILE_NEW && health != STATEFILE_KEPT))
        fail_msg("%s: %s", identity, failure.text);
    for (size_t i = 0, next; rows[i].location != NULL; i = next) {
        struct inbox_conclusion of_box[8];
        for (next = i; rows[next].location != NULL && strcmp(rows[next].location, rows[i].location) == 0;
             next++)
            of_box[next - i] = rows[next].one;
        assert_int_equal(inbox_store_conclude(file, rows[i].location, of_box, next - i, &failure), 0);
    }
    assert_int_equal(statefile_commit(file, run_at, &failure), 0);
    statefile_close(file);
}

static void expect(const char *what, const char *package, const char *from, const char *to,
                   const char *wanted)
{
    struct stuck_boxes stuck;
    struct text line = {0};
    stuck_boxes_look(&stuck, state_directory, &db, NOW, NULL);
    stuck_boxes_add_words(&stuck, &db, package, from, to, &line);
    if (strcmp(text_string(&line), wanted) != 0)
        fail_msg("%s: said \"%s\"", what, text_string(&line));
    text_free(&line);
    stuck_boxes_free(&stuck);
}

#define SAID "; check_sms_inbox on this host: at "

static const struct {
    const char *what;
    struct stuck_row rows[5];
    const char *package, *to, *wanted;
} cases[] = {
    {"nothing is stuck", {{NULL, {0}}}, "CEN00012", "S02", ""},
    {"at the owner",
     {ROW(CEN_BOX "schedule.box/requests", "", STATUS_CRITICAL, DAY, "a stands still")},
     "CEN00012",
     "S02",
     SAID "CEN a stands still"},
    {"at the parent, whatever the case",
     {ROW("smb://host/sms_p01/inboxes/SCHEDULE.BOX/Outboxes/LAN", "", STATUS_WARNING, DAY, "a")},
     "CEN00012",
     "s02",
     SAID "P01 a"},
    {"at the child site",
     {ROW(S02_BOX "despoolr.box/receive", "", STATUS_CRITICAL, DAY, "a")},
     "CEN00012",
     "S02",
     SAID "S02 a"},
    {"not at a sister site",
     {ROW(S02_BOX "despoolr.box/receive", "", STATUS_CRITICAL, DAY, "a")},
     "CEN00012",
     "LAN",
     ""},
    {"not below it",
     {ROW(S02_BOX "despoolr.box/receive", "", STATUS_CRITICAL, DAY, "a")},
     "CEN00012",
     "P01",
     ""},
    {"a location that tells no site",
     {ROW("/data/inboxes/despoolr.box/receive", "", STATUS_CRITICAL, DAY, "a")},
     "CEN00012",
     "S02",
     ""},
    {"boxes through which no package passes",
     {ROW(CEN_BOX "inboxmgr.box", "", STATUS_CRITICAL, DAY, "a"),
      ROW(CEN_BOX "schedule.box/uid", "", STATUS_CRITICAL, DAY, "b"),
      ROW(CEN_BOX "sinv.box", "", STATUS_CRITICAL, DAY, "c")},
     "CEN00012",
     "S02",
     ""},
    {"the worst of all, then the oldest",
     {ROW(CEN_BOX "distmgr.box", "", STATUS_WARNING, 9 * DAY, "a"),
      ROW(CEN_BOX "replmgr.box/outbound/normal", "", STATUS_CRITICAL, DAY, "b"),
      ROW(CEN_BOX "schedule.box", "", STATUS_CRITICAL, 2 * DAY, "c"),
      ROW(S02_BOX "despoolr.box/receive", "", STATUS_CRITICAL, HOUR, "d")},
     "CEN00012",
     "S02",
     SAID "CEN c, and 3 more on the way"},
    {"a file of the package before older boxes",
     {ROW(CEN_BOX "distmgr.box", "cen00012.PKN", STATUS_CRITICAL, HOUR, "a"),
      ROW(CEN_BOX "schedule.box", "", STATUS_CRITICAL, 2 * DAY, "b")},
     "CEN00012",
     "S02",
     SAID "CEN a, and 1 more on the way"},
    {"but not before a worse one",
     {ROW(CEN_BOX "distmgr.box", "CEN00012.PKN", STATUS_WARNING, 3 * DAY, "a"),
      ROW(CEN_BOX "schedule.box", "", STATUS_CRITICAL, 2 * DAY, "b")},
     "CEN00012",
     "S02",
     SAID "CEN b, and 1 more on the way"},
    {"a file of another package",
     {ROW(CEN_BOX "distmgr.box", "CEN00013.PKN", STATUS_CRITICAL, DAY, "a")},
     "CEN00012",
     "S02",
     ""},
    {"of any package: no file of one",
     {ROW(CEN_BOX "distmgr.box", "CEN00013.PKN", STATUS_CRITICAL, DAY, "a"),
      ROW(CEN_BOX "distmgr.box", "x", STATUS_WARNING, DAY, "b")},
     NULL,
     "S02",
     SAID "CEN b"},
    {"a send request tells no destination",
     {ROW(CEN_BOX "schedule.box/requests", "202AALAN.SRQ", STATUS_CRITICAL, DAY, "a")},
     "CEN00012",
     "S02",
     SAID "CEN a"},
    {"no state that a box can have",
     {ROW(CEN_BOX "distmgr.box", "", STATUS_OK, DAY, "a"),
      ROW(CEN_BOX "schedule.box", "", STATUS_UNKNOWN, DAY, "b"),
      ROW(CEN_BOX "schedule.box/tosend", "", (enum status)77, DAY, "c")},
     "CEN00012",
     "S02",
     ""},
    {"text that is not clean",
     {ROW(CEN_BOX "distmgr.box", "", STATUS_CRITICAL, DAY, "a|b\nc\x1b[31m\xff <b>")},
     "CEN00012",
     "S02",
     SAID "CEN a/b c [31m\xef\xbf\xbd \xe2\x80\xb9"
          "b\xe2\x80\xba"},
    {"sites in a circle",
     {ROW("/m/X02/distmgr.box", "", STATUS_CRITICAL, DAY, "a")},
     "CEN00012",
     "X01",
     SAID "X02 a"},
    {"a site that is not in the database",
     {ROW(CEN_BOX "distmgr.box", "", STATUS_CRITICAL, DAY, "a")},
     "CEN00012",
     "ZZZ",
     ""},
    {"no site at all", {ROW(CEN_BOX "distmgr.box", "", STATUS_CRITICAL, DAY, "a")}, "CEN00012", "", ""},
};

static void test_what_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        statetest_make_directory(NULL);
        remember("boxes", cases[i].rows, NOW);
        expect(cases[i].what, cases[i].package, "CEN", cases[i].to, cases[i].wanted);
        statetest_remove_directory(NULL);
    }
}

static void test_one_site_alone(void **state)
{
    (void)state;
    remember("boxes",
             (const struct stuck_row[]){ROW(CEN_BOX "distmgr.box", "", STATUS_CRITICAL, DAY, "a"),
                                        ROW(S02_BOX "distmgr.box", "", STATUS_WARNING, DAY, "b"),
                                        {NULL, {0}}},
             NOW);
    expect("its own boxes", "CEN00012", "S02", "S02", SAID "S02 b");
    expect("the whole way", "CEN00012", "CEN", "S02", SAID "CEN a, and 1 more on the way");
}

static void test_two_memories(void **state)
{
    (void)state;
    const struct stuck_row rows[] = {ROW(CEN_BOX "distmgr.box", "", STATUS_CRITICAL, DAY, "a"),
                                     ROW(CEN_BOX "schedule.box", "", STATUS_CRITICAL, HOUR, "b"),
                                     {NULL, {0}}};
    struct stuck_row later[] = {ROW(CEN_BOX "distmgr.box", "", STATUS_CRITICAL, 2 * DAY, "newer"),
                                {NULL, {0}}};
    later[0].one.at = NOW;
    remember("one", rows, NOW);
    remember("two", later, NOW);
    expect("the same box in both is one", "CEN00012", "CEN", "S02", SAID "CEN newer, and 1 more on the way");
    remember("three",
             (const struct stuck_row[]){ROW(S02_BOX "distmgr.box", "", STATUS_CRITICAL, 9 * DAY, "c"),
                                        {NULL, {0}}},
             NOW);
    expect("all are looked into", "CEN00012", "CEN", "S02", SAID "S02 c, and 2 more on the way");
}

static void test_ages(void **state)
{
    (void)state;
    static const struct {
        int64_t seen_ago, run_ago;
        const char *wanted;
    } ages[] = {
        {0, 0, SAID "CEN a"},
        {2 * HOUR, 2 * HOUR, SAID "CEN a"},
        {20 * HOUR, 0, SAID "CEN a (seen 20 h ago)"}, /* the box could not be listed since */
        {26 * HOUR, 26 * HOUR, SAID "CEN a (seen 26 h ago)"},
        {26 * HOUR + 1, 0, ""},
        {0, 26 * HOUR + 1, ""},
        {-INBOX_CLOCK_STEP_S, 0, SAID "CEN a"},
        {-INBOX_CLOCK_STEP_S - 1, 0, ""}, /* of a clock that ran ahead */
    };
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        struct stuck_row rows[] = {ROW(CEN_BOX "distmgr.box", "", STATUS_CRITICAL, 2 * DAY, "a"),
                                   {NULL, {0}}};
        char what[40];
        rows[0].one.at = NOW - ages[i].seen_ago;
        remember("boxes", rows, NOW - ages[i].run_ago);
        snprintf(what, sizeof what, "age %zu", i);
        expect(what, "CEN00012", "CEN", "S02", ages[i].wanted);
    }
}

/* A box that moves again is no longer told; the others stay. */
static void test_conclusions_are_replaced(void **state)
{
    (void)state;
    remember("boxes",
             (const struct stuck_row[]){ROW(CEN_BOX "distmgr.box", "", STATUS_CRITICAL, DAY, "a"),
                                        ROW(CEN_BOX "distmgr.box", "x.PKN", STATUS_CRITICAL, DAY, "b"),
                                        ROW(CEN_BOX "schedule.box", "", STATUS_WARNING, DAY, "c"),
                                        {NULL, {0}}},
             NOW);
    enum statefile_health health;
    struct failure failure = {""};
    struct statefile *file = statefile_open(state_directory, "check_sms_inbox", "boxes", &inbox_schema, 0,
                                            NULL, &health, &failure);
    assert_int_equal(inbox_store_conclude(file, CEN_BOX "distmgr.box", NULL, 0, &failure), 0);
    assert_int_equal(statefile_commit(file, NOW, &failure), 0);
    statefile_close(file);
    expect("one is left", "CEN00012", "CEN", "S02", SAID "CEN c");
}

static void test_long_words(void **state)
{
    (void)state;
    char told[5000];
    memset(told, 'x', sizeof told - 1);
    told[sizeof told - 1] = '\0';
    remember(
        "boxes",
        (const struct stuck_row[]){ROW(CEN_BOX "distmgr.box", "", STATUS_CRITICAL, DAY, told), {NULL, {0}}},
        NOW);
    struct stuck_boxes stuck;
    struct text line = {0};
    stuck_boxes_look(&stuck, state_directory, &db, NOW, NULL);
    stuck_boxes_add_words(&stuck, &db, "CEN00012", "CEN", "S02", &line);
    assert_in_range(line.length, 200, 300);
    text_free(&line);
    stuck_boxes_free(&stuck);
}

/* ---- memories that say nothing */

static const struct stuck_row stuck_rows[] = {ROW(CEN_BOX "distmgr.box", "", STATUS_CRITICAL, DAY, "a"),
                                              {NULL, {0}}};

/* The path of the one memory. */
static char *memory_path(void)
{
    static char path[256];
    char command[256];
    snprintf(command, sizeof command, "ls -d %s/check_sms_inbox-*.sqlite3", state_directory);
    FILE *list = popen(command, "r");
    assert_non_null(list);
    assert_non_null(fgets(path, sizeof path, list));
    path[strcspn(path, "\n")] = '\0';
    assert_int_equal(pclose(list), 0);
    return path;
}

static void spoil_cut(const char *path)
{
    assert_int_equal(truncate(path, 5000), 0);
}

static void spoil_empty(const char *path)
{
    assert_int_equal(truncate(path, 0), 0);
}

static void spoil_newer(const char *path)
{
    statetest_sql(path, "PRAGMA user_version = 99");
}

static void spoil_older(const char *path)
{
    statetest_sql(path, "PRAGMA user_version = 1");
}

static void spoil_value(const char *path)
{
    statetest_sql(path, "UPDATE conclusion SET told = 'somebody else wrote this'");
}

static void spoil_table(const char *path)
{
    statetest_sql(path, "DROP TABLE conclusion");
}

static void spoil_name(const char *path)
{
    char other[512];
    snprintf(other, sizeof other, "%s/check_sms_inbox-copy.sqlite3", state_directory);
    assert_int_equal(rename(path, other), 0);
}

static void spoil_program(const char *path)
{
    char other[512];
    snprintf(other, sizeof other, "%s/check_sms_inboxes-%s", state_directory, strrchr(path, '-') + 1);
    assert_int_equal(rename(path, other), 0);
}

static void spoil_link(const char *path)
{
    char other[512];
    snprintf(other, sizeof other, "%s/away", state_directory);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
}

static void spoil_fifo(const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void spoil_rights(const char *path)
{
    assert_int_equal(chmod(path, 0), 0);
}

static void spoil_directory(const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void test_memories_that_say_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        void (*spoil)(const char *path);
    } ways[] = {
        {"cut", spoil_cut},     {"empty", spoil_empty},     {"of a newer program", spoil_newer},
        {"older", spoil_older}, {"changed", spoil_value},   {"without the table", spoil_table},
        {"a copy", spoil_name}, {"foreign", spoil_program}, {"a link", spoil_link},
        {"a FIFO", spoil_fifo}, {"denied", spoil_rights},   {"a directory", spoil_directory},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        statetest_make_directory(NULL);
        remember("boxes", stuck_rows, NOW);
        expect("before", "CEN00012", "CEN", "S02", SAID "CEN a");
        ways[i].spoil(memory_path());
        expect(ways[i].what, "CEN00012", "CEN", "S02", "");
        /* Another one beside it is read all the same. */
        remember("others", stuck_rows, NOW);
        expect(ways[i].what, "CEN00012", "CEN", "S02", SAID "CEN a");
        statetest_remove_directory(NULL);
    }
    strcpy(state_directory, "/nonexistent/state");
    expect("no directory", "CEN00012", "CEN", "S02", "");
}

/* A memory of the program before keeps what it knew and learns to conclude. */
static void test_a_memory_of_version_1(void **state)
{
    (void)state;
    static const struct statefile_schema version_1 = {
        .version = 1,
        .ddl =
            "CREATE TABLE box(location TEXT NOT NULL PRIMARY KEY, looked INTEGER NOT NULL, moved INTEGER NOT NULL, "
            "quiet INTEGER NOT NULL, changed INTEGER NOT NULL, entries INTEGER NOT NULL, waiting INTEGER NOT NULL, "
            "complete INTEGER NOT NULL, moved_name BLOB, concluded INTEGER NOT NULL DEFAULT 0, "
            "status INTEGER NOT NULL DEFAULT 0, told TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"
            "CREATE TABLE file(location TEXT NOT NULL, name BLOB NOT NULL, mtime INTEGER NOT NULL, "
            "size INTEGER NOT NULL, start INTEGER NOT NULL, inherited INTEGER NOT NULL, "
            "overtaken INTEGER NOT NULL, over_since INTEGER NOT NULL, over_last INTEGER NOT NULL, "
            "PRIMARY KEY(location, name)) WITHOUT ROWID;"};
    enum statefile_health health;
    struct failure failure = {""};
    struct inbox_memory memory;
    char row[256];
    snprintf(row, sizeof row,
             "INSERT INTO box VALUES ('" CEN_BOX
             "distmgr.box', %lld, %lld, %lld, 0, 0, 0, 1, NULL, 0, 0, '')",
             (long long)(NOW - HOUR), (long long)(NOW - DAY), (long long)(NOW - DAY));
    struct statefile *file =
        statefile_open(state_directory, "check_sms_inbox", "boxes", &version_1, 0, NULL, &health, &failure);
    assert_int_equal(sqlite3_exec(statefile_database(file), row, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(statefile_commit(file, NOW, &failure), 0);
    statefile_close(file);
    expect("nothing yet", "CEN00012", "CEN", "S02", "");
    remember("boxes", stuck_rows, NOW);
    expect("taken over", "CEN00012", "CEN", "S02", SAID "CEN a");
    file = statefile_open(state_directory, "check_sms_inbox", "boxes", &inbox_schema, 0, NULL, &health,
                          &failure);
    assert_int_equal(inbox_store_load(file, CEN_BOX "distmgr.box", &memory, &failure), 0);
    assert_int_equal(memory.moved, NOW - DAY);
    assert_int_equal(memory.floor, NOW - HOUR);
    inbox_memory_free(&memory);
    /* A box that nobody looks at any more is forgotten with what was said of it. */
    assert_int_equal(inbox_store_forget(file, NOW, &failure), 0);
    assert_int_equal(statefile_commit(file, NOW, &failure), 0);
    statefile_close(file);
    expect("forgotten", "CEN00012", "CEN", "S02", "");
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, statetest_make_directory, statetest_remove_directory)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whose_box),
        cmocka_unit_test(test_what_is_said),
        EACH(test_one_site_alone),
        EACH(test_two_memories),
        EACH(test_ages),
        EACH(test_conclusions_are_replaced),
        EACH(test_long_words),
        cmocka_unit_test(test_memories_that_say_nothing),
        EACH(test_a_memory_of_version_1),
    };
    return cmocka_run_group_tests(tests, statetest_become_nobody, NULL);
}
