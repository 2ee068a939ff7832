/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_DPGROUP_H
#define SMS_DPGROUP_H

#include "dp.h"

/*
 * What many DPs in trouble have in common, for the one line that a pager shows: one server that gets nothing,
 * or one package that no server gets.
 */
struct dp_group {
    const struct dp_package *package; /* one of both is NULL */
    const struct dp_server *server;
    size_t count;
    const char *word; /* "failed": what all of it is; static */
};

/**
 * Find the largest groups among the chosen rows, greatest first; each row is in one of them at most. A group
 * has at least two rows and a quarter of the chosen ones, so that it is worth a word.
 *
 * @param chosen       one flag per row of the list
 * @param[out] groups  room for `most`
 * @param[out] found   how many
 * @return 0, or -1 when memory ran out
 */
int dp_groups(const struct dp_list *list, const bool *chosen, struct dp_group *groups, size_t most,
              size_t *found);

#endif
