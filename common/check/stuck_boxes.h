/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_STUCK_BOXES_H
#define SMS_CHECK_STUCK_BOXES_H

#include "base/text.h"
#include "base/trace.h"
#include "base/status.h"
#include "sitedb/sitedb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The inboxes that check_sms_inbox found stuck, from the memories that it keeps on this host, so that a check over the
 * site database can name the box at which a package may wait. Read without a lock. Only boxes through which packages
 * pass, that were not OK at their last look, no longer than a day ago, and whose location tells their site
 * (check/place_site.h). A file whose name tells its package counts for that package alone. Whether a box holds a
 * package is not known: it is a place to look at.
 */

/* What is stuck at a site, or of a package there: the worst, and how many. */
struct stuck_box {
    char site[8], package[16]; /* upper case; package "": of any */
    enum status status;        /* of the worst */
    int64_t since, at;         /* UTC: since when, and when it was seen */
    char *told; /* owned; "schedule.box\requests stands still since 2026-11-24 03:10 UTC, 14 files, ..." */
    size_t count;
};

struct stuck_boxes {
    struct stuck_box *boxes; /* owned, sorted by site and package */
    size_t count;
    int64_t now;
};

/** Look into the memories below a directory, once a run. A lack of memory costs their story alone. */
void stuck_boxes_look(struct stuck_boxes *stuck, const char *directory, const struct sitedb *db, int64_t now,
                      const struct trace *trace);

/**
 * Append what is stuck on a package's way, at the sites from `to` up to `from`: "; check_sms_inbox on this host: at CEN
 * schedule.box\requests stands still since 2026-11-24 03:10 UTC, 14 files, oldest 202AAS02.SRQ, and 2 more on the
 * way". At most some 300 bytes; nothing where nothing is known.
 *
 * @param package  NULL: of any
 */
void stuck_boxes_add_words(const struct stuck_boxes *stuck, const struct sitedb *db, const char *package,
                           const char *from, const char *to, struct text *line);

void stuck_boxes_free(struct stuck_boxes *stuck);

#endif
