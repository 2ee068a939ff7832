// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stalls.h"

#include "base/array.h"
#include "base/text.h"
#include "items/itemstore.h"

#include <stdio.h>
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

static bool selected(const struct stall_options *options, const char *package)
{
    return (options->packages.count == 0 || listed(&options->packages, package)) &&
           !listed(&options->exclude_packages, package);
}

static struct stall *add_stall(struct stall_list *list, const char *package, const char *site)
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
static void tie_texts(struct stall_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct stall *stall = &list->stalls[i];
        stall->item.key = stall->package;
        stall->item.package = stall->package + (stall->package[0] == REPLICATION_SUBJECT);
        stall->item.kind = stall->kinds;
        stall->item.progress = "";
    }
}

static void add_kind(struct stall *stall, enum condition_kind kind)
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

static void describe(struct stall *stall, const struct conditions *conditions,
                     const struct condition *condition, int64_t now)
{
    unsigned kinds = condition_kinds(condition);
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (kinds & 1u << kind)
            add_kind(stall, (enum condition_kind)kind);
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
    stall->way = condition->way != NULL ? condition->way : "";
    stall->way_first_s = condition->way_first_s;
    stall->way_count = condition->way_count;
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
    for (size_t i = 0; i < conditions->count; i++) {
        const struct condition *condition = &conditions->items[i];
        /* What concerns the whole site concerns every package. */
        const bool site = condition->package[0] == REPLICATION_SUBJECT;
        if (!condition_open(condition) || (!site && !selected(options, condition->package)))
            continue;
        struct stall *stall = add_stall(list, condition->package, options->site);
        if (stall == NULL)
            return fail(failure, "out of memory");
        describe(stall, conditions, condition, now);
    }
    tie_texts(list);
    return 0;
}

/* ---- the folder of compressed packages */

/* Packages without regard to case, and where each stands in some array. */
struct named {
    char package[REPLICATION_PACKAGE]; /* in upper case */
    size_t place;
};

struct names {
    struct named *names; /* owned */
    size_t count;
    struct package_index index;
};

/* @return false when it is too long for a package */
static bool to_upper(const char *package, size_t length, char upper[REPLICATION_PACKAGE])
{
    memset(upper, 0, REPLICATION_PACKAGE);
    for (size_t i = 0; i < length && i < REPLICATION_PACKAGE - 1; i++)
        upper[i] = package[i] >= 'a' && package[i] <= 'z' ? (char)(package[i] - 'a' + 'A') : package[i];
    return length < REPLICATION_PACKAGE;
}

static size_t names_find(const struct names *names, const char *package, size_t length)
{
    char upper[REPLICATION_PACKAGE];
    if (!to_upper(package, length, upper))
        return PACKAGE_NOWHERE;
    size_t found = package_index_find(&names->index, names->names, sizeof *names->names, upper);
    return found != PACKAGE_NOWHERE ? names->names[found].place : PACKAGE_NOWHERE;
}

static int names_add(struct names *names, const char *package, size_t place)
{
    struct named *more = array_grow(names->names, names->count, sizeof *more);
    if (more == NULL)
        return -1;
    names->names = more;
    more[names->count].place = place;
    to_upper(package, strlen(package), more[names->count].package);
    return package_index_add(&names->index, more, sizeof *more, names->count++) ? 0 : -1;
}

static void names_free(struct names *names)
{
    free(names->names);
    package_index_free(&names->index);
}

struct expected_file {
    const char *package; /* borrowed */
    int64_t version;     /* stored here; 0 unknown */
    bool there, empty;
};

struct expectation {
    struct expected_file *files; /* owned */
    size_t count;
    struct names names;
};

static int expect(struct expectation *expectation, const char *package, int64_t version)
{
    if (names_find(&expectation->names, package, strlen(package)) != PACKAGE_NOWHERE)
        return 0;
    struct expected_file *files = array_grow(expectation->files, expectation->count, sizeof *files);
    if (files == NULL)
        return -1;
    expectation->files = files;
    files[expectation->count] = (struct expected_file){.package = package, .version = version};
    return names_add(&expectation->names, package, expectation->count++);
}

static int expect_all(struct expectation *expectation, const struct conditions *conditions,
                      const struct stall_options *options)
{
    if (!package_index_reserve(&expectation->names.index, NULL, 0,
                               conditions->stored_count + options->packages.count))
        return -1;
    for (size_t i = 0; i < conditions->stored_count; i++)
        if (selected(options, conditions->stored[i].package) &&
            expect(expectation, conditions->stored[i].package, conditions->stored[i].version) != 0)
            return -1;
    for (size_t i = 0; i < options->packages.count; i++)
        if (selected(options, options->packages.strings[i]) &&
            expect(expectation, options->packages.strings[i], 0) != 0)
            return -1;
    return 0;
}

static bool visit(void *context, const struct bytestore_entry *entry)
{
    struct expectation *expectation = context;
    const char *dot = strrchr(entry->name, '.');
    if (!entry->regular || dot == NULL || strcasecmp(dot, ".PCK") != 0)
        return true;
    size_t found = names_find(&expectation->names, entry->name, (size_t)(dot - entry->name));
    if (found != PACKAGE_NOWHERE) {
        struct expected_file *file = &expectation->files[found];
        file->there = file->there || entry->size_bytes > 0;
        file->empty = entry->size_bytes == 0;
    }
    return true;
}

