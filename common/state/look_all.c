// SPDX-License-Identifier: GPL-3.0-or-later
/* All memories of one program, for another one that looks into them. */
#include "state/private.h"

#include <dirent.h>
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

/* Is it where statefile_open keeps a memory of this identity? A copy that somebody kept beside it is none. */
static bool is_path_of(const char *path, const char *directory, const char *plugin, const char *identity)
{
    char *base = statefile_base(directory, plugin, identity);
    const size_t length = base != NULL ? strlen(base) : 0;
    const bool is =
        base != NULL && strncmp(path, base, length) == 0 && strcmp(path + length, STATEFILE_ENDING) == 0;
    free(base);
    return is;
}

static bool may_be_memory(const char *path, const char *name, const char *plugin)
{
    const size_t length = strlen(name), head = strlen(plugin), tail = strlen(STATEFILE_ENDING);
    struct stat stat;
    /* A FIFO would be waited for. */
    return length > head + tail && strncmp(name, plugin, head) == 0 && name[head] == '-' &&
           strcmp(name + length - tail, STATEFILE_ENDING) == 0 && lstat(path, &stat) == 0 &&
           S_ISREG(stat.st_mode);
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
        if (identity != NULL && is_path_of(path, directory, kind->plugin, identity))
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
