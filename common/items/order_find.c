// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int64_t order_priority(int64_t told)
{
    return told < 1 ? 0 : told > PRIORITIES ? PRIORITIES : told;
}

static int by_code(const void *code, const void *hop)
{
    return strcasecmp(code, ((const struct order_hop *)hop)->code);
}

int64_t order_find_hop(const struct order_run *run, const char *code)
{
    if (run->hop_count == 0 || code[0] == '\0')
        return -1;
    const struct order_hop *hop = bsearch(code, run->hops, run->hop_count, sizeof *hop, by_code);
    return hop == NULL ? -1 : hop - run->hops;
}

static int by_site_code(const void *code, const void *site)
{
    return strcasecmp(code, ((const struct order_site *)site)->code);
}

const struct order_site *order_find_site(const struct order_site *sites, size_t count, const char *code)
{
    return count == 0 ? NULL : bsearch(code, sites, count, sizeof *sites, by_site_code);
}

static int by_item_key(const void *key, const void *item)
{
    return strcmp(key, ((const struct order_item *)item)->key);
}

const struct order_item *order_find_item(const struct judging *judging, const char *key)
{
    return judging->remembered_count == 0 ? NULL
                                          : bsearch(key, judging->remembered, judging->remembered_count,
                                                    sizeof *judging->remembered, by_item_key);
}

int64_t order_find_pair(const struct judging *judging, const char *key)
{
    size_t low = 0, high = judging->run->pair_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(judging->run->pairs[judging->by_key[middle]].key, key);
        if (order == 0)
            return (int64_t)judging->by_key[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

const char *order_make_key(const char *package, const char *site, char key[ORDER_KEY_BYTES])
{
    snprintf(key, ORDER_KEY_BYTES, "%s@%s", package, site);
    for (char *at = key; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    return key;
}
