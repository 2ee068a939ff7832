// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void numbered_line(void *context, size_t item, struct text *line)
{
    text_addf(line, "%s %zu", (const char *)context, item);
}

static void long_line(void *context, size_t item, struct text *line)
{
    (void)context;
    text_addf(line, "%zu ", item);
    for (int i = 0; i < 300; i++)
        text_add(line, "ab\n|c");
}

static struct text render(const struct report *report)
{
    struct text output = {0};
    report_render(report, &output);
    assert_false(output.failed);
    return output;
}

static size_t first_line_bytes(const struct text *output)
{
    return strcspn(text_string(output), "\n");
}

static void the_whole_form(void **state)
{
    (void)state;
    struct range warning, critical, open;
    assert_int_equal(range_parse("24h", true, &warning, NULL), 0);
    assert_int_equal(range_parse("3d", true, &critical, NULL), 0);
    assert_int_equal(range_parse("10s:", true, &open, NULL), 0);
    const struct perfdatum perfdata[] = {
        {.label = "pending", .unit = "", .value = 3},
        {.label = "oldest", .unit = "s", .value = 90, .warning = &warning, .critical = &critical},
        {.label = "warned", .unit = "s", .value = 1, .warning = &warning, .critical = &open},
        {.label = "critical", .unit = "s", .value = 1, .warning = &open, .critical = &critical},
        {.label = "size", .unit = "B", .value = INT64_MAX},
        {.label = "query_time", .unit = "s", .value = 1, .fractional = true, .thousandths = 7},
    };
    const char *const notes[] = {"the memory\nwas lost"};
    const struct report report = {.label = "SMS DPS",
                                  .status = STATUS_WARNING,
                                  .verdict = "all | is\nwell",
                                  .perfdata = perfdata,
                                  .perfdata_count = sizeof perfdata / sizeof *perfdata,
                                  .notes = notes,
                                  .note_count = 1,
                                  .item_line = numbered_line,
                                  .context = (void *)(uintptr_t) "item",
                                  .item_count = 3,
                                  .max_items = 2};
    struct text output = render(&report);
    assert_string_equal(text_string(&output),
                        "SMS DPS WARNING - all / is well | pending=3 oldest=90s;86400;259200 warned=1s;86400"
                        " critical=1s;;259200 size=9223372036854775807B query_time=1.007s\n"
                        "the memory was lost\nitem 0\nitem 1\n+1 more\n");
    text_free(&output);
}

static void verdict_and_perfdata_stay_in_their_budget(void **state)
{
    (void)state;
    char verdict[3000];
    memset(verdict, 'v', sizeof verdict - 1);
    verdict[sizeof verdict - 1] = '\0';
    struct perfdatum perfdata[60];
    for (size_t count = 0; count <= 60; count += 20) {
        for (size_t i = 0; i < count; i++)
            perfdata[i] = (struct perfdatum){.label = "label", .unit = "s", .value = 12345};
        const struct report report = {
            .label = "SMS", .verdict = verdict, .perfdata = perfdata, .perfdata_count = count};
        struct text output = render(&report);
        const char *bar = strchr(text_string(&output), '|');
        if (first_line_bytes(&output) >= REPORT_FIRST_LINE_BYTES || (bar != NULL) != (count > 0) ||
            strstr(text_string(&output), "...") == NULL)
            fail_msg("%zu perfdata: %zu bytes: %s", count, first_line_bytes(&output), text_string(&output));
        text_free(&output);
    }
}

static void the_whole_output_stays_in_its_budget(void **state)
{
    (void)state;
    const struct {
        size_t items, max_items;
        void (*line)(void *, size_t, struct text *);
    } cases[] = {
        {10000, 10, long_line}, {10000, 1000, numbered_line}, {3, 10, long_line}, {10000, 0, long_line}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct report report = {.label = "SMS",
                                      .verdict = "bad",
                                      .item_line = cases[i].line,
                                      .context = (void *)(uintptr_t) "a line of some length for item",
                                      .item_count = cases[i].items,
                                      .max_items = cases[i].max_items};
        struct text output = render(&report);
        size_t lines = 0, more = 0;
        for (const char *c = text_string(&output); *c != '\0'; c++)
            lines += *c == '\n';
        const char *plus = strstr(text_string(&output), "\n+");
        if (plus != NULL)
            sscanf(plus, "\n+%zu more", &more);
        size_t shown = lines - 1 - (plus != NULL);
        if (output.length > REPORT_BYTES || shown + more != cases[i].items || shown > cases[i].max_items)
            fail_msg("case %zu: %zu bytes, %zu shown, %zu more", i, output.length, shown, more);
        text_free(&output);
    }
}

static void verbose_shows_every_item(void **state)
{
    (void)state;
    const struct report report = {.label = "SMS",
                                  .verdict = "bad",
                                  .item_line = numbered_line,
                                  .context = (void *)(uintptr_t) "item",
                                  .item_count = 5000,
                                  .max_items = 10,
                                  .all = true};
    struct text output = render(&report);
    assert_non_null(strstr(text_string(&output), "\nitem 4999\n"));
    assert_null(strstr(text_string(&output), "more"));
    text_free(&output);
}

static void a_failure_is_one_line(void **state)
{
    (void)state;
    struct text output = {0};
    report_render_failure(OUTPUT_TEXT, "SMS DPS", STATUS_UNKNOWN, "no\nway | out", &output);
    assert_string_equal(text_string(&output), "SMS DPS UNKNOWN - no way / out\n");
    text_cut(&output, 0);
    report_render_failure(OUTPUT_JSON, "SMS DPS", STATUS_UNKNOWN, "no way", &output);
    assert_non_null(strstr(text_string(&output), "\"perfdata\":{},\"notes\":[],\"items\":[]}"));
    text_free(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_form),
        cmocka_unit_test(verdict_and_perfdata_stay_in_their_budget),
        cmocka_unit_test(the_whole_output_stays_in_its_budget),
        cmocka_unit_test(verbose_shows_every_item),
        cmocka_unit_test(a_failure_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
