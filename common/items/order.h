/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_ORDER_H
#define SMS_ITEMS_ORDER_H

#include "base/range.h"
#include "base/status.h"
#include "base/stringlist.h"
#include "base/units.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The judgement `order`: lost, not late. A clock cannot tell slow from stuck; order can: what was sent later
 * to the same site has arrived, the link went on moving, and this has not. Where nothing arrives there is no
 * order to see, and then the site is silent, which is one item for the site.
 *
 * Pure: the rows of a run and what is remembered come in, what to remember and the reasons go out. All times
 * are UTC seconds by the host's clock of the run that saw the thing, 0 where there is none; `updated` and
 * `mark` are dates of the site database as they are stored, compared with each other alone, so that no zone
 * matters.
 */

/*
 * Each constant with what it is for. They come from a simulated hierarchy (20 sites, 75 packages, 24 runs of
 * 120 days, ten variants); no real site was at hand.
 */
enum {
    ORDER_HOUR = 3600,
    /* Despool retries take up to 5 h and status reports 20 min; jitter reverses neighbours. */
    ORDER_OVERTAKEN_S = 6 * ORDER_HOUR,
    /* By whatever priority: items of low priority on busy links. */
    ORDER_OVERTAKEN_ANY_S = 72 * ORDER_HOUR,
    /* Where the product tells no priorities: with twice the time that the item had waited. */
    ORDER_OVERTAKEN_UNKNOWN_S = 24 * ORDER_HOUR,
    ORDER_UNKNOWN_FACTOR = 2,
    /* Overtaken for this long, by the clock of the link: a WARNING. */
    ORDER_WARNING_S = 1 * ORDER_HOUR,
    /* What a site's full copies are allowed to take: half of a 64 kbit/s line. --min-rate replaces it ... */
    ORDER_RATE = 12 * 1024 * 1024,
    /* ... and where it is not given, nothing but this guess says that a site may be quiet for longer: a WARNING asks. */
    ORDER_GUESS_S = 7 * 24 * ORDER_HOUR,
    /* What fails is tried again by the product: as long as despool's retries take, it is not well in between. */
    ORDER_RETRY_S = 6 * ORDER_HOUR,
    /* Longer between two runs, or not active for less, is a gap, which the silence of a site does not count ... */
    ORDER_GAP_S = DAILY_RUN_S,
    /* ... up to this sum: a check that runs once a day must see silence, too. After a longer one, or a clock that
     * jumped back by more than a gap, silence is counted from the run that saw it. */
    ORDER_GAPS_MOST_S = 7 * 24 * ORDER_HOUR,
    /* Dates this far after the server's now are no dates: its zone may be any. */
    ORDER_FUTURE_S = 24 * ORDER_HOUR,
    /* A quiet site's mark follows the newest date of all sites at this distance, so that what a run reads
     * does not grow with the time for which a site was quiet. Reports of an arrival may be late by as much.
     */
    ORDER_MARK_S = 48 * ORDER_HOUR
};

/* A place may be a distribution point: "S021.corp.example/S02". */
enum { ORDER_CODE_BYTES = 288 };

enum order_reason { ORDER_NONE, ORDER_OVERTAKEN, ORDER_OVERTAKEN_ANY };

/*
 * What is remembered of a pair. Several of its versions can be on their way at once: `raised` and `earliest` tell when
 * the one that arrives was sent at the earliest, so that it is no proof against what was sent in between.
 */
