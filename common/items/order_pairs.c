// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/private.h"

#include "base/number.h"

#include <stdio.h>

bool order_is_good(const struct order_pair *pair)
{
    return pair->has_status && (pair->status == 0 || pair->status == 2 || pair->status == 3);
}

static bool is_failed(const struct order_pair *pair)
{
    return pair->has_status && (pair->status == 4 || pair->status == 5);
}

static void start_anew(struct order_item *item, int64_t now)
{
    item->since = now;
    item->sent = item->over = item->any = item->passed = 0;
    item->failed = item->failed_last = item->failed_s = item->retry_s = 0;
    item->reason = ORDER_NONE;
    item->by[0] = '\0';
}

int64_t order_oldest_sending(const struct order_item *item)
{
    return item->earliest != 0 ? item->earliest : item->sent != 0 ? item->sent : item->since;
}

/* It moved, and more of it is outstanding: that was not sent later than what came. */
static void move_on(struct order_item *item, int64_t now)
{
    item->earliest = order_oldest_sending(item);
    start_anew(item, now);
    item->inherited = item->missed = false;
}

/*
 * An older version was sent from the site above, and something tells that it has not come: what was sent later has, or it
 * failed. The newer one takes its place, and is no movement. (Without such a proof it may have come between two runs.)
 */
static bool is_under_way(const struct order_item *item)
{
    return item->any != 0 || item->over != 0 || item->passed != 0 || item->failed != 0;
}

bool order_has_risen(const struct order_item *known, int64_t version)
{
    return known->held >= 0 ? version > known->held : version > 0 && known->sent != 0;
}

bool order_waits_above(const struct order_item *item)
{
    return item->below && item->sent == 0;
}

/* The site above lacks the wanted version; older ones may be on their way, unseen. */
static void wait_above(struct order_item *item)
{
    if (is_under_way(item))
        return;
    if (!item->below)
        item->earliest = order_oldest_sending(item);
    start_anew(item, item->since);
}

/* The site above has it now and sends it; when it sent older ones, nobody saw. */
static void come_down(struct order_item *item, int64_t now)
{
    if (!is_under_way(item)) {
        item->earliest = order_oldest_sending(item);
        start_anew(item, now);
    }
    item->raised = now;
    item->raised_from = item->wanted - 1;
}

/* Once all that was wanted before has come, only the raised version is outstanding. */
static void note_wanted(struct order_item *item, int64_t wanted, int64_t now)
{
    if (item->wanted != 0 && wanted > item->wanted) {
        if (item->raised != 0 && item->held >= item->raised_from)
            item->earliest = item->raised;
        item->raised = now;
        item->raised_from = item->wanted;
    } else if (wanted < item->wanted) {
        item->raised = item->raised_from = 0;
    }
    item->wanted = wanted;
}

/* What was sent and not confirmed is no version that the site holds. */
static int64_t held_at_first(const struct order_pair *pair)
{
    return order_is_good(pair) || pair->held == 0 ? pair->held : -1;
}

static struct order_item recall_item(const struct order_item *known, const struct order_pair *pair,
                                     int64_t now)
{
    struct order_item item = {.since = now, .held = held_at_first(pair), .row = ORDER_ROW_NULL};
    if (known != NULL)
        item = *known;
    item.key = (char *)pair->key;
    if (item.over > now + ORDER_GAP_S || item.any > now + ORDER_GAP_S) /* a clock that was wrong saw it */
        item.over = item.any = 0;
    int64_t *const times[] = {&item.since,       &item.sent,   &item.over,     &item.any,   &item.failed,
                              &item.failed_last, &item.raised, &item.earliest, &item.passed};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        clamp(times[i], now);
    return item;
}

int64_t order_retry_s(const struct order_item *item)
{
    return larger(ORDER_RETRY_S, 2 * item->retry_s);
}

/* What fails is tried again; it is well when it has not failed for longer than a gap. @param prev  the last run */
static void note_failure(struct order_item *item, bool failed, int64_t prev, int64_t now)
{
    if (failed) {
        item->failed = item->failed != 0 ? item->failed : now;
        if (item->failed_last != 0)
            item->retry_s = larger(item->retry_s, now - item->failed_last);
        item->failed_last = 0;
        return;
    }
    if (item->failed == 0)
        return;
    if (item->failed_last == 0) {
        item->failed_last = larger(prev, item->failed);
        item->failed_s = larger(item->failed_s, item->failed_last - item->failed);
    }
    if (now - item->failed_last > larger(ORDER_GAP_S, order_retry_s(item)))
        item->failed = 0;
}

static int64_t failed_for(const struct order_item *item, int64_t now)
{
    const bool fails = item->failed != 0 && item->failed_last == 0;
    return fails ? larger(item->failed_s, now - item->failed) : item->failed_s;
}

