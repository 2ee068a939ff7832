// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/siteorder.h"

#include "items/known.h"
#include "items/minrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int by_code(const void *a, const void *b)
{
    return strcasecmp(((const struct order_hop *)a)->code, ((const struct order_hop *)b)->code);
}

static int make_hops(struct siteorder *order, const struct siterun *run, const struct sitedb_filter *filter)
{
    const struct sitedb *db = &run->db;
    order->hops = calloc(db->site_count + 1, sizeof *order->hops);
    if (order->hops == NULL)
        return -1;
    for (size_t i = 0; i < db->site_count; i++) {
        const struct site *site = &db->sites[i];
        if (strcasecmp(site->code, db->owner) == 0)
            continue;
        order->hops[order->hop_count++] = (struct order_hop){
            .code = site->code,
            .parent = strcasecmp(site->parent, db->owner) == 0 ? "" : site->parent,
            .active = site_is_active(site),
            .covered = sitedb_filter_selects(
                &(struct sitedb_filter){.sites = filter->sites, .exclude_sites = filter->exclude_sites}, "",
                site->code),
            .rate = rate_list_bytes_per_hour(&run->check->look.rates, site->code)};
    }
    qsort(order->hops, order->hop_count, sizeof *order->hops, by_code);
    /* A read without locks may give a site twice. */
    size_t kept = 0;
    for (size_t i = 0; i < order->hop_count; i++)
        if (kept == 0 || by_code(&order->hops[kept - 1], &order->hops[i]) != 0)
            order->hops[kept++] = order->hops[i];
    order->hop_count = kept;
    return 0;
}

int siteorder_look(const struct siterun *run, struct order_memory *memory, struct failure *failure)
{
    const struct site_check *check = run->check;
    struct text identity = {0};
    struct failure none;
    struct statefile *file = NULL;
    sitedb_identity(&run->db, &check->database.settings, &identity);
    int result = statefile_look_own(check_state_directory(&check->options), check->check.program->name,
                                    text_string(&identity), &memory_schema, check_lock_wait_ms(run->worker),
                                    worker_trace(run->worker), &file, failure);
    if (file != NULL && order_memory_load_sites(file, memory, &none) != 0)
        order_memory_free(memory);
    statefile_close(file);
    text_free(&identity);
    return result;
}

static bool needs_newest(const struct siteorder *order, const struct order_memory *memory)
{
    size_t known =
        0; /* those of which a run has seen an arrival: the others' newest date tells whether they get any */
    for (size_t i = 0; i < memory->site_count; i++)
        known += memory->sites[i].prev != 0 && memory->sites[i].arrived > 0;
    size_t covered = 0;
    for (size_t i = 0; i < order->hop_count; i++)
        covered += order->hops[i].covered && order->hops[i].active;
    return known < covered;
}

int siteorder_begin(struct siteorder *order, const struct siterun *run, const struct sitedb_filter *filter,
                    struct pair_question *question, struct failure *failure)
{
    struct order_memory memory = {0};
    if (make_hops(order, run, filter) != 0)
        return fail(failure, "out of memory");
    if (siteorder_look(run, &memory, failure) != 0)
        return -1;
    int result = order_reading_find(&order->reading, order->hops, order->hop_count, memory.sites,
                                    memory.site_count, run->db.clock.utc);
    question->since = order->reading.since;
    question->quiet_since = order->reading.quiet_since;
    question->quiet = order->reading.quiet;
    question->newest = needs_newest(order, &memory);
    order_memory_free(&memory);
    return result == 0 ? 0 : fail(failure, "out of memory");
}

/* Each site's newest date, where it was asked. */
static void take_newest(struct siteorder *order, const struct siterun *run, const struct pair_scan *scan)
{
    for (size_t i = 0; i < run->db.site_count && order->hop_count > 0; i++) {
        struct order_hop *hop = bsearch(&(struct order_hop){.code = run->db.sites[i].code}, order->hops,
                                        order->hop_count, sizeof *hop, by_code);
        if (hop != NULL && scan->sites[i].newest > hop->newest)
            hop->newest = scan->sites[i].newest;
    }
}

