/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_BOXES_OUTPUT_H
#define SMS_CHECK_BOXES_OUTPUT_H

#include "base/failure.h"
#include "base/text.h"
#include "check/boxes.h"
#include "check/check.h"
#include "items/known.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an operator reads of the boxes. Everything is borrowed. */
struct boxreport {
    enum output_format format;
    struct announcements *announcements;
    const char *label; /* "SMS INBOX" */
    enum status status;
    const struct inbox_boxes *boxes;
    const struct box_list *list; /* in the order of display */
    const struct box_tally *tally;
    const struct inbox_limits *limits; /* as given */
    const struct string_list *match;   /* what was selected */
    const struct known_list *known;
    const struct failure *no_memory; /* how the memory was lost or not kept, or NULL */
    int64_t memory_lost_at;          /* by an earlier run, UTC; 0 never */
    int64_t now;                     /* UTC */
    size_t max_items;
    bool verbose;
};

/** Hand over the whole standard output, within items/output.h's budgets, and keep what it told. */
void boxreport_finish(const struct boxreport *report, struct worker *worker);

#endif
