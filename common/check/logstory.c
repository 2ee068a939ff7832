// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/logstory.h"

#include "base/array.h"
#include "base/units.h"
#include "replication/store.h"

#include <ctype.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRESH_SECONDS = 24 * 3600 };

static const char prefix[] = "check_sms_despool-", ending[] = ".sqlite3";

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

/* One value of the store. @return false when it is not there */
static bool ask(struct statefile *file, const char *sql, int64_t *integer, char *text, size_t size)
{
    struct failure none;
    sqlite3_stmt *row = statefile_statement(file, sql, &none);
    bool found = row != NULL && sqlite3_step(row) == SQLITE_ROW;
    if (found && integer != NULL)
        *integer = sqlite3_column_int64(row, 0);
    if (found && text != NULL) {
        const char *value = (const char *)sqlite3_column_text(row, 0);
        snprintf(text, size, "%s", value != NULL ? value : "");
    }
    if (row != NULL)
        sqlite3_reset(row);
    return found;
}

static void look_into(struct logstory *story, const char *path, int64_t now, const struct trace *trace)
{
    struct failure failure = {""};
    struct statefile *file = statefile_look_at(path, &logmemory_schema, &failure);
    struct conditions set;
    char site[8] = "";
    int64_t last = 0;
    conditions_init(&set, 0);
    if (file == NULL)
        trace_note(trace, 1, "%s", failure.text);
    else if (ask(file, "SELECT code FROM site", NULL, site, sizeof site) && site[0] != '\0' &&
             ask(file, "SELECT last_run FROM state", &last, NULL, 0) && now - last <= FRESH_SECONDS &&
             logmemory_load_conditions(file, &set, &failure) == 0)
        add_conditions(story, &set, site);
    conditions_free(&set);
    statefile_close(file);
}

static bool is_memory(const char *name)
{
    size_t length = strlen(name), tail = sizeof ending - 1;
    return strncmp(name, prefix, sizeof prefix - 1) == 0 && length > tail &&
           strcmp(name + length - tail, ending) == 0;
}

void logstory_look(struct logstory *story, const char *directory, int64_t now, const struct trace *trace)
{
    DIR *folder = opendir(directory);
    if (folder == NULL) {
        trace_note(trace, 1, "%s cannot be read: the logs of the child sites say nothing here", directory);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char *path;
        if (!is_memory(entry->d_name) || asprintf(&path, "%s/%s", directory, entry->d_name) < 0)
            continue;
        look_into(story, path, now, trace);
        free(path);
    }
    closedir(folder);
    if (story->count > 0)
        qsort(story->entries, story->count, sizeof *story->entries, by_key);
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
