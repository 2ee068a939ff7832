// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/causes.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LEAST = 3 }; /* of sites or packages: two may fall together by chance */

bool cause_is_common(int64_t stuck, int64_t of)
{
    return stuck >= LEAST && stuck * 4 >= of * 3;
}

/* What is known of a site. */
struct place {
    int64_t stuck;                  /* items, those that are folded too */
    int64_t waiting, waiting_stuck; /* of the pending class: what failed was reached, and told so */
    int64_t targeted;
    int64_t parent; /* hop that sends to it; -1: the owning site itself */
    bool sends;     /* to a site below */
    bool silent;    /* or below a silent one */
    bool half; /* nothing has arrived for half of the patience, and nothing tells that it is another matter */
    bool moves; /* something has arrived of late */
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

/* Has something arrived of late? Where no run has seen it, the newest date that the database has tells. */
static bool moves(const struct siteorder *order, size_t hop)
{
    const struct order_site *site = &order->result.sites[hop];
    const int64_t patience_s = order->run.silent_critical_s;
    return site->arrived > 0 ? order->run.now - site->last < patience_s
                             : order->hops[hop].newest > order->run.database_now - patience_s;
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
        struct place *place = &search->places[hop];
        const char *parent = order->hops[hop].parent;
        const struct order_hop *sender = parent[0] == '\0' ? NULL
                                                           : bsearch(parent, order->hops, order->hop_count,
                                                                     sizeof *order->hops, by_hop_code);
        place->parent = sender != NULL ? sender - order->hops : -1;
        if (sender != NULL)
            search->places[place->parent].sends = true;
        place->half = order->result.silences[hop].half;
        place->silent = order->result.silences[hop].silent || order->result.silences[hop].above >= 0;
        place->moves = moves(order, hop);
    }
    for (size_t i = 0; i < search->findings->count; i++) {
        const struct item *item = &search->findings->items[i];
        if (item->known || item->left_out || hop_of(search, i) < 0)
            continue;
        struct place *place = &search->places[hop_of(search, i)];
        const bool lost = order->result.verdicts[i].reason != ORDER_NONE;
        place->moves = place->moves || lost;
        place->half = place->half && !lost;
        place->stuck += item->stuck;
        place->waiting += item->item_class == ITEM_PENDING;
        place->waiting_stuck += item->item_class == ITEM_PENDING && item->stuck;
        if (is_stuck(item) && !item->folded)
            search->stuck[search->count++] = i;
    }
}

