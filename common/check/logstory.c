// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/logstory.h"

#include "base/array.h"
#include "base/units.h"
#include "replication/store.h"

#include <ctype.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_key(const char *package, const char *site, char key[32])
{
    snprintf(key, 32, "%s@%s", package, site);
    for (char *at = key; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct logstory_entry *)a)->key, ((const struct logstory_entry *)b)->key);
}

/* Of what several memories tell of one package the worst stands first, then the oldest. */
static int by_key_worst_first(const void *a, const void *b)
{
    const struct logstory_entry *one = a, *other = b;
    int order = by_key(a, b);
    if (order == 0)
        order = (one->rank > other->rank) - (one->rank < other->rank);
    return order != 0 ? order : (one->since > other->since) - (one->since < other->since);
}

static void keep_worst(struct logstory *story)
{
    size_t kept = 0;
    qsort(story->entries, story->count, sizeof *story->entries, by_key_worst_first);
    for (size_t i = 0; i < story->count; i++)
        if (kept == 0 || by_key(&story->entries[kept - 1], &story->entries[i]) != 0)
            story->entries[kept++] = story->entries[i];
    story->count = kept;
}

/* The worst kind that is open: a missing base never heals by itself. */
static bool describe(const struct condition *condition, struct logstory_entry *entry)
{
    static const enum condition_kind kinds[] = {CONDITION_BASE_MISSING, CONDITION_FAILING, CONDITION_WAITING,
                                                CONDITION_SUPERSEDED};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct condition_sign *sign = &condition->sign[kinds[i]];
        if (!sign->open)
            continue;
        entry->kind = condition_kind_name(kinds[i]);
        entry->log = sign->component == REPLICATION_DESPOOL ? "despool.log" : "distmgr.log";
        entry->failed = kinds[i] == CONDITION_BASE_MISSING;
        entry->rank = (int)i;
        entry->since = sign->first_s;
        return true;
    }
    return false;
}

static void add_conditions(struct logstory *story, const struct conditions *set, const char *site)
{
    for (size_t i = 0; i < set->count; i++) {
        struct logstory_entry entry = {.kind = ""};
        if (set->items[i].package[0] == REPLICATION_SUBJECT || !describe(&set->items[i], &entry))
            continue;
        struct logstory_entry *entries = array_grow(story->entries, story->count, sizeof *entries);
        if (entries == NULL)
            return;
        make_key(set->items[i].package, site, entry.key);
        story->entries = entries;
        entries[story->count++] = entry;
    }
}

/* @return whether the memory has a site's code */
static bool read_site(struct statefile *file, char site[8])
{
    struct failure none;
    sqlite3_stmt *row = statefile_statement(file, "SELECT code FROM site", &none);
    const char *code =
        row != NULL && sqlite3_step(row) == SQLITE_ROW ? (const char *)sqlite3_column_text(row, 0) : NULL;
    snprintf(site, 8, "%s", code != NULL ? code : "");
    if (row != NULL)
        sqlite3_reset(row);
    return site[0] != '\0';
}

static void look_into(void *context, struct statefile *file)
{
    struct failure failure = {""};
    struct conditions set;
    char site[8];
    conditions_init(&set, 0);
    if (read_site(file, site) && logmemory_load_conditions(file, &set, &failure) == 0)
        add_conditions(context, &set, site);
    conditions_free(&set);
}

void logstory_look(struct logstory *story, const char *directory, int64_t now, const struct trace *trace)
{
    static const struct statefile_look_kind kind = {"check_sms_despool", &logmemory_schema};
    if (statefile_look_all(directory, &kind, now, look_into, story, trace) != 0)
        trace_note(trace, 1, "%s cannot be read: the logs of the child sites say nothing here", directory);
    if (story->count > 0)
        keep_worst(story);
}

const struct logstory_entry *logstory_find(const struct logstory *story, const char *package,
                                           const char *site)
{
    struct logstory_entry wanted = {.key = ""};
    make_key(package, site, wanted.key);
    return story->count == 0 ? NULL
                             : bsearch(&wanted, story->entries, story->count, sizeof *story->entries, by_key);
}

void logstory_add_words(const struct logstory_entry *entry, const char *site, struct text *line)
{
    char instant[32];
    text_addf(line, "; the logs of %s say: %s since %s, %s", site, entry->kind,
              instant_format(entry->since, instant, sizeof instant), entry->log);
}

void logstory_free(struct logstory *story)
{
    free(story->entries);
    *story = (struct logstory){0};
}
