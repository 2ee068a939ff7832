// SPDX-License-Identifier: GPL-3.0-or-later
/* The part of statefile.h that looks into another program's memory. */
#include "state/private.h"

#include "state/integrity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The identity that a file itself bears. @return owned, NULL without one */
static char *own_identity(sqlite3 *database)
{
    sqlite3_stmt *row = NULL;
    char *identity = NULL;
    if (sqlite3_prepare_v2(database, "SELECT identity FROM state WHERE id = 1", -1, &row, NULL) ==
            SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW && sqlite3_column_text(row, 0) != NULL)
        identity = strdup((const char *)sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
    return identity;
}

/* @param path  owned from now on; NULL: memory ran out @param identity  NULL: whatever the file bears */
static struct statefile *look_at(char *path, const char *identity, const struct statefile_schema *schema,
                                 struct failure *failure)
{
    struct statefile *file = calloc(1, sizeof *file);
    char *own = NULL;
    uint64_t digest;
    int64_t version = 0;
    if (file == NULL || path == NULL) {
        free(path);
        free(file);
        fail(failure, "out of memory");
        return NULL;
    }
    file->lock = -1;
    file->path = path;
    if (access(path, R_OK) != 0) {
        fail(failure, "%s: %s", path, strerror(errno));
    } else if (sqlite3_open_v2(path, &file->database, SQLITE_OPEN_READONLY | STATEFILE_OPEN, NULL) !=
                   SQLITE_OK ||
               statefile_set_up(file) != SQLITE_OK || statefile_execute(file, "BEGIN") != SQLITE_OK ||
               statefile_integer(file, "PRAGMA user_version", &version) != SQLITE_OK) {
        statefile_fail(file, "read", failure);
    } else if (version != schema->version) {
        fail(failure, "%s is of another version of the program", path);
    } else if (identity == NULL && (own = own_identity(file->database)) == NULL) {
        fail(failure, "the state file %s bears no identity", path);
    } else if (statecheck_contents(file->database, identity != NULL ? identity : own, &digest, failure) !=
               STATECHECK_SOUND) {
        fail_context(failure, "the state file %s ", path);
    } else {
        free(own);
        return file;
    }
    free(own);
    statefile_close(file);
    return NULL;
}

char *statefile_path(const char *directory, const char *plugin, const char *identity)
{
    char *real = realpath(directory, NULL); /* SQLite's NOFOLLOW means every part of the path */
    char *base = statefile_base(real != NULL ? real : directory, plugin, identity), *path = NULL;
    if (base != NULL && asprintf(&path, "%s.sqlite3", base) < 0)
        path = NULL;
    free(real);
    free(base);
    return path;
}

struct statefile *statefile_look(const char *directory, const char *plugin, const char *identity,
                                 const struct statefile_schema *schema, struct failure *failure)
{
    char *path = statefile_path(directory, plugin, identity);
    if (path != NULL && access(path, F_OK) != 0 && errno == ENOENT) {
        free(path);
        fail(failure, "%s holds none for this database", directory);
        return NULL;
    }
    return look_at(path, identity, schema, failure);
}

struct statefile *statefile_look_at(const char *path, const struct statefile_schema *schema,
                                    struct failure *failure)
{
    return look_at(realpath(path, NULL), NULL, schema, failure);
}