static int64_t row_of(const struct order_pair *pair)
{
    return pair->never_sent ? ORDER_ROW_NONE : pair->has_status ? pair->status : ORDER_ROW_NULL;
}

/* Its version was set to 0, or once more while a whole copy was on its way: the repair sets Status 2 with it. */
static bool is_reset(const struct order_pair *pair, const struct order_item *item)
{
    return pair->held == 0 && (item->held != 0 || (item->row == 1 && row_of(pair) == 2));
}

void order_note_begun(struct order_site *site, const struct order_item *item, int64_t now)
{
    /* Of those that one run saw: the one that waited least speaks for the fewest others. */
    if (site->begun == now && site->begun_since > item->since)
        return;
    site->begun = now;
    site->begun_since = item->since;
}

static void update_item(struct judging *judging, size_t index)
{
    const int64_t now = judging->run->now;
    const struct order_pair *pair = &judging->run->pairs[index];
    const struct order_item *known = judging->known[index];
    struct order_item *item = &judging->result->items[index];
    const int64_t hop = judging->result->verdicts[index].hop;
    *item = recall_item(known, pair, now);
    if (hop >= 0 && judging->places[hop].first && known == NULL)
        item->inherited = true;
    if (hop >= 0 && judging->places[hop].returned) {
        start_anew(item, now);
        item->earliest = item->raised = item->raised_from = 0;
        item->inherited = false;
    }
    const int64_t arrived = judging->own_arrival[index];
    if ((arrived > 0 && arrived > item->held) || is_reset(pair, item) || pair->renewed)
        move_on(item, now);
    if (order_is_good(pair) || pair->held == 0)
        item->held = pair->held;
    else if (arrived > 0) /* another row of the pair; touched again it is no movement */
        item->held = larger(item->held, arrived);
    item->row = row_of(pair);
    if (hop >= 0 && known != NULL && known->row == ORDER_ROW_NONE && !pair->never_sent)
        order_note_begun(&judging->result->sites[hop], known, now);
    note_wanted(item, pair->wanted, now);
    note_failure(item, is_failed(pair), hop >= 0 ? judging->result->sites[hop].prev : now, now);
}

/*
 * Which version the nearest site above has, as far as it confirmed one. An arrival that no run saw is taken for an accident;
 * where a second version comes to that site while this one confirms nothing, it misses them.
 *
 * @param lacking  that site's pair, -1 where no site above lacks the package
 */
static void note_above(const struct judging *judging, size_t index, int64_t lacking)
{
    struct order_item *item = &judging->result->items[index];
    int64_t above = item->wanted;
    if (lacking >= 0) {
        const struct order_pair *pair = &judging->run->pairs[lacking];
        const struct order_item *known = judging->known[lacking];
        above = order_is_good(pair) || pair->held == 0 ? pair->held
                : known != NULL && known->held >= 0    ? known->held
                                                       : item->above;
    }
    item->missed = item->missed || (item->above > 0 && item->above > item->held && above > item->above);
    item->above = above;
}

/* Does the nearest site above, though it lacks the wanted version, have one that this site goes on missing? That is on its way
 * on this link, or lost there, however far that site is behind itself. */
static bool is_missed_here(const struct judging *judging, size_t index, int64_t lacking)
{
    const struct order_item *item = &judging->result->items[index];
    const struct order_pair *pair = &judging->run->pairs[index];
    if (item->inherited && pair->has_status && pair->status == 1 && pair->held > 0)
        return pair->held < judging->run->pairs[lacking].held; /* sent before what that site waits for */
    return item->missed && item->above > item->held;
}

/* Where the package is missing at a site above as well, it is not on its way on this link yet. */
static void find_hop_above(struct judging *judging, size_t index)
{
    const struct order_run *run = judging->run;
    const struct order_pair *pair = &run->pairs[index];
    struct order_item *item = &judging->result->items[index];
    struct order_verdict *verdict = &judging->result->verdicts[index];
    bool missing = false, looked = false;
    char key[ORDER_KEY_BYTES];
    int64_t at = verdict->hop, lacking = -1;
    for (int up = 0; up < MOST_HOPS_UP && at >= 0 && (at = judging->places[at].parent) >= 0; up++) {
        if (!run->hops[at].active) {
            missing = missing || item->below; /* nothing of it is looked at */
        } else if (run->hops[at].covered) {
            int64_t above = order_find_pair(judging, order_make_key(pair->package, run->hops[at].code, key));
            looked = true;
            if (above >= 0 && above != (int64_t)index) {
                lacking = lacking < 0 ? above : lacking;
                verdict->folded = above;
                missing = true;
            }
        } else if (run->now - judging->result->sites[at].prev <= ORDER_GAP_S) {
            missing = missing || order_find_item(
                                     judging, order_make_key(pair->package, run->hops[at].code, key)) != NULL;
        }
    }
    if (looked)
        note_above(judging, index, lacking);
    if (lacking >= 0 && is_missed_here(judging, index, lacking)) {
        verdict->folded = -1;
        missing = false;
    }
    if (is_failed(pair))
        verdict->folded = -1;
    if (missing)
        wait_above(item);
    else if (item->below)
        come_down(item, run->now);
    item->below = missing;
}

