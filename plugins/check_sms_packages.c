// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * check_sms_packages: which packages have not reached which child sites, and for how long?
 *
 *   common/check        argv to exit code: options, identity, supervised child
 *   common/sitedb       the site database: clock, columns, sites
 *   common/pair         (package, child site) pairs in trouble, by rule version or recipe
 *   common/recall       what earlier runs saw of them: first seen, last progress
 *   common/judge        age and thresholds to a state
 *   common/report       lines and perfdata within the budgets
 *   common/survey       --survey
 *
 * This file: the options, the question and the wording.
 */
#include "config.h"

#include "check.h"
#include "clean.h"
#include "manual.h"
#include "minrate.h"
#include "pair.h"
#include "quantity.h"
#include "recall.h"
#include "sitedb.h"
#include "survey.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct packages_check {
    struct check check; /* first: the worker's context is the check */
    struct check_options options;
    struct database_options database;
    struct sitedb_filter filter;
    struct {
        const char *site;
        int rule;  /* enum pair_rule */
        int clock; /* enum pair_clock */
        struct rate_list rates;
        bool survey;
    } packages;
};

static void reset_rates(void *target)
{
    rate_list_free(target);
}

#define PACKAGES(member) (offsetof(struct packages_check, packages.member) - offsetof(struct packages_check, packages))
static const struct option packages_option_table[] = {
    {.name = "site", .type = OPTION_TEXT, .offset = PACKAGES(site), .argument = "CODE",
     .help = "Owning site whose packages are checked; by default the code in a database name SMS_xxx or CM_xxx."},
    {.name = "rule", .type = OPTION_CHOICE, .offset = PACKAGES(rule), .argument = "RULE", .fallback = "version",
     .choices = "version|recipe",
     .help = "How trouble is recognised. version: what is targeted but not held in the wanted version. recipe: Status <> 0 "
             "AND SourceVersion > 0 in PkgStatus, persistent over a long time, to the letter of the 2007 recipe."},
    {.name = "min-rate", .type = OPTION_CUSTOM, .offset = PACKAGES(rates), .argument = "[SITE=]SIZE/h",
     .flags = OPTION_REPEATABLE, .parse = rate_list_parse, .reset = reset_rates,
     .help = "What a link is allowed to be slow, for all sites or one (2GB/h,S02=300MB/h): the thresholds of a pending "
             "item grow by its compressed size divided by the rate."},
    {.name = "db-clock", .type = OPTION_CHOICE, .offset = PACKAGES(clock), .argument = "ZONE", .fallback = "utc",
     .choices = "utc|local|ignore",
     .help = "How PkgStatus.UpdateTime and SMSPackages.SourceDate are read, whose zone is unproven: as UTC, as the "
             "server's local time, or not at all. --survey shows which one fits."},
    {.name = "survey", .type = OPTION_FLAG, .offset = PACKAGES(survey),
     .help = "Show what the database holds instead of checking it: the distribution of Status and versions, how the dates "
             "lie against the server's clock, and the product's columns. Exits 3."},
};

static const char label[] = "SMS PACKAGES";

/* ---- the question */

/* One run, in the child. */
struct run {
    const struct packages_check *check;
    struct worker *worker;
    struct sitedb db;
    struct pair_list pairs;
    struct item *items;      /* items[i] is about pairs.pairs[i]; key and progress in one allocation each */
    size_t item_count;
    struct recall recall;
    struct clocks clocks;
    int64_t examined;
    struct text inactive;    /* sites that are not active and have remembered items */
};

static const char *rule_name(int rule)
{
    return rule == PAIR_RULE_RECIPE ? "recipe" : "version";
}

