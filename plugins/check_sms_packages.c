// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * check_sms_packages: which packages have not reached which child sites, and for how long?
 *
 *   check/check          argv to exit code: options, identity, supervised child
 *   check/sitecheck      the steps in the child, shared with check_sms_dps
 *   sitedb/sitedb        the site database: clock, columns, sites
 *   sitedb/package_site  (package, child site) pairs in trouble, by rule version or recipe
 *   check/findings       their items: keys, what earlier runs saw of them, what ended, the order of display
 *   items/order          lost, not late: what was overtaken, and which site is silent
 *   check/siteorder      that judgement with what a run read and what is remembered
 *   check/causes         many at once is one cause: one item
 *   check/logstory       what check_sms_despool found in the logs of the child sites
 *   check/stuck_boxes    which inboxes check_sms_inbox found stuck on the way
 *   check/pair_words     an item in words, with what to do next
 *   check/pair_verdict   the first line and its numbers
 *   items/judge          age and thresholds to a state, where age decides
 *   items/summary        what many of them have in common
 *   items/output         lines and perfdata within the budgets
 *   sitedb/survey        --survey
 *
 * This file: the options and the question.
 */
#include "config.h"

#include "check/causes.h"
#include "check/logstory.h"
#include "check/pair_verdict.h"
#include "check/pair_words.h"
#include "check/sitecheck.h"
#include "check/siteorder.h"
#include "sitedb/package_site.h"
#include "sitedb/survey.h"

#include <inttypes.h>
#include <time.h>

enum judge { JUDGE_ORDER, JUDGE_AGE };

struct packages_check {
    struct site_check site; /* first */
    struct {
        int rule;  /* enum pair_rule */
        int judge; /* enum judge */
        int64_t silent_critical_s;
        const char *logs;
        int clock; /* enum pair_clock */
        bool survey;
    } packages;
};

#define PACKAGES(member)                                                                                     \
    (offsetof(struct packages_check, packages.member) - offsetof(struct packages_check, packages))
static const struct option packages_option_table[] = {
    {.name = "rule",
     .type = OPTION_CHOICE,
     .offset = PACKAGES(rule),
     .argument = "RULE",
     .fallback = "version",
     .choices = "version|recipe",
     .help = "How trouble is recognised. version: what is targeted but not held in the "
             "wanted version. recipe: Status <> 0 AND SourceVersion > 0 in PkgStatus, "
             "for a long time: the rule that administrators have used since 2007."},
    {.name = "judge",
     .type = OPTION_CHOICE,
     .offset = PACKAGES(judge),
     .argument = "JUDGEMENT",
     .fallback = "order",
     .choices = "order|age",
     .help =
         "How a pending item of rule version is judged. order: it is lost when what was sent later to the "
         "same site has arrived, and a site is silent when nothing arrives there; age alone is then "
         "CRITICAL (-c) for what was never seen as sent or was there before the first run, and a WARNING (-w) for "
         "the others only where -w is given. age: by -w and -c alone."},
    {.name = "silent-critical",
     .type = OPTION_DURATION,
     .offset = PACKAGES(silent_critical_s),
     .argument = "DURATION",
     .fallback = "72h",
     .least = 3600,
     .most = 366 * 86400,
     .help =
         "With --judge=order: a site at which nothing arrives for this long although packages were sent to "
         "it is CRITICAL, as one item; half of it is a WARNING. Full copies add their size divided by "
         "--min-rate (12 MiB/h without it)."},
    {.name = "logs",
     .type = OPTION_TEXT,
     .offset = PACKAGES(logs),
     .argument = "DIR",
     .help =
         "State directory of check_sms_despool on this host, by default that of this check: an item says what the logs of its site (check_sms_despool --site) say of the package, and is of the failed class where its base is missing. A memory that no run has kept for a day says nothing."},
    DB_CLOCK_OPTION(PACKAGES(clock)),
    {.name = "survey",
     .type = OPTION_FLAG,
     .offset = PACKAGES(survey),
     .help = "Show what the database holds instead of checking it: the distribution of Status and "
             "versions, how the dates compare with the server's clock, and the product's columns. Exits 3."},
};

/* ---- the question */

/* One run, in the child. */
struct run {
    struct siterun site; /* first */
    struct pair_scan scan;
    struct sitedb_filter read; /* the sites of the filter with all their packages: their order needs them */
    struct siteorder order;
    struct cause_list causes;
    struct logstory logs;
    struct stuck_boxes stuck;
};

static const struct packages_check *options_of(const struct siterun *run)
{
    return (const struct packages_check *)run->check;
}

static enum pair_rule rule_of(const struct siterun *run)
{
    return (enum pair_rule)options_of(run)->packages.rule;
}

static enum pair_clock clock_of(const struct siterun *run)
{
    return (enum pair_clock)options_of(run)->packages.clock;
}

