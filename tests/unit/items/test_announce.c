// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/announce.h"

#include "items/itemstore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A story of runs: in each, one service sees one item, and its result is delivered or not. */

enum { NOW = 1800000000, MINUTE = 60, WINDOW = 15 * MINUTE };

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/test_announce.XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

enum delivery { TOLD, LOST }; /* was the result written? */

struct run {
    int minute;
    uint64_t service;
    enum status status;
    int seen; /* minute of first_seen */
    enum delivery delivery;
    bool is_new;
};

static bool never(const void *context, const char *key)
{
    (void)context;
    (void)key;
    return false;
}

static bool always(const void *context, const char *key)
{
    (void)context;
    (void)key;
    return true;
}

static bool run_once(const char *story, const struct run *run, bool lost, int64_t age_s, bool kept)
{
    enum statefile_health health;
    struct failure failure;
    struct statefile *file =
        statefile_open(directory, "check_test", story, &memory_schema, 1000, NULL, &health, &failure);
    if (file == NULL)
        fail_msg("%s: %s", story, failure.text);
    const struct announce_options options = {.rule = run->service, .only_new = true, .window_s = WINDOW};
    struct announcements all;
    const int64_t now = NOW + (int64_t)run->minute * MINUTE;
    assert_int_equal(announcements_open(&all, file, &options, lost, now, &failure), 0);
    struct item item = {.key = "version/CEN00001@S02",
                        .package = "CEN00001",
                        .place = "S02",
                        .status = run->status,
                        .first_seen = NOW + (int64_t)run->seen * MINUTE,
                        .age_s = age_s};
    assert_int_equal(announcements_judge(&all, &item), 0);
    assert_int_equal(item.told, !item.is_new && run->status != STATUS_OK);
    if (run->delivery == TOLD && announcements_due(&all)) {
        assert_int_equal(announcements_keep(&all, kept ? always : never, NULL, &failure), 0);
        assert_int_equal(statefile_commit(file, now, &failure), 0);
    }
    announcements_free(&all);
    statefile_close(file);
    return item.is_new;
}

#define W STATUS_WARNING
#define C STATUS_CRITICAL
static const struct {
    const char *name;
    bool kept;          /* the item stays in the memory */
    struct run runs[9]; /* until service 0 */
} stories[] = {
    {"new for the window, then known",
     false,
     {{0, 1, C, 0, TOLD, true}, {14, 1, C, 0, TOLD, true}, {15, 1, C, 0, TOLD, false}}},
    {"not delivered is not told",
     false,
     {{0, 1, C, 0, LOST, true},
      {30, 1, C, 0, LOST, true},
      {60, 1, C, 0, TOLD, true},
      {75, 1, C, 0, TOLD, false}}},
    {"worse is new, better is not",
     false,
     {{0, 1, W, 0, TOLD, true},
      {60, 1, C, 0, TOLD, true},
      {120, 1, W, 0, TOLD, false},
      {180, 1, C, 0, TOLD, false}}},
    {"OK forgets",
     false,
     {{0, 1, C, 0, TOLD, true}, {60, 1, STATUS_OK, 0, TOLD, false}, {61, 1, C, 0, TOLD, true}}},
    {"a trouble that began again is new", false, {{0, 1, C, 0, TOLD, true}, {60, 1, C, 59, TOLD, true}}},
    {"two services do not take each other's news",
     false,
     {{0, 1, C, 0, TOLD, true},
      {20, 2, C, 0, TOLD, true},
      {21, 1, C, 0, TOLD, false},
      {36, 2, C, 0, TOLD, false}}},
    {"a clock that jumps back makes nothing new for long",
     false,
     {{600, 1, C, 0, TOLD, true}, {0, 1, C, 0, TOLD, false}}},
    {"what is still pending may alternate, and is new after six hours without an alert",
     true,
     {{0, 1, C, 0, TOLD, true},
      {60, 1, STATUS_OK, 0, TOLD, false},
      {120, 1, C, 0, TOLD, false},
      {180, 1, STATUS_OK, 0, TOLD, false},
      {240, 1, STATUS_OK, 0, TOLD, false},
      {539, 1, C, 0, TOLD, false},
      {540, 1, STATUS_OK, 0, TOLD, false},
      {900, 1, C, 0, TOLD, true}}},
    {"what got better for a while is not new when it is as bad as before",
     true,
     {{0, 1, C, 0, TOLD, true},
      {60, 1, STATUS_OK, 0, TOLD, false},
      {120, 1, W, 0, TOLD, false},
      {180, 1, C, 0, TOLD, false}}},
};

static void test_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
        for (const struct run *run = stories[i].runs; run->service != 0; run++)
            if (run_once(stories[i].name, run, false, 0, stories[i].kept) != run->is_new)
                fail_msg("%s: minute %d is%s new", stories[i].name, run->minute, run->is_new ? " not" : "");
}

static void test_without_a_memory_the_ages_decide(void **state)
{
    (void)state;
    const struct run run = {0, 1, C, 0, LOST, true};
    assert_false(run_once("an old one", &run, true, 300 * 86400, false));
    assert_true(run_once("a young one", &run, true, 5 * MINUTE, false));
}

static const struct item *nth(const void *items, size_t index)
{
    return &((const struct item *)items)[index];
}

static void test_verdict(void **state)
{
    (void)state;
    const struct item items[] = {
        {.package = "CEN00012", .place = "S02", .kind = "sent", .is_new = true},
        {.package = "", .place = "S05", .kind = "silent", .is_new = true},
        {.package = "CEN00013", .place = "", .kind = "waiting", .is_new = true},
        {.package = "CEN00014", .place = "S02", .kind = "sent", .is_new = true},
        {.package = "CEN00015", .place = "S02", .kind = "sent"},
    };
    struct text verdict = {0};
    announce_verdict(nth, items, 5, &(struct tally){.fresh = 4, .stuck = 5}, &verdict);
    assert_string_equal(
        text_string(&verdict),
        "4 new: CEN00012 at S02 (sent), S05 (silent), CEN00013 (waiting) and 1 more; 5 stuck in all");
    text_cut(&verdict, 0);
    announce_verdict(nth, items, 5, &(struct tally){.stuck = 9}, &verdict);
    assert_string_equal(text_string(&verdict), "nothing new, 9 stuck in all");
    text_free(&verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_without_a_memory_the_ages_decide),
        cmocka_unit_test(test_verdict),
    };
    return cmocka_run_group_tests_name("announce", tests, make_directory, remove_directory);
}
