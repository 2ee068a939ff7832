// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * check_sms_dps: which distribution points are install-pending, retrying or failed, and for how long?
 *
 *   check/check        argv to exit code: options, identity, supervised child
 *   check/sitecheck    the steps in the child, shared with check_sms_packages
 *   sitedb/sitedb      the site database: clock, columns, sites
 *   sitedb/package_dp  packages on distribution points that are in trouble
 *   sitedb/nalpath     the server's name out of a NAL path
 *   sitedb/dp_message  status messages in words
 *   sitedb/dp_survey   --survey
 *   check/dp_told      what is no finding and must be said
 *   check/dp_order     what later packages overtook, and DPs on which nothing moves
 *   check/dp_words     the lines of the items, with what to do next
 *   check/dp_verdict   the first line and its numbers
 *   check/stuck_boxes  which inboxes check_sms_inbox found stuck on the way
 *   check/findings     their items: keys, what earlier runs saw of them, what ended, the order of display
 *   items/judge        age and thresholds to a state
 *   items/summary      what many of them have in common
 *   items/output       lines and perfdata within the budgets
 *
 * This file: the options and the question.
 */
#include "config.h"

#include "check/dp_order.h"
#include "check/dp_told.h"
#include "check/dp_verdict.h"
#include "check/dp_words.h"
#include "check/sitecheck.h"
#include "sitedb/dp_survey.h"
#include "sitedb/package_dp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct dps_check {
    struct site_check site; /* first */
    struct {
        struct string_list servers;
        bool removals, branch_dps;
        bool strict, survey;
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
    {.name = "strict",
     .type = OPTION_FLAG,
     .offset = DPS(strict),
     .help =
         "Judge also what is otherwise only told: a targeted distribution point without a status row, an "
         "installed package whose newest message is an error, a row of a distribution point that moved to "
         "another site."},
    {.name = "survey",
     .type = OPTION_FLAG,
     .offset = DPS(survey),
     .help = "Show what the database holds instead of checking it, in numbers and without names: States "
             "against message states, messages by number with their words, kinds of distribution points, "
             "views, columns and rights that are missing. Exits 3."},
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
    struct package_memory packages;
    struct despool_memories despool;
    struct stuck_boxes stuck;
    struct dp_order order;
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
    int64_t moved = dp->message_date > dp->summarized ? dp->message_date : dp->summarized;
    *item = (struct item){.package = dp->package->id,
                          .place = dp->server->place,
                          .site = dp->server->site,
                          .kind = dp_kind_name(dp->kind),
                          .item_class = dp_kind_is_failed(dp->kind) ? ITEM_FAILED : ITEM_PENDING,
                          .start = ITEM_START_ATTEMPT,
                          .database_start = dp_database_start(dp),
                          .moved = moved,
                          .excused = dp->server->maintenance || dp->kind == DP_PRESTAGED,
                          .left_out = dp->kind == DP_PRESTAGED,
                          .blind = dp_sources_are_blind(&((const struct run *)context)->selection.sources),
                          .held = dp->held,
                          .renewed = dp_ordered_anew(dp),
                          .size_bytes = dp->package->size_bytes};
    /* A server may serve two sites, and filters select remembered items by their site. */
    text_addf(place, "%s/%s", dp->server->place, dp->server->site);
    text_addf(progress, "%s%" PRId64 "/%" PRId64 "/%" PRId64, dp->has_state ? "" : "-", dp->state, dp->held,
              dp->summarized);
    if (dp->message_id != 0)
        text_addf(progress, "/%" PRId64 "/%" PRId64, dp->message_id, dp->message_date);
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

static int remember_order(void *context, struct findings *findings, struct failure *failure)
{
    struct run *run = context;
    char prefix[32];
    snprintf(prefix, sizeof prefix, "%s/", run->site.source.prefix);
    return dp_order_remember(&run->order, prefix, &run->site, findings, &run->selection, &run->dps, failure);
}

static void judge_order(void *context, struct findings *findings)
{
    struct run *run = context;
    dp_order_judge(&run->order, &run->site, findings, &run->dps);
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
    if (dps_read(&site->db, &run->selection, &run->dps, failure) != 0 ||
        dps_read_unproven(&site->db, &run->selection, &run->evidence, &run->dps, failure) != 0)
        return -1;
    return dps_describe_servers(&site->db, &run->selection, &run->dps, failure);
}

/* ---- the wording */

static struct dp_words words_of(const struct siterun *run)
{
    return (struct dp_words){.db = &run->db,
                             .sources = &((const struct run *)run)->selection.sources,
                             .rates = &run->check->look.rates,
                             .order = &((const struct run *)run)->order,
                             .findings = &run->findings,
                             .despool = &((const struct run *)run)->despool,
                             .packages = &((const struct run *)run)->packages,
                             .stuck = &((const struct run *)run)->stuck,
                             .options = &run->check->options};
}

static void item_line(const struct siterun *run, size_t finding, struct text *line)
{
    const struct dp_words words = words_of(run);
    dp_words_line(&words, &run->findings.items[finding], &((const struct run *)run)->dps.dps[finding], line);
}

static void worst_item(const void *context, const struct item *item, struct text *verdict)
{
    const struct run *run = context;
    const struct dp_words words = words_of(&run->site);
    dp_words_short(&words, item, &run->dps.dps[item - run->site.findings.items], verdict);
}

static void item_fields(const struct siterun *run, size_t finding, struct json *json)
{
    const struct dp *dp = &((const struct run *)run)->dps.dps[finding];
    json_integer(json, "wanted_version", dp->package->wanted >= 0, dp->package->wanted);
    json_integer(json, "version", dp->held >= 0, dp->held);
    json_integer(json, "summarizer_state", dp->has_state, dp->state);
    json_integer(json, "message_id", dp->message_id != 0, dp->message_id);
    json_integer(json, "message_time", dp->message_date > 0, dp->message_date);
    const struct dp_message *message = dp_message_find(dp->message_id);
    json_string(json, "message", message != NULL ? message->words : "");
    json_string(json, "message_class", message != NULL ? dp_message_class_name(message->message_class) : "");
    json_boolean(json, "pull_dp", dp->server->pull);
    json_boolean(json, "maintenance_mode", dp->server->maintenance);
    json_boolean(json, "inactive", dp->server->inactive);
    json_integer(json, "drive_percent_free", dp->server->percent_free >= 0, dp->server->percent_free);
    const struct dp_standstill *standstill =
        dp_order_standstill(&((const struct run *)run)->order, &run->findings.items[finding], dp);
    json_integer(json, "standstill_packages", standstill != NULL,
                 standstill != NULL ? standstill->packages : 0);
}

static const struct siterun_words item_words = {.item_line = item_line, .item_fields = item_fields};

static void tell(struct siterun *site)
{
    const struct run *run = (const struct run *)site;
    const struct dps_check *check = options_of(site);
    const struct thresholds *thresholds = &site->check->options.thresholds;
    const struct dp_verdict told = {.run = site,
                                    .dps = &run->dps,
                                    .sources = &run->selection.sources,
                                    .evidence = &run->evidence,
                                    .strict = run->selection.strict,
                                    .stale_warning = &check->dps.stale_warning,
                                    .stale_critical = &check->dps.stale_critical,
                                    .add_worst = worst_item};
    struct dp_numbers numbers;
    const struct tally *tally = &numbers.tally;
    dp_numbers_count(&told, &numbers);
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
    enum status status = dp_verdict_add(&told, &numbers, &verdict);
    if (check->site.options.verbosity > 0) {
        const struct dp_words words = words_of(site);
        dp_told_add_lines(&words, &run->dps, &run->selection.sources, &site->notes);
    }
    if (tally->stuck > 0 || tally->status != STATUS_OK) {
        struct run *asks = (struct run *)site;
        const char *directory = check_state_directory(&site->check->options);
        const int64_t now = site->findings.clocks.host;
        package_memory_look(site, &asks->packages);
        despool_memories_look(directory, now, &asks->despool, worker_trace(site->worker));
        stuck_boxes_look(&asks->stuck, directory, &site->db, now, worker_trace(site->worker));
    }
    siterun_report(site, status, &verdict, perfdata, sizeof perfdata / sizeof *perfdata, &item_words);
    text_free(&verdict);
}

static bool survey_instead(struct siterun *site)
{
    struct run *run = (struct run *)site;
    if (!options_of(site)->dps.survey)
        return false;
    struct text output = {0};
    struct failure failure;
    text_addf(&output, "%s %s - ", site->check->check.label, status_name(STATUS_UNKNOWN));
    run->selection.lists = true;
    dps_probe(&site->db, &run->selection);
    if (dp_survey_write(&site->db, &run->selection, &output, &failure) != 0)
        check_fail(site->worker, &site->check->check, &failure);
    else
        worker_result(site->worker, STATUS_UNKNOWN, text_string(&output), output.length);
    text_free(&output);
    return true;
}

static void run_check(struct worker *worker, void *context)
{
    static const struct siterun_steps steps = {
        .columns = SITEDB_BIT(SITEDB_DP_STATUS) | SITEDB_BIT(SITEDB_DP_IS_PEER) |
                   SITEDB_BIT(SITEDB_DP_REFRESHED) | SITEDB_BIT(SITEDB_VIEW_PACKAGE_TYPE) |
                   SITEDB_BIT(SITEDB_VIEW_SOURCE_DATE) | SITEDB_BIT(SITEDB_VIEW_SOURCE_FLAG) |
                   SITEDB_BIT(SITEDB_VIEW_ACTION) | SITEDB_BIT(SITEDB_SUMMARY_COPIED),
        .instead = survey_instead,
        .read = read_dps,
        .tell = tell,
    };
    const struct dps_check *check = context;
    struct run run = {.site = {.check = context, .worker = worker},
                      .selection = {.filter = &check->site.look.filter,
                                    .servers = &check->dps.servers,
                                    .removals = check->dps.removals,
                                    .branch_dps = check->dps.branch_dps,
                                    .strict = check->dps.strict,
                                    .lists = check->site.options.verbosity > 0,
                                    .rates = check->site.look.rates.count > 0}};
    run.site.source = (struct findings_source){.prefix = check->dps.strict ? "strict" : "dp",
                                               .context = &run,
                                               .rows = row_count,
                                               .describe = describe_dp,
                                               .site_of = site_of,
                                               .selects = is_selected,
                                               .look_up = look_up,
                                               .remember = remember_order,
                                               .judge = judge_order};
    siterun(&run.site, &steps);
    dp_list_free(&run.dps);
    package_memory_free(&run.packages);
    despool_memories_free(&run.despool);
    stuck_boxes_free(&run.stuck);
    dp_order_free(&run.order);
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
