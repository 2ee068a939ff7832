// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/package_dp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int64_t state, held, wanted; /* state -1: NULL */
    enum dp_kind kind;
    bool failed, removal;
} kinds[] = {
    {0, 3, 3, DP_INSTALLED, false, false},
    {0, 4, 3, DP_INSTALLED, false, false},
    {0, 2, 3, DP_BEHIND, false, false},
    {0, 0, 3, DP_BEHIND, false, false},
    {0, -1, 3, DP_INSTALLED, false, false},
    {0, 2, -1, DP_INSTALLED, false, false},
    {1, 3, 3, DP_PENDING, false, false},
    {1, 9, 3, DP_PENDING, false, false},
    {2, 3, 3, DP_RETRYING, false, false},
    {3, 3, 3, DP_FAILED, true, false},
    {4, 3, 3, DP_REMOVAL_PENDING, false, true},
    {5, 3, 3, DP_REMOVAL_RETRYING, false, true},
    {6, 3, 3, DP_REMOVAL_FAILED, true, true},
    {7, 3, 3, DP_UPDATING, false, false},
    {8, 3, 3, DP_VALIDATION_FAILED, true, false},
    {9, 3, 3, DP_UNEXPECTED, false, false},
    {INT64_MAX, 3, 3, DP_UNEXPECTED, false, false},
    {-1, 3, 3, DP_UNEXPECTED, false, false},
};

static void state_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct dp_package package = {.wanted = kinds[i].wanted};
        const struct dp dp = {.package = &package,
                              .has_state = kinds[i].state >= 0,
                              .state = kinds[i].state,
                              .held = kinds[i].held};
        enum dp_kind kind = dp_judge(&dp);
        if (kind != kinds[i].kind || dp_kind_is_failed(kind) != kinds[i].failed ||
            dp_kind_is_removal(kind) != kinds[i].removal)
            fail_msg("State %" PRId64 ", has %" PRId64 ", wants %" PRId64 ": %s", kinds[i].state,
                     kinds[i].held, kinds[i].wanted, dp_kind_name(kind));
    }
}

static void only_what_is_pending_waits_for_prestaged_content(void **state)
{
    (void)state;
    for (int kind = 0; kind < DP_KIND_COUNT; kind++) {
        const struct dp_server server = {.network_only = false}, never = {.network_only = true};
        const struct dp dp = {.server = &server, .kind = (enum dp_kind)kind, .message_id = 2371};
        bool waits = kind == DP_PENDING || kind == DP_RETRYING || kind == DP_UPDATING;
        if (dp_waits_for_prestaged(&dp) != waits)
            fail_msg("%s with message 2371: %d", dp_kind_name(dp.kind), !waits);
        struct dp other = {.server = &server, .kind = (enum dp_kind)kind, .message_id = 2302};
        assert_false(dp_waits_for_prestaged(&other));
        other = dp;
        other.server = &never;
        assert_false(dp_waits_for_prestaged(&other));
        other = dp;
        other.message_date = 100000;
        other.refreshed = 103601;
        assert_false(dp_waits_for_prestaged(&other));
        other.refreshed = 103600;
        assert_int_equal(dp_waits_for_prestaged(&other), waits);
        other.message_date = 0;
        other.refreshed = 200000;
        assert_int_equal(dp_waits_for_prestaged(&other), waits);
        for (int64_t error = 3; error <= 4; error++) {
            other.message_state = error;
            assert_false(dp_waits_for_prestaged(&other));
        }
    }
}

static const struct {
    enum dp_kind kind;
    int64_t summarized, source_date, start;
} starts[] = {
    {DP_PENDING, 100, 0, 100},     {DP_PENDING, 100, 50, 100}, {DP_PENDING, 100, 150, 150},
    {DP_PENDING, 0, 150, 0},       {DP_BEHIND, 100, 150, 150}, {DP_REMOVAL_PENDING, 100, 150, 100},
    {DP_REMOVAL_FAILED, 0, 5, 0},  {DP_BEHIND, 100, 0, 0},     {DP_MOVED, 100, 50, 0},
    {DP_NO_STATUS, 100, 150, 150}, {DP_NO_STATUS, 0, 150, 0},
};

/* A row that is reported each hour, and a failure that nothing came after. */
static void a_failure_that_is_the_newest_message_is_a_start(void **state)
{
    (void)state;
    const struct dp_package package = {.source_date = 50};
    struct dp dp = {.package = &package,
                    .kind = DP_RETRYING,
                    .summarized = 9000,
                    .message_id = 2391,
                    .message_state = 4,
                    .message_date = 100};
    assert_int_equal(dp_database_start(&dp), 100);
    dp.refreshed = 200;
    assert_int_equal(dp_database_start(&dp), 200);
    dp.refreshed = 8000; /* the message is of an earlier order */
    assert_int_equal(dp_database_start(&dp), 9000);
    dp.refreshed = 0;
    dp.message_state = 2;
    assert_int_equal(dp_database_start(&dp), 9000);
    dp.message_state = 4;
    dp.message_date = 9500;
    assert_int_equal(dp_database_start(&dp), 9000);
}

