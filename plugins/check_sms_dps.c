// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * check_sms_dps: which distribution points are install-pending, retrying or failed, and for how long?
 *
 *   check/check        argv to exit code: options, identity, supervised child
 *   check/sitecheck    the steps in the child, shared with check_sms_packages
 *   sitedb/sitedb      the site database: clock, columns, sites
 *   sitedb/package_dp  packages on distribution points that are in trouble
 *   sitedb/nalpath     the server's name out of a NAL path
 *   check/findings     their items: keys, what earlier runs saw of them, what ended, the order of display
 *   items/judge        age and thresholds to a state
 *   items/summary      what many of them have in common
 *   items/output       lines and perfdata within the budgets
 *
 * This file: the options, the question and the wording.
 */
#include "config.h"

#include "base/sanitize.h"
#include "base/units.h"
#include "check/sitecheck.h"
#include "items/itemline.h"
#include "items/summary.h"
#include "sitedb/package_dp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct dps_check {
    struct site_check site; /* first */
    struct {
        struct string_list servers;
        bool removals, branch_dps;
        struct range stale_warning, stale_critical;
    } dps;
};

#define DPS(member) (offsetof(struct dps_check, dps.member) - offsetof(struct dps_check, dps))
static const struct option dps_option_table[] = {
    {.name = "server",
     .type = OPTION_LIST,
     .offset = DPS(servers),
     .argument = "GLOB,...",
     .help = "Only distribution points whose server name matches, without "
             "case: S02*,*.corp.example. None that matches is UNKNOWN."},
    {.name = "include-removals",
     .type = OPTION_FLAG,
     .offset = DPS(removals),
     .help =
         "Also packages that are to be removed from a distribution point and are not (State 4, 5 and 6)."},
    {.name = "include-branch-dps",
     .type = OPTION_FLAG,
     .offset = DPS(branch_dps),
     .help = "Also branch distribution points, which may wait for ever by design."},
    {.name = "stale-warning",
     .type = OPTION_RANGE,
     .offset = DPS(stale_warning),
     .argument = "RANGE",
     .help = "Age of the newest summary row that is a WARNING: "
             "nothing has been reported as changed for so long."},
    {.name = "stale-critical",
     .type = OPTION_RANGE,
     .offset = DPS(stale_critical),
     .argument = "RANGE",
     .help = "Age of the newest summary row that is CRITICAL."},
};

/* ---- the question */

/* One run, in the child. */
struct run {
    struct siterun site; /* first */
    struct dp_selection selection;
    struct dp_list dps;
    struct dp_evidence evidence;
};

static const struct dps_check *options_of(const struct siterun *run)
{
    return (const struct dps_check *)run->check;
}

static size_t row_count(const void *context)
{
    return ((const struct run *)context)->dps.count;
}

static void describe_dp(const void *context, size_t row, struct item *item, struct text *place,
                        struct text *progress)
{
    const struct dp *dp = &((const struct run *)context)->dps.dps[row];
    *item = (struct item){.package = dp->package->id,
                          .place = dp->server->place,
                          .site = dp->server->site,
                          .kind = dp_kind_name(dp->kind),
                          .item_class = dp_kind_is_failed(dp->kind) ? ITEM_FAILED : ITEM_PENDING,
                          .start = ITEM_START_BOTH,
                          .database_start = dp_database_start(dp),
                          .moved = dp->summarized,
                          .size_bytes = dp->package->size_bytes};
    /* A server may serve two sites, and filters select remembered items by their site. */
    text_addf(place, "%s/%s", dp->server->place, dp->server->site);
    text_addf(progress, "%s%" PRId64 "/%" PRId64 "/%" PRId64, dp->has_state ? "" : "-", dp->state, dp->held,
              dp->summarized);
}

static const char *site_of(const char *place)
{
    const char *slash = strrchr(place, '/');
    return slash == NULL ? "" : slash + 1;
}

