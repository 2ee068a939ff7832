/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_SITEORDER_H
#define SMS_CHECK_SITEORDER_H

#include "base/failure.h"
#include "check/findings.h"
#include "check/sitecheck.h"
#include "items/order.h"
#include "items/order_store.h"
#include "sitedb/package_site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The judgement `order` (items/order.h) over a site database: what it needs is read, judged with what is
 * remembered, kept in the same transaction as the items, and put beside their ages.
 */

/* The options of check_sms_packages that it needs. */
struct siteorder_options {
    bool
        by_order; /* --judge=order; else ages decide, and this is kept for the day on which it is asked for */
    int64_t silent_critical_s;
};

struct siteorder {
    struct order_hop *hops; /* owned; texts borrowed from the database's sites */
    size_t hop_count;
    struct order_arrival *rows; /* owned; texts borrowed from the arrivals */
    struct order_pair *pairs;   /* owned; texts borrowed from the pairs and the items */
    struct order_reading reading;
    struct order_memory memory;
    struct order_run run;
    struct order_result result;
    char **news; /* owned, hop by hop: "S02 silent", NULL where it is not */
    bool judged; /* the result is there */
};

/**
 * Before the pairs are read: which arrivals does the judgement need?
 *
 * @param run             with its database open
 * @param filter          of the sites that are read
 * @param[out] question   its `since` and `newest`
 * @return 0 or -1
 */
int siteorder_begin(struct siteorder *order, const struct siterun *run, const struct sitedb_filter *filter,
                    struct pair_question *question, struct failure *failure);

/** Judge the pairs, item by item the findings, inside the memory's transaction. @return 0 or -1 */
int siteorder_remember(struct siteorder *order, const struct siteorder_options *options,
                       const struct siterun *run, struct findings *findings, const struct pair_scan *scan,
                       struct failure *failure);

/** Put the judgement beside the ages: state and what is folded into another item. */
void siteorder_judge(const struct siteorder *order, const struct siteorder_options *options,
                     const struct thresholds *thresholds, struct findings *findings);

/** @return "silent" (it stands for its silent site), "overtaken", "waits" (sent, nothing sent later has arrived), NULL; static */
const char *siteorder_state(const struct siteorder *order, size_t index);

/** Load what is remembered of the sites, before the memory is opened: nothing where no run has kept it.
 * @return 0, or -1 when another run did not free the lock */
int siteorder_look(const struct siterun *run, struct order_memory *memory, struct failure *failure);

/** Append for --survey how well order holds by site, and which priorities there are. @return 0 or -1 */
int siteorder_survey(const struct siterun *run, struct text *output, struct failure *failure);

/** @return items lost by order, silent sites; without what is muted or left out */
int64_t siteorder_overtaken(const struct siteorder *order, const struct findings *findings);
int64_t siteorder_silent(const struct siteorder *order, const struct findings *findings);

/**
 * Append what order knows of an item, for its line: "; overtaken: sent ..., CEN00031 (sent ...) arrived ... and 6
 * more since; lost, not slow" or "; waits for 40 h behind 8 GB of CEN00847; nothing sent later has arrived".
 */
void siteorder_add_words(const struct siteorder *order, size_t index, struct text *line);

/** @param failed_s  since its first failure @return the state of what failed of late and is tried again, which is not well
 * in between: as if it failed still; STATUS_OK for all others */
enum status siteorder_judge_retried(const struct siteorder *order, size_t index,
                                    const struct thresholds *thresholds, int64_t failed_s);

/** Append "; it failed last 2026-11-24 05:00 UTC and is tried again", nothing where it does not matter. */
void siteorder_add_failure(const struct siteorder *order, size_t index, struct text *line);

/** @return whether it failed of late and is tried again */
bool siteorder_is_retried(const struct siteorder *order, size_t index);

/** @return whether an item stands for a site at which nothing has arrived for half of its patience, and not for all of it */
bool siteorder_is_half_silent(const struct siteorder *order, size_t index);

/** @return the silence that this item stands for, NULL when it is an item like others; borrowed */
const struct order_silence *siteorder_silence(const struct siteorder *order, size_t index);

/** Append "silent: nothing has arrived for 3 d 2 h although 9 packages are sent (oldest CEN00044, since ...); ...; CEN00044
 * was overtaken before: if the link is well it is lost, ...; and at
 * 6 sites below" */
void siteorder_add_silence(const struct siteorder *order, const struct sitedb *db, size_t index,
                           struct text *line);

void siteorder_free(struct siteorder *order);

#endif
