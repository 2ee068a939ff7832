// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/findings.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Key and progress share one allocation, which `key` points to. */
static int keep_key(struct item *item, const char *prefix, const char *place, const char *progress)
{
    struct text texts = {0};
    memory_key(prefix, item->package, place, &texts);
    size_t size = texts.length + 1;
    text_add_bytes(&texts, "", 1);
    text_add(&texts, progress);
    if (texts.failed) {
        text_free(&texts);
        return -1;
    }
    item->key = texts.bytes;
    item->progress = texts.bytes + size;
    return 0;
}

int findings_collect(struct findings *findings, const struct findings_source *source, struct failure *failure)
{
    size_t rows = source->rows(source->context);
    struct item *items = realloc(findings->items, (rows + 1) * sizeof *items);
    if (items == NULL)
        return fail(failure, "out of memory");
    findings->items = items;
    struct text place = {0}, progress = {0};
    int result = 0;
    for (; findings->count < rows && result == 0; findings->count += result == 0) {
        struct item *item = &items[findings->count];
        *item = (struct item){0};
        text_cut(&place, 0);
        text_cut(&progress, 0);
        source->describe(source->context, findings->count, item, &place, &progress);
        if (place.failed || progress.failed ||
            keep_key(item, source->prefix, text_string(&place), text_string(&progress)) != 0)
            result = fail(failure, "out of memory");
    }
    text_free(&place);
    text_free(&progress);
    return result;
}

static void note_inactive(struct findings *findings, const struct sitedb *db, const char *code)
{
    const struct site *site = sitedb_site(db, code);
    char words[160];
    if (site == NULL)
        snprintf(
            words, sizeof words,
            "site %s is gone from v_Site: its items end after two hours; if it was not removed, look at v_Site",
            code);
    else
        snprintf(words, sizeof words, "site %s is not active (status %" PRId64 "): its items are kept", code,
                 site->status);
    if (strstr(text_string(&findings->inactive), words) == NULL && findings->inactive.length < 200)
        text_addf(&findings->inactive, "%s%s", findings->inactive.length > 0 ? "; " : "", words);
}

/* "version/CEN00012@S02" in a copy -> "CEN00012", "S02" */
static bool split_key(char *key, struct lookup *lookup)
{
    char *slash = strchr(key, '/'), *at = slash == NULL ? NULL : strchr(slash, '@');
    if (at == NULL)
        return false;
    *at = '\0';
    *lookup = (struct lookup){.package = slash + 1, .place = at + 1};
    return true;
}

/* Does this run look at a remembered item? Filters decide. An item of a site that is not active is not
 * closed; a site that is gone may have been skipped by the read, and its items are forgotten as absent ones
 * are. */
static bool is_looked_at(struct findings *findings, const struct findings_source *source,
                         const struct sitedb *db, const struct sitedb_filter *filter,
                         const struct lookup *lookup, struct remembered *remembered)
{
    const char *code = source->site_of(lookup->place);
    if (!sitedb_filter_selects(filter, lookup->package, code) ||
        (source->selects != NULL && !source->selects(source->context, lookup->place)))
        return false;
    const struct site *site = sitedb_site(db, code);
    if (site != NULL && site_is_active(site))
        return true;
    note_inactive(findings, db, code);
    if (site == NULL)
        recall_settle(&findings->recall, remembered, ABSENCE_UNSEEN, findings->clocks.host);
    return false;
}

/* Remembered items that are not among the findings, and their keys taken apart. */
struct missing {
    struct remembered **remembered; /* owned */
    struct lookup *lookups;         /* owned, in step */
    char **keys;                    /* owned copies, in step */
    size_t count;
};

