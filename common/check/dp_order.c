// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/dp_order.h"

#include "check/causes.h"
#include "items/known.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* More arrivals in one run are a refresh of everything: their order tells nothing, and they cost. */
enum { MOST_ARRIVALS = 50000 };

/* As long as a silent site has (judgement `order`): longer than a maintenance weekend. */
enum { STANDSTILL_S = 72 * 3600 };

/* What told of its own progress no longer ago is not lost, whatever else arrives: transfers to one DP run side by side. */
enum { MOVING_S = 12 * 3600 };

static int by_code(const void *a, const void *b)
{
    return strcasecmp(((const struct order_hop *)a)->code, ((const struct order_hop *)b)->code);
}

/* A hop for each server with a finding. @param[out] wanted  by number of server */
static int make_hops(struct dp_order *order, const struct siterun *run, const struct dp_list *list,
                     int64_t newest, bool *wanted)
{
    struct siteorder *base = &order->order;
    base->hops = calloc(dp_server_count(list) + 1, sizeof *base->hops);
    order->codes = calloc(dp_server_count(list) + 1, sizeof *order->codes);
    if (base->hops == NULL || order->codes == NULL)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        const struct dp_server *server = list->dps[i].server;
        if (wanted[server->number])
            continue;
        wanted[server->number] = true;
        char *code;
        if (asprintf(&code, "%s/%s", server->place, server->site) < 0)
            return -1;
        order->codes[order->code_count++] = code;
        base->hops[base->hop_count++] =
            (struct order_hop){.code = code,
                               .parent = "",
                               .active = true,
                               .covered = true,
                               .rate = rate_list_bytes_per_hour(&run->check->look.rates, server->site),
                               .newest = newest};
    }
    qsort(base->hops, base->hop_count, sizeof *base->hops, by_code);
    return 0;
}

/* Which Status of a pair (PkgStatus) the judgement is to see: an order begins with the sending. */
static int64_t status_of(enum dp_kind kind)
{
    switch (kind) {
    case DP_PENDING:
    case DP_RETRYING:
    case DP_UPDATING:
        return 1;
    case DP_FAILED:
    case DP_VALIDATION_FAILED:
        return 5;
    default:
        return -1;
    }
}

static int make_rows(struct dp_order *order, const struct siterun *run, const struct findings *findings,
                     const struct dp_list *list, const struct dp_arrivals *arrivals)
{
    struct siteorder *base = &order->order;
    const bool usable = !arrivals->too_many;
    base->rows = calloc(arrivals->count + 1, sizeof *base->rows);
    base->pairs = calloc(list->count + 1, sizeof *base->pairs);
    if (base->rows == NULL || base->pairs == NULL)
        return -1;
    base->run.arrival_count = usable ? arrivals->count : 0;
    for (size_t i = 0; i < base->run.arrival_count; i++) {
        const struct dp_arrival *arrival = &arrivals->rows[i];
        const struct order_hop *hop = NULL;
        char code[ORDER_CODE_BYTES];
        snprintf(code, sizeof code, "%s/%s", arrival->server->place, arrival->server->site);
        hop = bsearch(&(struct order_hop){.code = code}, base->hops, base->hop_count, sizeof *hop, by_code);
        base->rows[i] = (struct order_arrival){.package = arrival->package,
                                               .site = hop != NULL ? hop->code : "",
                                               .version = arrival->version,
                                               .updated = arrival->copied};
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct dp *dp = &list->dps[i];
        const struct item *item = &findings->items[i];
        const char *at = strchr(item->key, '@');
        int64_t status = status_of(dp->kind), until;
        base->pairs[i] = (struct order_pair){
            .package = dp->package->id,
            .site = at + 1,
            .key = strchr(item->key, '/') + 1,
            .has_status = status >= 0,
            .status = status,
            .held = dp->held,
            .wanted = dp->package->wanted,
            .size_bytes = dp->package->size_bytes,
            .renewed = item->began_anew,
            .aside = item->excused || known_list_mutes(&run->check->options.known, dp->package->id,
                                                       item->site, findings->clocks.host, &until)};
    }
    return 0;
}

