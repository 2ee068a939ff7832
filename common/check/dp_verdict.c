// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/dp_verdict.h"

#include "base/sanitize.h"
#include "base/units.h"
#include "check/dp_told.h"
#include "check/dp_words.h"
#include "items/known.h"
#include "items/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE = 64 };

static const char *words_of_kind(const char *kind)
{
    for (int i = 0; i < DP_KIND_COUNT; i++)
        if (strcmp(dp_kind_name((enum dp_kind)i), kind) == 0)
            return dp_kind_words((enum dp_kind)i);
    return kind;
}

void dp_numbers_count(const struct dp_verdict *told, struct dp_numbers *numbers)
{
    const struct siterun *run = told->run;
    *numbers = (struct dp_numbers){0};
    tally_items(run->findings.items, run->findings.count, &numbers->tally);
    bool *seen = calloc(dp_server_count(told->dps) + 1, sizeof *seen);
    for (size_t i = 0; i < run->findings.count; i++) {
        const struct dp *dp = &told->dps->dps[i];
        if (run->findings.items[i].known || run->findings.items[i].left_out)
            continue;
        numbers->retrying += dp->kind == DP_RETRYING || dp->kind == DP_REMOVAL_RETRYING;
        numbers->maintained += dp->server->maintenance;
        if (seen != NULL && !seen[dp->server->number]) {
            seen[dp->server->number] = true;
            numbers->servers++;
        }
    }
    free(seen);
    if (told->evidence->newest > 0)
        numbers->evidence_age_s = run->db.clock.utc - told->evidence->newest;
}

static void add_trouble(const struct dp_verdict *told, const struct dp_numbers *numbers, struct text *verdict)
{
    const struct itemgroup_words words = {
        .at = "on", .place = "DP", .kind = words_of_kind, .worst = told->add_worst, .context = told->run};
    const struct tally *tally = &numbers->tally;
    int64_t all = tally->pending + tally->failed;
    itemgroup_tell(told->run->findings.items, told->run->findings.count, tally, &words, verdict);
    if (all > 1)
        text_addf(verdict, "; in all %" PRId64 " in trouble (%" PRId64 " failed) on %" PRId64 " DP%s", all,
                  tally->failed, numbers->servers, numbers->servers == 1 ? "" : "s");
    if (numbers->maintained > 0)
        text_addf(verdict, "; %" PRId64 " on DPs in maintenance mode", numbers->maintained);
    text_addf(verdict, "; %" PRId64 " examined", told->evidence->examined);
}

/* Nothing was looked at: that is never in order. */
static void add_nothing(const struct dp_verdict *told, struct text *verdict)
{
    const struct sitedb_filter *filter = &told->run->check->look.filter;
    if (told->evidence->server_unknown) {
        text_add(verdict, "nothing to look at: no distribution point that --server selects has a status row");
        return;
    }
    if (told->evidence->silent.length == 0 && filter->sites.count > 0) {
        text_add(verdict,
                 "nothing to look at: nothing that the filters select is on a distribution point of ");
        for (size_t i = 0; i < filter->sites.count && i < 10; i++)
            text_addf(verdict, "%s%s", i == 0 ? "" : ", ", filter->sites.strings[i]);
        return;
    }
    text_addf(verdict, "nothing to look at: no status row of a distribution point%s",
              sitedb_filter_is_empty(filter) ? "" : " that the filters select");
}

static enum status add_staleness(const struct dp_verdict *told, const struct dp_numbers *numbers,
                                 struct text *verdict)
{
    const struct range *warning = told->stale_warning, *critical = told->stale_critical;
    if ((!warning->set && !critical->set) || told->evidence->examined == 0)
        return STATUS_OK;
    if (told->evidence->newest == 0) {
        text_add(verdict, "; no summary row has a date");
        return STATUS_WARNING;
    }
    enum status status = range_alerts(critical, numbers->evidence_age_s)  ? STATUS_CRITICAL
                         : range_alerts(warning, numbers->evidence_age_s) ? STATUS_WARNING
                                                                          : STATUS_OK;
    char age[32];
    if (status != STATUS_OK)
        text_addf(verdict,
                  "; stale: the newest summary row is %s old, see statmgr.log and distmgr.log of site %s",
                  duration_format(numbers->evidence_age_s, age, sizeof age), told->run->db.owner);
    return status;
}