static int find_missing(struct findings *findings, const struct findings_source *source,
                        const struct sitedb *db, const struct sitedb_filter *filter, struct missing *missing)
{
    size_t room = 0, at = 0;
    struct remembered *remembered;
    while ((remembered = recall_next_missing(&findings->recall, &at)) != NULL)
        room++;
    missing->remembered = calloc(room + 1, sizeof *missing->remembered);
    missing->lookups = calloc(room + 1, sizeof *missing->lookups);
    missing->keys = calloc(room + 1, sizeof *missing->keys);
    if (missing->remembered == NULL || missing->lookups == NULL || missing->keys == NULL)
        return -1;
    at = 0;
    while ((remembered = recall_next_missing(&findings->recall, &at)) != NULL) {
        char *key = strdup(remembered->key);
        if (key == NULL)
            return -1;
        struct lookup *lookup = &missing->lookups[missing->count];
        if (split_key(key, lookup) && is_looked_at(findings, source, db, filter, lookup, remembered)) {
            missing->remembered[missing->count] = remembered;
            missing->keys[missing->count++] = key;
        } else {
            free(key);
        }
    }
    return 0;
}

/* Look up by its key whatever is remembered and was not found, before anything is concluded. */
static int settle_missing(struct findings *findings, const struct findings_source *source,
                          const struct sitedb *db, const struct sitedb_filter *filter,
                          struct failure *failure)
{
    struct missing missing = {0};
    int result = find_missing(findings, source, db, filter, &missing);
    if (result != 0)
        fail(failure, "out of memory");
    else if (missing.count > 0)
        result = source->look_up(source->context, missing.lookups, missing.count, failure);
    for (size_t i = 0; i < missing.count && result == 0; i++)
        if (missing.lookups[i].found != LOOKUP_IN_TROUBLE)
            recall_settle(&findings->recall, missing.remembered[i],
                          missing.lookups[i].found == LOOKUP_ENDED ? ABSENCE_HEALTHY : ABSENCE_UNSEEN,
                          findings->clocks.host);
    for (size_t i = 0; i < missing.count; i++)
        free(missing.keys[i]);
    free(missing.keys);
    free(missing.lookups);
    free(missing.remembered);
    return result;
}

/* What comes back, of what the filters select. */
static void find_returning(struct findings *findings, const struct findings_source *source,
                           const char *prefix, const struct sitedb_filter *filter)
{
    struct returning_list *list = &findings->recall.returning;
    recall_find_returning(&findings->recall, prefix, findings->clocks.host);
    const size_t count = list->count;
    list->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct returning one = list->rows[i];
        struct lookup lookup = {0};
        if (split_key(one.key, &lookup) &&
            sitedb_filter_selects(filter, lookup.package, source->site_of(lookup.place)) &&
            (source->selects == NULL || source->selects(source->context, lookup.place))) {
            one.package = lookup.package;
            one.place = lookup.place;
            list->rows[list->count++] = one;
        } else {
            free(one.key);
        }
    }
}

int findings_remember(struct findings *findings, const struct findings_source *source,
                      const struct findings_memory *memory, const struct sitedb *db,
                      const struct sitedb_filter *filter, const struct trace *trace, struct failure *failure)
{
    char prefix[32];
    snprintf(prefix, sizeof prefix, "%s/", source->prefix);
    if (recall_open(&findings->recall, memory->directory, memory->plugin, memory->identity, prefix,
                    &findings->clocks, memory->wait_ms, trace, failure) != 0)
        return -1;
    /* What is remembered goes on by a clock that is right: the database's, which cannot be before the last run. */
    if (findings->recall.behind_s > 0) {
        const int64_t last_run = findings->clocks.host + findings->recall.behind_s;
        findings->clocks.host = last_run > findings->clocks.database ? last_run : findings->clocks.database;
    }
    for (size_t i = 0; i < db->site_count; i++)
        recall_note_site(&findings->recall, db->sites[i].code, site_is_active(&db->sites[i]),
                         findings->clocks.host);
    recall_mark(&findings->recall, findings->items, findings->count);
    if (settle_missing(findings, source, db, filter, failure) != 0 ||
        findings_collect(findings, source, failure) != 0)
        return -1;
    find_returning(findings, source, prefix, filter);
    recall_age(&findings->recall, findings->items, findings->count, &findings->clocks);
    if (source->remember != NULL && source->remember(source->context, findings, failure) != 0)
        return -1;
    recall_commit(&findings->recall, findings->clocks.host);
    return 0;
}

static int by_display(const void *a, const void *b, void *items)
{
    const struct item *all = items;
    return item_compare(&all[*(const size_t *)a], &all[*(const size_t *)b]);
}