int dp_order_remember(struct dp_order *order, const char *prefix, const struct siterun *run,
                      struct findings *findings, const struct dp_selection *selection, struct dp_list *list,
                      struct failure *failure)
{
    struct siteorder *base = &order->order;
    struct recall *recall = &findings->recall;
    struct failure problem;
    struct dp_arrivals arrivals = {0};
    size_t servers = dp_server_count(list);
    bool *wanted = calloc(servers + 1, sizeof *wanted);
    /* What was copied before the first run is older than anything that the first run saw. */
    int64_t newest = run->db.clock.utc - ORDER_MARK_S;
    int result = wanted == NULL || make_hops(order, run, list, newest, wanted) != 0
                     ? fail(failure, "out of memory")
                     : 0;
    if (result == 0 && order_memory_load(recall->file, &base->memory, &problem) != 0) {
        order_memory_free(&base->memory);
        recall_note_trouble(recall, &problem);
    }
    if (result == 0) {
        if (order_reading_find(&base->reading, base->hops, base->hop_count, base->memory.sites,
                               base->memory.site_count, run->db.clock.utc) != 0)
            result = fail(failure, "out of memory");
        const int64_t since = base->reading.quiet_since;
        if (result == 0 && since > 0 && base->hop_count > 0)
            result = dps_read_arrivals(&run->db, selection, since, MOST_ARRIVALS, wanted, servers, list,
                                       &arrivals, failure);
    }
    if (result == 0 && arrivals.too_many) {
        trace_note(run->db.trace, 2,
                   "more than %d packages were installed since the last run: their order tells nothing",
                   (int)MOST_ARRIVALS);
        /* The next run goes on from here, else it read the same again, and gave up again. */
        for (size_t i = 0; i < base->hop_count; i++)
            base->hops[i].newest = run->db.clock.utc;
    }
    base->run = (struct order_run){.now = findings->clocks.host,
                                   .database_now = findings->clocks.database,
                                   .silent_critical_s = STANDSTILL_S,
                                   .failed_critical = &run->check->options.thresholds.failed_critical};
    if (result == 0 && make_rows(order, run, findings, list, &arrivals) != 0)
        result = fail(failure, "out of memory");
    if (result == 0) {
        base->run.pairs = base->pairs;
        base->run.pair_count = list->count;
        base->run.arrivals = base->rows;
        base->run.hops = base->hops;
        base->run.hop_count = base->hop_count;
        if (order_judge(&base->run, base->memory.items, base->memory.item_count, base->memory.sites,
                        base->memory.site_count, &base->result) != 0)
            result = fail(failure, "out of memory");
    }
    if (result == 0) {
        base->judged = true;
        if (order_memory_store(recall->file, prefix, &base->run, &base->result, &problem) != 0)
            recall_note_trouble(recall, &problem);
    }
    dp_arrivals_free(&arrivals);
    free(wanted);
    return result;
}

/* ---- a DP on which nothing moves */

static bool waits(const struct item *item, const struct dp *dp)
{
    return item->item_class == ITEM_PENDING && !item->known && !item->excused && !item->left_out &&
           !dp_is_removed(dp);
}

static bool tells_failure(const struct dp *dp)
{
    const struct dp_message *message = dp_message_speaks(dp) ? dp_message_find(dp->message_id) : NULL;
    return message != NULL && message->message_class == DP_MESSAGE_FAILURE;
}

struct quiet {
    int64_t old, waiting, for_s;
    bool moved;
    size_t first; /* the item that stands for it */
};

/* The worst stands for the DP; of equals, one that tells why. */
static bool stands_before(const struct findings *findings, const struct dp_list *list, size_t one,
                          size_t other)
{
    const bool tells = tells_failure(&list->dps[one]);
    if (findings->items[one].status == findings->items[other].status &&
        tells != tells_failure(&list->dps[other]))
        return tells;
    return item_compare(&findings->items[one], &findings->items[other]) < 0;
}

