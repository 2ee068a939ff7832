// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/causes.h"

#include "base/array.h"
#include "base/sanitize.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    LEAST = 3, /* of sites or packages: two may fall together by chance */
    MOST_STATEMENTS = 3
};

static bool is_most(int64_t stuck, int64_t of)
{
    return stuck >= LEAST && stuck * 4 >= of * 3;
}

/* What is known of a site. */
struct place {
    int64_t pending; /* items, those that are folded too */
    int64_t stuck;   /* of them; a silent site's all are */
    int64_t targeted;
    bool silent; /* or below a silent one */
    bool moves;  /* something has arrived of late */
};

struct search {
    struct cause_list *list;
    const struct siteorder *order;
    const struct siterun *run;
    struct findings *findings;
    struct place *places; /* owned, hop by hop */
    size_t *stuck;        /* owned: findings that are stuck and in no cause */
    size_t count;
};

static int64_t hop_of(const struct search *search, size_t finding)
{
    return search->order->result.verdicts[finding].hop;
}

/* It alerts, and is none of the team's accepted ones. */
static bool is_stuck(const struct item *item)
{
    return item->stuck && !item->known && !item->left_out;
}

static int by_hop_code(const void *code, const void *hop)
{
    return strcasecmp(code, ((const struct order_hop *)hop)->code);
}

static void look_at_places(struct search *search, const struct pair_scan *scan)
{
    const struct siteorder *order = search->order;
    for (size_t i = 0; i < search->run->db.site_count && order->hop_count > 0; i++) {
        const struct order_hop *hop =
            bsearch(search->run->db.sites[i].code, order->hops, order->hop_count, sizeof *hop, by_hop_code);
        if (hop != NULL)
            search->places[hop - order->hops].targeted = scan->sites[i].targeted;
    }
    for (size_t hop = 0; hop < order->hop_count; hop++) {
        const struct order_site *site = &order->result.sites[hop];
        struct place *place = &search->places[hop];
        place->silent = order->result.silences[hop].silent || order->result.silences[hop].above >= 0;
        place->moves = site->arrived > 0 && order->run.now - site->last < order->run.silent_critical_s;
    }
    for (size_t i = 0; i < search->findings->count; i++) {
        const struct item *item = &search->findings->items[i];
        if (item->known || item->left_out || hop_of(search, i) < 0)
            continue;
        struct place *place = &search->places[hop_of(search, i)];
        place->pending++;
        place->stuck += item->stuck;
        place->moves = place->moves || order->result.verdicts[i].reason != ORDER_NONE;
        if (is_stuck(item) && !item->folded)
            search->stuck[search->count++] = i;
    }
}

/* Does nothing reach it? */
static bool is_cut_off(const struct place *place)
{
    return place->pending > 0 && (place->silent || (place->stuck == place->pending && !place->moves));
}

/* Fold the chosen ones of the stuck findings into the one that is shown first, and take them out. */
static void add_cause(struct search *search, const bool *chosen, struct common_cause cause)
{
    struct item *items = search->findings->items, *first = NULL;
    for (size_t i = 0; i < search->count; i++)
        if (chosen[i] && (first == NULL || item_compare(&items[search->stuck[i]], first) < 0))
            first = &items[search->stuck[i]];
    struct common_cause *causes =
        first == NULL ? NULL : array_grow(search->list->causes, search->list->count, sizeof *causes);
    if (causes == NULL)
        return;
    search->list->causes = causes;
    cause.finding = (size_t)(first - items);
    causes[search->list->count++] = cause;
    size_t kept = 0;
    for (size_t i = 0; i < search->count; i++) {
        struct item *item = &items[search->stuck[i]];
        if (chosen[i])
            item->folded = true;
        else
            search->stuck[kept++] = search->stuck[i];
    }
    search->count = kept;
}

/* Packages that are stuck, one after the other in `stuck`. */
static int by_package(const void *a, const void *b, void *items)
{
    const struct item *all = items;
    return strcasecmp(all[*(const size_t *)a].package, all[*(const size_t *)b].package);
}

/* Is it one package alone that does not reach them? Then that is the cause. */
static bool is_one_package(const struct search *search)
{
    size_t *cut = calloc(search->findings->count + 1, sizeof *cut), count = 0, most = 0;
    struct item *items = search->findings->items;
    for (size_t i = 0; i < search->findings->count && cut != NULL; i++)
        if (!items[i].known && !items[i].left_out && hop_of(search, i) >= 0 &&
            is_cut_off(&search->places[hop_of(search, i)]))
            cut[count++] = i;
    if (cut != NULL)
        qsort_r(cut, count, sizeof *cut, by_package, items);
    for (size_t start = 0, end; start < count; start = end) {
        for (end = start; end < count && strcasecmp(items[cut[start]].package, items[cut[end]].package) == 0;)
            end++;
        most = end - start > most ? end - start : most;
    }
    free(cut);
    return most * 4 >= count * 3;
}

static void find_sites(struct search *search, bool *chosen)
{
    struct common_cause cause = {.kind = CAUSE_SITES, .what = search->run->db.owner};
    for (size_t hop = 0; hop < search->order->hop_count; hop++) {
        cause.of += search->places[hop].pending > 0;
        cause.stuck += is_cut_off(&search->places[hop]);
    }
    if (!is_most(cause.stuck, cause.of) || is_one_package(search))
        return;
    for (size_t i = 0; i < search->count; i++)
        chosen[i] = hop_of(search, search->stuck[i]) >= 0 &&
                    is_cut_off(&search->places[hop_of(search, search->stuck[i])]);
    add_cause(search, chosen, cause);
}

