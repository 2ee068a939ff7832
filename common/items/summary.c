// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/summary.h"

#include "base/sanitize.h"
#include "base/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The items that are in no group yet, in step: equal packages and equal places have equal numbers. */
struct rows {
    const struct item **items; /* owned, as the other arrays */
    size_t *packages, *places;
    size_t *of_package, *of_place; /* how many so far, by number */
    size_t count;
};

static int by_package(const struct item *a, const struct item *b)
{
    return strcasecmp(a->package, b->package);
}

/* A server may serve two sites. */
static int by_place(const struct item *a, const struct item *b)
{
    int order = strcasecmp(a->place, b->place);
    return order != 0 ? order : strcasecmp(a->site, b->site);
}

struct sorting {
    const struct rows *rows;
    int (*compare)(const struct item *a, const struct item *b);
};

static int by_sorting(const void *a, const void *b, void *context)
{
    const struct sorting *sorting = context;
    return sorting->compare(sorting->rows->items[*(const size_t *)a],
                            sorting->rows->items[*(const size_t *)b]);
}

/* Number what compares as equal; `order` is room for the sorted rows. */
static void number_rows(const struct rows *rows, int (*compare)(const struct item *, const struct item *),
                        size_t *order, size_t *numbers)
{
    struct sorting sorting = {rows, compare};
    for (size_t i = 0; i < rows->count; i++)
        order[i] = i;
    qsort_r(order, rows->count, sizeof *order, by_sorting, &sorting);
    size_t number = 0;
    for (size_t i = 0; i < rows->count; i++) {
        number += i > 0 && compare(rows->items[order[i - 1]], rows->items[order[i]]) != 0;
        numbers[order[i]] = number;
    }
}

static int make_rows(const struct item *items, size_t count, const bool *chosen, struct rows *rows)
{
    size_t room = 1;
    for (size_t i = 0; i < count; i++)
        room += chosen[i];
    *rows = (struct rows){.items = calloc(room, sizeof *rows->items),
                          .packages = calloc(room, sizeof *rows->packages),
                          .places = calloc(room, sizeof *rows->places),
                          .of_package = calloc(room, sizeof *rows->of_package),
                          .of_place = calloc(room, sizeof *rows->of_place)};
    if (rows->items == NULL || rows->packages == NULL || rows->places == NULL || rows->of_package == NULL ||
        rows->of_place == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (chosen[i])
            rows->items[rows->count++] = &items[i];
    number_rows(rows, by_package, rows->of_package, rows->packages);
    number_rows(rows, by_place, rows->of_place, rows->places);
    return 0;
}

static void free_rows(struct rows *rows)
{
    free(rows->items);
    free(rows->packages);
    free(rows->places);
    free(rows->of_package);
    free(rows->of_place);
}

/* The package or place that most of `count` rows share. @return a row of it */
static size_t find_largest(struct rows *rows, size_t total, struct itemgroup *largest)
{
    size_t at = 0;
    memset(rows->of_package, 0, total * sizeof *rows->of_package);
    memset(rows->of_place, 0, total * sizeof *rows->of_place);
    *largest = (struct itemgroup){0};
    for (size_t i = 0; i < rows->count; i++) {
        size_t in_place = ++rows->of_place[rows->places[i]];
        size_t of_package = ++rows->of_package[rows->packages[i]];
        if (in_place <= largest->count && of_package <= largest->count)
            continue;
        bool of_place = in_place >= of_package;
        *largest = (struct itemgroup){
            .like = rows->items[i], .of_place = of_place, .count = of_place ? in_place : of_package};
        at = i;
    }
    return at;
}

/* Take the group of a row out, and find its word. */
static void take_out(struct rows *rows, size_t row, struct itemgroup *group)
{
    const size_t *numbers = group->of_place ? rows->places : rows->packages, number = numbers[row];
    bool one_kind = true, pending = false, failed = false;
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct item *item = rows->items[i];
        if (numbers[i] == number) {
            one_kind = one_kind && strcmp(item->kind, group->like->kind) == 0;
            *(item->item_class == ITEM_FAILED ? &failed : &pending) = true;
            continue;
        }
        rows->items[kept] = item;
        rows->packages[kept] = rows->packages[i];
        rows->places[kept++] = rows->places[i];
    }
    rows->count = kept;
    group->word = one_kind  ? group->like->kind
                  : !failed ? "pending"
                            : (!pending ? "failed" : "pending or failed");
}