/* What its own size may take at the rate that the operator gives, in seconds: whatever passes it meanwhile, it may be slow. */
static int64_t allowance_s(const struct judging *judging, size_t index)
{
    const int64_t hop = judging->result->verdicts[index].hop;
    return hop < 0 ? 0 : order_time_at(judging->run->pairs[index].size_bytes, judging->run->hops[hop].rate);
}

/* By the clock of the link: for how long has it been overtaken, beyond its allowance? @param since  `over` or `any`; -1: not
 * at all */
static int64_t overtaken_for(const struct judging *judging, size_t index, int64_t since)
{
    const struct order_item *item = &judging->result->items[index];
    const int64_t last = judging->result->sites[judging->result->verdicts[index].hop].last;
    return since == 0 ? -1 : last - larger(since, item->sent + allowance_s(judging, index));
}

/* Lost, by what has overtaken it? */
static enum order_reason find_reason(const struct judging *judging, size_t index)
{
    const struct order_item *item = &judging->result->items[index];
    const bool known = order_priority(judging->run->pairs[index].priority) != 0;
    const int64_t waited_s = item->any - item->sent; /* when it was overtaken */
    if (item->over != 0 &&
        overtaken_for(judging, index, item->over) >= ORDER_OVERTAKEN_S + (item->over - item->sent))
        return ORDER_OVERTAKEN;
    const int64_t patience_s = known ? ORDER_OVERTAKEN_ANY_S + waited_s
                                     : ORDER_OVERTAKEN_UNKNOWN_S + ORDER_UNKNOWN_FACTOR * waited_s;
    return item->any != 0 && overtaken_for(judging, index, item->any) >= patience_s ? ORDER_OVERTAKEN_ANY
                                                                                    : ORDER_NONE;
}

static void overtake(struct judging *judging, size_t index)
{
    const struct order_pair *pair = &judging->run->pairs[index];
    struct order_item *item = &judging->result->items[index];
    const int64_t now = judging->run->now, hop = judging->result->verdicts[index].hop;
    const int64_t priority = order_priority(pair->priority);
    if (order_waits_above(item) || hop < 0)
        return;
    if (pair->has_status && pair->status == 1 && item->sent == 0)
        item->sent = now;
    const struct place *place = &judging->places[hop];
    if (item->sent == 0) {
        if (item->passed == 0 && place->any.sent > (item->raised != 0 ? item->raised : item->since))
            item->passed = now;
        return;
    }
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
    /* Patience runs only while the link moves: by the last arrival, not by now. */
    if (item->reason == ORDER_NONE)
        item->reason = find_reason(judging, index);
}

/* What is lost stays lost, but not for a service whose rate allows it still. */
static bool is_allowed(const struct judging *judging, size_t index)
{
    const struct order_item *item = &judging->result->items[index];
    return judging->result->verdicts[index].hop >= 0 && (item->over != 0 || item->any != 0) &&
           find_reason(judging, index) == ORDER_NONE;
}

static void judge_pair(struct judging *judging, size_t index)
{
    struct order_verdict *verdict = &judging->result->verdicts[index];
    const struct order_item *item = &judging->result->items[index];
    verdict->queue_since = item->sent != 0 ? item->sent : item->since;
    verdict->reason = is_allowed(judging, index) ? ORDER_NONE : (enum order_reason)item->reason;
    const int64_t failed_s = failed_for(item, judging->run->now);
    verdict->failed = failed_s > 0 && range_alerts(judging->run->failed_critical, failed_s);
    if (verdict->hop < 0)
        return;
    if (verdict->reason != ORDER_NONE || verdict->failed)
        verdict->status = STATUS_CRITICAL;
    else if (overtaken_for(judging, index, item->over) >= ORDER_WARNING_S ||
             overtaken_for(judging, index, item->any) >= ORDER_WARNING_S)
        verdict->status = STATUS_WARNING;
}

void order_judge_pair(struct judging *judging, size_t index)
{
    update_item(judging, index);
    find_hop_above(judging, index);
    overtake(judging, index);
    judge_pair(judging, index);
}
