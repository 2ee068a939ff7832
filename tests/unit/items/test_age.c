// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/age.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

enum { NOW = 1000000, HOUR = 3600 };

static struct remembered memory_of(const char *kind, const char *progress, int64_t first_seen,
                                   int64_t attempt_since, int64_t last_progress)
{
    return (struct remembered){.key = (char *)(uintptr_t) "dp/A@x",
                               .kind = (char *)(uintptr_t)kind,
                               .progress = (char *)(uintptr_t)progress,
                               .first_seen = first_seen,
                               .attempt_since = attempt_since,
                               .last_progress = last_progress};
}

struct expected {
    int64_t first_seen, attempt_since, last_progress, age_s, moved_age_s;
    bool changed;
};

static void expect(const char *what, struct item item, const struct remembered *remembered,
                   struct clocks clocks, struct expected expected)
{
    struct remembered updated;
    bool changed = history_age(&item, remembered, &clocks, &updated);
    if (item.first_seen != expected.first_seen || item.attempt_since != expected.attempt_since ||
        item.last_progress != expected.last_progress || item.age_s != expected.age_s ||
        item.moved_age_s != expected.moved_age_s || changed != expected.changed)
        fail_msg("%s: first seen %" PRId64 ", attempt %" PRId64 ", progress %" PRId64 ", age %" PRId64
                 ", moved %" PRId64 ", changed %d",
                 what, item.first_seen, item.attempt_since, item.last_progress, item.age_s, item.moved_age_s,
                 changed);
    assert_int_equal(updated.first_seen, item.first_seen);
    assert_int_equal(updated.attempt_since, item.attempt_since);
    assert_int_equal(updated.last_progress, item.last_progress);
    assert_int_equal(updated.absent_runs, 0);
    assert_string_equal(updated.progress, item.progress);
}

static void ages_count_from_the_older_start(void **state)
{
    (void)state;
    const struct clocks clocks = {.host = NOW, .database = NOW + 50};
    struct item item = {.key = "dp/A@x", .kind = "sent", .progress = "1"};
    expect("first sight, no date", item, NULL, clocks, (struct expected){NOW, NOW, NOW, 0, -1, true});
    item.database_start = NOW + 50 - 500;
    expect("first sight, database start", item, NULL, clocks,
           (struct expected){NOW, NOW, NOW, 500, -1, true});
    item.moved = NOW + 50 - 300;
    expect("the database's word on moving", item, NULL, clocks,
           (struct expected){NOW, NOW, NOW, 500, 300, true});
    item.database_start = NOW + 5000;
    expect("a start in the future", item, NULL, clocks, (struct expected){NOW, NOW, NOW, 0, 300, true});
    item.start = ITEM_START_MEMORY;
    item.database_start = NOW - 500;
    expect("memory alone", item, NULL, clocks, (struct expected){NOW, NOW, NOW, 0, 300, true});
}

static void the_memory_keeps_the_age(void **state)
{
    (void)state;
    const struct clocks clocks = {.host = NOW, .database = NOW};
    struct item item = {.key = "dp/A@x", .kind = "sent", .progress = "1", .database_start = NOW - 100};
    struct remembered remembered = memory_of("sent", "1", NOW - 900, NOW - 900, NOW - 900);
    expect("nothing changed", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW - 900, NOW - 900, 900, -1, false});
    item.progress = "2";
    expect("it moved", item, &remembered, clocks, (struct expected){NOW - 900, NOW - 900, NOW, 900, 0, true});
    item.progress = "1";
    item.kind = "behind";
    expect("another kind", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW - 900, NOW - 900, 900, -1, true});
    item.kind = "resend";
    item.restart = true;
    item.start = ITEM_START_MEMORY;
    expect("a new attempt", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW, NOW - 900, 0, -1, true});
    remembered = memory_of("resend", "1", NOW - 900, NOW - 300, NOW - 900);
    expect("the attempt goes on", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW - 300, NOW - 900, 300, -1, false});
    item = (struct item){.key = "dp/A@x", .kind = "recipe", .progress = "2", .forget_on_progress = true};
    remembered = memory_of("recipe", "1", NOW - 900, NOW - 900, NOW - 900);
    expect("rule recipe begins anew", item, &remembered, clocks,
           (struct expected){NOW, NOW, NOW, 0, -1, true});
    remembered = memory_of("recipe", "2", NOW - 900, NOW - 900, NOW - 900);
    remembered.absent_runs = 1;
    expect("it was absent and is back", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW - 900, NOW - 900, 900, -1, true});
}