int itemgroup_find(const struct item *items, size_t count, const bool *chosen, struct itemgroup *groups,
                   size_t most, size_t *found)
{
    struct rows rows;
    *found = 0;
    int result = make_rows(items, count, chosen, &rows);
    size_t total = rows.count;
    while (result == 0 && *found < most) {
        struct itemgroup group;
        size_t row = find_largest(&rows, total, &group);
        if (group.count < 2 || group.count * 4 < total)
            break;
        take_out(&rows, row, &group);
        groups[(*found)++] = group;
    }
    free_rows(&rows);
    return result;
}

/* ---- in words */

/* A path that did not parse is as long as it likes. */
static void add_place(const struct item *item, struct text *verdict)
{
    text_add_clean(verdict, item->place, 100);
}

/* @return how many of the chosen items the groups cover; a lack of memory costs their words only */
static int64_t add_groups(const struct item *items, size_t count, const bool *chosen,
                          const struct itemgroup_words *words, struct text *verdict)
{
    enum { MOST = 2 };
    struct itemgroup groups[MOST];
    size_t found;
    int64_t covered = 0;
    if (itemgroup_find(items, count, chosen, groups, MOST, &found) != 0)
        return 0;
    for (size_t i = 0; i < found; i++) {
        const struct itemgroup *group = &groups[i];
        const char *state = words->state != NULL  ? words->state
                            : words->kind != NULL ? words->kind(group->word)
                                                  : group->word;
        text_add(verdict, i == 0 ? "" : ", ");
        if (group->of_place) {
            text_addf(verdict, "%zu packages %s %s ", group->count, state, words->at);
            add_place(group->like, verdict);
        } else {
            text_addf(verdict, "%s %s %s %zu %ss", group->like->package, state, words->at, group->count,
                      words->place);
        }
        covered += (int64_t)group->count;
    }
    return covered;
}

/* What the line is about: what is stuck, else what sets the state without being stuck, else everything. */
static bool is_told(const struct item *item, const struct tally *tally)
{
    return !item->known && !item->left_out && !item->folded &&
           (item->stuck || (tally->stuck == 0 && (item->status != STATUS_OK || tally->status == STATUS_OK)));
}

/* Beyond the critical range and not beyond the warning range: the ranges were given so. */
static void add_count(const struct tally *tally, int64_t told, struct text *verdict)
{
    if (tally->stuck == 0 && tally->status == STATUS_OK)
        text_addf(verdict, "none stuck, %" PRId64 " on their way: ", told);
    else
        text_addf(verdict, "%" PRId64 " %s: ", tally->stuck > 0 ? tally->stuck : told,
                  tally->stuck > 0 ? "stuck" : "critical");
}

void itemgroup_tell(const struct item *items, size_t count, const struct tally *tally,
                    const struct itemgroup_words *words, struct text *verdict)
{
    int64_t told = 0, covered = 0;
    bool *chosen = calloc(count + 1, sizeof *chosen);
    for (size_t i = 0; i < count; i++) {
        told += is_told(&items[i], tally);
        if (chosen != NULL)
            chosen[i] = is_told(&items[i], tally);
    }
    add_count(tally, told, verdict);
    if (words->worst != NULL) {
        words->worst(words->context, tally->worst, verdict);
        struct text groups = {0};
        if (told > 1 && chosen != NULL)
            covered = add_groups(items, count, chosen, words, &groups);
        if (covered > 0) {
            text_addf(verdict, "; %s", text_string(&groups));
            if (told > covered)
                text_addf(verdict, " and %" PRId64 " other%s", told - covered,
                          told - covered == 1 ? "" : "s");
        }
        text_free(&groups);
        free(chosen);
        return;
    }
    if (chosen != NULL)
        covered = add_groups(items, count, chosen, words, verdict);
    free(chosen);
    int64_t others = told - covered;
    if (covered > 0) {
        if (others > 0)
            text_addf(verdict, " and %" PRId64 " other%s", others, others == 1 ? "" : "s");
        text_add(verdict, tally->status != STATUS_OK ? ", worst " : ", oldest ");
    }
    char age[32];
    const struct item *worst = tally->worst;
    text_addf(verdict, "%s %s ", worst->package, words->at);
    add_place(worst, verdict);
    text_addf(verdict, " %s for %s", worst->kind, duration_format(worst->age_s, age, sizeof age));
    if (covered == 0 && told > 1)
        text_add(verdict, " and others");
}
