// SPDX-License-Identifier: GPL-3.0-or-later
/* The part of order.h that judges a site as a whole: its queue and its silence. */
#include "items/private.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DOUBLINGS = 20 };

int64_t order_time_at(int64_t bytes, int64_t rate)
{
    return rate > 0 ? (int64_t)((double)bytes / (double)rate * ORDER_HOUR) : 0;
}

int order_compare_queue(const void *a, const void *b, void *context)
{
    const struct judging *judging = context;
    size_t i = *(const size_t *)a, k = *(const size_t *)b;
    const struct order_verdict *verdicts = judging->result->verdicts;
    const struct order_pair *pairs = judging->run->pairs;
    if (verdicts[i].hop != verdicts[k].hop)
        return verdicts[i].hop < verdicts[k].hop ? -1 : 1;
    if (verdicts[i].queue_since != verdicts[k].queue_since)
        return verdicts[i].queue_since < verdicts[k].queue_since ? -1 : 1;
    if (pairs[i].size_bytes != pairs[k].size_bytes)
        return pairs[i].size_bytes > pairs[k].size_bytes ? -1 : 1;
    return strcmp(pairs[i].key, pairs[k].key);
}

/* Of the pairs of one site, `start` to `end` in by_queue: what is ahead of each. */
static void tell_queue(struct judging *judging, size_t start, size_t end)
{
    const struct order_pair *pairs = judging->run->pairs;
    struct order_verdict *verdicts = judging->result->verdicts;
    int64_t bytes = 0, largest = -1;
    for (size_t at = start; at < end;) {
        size_t next = at;
        const int64_t since = verdicts[judging->by_queue[at]].queue_since;
        for (; next < end && verdicts[judging->by_queue[next]].queue_since == since; next++)
            bytes +=
                pairs[judging->by_queue[next]].never_sent ? 0 : pairs[judging->by_queue[next]].size_bytes;
        for (; at < next; at++) {
            size_t index = judging->by_queue[at];
            const struct order_pair *pair = &pairs[index];
            verdicts[index].queue_bytes = pair->never_sent ? pair->size_bytes : bytes;
            verdicts[index].ahead = largest;
            if (!pair->never_sent && (largest < 0 || pair->size_bytes > pairs[largest].size_bytes))
                largest = (int64_t)index;
        }
    }
}

/* Does it wait for this link, and for no reason of its own? */
static bool waits(const struct judging *judging, size_t index)
{
    const struct order_verdict *verdict = &judging->result->verdicts[index];
    return !judging->run->pairs[index].never_sent && verdict->reason == ORDER_NONE && !verdict->failed &&
           !order_waits_above(&judging->result->items[index]);
}

static int64_t silent_above(const struct judging *judging, size_t hop)
{
    int64_t above = -1, at = (int64_t)hop;
    for (int up = 0; up < MOST_HOPS_UP && (at = judging->places[at].parent) >= 0; up++)
        if (judging->result->silences[at].silent)
            above = at;
    return above;
}

/* Is its whole size to be sent? That of a delta nobody knows: where the operator gives a rate, it is never guessed too low. */
static bool is_full(const struct judging *judging, size_t hop, size_t index)
{
    const struct order_pair *pair = &judging->run->pairs[index];
    return pair->held == 0 || judging->result->items[index].held == 0 || pair->wanted == 1 ||
           judging->run->hops[hop].rate > 0;
}

/* Since when does nothing come, for what waits since `queue_since`? What was sent anew after the page proves nothing. */
static int64_t quiet_since(const struct order_run *run, const struct order_site *site,
                           const struct order_silence *silence, int64_t queue_since)
{
    const int64_t before_page = site->page - run->silent_critical_s;
    return larger(silence->since, queue_since < before_page ? queue_since : before_page);
}