static struct siteorder_options order_options(const struct siterun *run)
{
    return (struct siteorder_options){.by_order = options_of(run)->packages.judge == JUDGE_ORDER,
                                      .silent_critical_s = options_of(run)->packages.silent_critical_s};
}

static size_t row_count(const void *context)
{
    return ((const struct run *)context)->scan.pairs.count;
}

/* What the logs of its site say of a pair; nothing of a repair that is under way. */
static const struct logstory_entry *story_of(const struct run *run, const struct pair *pair)
{
    return pair->kind == PAIR_RESEND || pair->kind == PAIR_RECIPE
               ? NULL
               : logstory_find(&run->logs, pair->package, pair->site);
}

static void describe_pair(const void *context, size_t row, struct item *item, struct text *place,
                          struct text *progress)
{
    const struct run *run = context;
    const struct pair *pair = &run->scan.pairs.pairs[row];
    const struct logstory_entry *told = story_of(run, pair);
    *item = (struct item){
        .package = pair->package,
        .place = pair->site,
        .site = pair->site,
        .kind = told != NULL ? told->kind : pair_kind_name(pair->kind),
        .item_class =
            pair->kind == PAIR_FAILED || (told != NULL && told->failed) ? ITEM_FAILED : ITEM_PENDING,
        .start = pair->kind == PAIR_RESEND || pair->kind == PAIR_RECIPE ? ITEM_START_MEMORY : ITEM_START_BOTH,
        .restart = pair->kind == PAIR_RESEND,
        .forget_on_progress = pair->kind == PAIR_RECIPE,
        .database_start = pair_database_start(pair),
        .moved = pair->updated,
        .future_s = pair->updated == 0 && pair->stamp > run->site.db.clock.utc
                        ? pair->stamp - run->site.db.clock.utc
                        : 0,
        .size_bytes = pair->size_bytes,
        .left_out = !sitedb_filter_selects(&run->site.check->look.filter, pair->package, pair->site)};
    text_add(place, pair->site);
    /* The date as stored: another --db-clock, or the end of summer time, moves no package. */
    if (rule_of(&run->site) == PAIR_RULE_RECIPE)
        text_addf(progress, "%" PRId64 "/%" PRId64, pair->status, pair->held);
    else
        text_addf(progress, "%s%" PRId64 "/%" PRId64 "/%" PRId64 "/%" PRId64, pair->has_status ? "" : "-",
                  pair->status, pair->held, pair->wanted, pair->stamp);
}

static const char *site_of(const char *place)
{
    return place;
}

static int look_up(void *context, struct lookup *lookups, size_t count, struct failure *failure)
{
    struct run *run = context;
    return pairs_look_up(&run->site.db, rule_of(&run->site), clock_of(&run->site), lookups, count,
                         &run->scan.pairs, &run->scan.arrivals, failure);
}

static int read_pairs(struct siterun *site, struct failure *failure)
{
    struct run *run = (struct run *)site;
    const struct sitedb_filter *filter = &site->check->look.filter;
    struct pair_question question = {.filter = filter, .rule = rule_of(site), .clock = clock_of(site)};
    if (sitedb_filter_check(&site->db, filter, SITEDB_PACKAGES_OWNED, failure) != 0)
        return -1;
    if (rule_of(site) == PAIR_RULE_VERSION) {
        run->read = (struct sitedb_filter){.sites = filter->sites, .exclude_sites = filter->exclude_sites};
        site->read = &run->read;
        question.whole_sites = true;
        const char *logs = options_of(site)->packages.logs;
        logstory_look(&run->logs, logs != NULL ? logs : check_state_directory(&site->check->options),
                      time(NULL), worker_trace(site->worker));
        if (siteorder_begin(&run->order, site, &run->read, &question, failure) != 0)
            return -1;
    }
    int result = pairs_scan(&site->db, &question, &run->scan, failure);
    site->examined = run->scan.examined;
    return result;
}

static int remember_order(void *context, struct findings *findings, struct failure *failure)
{
    struct run *run = context;
    const struct siteorder_options options = order_options(&run->site);
    /* A base is missing since the logs say so, however long the package had been on its way. */
    for (size_t i = 0; i < findings->count; i++) {
        const struct logstory_entry *told = story_of(run, &run->scan.pairs.pairs[i]);
        if (told != NULL && told->failed)
            findings->items[i].age_s =
                findings->clocks.host > told->since ? findings->clocks.host - told->since : 0;
    }
    return siteorder_remember(&run->order, &options, &run->site, findings, &run->scan, failure);
}

static void judge_order(void *context, struct findings *findings)
{
    struct run *run = context;
    const struct siteorder_options options = order_options(&run->site);
    siteorder_judge(&run->order, &options, &run->site.check->options.thresholds, findings);
    causes_find(&run->causes, &run->order, &run->site, &run->scan, findings);
}

