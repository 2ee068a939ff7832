/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_ANNOUNCE_H
#define SMS_ITEMS_ANNOUNCE_H

#include "base/failure.h"
#include "base/text.h"
#include "items/judge.h"
#include "items/output.h"
#include "state/statefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a service has told, so that a new stall can be told from those that the team knows of: for every item
 * in WARNING or CRITICAL the moment at which a result that says so was delivered first. What was not
 * delivered (a run that was ended, an UNKNOWN) was not told, and is new in the next run. The moments belong to
 * a service: a check with one set of options that judge (options_rule), so that a service that pages and one
 * that shows do not take each other's news away.
 */

/* A row that alternates between failed and sent is one trouble. */
enum { ANNOUNCE_WELL_S = 6 * 3600 };

struct announced {
    char *key;          /* owned */
    enum status status; /* the worst that was told */
    int64_t since;      /* UTC: when it was delivered first */
    int64_t first_seen; /* of the trouble that was told */
    int64_t well;       /* UTC: since when it does not alert any more, 0: it does */
    bool alerts;        /* in this run */
};

struct announcements {
    struct statefile *file; /* borrowed: must be open until announcements_keep */
    char service[17];
    bool only_new;  /* --new was given: what is not new has no effect on the state */
    bool lost;      /* no memory of what was told: the items' ages decide what is new */
    int64_t window; /* s: how long an item stays new */
    int64_t now;
    struct announced *told; /* owned: by key (bytewise) */
    size_t count;
    struct announced *due; /* owned: what this run tells for the first time, or in another state */
    size_t due_count;
};

/* Of a service; values as the options have them. */
struct announce_options {
    uint64_t rule;    /* options_rule */
    bool only_new;    /* --new was given */
    int64_t window_s; /* its value, or the default for the perfdata `new` */
};

/**
 * Load what this service has told.
 *
 * @param file  of any schema: the table is made where it is missing; borrowed
 * @param lost  the memory was lost in this run or cannot be kept
 * @return 0, or -1 with the operator's text: then nothing is known to have been told, as if `lost`; end it
 * with announcements_free in both cases
 */
int announcements_open(struct announcements *all, struct statefile *file,
                       const struct announce_options *options, bool lost, int64_t now,
                       struct failure *failure);

/**
 * Fill is_new and told of an item that was judged. An item is new for the window from its first delivery, anew
 * when its trouble began again, its state became worse than any that was told, or it had not alerted for
 * ANNOUNCE_WELL_S. Costs one binary search.
 *
 * @return 0, or -1 when memory ran out
 */
int announcements_judge(struct announcements *all, struct item *item);

/**
 * The same for a trouble that is no item, as the silence of a log.
 *
 * @param what   names it; holds a blank, which no item's key does
 * @param since  UTC
 * @return the state that it gives the service: STATUS_OK where --new was given and the team knows of it
 */
enum status announcements_judge_other(struct announcements *all, const char *what, enum status status,
                                      int64_t since);

/** @return whether there is anything to keep once the result is delivered */
bool announcements_due(const struct announcements *all);

/**
 * Keep that the result was delivered, and forget what no longer alerts; statefile_commit commits it. Items
 * that a filter left out belong to another service.
 *
 * @param is_kept  whether an item that is not among those of this run may come back as the same trouble (a
 *                 read can skip a row); NULL: none may
 * @return 0 or -1
 */
int announcements_keep(struct announcements *all, bool (*is_kept)(const void *context, const char *key),
                       const void *context, struct failure *failure);

/**
 * Append the verdict of a service that tells what is new: "2 new: CEN00012 at S02 (sent), CEN00031 at S05
 * (failed); 9 stuck in all".
 *
 * @param item  the items in their order of display, new ones first
 */
void announce_verdict(const struct item *(*item)(const void *context, size_t index), const void *context,
                      size_t count, const struct tally *tally, struct text *verdict);

/** @return the perfdatum `new`: items whose state is younger than the window */
struct perfdatum announce_perfdatum(const struct tally *tally);

void announcements_free(struct announcements *all);

#endif
