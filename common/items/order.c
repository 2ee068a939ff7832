// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *order_reason_name(enum order_reason reason)
{
    static const char *const names[] = {
        [ORDER_NONE] = "", [ORDER_OVERTAKEN] = "overtaken", [ORDER_OVERTAKEN_ANY] = "overtaken"};
    return names[reason];
}

static void clamp(int64_t *time, int64_t now)
{
    if (*time > now)
        *time = now;
}

enum { KEY_BYTES = ORDER_CODE_BYTES + 16 };

/* 0 where it is not known, or is none that the product has. */
static int64_t priority_of(int64_t told)
{
    return told < 1 ? 0 : told > PRIORITIES ? PRIORITIES : told;
}

/* ---- finding */

static int by_code(const void *code, const void *hop)
{
    return strcasecmp(code, ((const struct order_hop *)hop)->code);
}

static int64_t find_hop(const struct order_run *run, const char *code)
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

static const struct order_site *find_site(const struct order_site *sites, size_t count, const char *code)
{
    return count == 0 ? NULL : bsearch(code, sites, count, sizeof *sites, by_site_code);
}

static int by_item_key(const void *key, const void *item)
{
    return strcmp(key, ((const struct order_item *)item)->key);
}

static const struct order_item *find_item(const struct judging *judging, const char *key)
{
    return judging->remembered_count == 0 ? NULL
                                          : bsearch(key, judging->remembered, judging->remembered_count,
                                                    sizeof *judging->remembered, by_item_key);
}

static int64_t find_pair(const struct judging *judging, const char *key)
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

