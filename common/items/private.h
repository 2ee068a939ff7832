/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_PRIVATE_H
#define SMS_ITEMS_PRIVATE_H

#include "items/order.h"

/* Between order.c and its parts (arrivals, pairs, a site as a whole): one run while it is judged. Times are UTC seconds. */

enum { MOST_HOPS_UP = 16, PRIORITIES = 3 };

/* One arrival that counts: sent when? */
struct sending {
    int64_t sent; /* 0 none */
    const char *package;
};

/* What a run knows of a site beside what is remembered. */
struct place {
    int64_t parent;                           /* hop, -1 at the top */
    bool first;                               /* no run looked at it before, or arrivals since were missed */
    bool back;                                /* the clock jumped back: no order can be told from this run */
    bool returned;                            /* it was not active for longer than a gap, and is again */
    struct sending any, over[PRIORITIES + 1]; /* newest sending; over[p]: of priority number >= p */
};

struct judging {
    const struct order_run *run;
    const struct order_item *remembered;
    size_t remembered_count;
    struct order_result *result;
    struct place *places;            /* owned, hop by hop */
    bool *taken;                     /* owned, in step with `remembered`: an arrival of it was counted */
    const struct order_item **known; /* owned: what is remembered of each pair, NULL nothing */
    size_t *by_key;                  /* owned: pairs in the order of their keys */
    size_t *by_queue;                /* owned: pairs by site, then time, then size */
    int64_t *own_arrival;            /* owned: version of the pair's own arrival, 0 none */
};

/* ---- order_find.c */

/** @return the place of a site among the run's hops, -1 where there is none */
int64_t order_find_hop(const struct order_run *run, const char *code);

/** @return what is remembered of a site, or NULL. @param sites  sorted by code */
const struct order_site *order_find_site(const struct order_site *sites, size_t count, const char *code);

/** @return what is remembered of a pair, or NULL */
const struct order_item *order_find_item(const struct judging *judging, const char *key);

/** @return the place of a pair among the run's, -1 where there is none */
int64_t order_find_pair(const struct judging *judging, const char *key);

enum { ORDER_KEY_BYTES = ORDER_CODE_BYTES + 16 };

/** @return `key`, in capitals as keys are: "CEN00001@S02" */
const char *order_make_key(const char *package, const char *site, char key[ORDER_KEY_BYTES]);

/** @return 1 (high) to PRIORITIES; 0 where it is not known, or is none that the product has */
int64_t order_priority(int64_t told);

/* ---- order_reading.c */

/** @return whether all that may have arrived at a remembered site since a run read it was read. @param now  of the server */
bool order_reading_covers(const struct order_reading *reading, const struct order_site *site, int64_t now);

/* ---- order_arrivals.c */

/** What is remembered of each site, made sound: clocks that jumped, sites that are new or active again. */
void order_begin_sites(struct judging *judging, const struct order_site *sites, size_t count);

/** @param[in,out] marks  hop by hop: the newest date of an arrival that was taken */
void order_take_arrival(struct judging *judging, const struct order_arrival *arrival, int64_t *marks);

/** A site that confirms a higher version of a pair has got it, also where the row has no date that is one. */
void order_take_movement(struct judging *judging, size_t index);

/** No date that a run has seen counts again; a quiet site follows the others at a distance. */
void order_move_marks(struct judging *judging, const int64_t *marks);

/* ---- order_pairs.c */

/** @return when the oldest of what is outstanding of an item may have been sent */
int64_t order_oldest_sending(const struct order_item *item);

/** @return whether the site has confirmed the version that it holds: Status 0, 2 or 3 */
bool order_is_good(const struct order_pair *pair);

/** @return whether a version that a site confirms now came since it was remembered: more than what it had, or what was sent */
bool order_has_risen(const struct order_item *known, int64_t version);

/** @return whether nothing of an item was sent to its site yet: a site above lacks it as well */
bool order_waits_above(const struct order_item *item);

/** Something that had never been sent to a site is sent, or here. @param item  what is remembered of it */
void order_note_begun(struct order_site *site, const struct order_item *item, int64_t now);

/** What is remembered of a pair, and its verdict by what has arrived at its site. */
void order_judge_pair(struct judging *judging, size_t index);

/* ---- order_silence.c */

/** @return seconds that so many bytes take at so many an hour; 0 without a rate */
int64_t order_time_at(int64_t bytes, int64_t rate);

/** By site, then the time of sending, then the largest first: for qsort_r over by_queue. */
int order_compare_queue(const void *a, const void *b, void *judging);

/** The queue and the silence of each site, from the top down, because a site's silence explains those below it.
 * @return 0, or -1 when memory ran out */
int order_judge_sites(struct judging *judging);

/** Let one pair stand for its silent site, and fold the others into it. */
void order_fold(struct judging *judging);

#endif
