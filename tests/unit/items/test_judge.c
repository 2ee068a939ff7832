// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/judge.h"
#include "items/known.h"
#include "items/minrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

static struct thresholds defaults(void)
{
    struct thresholds thresholds;
    struct failure failure;
    assert_int_equal(range_parse("24h", true, &thresholds.warning, &failure), 0);
    assert_int_equal(range_parse("72h", true, &thresholds.critical, &failure), 0);
    assert_int_equal(range_parse("1h", true, &thresholds.failed_warning, &failure), 0);
    assert_int_equal(range_parse("24h", true, &thresholds.failed_critical, &failure), 0);
    return thresholds;
}

enum { HOUR = 3600 };

static const struct {
    enum item_class item_class;
    int64_t age_s, size_bytes; /* at 1 GB an hour for S02 */
    const char *site;
    enum status status;
    bool stuck;
    int64_t allowance_s;
} cases[] = {
    {ITEM_PENDING, 0, 0, "S02", STATUS_OK, false, 0},
    {ITEM_PENDING, 24 * HOUR, 0, "S02", STATUS_OK, false, 0},
    {ITEM_PENDING, 24 * HOUR + 1, 0, "S02", STATUS_WARNING, true, 0},
    {ITEM_PENDING, 72 * HOUR, 0, "S02", STATUS_WARNING, true, 0},
    {ITEM_PENDING, 72 * HOUR + 1, 0, "S02", STATUS_CRITICAL, true, 0},
    {ITEM_PENDING, 73 * HOUR, 2000000000, "S02", STATUS_WARNING, true, 2 * HOUR},
    {ITEM_PENDING, 26 * HOUR, 2000000000, "S02", STATUS_OK, false, 2 * HOUR},
    {ITEM_PENDING, 26 * HOUR, 2000000000, "S03", STATUS_WARNING, true, 0},
    {ITEM_FAILED, HOUR, 0, "S02", STATUS_OK, false, 0},
    {ITEM_FAILED, HOUR + 1, 2000000000, "S02", STATUS_WARNING, true, 0},
    {ITEM_FAILED, 24 * HOUR + 1, 0, "S02", STATUS_CRITICAL, true, 0},
};

static void ages_become_states(void **state)
{
    (void)state;
    struct thresholds thresholds = defaults();
    struct rate_list rates = {0};
    struct failure failure;
    assert_int_equal(rate_list_parse(&rates, "S02=1GB/h", &failure), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct item item = {.package = "CEN00001",
                            .place = "S021",
                            .site = cases[i].site,
                            .item_class = cases[i].item_class,
                            .age_s = cases[i].age_s,
                            .size_bytes = cases[i].size_bytes};
        judge_item(&item, &thresholds, &rates, NULL, 0);
        if (item.status != cases[i].status || item.stuck != cases[i].stuck || item.known ||
            item.allowance_s != cases[i].allowance_s)
            fail_msg("case %zu: %s, stuck %d, allowance %" PRId64, i, status_name(item.status), item.stuck,
                     item.allowance_s);
    }
    rate_list_free(&rates);
}

static void known_names_the_site_or_the_server(void **state)
{
    (void)state;
    struct thresholds thresholds = defaults();
    const struct {
        const char *known;
        bool mutes;
    } lists[] = {{"CEN00001", true},      {"CEN00001@S02", true},    {"CEN00001@s021", true},
                 {"CEN00001@S03", false}, {"CEN00001@S0211", false}, {"CEN00002@S02", false}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct known_list known = {0};
        struct failure failure;
        assert_int_equal(known_list_parse(&known, lists[i].known, &failure), 0);
        struct item item = {.package = "CEN00001", .place = "S021", .site = "S02", .age_s = 100 * HOUR};
        judge_item(&item, &thresholds, NULL, &known, 0);
        if (item.known != lists[i].mutes || item.status != STATUS_CRITICAL)
            fail_msg("--known=%s: %d", lists[i].known, item.known);
        known_list_free(&known);
    }
}

static void known_items_are_in_no_other_number(void **state)
{
    (void)state;
    const struct item items[] = {
        {.key = "a",
         .item_class = ITEM_PENDING,
         .age_s = 50,
         .size_bytes = 1,
         .stuck = true,
         .status = STATUS_WARNING},
        {.key = "b", .item_class = ITEM_FAILED, .age_s = 40, .size_bytes = 2, .status = STATUS_OK},
        {.key = "c",
         .item_class = ITEM_FAILED,
         .age_s = 99,
         .size_bytes = 4,
         .stuck = true,
         .status = STATUS_CRITICAL,
         .known = true},
        {.key = "d", .item_class = ITEM_PENDING, .age_s = 70, .size_bytes = 8, .status = STATUS_OK},
        {.key = "e",
         .item_class = ITEM_PENDING,
         .age_s = 60,
         .size_bytes = 16,
         .stuck = true,
         .status = STATUS_WARNING},
    };
    struct tally tally;
    tally_items(items, 5, &tally);
    assert_int_equal(tally.status, STATUS_WARNING);
    assert_int_equal(tally.pending, 3);
    assert_int_equal(tally.failed, 1);
    assert_int_equal(tally.stuck, 2);
    assert_int_equal(tally.known, 1);
    assert_int_equal(tally.oldest_s, 70);
    assert_int_equal(tally.oldest_failed_s, 40);
    assert_int_equal(tally.outstanding_bytes, 27);
    assert_ptr_equal(tally.worst, &items[4]);
    tally_items(items, 0, &tally);
    assert_null(tally.worst);
    assert_int_equal(tally.status, STATUS_OK);
}

/* Each before the next. */
static const struct item ordered[] = {
    {.key = "z", .status = STATUS_CRITICAL, .age_s = 5},
    {.key = "a", .status = STATUS_WARNING, .age_s = 90},
    {.key = "b", .status = STATUS_WARNING, .age_s = 80},
    {.key = "c", .status = STATUS_WARNING, .age_s = 80},
    {.key = "d", .status = STATUS_OK, .age_s = 99},
    {.key = "e", .status = STATUS_CRITICAL, .age_s = 9, .known = true},
    {.key = "f", .status = STATUS_OK, .age_s = 99, .known = true},
    {.key = "g", .status = STATUS_CRITICAL, .age_s = 99, .known = true, .told = true},
    {.key = "h", .status = STATUS_CRITICAL, .age_s = 99, .folded = true},
    {.key = "i", .status = STATUS_CRITICAL, .age_s = 98, .folded = true},
};

static void worst_and_oldest_come_first(void **state)
{
    (void)state;
    enum { COUNT = sizeof ordered / sizeof *ordered };
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++) {
            int order = item_compare(&ordered[i], &ordered[j]);
            if ((i < j) != (order < 0) || (i > j) != (order > 0))
                fail_msg("%s and %s: %d", ordered[i].key, ordered[j].key, order);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages_become_states),
        cmocka_unit_test(known_names_the_site_or_the_server),
        cmocka_unit_test(known_items_are_in_no_other_number),
        cmocka_unit_test(worst_and_oldest_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
