/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_ITEMLINE_H
#define SMS_ITEMS_ITEMLINE_H

#include "base/text.h"
#include "items/judge.h"

/* The words that the lines of the checks share. */

/**
 * `CRITICAL: CEN00012 "Citrix ICA Client 10.2"`, or `known until 2026-12-31: ...`
 *
 * @param package_name  "" where no name is known
 */
void itemline_begin(const struct item *item, const char *package_name, struct text *line);

/** `, for 4 d, in trouble since ..., last moved 4 d ago, size allows 31 h at 2 GB/h` */
void itemline_add_ages(const struct item *item, const struct rate_list *rates, struct text *line);

/** `, known until 2026-11-20, which is over`: why an item that was muted pages again; itemline_add_ages has it */
void itemline_add_ended(const struct item *item, struct text *line);

#endif