static bool is_selected(const void *context, const char *place)
{
    struct text server = {0};
    text_add_bytes(&server, place, strlen(place) - strlen(site_of(place)));
    text_cut(&server, server.length > 0 ? server.length - 1 : 0);
    bool selected = dp_server_matches(((const struct run *)context)->selection.servers, text_string(&server));
    text_free(&server);
    return selected;
}

static int look_up(void *context, struct lookup *lookups, size_t count, struct failure *failure)
{
    struct run *run = context;
    return dps_look_up(&run->site.db, &run->selection, lookups, count, &run->dps, failure);
}

static int read_dps(struct siterun *site, struct failure *failure)
{
    struct run *run = (struct run *)site;
    if (sitedb_filter_check(&site->db, &site->check->look.filter, SITEDB_PACKAGES_VIEW, failure) != 0)
        return -1;
    dps_probe(&site->db, &run->selection);
    if (dps_count(&site->db, &run->selection, &run->evidence, failure) != 0)
        return -1;
    site->examined = run->evidence.examined;
    return dps_read(&site->db, &run->selection, &run->dps, &run->evidence, failure);
}

/* ---- the wording */

/* A path that did not parse is as long as it likes. */
static void add_place(const char *place, struct text *text)
{
    text_add_clean(text, place, 100);
}

static void add_versions(const struct dp *dp, struct text *line)
{
    if (dp->package->wanted >= 0)
        text_addf(line, "wants version %" PRId64 ", ", dp->package->wanted);
    if (dp->held < 0)
        text_add(line, "has no version");
    else
        text_addf(line, "has %" PRId64, dp->held);
    if (dp->kind == DP_UNEXPECTED && dp->has_state)
        text_addf(line, ", State %" PRId64, dp->state);
    else if (dp->kind == DP_UNEXPECTED)
        text_add(line, ", State NULL");
}

static void add_message(const struct siterun *run, const struct dp *dp, struct text *line)
{
    if (dp->message_id == 0)
        return;
    char age[32];
    const char *state = dp_message_state_name(dp->message_state);
    text_addf(line, ", last message %" PRId64, dp->message_id);
    if (state != NULL)
        text_addf(line, " (%s)", state);
    if (dp->message_date > 0)
        text_addf(line, " %s ago", duration_format(run->db.clock.utc - dp->message_date, age, sizeof age));
}

/* What to look at next, by kind; the page has the whole order of causes and remedies. */
static void add_advice(const struct siterun *run, const struct dp *dp, struct text *line)
{
    const char *package = dp->package->id, *site = dp->server->site;
    text_add(line, "; look for ");
    text_addf(line, "%s in %s on ", package,
              dp->kind == DP_VALIDATION_FAILED ? "smsdpmon.log" : "distmgr.log");
    if (dp->kind == DP_VALIDATION_FAILED)
        add_place(dp->server->place, line);
    else
        text_add(line, itemline_site_server(&run->db, site, site));
    switch (dp->kind) {
    case DP_VALIDATION_FAILED:
        text_add(line, " (content changed or deleted there), then redistribute it to this DP");
        break;
    case DP_RETRYING:
    case DP_FAILED:
        text_add(line, " (DP not reachable, disk full, rights), then refresh this DP");
        break;
    case DP_REMOVAL_PENDING:
    case DP_REMOVAL_RETRYING:
    case DP_REMOVAL_FAILED:
        text_add(line, " (why is it not removed?)");
        break;
    case DP_UNEXPECTED:
        text_add(line, "; this State is not in Microsoft's list");
        break;
    default:
        /* A package's ID begins with the code of the site that made it; that site's database tells of it. */
        if (strcasecmp(site, run->db.owner) != 0 &&
            strncasecmp(package, run->db.owner, strlen(run->db.owner)) == 0)
            text_addf(line, "; has the site got it? check_sms_packages --package=%s --child-site=%s", package,
                      site);
        break;
    }
}

static void item_line(const struct siterun *run, size_t finding, struct text *line)
{
    const struct item *item = &run->findings.items[finding];
    const struct dp *dp = &((const struct run *)run)->dps.dps[finding];
    itemline_begin(item, dp->package->name, line);
    text_add(line, " on ");
    add_place(dp->server->place, line);
    text_add(line, ", site ");
    itemline_add_site(&run->db, dp->server->site, line);
    text_addf(line, ": %s, ", item->kind);
    add_versions(dp, line);
    itemline_add_ages(item, &run->check->look.rates, line);
    add_message(run, dp, line);
    if (item->status != STATUS_OK)
        add_advice(run, dp, line);
}

