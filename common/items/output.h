/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_OUTPUT_H
#define SMS_ITEMS_OUTPUT_H

#include "base/json.h"
#include "base/range.h"
#include "base/status.h"
#include "base/text.h"
#include "items/judge.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From a judged result to the bytes on standard output, within the budgets: NRPE v2 packets cut at 1,023
 * bytes, Nagios Core cuts at random above 4,096 (nagioscore issue 625). All of the perfdata stands on the
 * first line.
 */
enum {
    REPORT_FIRST_LINE_BYTES = 1000,
    REPORT_BYTES = 4000,
    REPORT_ITEM_BYTES = 700,                        /* of one item's line; of a longer one ... */
    REPORT_ITEM_UNCUT_BYTES = REPORT_ITEM_BYTES - 3 /* ... so much is shown for sure, before "..." */
};

struct perfdatum {
    const char *label;
    const char *unit; /* "s", "B" or "" (guidelines: base units only) */
    int64_t value;
    int64_t thousandths; /* shown behind the value when `fractional` */
    bool fractional;
    const struct range *warning; /* NULL none; borrowed */
    const struct range *critical;
};

enum output_format {
    OUTPUT_TEXT, /* the plugin API: first line with perfdata, then lines */
    OUTPUT_JSON  /* one JSON object on one line, with every item whatever the budgets */
};

struct report {
    enum output_format format;
    const char *label; /* "SMS PACKAGES" */
    enum status status;
    const char *verdict;
    const struct perfdatum *perfdata;
    size_t perfdata_count;
    const char *const
        *notes; /* lines that must not be lost (lost memory, inactive sites), before the items */
    size_t note_count;
    /* One line per item, already in order; made only while there is room. */
    void (*item_line)(void *context, size_t item, struct text *line);
    const struct item *(*item)(const void *context, size_t item); /* for JSON; borrowed */
    /* Further members of an item's JSON object, as only the plugin knows them; NULL none. */
    void (*item_fields)(void *context, size_t item, struct json *json);
    void *context;
    size_t item_count;
    size_t max_items;
    bool all; /* -v: every item, whatever the budget of the whole output */
};

/**
 * Render. As text, the first line never passes REPORT_FIRST_LINE_BYTES, the whole never REPORT_BYTES unless
 * `all`. As JSON: check, state, exit_code, verdict, perfdata (an object a label: value, unit, warning and
 * critical ranges as perfdata has them), notes, and items with times in UTC seconds and ages in seconds.
 */
void report_render(const struct report *report, struct text *output);

/** A check that could not read what it judges: "SMS PACKAGES UNKNOWN - <text>", or the same as JSON without items. */
void report_render_failure(enum output_format format, const char *label, enum status status, const char *text,
                           struct text *output);

#endif