static void add_installed(const struct dp_verdict *told, const struct tally *tally, struct text *verdict)
{
    int64_t installed = told->evidence->examined - tally->known;
    bool contradicted = false;
    size_t at = 0;
    for (const struct dp *dp; (dp = dp_list_next_told(told->dps, &at)) != NULL;) {
        installed -= dp->kind == DP_PRESTAGED;
        contradicted = contradicted || dp->kind == DP_MESSAGE_ERROR;
    }
    const char *which = installed < told->evidence->examined ? "the other "
                        : told->evidence->missing > 0 || told->evidence->away > 0 || contradicted ? ""
                                                                                                  : "all ";
    text_addf(verdict, "%s%" PRId64 " packages on distribution points are installed", which,
              installed > 0 ? installed : 0);
}

/* How long a row has been missing, where the summarizer's delay does not explain it: longer than pending may be. */
static int64_t missing_for(const struct dp_verdict *told)
{
    const int64_t now = told->run->db.clock.utc, since = told->evidence->missing_since;
    const struct range *critical = &told->run->check->options.thresholds.critical;
    return since > 0 && since < now && range_alerts(critical, now - since) ? now - since : 0;
}

/* A rotting disk, an antivirus: each failure is cured, and nobody sees that it is always the same. */
static enum status add_returning(const struct dp_verdict *told, struct text *verdict)
{
    const struct findings *findings = &told->run->findings;
    const struct known_list *known = &told->run->check->options.known;
    int64_t count = 0, until;
    for (size_t i = 0; i < findings->recall.returning.count; i++) {
        const struct returning *one = &findings->recall.returning.rows[i];
        const char *site = strrchr(one->place, '/');
        struct text server = {0};
        text_add_bytes(&server, one->place, site != NULL ? (size_t)(site - one->place) : strlen(one->place));
        if (!known_list_mutes(known, one->package, text_string(&server), findings->clocks.host, &until) &&
            !known_list_mutes(known, one->package, site != NULL ? site + 1 : "", findings->clocks.host,
                              &until) &&
            count++ == 0) {
            text_addf(verdict, "; comes back: %s on ", one->package);
            text_add_clean(verdict, text_string(&server), PLACE);
            text_addf(verdict, " failed and was cured %" PRId64 " times in 7 days", one->count);
        }
        text_free(&server);
    }
    text_add(verdict, count > 1 ? " and others" : "");
    return count > 0 ? STATUS_WARNING : STATUS_OK;
}

enum status dp_verdict_add(const struct dp_verdict *told, const struct dp_numbers *numbers,
                           struct text *verdict)
{
    const struct tally *tally = &numbers->tally;
    enum status status =
        told->evidence->examined > 0 ? tally->status : status_worse(tally->status, STATUS_UNKNOWN);
    if (told->evidence->examined == 0)
        add_nothing(told, verdict);
    else if (tally->pending + tally->failed == 0)
        add_installed(told, tally, verdict);
    else
        add_trouble(told, numbers, verdict);
    dp_told_add(told->dps, told->sources, told->evidence, missing_for(told), told->strict, verdict);
    status = status_worse(status, dp_told_add_inactive(told->dps, verdict));
    status = status_worse(status, add_returning(told, verdict));
    if (told->evidence->silent.length > 0) {
        text_addf(verdict, "; %s", text_string(&told->evidence->silent));
        status = status_worse(status, STATUS_UNKNOWN);
    }
    status = status_worse(status, add_staleness(told, numbers, verdict));
    findings_add_notes(&told->run->findings, tally, verdict);
    return status;
}