static void judge_silence(struct judging *judging, size_t hop, size_t start, size_t end)
{
    const struct order_run *run = judging->run;
    struct order_site *site = &judging->result->sites[hop];
    struct order_silence *silence = &judging->result->silences[hop];
    int64_t oldest = -1, oldest_new = -1, paged_bytes = 0; /* of full copies that the page was about */
    silence->above = silent_above(judging, hop);
    if (silence->above >= 0)
        site->quiet = run->now;
    for (size_t at = start; at < end; at++) {
        size_t index = judging->by_queue[at];
        silence->above_first += order_waits_above(&judging->result->items[index]);
        if (!waits(judging, index))
            continue;
        silence->waiting++;
        silence->sent += judging->result->items[index].sent != 0;
        silence->accepted = silence->accepted || run->pairs[index].accepted;
        const int64_t full_bytes = is_full(judging, hop, index) ? run->pairs[index].size_bytes : 0;
        silence->full_bytes += full_bytes;
        paged_bytes += judging->result->verdicts[index].queue_since <= site->page ? full_bytes : 0;
        if (oldest < 0)
            oldest = (int64_t)index;
        if (oldest_new < 0 && judging->result->verdicts[index].queue_since > site->page)
            oldest_new = (int64_t)index;
        if (silence->pair < 0 && !run->pairs[index].aside)
            silence->pair = (int64_t)index;
    }
    silence->since = larger(site->last, site->quiet);
    if (silence->above >= 0)
        return;
    if (oldest < 0) { /* what is sent from now on needs a patience of its own */
        site->page = site->pages = 0;
        return;
    }
    silence->rate = run->hops[hop].rate > 0 ? run->hops[hop].rate : ORDER_RATE;
    silence->full_s = order_time_at(silence->full_bytes, silence->rate);
    const int64_t allowance = run->silent_critical_s + silence->full_s;
    for (int again = 0; again < 2; again++) {
        int64_t index = again == 0 ? oldest : oldest_new;
        if (index < 0)
            continue;
        int64_t since = judging->result->verdicts[index].queue_since;
        int64_t patience = allowance + (since < site->gap_end ? site->gap : 0);
        int64_t quiet = run->now - larger(silence->since, since);
        if (again == 0)
            silence->half =
                quiet * 2 >= patience ||
                (run->hops[hop].rate == 0 && silence->full_s > ORDER_GUESS_S && quiet >= ORDER_GUESS_S);
        int doublings = site->pages < MOST_DOUBLINGS ? (int)site->pages : MOST_DOUBLINGS;
        bool may_page =
            site->page == 0 || (again == 1 && run->now - site->page >= run->silent_critical_s << doublings);
        if (quiet >= patience && may_page) {
            site->page = run->now;
            site->pages++;
            break;
        }
    }
    /* Until something arrives, or nothing waits any more: what is sent anew meanwhile proves nothing. Whose patience
     * is longer than that of the service that saw it first does not call it silent yet. */
    silence->page = site->page;
    silence->silent =
        site->page != 0 && (silence->pair >= 0 || silence->accepted) &&
        run->now - quiet_since(run, site, silence, judging->result->verdicts[oldest].queue_since) >=
            run->silent_critical_s + order_time_at(paged_bytes, silence->rate);
}

static int depth_of(const struct judging *judging, size_t hop)
{
    int depth = 0;
    for (int64_t at = (int64_t)hop; depth < MOST_HOPS_UP && (at = judging->places[at].parent) >= 0;)
        depth++;
    return depth;
}

struct span {
    size_t start, end;
    int depth;
};

int order_judge_sites(struct judging *judging)
{
    const struct order_run *run = judging->run;
    struct span *spans = calloc(run->hop_count + 1, sizeof *spans);
    if (spans == NULL)
        return -1;
    size_t at = 0;
    while (at < run->pair_count && judging->result->verdicts[judging->by_queue[at]].hop < 0)
        at++;
    for (size_t hop = 0; hop < run->hop_count; hop++) {
        spans[hop] = (struct span){.start = at, .depth = depth_of(judging, hop)};
        while (at < run->pair_count && judging->result->verdicts[judging->by_queue[at]].hop == (int64_t)hop)
            at++;
        spans[hop].end = at;
        judging->result->silences[hop] = (struct order_silence){.pair = -1, .above = -1};
        tell_queue(judging, spans[hop].start, spans[hop].end);
    }
    for (int depth = 0; depth <= MOST_HOPS_UP; depth++)
        for (size_t hop = 0; hop < run->hop_count; hop++)
            if (spans[hop].depth == depth && run->hops[hop].covered && run->hops[hop].active)
                judge_silence(judging, hop, spans[hop].start, spans[hop].end);
    free(spans);
    return 0;
}

void order_fold(struct judging *judging)
{
    struct order_result *result = judging->result;
    for (size_t hop = 0; hop < judging->run->hop_count; hop++)
        if (result->silences[hop].above >= 0 &&
            result->silences[hop].waiting + result->silences[hop].above_first > 0)
            result->silences[result->silences[hop].above].below++;
    for (size_t i = 0; i < judging->run->pair_count; i++) {
        struct order_verdict *verdict = &result->verdicts[i];
        if (verdict->hop < 0 || !waits(judging, i))
            continue;
        const struct order_silence *silence = &result->silences[verdict->hop];
        if (silence->above >= 0) {
            verdict->folded = result->silences[silence->above].pair;
            verdict->status = STATUS_OK;
        } else if (silence->silent && silence->pair == (int64_t)i) {
            verdict->silent = true;
            verdict->status = STATUS_CRITICAL;
        } else if (silence->silent) {
            verdict->folded = silence->pair;
            verdict->status = STATUS_OK;
        } else if (silence->half && silence->pair == (int64_t)i) {
            verdict->status = status_worse(verdict->status, STATUS_WARNING);
        }
    }
}
