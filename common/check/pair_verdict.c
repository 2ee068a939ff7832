// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/pair_verdict.h"

#include "base/sanitize.h"
#include "items/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int by_site(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

int pair_numbers_count(const struct pair_verdict *told, struct pair_numbers *numbers)
{
    const struct siterun *run = told->run;
    size_t count = 0;
    const char **sites = calloc(run->findings.count + 1, sizeof *sites);
    if (sites == NULL)
        return -1;
    *numbers = (struct pair_numbers){0};
    tally_items(run->findings.items, run->findings.count, &numbers->tally);
    for (size_t i = 0; i < run->findings.count; i++) {
        if (run->findings.items[i].known || run->findings.items[i].left_out)
            continue;
        const struct pair *pair = &told->scan->pairs.pairs[i];
        numbers->never_sent += pair->kind == PAIR_NEVER_SENT;
        numbers->resend += pair->kind == PAIR_RESEND;
        sites[count++] = pair->site;
    }
    qsort(sites, count, sizeof *sites, by_site);
    for (size_t i = 0; i < count; i++)
        numbers->sites += i == 0 || strcasecmp(sites[i - 1], sites[i]) != 0;
    free(sites);
    return 0;
}

/* A site that was asked for by name and is not looked at. */
static void add_inactive_sites(const struct siterun *run, struct text *verdict)
{
    const struct string_list *sites = &run->check->look.filter.sites;
    for (size_t i = 0; i < sites->count; i++) {
        const struct site *site = sitedb_site(&run->db, sites->strings[i]);
        if (site != NULL && !site_is_active(site))
            text_addf(verdict, "; site %s is not active (status %" PRId64 ")", site->code, site->status);
    }
}

/* Is the site named among those whose remembered items are kept? */
static bool is_named(const struct siterun *run, const char *code)
{
    char words[32];
    snprintf(words, sizeof words, "site %s is", code);
    return run->findings.inactive.length > 0 && strstr(text_string(&run->findings.inactive), words) != NULL;
}

/* "; not looked at: S03 (status 3), 4 packages, S77 (not in v_Site), 1 package, and 2 more sites" */
static void add_not_looked_at(const struct pair_verdict *told, struct text *verdict)
{
    enum { MOST = 3 }; /* the first line has room for no more */
    const struct sitedb *db = &told->run->db;
    const struct pair_scan *scan = told->scan;
    size_t count = 0;
    for (size_t i = 0; i < db->site_count + scan->unknown_count; i++) {
        const struct site *site = i < db->site_count ? &db->sites[i] : NULL;
        const struct unknown_site *unknown = site == NULL ? &scan->unknown[i - db->site_count] : NULL;
        const char *code = site != NULL ? site->code : unknown->code;
        const int64_t away = site != NULL ? scan->sites[i].away : unknown->away;
        if (away == 0 || is_named(told->run, code) || count++ >= MOST)
            continue;
        text_add(verdict, count == 1 ? "; not looked at: " : ", ");
        text_add_clean(verdict, code, 8);
        if (site != NULL)
            text_addf(verdict, " (status %" PRId64 ")", site->status);
        else
            text_add(verdict, " (not in v_Site)");
        text_addf(verdict, ", %" PRId64 " package%s", away, away == 1 ? "" : "s");
    }
    if (count > MOST)
        text_addf(verdict, ", and %zu more site%s", count - MOST, count - MOST == 1 ? "" : "s");
}

/* "; 14 not in sync, 2 of them failed, at 4 sites; 64 package/site pairs examined" */
static void add_trouble(const struct pair_verdict *told, const struct pair_numbers *numbers,
                        struct text *verdict)
{
    const struct siterun *run = told->run;
    const char *state = told->rule == PAIR_RULE_RECIPE ? "suspect" : "not in sync";
    const struct itemgroup_words words = {
        .at = "at", .place = "site", .state = state, .worst = told->add_worst, .context = run};
    const struct tally *tally = &numbers->tally;
    itemgroup_tell(run->findings.items, run->findings.count, tally, &words, verdict);
    text_addf(verdict, "; %" PRId64 " %s", tally->pending + tally->failed, state);
    if (tally->pending == 0)
        text_add(verdict, " and failed");
    else if (tally->failed > 0)
        text_addf(verdict, ", %" PRId64 " of them failed,", tally->failed);
    text_addf(verdict, " at %" PRId64 " site%s; %" PRId64 " package/site pair%s examined", numbers->sites,
              numbers->sites == 1 ? "" : "s", run->examined, run->examined == 1 ? "" : "s");
}

static void add_in_sync(const struct pair_verdict *told, const struct tally *tally, struct text *verdict)
{
    const struct siterun *run = told->run;
    const char *plural = run->examined == 1 ? "" : "s", *owner = run->db.owner;
    if (told->rule == PAIR_RULE_RECIPE)
        text_addf(verdict, "%s of %" PRId64 " row%s of site %s's packages matches the recipe",
                  tally->known > 0 ? "no other" : "none", run->examined, plural, owner);
    else if (tally->known >= run->examined)
        text_addf(verdict, "nothing but known trouble at %" PRId64 " package/site pair%s of site %s",
                  run->examined, plural, owner);
    else if (run->examined == 1)
        text_addf(verdict, "the one package/site pair of site %s is in sync", owner);
    else
        text_addf(verdict, "all %s%" PRId64 " package/site pairs of site %s are in sync",
                  tally->known > 0 ? "others of " : "", run->examined, owner);
}

void pair_verdict_add(const struct pair_verdict *told, const struct pair_numbers *numbers,
                      struct text *verdict)
{
    const struct siterun *run = told->run;
    const struct tally *tally = &numbers->tally;
    if (run->examined == 0) {
        text_addf(verdict, "nothing to look at: no package of site %s is targeted at a child site%s",
                  run->db.owner,
                  sitedb_filter_is_empty(&run->check->look.filter) ? "" : " that the filters select");
        add_inactive_sites(run, verdict);
    } else if (tally->pending + tally->failed == 0)
        add_in_sync(told, tally, verdict);
    else
        add_trouble(told, numbers, verdict);
    if (told->rule == PAIR_RULE_RECIPE && (int64_t)run->findings.count * 2 > run->examined)
        text_add(verdict, "; rule recipe matches more than half of the rows, see --survey");
    const int64_t ahead = told->scan->ahead;
    if (ahead > 0)
        text_addf(verdict, "; %" PRId64 " pair%s a later version than is wanted: was site %s restored?",
                  ahead, ahead == 1 ? " holds" : "s hold", run->db.owner);
    if (run->examined > 0 || run->check->look.filter.sites.count == 0)
        add_not_looked_at(told, verdict);
    findings_add_notes(&run->findings, tally, verdict);
}
