// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stall_list.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool listed(const struct string_list *list, const char *package)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcasecmp(list->strings[i], package) == 0)
            return true;
    return false;
}

bool stall_selected(const struct stall_options *options, const char *package)
{
    return (options->packages.count == 0 || listed(&options->packages, package)) &&
           !listed(&options->exclude_packages, package);
}

struct stall *stall_list_add(struct stall_list *list, const char *package, const char *site)
{
    struct stall *stalls = array_grow(list->stalls, list->count, sizeof *stalls);
    if (stalls == NULL)
        return NULL;
    list->stalls = stalls;
    struct stall *stall = &stalls[list->count++];
    *stall = (struct stall){.item = {.place = site, .site = site}, .line = "", .way = ""};
    memcpy(stall->package, package, strnlen(package, sizeof stall->package - 1));
    return stall;
}

/* The array may have moved and been sorted: the item's texts follow their stall. */
void stall_list_tie_texts(struct stall_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct stall *stall = &list->stalls[i];
        stall->item.key = stall->package;
        stall->item.package = stall->package + (stall->package[0] == REPLICATION_SUBJECT);
        stall->item.kind = stall->kinds;
        stall->item.progress = "";
    }
}

void stall_add_kind(struct stall *stall, enum condition_kind kind)
{
    const size_t room = sizeof stall->kinds - 1;
    stall->kind_bits |= 1u << kind;
    if (stall->kinds[0] != '\0')
        strncat(stall->kinds, "+", room - strlen(stall->kinds));
    strncat(stall->kinds, condition_kind_name(kind), room - strlen(stall->kinds));
}

/* The despooler says every five minutes that a definition is not here, and a failure is repeated with its cause: a
 * line so much older than the newest one counts no more. */
enum { STALE_S = 6 * 3600 };

static enum condition_kind telling_kind(unsigned kinds)
{
    static const enum condition_kind order[] = {CONDITION_SITE, CONDITION_BASE_MISSING, CONDITION_FAILING,
                                                CONDITION_WAITING};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (kinds & 1u << order[i])
            return order[i];
    return CONDITION_SUPERSEDED;
}

static void take_way(struct stall *stall, const struct condition *from)
{
    stall->way = from->way != NULL ? from->way : "";
    stall->way_first_s = from->way_first_s;
    stall->way_count = from->way_count;
}

static void describe(struct stall *stall, const struct conditions *conditions,
                     const struct condition *condition, int64_t now)
{
    unsigned kinds = condition_kinds(condition);
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (kinds & 1u << kind)
            stall_add_kind(stall, (enum condition_kind)kind);
    /* The worst kind decides the class, the one that tells most shows its line; the age is that of the
     * oldest: more knowledge of one stall must not make it younger. */
    const enum condition_kind shown = telling_kind(kinds);
    /* Of what fails the newest line: it is the one whose cause is told. */
    const bool newest =
        (shown == CONDITION_SITE || shown == CONDITION_FAILING) && condition_failure(condition)[0] != '\0';
    stall->line = newest ? condition_failure(condition) : condition_line(condition, shown);
    stall->item.item_class =
        shown == CONDITION_BASE_MISSING || shown == CONDITION_SITE ? ITEM_FAILED : ITEM_PENDING;
    if (strcmp(condition->package, REPLICATION_THREADS) == 0 ||
        strcmp(condition->package, REPLICATION_DESPOOLING) == 0)
        stall->item.item_class = ITEM_PENDING; /* a few busy hours are normal: -w and -c judge */
    if (condition->cause_s == 0 || condition_last_s(condition) - condition->cause_s <= STALE_S)
        stall->cause = condition->cause;
    if (subject_is_component(condition->package) && shown == CONDITION_FAILING &&
        cause_stops_all(stall->cause.family))
        stall->item.item_class = ITEM_FAILED;
    stall->given_up = condition_given_up(conditions, condition);
    if (stall->given_up) /* it waits for nothing any more */
        stall->item.item_class = ITEM_FAILED;
    take_way(stall, condition);
    const int64_t waiting_s = condition->sign[CONDITION_WAITING].last_s;
    stall->definition = condition->definition_s != 0 && waiting_s - condition->definition_s <= STALE_S;
    stall->put_off = shown == CONDITION_SITE && strstr(stall->line, "be processed till") != NULL;
    stall->wanted = condition->wanted;
    stall->held = condition->held;
    stall->repeats = condition_repeats(condition);
    stall->last_s = condition_last_s(condition);
    int64_t first_s = condition_first_s(condition);
    stall->item.first_seen = stall->item.attempt_since = first_s;
    stall->item.age_s = first_s > 0 && first_s < now ? now - first_s : 0;
}

