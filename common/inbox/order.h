/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_INBOX_ORDER_H
#define SMS_INBOX_ORDER_H

#include "base/range.h"
#include "base/status.h"
#include "inbox/listing.h"
#include "inbox/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The judgement of one box: what left since the last look, what younger ones have overtaken, how long nothing has
 * left. Age alone says nothing of a queue; order does. Pure: from a memory and a listing to a verdict and the next
 * memory.
 */

enum {
    INBOX_OVERTAKERS = 3, /* so many younger ones leave a file behind: threads finish out of order */
    /* What others have passed, while none of its own kind has left, has so many times their patience: one kind may wait
     * for what no other needs. */
    INBOX_PASSED_FACTOR = 3
};

/* Why a file is told itself. */
enum inbox_reason {
    INBOX_OLD,       /* it was there at the first look, and its date alone tells */
    INBOX_OVERTAKEN, /* by younger ones of its group */
    INBOX_PASSED     /* by younger ones of others, and none of its own has left */
};

/* What the operator gave; one that is not set is the box's own (inbox/kind.h). */
struct inbox_limits {
    struct range silent_warning, silent_critical; /* for how long nothing has left although files wait */
    struct range left_warning, left_critical;     /* for how long a file has been left behind */
    struct range files_warning, files_critical;   /* how many wait */
};

/* One file with a reason of its own. */
struct inbox_straggler {
    struct inbox_file file; /* its name is borrowed from the next memory */
    enum inbox_reason reason;
    bool slow;     /* its name may wait for days by design */
    int64_t age_s; /* how long it has been left behind, or by its date has waited */
    bool stuck;    /* its warning range alerts */
    enum status status;
};

struct inbox_verdict {
    bool first;      /* there was no look before this one: nothing is known of order yet */
    bool clock_back; /* this host's clock ran backwards since the last look: no order in this run */
    int64_t gone;    /* remembered files that have left */
    int64_t
        silence_s; /* how long nothing has left although a file without a reason of its own waits; 0 none waits */
    bool silence_is_slow; /* only files wait that may do so for days by design */
    enum status silent;
    bool silent_stuck; /* its warning range alerts */
    enum status full;
    bool full_stuck;
    const char *oldest; /* the one that has waited longest, borrowed from the next memory; NULL none waits */
    int64_t oldest_s;
    struct inbox_straggler
        *stragglers; /* owned (inbox_verdict_free): overtaken, or there at the first look and alerting */
    size_t straggler_count;
};

/**
 * Judge a box that was listed to the end.
 *
 * @param[in,out] listing  its kept files move into `next`
 * @param[out] next        what the next run must know; inbox_memory_free
 * @return 0, or -1 when memory ran out (both outputs are then empty)
 */
int inbox_judge(struct inbox_listing *listing, const struct inbox_limits *limits, bool clock_back,
                struct inbox_verdict *verdict, struct inbox_memory *next);

/** The ranges that hold for a box: the operator's, else those of its kind. */
void inbox_limits_of(const struct inbox_kind *kind, bool slow, const struct inbox_limits *given,
                     struct inbox_limits *limits);

void inbox_verdict_free(struct inbox_verdict *verdict);

#endif
