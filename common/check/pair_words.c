// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/pair_words.h"

#include "base/sanitize.h"
#include "base/units.h"
#include "check/advice.h"
#include "check/sitecheck.h"
#include "items/itemline.h"

#include <inttypes.h>
#include <string.h>

/* What the first 160 bytes of a pager have room for. */
enum { SHORT_NAME = 30, SHORT_SITE = 24 };

/* Status 1, 4 and 5 tell of a version that was sent and not confirmed; no version 0 is ever sent. */
static bool was_only_sent(const struct pair *pair)
{
    return pair->has_status && pair->held > 0 &&
           (pair->status == PAIR_STATUS_SENT || pair->status == PAIR_STATUS_RETRY ||
            pair->status == PAIR_STATUS_FAILED);
}

static void add_versions(const struct pair *pair, struct text *line)
{
    bool removed = pair->kind == PAIR_NEVER_SENT && pair->rows > 0;
    text_addf(line, "wants version %" PRId64, pair->wanted);
    if (pair->rows == 0)
        text_add(line, ", has no row in PkgStatus");
    else if (pair->held < 0 && !removed)
        text_add(line, ", has no version");
    else if (!removed)
        text_addf(line, ", %s %" PRId64, was_only_sent(pair) ? "was sent" : "has", pair->held);
    if (pair->rows > 1)
        text_addf(line, " (%" PRId64 " rows)", pair->rows);
    if (pair->kind == PAIR_UNEXPECTED || pair->kind == PAIR_RECIPE || pair->kind == PAIR_FAILED || removed) {
        const char *name = pair_status_name(pair->status);
        if (!pair->has_status)
            text_add(line, ", Status NULL");
        else if (name != NULL)
            text_addf(line, ", Status %s", name);
        else
            text_addf(line, ", Status %" PRId64, pair->status);
    }
}

/* A name of any length must not push the remedy out of the line; without one it is the site's. */
static void add_server(const struct pair_words *words, const struct pair *pair, struct text *line)
{
    const char *server = itemline_site_server(words->db, pair->site, pair->server);
    text_add_clean(line, server[0] != '\0' ? server : pair->site, 64);
}

static void add_child_logs(const struct pair_words *words, const struct pair *pair, struct text *line)
{
    text_addf(line, "; look for %s in despool.log and distmgr.log on ", pair->package);
    add_server(words, pair, line);
}

/* Overtaken, or waiting while nothing arrives, but not for so long that it is lost: sent again it would wait behind
 * itself. */
static bool may_still_come(const struct pair_words *words, const struct item *item, size_t finding)
{
    if (words->order == NULL || item->status != STATUS_WARNING)
        return false;
    const struct order_item *remembered = &words->order->result.items[finding];
    return remembered->reason == ORDER_NONE &&
           (remembered->any != 0 || siteorder_is_half_silent(words->order, finding));
}

/* Behind, and no run has seen it sent: perhaps there is no such version yet, and nothing of it to bring or to send again. */
static bool may_not_be_made(const struct pair_words *words, size_t finding, enum pair_kind kind)
{
    const struct order_item *remembered = words->order != NULL ? &words->order->result.items[finding] : NULL;
    return kind == PAIR_BEHIND && remembered != NULL && remembered->sent == 0 && !remembered->inherited;
}

/* Lost, and its row was written again of late, though no newer version is wanted: perhaps somebody has reset it already, between
 * two runs. @return when, 0 it was not */
static int64_t written_again(const struct pair_words *words, const struct item *item, size_t finding)
{
    if (words->order == NULL || words->order->result.verdicts[finding].reason == ORDER_NONE)
        return 0;
    const struct order_item *lost = &words->order->result.items[finding];
    const int64_t written = item->last_progress;
    return written > lost->over && written > lost->any && written > lost->raised &&
                   words->order->run.now - written < ORDER_GAP_S
               ? written
               : 0;
}

/* What to look at next, then the supported remedy before the last resort, which is offered for what it is
 * made for alone; the page has the whole order of causes and remedies. */
