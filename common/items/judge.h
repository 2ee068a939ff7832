/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_JUDGE_H
#define SMS_ITEMS_JUDGE_H

#include "base/range.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One thing in trouble: (package, child site), (package, distribution point) or (log set, package). A plugin
 * fills the first part from what it read, age.h the ages from the memory, this room the judgement.
 */

enum item_class { ITEM_PENDING, ITEM_FAILED };

/* What makes the age: the older of both starts, or one alone. */
enum item_start {
    ITEM_START_BOTH,   /* the older of the plugin's memory and the database's start */
    ITEM_START_MEMORY, /* the plugin's memory alone */
    /* The older of both of this attempt. What was told once is kept, although the database's start becomes younger with
     * each report; what failed counts from its first failure. */
    ITEM_START_ATTEMPT
};

struct item {
    /* What was read; texts borrowed from the plugin's rows. */
    const char *key; /* in the memory: "version/CEN00012@S02" */
    const char *package;
    const char *place;    /* site code or server, as it is shown; --known=PACKAGE@PLACE means either */
    const char *site;     /* site code: what --min-rate=SITE=... and --known=PACKAGE@SITE mean */
    const char *kind;     /* "behind" */
    const char *progress; /* what changes when the item moves: status, versions, update time */
    enum item_class item_class;
    enum item_start start;
    bool restart; /* a new attempt begins with this kind (version reset): its first sight makes the age */
    bool forget_on_progress; /* the trouble begins anew when `progress` changes (rule recipe) */
    int64_t database_start;  /* UTC by the database's clock; 0 none */
    int64_t moved;      /* UTC by the database's clock: its own word on when the item last moved; 0 none */
    int64_t size_bytes; /* compressed size; 0 unknown */
    int64_t future_s;   /* its date is none, it lies so far in the future of the database's clock; else 0 */
    bool excused;       /* somebody works on its place (maintenance mode): listed, and never more than OK */
    bool blind;         /* what would excuse it cannot be read in this run */
    int64_t held;    /* version that its place holds; one that rises begins a new attempt; 0, -1 not known */
    int64_t renewed; /* UTC by the database's clock: somebody ordered it anew; 0 never */
    bool left_out;   /* read for the memory alone: in no number and no line */

    /* From the memory (items/age.h), UTC by this host's clock. */
    int64_t first_seen;
    int64_t attempt_since; /* first_seen, or when the last attempt began */
    int64_t last_progress;
    int64_t told_since;   /* the older of both starts of the attempt */
    int64_t failed_since; /* ITEM_START_ATTEMPT: of its first failure; 0: none */
    bool began_anew;      /* a new attempt began since the last run */
    int64_t age_s;        /* ITEM_START_ATTEMPT, failed: since that failure */
    int64_t failed_age_s; /* what is the age where it fails, whatever it does now */
    int64_t excused_s;    /* not in the age: for so long it was excused */
    int64_t away_s;       /* not in the age: its site took no part in replication for so long */
    int64_t moved_age_s;  /* since it last moved; -1: never seen moving, and no date in the database */

    /* The judgement. */
    bool known;          /* muted by --known */
    int64_t known_until; /* UTC, 0: without an end; not known: when it ended */
    int64_t queue_bytes; /* what is ahead of it on its link, and its own size; 0: its own alone */
    int64_t allowance_s; /* added to the thresholds by --min-rate */
    bool stuck;          /* its warning range alerts */
    bool folded;         /* another item stands for it as well: shown with -v alone */
    enum status status;

    /* What the service has told of it (items/announce.h). */
    const char
        *news; /* "S02 silent", where it stands for more than itself: its news is that one's; NULL: its own */
    int64_t news_since; /* then UTC: when that was new last, 0 not known */
    bool is_new;        /* its state was delivered for the first time less than --new ago */
    bool told;          /* --new: the team knows of it, so it has no effect on the state of the service */
};

struct thresholds {
    struct range warning, critical;               /* age of pending items */
    struct range failed_warning, failed_critical; /* age of failed items */
};

struct known_list;
struct rate_list;

/** Fill the judgement of one item from its age. @param rates, known  NULL for none */
void judge_item(struct item *item, const struct thresholds *thresholds, const struct rate_list *rates,
                const struct known_list *known, int64_t now);

/* The numbers that every check tells of its items; items muted by --known are in `known` alone, excused ones do not
 * make the oldest. */
struct tally {
    enum status status;
    int64_t pending, failed, stuck, known, fresh;
    int64_t oldest_s, oldest_failed_s;
    int64_t outstanding_bytes;
    const struct item *worst; /* the oldest of the worst status; NULL without items; borrowed */
};

/** Count one more item. @param tally  begins with zeros: STATUS_OK and no worst item, which is borrowed */
void tally_item(const struct item *item, struct tally *tally);

/** Count all of them, into a tally that begins here. */
void tally_items(const struct item *items, size_t count, struct tally *tally);

/** Order for display: folded ones last, before them known ones, told ones before them, then worst first, then oldest
 * first, then by key. */
int item_compare(const struct item *a, const struct item *b);

#endif