static void find_site(struct search *search, size_t hop, bool *chosen)
{
    const struct place *place = &search->places[hop];
    struct common_cause cause = {
        .kind = CAUSE_SITE, .what = search->order->hops[hop].code, .of = place->targeted};
    if (place->silent || !is_most(place->stuck, place->targeted))
        return;
    for (size_t i = 0; i < search->count; i++) {
        chosen[i] = hop_of(search, search->stuck[i]) == (int64_t)hop;
        cause.stuck += chosen[i];
    }
    if (is_most(cause.stuck, cause.of))
        add_cause(search, chosen, cause);
}

/* @return the sites at which a package is targeted, -1 when the database does not tell */
static int64_t count_sites(const struct search *search, const char *package)
{
    const struct sitedb *db = &search->run->db;
    const struct sitedb_filter *filter = &search->run->check->look.filter;
    struct statement statement = {0};
    statement_text(&statement, "SELECT DISTINCT SiteCode FROM v_DistributionPoint WHERE PackageID = ");
    statement_bind(&statement, package);
    if (db->has_column[SITEDB_DP_STATUS])
        statement_text(&statement, " AND COALESCE(Status, 0) <> 3");
    static const struct odbc_column column = {ODBC_TEXT, 8};
    struct failure dropped;
    struct odbc_query *query = sitedb_query(db, "the sites of a package", &statement, &column, 1, &dropped);
    statement_free(&statement);
    if (query == NULL)
        return -1;
    struct odbc_value value;
    struct odbc_error error;
    int rows;
    int64_t sites = 0;
    while ((rows = odbc_query_next(query, &value, &error)) == 1) {
        const struct site *site = sitedb_site(db, value.text);
        sites += site != NULL && site_is_active(site) && strcasecmp(site->code, db->owner) != 0 &&
                 sitedb_filter_selects(filter, package, site->code);
    }
    odbc_query_free(query);
    return rows < 0 ? -1 : sites;
}

static void find_packages(struct search *search, bool *chosen)
{
    const struct item *items = search->findings->items;
    int statements = 0;
    for (size_t start = 0, end; start < search->count && statements < MOST_STATEMENTS; start = end) {
        const char *package = items[search->stuck[start]].package;
        for (end = start; end < search->count && strcasecmp(package, items[search->stuck[end]].package) == 0;)
            end++;
        const int64_t stuck = (int64_t)(end - start);
        if (stuck < LEAST)
            continue;
        statements++;
        const int64_t of = count_sites(search, package);
        if (of < 0 || !is_most(stuck, of))
            continue;
        for (size_t i = 0; i < search->count; i++)
            chosen[i] = i >= start && i < end;
        add_cause(search, chosen,
                  (struct common_cause){.kind = CAUSE_PACKAGE, .what = package, .stuck = stuck, .of = of});
        end = start;
    }
}

void causes_find(struct cause_list *list, const struct siteorder *order, const struct siterun *run,
                 const struct pair_scan *scan, struct findings *findings)
{
    if (!order->judged)
        return;
    struct search search = {.list = list,
                            .order = order,
                            .run = run,
                            .findings = findings,
                            .places = calloc(order->hop_count + 1, sizeof *search.places),
                            .stuck = calloc(findings->count + 1, sizeof *search.stuck)};
    bool *chosen = calloc(findings->count + 1, sizeof *chosen);
    if (search.places != NULL && search.stuck != NULL && chosen != NULL) {
        look_at_places(&search, scan);
        qsort_r(search.stuck, search.count, sizeof *search.stuck, by_package, findings->items);
        find_sites(&search, chosen);
        for (size_t hop = 0; hop < order->hop_count; hop++)
            find_site(&search, hop, chosen);
        find_packages(&search, chosen);
    }
    free(search.places);
    free(search.stuck);
    free(chosen);
}

void cause_add_words(const struct common_cause *cause, const struct sitedb *db, struct text *text)
{
    switch (cause->kind) {
    case CAUSE_SITES:
        text_addf(text, "nothing reaches %" PRId64 " of %" PRId64 " sites: sender or scheduler of %s",
                  cause->stuck, cause->of, db->owner);
        break;
    case CAUSE_SITE:
        text_addf(text, "%" PRId64 " of %" PRId64 " packages are stuck at %s together", cause->stuck,
                  cause->of, cause->what);
        break;
    case CAUSE_PACKAGE:
        text_add_clean(text, cause->what, 16);
        text_addf(text, " is stuck at %" PRId64 " of its %" PRId64 " sites together", cause->stuck,
                  cause->of);
        break;
    }
}

void cause_add_advice(const struct common_cause *cause, const struct sitedb *db, struct text *text)
{
    switch (cause->kind) {
    case CAUSE_SITES:
        text_addf(
            text,
            "; look at sender.log and sched.log of %s first: one site that is down can hold every thread of "
            "the sender",
            db->owner);
        break;
    case CAUSE_SITE:
        text_addf(text, "; look at the link to %s, the sender of its parent site and despool.log of %s first",
                  cause->what, cause->what);
        break;
    case CAUSE_PACKAGE:
        text_addf(text,
                  "; look for it in distmgr.log and sched.log of %s first: its source, its compressed files",
                  db->owner);
        break;
    }
}

void causes_free(struct cause_list *list)
{
    free(list->causes);
    *list = (struct cause_list){0};
}