/* A missing file has no log line to take an age from: the first sight counts, kept like any item's. */
static int age_missing(struct stall_list *list, const struct expectation *expectation, struct item *items,
                       size_t count, const struct stall_memory *memory, int64_t now,
                       const struct trace *trace, struct failure *failure)
{
    struct text plugin = {0};
    text_addf(&plugin, "%s-pck", memory->plugin);
    struct recall recall;
    const struct clocks clocks = {.host = now, .database = now};
    int result = recall_open(&recall, memory->directory, text_string(&plugin), memory->identity, "pck/",
                             &clocks, memory->wait_ms, trace, failure);
    text_free(&plugin);
    if (result != 0)
        return -1;
    recall_mark(&recall, items, count);
    size_t at = 0;
    for (struct remembered *remembered; (remembered = recall_next_missing(&recall, &at)) != NULL;) {
        /* Only a package that this run looked for can be seen to be there again. */
        const char *package = remembered->key + strlen("pck/");
        bool looked = names_find(&expectation->names, package, strlen(package)) != PACKAGE_NOWHERE;
        enum absence absence = looked ? ABSENCE_HEALTHY : ABSENCE_NOT_LOOKED;
        recall_settle(&recall, remembered, absence, now);
    }
    recall_age(&recall, items, count, &clocks);
    recall_commit(&recall, now);
    if (recall.in_trouble) {
        list->in_trouble = true;
        list->trouble = recall.trouble;
    }
    recall_close(&recall);
    return 0;
}

static int add_missing(struct stall_list *list, const struct names *open, const struct expected_file *file,
                       const struct item *aged, const char *site)
{
    const size_t place = names_find(open, file->package, strlen(file->package));
    struct stall *stall = place != PACKAGE_NOWHERE ? &list->stalls[place] : NULL;
    if (stall == NULL && (stall = add_stall(list, file->package, site)) == NULL)
        return -1;
    if (stall->item.item_class != ITEM_FAILED)
        add_kind(stall, CONDITION_BASE_MISSING);
    stall->pck_missing = true;
    stall->pck_empty = file->empty;
    stall->item.item_class = ITEM_FAILED;
    if (stall->held == 0)
        stall->held = file->version;
    if (aged->age_s > stall->item.age_s || stall->item.first_seen == 0) {
        stall->item.age_s = aged->age_s;
        stall->item.first_seen = stall->item.attempt_since = aged->first_seen;
    }
    return 0;
}

static int add_all_missing(struct stall_list *list, const struct expectation *expectation,
                           const struct stall_options *options, const struct stall_memory *memory,
                           int64_t now, const struct trace *trace, struct failure *failure)
{
    struct item *items = calloc(expectation->count + 1, sizeof *items);
    const struct expected_file **missing = calloc(expectation->count + 1, sizeof *missing);
    char(*keys)[REPLICATION_PACKAGE + 8] = calloc(expectation->count + 1, sizeof *keys);
    size_t count = 0;
    int result = items != NULL && missing != NULL && keys != NULL ? 0 : fail(failure, "out of memory");
    for (size_t i = 0; i < expectation->count && result == 0; i++) {
        const struct expected_file *file = &expectation->files[i];
        if (file->there)
            continue;
        snprintf(keys[count], sizeof keys[count], "pck/%s", file->package);
        items[count] = (struct item){.key = keys[count],
                                     .kind = condition_kind_name(CONDITION_BASE_MISSING),
                                     .progress = "",
                                     .start = ITEM_START_MEMORY};
        missing[count++] = file;
    }
    if (result == 0)
        result = age_missing(list, expectation, items, count, memory, now, trace, failure);
    struct names open = {0};
    const size_t open_count = list->count;
    for (size_t i = 0; i < open_count && count > 0 && result == 0; i++)
        if (names_add(&open, list->stalls[i].package, i) != 0)
            result = fail(failure, "out of memory");
    for (size_t i = 0; i < count && result == 0; i++)
        if (add_missing(list, &open, missing[i], &items[i], options->site) != 0)
            result = fail(failure, "out of memory");
    names_free(&open);
    free(keys);
    free(missing);
    free(items);
    tie_texts(list);
    return result;
}

int stalls_of_folder(struct stall_list *list, struct bytestore *store, const char *folder,
                     const struct conditions *conditions, const struct stall_options *options,
                     const struct stall_memory *memory, int64_t now, const struct trace *trace,
                     struct failure *failure)
{
    struct expectation expectation = {0};
    int result = expect_all(&expectation, conditions, options) == 0 ? 0 : fail(failure, "out of memory");
    if (result == 0)
        result = bytestore_list(store, folder, visit, &expectation, NULL, failure);
    if (result == 0)
        result = add_all_missing(list, &expectation, options, memory, now, trace, failure);
    free(expectation.files);
    names_free(&expectation.names);
    return result;
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
    tie_texts(list);
    for (size_t i = 0; i < list->count; i++)
        if (announcements_judge(announcements, &list->stalls[i].item) != 0)
            return fail(failure, "out of memory");
    if (list->count > 1)
        qsort(list->stalls, list->count, sizeof *list->stalls, compare);
    tie_texts(list);
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
