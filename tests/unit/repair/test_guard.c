// SPDX-License-Identifier: GPL-3.0-or-later
#include "repair/repair.h"
#include "sitedb/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { HOUR = 3600, DAY = 86400 };

/* The article's case: sent four days ago, never received. */
static struct repair_view stuck(void)
{
    return (struct repair_view){
        .owner = "CEN",
        .known_sites = "CEN, S02",
        .package = {.exists = true, .id = "CEN00012", .source_site = "CEN", .wanted = 3},
        .site = {.exists = true, .code = "S02"},
        .row_count = 1,
        .rows = {{.has_status = true, .has_version = true, .status = 1, .version = 3, .pkg_server = "S021"}},
        .trouble = REPAIR_IN_TROUBLE,
        .kind = "sent",
        .age_s = 4 * DAY,
        .watched_s = -1};
}

static const struct repair_rules usual = {.min_age_s = DAY, .max_per_hour = 1};
static const struct repair_rules forced = {.min_age_s = DAY, .max_per_hour = 1, .force = true};

static void expect(const struct repair_view *view, const struct repair_rules *rules, const char *words)
{
    struct failure refusal = {""};
    int result = repair_guard(view, rules, &refusal);
    if (words == NULL && result != 0)
        fail_msg("refused: %s", refusal.text);
    if (words != NULL && (result == 0 || strstr(refusal.text, words) == NULL))
        fail_msg("expected '%s', got %d '%s'", words, result, refusal.text);
}

/* Refused with and without --force, or (`lifted`) only without. */
static void expect_both(const struct repair_view *view, const char *words, bool lifted)
{
    expect(view, &usual, words);
    expect(view, &forced, lifted ? NULL : words);
}

#define CASE(words, lifted, ...)                                                                             \
    do {                                                                                                     \
        struct repair_view view = stuck();                                                                   \
        __VA_ARGS__;                                                                                         \
        expect_both(&view, words, lifted);                                                                   \
    } while (0)

static void test_guards(void **state)
{
    (void)state;
    struct repair_view healthy = stuck();
    expect(&healthy, &usual, NULL);
    expect(&healthy, &forced, NULL);
    CASE("there is no package CEN00012", false, view.package.exists = false);
    CASE("is owned by site PR1", false, strcpy(view.package.source_site, "PR1"));
    CASE("Type 2", false, view.names_dp = true);
    CASE("no row of Type 1 in PkgStatus has that PkgServer", false, view.site = (struct repair_site){0});
    CASE("there is no site S02 in v_Site; sites of this database: CEN, S02", false, view.site.exists = false);
    CASE("the owning site itself", false, strcpy(view.site.code, "cen"));
    CASE("nothing to set back", false, view.row_count = 0);
    CASE("only those of its distribution points", false, view.row_count = 0; view.dp_row_count = 2);
    CASE("2 rows of Type 1", false, view.row_count = 2);
    CASE("has changed since", false, view.torn = true);
    CASE("SourceVersion is 0 already", false, view.rows[0].version = 0);
    CASE("Status is 8 (remove failed)", false, view.rows[0].status = 8);
    CASE("Status is 9 (retry remove)", false, view.rows[0].status = 9);
    CASE("nothing is wrong here", true, view.trouble = REPAIR_IN_SYNC);
    CASE("is not to be at site S02", true, view.trouble = REPAIR_NOT_TARGETED);
    CASE("how long this lasts is not known", true, view.age_s = -1);
    CASE("lies 8 h in the future", true, view.age_s = -1; view.future_s = 8 * HOUR);
    CASE("the trouble is 23 h old, and --min-age is 24 h", true, view.age_s = DAY - 1);
}

static void test_ages(void **state)
{
    (void)state;
    struct repair_view view = stuck();
    view.age_s = DAY;
    expect(&view, &usual, NULL);
    view.age_s = HOUR;
    view.watched_s = 3 * DAY;
    expect(&view, &usual, NULL); /* the older of both */
    assert_int_equal(repair_age(&view), 3 * DAY);
    view.age_s = -1;
    expect(&view, &usual, NULL);
    view.watched_s = HOUR;
    expect(&view, &usual, "min-age");
    view.age_s = view.watched_s = -1;
    expect(&view, &(struct repair_rules){.max_per_hour = 1},
           "not known"); /* --min-age=0 proves nothing either */
    view.rows[0].has_version = false;
    view.age_s = 4 * DAY;
    expect(&view, &usual, NULL);
}

