/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_AGE_H
#define SMS_ITEMS_AGE_H

#include "base/failure.h"
#include "base/text.h"
#include "items/away.h"
#include "items/judge.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What the memory knows of the items found in this run: how old each is, what changed, what ended. Pure: it
 * plans the changes, itemstore.h writes them.
 */

/* All times UTC seconds, 0 where there is none. */
struct remembered {
    char *key;      /* rule and pair: "version/CEN00012@S02" */
    char *kind;     /* "sent" */
    char *progress; /* what must change for the item to have moved: status, versions, update time */
    int64_t first_seen;
    int64_t attempt_since; /* first_seen, or the first sight of the last repair */
    int64_t last_progress;
    int64_t absent_runs;
    int64_t absent_since;
    int64_t told_since;    /* ITEM_START_ATTEMPT: the oldest start that an age was told from; 0: none */
    int64_t failed_since;  /* ITEM_START_ATTEMPT: its first failure; 0: none */
    int64_t held;          /* highest version that its place held; -1 not known */
    int64_t excused_since; /* it is excused, since then; 0: it is not */
    int64_t excused_s;     /* for so long it was excused in this attempt, without the present one */
};

/* What a look at a remembered item that is not among the findings gave. */
enum absence {
    ABSENCE_HEALTHY,    /* read as healthy, or proven to be no longer targeted: it ends */
    ABSENCE_UNSEEN,     /* not there: kept for two runs and two hours, a dirty read may have skipped it */
    ABSENCE_NOT_LOOKED, /* not selected by this run's filters, or its site is not active: not touched */
};

/* Two clocks: the host's for the plugin's own dates, the database's for its dates. */
struct clocks {
    int64_t host;     /* UTC */
    int64_t database; /* UTC by the database server */
    const struct away_list
        *away; /* times at which a site took no part: they do not count. NULL none; borrowed */
};

/** Find a remembered item by its key. @return it, or NULL; borrowed */
struct remembered *history_find(struct remembered *memory, size_t count, const char *key);

/**
 * Give a found item its ages, from what is remembered of it (NULL: first sight) and from its database start.
 *
 * A new attempt begins with a repair (`restart`), with an older version that came (`held`) and with what was ordered
 * anew (`renewed`). Time for which the item was excused does not count; where the reason cannot be read (`blind`) it is
 * excused still.
 *
 * A clock that jumped back makes no age negative and changes no stored date.
 *
 * @param[in,out] item    what comes from the memory (items/judge.h) is filled, and `excused`
 * @param[out] updated    what the memory should hold now; texts borrowed from the item
 * @return whether `updated` differs from what is remembered (a write is needed)
 */
bool history_age(struct item *item, const struct remembered *remembered, const struct clocks *clocks,
                 struct remembered *updated);

/**
 * Append what a memory that is gone means for ages: "; ages may be too young: the memory was lost 3 h ago".
 *
 * @param trouble  of this run's memory, or NULL
 * @param lost_at  when an earlier run lost it, UTC; 0 never
 */
void history_add_doubts(const char *trouble, int64_t lost_at, int64_t now, struct text *verdict);

enum absent_action { ABSENT_KEEP, ABSENT_UPDATE, ABSENT_REMOVE };

/**
 * Decide what happens to a remembered item that is not among the findings.
 *
 * @param[in,out] remembered  its absence counters are changed for ABSENT_UPDATE
 */
enum absent_action history_absent(struct remembered *remembered, enum absence absence, int64_t now);

#endif