int stalls_of_conditions(struct stall_list *list, const struct conditions *conditions,
                         const struct stall_options *options, int64_t now, struct failure *failure)
{
    const struct condition *link = conditions_link(conditions, options->site);
    for (size_t i = 0; i < conditions->count; i++) {
        const struct condition *condition = &conditions->items[i];
        /* What concerns the whole site concerns every package. */
        const bool site = condition->package[0] == REPLICATION_SUBJECT;
        if (!condition_open(condition) || (!site && !stall_selected(options, condition->package)))
            continue;
        struct stall *stall = stall_list_add(list, condition->package, options->site);
        if (stall == NULL)
            return fail(failure, "out of memory");
        describe(stall, conditions, condition, now);
        const bool waits = condition->sign[CONDITION_WAITING].open && !stall->definition;
        if (link != NULL && waits && link->way_last_s > condition->way_last_s)
            take_way(stall, link);
    }
    stall_list_tie_texts(list);
    return 0;
}

/* ---- judgement */

static int compare(const void *a, const void *b)
{
    return item_compare(&((const struct stall *)a)->item, &((const struct stall *)b)->item);
}

/* Lack of memory, or no cause at all, is also what a wait of some package is told as, in a line that does not name it. */
static bool may_be_of_a_package(const struct stall *stall)
{
    return stall->package[0] == REPLICATION_SUBJECT && stall->kind_bits == 1u << CONDITION_FAILING &&
           (stall->cause.family == CAUSE_MEMORY ||
            (stall->cause.family == CAUSE_UNKNOWN && stall->cause.code == 0));
}

/* The worst state of the packages that are told; -1 where none is. */
static int worst_of_packages(const struct stall_list *list)
{
    int worst = -1;
    for (size_t i = 0; i < list->count; i++) {
        const struct stall *stall = &list->stalls[i];
        if (stall->package[0] != REPLICATION_SUBJECT && !stall->item.known)
            worst = worst < 0 ? (int)stall->item.status
                              : (int)status_worse((enum status)worst, stall->item.status);
    }
    return worst;
}

/* Threads that have been busy for an hour are no trouble yet, and nothing that waits. */
static bool is_young(const struct stall *stall)
{
    return stall->kind_bits == 1u << CONDITION_SITE && stall->item.item_class == ITEM_PENDING &&
           stall->item.status == STATUS_OK;
}

/* Keep what is to be told. */
static void select_told(struct stall_list *list)
{
    const int worst = worst_of_packages(list);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct stall *stall = &list->stalls[i];
        const bool told_by_package =
            worst >= 0 && may_be_of_a_package(stall) &&
            status_worse((enum status)worst, stall->item.status) == (enum status)worst;
        if (!is_young(stall) && !told_by_package)
            list->stalls[kept++] = *stall;
    }
    list->count = kept;
}

int stalls_judge(struct stall_list *list, const struct thresholds *thresholds, const struct known_list *known,
                 struct announcements *announcements, int64_t now, struct failure *failure)
{
    for (size_t i = 0; i < list->count; i++)
        judge_item(&list->stalls[i].item, thresholds, NULL, known, now);
    select_told(list);
    stall_list_tie_texts(list);
    for (size_t i = 0; i < list->count; i++)
        if (announcements_judge(announcements, &list->stalls[i].item) != 0)
            return fail(failure, "out of memory");
    if (list->count > 1)
        qsort(list->stalls, list->count, sizeof *list->stalls, compare);
    stall_list_tie_texts(list);
    return 0;
}

const struct stall *stalls_ordered(const struct stall_list *list, size_t index)
{
    return &list->stalls[index];
}

const struct item *stalls_item(const void *list, size_t index)
{
    return &stalls_ordered(list, index)->item;
}

void stalls_tally(const struct stall_list *list, struct tally *tally)
{
    *tally = (struct tally){.status = STATUS_OK};
    for (size_t i = 0; i < list->count; i++)
        tally_item(&list->stalls[i].item, tally);
}

void stalls_free(struct stall_list *list)
{
    free(list->stalls);
    *list = (struct stall_list){0};
}
