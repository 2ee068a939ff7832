/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_FINDINGS_H
#define SMS_CHECK_FINDINGS_H

#include "base/failure.h"
#include "base/text.h"
#include "items/announce.h"
#include "items/age.h"
#include "items/itemstore.h"
#include "items/judge.h"
#include "items/output.h"
#include "sitedb/sitedb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The items that one run found in the site database, one for each row in trouble that a plugin read: their
 * keys, what earlier runs saw of them, what became of those that are no longer among them, the judgement and
 * the order of display.
 */

struct findings;

/* Where the rows come from: the plugin's part. */
struct findings_source {
    const char *prefix; /* of the keys in the memory, without '/': "version" */
    void *context;
    /* Rows in trouble that were read so far; look_up may add to them. */
    size_t (*rows)(const void *context);
    /*
     * The first part of an item (items/judge.h) but for key and progress. `place` gets what makes the key
     * unique for a package, `progress` what changes when the item moves.
     */
    void (*describe)(const void *context, size_t row, struct item *item, struct text *place,
                     struct text *progress);
    /* The site code in the place of a key; borrowed from it. */
    const char *(*site_of)(const char *place);
    /* Do further filters select this place? NULL: there are none. */
    bool (*selects)(const void *context, const char *place);
    int (*look_up)(void *context, struct lookup *lookups, size_t count, struct failure *failure);
    /* Both may be NULL: more that is remembered, when the items have their ages and before the memory is written;
     * and what decides beside the age, when they are judged by it. */
    int (*remember)(void *context, struct findings *findings, struct failure *failure);
    void (*judge)(void *context, struct findings *findings);
};

struct findings {
    struct item *items; /* owned; items[i] is about the source's row i */
    size_t count;
    size_t *order; /* owned: indexes into items, worst first, known ones last, left out ones not at all */
    size_t shown;  /* how many those are, */
    size_t folded; /* and how many of them stand at the end because another one tells of them */
    struct recall recall;
    struct announcements announcements; /* what the service has told of them */
    struct clocks clocks;
    struct text inactive; /* "site S05 is not active (status 2)": sites that have remembered items */
};

/* How and where what earlier runs saw is kept. Texts are borrowed. */
struct findings_memory {
    const char *directory, *plugin, *identity;
    int64_t wait_ms; /* for another run of the same identity */
};

/** Make an item of each row that has none yet. @return 0 or -1 */
int findings_collect(struct findings *findings, const struct findings_source *source,
                     struct failure *failure);

/**
 * Give the items their ages from the memory, look up what is remembered but was not found, and commit. What
 * the filters do not select and what belongs to a site that is not active is neither aged nor closed.
 *
 * @return 0, also when the memory is lost (findings.recall.in_trouble); -1 when the lock was not got or a
 * look failed
 */
int findings_remember(struct findings *findings, const struct findings_source *source,
                      const struct findings_memory *memory, const struct sitedb *db,
                      const struct sitedb_filter *filter, const struct trace *trace, struct failure *failure);

/** Judge every item, tell what is new of them, and find the order of display. @return 0 or -1 */
int findings_judge(struct findings *findings, const struct findings_source *source,
                   const struct thresholds *thresholds, const struct rate_list *rates,
                   const struct known_list *known, const struct announce_options *announce,
                   struct failure *failure);

/** @return whether the memory still has the item of a key (a findings); for announcements_keep */
bool findings_remembers(const void *findings, const char *key);

/** Append what every verdict must say: known items, inactive sites, a memory that was lost. */
void findings_add_notes(const struct findings *findings, const struct tally *tally, struct text *verdict);

/* The numbers that checks over the site database share. */
enum finding_number {
    FINDING_PENDING,
    FINDING_STUCK,
    FINDING_FAILED,
    FINDING_KNOWN,
    FINDING_OLDEST,
    FINDING_OLDEST_FAILED,
    FINDING_OUTSTANDING
};

/** @return the perfdatum with its label, unit and thresholds; borrows the thresholds */
struct perfdatum findings_perfdatum(enum finding_number number, const struct tally *tally,
                                    const struct thresholds *thresholds);

void findings_free(struct findings *findings);

#endif
