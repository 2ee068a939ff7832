// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stall_list.h"

#include "base/array.h"
#include "base/text.h"
#include "items/itemstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The folder of compressed packages: which base files are gone from it. */

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
        if (stall_selected(options, conditions->stored[i].package) &&
            expect(expectation, conditions->stored[i].package, conditions->stored[i].version) != 0)
            return -1;
    for (size_t i = 0; i < options->packages.count; i++)
        if (stall_selected(options, options->packages.strings[i]) &&
            expect(expectation, options->packages.strings[i], 0) != 0)
            return -1;
    return 0;
}

/* `CEN00012.PCK`, and `CEN00012.PCK.3` of a version. @return the package's length; 0: another file */
static size_t package_of_file(const char *name)
{
    static const char extension[] = ".PCK";
    const char *dot = strchr(name, '.');
    if (dot == NULL || strncasecmp(dot, extension, strlen(extension)) != 0)
        return 0;
    const char *behind = dot + strlen(extension);
    if (*behind == '.' && behind[1] != '\0')
        behind += 1 + strspn(behind + 1, "0123456789");
    return *behind == '\0' ? (size_t)(dot - name) : 0;
}

static bool visit(void *context, const struct bytestore_entry *entry)
{
    struct expectation *expectation = context;
    const size_t length = package_of_file(entry->name);
    if (!entry->regular || length == 0)
        return true;
    size_t found = names_find(&expectation->names, entry->name, length);
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
    if (stall == NULL && (stall = stall_list_add(list, file->package, site)) == NULL)
        return -1;
    if (stall->item.item_class != ITEM_FAILED)
        stall_add_kind(stall, CONDITION_BASE_MISSING);
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

/* ---- many at once */

/* "Where at least three quarters": the moved or emptied folder is the cause, not forty packages. */
static size_t many_of(size_t expected)
{
    enum { LEAST = 4 };
    return expected < LEAST ? expected + 1 : (expected * 3 + 3) / 4;
}

static int younger(const void *a, const void *b)
{
    const int64_t one = ((const struct item *)a)->age_s, other = ((const struct item *)b)->age_s;
    return (one < other) - (one > other);
}

/* @param items  aged; sorted here, the oldest first */
static int add_folder(struct stall_list *list, struct item *items, size_t count, size_t expected,
                      const char *site)
{
    struct stall *stall = stall_list_add(list, STALL_FOLDER, site);
    if (stall == NULL)
        return -1;
    qsort(items, count, sizeof *items, younger);
    const struct item *since = &items[many_of(expected) - 1];
    stall_add_kind(stall, CONDITION_BASE_MISSING);
    stall->item.item_class = ITEM_FAILED;
    stall->item.age_s = since->age_s;
    stall->item.first_seen = stall->item.attempt_since = since->first_seen;
    stall->pck_all_missing = (int64_t)count;
    stall->pck_expected = (int64_t)expected;
    return 0;
}

static int add_each(struct stall_list *list, const struct expected_file *const *missing,
                    const struct item *items, size_t count, const char *site)
{
    struct names open = {0};
    const size_t open_count = list->count;
    int result = 0;
    for (size_t i = 0; i < open_count && count > 0 && result == 0; i++)
        result = names_add(&open, list->stalls[i].package, i);
    for (size_t i = 0; i < count && result == 0; i++)
        result = add_missing(list, &open, missing[i], &items[i], site);
    names_free(&open);
    return result;
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
    if (result == 0) {
        const bool many = count >= many_of(expectation->count);
        const int added = many ? add_folder(list, items, count, expectation->count, options->site)
                               : add_each(list, missing, items, count, options->site);
        result = added == 0 ? 0 : fail(failure, "out of memory");
    }
    free(keys);
    free(missing);
    free(items);
    stall_list_tie_texts(list);
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
