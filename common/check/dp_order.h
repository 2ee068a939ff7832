/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_DP_ORDER_H
#define SMS_CHECK_DP_ORDER_H

#include "check/siteorder.h"
#include "sitedb/package_dp.h"

/*
 * Order on distribution points (items/order.h, each DP a place of its own): a package that later ones overtook is lost,
 * not slow; and a DP on which nothing moves is one item, not one a package. Ages decide as before: order adds to them,
 * because no experiment tells yet how several transfers at once to one DP keep their order.
 */

/* A DP on which nothing moves; where at least three, and three quarters of those of a site on which anything waits, are
 * such, the site is: what fills them is its distribution manager. */
struct dp_standstill {
    const struct item *item; /* that stands for it; NULL: it moves, or one package alone waits. Borrowed */
    int64_t packages;        /* that wait there */
    int64_t for_s;           /* how long nothing has moved */
    int64_t dps, of;         /* of the site, where all of it stands still, else 0 */
    int64_t pull, failing;   /* DPs of these that are pull DPs, and on which the worst tells a failure */
    char *news;              /* owned: "S021, S02 stands still", "S02 stands still" */
};

struct dp_order {
    struct siteorder order;
    char **codes; /* owned: of the hops */
    size_t code_count;
    struct dp_standstill *standstills; /* owned, by number of server */
    size_t standstill_count;
};

/** Judge what was overtaken, inside the memory's transaction. @param prefix  of the items' keys @return 0 or -1 */
int dp_order_remember(struct dp_order *order, const char *prefix, const struct siterun *run,
                      struct findings *findings, const struct dp_selection *selection, struct dp_list *list,
                      struct failure *failure);

/** Put it beside the ages: what was overtaken is CRITICAL; what waits on a DP at a standstill is folded into one item. */
void dp_order_judge(struct dp_order *order, const struct siterun *run, struct findings *findings,
                    struct dp_list *list);

/** @return the standstill that this item stands for, NULL for none; borrowed */
const struct dp_standstill *dp_order_standstill(const struct dp_order *order, const struct item *item,
                                                const struct dp *dp);

/** @param now  of the database @return whether its newest message tells that it moves: it is not lost */
bool dp_order_is_moving(const struct dp *dp, int64_t now);

/** Append "; overtaken: sent ..., CEN00031 (sent after ...) arrived ..." of what does not move, and that it failed and is
 * tried again; nothing where neither holds. */
void dp_order_add_words(const struct dp_order *order, size_t finding, bool moving, struct text *line);

void dp_order_free(struct dp_order *order);

#endif