struct numbers {
    struct tally tally;
    int64_t retrying, servers, evidence_age_s;
};

static void count_kinds(const struct run *run, struct numbers *numbers)
{
    bool *seen = calloc(dp_server_count(&run->dps) + 1, sizeof *seen);
    for (size_t i = 0; i < run->site.findings.count; i++) {
        const struct dp *dp = &run->dps.dps[i];
        if (run->site.findings.items[i].known)
            continue;
        numbers->retrying += dp->kind == DP_RETRYING || dp->kind == DP_REMOVAL_RETRYING;
        if (seen != NULL && !seen[dp->server->number]) {
            seen[dp->server->number] = true;
            numbers->servers++;
        }
    }
    free(seen);
    if (run->evidence.newest > 0)
        numbers->evidence_age_s = run->site.db.clock.utc - run->evidence.newest;
}

static void add_trouble(const struct run *run, const struct numbers *numbers, struct text *verdict)
{
    static const struct itemgroup_words words = {.at = "on", .place = "DP"};
    const struct tally *tally = &numbers->tally;
    itemgroup_tell(run->site.findings.items, run->site.findings.count, tally, &words, verdict);
    text_addf(verdict, "; %" PRId64 " pending, %" PRId64 " failed on %" PRId64 " DP%s, %" PRId64 " examined",
              tally->pending, tally->failed, numbers->servers, numbers->servers == 1 ? "" : "s",
              run->evidence.examined);
}

/* Nothing was looked at. @return whether that is in order */
static bool add_nothing(const struct run *run, struct text *verdict)
{
    const struct sitedb_filter *filter = &run->site.check->look.filter;
    if (run->evidence.server_unknown) {
        text_add(verdict, "nothing to look at: no distribution point that --server selects has a status row");
        return false;
    }
    if (run->evidence.silent.length == 0 && filter->sites.count > 0) {
        text_add(verdict, "nothing that the filters select is on a distribution point of ");
        for (size_t i = 0; i < filter->sites.count && i < 10; i++)
            text_addf(verdict, "%s%s", i == 0 ? "" : ", ", filter->sites.strings[i]);
        return true;
    }
    text_addf(verdict, "nothing to look at: no status row of a distribution point%s",
              sitedb_filter_is_empty(filter) ? "" : " that the filters select");
    return false;
}

static enum status add_staleness(const struct run *run, const struct numbers *numbers, struct text *verdict)
{
    const struct dps_check *check = options_of(&run->site);
    const struct range *warning = &check->dps.stale_warning, *critical = &check->dps.stale_critical;
    if ((!warning->set && !critical->set) || run->evidence.examined == 0)
        return STATUS_OK;
    if (run->evidence.newest == 0) {
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
                  duration_format(numbers->evidence_age_s, age, sizeof age), run->site.db.owner);
    return status;
}

static enum status add_verdict(const struct run *run, const struct numbers *numbers, struct text *verdict)
{
    const struct tally *tally = &numbers->tally;
    enum status status = tally->status;
    if (run->evidence.examined == 0)
        status = status_worse(status, add_nothing(run, verdict) ? STATUS_OK : STATUS_UNKNOWN);
    else if (tally->pending + tally->failed == 0)
        text_addf(verdict, "all %" PRId64 " packages on distribution points are installed",
                  run->evidence.examined);
    else
        add_trouble(run, numbers, verdict);
    if (run->evidence.silent.length > 0) {
        text_addf(verdict, "; %s", text_string(&run->evidence.silent));
        status = status_worse(status, STATUS_UNKNOWN);
    }
    status = status_worse(status, add_staleness(run, numbers, verdict));
    findings_add_notes(&run->site.findings, tally, verdict);
    return status;
}

