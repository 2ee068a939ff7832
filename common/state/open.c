// SPDX-License-Identifier: GPL-3.0-or-later
/* The part of statefile.h that opens a store: sound, new, lost or unusable. */
#include "state/private.h"

#include "state/create.h"
#include "state/directory.h"
#include "state/integrity.h"
#include "state/lock.h"
#include "state/proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int upgrade(struct statefile *file, const struct statefile_schema *schema)
{
    int64_t version = 0;
    int code = statefile_integer(file, "PRAGMA user_version", &version);
    while (code == SQLITE_OK && version < schema->version) {
        char mark[64];
        snprintf(mark, sizeof mark, "PRAGMA user_version = %" PRId64, version + 1);
        code = schema->upgrades == NULL ? SQLITE_CORRUPT
                                        : statefile_execute(file, schema->upgrades[version - 1]);
        if (code == SQLITE_OK)
            code = statefile_execute(file, mark);
        file->schema_changed = true;
        version++;
    }
    return code;
}

static int read_state(struct statefile *file, uint64_t digest)
{
    int code = statefile_integer(file, "SELECT runs FROM state", &file->runs);
    if (code == SQLITE_OK)
        code = statefile_integer(file, "SELECT lost_at FROM state", &file->lost_at);
    if (code == SQLITE_OK)
        code = statefile_integer(file, "SELECT last_run FROM state", &file->last_run);
    if (code == SQLITE_OK)
        code = statefile_keep_digest(file, digest);
    file->changes = sqlite3_total_changes(file->database);
    return code;
}

static enum statecheck_verdict open_sound(struct statefile *file, const struct statefile_schema *schema,
                                          const char *identity, struct failure *failure)
{
    uint64_t digest = 0;
    const bool proven = stateproof_holds(file->path, file->lock);
    int code = sqlite3_open_v2(file->path, &file->database, SQLITE_OPEN_READWRITE | STATEFILE_OPEN, NULL);
    if (code == SQLITE_OK)
        code = statefile_set_up(file);
    if (code == SQLITE_OK)
        code = statefile_execute(file,
                                 "BEGIN IMMEDIATE"); /* also takes back what a killed run left half-written */
    enum statecheck_verdict verdict = statecheck_code(code);
    if (verdict == STATECHECK_SOUND)
        verdict = statecheck_contents(file->database, identity, proven, &digest, failure);
    else
        fail(failure, "was damaged (%s)", sqlite3_errmsg(file->database));
    if (verdict == STATECHECK_SOUND) {
        verdict = statecheck_code((code = read_state(file, digest)));
        if (verdict == STATECHECK_SOUND)
            verdict = statecheck_code((code = upgrade(file, schema)));
        if (verdict != STATECHECK_SOUND)
            fail(failure, "was damaged (%s)", sqlite3_errmsg(file->database));
    }
    if (verdict == STATECHECK_TROUBLE)
        statefile_fail(file, "open", failure);
    bool busy = verdict == STATECHECK_TROUBLE && (sqlite3_errcode(file->database) & 0xff) == SQLITE_BUSY;
    file->unproven = verdict == STATECHECK_SOUND && !proven;
    if (verdict != STATECHECK_SOUND)
        statefile_close_database(file);
    pid_t holder = busy ? statelock_holder(file->path) : 0;
    if (holder != 0)
        fail(failure, "cannot open the state file %s: pid %d has it open; end it", file->path, (int)holder);
    return verdict;
}

static enum statefile_health trouble(const char *path, struct failure *failure)
{
    fail_context(failure, "the state file %s ", path);
    return STATEFILE_UNUSABLE;
}

/* Setting a file aside ends its memory: never for one error of a disk that answers again. */
static enum statecheck_verdict open_confirmed(struct statefile *file, const struct statefile_schema *schema,
                                              const char *identity, struct failure *failure)
{
    enum statecheck_verdict verdict = open_sound(file, schema, identity, failure);
    if (verdict != STATECHECK_DAMAGED)
        return verdict;
    if (statecheck_readable(file->path, failure) != 0) {
        trouble(file->path, failure);
        return STATECHECK_TROUBLE;
    }
    return open_sound(file, schema, identity, failure);
}