/* ---- the wording */

static bool judges_by_order(const struct siterun *run)
{
    return ((const struct run *)run)->order.judged && order_options(run).by_order;
}

static struct pair_words words_of(const struct siterun *site)
{
    const struct run *run = (const struct run *)site;
    return (struct pair_words){.options = &site->check->options,
                               .db = &site->db,
                               .rates = &site->check->look.rates,
                               .order = judges_by_order(site) ? &run->order : NULL,
                               .logs = &run->logs,
                               .stuck = &run->stuck};
}

static void item_line(const struct siterun *site, size_t finding, struct text *line)
{
    const struct pair_words words = words_of(site);
    const struct run *run = (const struct run *)site;
    pair_words_line(&words, &site->findings.items[finding], finding, &run->scan.pairs.pairs[finding], line);
}

/* "nothing reaches 40 of 43 sites: sender or scheduler of CEN", where to look first, and the worst of its items */
static void add_cause(const struct siterun *site, const struct common_cause *cause, bool advice,
                      struct text *text)
{
    const struct pair_words words = words_of(site);
    cause_add_words(cause, &site->db, text);
    if (advice) {
        cause_add_advice(cause, &site->db, text);
        const bool of_site = cause->kind == CAUSE_SITE || cause->kind == CAUSE_SITES;
        stuck_boxes_add_words(words.stuck, &site->db, cause->kind == CAUSE_PACKAGE ? cause->what : NULL,
                              site->db.owner, of_site ? cause->what : site->db.owner, text);
    }
    text_add(text, "; oldest ");
    pair_words_item(&words, &site->findings.items[cause->finding],
                    &((const struct run *)site)->scan.pairs.pairs[cause->finding], text);
}

static void note_causes(struct siterun *site)
{
    const struct cause_list *list = &((const struct run *)site)->causes;
    const enum status order[] = {STATUS_CRITICAL, STATUS_WARNING};
    for (size_t at = 0; at < 2 * list->count; at++) {
        const size_t i = at % list->count;
        const enum status status = site->findings.items[list->causes[i].finding].status;
        if (status != order[at / list->count])
            continue;
        text_addf(&site->notes, "%s: ", status_name(status));
        add_cause(site, &list->causes[i], true, &site->notes);
        text_add(&site->notes, "\n");
    }
}

static void add_worst(const void *context, const struct item *item, struct text *verdict)
{
    const struct siterun *site = context;
    const struct pair_words words = words_of(site);
    const struct common_cause *cause = causes_worst(&((const struct run *)site)->causes, &site->findings);
    const enum status status = cause != NULL ? site->findings.items[cause->finding].status : STATUS_OK;
    if (cause != NULL && (item->folded || status_worse(status, item->status) == status)) {
        add_cause(site, cause, false, verdict);
        return;
    }
    const size_t finding = (size_t)(item - site->findings.items);
    pair_words_short(&words, item, finding, &((const struct run *)site)->scan.pairs.pairs[finding], verdict);
}

static void item_fields(const struct siterun *run, size_t finding, struct json *json)
{
    const struct pair *pair = &((const struct run *)run)->scan.pairs.pairs[finding];
    json_integer(json, "wanted_version", true, pair->wanted);
    json_integer(json, "version", pair->held >= 0, pair->held);
    json_integer(json, "status", pair->has_status, pair->status);
    json_integer(json, "rows", true, pair->rows);
    const struct item *item = &run->findings.items[finding];
    json_string(json, "order",
                judges_by_order(run) ? siteorder_state(&((const struct run *)run)->order, finding) : NULL);
    json_boolean(json, "folded", item->folded);
}

static const struct siterun_words item_words = {.item_line = item_line, .item_fields = item_fields};

