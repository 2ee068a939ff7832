/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_AWAY_H
#define SMS_ITEMS_AWAY_H

#include "base/failure.h"
#include "state/statefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * When sites took no part in replication (v_Site.Status is not 1), as the runs saw it: a site that returns
 * must not page for the time that it was away. Times are UTC seconds by the host's clock.
 */

struct away {
    char site[8];
    int64_t since, until; /* until 0: still away */
};

struct away_list {
    struct away *spans; /* owned; away_list_free */
    size_t count;
};

/** Load what is remembered. @return 0, or -1 with the operator's text (the list is then empty) */
int away_load(struct statefile *file, struct away_list *list, struct failure *failure);

/**
 * Note that a site is active or not in this run: a span begins, ends, or nothing changes. Spans that ended
 * more than a year ago are forgotten.
 *
 * @return 0, or -1 with the operator's text
 */
int away_note(struct statefile *file, struct away_list *list, const char *site, bool active, int64_t now,
              struct failure *failure);

/** @return how many seconds between `start` and `now` the site (without case) was away; list NULL for none */
int64_t away_seconds(const struct away_list *list, const char *site, int64_t start, int64_t now);

void away_list_free(struct away_list *list);

#endif
