/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_PRIVATE_H
#define SMS_ITEMS_PRIVATE_H

#include "items/order.h"

/* Between order.c (arrivals and pairs) and order_silence.c (a site as a whole): one run while it is judged. */

enum { MOST_HOPS_UP = 16, PRIORITIES = 3 };

/* One arrival that counts: sent when? */
struct sending {
    int64_t sent; /* 0 none */
    const char *package;
};

/* What a run knows of a site beside what is remembered. */
struct place {
    int64_t parent;                           /* hop, -1 at the top */
    bool first;                               /* no run looked at it before */
    bool back;                                /* the clock jumped back: no order can be told from this run */
    bool returned;                            /* it was not active and is again */
    struct sending any, over[PRIORITIES + 1]; /* newest sending; over[p]: of priority number >= p */
};

struct judging {
    const struct order_run *run;
    const struct order_item *remembered;
    size_t remembered_count;
    struct order_result *result;
    struct place *places; /* owned, hop by hop */
    size_t *by_key;       /* owned: pairs in the order of their keys */
    size_t *by_queue;     /* owned: pairs by site, then time, then size */
    int64_t *own_arrival; /* owned: version of the pair's own arrival, 0 none */
};

static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/** By site, then the time of sending, then the largest first: for qsort_r over by_queue. */
int order_compare_queue(const void *a, const void *b, void *judging);

/** The queue and the silence of each site, from the top down, because a site's silence explains those below it.
 * @return 0, or -1 when memory ran out */
int order_judge_sites(struct judging *judging);

/** Let one pair stand for its silent site, and fold the others into it. */
void order_fold(struct judging *judging);

#endif