static void add_advice(const struct pair_words *words, const struct item *item, size_t finding,
                       const struct pair *pair, struct text *line)
{
    const bool lost = words->order != NULL && words->order->result.verdicts[finding].reason != ORDER_NONE;
    const char *package = pair->package, *owner = words->db->owner;
    if (pair->kind == PAIR_RECIPE)
        text_add(line, "; look at --survey first: does the recipe hold here?");
    enum pair_kind kind = pair->kind == PAIR_RECIPE ? pair_judge(pair) : pair->kind;
    if (words->order != NULL && !lost && siteorder_is_retried(words->order, finding))
        kind = PAIR_FAILED;
    switch (kind) {
    case PAIR_NEVER_SENT:
        text_addf(line, "; look for %s in distmgr.log and sched.log of site %s: was it ever sent to %s?",
                  package, owner, pair->site);
        break;
    case PAIR_RESEND:
        if (lost) {
            add_child_logs(words, pair, line);
            text_addf(line, " and in sched.log of site %s: its whole copy is gone or was never sent", owner);
            break;
        }
        text_addf(
            line,
            "; the whole package is on its way after a reset, or for the first time: wait for it while others "
            "arrive, else look for it in distmgr.log and sched.log of site %s (were its distribution points "
            "refreshed after the reset?)",
            owner);
        break;
    case PAIR_FAILED:
        add_child_logs(words, pair, line);
        text_addf(line, " and in sender.log of %s (disk, rights, base PCK, link)",
                  itemline_sender(words->db, pair->site));
        text_add(line, "; cure the cause, the product retries by itself");
        break;
    case PAIR_UNEXPECTED:
        text_addf(line, "; look at the row of %s at %s in PkgStatus, and at --survey", package, pair->site);
        break;
    case PAIR_SENT:
    case PAIR_BEHIND:
        if (may_not_be_made(words, finding, kind)) {
            text_addf(line,
                      "; look for %s in distmgr.log of site %s and in sched.log of %s: was version %" PRId64
                      " made, and sent to %s?",
                      package, owner, itemline_sender(words->db, pair->site), pair->wanted, pair->site);
            break;
        }
        add_child_logs(words, pair, line);
        if (pair->rows > 1)
            break;
        if (may_still_come(words, item, finding)) {
            text_addf(line, " and in sender.log of %s: it may still come",
                      itemline_sender(words->db, pair->site));
            break;
        }
        if (written_again(words, item, finding) != 0) {
            char instant[32];
            text_addf(
                line,
                "; its row was written again %s: if it was sent again, wait for it before another reset",
                instant_format(written_again(words, item, finding), instant, sizeof instant));
            break;
        }
        text_addf(line, "; copy %s.PCK to ", package);
        add_server(words, pair, line);
        text_add(line, " and preload it");
        advice_command(words->options, ADVICE_RESET, ", else ", package, pair->site, line);
        break;
    default:
        text_add(line, " By rule version this row is in sync");
        break;
    }
    if (pair->rows > 1)
        text_addf(line, "; %" PRId64 " rows in PkgStatus: an administrator must look at them there",
                  pair->rows);
}

/* Does the item stand for its silent site? */
static bool is_silence(const struct pair_words *words, const struct item *item, size_t finding)
{
    return words->order != NULL && !item->known && siteorder_silence(words->order, finding) != NULL;
}

/* What the logs say, where the item took its kind from there. */
static const struct logstory_entry *story_of(const struct pair_words *words, const struct item *item,
                                             const struct pair *pair)
{
    const struct logstory_entry *told = logstory_find(words->logs, pair->package, pair->site);
    return told != NULL && strcmp(told->kind, item->kind) == 0 ? told : NULL;
}

/* Was it sent, and may it wait in a box on its way? Of a missing base the logs know better. */
static bool may_wait_in_box(const struct item *item, const struct pair *pair)
{
    return (pair->kind == PAIR_SENT || pair->kind == PAIR_BEHIND) && item->item_class == ITEM_PENDING &&
           item->status != STATUS_OK && !item->folded && !item->known;
}