static void tell(struct siterun *site)
{
    const struct run *run = (const struct run *)site;
    const struct dps_check *check = options_of(site);
    const struct thresholds *thresholds = &site->check->options.thresholds;
    struct numbers numbers = {0};
    const struct tally *tally = &numbers.tally;
    tally_items(site->findings.items, site->findings.count, &numbers.tally);
    count_kinds(run, &numbers);
    const struct perfdatum perfdata[] = {
        findings_perfdatum(FINDING_PENDING, tally, thresholds),
        findings_perfdatum(FINDING_STUCK, tally, thresholds),
        {.label = "retrying", .unit = "", .value = numbers.retrying},
        findings_perfdatum(FINDING_FAILED, tally, thresholds),
        findings_perfdatum(FINDING_KNOWN, tally, thresholds),
        findings_perfdatum(FINDING_OLDEST, tally, thresholds),
        findings_perfdatum(FINDING_OLDEST_FAILED, tally, thresholds),
        siterun_examined(site),
        {.label = "evidence_age",
         .unit = "s",
         .value = numbers.evidence_age_s,
         .warning = &check->dps.stale_warning,
         .critical = &check->dps.stale_critical},
        siterun_query_time(site),
    };
    struct text verdict = {0};
    enum status status = add_verdict(run, &numbers, &verdict);
    siterun_report(site, status, &verdict, perfdata, sizeof perfdata / sizeof *perfdata, item_line);
    text_free(&verdict);
}

static void run_check(struct worker *worker, void *context)
{
    static const struct siterun_steps steps = {
        .columns = SITEDB_BIT(SITEDB_DP_STATUS) | SITEDB_BIT(SITEDB_DP_IS_PEER) |
                   SITEDB_BIT(SITEDB_VIEW_PACKAGE_TYPE) | SITEDB_BIT(SITEDB_VIEW_SOURCE_DATE),
        .read = read_dps,
        .tell = tell,
    };
    const struct dps_check *check = context;
    struct run run = {.site = {.check = context, .worker = worker},
                      .selection = {.filter = &check->site.look.filter,
                                    .servers = &check->dps.servers,
                                    .removals = check->dps.removals,
                                    .branch_dps = check->dps.branch_dps,
                                    .rates = check->site.look.rates.count > 0}};
    run.site.source = (struct findings_source){.prefix = "dp",
                                               .context = &run,
                                               .rows = row_count,
                                               .describe = describe_dp,
                                               .site_of = site_of,
                                               .selects = is_selected,
                                               .look_up = look_up};
    siterun(&run.site, &steps);
    dp_list_free(&run.dps);
    text_free(&run.evidence.silent);
}

int main(int argc, char **argv)
{
    struct dps_check check = {0};
    const struct option_group groups[] = {
        {"Check", check_option_table, check_option_count, &check.site.options},
        {"Database connection", database_option_table, database_option_count, &check.site.database},
        {"Packages, sites and links", site_option_table, site_option_count, &check.site.look},
        {"Distribution points", dps_option_table, sizeof dps_option_table / sizeof *dps_option_table,
         &check.dps},
    };
    const struct program program = {
        .name = "check_sms_dps",
        .purpose = "tell which distribution points wait for packages, and how long",
        .description =
            "Reads the site database and tells which distribution points are install-pending, retrying or "
            "failed for which packages, for how long, and what to look at next. Needs the product's views "
            "only: membership in smsschm_users.",
        .examples = "The check, as NRPE runs it:\n"
                    "\n"
                    " check_sms_dps --extra-opts=database_CEN --extra-opts=dps_CEN\n"
                    "\n"
                    "The distribution points of one site, every item shown:\n"
                    "\n"
                    " check_sms_dps --extra-opts=database_CEN --child-site=S02 -v\n"
                    "\n"
                    "One group of servers, removals too:\n"
                    "\n"
                    " check_sms_dps --extra-opts=database_CEN --server='S02*' --include-removals",
        .groups = groups,
        .group_count = sizeof groups / sizeof *groups,
    };
    return site_check_main(&check.site, "SMS DPS", &program, run_check, argc, argv);
}