static const char *make_key(const char *package, const char *site, char key[KEY_BYTES])
{
    snprintf(key, KEY_BYTES, "%s@%s", package, site);
    for (char *at = key; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    return key;
}

static int compare_keys(const void *a, const void *b, void *run)
{
    const struct order_pair *pairs = ((const struct order_run *)run)->pairs;
    return strcmp(pairs[*(const size_t *)a].key, pairs[*(const size_t *)b].key);
}

/* ---- the sites */

static bool later_date(int64_t updated, int64_t mark, const struct order_run *run)
{
    return updated > mark && updated <= run->database_now + ORDER_FUTURE_S;
}

/* A site that appears while others are remembered is new: nothing of it was there before. */
static struct order_site begin_site(const struct order_run *run, const struct order_site *sites, size_t count,
                                    const char *code)
{
    struct order_site site = {.last = run->now};
    snprintf(site.code, sizeof site.code, "%s", code);
    for (size_t i = 0; i < count; i++) {
        site.prev = larger(site.prev, sites[i].prev);
        site.mark = larger(site.mark, sites[i].mark);
    }
    site.mark = larger(site.mark - ORDER_MARK_S, 0);
    return site;
}

static void begin_sites(struct judging *judging, const struct order_site *sites, size_t count)
{
    const struct order_run *run = judging->run;
    for (size_t i = 0; i < run->hop_count; i++) {
        const struct order_hop *hop = &run->hops[i];
        const struct order_site *known = find_site(sites, count, hop->code);
        struct order_site *site = &judging->result->sites[i];
        struct place *place = &judging->places[i];
        *site = known != NULL ? *known : begin_site(run, sites, count, hop->code);
        place->parent = find_hop(run, hop->parent);
        if (!hop->active) {
            site->off = 1;
            continue;
        }
        if (!hop->covered)
            continue;
        place->first = site->prev == 0;
        place->back = run->now < site->prev;
        place->returned = site->off != 0;
        if (site->mark > run->database_now + ORDER_FUTURE_S) /* the server's clock was wrong */
            site->mark = run->database_now;
        const int64_t jump = site->prev - run->now;
        int64_t *const times[] = {&site->last, &site->quiet, &site->page, &site->prev, &site->gap_end};
        for (size_t t = 0; t < sizeof times / sizeof *times; t++)
            clamp(times[t], run->now);
        if (place->returned || place->first) {
            site->last = site->quiet = run->now;
            site->page = site->pages = site->gap = site->off = 0;
        } else if (jump > ORDER_GAP_S || -jump > ORDER_GAPS_MOST_S) {
            site->quiet =
                run->now; /* a clock that was wrong, or nobody looked: silence is counted from here */
            site->gap = 0;
        } else if (run->now - site->prev > ORDER_GAP_S) {
            site->gap += run->now - site->prev;
            clamp(&site->gap, ORDER_GAPS_MOST_S);
            site->gap_end = run->now;
        }
    }
}

/* ---- arrivals */

static void take_latest(struct sending *latest, int64_t sent, const char *package)
{
    if (sent > latest->sent)
        *latest = (struct sending){sent, package};
}

/* When was it sent? What was not pending in the run before was sent after it. */
static int64_t sending_time(const struct order_item *item, const struct order_site *site, int64_t now)
{
    int64_t sent = item == NULL || item->below ? site->prev : item->sent != 0 ? item->sent : item->since;
    clamp(&sent, now);
    return sent;
}

static void take_arrival(struct judging *judging, const struct order_arrival *arrival, int64_t *marks)
{
    const struct order_run *run = judging->run;
    int64_t at = find_hop(run, arrival->site);
    if (at < 0 || !run->hops[at].covered || !run->hops[at].active)
        return;
    struct order_site *site = &judging->result->sites[at];
    struct place *place = &judging->places[at];
    if (!later_date(arrival->updated, site->mark, run))
        return;
    marks[at] = larger(marks[at], arrival->updated);
    if (place->first)
        return;
    char key[KEY_BYTES];
    make_key(arrival->package, arrival->site, key);
    int64_t pair = find_pair(judging, key);
    if (pair >= 0)
        judging->own_arrival[pair] = larger(judging->own_arrival[pair], arrival->version);
    const struct order_item *item = find_item(judging, key);
    site->last = run->now;
    site->page = site->pages = site->gap = 0;
    site->arrived++;
    site->late += item != NULL && item->reason != ORDER_NONE;
    snprintf(site->newest, sizeof site->newest, "%s", arrival->package);
    if (place->back)
        return;
    int64_t sent = sending_time(item, site, run->now);
    take_latest(&place->any, sent, arrival->package);
    for (int64_t p = 1; p <= priority_of(arrival->priority); p++)
        take_latest(&place->over[p], sent, arrival->package);
}

/* No date that a run has seen counts again; a quiet site follows the others at a distance. */
static void move_marks(struct judging *judging, const int64_t *marks)
{
    const struct order_run *run = judging->run;
    int64_t top = 0;
    for (size_t i = 0; i < run->hop_count; i++) {
        struct order_site *site = &judging->result->sites[i];
        if (!run->hops[i].covered || !run->hops[i].active)
            continue;
        site->mark = larger(site->mark, marks[i]);
        if (later_date(run->hops[i].newest, site->mark, run))
            site->mark = run->hops[i].newest;
        site->prev = run->now;
        top = larger(top, site->mark);
    }
    for (size_t i = 0; i < run->hop_count; i++)
        if (run->hops[i].covered && run->hops[i].active)
            judging->result->sites[i].mark = larger(judging->result->sites[i].mark, top - ORDER_MARK_S);
}

/* ---- the pairs */

static bool is_good(const struct order_pair *pair)
{
    return pair->has_status && (pair->status == 0 || pair->status == 2 || pair->status == 3);
}

static bool is_failed(const struct order_pair *pair)
{
    return pair->has_status && (pair->status == 4 || pair->status == 5) && pair->held != 0;
}

static void start_anew(struct order_item *item, int64_t now)
{
    item->since = now;
    item->sent = item->over = item->any = item->failed_s = 0;
    item->reason = ORDER_NONE;
    item->by[0] = '\0';
}

/* What was sent is no version that the site holds. */
static int64_t held_at_first(const struct order_pair *pair)
{
    return is_good(pair) || pair->held == 0 || pair->held < pair->wanted ? pair->held : -1;
}

static struct order_item recall_item(const struct order_item *known, const struct order_pair *pair,
                                     int64_t now)
{
    struct order_item item = {.since = now, .held = held_at_first(pair)};
    if (known != NULL)
        item = *known;
    item.key = (char *)pair->key;
    if (item.over > now + ORDER_GAP_S || item.any > now + ORDER_GAP_S) /* a clock that was wrong saw it */
        item.over = item.any = 0;
    int64_t *const times[] = {&item.since, &item.sent, &item.over, &item.any, &item.failed};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        clamp(times[i], now);
    return item;
}

static void update_item(struct judging *judging, size_t index)
{
    const int64_t now = judging->run->now;
    const struct order_pair *pair = &judging->run->pairs[index];
    const struct order_item *known = find_item(judging, pair->key);
    struct order_item *item = &judging->result->items[index];
    const int64_t hop = judging->result->verdicts[index].hop;
    *item = recall_item(known, pair, now);
    if (hop >= 0 && judging->places[hop].first && known == NULL)
        item->inherited = 1;
    if (hop >= 0 && judging->places[hop].returned) {
        start_anew(item, now);
        item->inherited = 0;
    }
    const int64_t arrived = judging->own_arrival[index];
    if ((arrived > 0 && arrived > item->held) || (pair->held == 0 && item->held != 0))
        start_anew(item, now);
    if (is_good(pair) || pair->held == 0)
        item->held = pair->held;
    if (!is_failed(pair))
        item->failed = 0;
    else if (item->failed == 0)
        item->failed = now;
    if (item->failed != 0)
        item->failed_s = larger(item->failed_s, now - item->failed);
}

/* Where the package is missing at a site above as well, it is not on its way on this link yet. */
static void find_hop_above(struct judging *judging, size_t index)
{
    const struct order_run *run = judging->run;
    const struct order_pair *pair = &run->pairs[index];
    struct order_item *item = &judging->result->items[index];
    struct order_verdict *verdict = &judging->result->verdicts[index];
    bool missing = false;
    char key[KEY_BYTES];
    int64_t at = verdict->hop;
    for (int up = 0; up < MOST_HOPS_UP && at >= 0 && (at = judging->places[at].parent) >= 0; up++) {
        if (run->hops[at].covered) {
            int64_t above = find_pair(judging, make_key(pair->package, run->hops[at].code, key));
            if (above >= 0 && above != (int64_t)index) {
                verdict->folded = above;
                missing = true;
            }
        } else if (run->now - judging->result->sites[at].prev <= ORDER_GAP_S) {
            missing = missing || find_item(judging, make_key(pair->package, run->hops[at].code, key)) != NULL;
        }
    }
    if (is_failed(pair))
        verdict->folded = -1;
    if (missing || item->below)
        start_anew(item, missing ? item->since : run->now);
    item->below = missing;
}

static void overtake(struct judging *judging, size_t index)
{
    const struct order_pair *pair = &judging->run->pairs[index];
    struct order_item *item = &judging->result->items[index];
    const int64_t now = judging->run->now, hop = judging->result->verdicts[index].hop;
    const int64_t priority = priority_of(pair->priority);
    if (item->below || hop < 0)
        return;
    if (pair->has_status && pair->status == 1 && item->sent == 0)
        item->sent = now;
    if (item->sent == 0)
        return;
    const struct place *place = &judging->places[hop];
    const struct order_site *site = &judging->result->sites[hop];
    const struct sending *first = NULL;
    if (item->any == 0 && place->any.sent > item->sent) {
        item->any = now;
        first = &place->any;
    }
    if (item->over == 0 && priority != 0 && place->over[priority].sent > item->sent) {
        item->over = now;
        first = &place->over[priority];
    }
    if (first != NULL) {
        snprintf(item->by, sizeof item->by, "%s", first->package);
        item->by_sent = first->sent;
        item->by_count = site->arrived;
    }
    if (item->reason != ORDER_NONE)
        return;
    /* Patience runs only while the link moves: by the last arrival, not by now. */
    if (item->over != 0 && site->last - item->over >= ORDER_OVERTAKEN_S + (item->over - item->sent))
        item->reason = ORDER_OVERTAKEN;
    else if (item->any != 0 && priority == 0 &&
             site->last - item->any >=
                 ORDER_OVERTAKEN_UNKNOWN_S + ORDER_UNKNOWN_FACTOR * (item->any - item->sent))
        item->reason = ORDER_OVERTAKEN_ANY;
    else if (item->any != 0 && priority != 0 &&
             site->last - item->any >= ORDER_OVERTAKEN_ANY_S + (item->any - item->sent))
        item->reason = ORDER_OVERTAKEN_ANY;
}

static void judge_pair(struct judging *judging, size_t index)
{
    struct order_verdict *verdict = &judging->result->verdicts[index];
    const struct order_item *item = &judging->result->items[index];
    verdict->queue_since = item->sent != 0 ? item->sent : item->since;
    verdict->reason = (enum order_reason)item->reason;
    verdict->failed = item->failed_s > 0 && range_alerts(judging->run->failed_critical, item->failed_s);
    if (verdict->hop < 0)
        return;
    const int64_t last = judging->result->sites[verdict->hop].last;
    if (verdict->reason != ORDER_NONE || verdict->failed)
        verdict->status = STATUS_CRITICAL;
    else if ((item->over != 0 && last - item->over >= ORDER_WARNING_S) ||
             (item->any != 0 && last - item->any >= ORDER_WARNING_S))
        verdict->status = STATUS_WARNING;
}

/* ---- all of it */

static bool same_item(const struct order_item *a, const struct order_item *b)
{
    return a != NULL && a->since == b->since && a->sent == b->sent && a->over == b->over &&
           a->any == b->any && a->held == b->held && a->failed == b->failed && a->failed_s == b->failed_s &&
           a->reason == b->reason && a->inherited == b->inherited && a->below == b->below &&
           strcmp(a->by, b->by) == 0 && a->by_sent == b->by_sent && a->by_count == b->by_count;
}

static bool same_site(const struct order_site *a, const struct order_site *b)
{
    return a != NULL && strcmp(a->code, b->code) == 0 && a->last == b->last && a->quiet == b->quiet &&
           a->page == b->page && a->pages == b->pages && a->mark == b->mark && a->prev == b->prev &&
           a->gap == b->gap && a->gap_end == b->gap_end && a->off == b->off && a->arrived == b->arrived &&
           a->late == b->late && strcmp(a->newest, b->newest) == 0;
}

static int judge(struct judging *judging, const struct order_site *sites, size_t site_count, int64_t *marks)
{
    const struct order_run *run = judging->run;
    struct order_result *result = judging->result;
    begin_sites(judging, sites, site_count);
    for (size_t i = 0; i < run->pair_count; i++) {
        judging->by_key[i] = judging->by_queue[i] = i;
        result->verdicts[i] =
            (struct order_verdict){.folded = -1, .ahead = -1, .hop = find_hop(run, run->pairs[i].site)};
    }
    qsort_r(judging->by_key, run->pair_count, sizeof *judging->by_key, compare_keys, (void *)run);
    for (size_t i = 0; i < run->arrival_count; i++)
        take_arrival(judging, &run->arrivals[i], marks);
    for (size_t i = 0; i < run->pair_count; i++) {
        update_item(judging, i);
        find_hop_above(judging, i);
        overtake(judging, i);
        judge_pair(judging, i);
    }
    move_marks(judging, marks);
    qsort_r(judging->by_queue, run->pair_count, sizeof *judging->by_queue, order_compare_queue, judging);
    if (order_judge_sites(judging) != 0)
        return -1;
    order_fold(judging);
    for (size_t i = 0; i < run->pair_count; i++)
        result->item_changed[i] = !same_item(find_item(judging, run->pairs[i].key), &result->items[i]);
    for (size_t i = 0; i < run->hop_count; i++)
        result->site_changed[i] =
            !same_site(find_site(sites, site_count, run->hops[i].code), &result->sites[i]);
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
                              .by_key = calloc(pairs, sizeof *judging.by_key),
                              .by_queue = calloc(pairs, sizeof *judging.by_queue),
                              .own_arrival = calloc(pairs, sizeof *judging.own_arrival)};
    int64_t *marks = calloc(hops, sizeof *marks);
    bool room = result->items != NULL && result->item_changed != NULL && result->verdicts != NULL &&
                result->sites != NULL && result->site_changed != NULL && result->silences != NULL &&
                judging.places != NULL && judging.by_key != NULL && judging.by_queue != NULL &&
                judging.own_arrival != NULL && marks != NULL;
    int outcome = room ? judge(&judging, sites, site_count, marks) : -1;
    free(judging.places);
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

int64_t order_read_since(const struct order_hop *hops, size_t hop_count, const struct order_site *sites,
                         size_t site_count)
{
    int64_t since = INT64_MAX;
    for (size_t i = 0; i < hop_count; i++) {
        const struct order_site *site = find_site(sites, site_count, hops[i].code);
        if (hops[i].covered && hops[i].active && site != NULL && site->prev != 0 && site->mark < since)
            since = site->mark;
    }
    return since == INT64_MAX ? 0 : larger(since, 1);
}
