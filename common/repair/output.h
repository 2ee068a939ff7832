/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_OUTPUT_H
#define SMS_REPAIR_OUTPUT_H

#include "base/text.h"
#include "repair/journal.h"
#include "repair/repair.h"

/* What a person, or a program, reads of a repair and of its journal. Text from the database is cleaned. */

/** Append what was read, and what is going to happen, without a verdict. */
void repair_view_text(const struct repair_request *request, const struct repair_view *view,
                      struct text *text);

/** Append what a refusal is about that nothing lifts: the package and its row. */
void repair_barred_text(const struct repair_view *view, struct text *text);

/** Append the verdict, the last line. */
void repair_verdict_text(const struct repair_request *request, const struct repair_report *report,
                         struct text *text);

/** @return 0, or -1 when memory ran out */
int repair_report_json(const struct repair_request *request, const struct repair_report *report,
                       struct text *text);

/** Append the entries of a journal, oldest first; as JSON: @return 0, or -1 when memory ran out */
void journal_text(const struct journal *journal, struct text *text);
int journal_json(const struct journal *journal, struct text *text);

#endif
