// SPDX-License-Identifier: GPL-3.0-or-later
/* What siteorder.h knows, in words. */
#include "check/siteorder.h"

#include "base/sanitize.h"
#include "base/units.h"

#include <inttypes.h>

enum { WORTH_A_WORD_S = 600 };

static void add_package(const char *package, struct text *line)
{
    text_add_clean(line, package, 16);
}

static void add_instant(int64_t utc, struct text *line)
{
    char instant[32];
    text_add(line, instant_format(utc, instant, sizeof instant));
}

/* "CEN00031 (sent 2026-11-24 05:00 UTC) arrived 2026-11-24 07:00 UTC and 6 more since, last ..." */
static void add_overtaker(const struct siteorder *order, size_t index, struct text *line)
{
    const struct order_item *item = &order->result.items[index];
    const struct order_site *site = &order->result.sites[order->result.verdicts[index].hop];
    const int64_t first = item->over != 0 ? item->over : item->any, more = site->arrived - item->by_count;
    text_add(line, "sent ");
    add_instant(item->sent, line);
    text_add(line, ", ");
    add_package(item->by, line);
    text_add(line, " (sent after ");
    add_instant(item->by_sent, line);
    text_add(line, ") arrived ");
    add_instant(first, line);
    if (more > 0) {
        text_addf(line, " and %" PRId64 " more since, last ", more);
        add_instant(site->last, line);
    }
}

static void add_queue(const struct siteorder *order, size_t index, struct text *line)
{
    const struct order_verdict *verdict = &order->result.verdicts[index];
    const int64_t waited_s = order->run.now - verdict->queue_since;
    char age[32], size[32];
    if (waited_s < WORTH_A_WORD_S)
        return;
    text_addf(line, "; waits for %s", duration_format(waited_s, age, sizeof age));
    if (verdict->ahead >= 0) {
        const struct order_pair *ahead = &order->pairs[verdict->ahead];
        text_addf(line, " behind %s of ", size_format(ahead->size_bytes, size, sizeof size));
        add_package(ahead->package, line);
    }
    text_add(line, "; nothing sent later has arrived");
}

void siteorder_add_failure(const struct siteorder *order, size_t index, struct text *line)
{
    const struct order_item *item = &order->result.items[index];
    if (item->failed_last == 0 ||
        (!order->result.verdicts[index].failed && !siteorder_is_retried(order, index)))
        return;
    text_add(line, "; it failed last ");
    add_instant(item->failed_last, line);
    text_add(line, " and is tried again");
}

/* A patience of months is told, for it may be a guess. */
static void add_quiet(const struct siteorder *order, int64_t hop, struct text *line)
{
    const struct order_silence *silence = &order->result.silences[hop];
    char age[32], size[32], rate[32];
    text_addf(line, "; nothing has arrived at %s for %s", order->hops[hop].code,
              duration_format(order->run.now - silence->since, age, sizeof age));
    if (silence->full_s < WORTH_A_WORD_S)
        return;
    text_addf(line, ", %s of %s allow %s at %s/h", order->hops[hop].rate > 0 ? "packages" : "full copies",
              size_format(silence->full_bytes, size, sizeof size),
              duration_format(silence->full_s, age, sizeof age),
              size_format(silence->rate, rate, sizeof rate));
    if (order->hops[hop].rate == 0)
        text_add(line, ", which is a guess: --min-rate");
}

void siteorder_add_words(const struct siteorder *order, size_t index, struct text *line)
{
    const struct order_verdict *verdict = &order->result.verdicts[index];
    const struct order_item *item = &order->result.items[index];
    if (verdict->hop < 0)
        return;
    const struct order_silence *silence = &order->result.silences[verdict->hop];
    if (verdict->reason != ORDER_NONE) {
        text_add(line, "; overtaken: ");
        add_overtaker(order, index, line);
        text_add(line, "; lost, not slow");
    } else if (silence->above >= 0 || (item->below && item->any == 0)) {
        text_add(line, "; waits: a site above it does not have it either");
    } else if (silence->silent) {
        text_addf(line, "; waits: nothing arrives at %s", order->hops[verdict->hop].code);
    } else if (item->over != 0 || item->any != 0) {
        text_add(line, "; overtaken, not yet for long: ");
        add_overtaker(order, index, line);
    } else if (item->sent != 0) {
        add_queue(order, index, line);
    }
    siteorder_add_failure(order, index, line);
    if (siteorder_is_half_silent(order, index))
        add_quiet(order, verdict->hop, line);
}

bool siteorder_is_half_silent(const struct siteorder *order, size_t index)
{
    const struct order_verdict *verdict = &order->result.verdicts[index];
    const struct order_silence *silence = verdict->hop < 0 ? NULL : &order->result.silences[verdict->hop];
    return silence != NULL && verdict->reason == ORDER_NONE && silence->half && !silence->silent &&
           silence->pair == (int64_t)index;
}

const struct order_silence *siteorder_silence(const struct siteorder *order, size_t index)
{
    const struct order_verdict *verdict = &order->result.verdicts[index];
    return verdict->silent ? &order->result.silences[verdict->hop] : NULL;
}

void siteorder_add_silence(const struct siteorder *order, const struct sitedb *db, size_t index,
                           struct text *line)
{
    const struct order_verdict *verdict = &order->result.verdicts[index];
    const struct order_silence *silence = &order->result.silences[verdict->hop];
    const char *code = order->hops[verdict->hop].code;
    char age[32];
    text_addf(line, "silent: nothing has arrived for %s although ",
              duration_format(order->run.now - silence->since, age, sizeof age));
    const char *what = silence->sent > 0 ? "sent" : "wanted";
    if (silence->waiting == 1)
        text_addf(line, "one package is %s (", what);
    else
        text_addf(line, "%" PRId64 " packages are %s (oldest ", silence->waiting, what);
    add_package(order->pairs[index].package, line);
    text_add(line, ", ");
    add_instant(verdict->queue_since, line);
    text_add(line, silence->sent > 0
                       ? "); look at "
                       : "); none was seen as sent: look at distmgr.log and sched.log of the owning "
                         "site, then at ");
    text_addf(line, "the link to %s, the sender of %s and the despooler of %s", code,
              itemline_sender(db, code), code);
    const struct order_item *item = &order->result.items[index];
    if (item->over != 0 || item->any != 0) {
        text_add(line, "; ");
        add_package(order->pairs[index].package, line);
        text_addf(line,
                  " was overtaken before: if the link is well it is lost, look for it in despool.log of %s: ",
                  code);
        add_overtaker(order, index, line);
    }
    if (silence->below > 0)
        text_addf(line, "; and at %" PRId64 " site%s below", silence->below, silence->below == 1 ? "" : "s");
}
