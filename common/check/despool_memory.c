// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/despool_memory.h"

#include "base/array.h"
#include "base/text.h"
#include "replication/store.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char program[] = "check_sms_despool", ending[] = ".sqlite3";

enum { FRESH_SECONDS = 24 * 3600 };

struct despool_memory {
    char *logs; /* owned: the locations, one a line */
    struct conditions set;
};

/* What a file says of itself: whose memory it is, and when it was last written. @return the identity, owned, or NULL */
static char *read_identity(const char *path, int64_t *last_run)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *row = NULL;
    char *identity = NULL;
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(database, "SELECT identity, last_run FROM state", -1, &row, NULL) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW && sqlite3_column_text(row, 0) != NULL) {
        identity = strdup((const char *)sqlite3_column_text(row, 0));
        *last_run = sqlite3_column_int64(row, 1);
    }
    sqlite3_finalize(row);
    sqlite3_close(database);
    return identity;
}

static void look_at(const char *directory, const char *path, int64_t now, struct despool_memories *memories)
{
    struct failure failure;
    int64_t last_run = 0;
    char *identity = read_identity(path, &last_run);
    struct statefile *file = identity == NULL || now - last_run > FRESH_SECONDS
                                 ? NULL
                                 : statefile_look(directory, program, identity, &logmemory_schema, &failure);
    struct conditions set;
    conditions_init(&set, 0);
    bool loaded = file != NULL && logmemory_load_conditions(file, &set, &failure) == 0;
    statefile_close(file);
    struct despool_memory *larger =
        loaded ? array_grow(memories->memories, memories->count, sizeof *larger) : NULL;
    if (larger == NULL) {
        conditions_free(&set);
        free(identity);
        return;
    }
    memories->memories = larger;
    larger[memories->count++] = (struct despool_memory){identity, set};
}

void despool_memories_look(const char *directory, int64_t now, struct despool_memories *memories)
{
    *memories = (struct despool_memories){0};
    char *real = realpath(directory, NULL);
    DIR *folder = real == NULL ? NULL : opendir(real);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        size_t length = strlen(entry->d_name), tail = sizeof ending - 1;
        if (strncmp(entry->d_name, program, sizeof program - 1) != 0 || length <= tail ||
            strcmp(entry->d_name + length - tail, ending) != 0)
            continue;
        struct text path = {0};
        text_addf(&path, "%s/%s", real, entry->d_name);
        if (!path.failed)
            look_at(directory, text_string(&path), now, memories);
        text_free(&path);
    }
    if (folder != NULL)
        closedir(folder);
    free(real);
}

/* A name and a part of a path, with or without the domain. */
static bool is_name(const char *name, const char *part, size_t size)
{
    size_t length = strlen(name), label = strcspn(name, "."), part_label = strcspn(part, "./\n");
    if (size == length && strncasecmp(part, name, length) == 0)
        return true;
    return (label == length || part_label == size) && label == part_label && label > 0 &&
           strncasecmp(part, name, label) == 0;
}

/* "S02" in ".../S02/...", "//S02/", ".../SMS_S02/...": a part of a path, alone or behind SMS_. */
static bool has_part(const char *logs, const char *name)
{
    for (const char *at = logs; name[0] != '\0' && *at != '\0';) {
        size_t size = strcspn(at, "/\n");
        bool share = size > 4 && strncasecmp(at, "SMS_", 4) == 0;
        if (is_name(name, at, size) || (share && is_name(name, at + 4, size - 4)))
            return true;
        at += size + (at[size] != '\0');
    }
    return false;
}

/* The worst first. */
static const enum condition_kind by_weight[] = {CONDITION_BASE_MISSING, CONDITION_FAILING, CONDITION_WAITING,
                                                CONDITION_SUPERSEDED};

static bool find_in(const struct conditions *set, const char *package, struct despool_word *word)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct condition *condition = &set->items[i];
        if (strcasecmp(condition->package, package) != 0)
            continue;
        for (size_t k = 0; k < sizeof by_weight / sizeof *by_weight; k++)
            if (condition->sign[by_weight[k]].open) {
                *word = (struct despool_word){by_weight[k], condition->sign[by_weight[k]].first_s};
                return true;
            }
    }
    return false;
}

bool despool_memories_find(const struct despool_memories *memories, const char *package, const char *site,
                           const char *server, struct despool_word *word)
{
    for (size_t i = 0; i < memories->count; i++)
        if ((has_part(memories->memories[i].logs, site) || has_part(memories->memories[i].logs, server)) &&
            find_in(&memories->memories[i].set, package, word))
            return true;
    return false;
}

const char *despool_word_text(const struct despool_word *word)
{
    switch (word->kind) {
    case CONDITION_BASE_MISSING:
        return "the base version (PCK file) is missing";
    case CONDITION_FAILING:
        return "it fails again and again";
    case CONDITION_SUPERSEDED:
        return "a delta of another version came";
    default:
        return "the version has not arrived";
    }
}

void despool_memories_free(struct despool_memories *memories)
{
    for (size_t i = 0; i < memories->count; i++) {
        free(memories->memories[i].logs);
        conditions_free(&memories->memories[i].set);
    }
    free(memories->memories);
    *memories = (struct despool_memories){0};
}