static void the_time_away_does_not_count(void **state)
{
    (void)state;
    struct away spans[] = {{"S02", NOW - 800, NOW - 300}, {"S03", NOW - 900, 0}};
    const struct away_list list = {spans, 2};
    const struct clocks clocks = {.host = NOW, .database = NOW + 50, .away = &list};
    struct item item = {.key = "dp/A@x", .kind = "sent", .progress = "1", .site = "s02"};
    struct remembered remembered = memory_of("sent", "1", NOW - 900, NOW - 900, NOW - 900);
    expect("it was there before", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW - 900, NOW - 900, 400, -1, false});
    item.database_start = NOW + 50 - 1000;
    expect("the database knew it before", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW - 900, NOW - 900, 500, -1, false});
    item.database_start = NOW + 50 - 700;
    expect("it began while the site was away", item, NULL, clocks,
           (struct expected){NOW, NOW, NOW, 300, -1, true});
    item.database_start = NOW + 50 - 200;
    expect("it began after the return", item, NULL, clocks, (struct expected){NOW, NOW, NOW, 200, -1, true});
    item.site = "S03";
    expect("its site is still away", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW - 900, NOW - 900, 0, -1, false});
    item.site = "S04";
    expect("another site", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW - 900, NOW - 900, 900, -1, false});
}

/* What a run saw of one item. Times are hours before the end; 0: none. */
static const struct sight {
    const char *what;
    int hour; /* of the run */
    enum item_class item_class;
    int start, renewed; /* dates of the database */
    int held;
    bool excused, blind;
    int age;    /* in hours that the run tells */
    int failed; /* since the first failure */
} sights[] = {
    {"first sight: the database's start", 100, ITEM_PENDING, 200, 0, 1, false, false, 100, 0},
    {"the same trouble is reported again", 99, ITEM_PENDING, 99, 0, 1, false, false, 101, 0},
    {"it fails", 98, ITEM_FAILED, 98, 0, 1, false, false, 0, 0},
    {"it fails still", 95, ITEM_FAILED, 95, 0, 1, false, false, 3, 3},
    {"it is tried again", 94, ITEM_PENDING, 94, 0, 1, false, false, 106, 4},
    {"it fails again", 90, ITEM_FAILED, 90, 0, 1, false, false, 8, 8},
    {"maintenance begins", 80, ITEM_FAILED, 90, 0, 1, true, false, 18, 18},
    {"it lasts", 70, ITEM_FAILED, 90, 0, 1, true, false, 28, 28},
    {"nothing tells whether it lasts", 65, ITEM_FAILED, 90, 0, 1, false, true, 33, 33},
    {"it ends", 60, ITEM_FAILED, 90, 0, 1, false, false, 18, 18},
    {"and does not count", 59, ITEM_PENDING, 59, 0, 1, false, false, 121, 19},
    {"ordered anew", 50, ITEM_PENDING, 51, 52, 1, false, false, 2, 0},
    {"reported again", 40, ITEM_PENDING, 40, 52, 1, false, false, 12, 0},
    {"an older version came", 30, ITEM_PENDING, 32, 52, 2, false, false, 2, 0},
    {"no row tells its version", 28, ITEM_PENDING, 30, 52, -1, false, false, 4, 0},
    {"and it is the same", 26, ITEM_PENDING, 30, 52, 2, false, false, 6, 0},
};

static void what_was_told_is_not_taken_back(void **state)
{
    (void)state;
    struct remembered memory = {0};
    for (size_t i = 0; i < sizeof sights / sizeof *sights; i++) {
        const struct sight *sight = &sights[i];
        const int64_t now = NOW - (int64_t)sight->hour * HOUR;
        const struct clocks clocks = {.host = now, .database = now + 50};
        struct item item = {.key = "dp/A@x",
                            .kind = sight->item_class == ITEM_FAILED ? "failed" : "pending",
                            .progress = "1",
                            .item_class = sight->item_class,
                            .start = ITEM_START_ATTEMPT,
                            .database_start = NOW + 50 - (int64_t)sight->start * HOUR,
                            .held = sight->held,
                            .excused = sight->excused,
                            .blind = sight->blind};
        if (sight->renewed != 0)
            item.renewed = NOW + 50 - (int64_t)sight->renewed * HOUR;
        struct remembered updated;
        history_age(&item, i == 0 ? NULL : &memory, &clocks, &updated);
        if (item.age_s != (int64_t)sight->age * HOUR || item.failed_age_s != (int64_t)sight->failed * HOUR ||
            item.excused != (sight->excused || sight->blind))
            fail_msg("%s: %" PRId64 " h, failed %" PRId64 " h, excused %d", sight->what, item.age_s / HOUR,
                     item.failed_age_s / HOUR, item.excused);
        memory = updated;
    }
    assert_int_equal(memory.first_seen, NOW - 100 * HOUR);
    assert_int_equal(memory.held, 2);
}

