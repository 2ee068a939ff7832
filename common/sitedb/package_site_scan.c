// SPDX-License-Identifier: GPL-3.0-or-later
/* What is asked about pairs: all that are not in sync, and those that are known by key. */
#include "sitedb/package_site_parts.h"

#include <stdlib.h>
#include <strings.h>

static int look_up(const struct sitedb *db, enum pair_rule rule, enum pair_clock clock,
                   struct lookup *lookups, size_t count, const char *what, struct pair_list *list,
                   struct arrival_list *arrivals, struct failure *failure)
{
    enum { BATCH = 100 }; /* two parameters each; SQL Server takes 2,100 */
    int result = 0;
    for (size_t start = 0; start < count && result == 0; start += BATCH) {
        size_t size = count - start < BATCH ? count - start : BATCH;
        struct statement statement = {0};
        struct pair_reader reader = {.db = db,
                                     .rule = rule,
                                     .clock = clock,
                                     .list = list,
                                     .arrivals = arrivals,
                                     .lookups = lookups + start,
                                     .lookup_count = size};
        pair_add_lookup(db, rule, lookups + start, size, &statement);
        for (size_t i = 0; i < size; i++)
            lookups[start + i].found = LOOKUP_ABSENT;
        result = pair_reader_read(&reader, what, &statement, failure);
    }
    return result;
}

static bool has_no_row(const struct pair *pair)
{
    return pair->kind == PAIR_NEVER_SENT && pair->rows == 0;
}

/* @param known  pairs before what was read again */
static bool has_row_now(const struct pair_list *pairs, size_t known, const struct lookup *lookup)
{
    for (size_t i = known; i < pairs->count && lookup->found == LOOKUP_IN_TROUBLE; i++)
        if (strcasecmp(pairs->pairs[i].package, lookup->package) == 0 &&
            strcasecmp(pairs->pairs[i].site, lookup->place) == 0)
            return !has_no_row(&pairs->pairs[i]);
    return lookup->found == LOOKUP_ENDED;
}

/*
 * A read without locks may have missed the only row of a pair, as while the product writes it anew: a few that have none
 * are read once more. (Many are no accident.)
 */
static int confirm_never_sent(const struct sitedb *db, const struct pair_question *question,
                              struct pair_scan *scan, struct failure *failure)
{
    enum { MOST = 200 };
    struct pair_list *pairs = &scan->pairs;
    size_t count = 0;
    for (size_t i = 0; i < pairs->count; i++)
        count += has_no_row(&pairs->pairs[i]);
    if (count == 0 || count > MOST)
        return 0;
    struct lookup *lookups = calloc(count, sizeof *lookups);
    if (lookups == NULL)
        return fail(failure, "out of memory");
    count = 0;
    for (size_t i = 0; i < pairs->count; i++)
        if (has_no_row(&pairs->pairs[i]))
            lookups[count++] =
                (struct lookup){.package = pairs->pairs[i].package, .place = pairs->pairs[i].site};
    const size_t known = pairs->count;
    int result = look_up(db, question->rule, question->clock, lookups, count,
                         "the packages that were never sent, once more", pairs, NULL, failure);
    size_t kept = 0, lookup = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        struct pair *pair = &pairs->pairs[i];
        bool goes = false;
        if (i >= known)
            goes = has_no_row(pair); /* what was read first stays */
        else if (result == 0 && has_no_row(pair))
            goes = has_row_now(pairs, known, &lookups[lookup++]);
        if (goes)
            free((char *)pair->package);
        else
            pairs->pairs[kept++] = *pair;
    }
    pairs->count = kept;
    free(lookups);
    return result;
}

int pairs_scan(const struct sitedb *db, const struct pair_question *question, struct pair_scan *scan,
               struct failure *failure)
{
    enum { DAY_S = 86400 };
    *scan = (struct pair_scan){.sites = calloc(db->site_count + 1, sizeof *scan->sites)};
    if (scan->sites == NULL)
        return fail(failure, "out of memory");
    struct statement statement = {0};
    struct pair_reader reader = {.db = db,
                                 .rule = question->rule,
                                 .clock = question->clock,
                                 .list = &scan->pairs,
                                 .arrivals = &scan->arrivals,
                                 .scan = scan,
                                 .question = question,
                                 .until = db->clock.utc + DAY_S};
    pair_add_scan(db, question, reader.until, &statement);
    if (pair_reader_read(&reader, "the packages that are not in sync", &statement, failure) != 0)
        return -1;
    return question->rule == PAIR_RULE_VERSION ? confirm_never_sent(db, question, scan, failure) : 0;
}

int pairs_look_up(const struct sitedb *db, enum pair_rule rule, enum pair_clock clock, struct lookup *lookups,
                  size_t count, struct pair_list *list, struct arrival_list *arrivals,
                  struct failure *failure)
{
    return look_up(db, rule, clock, lookups, count, "the packages that were in trouble before", list,
                   arrivals, failure);
}
