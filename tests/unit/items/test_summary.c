// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 16, HOUR = 3600 };

/* "package place kind hours": the first letter of a kind tells pending, retrying and failed. */
struct rows {
    char texts[MOST_ROWS][3][12];
    struct item items[MOST_ROWS];
    size_t count;
};

static void read_rows(const char *list, struct rows *rows)
{
    char copy[512];
    *rows = (struct rows){0};
    strcpy(copy, list);
    for (char *rest = copy, *part; (part = strtok_r(rest, ",", &rest)) != NULL; rows->count++) {
        char(*texts)[12] = rows->texts[rows->count];
        int hours = 100;
        sscanf(part, " %11s %11s %11s %d", texts[0], texts[1], texts[2], &hours);
        rows->items[rows->count] =
            (struct item){.key = texts[0],
                          .package = texts[0],
                          .place = texts[1],
                          .site = "S02",
                          .kind = texts[2],
                          .item_class = texts[2][0] == 'f' ? ITEM_FAILED : ITEM_PENDING,
                          .age_s = hours * HOUR,
                          .status = hours > 72   ? STATUS_CRITICAL
                                    : hours > 24 ? STATUS_WARNING
                                                 : STATUS_OK,
                          .stuck = hours > 24};
    }
}

static const struct {
    const char *rows, *groups;
} groups[] = {
    {"", ""},
    {"A x pending", ""},
    {"A x pending, B y pending", ""},
    {"A x pending, B x pending", "2 on x pending"},
    {"A x pending, b X pending, B x pending", "3 on x pending"},
    {"A x pending, a y pending, A z pending", "A on 3 pending"},
    {"A x pending, B x retrying", "2 on x pending"},
    {"A x failed, B x foul", "2 on x failed"},
    {"A x failed, B x pending", "2 on x pending or failed"},
    {"A x retrying, B x retrying, C x retrying, C y pending", "3 on x retrying"},
    {"A x pending, B x pending, C x pending, D y failed, D z failed", "3 on x pending, D on 2 failed"},
    {"A x pending, B x pending, C p pending, D q pending, E r "
     "pending, F s pending, G t pending, H u pending, I v pending",
     ""},
};

static void groups_name_the_common_factor(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct rows rows;
        bool chosen[MOST_ROWS];
        memset(chosen, true, sizeof chosen);
        read_rows(groups[i].rows, &rows);
        struct itemgroup found[2];
        size_t count;
        assert_int_equal(itemgroup_find(rows.items, rows.count, chosen, found, 2, &count), 0);
        char told[128] = "";
        for (size_t g = 0; g < count; g++) {
            size_t used = strlen(told);
            if (found[g].of_place)
                snprintf(told + used, sizeof told - used, "%s%zu on %s %s", g == 0 ? "" : ", ",
                         found[g].count, found[g].like->place[0] == 'X' ? "x" : found[g].like->place,
                         found[g].word);
            else
                snprintf(told + used, sizeof told - used, "%s%s on %zu %s", g == 0 ? "" : ", ",
                         found[g].like->package[0] == 'a' ? "A" : found[g].like->package, found[g].count,
                         found[g].word);
        }
        if (strcmp(told, groups[i].groups) != 0)
            fail_msg("%s: '%s', not '%s'", groups[i].rows, told, groups[i].groups);
    }
}

static void a_server_of_two_sites_is_two_places(void **state)
{
    (void)state;
    struct rows rows;
    struct itemgroup found[2];
    size_t count;
    const bool chosen[] = {true, true};
    read_rows("A x pending, B x pending", &rows);
    rows.items[1].site = "S03";
    assert_int_equal(itemgroup_find(rows.items, 2, chosen, found, 2, &count), 0);
    assert_int_equal(count, 0);
}

static const struct {
    const char *rows, *told;
} verdicts[] = {
    {"A x pending 80", "1 stuck: A at x pending for 3 d 8 h"},
    {"A x pending 80, B y pending 90", "2 stuck: B at y pending for 3 d 18 h and others"},
    {"A x pending 80, B x pending 90, C y pending 3",
     "2 stuck: 2 packages gone at x, worst B at x pending for 3 d 18 h"},
    {"A x pending 80, B x pending 90, C y pending 30",
     "3 stuck: 2 packages gone at x and 1 other, worst B at x pending for 3 d 18 h"},
    {"A x pending 80, A y pending 90, A z pending 30, B x pending 40, C q pending 40",
     "5 stuck: A gone at 3 sites and 2 others, worst A at y pending for 3 d 18 h"},
    {"A x pending 8", "none stuck, 1 on their way: A at x pending for 8 h"},
    {"A x pending 8, A y pending 9",
     "none stuck, 2 on their way: A gone at 2 sites, oldest A at y pending for 9 h"},
};

static void the_first_line_tells_groups_and_the_worst(void **state)
{
    (void)state;
    const struct itemgroup_words words = {.at = "at", .place = "site", .state = "gone"};
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        struct rows rows;
        struct tally tally;
        struct text told = {0};
        read_rows(verdicts[i].rows, &rows);
        tally_items(rows.items, rows.count, &tally);
        itemgroup_tell(rows.items, rows.count, &tally, &words, &told);
        if (strcmp(text_string(&told), verdicts[i].told) != 0)
            fail_msg("%s: '%s', not '%s'", verdicts[i].rows, text_string(&told), verdicts[i].told);
        text_free(&told);
    }
}

/* A range may be critical of what its warning range does not alert on; what is known is not told at all. */
static void what_sets_the_state_is_told(void **state)
{
    (void)state;
    const struct itemgroup_words words = {.at = "at", .place = "site"};
    struct rows rows;
    struct tally tally;
    struct text told = {0};
    read_rows("A x pending 80, B y pending 3, C z pending 90", &rows);
    rows.items[0].stuck = rows.items[2].stuck = false;
    rows.items[2].known = true;
    tally_items(rows.items, rows.count, &tally);
    itemgroup_tell(rows.items, rows.count, &tally, &words, &told);
    assert_string_equal(text_string(&told), "1 critical: A at x pending for 3 d 8 h");
    text_free(&told);
}

/* The worst case of grouping: nothing is shared, and everything is. */
static void many_items_are_grouped_at_once(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    struct item *items = calloc(MANY, sizeof *items);
    bool *chosen = malloc(MANY);
    char(*names)[12] = malloc(MANY * sizeof *names);
    assert_true(items != NULL && chosen != NULL && names != NULL);
    memset(chosen, true, MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof *names, "P%07d", (i * 7919) % MANY);
        items[i] = (struct item){
            .package = names[i], .place = i % 2 == 0 ? "S02" : names[i], .site = "S02", .kind = "sent"};
    }
    struct itemgroup found[2];
    size_t count;
    assert_int_equal(itemgroup_find(items, MANY, chosen, found, 2, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].count, MANY / 2);
    free(items);
    free(chosen);
    free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_name_the_common_factor),
        cmocka_unit_test(a_server_of_two_sites_is_two_places),
        cmocka_unit_test(the_first_line_tells_groups_and_the_worst),
        cmocka_unit_test(what_sets_the_state_is_told),
        cmocka_unit_test(many_items_are_grouped_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