static int make_rows(struct siteorder *order, const struct siterun *run, const struct findings *findings,
                     const struct pair_scan *scan)
{
    const struct pair_list *pairs = &scan->pairs;
    order->rows = calloc(scan->arrivals.count + 1, sizeof *order->rows);
    order->pairs = calloc(pairs->count + 1, sizeof *order->pairs);
    if (order->rows == NULL || order->pairs == NULL)
        return -1;
    for (size_t i = 0; i < scan->arrivals.count; i++) {
        const struct arrival *arrival = &scan->arrivals.arrivals[i];
        order->rows[i] = (struct order_arrival){.package = arrival->package,
                                                .site = arrival->site,
                                                .version = arrival->version,
                                                .updated = arrival->updated,
                                                .priority = arrival->priority};
    }
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *pair = &pairs->pairs[i];
        const struct item *item = &findings->items[i];
        int64_t until;
        const bool accepted = known_list_mutes(&run->check->options.known, pair->package, pair->site,
                                               findings->clocks.host, &until);
        order->pairs[i] = (struct order_pair){.package = pair->package,
                                              .site = pair->site,
                                              .key = strchr(item->key, '/') + 1,
                                              .has_status = pair->has_status,
                                              .never_sent = pair->kind == PAIR_NEVER_SENT,
                                              .status = pair->status,
                                              .held = pair->held,
                                              .wanted = pair->wanted,
                                              .size_bytes = pair->size_bytes,
                                              .priority = pair->priority,
                                              .aside = item->left_out || accepted,
                                              .accepted = accepted && !item->left_out};
    }
    return 0;
}

/* "S02 silent": what a silence is told as, whatever item stands for it. */
static int name_news(struct siteorder *order)
{
    order->news = calloc(order->hop_count + 1, sizeof *order->news);
    for (size_t i = 0; i < order->hop_count && order->news != NULL; i++)
        if (order->result.silences[i].silent &&
            asprintf(&order->news[i], "%s silent", order->hops[i].code) < 0)
            return -1;
    return order->news != NULL ? 0 : -1;
}

int siteorder_remember(struct siteorder *order, const struct siteorder_options *options,
                       const struct siterun *run, struct findings *findings, const struct pair_scan *scan,
                       struct failure *failure)
{
    struct failure problem;
    struct recall *recall = &findings->recall;
    if (make_rows(order, run, findings, scan) != 0)
        return fail(failure, "out of memory");
    take_newest(order, run, scan);
    /* Without its memory every run is the first. */
    if (order_memory_load(recall->file, &order->memory, &problem) != 0) {
        order_memory_free(&order->memory);
        recall_note_trouble(recall, &problem);
    }
    order->run = (struct order_run){.now = findings->clocks.host,
                                    .database_now = findings->clocks.database,
                                    .silent_critical_s = options->silent_critical_s,
                                    .failed_critical = &run->check->options.thresholds.failed_critical,
                                    .pairs = order->pairs,
                                    .pair_count = scan->pairs.count,
                                    .arrivals = order->rows,
                                    .arrival_count = scan->arrivals.count,
                                    .reading = &order->reading,
                                    .hops = order->hops,
                                    .hop_count = order->hop_count};
    if (order_judge(&order->run, order->memory.items, order->memory.item_count, order->memory.sites,
                    order->memory.site_count, &order->result) != 0)
        return fail(failure, "out of memory");
    if (name_news(order) != 0)
        return fail(failure, "out of memory");
    order->judged = true;
    if (order_memory_store(recall->file, "version/", &order->run, &order->result, &problem) != 0)
        recall_note_trouble(recall, &problem);
    for (size_t i = 0; i < findings->count; i++)
        findings->items[i].queue_bytes = order->result.verdicts[i].queue_bytes;
    return 0;
}

static bool is_judged_by_age(const struct siteorder *order, size_t index, const struct item *item)
{
    return order->result.items[index].inherited || order->pairs[index].never_sent ||
           item->item_class == ITEM_FAILED;
}

bool siteorder_is_retried(const struct siteorder *order, size_t index)
{
    const struct order_item *item = &order->result.items[index];
    return item->failed != 0 && item->failed_last != 0 &&
           order->run.now - item->failed_last < order_retry_s(item);
}

enum status siteorder_judge_retried(const struct siteorder *order, size_t index,
                                    const struct thresholds *thresholds, int64_t failed_s)
{
    if (order->result.verdicts[index].failed)
        return STATUS_CRITICAL;
    if (!siteorder_is_retried(order, index))
        return STATUS_OK;
    return range_alerts(&thresholds->failed_critical, failed_s)  ? STATUS_CRITICAL
           : range_alerts(&thresholds->failed_warning, failed_s) ? STATUS_WARNING
                                                                 : STATUS_OK;
}

/*
 * The distribution manager sends to a new site one package after the other. While it sends others that are wanted for at least
 * as long, nobody can say that it has forgotten this one.
 */
