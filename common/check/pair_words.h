/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_PAIR_WORDS_H
#define SMS_CHECK_PAIR_WORDS_H

#include "base/text.h"
#include "check/logstory.h"
#include "check/siteorder.h"
#include "check/stuck_boxes.h"
#include "items/judge.h"
#include "items/minrate.h"
#include "sitedb/package_site.h"

#include <stddef.h>

/* How check_sms_packages words a package at a child site: for a pager, for a reader, with what to do next. */

struct pair_words {
    const struct check_options *options;
    const struct sitedb *db;
    const struct rate_list *rates;
    const struct siteorder *order; /* NULL: not judged by order */
    const struct logstory *logs;
    const struct stuck_boxes *stuck; /* what check_sms_inbox found; empty: nothing */
};

/** `CEN00012 "Office" at S02 Oslo: has version 4 of 5 for 4 d`, short enough for a pager */
void pair_words_item(const struct pair_words *words, const struct item *item, const struct pair *pair,
                     struct text *text);

/** The same, or the silent site that the item stands for. */
void pair_words_short(const struct pair_words *words, const struct item *item, size_t finding,
                      const struct pair *pair, struct text *text);

/** The whole line of an item, with advice where its state is not OK. */
void pair_words_line(const struct pair_words *words, const struct item *item, size_t finding,
                     const struct pair *pair, struct text *line);

#endif
