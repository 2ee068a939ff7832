/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_CAUSES_H
#define SMS_CHECK_CAUSES_H

#include "base/text.h"
#include "check/siteorder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Many at once is one cause: where at least three quarters of the sites with anything pending that one site sends to, of a
 * site's targeted packages, or of a package's sites are stuck together, one line stands for them all, and nothing of it advises to
 * bring single packages by hand, which would flood the links.
 */

enum cause_kind { CAUSE_SITES, CAUSE_SITE, CAUSE_PACKAGE, CAUSE_PACKAGES };

struct common_cause {
    enum cause_kind kind;
    size_t finding;    /* the first of its items: the worst, the oldest */
    const char *what;  /* site code (of CAUSE_SITES: the one that sends to them) or package; borrowed */
    int64_t stuck, of; /* sites or packages; `of` is not known of CAUSE_PACKAGES */
    bool never_sent;   /* most of it was never sent, so nothing came as far as the sender */
    bool got;          /* CAUSE_PACKAGE: other sites have it, so it was made and can be sent, */
    bool quiet;        /* or nothing else was due where it is missing, so that it may be the sender as well */
};

struct cause_list {
    struct common_cause *causes; /* owned */
    size_t count;
};

/**
 * Find the causes of what was judged, and fold their items into them. Costs a sort, and one
 * small statement for each hundred packages that are stuck at three sites or more. A lack of memory, or a
 * database that does not answer, costs the causes alone.
 */
void causes_find(struct cause_list *list, const struct siteorder *order, const struct siterun *run,
                 const struct pair_scan *scan, struct findings *findings);

/** @return the one to be told first, by the state of its worst item; NULL without any */
const struct common_cause *causes_worst(const struct cause_list *list, const struct findings *findings);

/** @return whether these are so many of them that they have a cause in common: three quarters, and not two by chance */
bool cause_is_common(int64_t stuck, int64_t of);

/** Append `nothing reaches 40 of 43 sites: sender or scheduler of CEN` */
void cause_add_words(const struct common_cause *cause, const struct sitedb *db, struct text *text);

/** Append where to look first. */
void cause_add_advice(const struct common_cause *cause, const struct sitedb *db, struct text *text);

void causes_free(struct cause_list *list);

#endif