static void count_quiet(const struct findings *findings, const struct dp_list *list, struct quiet *quiets)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct item *item = &findings->items[i];
        const struct dp *dp = &list->dps[i];
        struct quiet *quiet = &quiets[dp->server->number];
        if (!waits(item, dp))
            continue;
        if (quiet->waiting++ == 0 || stands_before(findings, list, i, quiet->first))
            quiet->first = i;
        if (item->age_s < STANDSTILL_S)
            continue; /* what was ordered since tells nothing of a movement */
        int64_t unmoved_s = item->moved_age_s < 0 ? item->age_s : item->moved_age_s;
        if (quiet->old++ == 0 || unmoved_s < quiet->for_s)
            quiet->for_s = unmoved_s;
        quiet->moved = quiet->moved || unmoved_s < STANDSTILL_S;
    }
}

/* Without memory for its name its news is that of the item that stands for it. */
static void add_standstill(struct dp_order *order, const struct dp_server *server, const struct quiet *quiet,
                           const struct findings *findings, const struct dp_list *list)
{
    struct dp_standstill *standstill = &order->standstills[server->number];
    *standstill = (struct dp_standstill){.item = &findings->items[quiet->first],
                                         .packages = quiet->waiting,
                                         .for_s = quiet->for_s,
                                         .pull = server->pull,
                                         .failing = tells_failure(&list->dps[quiet->first])};
    if (asprintf(&standstill->news, "%s, %s stands still", server->place, server->site) < 0)
        standstill->news = NULL;
}

static int by_site(const void *a, const void *b)
{
    return strcasecmp((*(const struct dp_server *const *)a)->site,
                      (*(const struct dp_server *const *)b)->site);
}

/* Let one item stand for all DPs of a site. @param servers  of the site, those on which anything has waited for long */
static void merge_site(struct dp_order *order, const struct dp_server *const *servers, size_t count)
{
    struct dp_standstill all = {.of = (int64_t)count}, *first = NULL;
    for (size_t i = 0; i < count; i++) {
        struct dp_standstill *one = &order->standstills[servers[i]->number];
        if (one->item == NULL)
            continue;
        all.packages += one->packages;
        all.pull += one->pull;
        all.failing += one->failing;
        if (all.dps++ == 0 || one->for_s < all.for_s)
            all.for_s = one->for_s;
        const bool equal = first != NULL && one->item->status == first->item->status;
        if (first == NULL ||
            (equal && one->failing != first->failing ? one->failing > 0
                                                     : item_compare(one->item, first->item) < 0))
            first = one;
    }
    if (!cause_is_common(all.dps, all.of))
        return;
    all.item = first->item;
    for (size_t i = 0; i < count; i++) {
        struct dp_standstill *one = &order->standstills[servers[i]->number];
        if (one->item == NULL)
            continue;
        free(one->news);
        *one = (struct dp_standstill){.item = all.item};
    }
    if (asprintf(&all.news, "%s stands still", servers[0]->site) < 0)
        all.news = NULL;
    *first = all;
}

static void merge_sites(struct dp_order *order, const struct quiet *quiets, struct dp_list *list)
{
    const size_t servers = dp_server_count(list);
    const struct dp_server **waiting = calloc(servers + 1, sizeof *waiting);
    size_t count = 0;
    for (size_t i = 0; i < servers && waiting != NULL; i++)
        if (quiets[i].old > 0) /* what has waited for less speaks neither for nor against it */
            waiting[count++] = dp_server_at(list, i);
    if (count > 0)
        qsort(waiting, count, sizeof *waiting, by_site);
    for (size_t start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count && by_site(&waiting[start], &waiting[end]) == 0;)
            end++;
        merge_site(order, waiting + start, end - start);
    }
    free(waiting);
}