struct order_item {
    char *key;      /* "CEN00012@S02" in upper case; owned by whoever holds the array */
    int64_t since;  /* first seen, or last moved or reset */
    int64_t sent;   /* first run since then that saw Status 1 */
    int64_t over;   /* first run that saw an arrival of equal or lower priority that was sent later */
    int64_t any;    /* the same, of any priority */
    int64_t passed; /* first run that saw arrive what was sent after this was wanted; not seen as sent */
    int64_t held;   /* version that the site confirmed last; -1 not known */
    int64_t
        failed; /* since it moved: first run that saw it failed; 0: it was not, or is well for ORDER_GAP_S */
    int64_t
        failed_last; /* the last such run, told by the next: what fails is tried again; 0: it fails now, or never did */
    int64_t retry_s;     /* the longest time between two failures: the next may be as far away */
    int64_t failed_s;    /* the longest of such times, of those that were over for a run */
    int64_t wanted;      /* version wanted in the last run; 0 not known */
    int64_t raised;      /* first run that saw that version wanted, or at the site above; 0: with the item */
    int64_t raised_from; /* highest of the versions that may have been sent before `raised` */
    int64_t earliest;    /* when those were sent at the earliest; 0: `sent`, else `since` */
    int64_t above;   /* version that the site above was seen to have last; 0 not known, or no site is above */
    char by[16];     /* package that overtook it first, "" none */
    int64_t by_sent; /* when that was sent, or the last time at which it was not yet */
    int64_t by_count; /* arrivals at the site then */
    int64_t row;      /* Status that the last run saw; ORDER_ROW_NONE, ORDER_ROW_NULL (or not known) */
    uint8_t reason;   /* enum order_reason: stays until the item moves or ends */
    bool inherited;   /* found by the first run, judged by age until it ends or moves */
    bool below;       /* a site above lacks the wanted version as well: that is not on its way yet */
    bool missed; /* since it moved, the site above had a version that this one lacks, and then a later one */
};

/* Status of a row, where it is none. */
enum { ORDER_ROW_NONE = -2, ORDER_ROW_NULL = -1 };

/* What is remembered of a site. */
struct order_site {
    const char *code;     /* owned by whoever holds the array */
    int64_t last;         /* last run that saw an arrival; at first the first run */
    int64_t quiet;        /* silence is not counted before: the site returned, or a site above was silent */
    int64_t page, pages;  /* the time of its silence page, and how many there were */
    int64_t mark;         /* greatest date of an arrival that a run saw */
    int64_t prev;         /* last complete run that looked at the site; 0 none yet */
    int64_t gap, gap_end; /* sum of the gaps since `last`, and the end of the latest */
    int64_t off;          /* 1: it was not active */
    int64_t arrived;      /* arrivals in all */
    int64_t late;         /* those that had been called overtaken: how well order holds */
    int64_t begun;        /* last run that saw sent, or here, what had never been sent; 0 none */
    int64_t begun_since;  /* and since when that had been wanted */
    char newest[16];      /* package that arrived last */
};

/* ---- what a run read */

/* A row of PkgStatus, Type 1, Status 0, 2 or 3, SourceVersion > 0, of a package of the owning site. Without a date
 * (`updated` 0) it is one that was pending in the run before and is in sync now. */
struct order_arrival {
    const char *package, *site; /* borrowed; any case */
    int64_t version, updated;
    int64_t priority; /* SMS_Package.Priority: 1 high, 2 medium, 3 low; 0 not known */
};

/* A pair that is not in sync. */
struct order_pair {
    const char *package, *site, *key; /* borrowed; key as in struct order_item */
    bool has_status, never_sent;
    int64_t status, held, wanted; /* of the deciding row; held -1 none */
    int64_t size_bytes, priority;
    bool renewed; /* somebody ordered it anew since the last run: as a repair */
    bool aside;   /* accepted by the team or left out by a filter: never stands for its site */
    bool
        accepted; /* by the team: where only such wait, their silent site is known, and so is what lies below it */
};

/* A row of v_Site. */
struct order_hop {
    const char *code, *parent; /* borrowed; parent "" or of no known site: at the top */
    bool active, covered;      /* covered: this run looked at it */
    int64_t rate;              /* --min-rate, bytes an hour; 0 none */
    int64_t newest;            /* greatest `updated` of its arrivals of whatever age; 0 not known */
};

struct order_run {
    int64_t now, database_now;           /* the host's and the server's clock */
    int64_t silent_critical_s;           /* --silent-critical */
    const struct range *failed_critical; /* --failed-critical; borrowed */
    const struct order_pair *pairs;      /* in any order, each key once */
    size_t pair_count;
    const struct order_arrival *arrivals;
    size_t arrival_count;
    const struct order_reading *reading; /* from when on the arrivals are here; NULL: all of them are */
    const struct order_hop *hops;        /* sorted by code, without case */
    size_t hop_count;
};

