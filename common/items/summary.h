/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_SUMMARY_H
#define SMS_ITEMS_SUMMARY_H

#include "base/text.h"
#include "items/judge.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What many items in trouble have in common, for the one line that a pager shows: one site or server that
 * gets nothing, or one package that arrives nowhere.
 */
struct itemgroup {
    const struct item *like; /* one of them; borrowed */
    bool of_place;           /* what they share: its place and site, else its package */
    size_t count;
    const char *word; /* "failed": the kind when all agree, else the class; borrowed from the items */
};

/**
 * Find the largest groups among the chosen items, greatest first; each item is in one of them at most. A
 * group has at least two items and a quarter of the chosen ones, so that it is worth a word. Case does not
 * count.
 *
 * @param chosen       one flag per item
 * @param[out] groups  room for `most`
 * @param[out] found   how many
 * @return 0, or -1 when memory ran out
 */
int itemgroup_find(const struct item *items, size_t count, const bool *chosen, struct itemgroup *groups,
                   size_t most, size_t *found);

/* The words of a check for where its items are. */
struct itemgroup_words {
    const char *at;    /* "on" */
    const char *place; /* "DP" */
    const char *state; /* "not in sync", for all kinds; NULL: the word of each group */
    /* What a kind is called here ("behind": "old version"); NULL: as it is. */
    const char *(*kind)(const char *kind);
    /* Words the worst item, with names, for the first bytes of a pager; NULL: package, place and kind at the end. */
    void (*worst)(const void *context, const struct item *item, struct text *verdict);
    const void *context;
};

/**
 * Append `10 stuck: 4 packages failed on S021, CEN00001 pending on 3 DPs and 2 others, worst CEN00001 on S031
 * failed for 4 d`; with a word for the worst item it comes first: `10 stuck: CEN00001 ..., of all: 4 packages
 * ...`. Where nothing is stuck: what else sets the state, else what is on its way.
 *
 * @param tally  of the items, which has a worst one
 */
void itemgroup_tell(const struct item *items, size_t count, const struct tally *tally,
                    const struct itemgroup_words *words, struct text *verdict);

#endif