static void find_standstills(struct dp_order *order, const struct siterun *run,
                             const struct findings *findings, struct dp_list *list)
{
    size_t servers = dp_server_count(list), count = 0;
    struct quiet *quiets = calloc(servers + 1, sizeof *quiets);
    const struct dp_server **candidates = calloc(servers + 1, sizeof *candidates);
    bool *moving = calloc(servers + 1, sizeof *moving);
    order->standstills = calloc(servers + 1, sizeof *order->standstills);
    if (quiets != NULL && candidates != NULL && moving != NULL && order->standstills != NULL) {
        order->standstill_count = servers;
        count_quiet(findings, list, quiets);
        for (size_t i = 0; i < servers; i++)
            if (quiets[i].old > 1 && !quiets[i].moved)
                candidates[count++] = dp_server_at(list, i);
        struct failure failure;
        if (dps_find_moving(&run->db, run->db.clock.utc - STANDSTILL_S, candidates, count, list, moving,
                            &failure) != 0) {
            trace_note(run->db.trace, 2, "left out: %s", failure.text);
            count = 0;
        }
        for (size_t i = 0; i < count; i++) {
            const struct quiet *quiet = &quiets[candidates[i]->number];
            if (!moving[i])
                add_standstill(order, candidates[i], quiet, findings, list);
        }
        merge_sites(order, quiets, list);
    }
    free(quiets);
    free(candidates);
    free(moving);
}

bool dp_order_is_moving(const struct dp *dp, int64_t now)
{
    const struct dp_message *message = dp_message_find(dp->message_id);
    return message != NULL && message->message_class == DP_MESSAGE_PROGRESS && dp_message_speaks(dp) &&
           !dp_message_state_is_error(dp->message_state) && dp->message_date > 0 &&
           now - dp->message_date < MOVING_S;
}

static void judge_by_order(const struct dp_order *order, const struct thresholds *thresholds, size_t index,
                           bool moving, struct item *item)
{
    const bool slow = item->allowance_s > 0 && item->age_s <= item->allowance_s;
    if (item->excused || item->item_class != ITEM_PENDING)
        return;
    const enum status status =
        !slow && !moving && order->order.result.verdicts[index].reason != ORDER_NONE
            ? STATUS_CRITICAL
            : siteorder_judge_retried(&order->order, index, thresholds, item->failed_age_s);
    item->status = status_worse(item->status, status);
    item->stuck = item->stuck || status != STATUS_OK;
}

void dp_order_judge(struct dp_order *order, const struct siterun *run, struct findings *findings,
                    struct dp_list *list)
{
    for (size_t i = 0; i < findings->count && order->order.judged; i++)
        judge_by_order(order, &run->check->options.thresholds, i,
                       dp_order_is_moving(&list->dps[i], run->db.clock.utc), &findings->items[i]);
    find_standstills(order, run, findings, list);
    for (size_t i = 0; i < findings->count; i++) {
        struct item *item = &findings->items[i];
        const struct dp *dp = &list->dps[i];
        if (dp->server->number >= order->standstill_count || !waits(item, dp))
            continue;
        const struct dp_standstill *standstill = &order->standstills[dp->server->number];
        if (standstill->item == item)
            item->news = standstill->news;
        if (standstill->item == NULL || standstill->item == item)
            continue;
        item->folded = true;
        item->stuck = false;
        item->status = STATUS_OK;
    }
}

const struct dp_standstill *dp_order_standstill(const struct dp_order *order, const struct item *item,
                                                const struct dp *dp)
{
    if (order == NULL || dp->server->number >= order->standstill_count)
        return NULL;
    const struct dp_standstill *standstill = &order->standstills[dp->server->number];
    return standstill->item == item ? standstill : NULL;
}

void dp_order_add_words(const struct dp_order *order, size_t finding, bool moving, struct text *line)
{
    const struct siteorder *base = &order->order;
    if (!base->judged || finding >= base->run.pair_count)
        return;
    if (base->result.items[finding].any != 0 && !moving)
        siteorder_add_words(base, finding, line);
    else
        siteorder_add_failure(base, finding, line);
}

void dp_order_free(struct dp_order *order)
{
    siteorder_free(&order->order);
    for (size_t i = 0; i < order->code_count; i++)
        free(order->codes[i]);
    free(order->codes);
    for (size_t i = 0; i < order->standstill_count; i++)
        free(order->standstills[i].news);
    free(order->standstills);
    *order = (struct dp_order){0};
}