static enum statefile_health open_file(struct statefile *file, const struct statefile_schema *schema,
                                       const char *identity, struct failure *failure)
{
    enum statecheck_verdict verdict = statecheck_file(file->path, schema->version, failure);
    if (verdict == STATECHECK_NEWER || verdict == STATECHECK_TROUBLE)
        return trouble(file->path, failure);
    if (verdict == STATECHECK_SOUND) {
        verdict = open_confirmed(file, schema, identity, failure);
        if (verdict == STATECHECK_TROUBLE)
            return STATEFILE_UNUSABLE;
        if (verdict == STATECHECK_SOUND)
            return file->runs == 0 && file->lost_at == 0 ? STATEFILE_NEW : STATEFILE_KEPT;
    }

    struct failure told = {""};
    enum statefile_health health = STATEFILE_NEW;
    if (verdict == STATECHECK_DAMAGED) {
        char *aside;
        struct failure damage = *failure;
        if (statedir_set_aside(file->path, file->opened_at, &aside, failure) != 0) {
            fail_context(failure, "the state file %s %s and it could not be replaced: ", file->path,
                         damage.text);
            return STATEFILE_UNUSABLE;
        }
        fail(&told, "the state file %s %s; set aside as %s, ages start anew", file->path, damage.text,
             strrchr(aside, '/') + 1);
        free(aside);
        file->lost_at = file->opened_at;
        health = STATEFILE_LOST;
    } else {
        /* A run that set its file aside and was killed before it could begin anew has told nobody. */
        int64_t damaged_at = statedir_newest_damage(file->path);
        if (damaged_at != 0 && file->opened_at - damaged_at <= LOST_FOR_S) {
            fail(&told, "the state file %s is missing after an earlier one was set aside, ages start anew",
                 file->path);
            file->lost_at = file->opened_at;
            health = STATEFILE_LOST;
        }
    }
    struct statemake make = {schema, identity, file->opened_at, file->lost_at};
    if (statemake_file(file->path, &make, failure) != 0)
        return STATEFILE_UNUSABLE;
    verdict = statecheck_file(file->path, schema->version, failure);
    if (verdict != STATECHECK_SOUND)
        return trouble(file->path, failure);
    verdict = open_sound(file, schema, identity, failure);
    if (verdict == STATECHECK_DAMAGED)
        return trouble(file->path, failure);
    if (verdict != STATECHECK_SOUND)
        return STATEFILE_UNUSABLE;
    *failure = told;
    return health;
}

/* The run goes on without memory. */
static int open_in_memory(struct statefile *file, const struct statefile_schema *schema, const char *identity)
{
    free(file->path);
    file->path = NULL;
    file->lost_at = 0;
    struct statemake make = {schema, identity, file->opened_at, 0};
    if (sqlite3_open_v2(":memory:", &file->database, SQLITE_OPEN_READWRITE | STATEFILE_OPEN, NULL) !=
            SQLITE_OK ||
        statefile_execute(file, "BEGIN") != SQLITE_OK)
        return -1;
    return statemake_tables(file->database, &make) == SQLITE_OK ? 0 : -1;
}

static enum statelock_outcome take_lock(struct statefile *file, const char *base, int64_t wait_ms,
                                        const struct trace *trace, struct failure *failure)
{
    char *path;
    if (asprintf(&path, "%s" STATEFILE_LOCK_ENDING, base) < 0) {
        fail(failure, "out of memory");
        return STATELOCK_UNUSABLE;
    }
    enum statelock_outcome outcome = statelock_take(path, wait_ms, trace, &file->lock, failure);
    free(path);
    return outcome;
}

/*
 * Take the lock and name the file; `path` stays NULL where the directory or the lock is unusable.
 * @return NULL when the lock was not got or memory ran out
 */
static struct statefile *begin(const char *directory, const char *plugin, const char *identity,
                               int64_t wait_ms, const struct trace *trace, struct failure *failure)
{
    struct statefile *file = calloc(1, sizeof *file);
    if (file == NULL) {
        fail(failure, "out of memory");
        return NULL;
    }
    file->lock = -1;
    file->opened_at = time(NULL);

    enum statelock_outcome lock = STATELOCK_UNUSABLE;
    char *real = statedir_check(directory, failure);
    char *base = real != NULL ? statefile_base(real, plugin, identity) : NULL;
    if (base != NULL)
        lock = take_lock(file, base, wait_ms, trace, failure);
    if (lock == STATELOCK_TAKEN && asprintf(&file->path, "%s" STATEFILE_ENDING, base) < 0)
        file->path = NULL;
    free(base);
    free(real);
    if (lock != STATELOCK_HELD)
        return file;
    statefile_close(file);
    return NULL;
}

struct statefile *statefile_open(const char *directory, const char *plugin, const char *identity,
                                 const struct statefile_schema *schema, int64_t wait_ms,
                                 const struct trace *trace, enum statefile_health *health,
                                 struct failure *failure)
{
    struct failure dropped = {""};
    if (failure == NULL)
        failure = &dropped;
    failure->text[0] = '\0';
    *health = STATEFILE_UNUSABLE;
    struct statefile *file = begin(directory, plugin, identity, wait_ms, trace, failure);
    if (file == NULL)
        return NULL;
    if (file->path != NULL)
        *health = open_file(file, schema, identity, failure);
    if (*health == STATEFILE_UNUSABLE && open_in_memory(file, schema, identity) != 0) {
        fail(failure, "out of memory");
        statefile_close(file);
        return NULL;
    }
    return file;
}

int statefile_look_own(const char *directory, const char *plugin, const char *identity,
                       const struct statefile_schema *schema, int64_t wait_ms, const struct trace *trace,
                       struct statefile **file, struct failure *failure)
{
    struct failure why;
    char *path = statefile_path(directory, plugin, identity, &why);
    const bool there = path != NULL;
    free(path);
    *file = there ? statefile_look(directory, plugin, identity, schema, &why) : NULL;
    if (!there || *file != NULL)
        return 0;
    *file = begin(directory, plugin, identity, wait_ms, trace, failure);
    if (*file == NULL)
        return -1;
    if ((*file)->path == NULL || statecheck_file((*file)->path, schema->version, &why) != STATECHECK_SOUND ||
        open_sound(*file, schema, identity, &why) != STATECHECK_SOUND) {
        statefile_close(*file);
        *file = NULL;
    }
    return 0;
}