bool findings_remembers(const void *context, const char *key)
{
    const struct findings *findings = context;
    return history_find(findings->recall.memory, findings->recall.count, key) != NULL;
}

/* After the judgement, before the order: new ones stand first where that is asked for. */
static int announce(struct findings *findings, const struct announce_options *options,
                    struct failure *failure)
{
    struct recall *recall = &findings->recall;
    struct failure problem;
    if (recall->file != NULL &&
        announcements_open(&findings->announcements, recall->file, options, recall->in_trouble,
                           findings->clocks.host, &problem) != 0 &&
        !recall->in_trouble) {
        recall->in_trouble = true;
        recall->trouble = problem;
    }
    for (size_t i = 0; i < findings->count; i++)
        if (!findings->items[i].left_out &&
            announcements_judge(&findings->announcements, &findings->items[i]) != 0)
            return fail(failure, "out of memory");
    return 0;
}

int findings_judge(struct findings *findings, const struct findings_source *source,
                   const struct thresholds *thresholds, const struct rate_list *rates,
                   const struct known_list *known, const struct announce_options *options,
                   struct failure *failure)
{
    findings->order = malloc((findings->count + 1) * sizeof *findings->order);
    if (findings->order == NULL)
        return fail(failure, "out of memory");
    for (size_t i = 0; i < findings->count; i++)
        judge_item(&findings->items[i], thresholds, rates, known, findings->clocks.host);
    if (source->judge != NULL)
        source->judge(source->context, findings);
    findings->shown = findings->folded = 0;
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].left_out)
            continue;
        findings->order[findings->shown++] = i;
        findings->folded += findings->items[i].folded;
    }
    if (announce(findings, options, failure) != 0)
        return -1;
    qsort_r(findings->order, findings->shown, sizeof *findings->order, by_display, findings->items);
    return 0;
}

void findings_add_notes(const struct findings *findings, const struct tally *tally, struct text *verdict)
{
    if (tally->known > 0)
        text_addf(verdict, "; %" PRId64 " known", tally->known);
    if (findings->inactive.length > 0)
        text_addf(verdict, "; %s", text_string(&findings->inactive));
    if (findings->recall.behind_s > 0) {
        char age[32];
        text_addf(
            verdict,
            "; this run is not remembered: the clock of this host is %s behind that of the last run: does its time service run?",
            duration_format(findings->recall.behind_s, age, sizeof age));
    }
    history_add_doubts(findings->recall.in_trouble ? findings->recall.trouble.text : NULL,
                       findings->recall.lost_at, findings->clocks.host, verdict);
}

struct perfdatum findings_perfdatum(enum finding_number number, const struct tally *tally,
                                    const struct thresholds *thresholds)
{
    switch (number) {
    case FINDING_PENDING:
        return (struct perfdatum){.label = "pending", .unit = "", .value = tally->pending};
    case FINDING_STUCK:
        return (struct perfdatum){.label = "stuck", .unit = "", .value = tally->stuck};
    case FINDING_FAILED:
        return (struct perfdatum){.label = "failed", .unit = "", .value = tally->failed};
    case FINDING_KNOWN:
        return (struct perfdatum){.label = "known", .unit = "", .value = tally->known};
    case FINDING_OLDEST:
        return (struct perfdatum){.label = "oldest",
                                  .unit = "s",
                                  .value = tally->oldest_s,
                                  .warning = &thresholds->warning,
                                  .critical = &thresholds->critical};
    case FINDING_OLDEST_FAILED:
        return (struct perfdatum){.label = "oldest_failed",
                                  .unit = "s",
                                  .value = tally->oldest_failed_s,
                                  .warning = &thresholds->failed_warning,
                                  .critical = &thresholds->failed_critical};
    case FINDING_OUTSTANDING:
        break;
    }
    return (struct perfdatum){.label = "outstanding", .unit = "B", .value = tally->outstanding_bytes};
}

void findings_free(struct findings *findings)
{
    announcements_free(&findings->announcements);
    recall_close(&findings->recall);
    for (size_t i = 0; i < findings->count; i++)
        free((char *)findings->items[i].key);
    free(findings->items);
    free(findings->order);
    text_free(&findings->inactive);
    *findings = (struct findings){0};
}
