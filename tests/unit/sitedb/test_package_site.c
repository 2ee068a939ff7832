// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/package_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <string.h>

enum { NO_ROW = -2, NULL_STATUS = -1 };

/* Design, section 4: the first line that holds decides. */
static const struct {
    int64_t status; /* NO_ROW, NULL_STATUS */
    int64_t held, wanted;
    enum pair_kind kind;
} kinds[] = {
    {0, 3, 3, PAIR_IN_SYNC},
    {2, 3, 3, PAIR_IN_SYNC},
    {3, 3, 3, PAIR_IN_SYNC},
    {2, 4, 3, PAIR_IN_SYNC},
    {NO_ROW, -1, 3, PAIR_NEVER_SENT},
    {6, 3, 3, PAIR_NEVER_SENT},
    {6, 0, 3, PAIR_NEVER_SENT},
    {2, 0, 3, PAIR_RESEND},
    {1, 0, 3, PAIR_RESEND},
    {0, 0, 3, PAIR_RESEND},
    {3, 0, 3, PAIR_RESEND},
    {5, 0, 3, PAIR_FAILED},
    {4, 0, 3, PAIR_FAILED},
    {9, 0, 3, PAIR_UNEXPECTED},
    {NULL_STATUS, 0, 3, PAIR_UNEXPECTED},
    {4, 3, 3, PAIR_FAILED},
    {5, 2, 3, PAIR_FAILED},
    {1, 3, 3, PAIR_SENT},
    {1, 2, 3, PAIR_SENT},
    {0, 2, 3, PAIR_BEHIND},
    {2, 2, 3, PAIR_BEHIND},
    {3, 2, 3, PAIR_BEHIND},
    {2, -1, 3, PAIR_BEHIND},
    {NULL_STATUS, 3, 3, PAIR_UNEXPECTED},
    {7, 3, 3, PAIR_UNEXPECTED},
    {8, 3, 3, PAIR_UNEXPECTED},
    {9, 2, 3, PAIR_UNEXPECTED},
    {4711, 3, 3, PAIR_UNEXPECTED},
    {2, 0, 0, PAIR_IN_SYNC},
    {2, 5000000000, 5000000000, PAIR_IN_SYNC},
    {2, 4999999999, 5000000000, PAIR_BEHIND},
};

static void rows_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct pair pair = {.rows = kinds[i].status == NO_ROW ? 0 : 1,
                                  .has_status = kinds[i].status >= 0,
                                  .status = kinds[i].status >= 0 ? kinds[i].status : 0,
                                  .held = kinds[i].held,
                                  .wanted = kinds[i].wanted};
        enum pair_kind kind = pair_judge(&pair);
        if (kind != kinds[i].kind)
            fail_msg("Status %" PRId64 ", has %" PRId64 ", wants %" PRId64 ": %s, not %s", kinds[i].status,
                     kinds[i].held, kinds[i].wanted, pair_kind_name(kind), pair_kind_name(kinds[i].kind));
    }
}

static const struct {
    enum pair_kind kind;
    int64_t source_date, updated, refreshed, start;
} starts[] = {
    {PAIR_SENT, 100, 200, 0, 200},         {PAIR_SENT, 300, 200, 0, 300},
    {PAIR_SENT, 0, 200, 0, 200},           {PAIR_BEHIND, 100, 0, 250, 250},
    {PAIR_BEHIND, 100, 0, 0, 100},         {PAIR_FAILED, 0, 0, 250, 0},
    {PAIR_UNEXPECTED, 100, 200, 900, 200}, {PAIR_NEVER_SENT, 100, 0, 200, 200},
    {PAIR_NEVER_SENT, 300, 0, 200, 300},   {PAIR_NEVER_SENT, 100, 150, 0, 0},
    {PAIR_RESEND, 100, 200, 300, 0},       {PAIR_RECIPE, 100, 200, 300, 0},
};

static void the_start_is_the_latest_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const struct pair pair = {.kind = starts[i].kind,
                                  .source_date = starts[i].source_date,
                                  .updated = starts[i].updated,
                                  .refreshed = starts[i].refreshed};
        if (pair_database_start(&pair) != starts[i].start)
            fail_msg("%s, case %zu: %" PRId64, pair_kind_name(pair.kind), i, pair_database_start(&pair));
    }
}

static void codes_have_names(void **state)
{
    (void)state;
    assert_string_equal(pair_status_name(1), "sent (1)");
    assert_string_equal(pair_status_name(9), "retry remove (9)");
    assert_null(pair_status_name(7));
    assert_null(pair_status_name(10));
    assert_null(pair_status_name(-1));
    for (int kind = 0; kind < PAIR_KIND_COUNT; kind++)
        assert_non_null(pair_kind_name((enum pair_kind)kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_judged),
        cmocka_unit_test(the_start_is_the_latest_event),
        cmocka_unit_test(codes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