static void the_start_never_exaggerates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const struct dp_package package = {.source_date = starts[i].source_date};
        const struct dp dp = {
            .package = &package, .kind = starts[i].kind, .summarized = starts[i].summarized};
        if (dp_database_start(&dp) != starts[i].start)
            fail_msg("case %zu: %" PRId64, i, dp_database_start(&dp));
    }
}

static const struct {
    const char *globs, *place; /* blank-separated */
    bool matches;
    const char *like;
} globs[] = {
    {"", "S021", true, ""},
    {"S021", "S021", true, "%S021%"},
    {"s021", "S021", true, "%s021%"},
    {"S02", "S021", false, "%S02%"},
    {"S02*", "S021", true, "%S02%"},
    {"S0?1", "S021", true, "%S0%1%"},
    {"S0[2-4]1", "S021", true, "%S0%1%"},
    {"S0[]2]1", "S021", true, "%S0%1%"},
    {"S0[2", "S0[2", true, "%S0%2%"},
    {"X1 *.corp.example", "DP1.corp.example", true, "%X1%"},
    {"S021", "S021\\Pkgs$", true, "%S021%"},
    {"*Pkgs$", "S021\\Pkgs$", true, "%Pkgs%"},
    {"S022", "S021\\S022", false, "%S022%"},
    {"A_B-%'", "A_B-%'", true, "%A%B-%"},
};

static void servers_are_selected_by_globs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof globs / sizeof *globs; i++) {
        char copy[64];
        const char *parts[8];
        struct string_list list = {.strings = parts};
        strcpy(copy, globs[i].globs);
        for (char *rest = copy, *part; (part = strtok_r(rest, " ", &rest)) != NULL;)
            parts[list.count++] = part;
        if (dp_server_matches(&list, globs[i].place) != globs[i].matches)
            fail_msg("'%s' and %s: not %d", globs[i].globs, globs[i].place, globs[i].matches);
        struct text pattern = {0};
        if (list.count > 0)
            dp_add_like_pattern(parts[0], false, &pattern);
        if (strcmp(text_string(&pattern), globs[i].like) != 0)
            fail_msg("'%s': LIKE '%s', not '%s'", globs[i].globs, text_string(&pattern), globs[i].like);
        text_free(&pattern);
    }
    struct text literal = {0};
    dp_add_like_pattern("A*C\\Pkgs$", true, &literal);
    assert_string_equal(text_string(&literal), "%A%C%Pkgs%");
    text_cut(&literal, 0);
    dp_add_like_pattern("[broken] path", true, &literal);
    assert_string_equal(text_string(&literal), "%");
    text_free(&literal);
}

static void names_are_shared(void **state)
{
    (void)state;
    struct dp_list list = {0};
    const struct dp_package like = {.id = "CEN00001", .name = "Office", .wanted = 3};
    const struct dp_package *package = dp_package_named(&list, &like);
    const struct dp_package again = {.id = "cen00001", .name = "Other", .wanted = 4};
    assert_ptr_equal(dp_package_named(&list, &again), package);
    assert_string_equal(package->name, "Office");
    const struct dp_server *server =
        dp_server_named(&list, "[\"Display=\\\\S021\\\"]MSWNET:[\"SMS_SITE=S02\"]\\\\S021\\", "S02 ");
    assert_string_equal(server->place, "S021");
    assert_string_equal(server->site, "S02");
    assert_ptr_equal(dp_server_named(&list, "MSWNET:[\"SMS_SITE=S02\"]\\\\s021\\", "s02"), server);
    assert_ptr_not_equal(dp_server_named(&list, "MSWNET:[\"SMS_SITE=S02\"]\\\\S021\\", "S03"), server);
    assert_ptr_not_equal(dp_server_named(&list, "CEN00001", ""), package);
    assert_int_equal(dp_server_count(&list), 3);
    for (int i = 0; i < 5000; i++) {
        char path[64];
        snprintf(path, sizeof path, "MSWNET:\\\\DP%d\\", i % 2500);
        if (dp_server_named(&list, path, "S02")->number != (uint32_t)(i % 2500 + 3))
            fail_msg("%s: number %u", path, dp_server_named(&list, path, "S02")->number);
    }
    dp_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_decides),
        cmocka_unit_test(only_what_is_pending_waits_for_prestaged_content),
        cmocka_unit_test(the_start_never_exaggerates),
        cmocka_unit_test(a_failure_that_is_the_newest_message_is_a_start),
        cmocka_unit_test(servers_are_selected_by_globs),
        cmocka_unit_test(names_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