/* Does nothing reach it? */
static bool is_cut_off(const struct place *place)
{
    return place->waiting > 0 &&
           (place->silent || place->half || (place->waiting_stuck == place->waiting && !place->moves));
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

/* Does it wait for a site that `parent` sends to, and that nothing reaches? */
static bool is_of_cut_off(const struct search *search, int64_t parent, size_t finding)
{
    const int64_t hop = hop_of(search, finding);
    return hop >= 0 && search->places[hop].parent == parent && is_cut_off(&search->places[hop]);
}

/* Was most of what waits for them never sent? */
static bool is_never_sent(const struct search *search, int64_t parent)
{
    int64_t never_sent = 0, all = 0;
    for (size_t i = 0; i < search->findings->count; i++) {
        const struct item *item = &search->findings->items[i];
        if (item->known || item->left_out || !is_of_cut_off(search, parent, i))
            continue;
        all++;
        never_sent += search->order->pairs[i].never_sent;
    }
    return cause_is_common(never_sent, all);
}

/*
 * Of the sites that one site sends to. Those that are reached speak against it, also where nothing waits any more. One package
 * alone that does not leave its owner is the cause itself; a hub has got it, else nothing of it would be told below.
 *
 * @param parent  hop of the site that sends, -1 the owning site
 */
static void find_sites(struct search *search, int64_t parent, bool *chosen)
{
    struct common_cause cause = {
        .kind = CAUSE_SITES, .what = parent < 0 ? search->run->db.owner : search->order->hops[parent].code};
    if (parent >= 0 && is_cut_off(&search->places[parent]))
        return;
    for (size_t hop = 0; hop < search->order->hop_count; hop++) {
        const struct place *place = &search->places[hop];
        if (place->parent != parent)
            continue;
        cause.of += place->waiting > 0 || (place->targeted > 0 && place->moves);
        cause.stuck += is_cut_off(place);
    }
    if (!cause_is_common(cause.stuck, cause.of) || (parent < 0 && is_one_package(search)))
        return;
    for (size_t i = 0; i < search->count; i++)
        chosen[i] = is_of_cut_off(search, parent, search->stuck[i]);
    cause.never_sent = is_never_sent(search, parent);
    add_cause(search, chosen, cause);
}

static void find_site(struct search *search, size_t hop, bool *chosen)
{
    const struct place *place = &search->places[hop];
    struct common_cause cause = {
        .kind = CAUSE_SITE, .what = search->order->hops[hop].code, .of = place->targeted};
    int64_t never_sent = 0;
    if (place->silent || !cause_is_common(place->stuck, place->targeted))
        return;
    for (size_t i = 0; i < search->count; i++) {
        chosen[i] = hop_of(search, search->stuck[i]) == (int64_t)hop;
        cause.stuck += chosen[i];
        never_sent += chosen[i] && search->order->pairs[search->stuck[i]].never_sent;
    }
    cause.never_sent = cause_is_common(never_sent, cause.stuck);
    if (cause_is_common(cause.stuck, cause.of))
        add_cause(search, chosen, cause);
}

/* Does it stand for its silent, or half silent, site? */
static bool is_silence(const struct search *search, size_t finding)
{
    return search->order->result.verdicts[finding].silent || siteorder_is_half_silent(search->order, finding);
}

/* What stands for a site at which others wait as well says nothing of its package. */
static void set_silences_aside(struct search *search)
{
    size_t kept = 0;
    for (size_t i = 0; i < search->count; i++) {
        const size_t finding = search->stuck[i];
        if (!is_silence(search, finding) ||
            search->order->result.silences[hop_of(search, finding)].waiting <= 1)
            search->stuck[kept++] = finding;
    }
    search->count = kept;
}

/* Where the stuck findings of one package begin and end in `stuck`. */
struct run_of_package {
    size_t start, end;
    const struct package_sites *package;
};

/* The packages that are stuck at some sites, with the number of all their sites. @return how many; room for all */
static size_t count_packages(const struct search *search, struct package_sites *packages)
{
    const struct pair_question question = {.filter = &search->run->check->look.filter};
    const struct item *items = search->findings->items;
    struct failure dropped;
    size_t count = 0;
    for (size_t start = 0, end; start < search->count; start = end) {
        const char *package = items[search->stuck[start]].package;
        for (end = start; end < search->count && strcasecmp(package, items[search->stuck[end]].package) == 0;)
            end++;
        if (end - start >= LEAST)
            packages[count++] = (struct package_sites){.package = package};
    }
    return count > 0 && pairs_count_sites(&search->run->db, &question, packages, count, &dropped) == 0 ? count
                                                                                                       : 0;
}

/* Which of them are stuck at most of their sites, and in no cause? Both are in the order of their IDs. @return how many */
static size_t find_packages(const struct search *search, const struct package_sites *packages, size_t count,
                            struct run_of_package *runs)
{
    const struct item *items = search->findings->items;
    size_t most = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
        while (at < search->count && strcasecmp(items[search->stuck[at]].package, packages[i].package) < 0)
            at++;
        const size_t start = at;
        while (at < search->count && strcasecmp(items[search->stuck[at]].package, packages[i].package) == 0)
            at++;
        if (packages[i].sites > 0 && cause_is_common((int64_t)(at - start), packages[i].sites))
            runs[most++] = (struct run_of_package){start, at, &packages[i]};
    }
    return most;
}