static void tell(struct siterun *run)
{
    const struct thresholds *thresholds = &run->check->options.thresholds;
    const struct pair_verdict told = {
        .run = run, .scan = &((const struct run *)run)->scan, .rule = rule_of(run), .add_worst = add_worst};
    struct pair_numbers numbers;
    const struct tally *tally = &numbers.tally;
    if (pair_numbers_count(&told, &numbers) != 0) {
        struct failure failure;
        fail(&failure, "out of memory");
        check_fail(run->worker, &run->check->check, &failure);
        return;
    }
    const struct perfdatum perfdata[] = {
        findings_perfdatum(FINDING_PENDING, tally, thresholds),
        findings_perfdatum(FINDING_STUCK, tally, thresholds),
        findings_perfdatum(FINDING_FAILED, tally, thresholds),
        {.label = "never_sent", .unit = "", .value = numbers.never_sent},
        {.label = "resend", .unit = "", .value = numbers.resend},
        findings_perfdatum(FINDING_KNOWN, tally, thresholds),
        findings_perfdatum(FINDING_OLDEST, tally, thresholds),
        findings_perfdatum(FINDING_OLDEST_FAILED, tally, thresholds),
        findings_perfdatum(FINDING_OUTSTANDING, tally, thresholds),
        siterun_examined(run),
        {.label = "sites", .unit = "", .value = numbers.sites},
        siterun_query_time(run),
        {.label = "overtaken",
         .unit = "",
         .value = siteorder_overtaken(&((struct run *)run)->order, &run->findings)},
        {.label = "silent",
         .unit = "",
         .value = siteorder_silent(&((struct run *)run)->order, &run->findings)},
    };
    struct text verdict = {0};
    pair_verdict_add(&told, &numbers, &verdict);
    if (tally->stuck > 0 || tally->status != STATUS_OK)
        stuck_boxes_look(&((struct run *)run)->stuck, check_state_directory(&run->check->options), &run->db,
                         run->findings.clocks.host, worker_trace(run->worker));
    note_causes(run);
    siterun_report(run, run->examined == 0 ? STATUS_UNKNOWN : tally->status, &verdict, perfdata,
                   sizeof perfdata / sizeof *perfdata, &item_words);
    text_free(&verdict);
}

static bool survey_instead(struct siterun *run)
{
    if (!options_of(run)->packages.survey)
        return false;
    struct text output = {0};
    struct failure failure;
    text_addf(&output, "%s %s - ", run->check->check.label, status_name(STATUS_UNKNOWN));
    if (survey_write(&run->db, &output, &failure) != 0 || siteorder_survey(run, &output, &failure) != 0)
        check_fail(run->worker, &run->check->check, &failure);
    else
        worker_result(run->worker, STATUS_UNKNOWN, text_string(&output), output.length);
    text_free(&output);
    return true;
}

static void run_check(struct worker *worker, void *context)
{
    static const struct siterun_steps steps = {
        .columns = SITEDB_BIT(SITEDB_PACKAGE_TYPE) | SITEDB_BIT(SITEDB_DP_STATUS) |
                   SITEDB_BIT(SITEDB_DP_REFRESHED) | SITEDB_BIT(SITEDB_DP_IS_PEER) |
                   SITEDB_BIT(SITEDB_PACKAGE_PRIORITY),
        .instead = survey_instead,
        .read = read_pairs,
        .tell = tell,
    };
    struct run run = {.site = {.check = context, .worker = worker}};
    run.site.source =
        (struct findings_source){.prefix = rule_of(&run.site) == PAIR_RULE_RECIPE ? "recipe" : "version",
                                 .context = &run,
                                 .rows = row_count,
                                 .describe = describe_pair,
                                 .site_of = site_of,
                                 .look_up = look_up};
    if (rule_of(&run.site) == PAIR_RULE_VERSION) {
        run.site.source.remember = remember_order;
        run.site.source.judge = judge_order;
    }
    siterun(&run.site, &steps);
    causes_free(&run.causes);
    logstory_free(&run.logs);
    stuck_boxes_free(&run.stuck);
    siteorder_free(&run.order);
    pair_scan_free(&run.scan);
}

int main(int argc, char **argv)
{
    struct packages_check check = {0};
    const struct option_group groups[] = {
        {"Check", check_option_table, check_option_count, &check.site.options},
        {"Database connection", database_option_table, database_option_count, &check.site.database},
        {"Packages, sites and links", site_option_table, site_option_count, &check.site.look},
        {"How it is judged", packages_option_table,
         sizeof packages_option_table / sizeof *packages_option_table, &check.packages},
    };
    const struct program program = {
        .name = "check_sms_packages",
        .purpose = "find stuck SMS packages, from the site database",
        .description = "Reads the site database of the owning site and tells which packages have "
                       "not reached which child sites, for how long, and what to look at next.",
        .examples = "Which rule and which clock fit this database? Then the check, as NRPE runs it:\n"
                    "\n"
                    " check_sms_packages --extra-opts=database_CEN --survey\n"
                    " check_sms_packages --extra-opts=database_CEN --extra-opts=packages_CEN\n"
                    "\n"
                    "One site alone, over a slow link, every item shown:\n"
                    "\n"
                    " check_sms_packages --extra-opts=database_CEN --child-site=S02 \\\n"
                    "     --min-rate=S02=100MB/h -v\n"
                    "\n"
                    "One package is accepted until a day; the next one pages:\n"
                    "\n"
                    " check_sms_packages --extra-opts=database_CEN --extra-opts=packages_CEN \\\n"
                    "     --known=CEN00012@S02:2026-12-31",
        .groups = groups,
        .group_count = sizeof groups / sizeof *groups,
    };
    return site_check_main(&check.site, "SMS PACKAGES", &program, run_check, argc, argv);
}
