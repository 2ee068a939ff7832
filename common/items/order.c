// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/private.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

const char *order_reason_name(enum order_reason reason)
{
    static const char *const names[] = {
        [ORDER_NONE] = "", [ORDER_OVERTAKEN] = "overtaken", [ORDER_OVERTAKEN_ANY] = "overtaken"};
    return names[reason];
}

static bool same_item(const struct order_item *a, const struct order_item *b)
{
    return a != NULL && a->since == b->since && a->sent == b->sent && a->over == b->over &&
           a->any == b->any && a->held == b->held && a->failed == b->failed &&
           a->failed_last == b->failed_last && a->failed_s == b->failed_s && a->reason == b->reason &&
           a->inherited == b->inherited && a->below == b->below && strcmp(a->by, b->by) == 0 &&
           a->by_sent == b->by_sent && a->by_count == b->by_count && a->wanted == b->wanted &&
           a->raised == b->raised && a->raised_from == b->raised_from && a->passed == b->passed &&
           a->earliest == b->earliest && a->above == b->above && a->missed == b->missed && a->row == b->row;
}

static bool same_site(const struct order_site *a, const struct order_site *b)
{
    return a != NULL && strcmp(a->code, b->code) == 0 && a->last == b->last && a->quiet == b->quiet &&
           a->page == b->page && a->pages == b->pages && a->mark == b->mark && a->prev == b->prev &&
           a->gap == b->gap && a->gap_end == b->gap_end && a->off == b->off && a->arrived == b->arrived &&
           a->late == b->late && a->begun == b->begun && a->begun_since == b->begun_since &&
           strcmp(a->newest, b->newest) == 0;
}

static int compare_keys(const void *a, const void *b, void *run)
{
    const struct order_pair *pairs = ((const struct order_run *)run)->pairs;
    return strcmp(pairs[*(const size_t *)a].key, pairs[*(const size_t *)b].key);
}

static int judge(struct judging *judging, const struct order_site *sites, size_t site_count, int64_t *marks)
{
    const struct order_run *run = judging->run;
    struct order_result *result = judging->result;
    order_begin_sites(judging, sites, site_count);
    for (size_t i = 0; i < run->pair_count; i++) {
        judging->by_key[i] = judging->by_queue[i] = i;
        result->verdicts[i] =
            (struct order_verdict){.folded = -1, .ahead = -1, .hop = order_find_hop(run, run->pairs[i].site)};
    }
    qsort_r(judging->by_key, run->pair_count, sizeof *judging->by_key, compare_keys, (void *)run);
    for (size_t i = 0; i < run->pair_count; i++)
        judging->known[i] = order_find_item(judging, run->pairs[i].key);
    for (size_t i = 0; i < run->arrival_count; i++)
        order_take_arrival(judging, &run->arrivals[i], marks);
    for (size_t i = 0; i < run->pair_count; i++)
        order_take_movement(judging, i);
    for (size_t i = 0; i < run->pair_count; i++)
        order_judge_pair(judging, i);
    order_move_marks(judging, marks);
    qsort_r(judging->by_queue, run->pair_count, sizeof *judging->by_queue, order_compare_queue, judging);
    if (order_judge_sites(judging) != 0)
        return -1;
    order_fold(judging);
    for (size_t i = 0; i < run->pair_count; i++)
        result->item_changed[i] = !same_item(judging->known[i], &result->items[i]);
    for (size_t i = 0; i < run->hop_count; i++)
        result->site_changed[i] =
            !same_site(order_find_site(sites, site_count, run->hops[i].code), &result->sites[i]);
    return 0;
}

int order_judge(const struct order_run *run, const struct order_item *items, size_t item_count,
                const struct order_site *sites, size_t site_count, struct order_result *result)
{
    const size_t pairs = run->pair_count + 1, hops = run->hop_count + 1;
    *result = (struct order_result){.items = calloc(pairs, sizeof *result->items),
                                    .item_changed = calloc(pairs, sizeof *result->item_changed),
                                    .verdicts = calloc(pairs, sizeof *result->verdicts),
                                    .sites = calloc(hops, sizeof *result->sites),
                                    .site_changed = calloc(hops, sizeof *result->site_changed),
                                    .silences = calloc(hops, sizeof *result->silences)};
    struct judging judging = {.run = run,
                              .remembered = items,
                              .remembered_count = item_count,
                              .result = result,
                              .places = calloc(hops, sizeof *judging.places),
                              .taken = calloc(item_count + 1, sizeof *judging.taken),
                              .known = calloc(pairs, sizeof *judging.known),
                              .by_key = calloc(pairs, sizeof *judging.by_key),
                              .by_queue = calloc(pairs, sizeof *judging.by_queue),
                              .own_arrival = calloc(pairs, sizeof *judging.own_arrival)};
    int64_t *marks = calloc(hops, sizeof *marks);
    bool room = result->items != NULL && result->item_changed != NULL && result->verdicts != NULL &&
                result->sites != NULL && result->site_changed != NULL && result->silences != NULL &&
                judging.places != NULL && judging.taken != NULL && judging.known != NULL &&
                judging.by_key != NULL && judging.by_queue != NULL && judging.own_arrival != NULL &&
                marks != NULL;
    int outcome = room ? judge(&judging, sites, site_count, marks) : -1;
    free(judging.places);
    free(judging.taken);
    free(judging.known);
    free(judging.by_key);
    free(judging.by_queue);
    free(judging.own_arrival);
    free(marks);
    return outcome;
}

void order_result_free(struct order_result *result)
{
    free(result->items);
    free(result->item_changed);
    free(result->verdicts);
    free(result->sites);
    free(result->site_changed);
    free(result->silences);
    *result = (struct order_result){0};
}
