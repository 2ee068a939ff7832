// SPDX-License-Identifier: GPL-3.0-or-later
/* All memories of one program, for another one that looks into them. */
#include "state/statefile.h"

#include "base/hash.h"

#include <dirent.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static sqlite3_stmt *read_state(struct statefile *file)
{
    struct failure none;
    sqlite3_stmt *row = statefile_statement(file, "SELECT identity, last_run FROM state", &none);
    if (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        return row;
    if (row != NULL)
        sqlite3_reset(row);
    return NULL;
}

bool statefile_is_fresh(struct statefile *file, int64_t now)
{
    sqlite3_stmt *row = read_state(file);
    const int64_t last_run = row != NULL ? sqlite3_column_int64(row, 1) : 0;
    if (row != NULL)
        sqlite3_reset(row);
    return now - last_run <= STATEFILE_FRESH_S;
}

char *statefile_identity(struct statefile *file)
{
    sqlite3_stmt *row = read_state(file);
    const char *text = row != NULL ? (const char *)sqlite3_column_text(row, 0) : NULL;
    char *identity = text != NULL ? strdup(text) : NULL;
    if (row != NULL)
        sqlite3_reset(row);
    return identity;
}

/* Is it the name that statefile_open gives a memory of this identity? A copy that somebody kept beside it is none. */
static bool is_name_of(const char *name, const char *plugin, const char *identity)
{
    char *own;
    const uint64_t hash = hash_end(hash_add(HASH_START, identity, strlen(identity)));
    if (asprintf(&own, "%s-%016" PRIx64 ".sqlite3", plugin, hash) < 0)
        return false;
    const bool is = strcmp(own, name) == 0;
    free(own);
    return is;
}

static bool may_be_memory(const char *path, const char *name, const char *plugin)
{
    static const char ending[] = ".sqlite3";
    const size_t length = strlen(name), head = strlen(plugin), tail = sizeof ending - 1;
    struct stat stat;
    /* A FIFO would be waited for. */
    return length > head + tail && strncmp(name, plugin, head) == 0 && name[head] == '-' &&
           strcmp(name + length - tail, ending) == 0 && lstat(path, &stat) == 0 && S_ISREG(stat.st_mode);
}

int statefile_look_all(const char *directory, const struct statefile_look_kind *kind, int64_t now,
                       void (*visit)(void *context, struct statefile *file), void *context,
                       const struct trace *trace)
{
    DIR *folder = opendir(directory);
    if (folder == NULL)
        return -1;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct failure failure = {""};
        char *path, *identity = NULL;
        if (asprintf(&path, "%s/%s", directory, entry->d_name) < 0)
            continue;
        struct statefile *file = may_be_memory(path, entry->d_name, kind->plugin)
                                     ? statefile_look_at(path, kind->schema, &failure)
                                     : NULL;
        if (file != NULL && statefile_is_fresh(file, now))
            identity = statefile_identity(file);
        if (identity != NULL && is_name_of(entry->d_name, kind->plugin, identity))
            visit(context, file);
        else if (failure.text[0] != '\0')
            trace_note(trace, 1, "%s", failure.text);
        statefile_close(file);
        free(identity);
        free(path);
    }
    closedir(folder);
    return 0;
}