static enum status judge_never_sent(const struct siteorder *order, size_t index,
                                    const struct thresholds *thresholds, const struct item *item)
{
    const struct order_item *remembered = &order->result.items[index];
    const int64_t hop = order->result.verdicts[index].hop;
    const struct order_site *site = hop >= 0 ? &order->result.sites[hop] : NULL;
    if (site == NULL || site->begun == 0 || site->begun_since > remembered->since)
        return item->status;
    const struct range warning = range_extended(&thresholds->warning, item->allowance_s);
    const struct range critical = range_extended(&thresholds->critical, item->allowance_s);
    const int64_t since_s = order->run.now - site->begun;
    const int64_t age_s = since_s < item->age_s ? since_s : item->age_s;
    return range_alerts(&critical, age_s)  ? STATUS_CRITICAL
           : range_alerts(&warning, age_s) ? STATUS_WARNING
                                           : STATUS_OK;
}

/* What age still decides: what was never sent, or was there before any run, and where the operator asks for it. */
static enum status judge_age(const struct siteorder *order, size_t index, const struct thresholds *thresholds,
                             const struct item *item)
{
    const struct order_item *remembered = &order->result.items[index];
    const enum status retried = siteorder_judge_retried(order, index, thresholds, item->failed_age_s);
    if (order->pairs[index].never_sent && item->item_class != ITEM_FAILED)
        return status_worse(judge_never_sent(order, index, thresholds, item), retried);
    if (is_judged_by_age(order, index, item))
        return status_worse(item->status, retried);
    if (siteorder_is_retried(order, index))
        return retried;
    struct range warning = range_extended(&thresholds->warning, item->allowance_s);
    struct range critical = range_extended(&thresholds->critical, item->allowance_s);
    if (remembered->sent == 0 && remembered->passed != 0) {
        /* An order begins with the sending: of what was never seen as sent nobody can say when it was overtaken, only that
         * what was sent after it was wanted has come. Until then the link has not got to it. */
        int64_t age_s = order->run.now - remembered->since;
        if (range_alerts(&critical, age_s < item->age_s ? age_s : item->age_s))
            return STATUS_CRITICAL;
    }
    return !warning.by_default && range_alerts(&warning, item->age_s) ? STATUS_WARNING : STATUS_OK;
}

void siteorder_judge(const struct siteorder *order, const struct siteorder_options *options,
                     const struct thresholds *thresholds, struct findings *findings)
{
    if (!order->judged || !options->by_order)
        return;
    for (size_t i = 0; i < findings->count; i++) {
        struct item *item = &findings->items[i];
        const struct order_verdict *verdict = &order->result.verdicts[i];
        item->status = status_worse(judge_age(order, i, thresholds, item), verdict->status);
        if (verdict->silent) {
            item->news = order->news[verdict->hop];
            item->news_since = order->result.silences[verdict->hop].page;
        }
        /* What failed has told so itself: nothing above it stands for that. */
        if (verdict->folded >= 0 && verdict->status == STATUS_OK && !item->known &&
            !siteorder_is_retried(order, i) && item->item_class != ITEM_FAILED &&
            !findings->items[verdict->folded].left_out) {
            item->folded = true;
            item->stuck = false;
            item->status = STATUS_OK;
        } else if (!is_judged_by_age(order, i, item) || order->pairs[i].never_sent) {
            item->stuck = item->status != STATUS_OK;
        } else {
            item->stuck = item->stuck || verdict->status != STATUS_OK;
        }
    }
}

const char *siteorder_state(const struct siteorder *order, size_t index)
{
    const struct order_verdict *verdict = &order->result.verdicts[index];
    if (verdict->silent)
        return "silent";
    if (verdict->reason != ORDER_NONE)
        return order_reason_name(verdict->reason);
    return order->result.items[index].sent != 0 ? "waits" : NULL;
}

int64_t siteorder_overtaken(const struct siteorder *order, const struct findings *findings)
{
    int64_t count = 0;
    for (size_t i = 0; i < findings->count && order->judged; i++) {
        const struct item *item = &findings->items[i];
        count += order->result.verdicts[i].reason != ORDER_NONE && !item->known && !item->left_out;
    }
    return count;
}

int64_t siteorder_silent(const struct siteorder *order, const struct findings *findings)
{
    int64_t count = 0;
    for (size_t i = 0; i < findings->count && order->judged; i++)
        count +=
            order->result.verdicts[i].silent && !findings->items[i].known && !findings->items[i].left_out;
    return count;
}

void siteorder_free(struct siteorder *order)
{
    order_memory_free(&order->memory);
    order_result_free(&order->result);
    order_reading_free(&order->reading);
    for (size_t i = 0; i < order->hop_count && order->news != NULL; i++)
        free(order->news[i]);
    free(order->news);
    free(order->hops);
    free(order->rows);
    free(order->pairs);
    *order = (struct siteorder){0};
}