static void test_rate(void **state)
{
    (void)state;
    struct repair_view view = stuck();
    struct repair_rules rules = forced;
    rules.recent = 1;
    expect(&view, &rules, "--max-per-hour is 1");
    rules.max_per_hour = 2;
    expect(&view, &rules, NULL);
    rules.recent = 2;
    expect(&view, &rules, "2 repairs at site S02");
}

static void test_undo(void **state)
{
    (void)state;
    struct repair_view view = stuck();
    view.rows[0].version = 0;
    view.rows[0].status = 2;
    view.trouble = REPAIR_NOT_TARGETED;
    struct row_image left = view.rows[0];
    struct repair_rules rules = {.min_age_s = DAY, .max_per_hour = 1, .recent = 5, .left = &left};
    expect(&view, &rules, NULL); /* neither age nor health nor rate are asked */
    rules.force = true;
    left.status = 1;
    expect(&view, &rules, "no longer as that entry left it");
    left = view.rows[0];
    view.row_count = 2;
    expect(&view, &rules, "2 rows");
}

static void test_unchanged(void **state)
{
    (void)state;
    struct row_image shown = {
        .has_status = true, .status = 1, .has_version = true, .version = 3, .has_updated = true};
    strcpy(shown.updated, "2026-11-19 08:15:00.003");
    struct failure refusal;
    struct row_image now = shown;
    assert_int_equal(repair_guard_unchanged(&shown, 1, &now, &refusal), 0);
    assert_int_equal(repair_guard_unchanged(&shown, 0, &now, &refusal), -1);
    assert_int_equal(repair_guard_unchanged(&shown, 2, &now, &refusal), -1);
    strcpy(now.updated, "2026-11-19 08:15:00.007");
    assert_int_equal(repair_guard_unchanged(&shown, 1, &now, &refusal), -1);
    assert_non_null(strstr(refusal.text, "00.003 and is status=1 version=3 updated=2026-11-19 08:15:00.007"));
    now = shown;
    now.has_updated = false;
    assert_int_equal(repair_guard_unchanged(&shown, 1, &now, &refusal), -1);
    now = shown;
    now.has_status = false;
    assert_int_equal(repair_guard_unchanged(&shown, 1, &now, &refusal), -1);
    strcpy(shown.pkg_server, "S021");
    assert_int_equal(repair_guard_unchanged(&shown, 1, &now, &refusal), -1);
}

static void test_statement_show(void **state)
{
    (void)state;
    struct statement statement = {0};
    struct text shown = {0};
    statement_text(&statement, "A = ");
    statement_bind(&statement, "O'Brien's ?");
    statement_text(&statement, ", B = ");
    statement_bind_integer(&statement, true, -7);
    statement_text(&statement, ", C = ");
    statement_bind_integer(&statement, false, 7);
    statement_text(&statement, " WHERE D = ");
    statement_bind(&statement, "");
    assert_string_equal(text_string(&statement.sql), "A = ?, B = ?, C = ? WHERE D = ?");
    statement_show(&statement, true, &shown);
    assert_string_equal(text_string(&shown), "A = N'O''Brien''s ?', B = -7, C = NULL WHERE D = N''");
    text_cut(&shown, 0);
    statement_show(&statement, false, &shown);
    assert_string_equal(text_string(&shown), "A = 'O''Brien''s ?', B = -7, C = NULL WHERE D = ''");
    text_free(&shown);
    statement_free(&statement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guards),    cmocka_unit_test(test_ages),
        cmocka_unit_test(test_rate),      cmocka_unit_test(test_undo),
        cmocka_unit_test(test_unchanged), cmocka_unit_test(test_statement_show),
    };
    return cmocka_run_group_tests_name("repairguard", tests, NULL, NULL);
}