/* ---- what comes out */

struct order_verdict {
    enum status status; /* by order alone; age is the caller's matter */
    enum order_reason reason;
    bool silent;         /* it stands for its silent site: one item a site */
    bool failed;         /* it has been failed for longer than --failed-critical since it moved */
    int64_t folded;      /* pair into whose item it is folded: that of the first broken hop; -1 none */
    int64_t queue_since; /* `sent`, else `since` */
    int64_t
        queue_bytes; /* compressed sizes of what is ahead of it at its site, and its own; its own where never sent */
    int64_t ahead; /* the largest pair ahead of it, -1 none */
    int64_t hop;   /* its site, -1 not in v_Site */
};

struct order_silence {
    bool silent;         /* nothing has arrived for longer than the patience */
    bool half;           /* half of it has passed, or ORDER_GUESS_S of one that is a guess */
    int64_t full_bytes;  /* full copies that wait there, all that wait where --min-rate is given, */
    int64_t full_s;      /* and what they are allowed to take */
    int64_t rate;        /* at so many bytes an hour */
    int64_t since;       /* nothing has arrived since */
    bool accepted;       /* a pair that waits is */
    int64_t waiting;     /* pairs that wait there, */
    int64_t sent;        /* those of them that were seen as sent, */
    int64_t above_first; /* and those that a site above does not have either */
    int64_t below;       /* sites below that are folded into it */
    int64_t pair;        /* that stands for it, -1 none */
    int64_t page;        /* when it was told last, 0 never */
    int64_t above;       /* the silent site above that it is folded into, -1 none */
};

struct order_result {
    struct order_item *items;       /* owned, pair by pair; keys borrowed from the pairs */
    bool *item_changed;             /* owned, in step */
    struct order_verdict *verdicts; /* owned, in step */
    struct order_site *sites; /* owned, hop by hop; codes borrowed from what is remembered, else the hops */
    bool *site_changed;       /* owned, in step */
    struct order_silence *silences; /* owned, hop by hop */
};

/**
 * Judge one run. Costs O((pairs + arrivals) log (pairs + arrivals)).
 *
 * @param items  what is remembered, sorted by key (bytewise)
 * @param sites  what is remembered, sorted by code (without case)
 * @return 0, or -1 when memory ran out; the result is to be freed in both cases
 */
int order_judge(const struct order_run *run, const struct order_item *items, size_t item_count,
                const struct order_site *sites, size_t site_count, struct order_result *result);

void order_result_free(struct order_result *result);

/*
 * From which date on arrivals must be read so that no site misses one. A site to which nothing comes is behind the
 * others by up to ORDER_MARK_S: it has a date of its own, else each run read again what came to all the others since.
 */
struct order_reading {
    int64_t since; /* of all sites but the quiet ones; 0: none are needed, only each site's newest date */
    int64_t quiet_since;      /* of these, and not later; the same where there are none */
    struct string_list quiet; /* array owned, sorted without case; codes borrowed from the hops */
};

enum { ORDER_QUIET_MOST = 400 }; /* names in a statement; SQL Server takes 2,100 parameters */

enum { ORDER_LOOK_BACK_S = 7 * 24 * ORDER_HOUR };

/**
 * Part the sites in two so that the least is read. What arrived more than ORDER_LOOK_BACK_S before `now`, while nobody
 * looked, is not read any more: after a month it could be more than the time-out allows, in that run and all that follow.
 *
 * @param sites  what is remembered, sorted by code
 * @param now    of the server
 * @return 0, or -1 when memory ran out; order_reading_free in both cases
 */
int order_reading_find(struct order_reading *reading, const struct order_hop *hops, size_t hop_count,
                       const struct order_site *sites, size_t site_count, int64_t now);

void order_reading_free(struct order_reading *reading);

/** @return for how long what failed and is tried again is not well: longer than it took to fail again before */
int64_t order_retry_s(const struct order_item *item);

/** @return "overtaken"; static */
const char *order_reason_name(enum order_reason reason);

#endif
