/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_DP_WORDS_H
#define SMS_CHECK_DP_WORDS_H

#include "base/text.h"
#include "check/despool_memory.h"
#include "check/dp_order.h"
#include "check/options_shared.h"
#include "check/package_memory.h"
#include "check/stuck_boxes.h"
#include "items/judge.h"
#include "items/minrate.h"
#include "sitedb/package_dp.h"

/* How check_sms_dps words a package on a distribution point: for a pager, for a reader, with what to do next. */

struct dp_words {
    const struct sitedb *db;
    const struct dp_sources *sources;
    const struct rate_list *rates;
    const struct dp_order *order; /* NULL: none */
    const struct findings *findings;
    const struct despool_memories *despool; /* what check_sms_despool knows of them; NULL: nothing */
    const struct package_memory *packages;  /* what check_sms_packages knows of the sites; NULL: nothing */
    const struct stuck_boxes *stuck;        /* what check_sms_inbox found; empty: nothing */
    const struct check_options *options;    /* for commands that are pasted */
};

/** @return "old version": what stands in a line for a kind; static */
const char *dp_kind_words(enum dp_kind kind);

/** `CEN00201 "SAP GUI" on S011, S01 Branch office: failed for 48 h`, short enough for a pager */
void dp_words_short(const struct dp_words *words, const struct item *item, const struct dp *dp,
                    struct text *text);

/** The whole line of an item, with advice where its state is not OK. */
void dp_words_line(const struct dp_words *words, const struct item *item, const struct dp *dp,
                   struct text *line);

/** The line of what is only told: `waits for prestaged content: CEN00111 "Viewer" on S021, site S02 Oslo` */
void dp_words_told(const struct dp_words *words, const struct dp *dp, struct text *line);

#endif