/* What an earlier version remembered has no word of attempts and failures. */
static void an_older_memory_goes_on(void **state)
{
    (void)state;
    const struct clocks clocks = {.host = NOW, .database = NOW};
    struct item item = {.key = "dp/A@x",
                        .kind = "failed",
                        .progress = "1",
                        .item_class = ITEM_FAILED,
                        .start = ITEM_START_ATTEMPT,
                        .held = 2,
                        .renewed = NOW - 9000};
    struct remembered remembered = memory_of("failed", "1", NOW - 900, NOW - 900, NOW - 900);
    remembered.held = -1;
    expect("it failed before", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW - 900, NOW - 900, 900, -1, true});
    remembered.kind = (char *)(uintptr_t) "pending";
    expect("it fails now", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW - 900, NOW - 900, 0, -1, true});
}

static void a_clock_that_jumps_back_harms_nothing(void **state)
{
    (void)state;
    const struct clocks clocks = {.host = NOW - 5000, .database = NOW - 5000};
    const struct item item = {
        .key = "dp/A@x", .kind = "sent", .progress = "1", .database_start = NOW, .moved = NOW};
    const struct remembered remembered = memory_of("sent", "1", NOW - 900, NOW - 900, NOW - 100);
    expect("everything lies ahead", item, &remembered, clocks,
           (struct expected){NOW - 900, NOW - 900, NOW - 100, 0, 0, false});
}

static const struct {
    const char *what;
    enum absence absence;
    int64_t runs, since, now;
    enum absent_action action;
    int64_t runs_after, since_after;
} absences[] = {
    {"not looked at", ABSENCE_NOT_LOOKED, 0, 0, NOW, ABSENT_KEEP, 0, 0},
    {"not looked at for long", ABSENCE_NOT_LOOKED, 9, 1, NOW, ABSENT_KEEP, 9, 1},
    {"healthy", ABSENCE_HEALTHY, 0, 0, NOW, ABSENT_REMOVE, 0, 0},
    {"first time absent", ABSENCE_UNSEEN, 0, 0, NOW, ABSENT_UPDATE, 1, NOW},
    {"second time", ABSENCE_UNSEEN, 1, NOW - 9 * HOUR, NOW, ABSENT_UPDATE, 2, NOW - 9 * HOUR},
    {"third, but soon", ABSENCE_UNSEEN, 2, NOW - HOUR, NOW, ABSENT_UPDATE, 3, NOW - HOUR},
    {"third, after two hours", ABSENCE_UNSEEN, 2, NOW - 2 * HOUR, NOW, ABSENT_REMOVE, 3, NOW - 2 * HOUR},
    {"the clock jumped back", ABSENCE_UNSEEN, 2, NOW + HOUR, NOW, ABSENT_UPDATE, 3, NOW},
};

static void what_is_absent_is_kept_for_a_while(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof absences / sizeof *absences; i++) {
        struct remembered remembered = {.absent_runs = absences[i].runs, .absent_since = absences[i].since};
        enum absent_action action = history_absent(&remembered, absences[i].absence, absences[i].now);
        if (action != absences[i].action || remembered.absent_runs != absences[i].runs_after ||
            remembered.absent_since != absences[i].since_after)
            fail_msg("%s: action %d, runs %" PRId64 ", since %" PRId64, absences[i].what, (int)action,
                     remembered.absent_runs, remembered.absent_since);
    }
}

static void items_are_found_by_key(void **state)
{
    (void)state;
    char keys[][8] = {"a", "b", "d"};
    struct remembered memory[3] = {{.key = keys[0]}, {.key = keys[1]}, {.key = keys[2]}};
    assert_ptr_equal(history_find(memory, 3, "b"), &memory[1]);
    assert_null(history_find(memory, 3, "c"));
    assert_null(history_find(NULL, 0, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages_count_from_the_older_start),
        cmocka_unit_test(the_memory_keeps_the_age),
        cmocka_unit_test(the_time_away_does_not_count),
        cmocka_unit_test(what_was_told_is_not_taken_back),
        cmocka_unit_test(an_older_memory_goes_on),
        cmocka_unit_test(a_clock_that_jumps_back_harms_nothing),
        cmocka_unit_test(what_is_absent_is_kept_for_a_while),
        cmocka_unit_test(items_are_found_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