/* What is stuck together at nearly every site that the owner sends to has its cause there, where the same packages are. */
static bool is_everywhere(const struct search *search, const struct run_of_package *runs, size_t most)
{
    int64_t full = 0, of = 0, stuck = 0;
    for (size_t hop = 0; hop < search->order->hop_count; hop++) {
        const struct place *place = &search->places[hop];
        if (place->parent >= 0)
            continue;
        of += place->targeted > 0;
        full += !place->silent && cause_is_common(place->stuck, place->targeted);
    }
    for (size_t i = 0; i < most; i++)
        stuck += (int64_t)(runs[i].end - runs[i].start);
    return most >= LEAST && cause_is_common(full, of) && cause_is_common(stuck, (int64_t)search->count);
}

static struct common_cause package_cause(const struct search *search, const struct run_of_package *run)
{
    struct common_cause cause = {.kind = CAUSE_PACKAGE,
                                 .what = run->package->package,
                                 .stuck = (int64_t)(run->end - run->start),
                                 .of = run->package->sites,
                                 .quiet = true};
    int64_t missing = 0;
    for (size_t i = 0; i < search->findings->count; i++)
        missing += strcasecmp(search->findings->items[i].package, cause.what) == 0;
    for (size_t i = run->start; i < run->end; i++)
        cause.quiet = cause.quiet && is_silence(search, search->stuck[i]);
    cause.got = missing < cause.of;
    return cause;
}

/* Each is a cause, many of them are one. */
static void add_packages(struct search *search, const struct run_of_package *runs, size_t most, bool *chosen)
{
    struct common_cause many = {
        .kind = CAUSE_PACKAGES, .what = search->run->db.owner, .stuck = (int64_t)most};
    memset(chosen, 0, search->count * sizeof *chosen);
    for (size_t i = most; i-- > 0;) { /* from behind: what is taken out moves only what was looked at */
        for (size_t stuck = runs[i].start; stuck < runs[i].end; stuck++)
            chosen[stuck] = true;
        if (most >= LEAST)
            continue;
        add_cause(search, chosen, package_cause(search, &runs[i]));
        memset(chosen, 0, search->count * sizeof *chosen);
    }
    if (most >= LEAST)
        add_cause(search, chosen, many);
}

/* The packages that many sites have in common before the sites, where they are nearly everything, else behind them. */
static void find_sites_and_packages(struct search *search, struct run_of_package *runs,
                                    struct package_sites *packages, bool *chosen)
{
    const size_t count = count_packages(search, packages);
    size_t most = find_packages(search, packages, count, runs);
    if (!is_everywhere(search, runs, most)) {
        for (size_t hop = 0; hop < search->order->hop_count; hop++)
            find_site(search, hop, chosen);
        set_silences_aside(search);
        most = find_packages(search, packages, count, runs);
    }
    add_packages(search, runs, most, chosen);
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
    struct run_of_package *runs = calloc(findings->count / LEAST + 1, sizeof *runs);
    struct package_sites *packages = calloc(findings->count / LEAST + 1, sizeof *packages);
    if (search.places != NULL && search.stuck != NULL && chosen != NULL && runs != NULL && packages != NULL) {
        look_at_places(&search, scan);
        qsort_r(search.stuck, search.count, sizeof *search.stuck, by_package, findings->items);
        find_sites(&search, -1, chosen);
        for (size_t hop = 0; hop < order->hop_count; hop++)
            if (search.places[hop].sends)
                find_sites(&search, (int64_t)hop, chosen);
        find_sites_and_packages(&search, runs, packages, chosen);
    }
    free(search.places);
    free(search.stuck);
    free(chosen);
    free(runs);
    free(packages);
}

void causes_free(struct cause_list *list)
{
    free(list->causes);
    *list = (struct cause_list){0};
}
