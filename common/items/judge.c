// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/judge.h"

#include "items/known.h"
#include "items/minrate.h"

#include <string.h>

void judge_item(struct item *item, const struct thresholds *thresholds, const struct rate_list *rates,
                const struct known_list *known, int64_t now)
{
    const struct range *warning = &thresholds->warning, *critical = &thresholds->critical;
    if (item->item_class == ITEM_FAILED) {
        warning = &thresholds->failed_warning;
        critical = &thresholds->failed_critical;
    } else {
        item->allowance_s = rate_list_allowance_s(
            rates, item->site, item->queue_bytes > 0 ? item->queue_bytes : item->size_bytes);
    }
    struct range slow_warning = range_extended(warning, item->allowance_s);
    struct range slow_critical = range_extended(critical, item->allowance_s);
    item->stuck = !item->excused && range_alerts(&slow_warning, item->age_s);
    item->status = item->excused                               ? STATUS_OK
                   : range_alerts(&slow_critical, item->age_s) ? STATUS_CRITICAL
                   : item->stuck                               ? STATUS_WARNING
                                                               : STATUS_OK;
    item->known =
        known_list_mutes(known, item->package, item->place, now, &item->known_until) ||
        known_list_mutes(known, item->package, item->site, now, &item->known_until) ||
        /* What has no package bears the name of its place: "S03", whose instructions are refused. */
        known_list_mutes(known, item->package, item->package, now, &item->known_until);
}

void tally_item(const struct item *item, struct tally *tally)
{
    if (item->left_out)
        return;
    if (item->known) {
        tally->known++;
        return;
    }
    int64_t *number = item->item_class == ITEM_FAILED ? &tally->failed : &tally->pending;
    int64_t *oldest = item->item_class == ITEM_FAILED ? &tally->oldest_failed_s : &tally->oldest_s;
    ++*number;
    if (item->age_s > *oldest && !item->excused)
        *oldest = item->age_s;
    tally->stuck += item->stuck;
    tally->outstanding_bytes += item->size_bytes;
    tally->fresh += item->is_new;
    if (!item->told)
        tally->status = status_worse(tally->status, item->status);
    if (tally->worst == NULL || item_compare(item, tally->worst) < 0)
        tally->worst = item;
}

void tally_items(const struct item *items, size_t count, struct tally *tally)
{
    *tally = (struct tally){.status = STATUS_OK};
    for (size_t i = 0; i < count; i++)
        tally_item(&items[i], tally);
}

int item_compare(const struct item *a, const struct item *b)
{
    if (a->folded != b->folded)
        return a->folded ? 1 : -1;
    if (a->known != b->known)
        return a->known ? 1 : -1;
    if (a->told != b->told)
        return a->told ? 1 : -1;
    if (a->status != b->status)
        return status_worse(a->status, b->status) == a->status ? -1 : 1;
    if (a->age_s != b->age_s)
        return a->age_s > b->age_s ? -1 : 1;
    return strcmp(a->key, b->key);
}
