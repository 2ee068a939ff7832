// SPDX-License-Identifier: GPL-3.0-or-later
#include "dpgroup.h"

#include <stdlib.h>
#include <string.h>

static bool is_in(const struct dp *dp, const struct dp_group *group)
{
    return group->package != NULL ? dp->package == group->package : dp->server == group->server;
}

/* The kind when all agree, else the class. */
static const char *word_of(const struct dp_list *list, const bool *left, const struct dp_group *group)
{
    bool seen = false, one_kind = true, pending = false, failed = false;
    enum dp_kind kind = DP_INSTALLED;
    for (size_t i = 0; i < list->count; i++) {
        const struct dp *dp = &list->dps[i];
        if (!left[i] || !is_in(dp, group))
            continue;
        one_kind = one_kind && (!seen || dp->kind == kind);
        kind = dp->kind;
        seen = true;
        *(dp_kind_is_failed(kind) ? &failed : &pending) = true;
    }
    return one_kind ? dp_kind_name(kind) : !failed ? "pending" : !pending ? "failed" : "pending or failed";
}

/* The package or server that most of the rows share. */
static void find_largest(const struct dp_list *list, const bool *left, size_t *packages, size_t *servers,
                         struct dp_group *largest)
{
    memset(packages, 0, dp_package_count(list) * sizeof *packages);
    memset(servers, 0, dp_server_count(list) * sizeof *servers);
    *largest = (struct dp_group){0};
    for (size_t i = 0; i < list->count; i++) {
        const struct dp *dp = &list->dps[i];
        if (!left[i])
            continue;
        size_t on_server = ++servers[dp->server->number], of_package = ++packages[dp->package->number];
        if (on_server > largest->count)
            *largest = (struct dp_group){.server = dp->server, .count = on_server};
        if (of_package > largest->count)
            *largest = (struct dp_group){.package = dp->package, .count = of_package};
    }
}

int dp_groups(const struct dp_list *list, const bool *chosen, struct dp_group *groups, size_t most,
              size_t *found)
{
    *found = 0;
    bool *left = malloc(list->count + 1);
    size_t *packages = calloc(dp_package_count(list) + 1, sizeof *packages);
    size_t *servers = calloc(dp_server_count(list) + 1, sizeof *servers);
    size_t total = 0;
    int result = left == NULL || packages == NULL || servers == NULL ? -1 : 0;
    if (result == 0 && list->count > 0)
        memcpy(left, chosen, list->count);
    for (size_t i = 0; result == 0 && i < list->count; i++)
        total += left[i];
    while (result == 0 && *found < most) {
        struct dp_group group;
        find_largest(list, left, packages, servers, &group);
        if (group.count < 2 || group.count * 4 < total)
            break;
        group.word = word_of(list, left, &group);
        for (size_t i = 0; i < list->count; i++)
            left[i] = left[i] && !is_in(&list->dps[i], &group);
        groups[(*found)++] = group;
    }
    free(left);
    free(packages);
    free(servers);
    return result;
}
