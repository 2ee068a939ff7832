// SPDX-License-Identifier: GPL-3.0-or-later
/* The part of statefile.h that looks into a memory; of its own it makes, changes and keeps nothing. */
#include "state/private.h"

#include "state/integrity.h"
#include "state/lock.h"
#include "state/proof.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_WAIT_MS = 1000 /* for another program's run to end; the looker has its own work to do */ };

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

/* A file to look into, and as whose. */
struct look {
    const char *path;
    const char *identity; /* NULL: whatever the file bears */
    const struct statefile_schema *schema;
};

/* @param lock  of the runs, -1: not held @param[out] code  SQLite's, of what failed in the database @return NULL with why */
static struct statefile *look_once(const struct look *look, int lock, int *code, struct failure *failure)
{
    struct statefile *file = calloc(1, sizeof *file);
    char *own = NULL;
    uint64_t digest;
    int64_t version = 0;
    *code = SQLITE_OK;
    if (file == NULL || (file->path = strdup(look->path)) == NULL) {
        free(file);
        fail(failure, "out of memory");
        return NULL;
    }
    file->lock = -1;
    /* To open and close the file of the lock would give the lock back. */
    const bool proven = lock >= 0 ? stateproof_holds(look->path, lock) : stateproof_look(look->path);
    if (access(look->path, R_OK) != 0) {
        fail(failure, "%s: %s", look->path, strerror(errno));
    } else if ((*code = sqlite3_open_v2(look->path, &file->database, SQLITE_OPEN_READONLY | STATEFILE_OPEN,
                                        NULL)) != SQLITE_OK ||
               (*code = statefile_set_up(file)) != SQLITE_OK ||
               (*code = statefile_execute(file, "BEGIN")) != SQLITE_OK ||
               (*code = statefile_integer(file, "PRAGMA user_version", &version)) != SQLITE_OK) {
        statefile_fail(file, "read", failure);
    } else if (version != look->schema->version) {
        fail(failure, "%s is of another version of the program", look->path);
    } else if (look->identity == NULL && (own = own_identity(file->database)) == NULL) {
        fail(failure, "the state file %s bears no identity", look->path);
    } else if (statecheck_contents(file->database, look->identity != NULL ? look->identity : own, proven,
                                   &digest, failure) != STATECHECK_SOUND) {
        fail_context(failure, "the state file %s ", look->path);
    } else {
        free(own);
        return file;
    }
    free(own);
    statefile_close(file);
    return NULL;
}

/* A run is writing, or was killed while it wrote. */
static bool is_half_written(int code)
{
    return (code & 0xff) == SQLITE_BUSY || code == SQLITE_READONLY_ROLLBACK;
}

/* Under the lock: SQLite takes back what is half-written when it begins to write. */
static void take_back(const struct look *look)
{
    struct failure none;
    sqlite3 *database = NULL;
    if (statecheck_file(look->path, look->schema->version, &none) == STATECHECK_SOUND &&
        sqlite3_open_v2(look->path, &database, SQLITE_OPEN_READWRITE | STATEFILE_OPEN, NULL) == SQLITE_OK)
        sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    sqlite3_close(database);
}

/* Look, and where that met a run's half-written changes once more under the lock of the runs. */
static struct statefile *look_into(const struct look *look, struct failure *failure)
{
    int code, fd;
    struct failure locked;
    struct statefile *file = look_once(look, -1, &code, failure);
    char *lock;
    if (file != NULL || !is_half_written(code) ||
        asprintf(&lock, "%.*s" STATEFILE_LOCK_ENDING, (int)(strlen(look->path) - strlen(STATEFILE_ENDING)),
                 look->path) < 0)
        return file;
    enum statelock_outcome outcome = statelock_take(lock, LOOK_WAIT_MS, NULL, &fd, &locked);
    free(lock);
    if (outcome == STATELOCK_TAKEN) {
        take_back(look);
        file = look_once(look, fd, &code, failure);
        statelock_free(fd);
    } else if (outcome == STATELOCK_HELD) {
        *failure = locked;
    }
    return file;
}

char *statefile_path(const char *directory, const char *plugin, const char *identity, struct failure *failure)
{
    char *real = realpath(directory, NULL); /* SQLite's NOFOLLOW means every part of the path */
    char *base = statefile_base(real != NULL ? real : directory, plugin, identity), *path = NULL;
    if (base == NULL || asprintf(&path, "%s" STATEFILE_ENDING, base) < 0) {
        path = NULL;
        fail(failure, "out of memory");
    } else if (access(path, F_OK) != 0 && errno == ENOENT) {
        fail(failure, "%s holds none for this database", directory);
        free(path);
        path = NULL;
    }
    free(real);
    free(base);
    return path;
}

struct statefile *statefile_look(const char *directory, const char *plugin, const char *identity,
                                 const struct statefile_schema *schema, struct failure *failure)
{
    char *path = statefile_path(directory, plugin, identity, failure);
    struct statefile *file = path != NULL ? look_into(&(struct look){path, identity, schema}, failure) : NULL;
    free(path);
    return file;
}

struct statefile *statefile_look_at(const char *path, const struct statefile_schema *schema,
                                    struct failure *failure)
{
    struct statefile *file = NULL;
    char *real = realpath(path, NULL);
    if (real == NULL)
        fail(failure, "%s: %s", path, strerror(errno));
    else
        file = look_into(&(struct look){real, NULL, schema}, failure);
    free(real);
    return file;
}
