// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/private.h"

#include "base/number.h"

#include <stdio.h>

static bool later_date(int64_t updated, int64_t mark, const struct order_run *run)
{
    return updated > mark && updated <= run->database_now + ORDER_FUTURE_S;
}

/* A site that appears while others are remembered is new: nothing of it was there before. */
static struct order_site begin_site(const struct order_run *run, const struct order_site *sites, size_t count,
                                    const char *code)
{
    struct order_site site = {.code = code, .last = run->now};
    for (size_t i = 0; i < count; i++) {
        site.prev = larger(site.prev, sites[i].prev);
        site.mark = larger(site.mark, sites[i].mark);
    }
    site.mark = larger(site.mark - ORDER_MARK_S, 0);
    return site;
}

void order_begin_sites(struct judging *judging, const struct order_site *sites, size_t count)
{
    const struct order_run *run = judging->run;
    for (size_t i = 0; i < run->hop_count; i++) {
        const struct order_hop *hop = &run->hops[i];
        const struct order_site *known = order_find_site(sites, count, hop->code);
        struct order_site *site = &judging->result->sites[i];
        struct place *place = &judging->places[i];
        *site = known != NULL ? *known : begin_site(run, sites, count, hop->code);
        place->parent = order_find_hop(run, hop->parent);
        if (!hop->active) {
            site->off = 1;
            continue;
        }
        if (!hop->covered)
            continue;
        place->first = site->prev == 0 ||
                       (known != NULL && !order_reading_covers(run->reading, known, run->database_now));
        place->back = run->now < site->prev;
        const bool was_off = site->off != 0;
        place->returned = was_off && run->now - site->prev > ORDER_GAP_S;
        site->off = 0;
        if (site->mark > run->database_now + ORDER_FUTURE_S) /* the server's clock was wrong */
            site->mark = run->database_now;
        const int64_t jump = site->prev - run->now;
        int64_t *const times[] = {&site->last, &site->quiet, &site->page, &site->prev, &site->gap_end};
        for (size_t t = 0; t < sizeof times / sizeof *times; t++)
            clamp(times[t], run->now);
        if (place->returned || place->first) {
            site->last = site->quiet = run->now;
            site->page = site->pages = site->gap = 0;
        } else if (jump > ORDER_GAP_S || -jump > ORDER_GAPS_MOST_S) {
            site->quiet =
                run->now; /* a clock that was wrong, or nobody looked: silence is counted from here */
            site->gap = 0;
        } else if (run->now - site->prev > ORDER_GAP_S || was_off) {
            site->gap += run->now - site->prev;
            clamp(&site->gap, ORDER_GAPS_MOST_S);
            site->gap_end = run->now;
        }
    }
}

static void take_latest(struct sending *latest, int64_t sent, const char *package)
{
    if (sent > latest->sent)
        *latest = (struct sending){sent, package};
}

/*
 * When was a version sent? Not before it was wanted, and not before the site above had it: what was not pending, or not
 * that high, in the run before was sent after it. Of those that were wanted at once any may come first.
 */
static int64_t sending_time(const struct order_item *item, const struct order_site *site, int64_t version,
                            int64_t now)
{
    int64_t sent;
    if (item == NULL || (item->wanted != 0 && version > item->wanted) ||
        (item->below && version >= item->wanted))
        sent = site->prev;
    else if (!item->below && item->raised != 0 && version > item->raised_from)
        sent = item->raised;
    else
        sent = order_oldest_sending(item);
    clamp(&sent, now);
    return sent;
}

/* What arrived counts once, whether its date told so, or that it was pending in the run before. @param item  NULL: it was not
 * pending then */
static void take(struct judging *judging, size_t at, const struct order_item *item,
                 const struct order_arrival *arrival)
{
    const struct order_run *run = judging->run;
    struct order_site *site = &judging->result->sites[at];
    struct place *place = &judging->places[at];
    if (item != NULL && judging->taken[item - judging->remembered])
        return;
    if (item != NULL)
        judging->taken[item - judging->remembered] = true;
    site->last = run->now;
    site->page = site->pages = site->gap = 0;
    site->arrived++;
    site->late += item != NULL && item->reason != ORDER_NONE;
    if (item != NULL && item->row == ORDER_ROW_NONE)
        order_note_begun(site, item, run->now);
    snprintf(site->newest, sizeof site->newest, "%s", arrival->package);
    if (place->back)
        return;
    int64_t sent = sending_time(item, site, arrival->version, run->now);
    take_latest(&place->any, sent, arrival->package);
    for (int64_t p = 1; p <= order_priority(arrival->priority); p++)
        take_latest(&place->over[p], sent, arrival->package);
}

void order_take_arrival(struct judging *judging, const struct order_arrival *arrival, int64_t *marks)
{
    const struct order_run *run = judging->run;
    int64_t at = order_find_hop(run, arrival->site);
    if (at < 0 || !run->hops[at].covered || !run->hops[at].active)
        return;
    const bool dated = later_date(arrival->updated, judging->result->sites[at].mark, run);
    if (dated)
        marks[at] = larger(marks[at], arrival->updated);
    if (judging->places[at].first || (!dated && arrival->updated != 0))
        return;
    char key[ORDER_KEY_BYTES];
    order_make_key(arrival->package, arrival->site, key);
    int64_t pair = order_find_pair(judging, key);
    if (pair >= 0)
        judging->own_arrival[pair] = larger(judging->own_arrival[pair], arrival->version);
    const struct order_item *item = pair >= 0 ? judging->known[pair] : order_find_item(judging, key);
    if (dated || (item != NULL && order_has_risen(item, arrival->version)))
        take(judging, (size_t)at, item, arrival);
}

void order_take_movement(struct judging *judging, size_t index)
{
    const struct order_run *run = judging->run;
    const struct order_pair *pair = &run->pairs[index];
    const struct order_item *known = judging->known[index];
    const int64_t hop = judging->result->verdicts[index].hop;
    if (hop < 0 || known == NULL || !run->hops[hop].covered || !run->hops[hop].active ||
        judging->places[hop].first || !order_is_good(pair) || !order_has_risen(known, pair->held))
        return;
    const struct order_arrival arrival = {
        .package = pair->package, .site = pair->site, .version = pair->held, .priority = pair->priority};
    take(judging, (size_t)hop, known, &arrival);
    judging->own_arrival[index] = larger(judging->own_arrival[index], pair->held);
}

void order_move_marks(struct judging *judging, const int64_t *marks)
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