/* Key and progress share one allocation, which `key` points to. */
static int describe_pair(const struct pair *pair, int rule, struct item *item)
{
    char key[64], progress[96];
    snprintf(key, sizeof key, "%s/%s@%s", rule_name(rule), pair->package, pair->site);
    if (rule == PAIR_RULE_RECIPE)
        snprintf(progress, sizeof progress, "%" PRId64 "/%" PRId64, pair->status, pair->held);
    else
        snprintf(progress, sizeof progress, "%s%" PRId64 "/%" PRId64 "/%" PRId64 "/%" PRId64, pair->has_status ? "" : "-",
                 pair->status, pair->held, pair->wanted, pair->updated);
    /* The product's collation knows no case, and a code may come back in another one. */
    for (char *c = strchr(key, '/'); *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    size_t length = strlen(key) + 1;
    char *texts = malloc(length + strlen(progress) + 1);
    if (texts == NULL)
        return -1;
    item->key = memcpy(texts, key, length);
    item->progress = strcpy(texts + length, progress);
    return 0;
}

/* Bring the items up to the pairs: at first all of them, later those that a look-up added. */
static int make_items(struct run *run, struct failure *failure)
{
    struct item *items = realloc(run->items, (run->pairs.count + 1) * sizeof *items);
    if (items == NULL)
        return fail(failure, "out of memory");
    run->items = items;
    for (; run->item_count < run->pairs.count; run->item_count++) {
        const struct pair *pair = &run->pairs.pairs[run->item_count];
        struct item *item = &items[run->item_count];
        *item = (struct item){.package = pair->package,
                              .place = pair->site,
                              .kind = pair_kind_name(pair->kind),
                              .item_class = pair->kind == PAIR_FAILED ? ITEM_FAILED : ITEM_PENDING,
                              .start = pair->kind == PAIR_RESEND || pair->kind == PAIR_RECIPE ? ITEM_START_MEMORY
                                                                                              : ITEM_START_BOTH,
                              .restart = pair->kind == PAIR_RESEND,
                              .forget_on_progress = pair->kind == PAIR_RECIPE,
                              .database_start = pair_database_start(pair),
                              .moved = pair->updated,
                              .size_bytes = pair->size_bytes};
        if (describe_pair(pair, run->check->packages.rule, item) != 0)
            return fail(failure, "out of memory");
    }
    return 0;
}

/* "version/CEN00012@S02" -> "CEN00012", "S02" */
static bool split_key(const char *key, char *package, size_t package_size, char *site, size_t site_size)
{
    const char *start = strchr(key, '/');
    const char *at = start == NULL ? NULL : strchr(start, '@');
    if (at == NULL || (size_t)(at - start) > package_size || strlen(at) > site_size)
        return false;
    snprintf(package, package_size, "%.*s", (int)(at - start - 1), start + 1);
    snprintf(site, site_size, "%s", at + 1);
    return true;
}

static void note_inactive(struct run *run, const char *code)
{
    const struct site *site = sitedb_site(&run->db, code);
    char words[64];
    if (site == NULL)
        snprintf(words, sizeof words, "site %s is gone from v_Site", code);
    else
        snprintf(words, sizeof words, "site %s is not active (status %" PRId64 ")", code, site->status);
    if (strstr(text_string(&run->inactive), words) == NULL && run->inactive.length < 200)
        text_addf(&run->inactive, "%s%s", run->inactive.length > 0 ? ", " : "", words);
}

/* Does this run look at a remembered pair? Filters decide, and a site that is not active is not closed. */
static bool is_looked_at(struct run *run, const char *package, const char *code)
{
    if (!sitedb_filter_selects(&run->check->filter, package, code))
        return false;
    const struct site *site = sitedb_site(&run->db, code);
    if (site != NULL && site_is_active(site))
        return true;
    note_inactive(run, code);
    return false;
}

struct missing {
    struct remembered *remembered;
    char package[16], site[16];
};

/* Remembered items that are not among the findings: look each up by its key before anything is concluded. */
static int settle_missing(struct run *run, struct failure *failure)
{
    struct missing *missing = calloc(run->recall.count + 1, sizeof *missing);
    struct pair_lookup *lookups = calloc(run->recall.count + 1, sizeof *lookups);
    size_t count = 0, at = 0;
    int result = 0;
    if (missing == NULL || lookups == NULL)
        result = fail(failure, "out of memory");
    struct remembered *remembered;
    while (result == 0 && (remembered = recall_next_missing(&run->recall, &at)) != NULL) {
        struct missing *entry = &missing[count];
        entry->remembered = remembered;
        if (split_key(remembered->key, entry->package, sizeof entry->package, entry->site, sizeof entry->site) &&
            is_looked_at(run, entry->package, entry->site))
            lookups[count++] = (struct pair_lookup){.package = entry->package, .site = entry->site};
    }
    if (result == 0 && count > 0)
        result = pairs_look_up(&run->db, (enum pair_rule)run->check->packages.rule,
                               (enum pair_clock)run->check->packages.clock, lookups, count, &run->pairs, failure);
    for (size_t i = 0; i < count && result == 0; i++)
        if (lookups[i].found != PAIR_LOOKUP_IN_TROUBLE)
            recall_settle(&run->recall, missing[i].remembered,
                          lookups[i].found == PAIR_LOOKUP_ENDED ? ABSENCE_HEALTHY : ABSENCE_UNSEEN, run->clocks.host);
    free(lookups);
    free(missing);
    return result;
}

static int remember(struct run *run, struct failure *failure)
{
    struct text identity = {0};
    odbc_settings_identity(&run->check->database.settings, &identity);
    text_addf(&identity, "/%s", run->db.owner);
    char prefix[16];
    snprintf(prefix, sizeof prefix, "%s/", rule_name(run->check->packages.rule));
    int64_t wait_ms = worker_time_left_ms(run->worker) - 500;
    int result = recall_open(&run->recall, check_state_directory(&run->check->options), run->check->check.program->name,
                             text_string(&identity), prefix, wait_ms > 0 ? wait_ms : 0, worker_trace(run->worker), failure);
    text_free(&identity);
    if (result != 0)
        return -1;
    recall_mark(&run->recall, run->items, run->item_count);
    if (settle_missing(run, failure) != 0 || make_items(run, failure) != 0)
        return -1;
    recall_age(&run->recall, run->items, run->item_count, &run->clocks);
    recall_commit(&run->recall, run->clocks.host);
    return 0;
}

/* ---- the wording */

static const char *site_name(const struct run *run, const char *code)
{
    const struct site *site = sitedb_site(&run->db, code);
    return site != NULL ? site->name : "";
}

static const char *site_server(const struct run *run, const struct pair *pair)
{
    const struct site *site = sitedb_site(&run->db, pair->site);
    return site != NULL && site->server[0] != '\0' ? site->server : pair->server;
}

static void add_versions(const struct pair *pair, struct text *line)
{
    text_addf(line, "wants version %" PRId64, pair->wanted);
    if (pair->rows == 0)
        text_add(line, ", has no row in PkgStatus");
    else if (pair->held < 0)
        text_add(line, ", has no version");
    else
        text_addf(line, ", has %" PRId64, pair->held);
    if (pair->rows > 1)
        text_addf(line, " (%" PRId64 " rows)", pair->rows);
    if (pair->kind == PAIR_UNEXPECTED || pair->kind == PAIR_RECIPE || pair->kind == PAIR_FAILED ||
        (pair->kind == PAIR_NEVER_SENT && pair->rows > 0)) {
        const char *name = pair_status_name(pair->status);
        if (!pair->has_status)
            text_add(line, ", Status NULL");
        else if (name != NULL)
            text_addf(line, ", Status %s", name);
        else
            text_addf(line, ", Status %" PRId64, pair->status);
    }
}

static void add_ages(const struct run *run, const struct pair *pair, const struct item *item, struct text *line)
{
    char age[32], moved[32], instant[32], size[32];
    text_addf(line, ", for %s", duration_format(item->age_s, age, sizeof age));
    if (item->attempt_since != item->first_seen)
        text_addf(line, ", in trouble since %s", instant_format(item->first_seen, instant, sizeof instant));
    if (item->moved_age_s < 0)
        text_add(line, ", never seen moving");
    else
        text_addf(line, ", last moved %s ago", duration_format(item->moved_age_s, moved, sizeof moved));
    if (item->allowance_s > 0)
        text_addf(line, ", size allows %s at %s/h", duration_format(item->allowance_s, age, sizeof age),
                  size_format(rate_list_bytes_per_hour(&run->check->packages.rates, pair->site), size, sizeof size));
}

/* What to look at next, by kind; the page has the whole order of causes and remedies. */
static void add_advice(const struct run *run, const struct pair *pair, struct text *line)
{
    const char *server = site_server(run, pair), *owner = run->db.owner;
    switch (pair->kind) {
    case PAIR_NEVER_SENT:
        text_addf(line, "; look for %s in distmgr.log and sched.log of site %s: was it ever sent to %s?", pair->package,
                  owner, pair->site);
        break;
    case PAIR_RESEND:
        text_add(line, "; the whole package is on its way after a reset, or for the first time: wait for it");
        break;
    case PAIR_FAILED:
        text_addf(line, "; look for %s in despool.log and distmgr.log on %s (disk, rights, base PCK)", pair->package, server);
        break;
    default:
        text_addf(line, "; look for %s in despool.log and distmgr.log on %s", pair->package, server);
        break;
    }
    if (pair->kind != PAIR_RESEND && pair->kind != PAIR_NEVER_SENT)
        text_addf(line, "; repair: sms_reset_package --package=%s --child-site=%s", pair->package, pair->site);
}

static void item_line(void *context, size_t index, struct text *line)
{
    const struct run *run = context;
    const struct item *item = &run->items[index];
    const struct pair *pair = &run->pairs.pairs[index];
    if (item->known) {
        char until[32];
        text_add(line, "known");
        if (item->known_until != 0)
            text_addf(line, " until %.10s", instant_format(item->known_until - 1, until, sizeof until));
    } else {
        text_add(line, status_name(item->status));
    }
    text_addf(line, ": %s", pair->package);
    if (pair->package_name[0] != '\0') {
        text_add(line, " \"");
        text_add_clean(line, pair->package_name, 80);
        text_add(line, "\"");
    }
    text_addf(line, " at %s", pair->site);
    if (site_name(run, pair->site)[0] != '\0') {
        text_add(line, " ");
        text_add_clean(line, site_name(run, pair->site), 40);
    }
    text_addf(line, ": %s, ", item->kind);
    add_versions(pair, line);
    add_ages(run, pair, item, line);
    if (item->stuck)
        add_advice(run, pair, line);
}

struct numbers {
    struct tally tally;
    int64_t never_sent, resend, sites;
};

static void count_kinds(const struct run *run, struct numbers *numbers)
{
    const char *last_site[512];
    size_t seen = 0;
    for (size_t i = 0; i < run->item_count; i++) {
        if (run->items[i].known)
            continue;
        numbers->never_sent += run->pairs.pairs[i].kind == PAIR_NEVER_SENT;
        numbers->resend += run->pairs.pairs[i].kind == PAIR_RESEND;
        size_t at = 0;
        while (at < seen && strcasecmp(last_site[at], run->pairs.pairs[i].site) != 0)
            at++;
        if (at == seen && seen < sizeof last_site / sizeof *last_site)
            last_site[seen++] = run->pairs.pairs[i].site;
    }
    numbers->sites = (int64_t)seen;
}

static void add_verdict(const struct run *run, const struct numbers *numbers, struct text *verdict)
{
    const struct tally *tally = &numbers->tally;
    int64_t items = tally->pending + tally->failed;
    if (run->examined == 0)
        text_addf(verdict, "nothing to look at: no package of site %s is targeted at a child site%s", run->db.owner,
                  run->check->filter.packages.count + run->check->filter.sites.count +
                              run->check->filter.exclude_packages.count + run->check->filter.exclude_sites.count >
                          0
                      ? " that the filters select"
                      : "");
    else if (items == 0)
        text_addf(verdict, "all %" PRId64 " targeted packages of site %s are in sync at their child sites", run->examined,
                  run->db.owner);
    else {
        char age[32];
        const struct item *worst = tally->worst;
        if (tally->stuck > 0)
            text_addf(verdict, "%" PRId64 " stuck: %s at %s %s for %s%s", tally->stuck, worst->package, worst->place,
                      worst->kind, duration_format(worst->age_s, age, sizeof age), tally->stuck > 1 ? " and others" : "");
        else
            text_addf(verdict, "none stuck, %" PRId64 " on their way, oldest %s at %s %s for %s", items, worst->package,
                      worst->place, worst->kind, duration_format(worst->age_s, age, sizeof age));
        text_addf(verdict, "; %" PRId64 " pending, %" PRId64 " failed at %" PRId64 " site%s of %" PRId64 " pairs examined",
                  tally->pending, tally->failed, numbers->sites, numbers->sites == 1 ? "" : "s", run->examined);
    }
    if (tally->known > 0)
        text_addf(verdict, "; %" PRId64 " known", tally->known);
    if (run->check->packages.rule == PAIR_RULE_RECIPE && (int64_t)run->item_count * 2 > run->examined)
        text_add(verdict, "; rule recipe matches more than half of the rows, see --survey");
    if (run->inactive.length > 0)
        text_addf(verdict, "; %s: its items are kept", text_string(&run->inactive));
    if (run->recall.in_trouble)
        text_addf(verdict, "; ages may be too young: %s", run->recall.trouble.text);
    else if (run->recall.lost_at > 0)
        text_addf(verdict, "; ages may be too young: the memory was lost %s ago",
                  duration_format(run->clocks.host - run->recall.lost_at, (char[32]){0}, 32));
}

/* The items in the order of display, their pairs with them. */
struct sort_entry {
    struct item item;
    struct pair pair;
};

static int compare_entries(const void *a, const void *b)
{
    return item_compare(&((const struct sort_entry *)a)->item, &((const struct sort_entry *)b)->item);
}

static int sort_items(struct run *run, struct failure *failure)
{
    struct sort_entry *entries = malloc((run->item_count + 1) * sizeof *entries);
    if (entries == NULL)
        return fail(failure, "out of memory");
    for (size_t i = 0; i < run->item_count; i++)
        entries[i] = (struct sort_entry){run->items[i], run->pairs.pairs[i]};
    qsort(entries, run->item_count, sizeof *entries, compare_entries);
    for (size_t i = 0; i < run->item_count; i++) {
        run->items[i] = entries[i].item;
        run->pairs.pairs[i] = entries[i].pair;
    }
    free(entries);
    return 0;
}

static void tell(struct run *run, double query_time_s)
{
    const struct packages_check *check = run->check;
    const struct thresholds *thresholds = &check->options.thresholds;
    struct numbers numbers = {0};
    tally_items(run->items, run->item_count, &numbers.tally);
    count_kinds(run, &numbers);
    const struct tally *tally = &numbers.tally;
    const struct perfdatum perfdata[] = {
        {.label = "pending", .unit = "", .value = tally->pending},
        {.label = "stuck", .unit = "", .value = tally->stuck},
        {.label = "failed", .unit = "", .value = tally->failed},
        {.label = "never_sent", .unit = "", .value = numbers.never_sent},
        {.label = "resend", .unit = "", .value = numbers.resend},
        {.label = "known", .unit = "", .value = tally->known},
        {.label = "oldest", .unit = "s", .value = tally->oldest_s, .warning = &thresholds->warning, .critical = &thresholds->critical},
        {.label = "oldest_failed", .unit = "s", .value = tally->oldest_failed_s, .warning = &thresholds->failed_warning,
         .critical = &thresholds->failed_critical},
        {.label = "outstanding", .unit = "B", .value = tally->outstanding_bytes},
        {.label = "examined", .unit = "", .value = run->examined},
        {.label = "sites", .unit = "", .value = numbers.sites},
        {.label = "query_time", .unit = "s", .value = (int64_t)query_time_s, .fractional = true,
         .thousandths = (int64_t)(query_time_s * 1000) % 1000},
    };
    struct text verdict = {0};
    add_verdict(run, &numbers, &verdict);
    enum status status = tally->status;
    if (run->recall.in_trouble)
        status = status_worse(status, STATUS_WARNING);
    if (run->examined == 0)
        status = status_worse(status, STATUS_UNKNOWN);
    struct report report = {.label = label,
                            .status = status,
                            .verdict = text_string(&verdict),
                            .perfdata = perfdata,
                            .perfdata_count = sizeof perfdata / sizeof *perfdata,
                            .item_line = item_line,
                            .context = run,
                            .item_count = run->item_count,
                            .max_items = (size_t)check->options.max_items,
                            .all = check->options.verbosity > 0};
    check_finish(run->worker, &report);
    text_free(&verdict);
}

static int look(struct run *run, struct failure *failure)
{
    const struct packages_check *check = run->check;
    enum pair_rule rule = (enum pair_rule)check->packages.rule;
    if (sitedb_filter_check(&run->db, &check->filter, failure) != 0 ||
        pairs_count(&run->db, &check->filter, rule, &run->examined, failure) != 0 ||
        pairs_read(&run->db, &check->filter, rule, (enum pair_clock)check->packages.clock, &run->pairs, failure) != 0 ||
        make_items(run, failure) != 0)
        return -1;
    run->clocks = (struct clocks){.host = time(NULL), .database = run->db.clock.utc};
    /* Nothing was looked at: nothing may be concluded about what is remembered either. */
    if (run->examined == 0)
        return 0;
    if (remember(run, failure) != 0)
        return -1;
    for (size_t i = 0; i < run->item_count; i++)
        judge_item(&run->items[i], &check->options.thresholds, &check->packages.rates, run->pairs.pairs[i].site,
                   &check->options.known, run->clocks.host);
    return sort_items(run, failure);
}

static void tell_survey(const struct run *run)
{
    struct text output = {0};
    struct failure failure;
    text_addf(&output, "%s %s - ", label, status_name(STATUS_UNKNOWN));
    if (survey_write(&run->db, &output, &failure) != 0)
        check_fail(run->worker, &run->check->check, &failure);
    else
        worker_result(run->worker, STATUS_UNKNOWN, text_string(&output), output.length);
    text_free(&output);
}

static void free_run(struct run *run)
{
    recall_close(&run->recall);
    for (size_t i = 0; i < run->item_count; i++)
        free((char *)run->items[i].key);
    free(run->items);
    pair_list_free(&run->pairs);
    text_free(&run->inactive);
    sitedb_close(&run->db);
}

static void run_check(struct worker *worker, void *context)
{
    const struct packages_check *check = context;
    struct run run = {.check = check, .worker = worker};
    struct failure failure;
    struct odbc_error error;
    struct odbc_connection *connection = odbc_connect(&check->database.settings, worker_trace(worker), &error);
    if (connection == NULL) {
        check_fail(worker, &check->check, &error.failure);
        return;
    }
    if (sitedb_open(&run.db, connection, check->packages.site, worker_trace(worker), &failure) != 0)
        check_fail(worker, &check->check, &failure);
    else if (check->packages.survey)
        tell_survey(&run);
    else if (look(&run, &failure) != 0)
        check_fail(worker, &check->check, &failure);
    else
        tell(&run, odbc_elapsed_s(connection));
    free_run(&run);
    trace_step(worker_trace(worker), "disconnecting");
    odbc_disconnect(connection);
}

static int validate(const struct check *check, struct failure *failure)
{
    return odbc_settings_check(&((const struct packages_check *)check)->database.settings, failure);
}

int main(int argc, char **argv)
{
    struct packages_check check = {0};
    const struct option_group groups[] = {
        {"Check", check_option_table, check_option_count, &check.options},
        {"Database connection", database_option_table, database_option_count, &check.database},
        {"What is looked at", filter_option_table, filter_option_count, &check.filter},
        {"How it is judged", packages_option_table, sizeof packages_option_table / sizeof *packages_option_table,
         &check.packages},
    };
    const struct program program = {
        .name = "check_sms_packages",
        .purpose = "tell stuck SMS and ConfigMgr packages from slow ones, from the site database",
        .description = "Reads the site database of the owning site and tells which packages have not reached which child "
                       "sites, for how long, and what to look at next.",
        .groups = groups,
        .group_count = sizeof groups / sizeof *groups,
        .sections = check_manual_sections,
        .section_count = check_manual_section_count,
    };
    check.check = (struct check){.program = &program,
                                 .label = label,
                                 .options = &check.options,
                                 .environment = &check.database.environment,
                                 .validate = validate,
                                 .run = run_check};
    int status = check_main(&check.check, argc, argv);
    known_list_free(&check.options.known);
    rate_list_free(&check.packages.rates);
    return status;
}