static void add_stuck_box(const struct pair_words *words, const struct pair *pair, struct text *line)
{
    stuck_boxes_add_words(words->stuck, words->db, pair->package, words->db->owner, pair->site, line);
}

void pair_words_line(const struct pair_words *words, const struct item *item, size_t finding,
                     const struct pair *pair, struct text *line)
{
    if (is_silence(words, item, finding)) {
        text_addf(line, "%s: ", status_name(item->status));
        itemline_add_site(words->db, pair->site, line);
        text_add(line, " ");
        siteorder_add_silence(words->order, words->db, finding, line);
        add_stuck_box(words, pair, line);
        return;
    }
    const struct logstory_entry *told = story_of(words, item, pair);
    itemline_begin(item, pair->package_name, line);
    text_add(line, " at ");
    itemline_add_site(words->db, pair->site, line);
    text_addf(line, ": %s, ", item->kind);
    add_versions(pair, line);
    itemline_add_ages(item, words->rates, line);
    if (told != NULL)
        logstory_add_words(told, pair->site, line);
    else if (words->order != NULL)
        siteorder_add_words(words->order, finding, line);
    if (may_wait_in_box(item, pair))
        add_stuck_box(words, pair, line);
    if (item->status != STATUS_OK && !item->folded)
        add_advice(words, item, finding, pair, line);
}

static void add_short_site(const struct pair_words *words, const char *code, struct text *text)
{
    const struct site *site = sitedb_site(words->db, code);
    text_add(text, code);
    if (site != NULL && site->name[0] != '\0') {
        text_add(text, " ");
        text_add_clean(text, site->name, SHORT_SITE);
    }
}

/* A kind in a few words, with what makes it plain. */
static void add_kind(const struct pair *pair, struct text *text)
{
    const char *name = pair->has_status ? pair_status_name(pair->status) : "NULL";
    switch (pair->kind) {
    case PAIR_NEVER_SENT:
        text_add(text, "never sent");
        break;
    case PAIR_RESEND:
        text_add(text, "whole package on its way");
        break;
    case PAIR_BEHIND:
        text_addf(text, "has version %" PRId64 " of %" PRId64, pair->held, pair->wanted);
        break;
    case PAIR_UNEXPECTED:
        text_add(text, "Status ");
        if (name != NULL)
            text_add(text, name);
        else
            text_addf(text, "%" PRId64, pair->status);
        break;
    default:
        text_add(text, pair_kind_name(pair->kind));
    }
}

void pair_words_item(const struct pair_words *words, const struct item *item, const struct pair *pair,
                     struct text *text)
{
    char age[32];
    text_add_clean(text, pair->package, 16);
    if (pair->package_name[0] != '\0') {
        text_add(text, " \"");
        text_add_clean(text, pair->package_name, SHORT_NAME);
        text_add(text, "\"");
    }
    text_add(text, " at ");
    add_short_site(words, pair->site, text);
    text_add(text, ": ");
    if (strcmp(item->kind, "base_missing") == 0)
        text_add(text, "base missing");
    else
        add_kind(pair, text);
    text_addf(text, " for %s", duration_format(item->age_s, age, sizeof age));
}

void pair_words_short(const struct pair_words *words, const struct item *item, size_t finding,
                      const struct pair *pair, struct text *text)
{
    if (is_silence(words, item, finding)) {
        const struct order_silence *silence = siteorder_silence(words->order, finding);
        char age[32];
        add_short_site(words, pair->site, text);
        text_addf(text, " silent for %s, %" PRId64 " package%s wait%s there",
                  duration_format(words->order->run.now - silence->since, age, sizeof age), silence->waiting,
                  silence->waiting == 1 ? "" : "s", silence->waiting == 1 ? "s" : "");
        if (silence->below > 0)
            text_addf(text, ", and at %" PRId64 " site%s below", silence->below,
                      silence->below == 1 ? "" : "s");
    } else {
        pair_words_item(words, item, pair, text);
        if (words->order != NULL && words->order->result.verdicts[finding].reason != ORDER_NONE)
            text_add(text, ", lost (overtaken)");
    }
}
