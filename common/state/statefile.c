// SPDX-License-Identifier: GPL-3.0-or-later
#include "state/statefile.h"

#include "base/hash.h"
#include "state/create.h"
#include "state/directory.h"
#include "state/integrity.h"
#include "state/lock.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BUSY_MS = 250, /* for a stranger's sqlite3 shell; our own runs wait for our lock */
    MOST_STATEMENTS = 16,
    LOST_FOR_S = 24 * 3600
};

struct statefile {
    sqlite3 *database;
    char *path; /* owned; NULL for a store in memory */
    int lock;
    bool may_commit;
    bool schema_changed;
    int changes;     /* of the connection, before this run's own */
    uint64_t digest; /* of all tables but `state`, before this run's changes */
    int64_t runs;
    int64_t lost_at;
    int64_t opened_at;
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } statements[MOST_STATEMENTS];
};

int statefile_fail(struct statefile *file, const char *verb, struct failure *failure)
{
    return statecheck_fail(file->database, file->path != NULL ? file->path : "in memory", verb, failure);
}

static int execute(struct statefile *file, const char *sql)
{
    return sqlite3_exec(file->database, sql, NULL, NULL, NULL);
}

/* SQLite ends a transaction by itself after some errors; what follows must not be kept piece by piece. */
static int refuse_commit(void *context)
{
    const struct statefile *file = context;
    return !file->may_commit;
}

static void close_database(struct statefile *file)
{
    for (int i = 0; i < MOST_STATEMENTS; i++) {
        sqlite3_finalize(file->statements[i].statement);
        file->statements[i].statement = NULL;
        file->statements[i].sql = NULL;
    }
    sqlite3_close(file->database); /* rolls back */
    file->database = NULL;
}

static int set_up_connection(struct statefile *file)
{
    sqlite3_extended_result_codes(file->database, 1);
    sqlite3_busy_timeout(file->database, BUSY_MS);
    sqlite3_db_config(file->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(file->database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_commit_hook(file->database, refuse_commit, file);
    return execute(file,
                   "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON");
}

static int single_integer(struct statefile *file, const char *sql, int64_t *integer)
{
    sqlite3_stmt *row;
    int code = sqlite3_prepare_v2(file->database, sql, -1, &row, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(row);
    if (code == SQLITE_ROW)
        *integer = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return code == SQLITE_ROW ? SQLITE_OK : code == SQLITE_DONE ? SQLITE_CORRUPT : code;
}

static int commit(struct statefile *file)
{
    file->may_commit = true;
    int code = execute(file, "COMMIT");
    file->may_commit = false;
    return code;
}

static int upgrade(struct statefile *file, const struct statefile_schema *schema)
{
    int64_t version = 0;
    int code = single_integer(file, "PRAGMA user_version", &version);
    while (code == SQLITE_OK && version < schema->version) {
        char mark[64];
        snprintf(mark, sizeof mark, "PRAGMA user_version = %" PRId64, version + 1);
        code = schema->upgrades == NULL ? SQLITE_CORRUPT : execute(file, schema->upgrades[version - 1]);
        if (code == SQLITE_OK)
            code = execute(file, mark);
        file->schema_changed = true;
        version++;
    }
    return code;
}

/* Keep the digest of everything but `state`, whose row changes with every run. */
static int keep_digest(struct statefile *file, uint64_t all)
{
    uint64_t state;
    int code = statecheck_digest_table(file->database, "state", &state);
    if (code == SQLITE_OK)
        file->digest = all - state;
    return code;
}

static int count_digest(struct statefile *file)
{
    uint64_t all;
    int code = statecheck_digest(file->database, &all);
    return code == SQLITE_OK ? keep_digest(file, all) : code;
}

static int read_state(struct statefile *file, uint64_t digest)
{
    int code = single_integer(file, "SELECT runs FROM state", &file->runs);
    if (code == SQLITE_OK)
        code = single_integer(file, "SELECT lost_at FROM state", &file->lost_at);
    if (code == SQLITE_OK)
        code = keep_digest(file, digest);
    file->changes = sqlite3_total_changes(file->database);
    return code;
}

static enum statecheck_verdict open_sound(struct statefile *file, const struct statefile_schema *schema,
                                          const char *identity, struct failure *failure)
{
    uint64_t digest = 0;
    int code =
        sqlite3_open_v2(file->path, &file->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
    if (code == SQLITE_OK)
        code = set_up_connection(file);
    if (code == SQLITE_OK)
        code = execute(file, "BEGIN IMMEDIATE"); /* also takes back what a killed run left half-written */
    enum statecheck_verdict verdict = statecheck_code(code);
    if (verdict == STATECHECK_SOUND)
        verdict = statecheck_contents(file->database, identity, &digest, failure);
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
    if (verdict != STATECHECK_SOUND)
        close_database(file);
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
    if (sqlite3_open_v2(":memory:", &file->database, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        execute(file, "BEGIN") != SQLITE_OK)
        return -1;
    return statemake_tables(file->database, &make) == SQLITE_OK ? 0 : -1;
}

static char *file_base(const char *directory, const char *plugin, const char *identity)
{
    char *base;
    uint64_t hash = hash_end(hash_add(HASH_START, identity, strlen(identity)));
    return asprintf(&base, "%s/%s-%016" PRIx64, directory, plugin, hash) < 0 ? NULL : base;
}

static enum statelock_outcome take_lock(struct statefile *file, const char *base, int64_t wait_ms,
                                        const struct trace *trace, struct failure *failure)
{
    char *path;
    if (asprintf(&path, "%s.lock", base) < 0) {
        fail(failure, "out of memory");
        return STATELOCK_UNUSABLE;
    }
    enum statelock_outcome outcome = statelock_take(path, wait_ms, trace, &file->lock, failure);
    free(path);
    return outcome;
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
    struct statefile *file = calloc(1, sizeof *file);
    if (file == NULL) {
        fail(failure, "out of memory");
        return NULL;
    }
    file->lock = -1;
    file->opened_at = time(NULL);

    enum statelock_outcome lock = STATELOCK_UNUSABLE;
    char *real = statedir_check(directory, failure);
    char *base = real != NULL ? file_base(real, plugin, identity) : NULL;
    if (base != NULL)
        lock = take_lock(file, base, wait_ms, trace, failure);
    if (lock == STATELOCK_TAKEN && asprintf(&file->path, "%s.sqlite3", base) < 0)
        file->path = NULL;
    free(base);
    free(real);
    if (lock == STATELOCK_HELD) {
        statefile_close(file);
        return NULL;
    }
    if (file->path != NULL)
        *health = open_file(file, schema, identity, failure);
    if (*health == STATEFILE_UNUSABLE && open_in_memory(file, schema, identity) != 0) {
        fail(failure, "out of memory");
        statefile_close(file);
        return NULL;
    }
    return file;
}

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
    } else if (sqlite3_open_v2(path, &file->database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW, NULL) !=
                   SQLITE_OK ||
               set_up_connection(file) != SQLITE_OK || execute(file, "BEGIN") != SQLITE_OK ||
               single_integer(file, "PRAGMA user_version", &version) != SQLITE_OK) {
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

struct statefile *statefile_look(const char *directory, const char *plugin, const char *identity,
                                 const struct statefile_schema *schema, struct failure *failure)
{
    char *real = realpath(directory, NULL); /* SQLite's NOFOLLOW means every part of the path */
    char *base = file_base(real != NULL ? real : directory, plugin, identity), *path = NULL;
    if (base != NULL && asprintf(&path, "%s.sqlite3", base) < 0)
        path = NULL;
    free(real);
    free(base);
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

sqlite3 *statefile_database(struct statefile *file)
{
    return file->database;
}

sqlite3_stmt *statefile_statement(struct statefile *file, const char *sql, struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    int at = 0;
    while (at < MOST_STATEMENTS - 1 && file->statements[at].sql != NULL &&
           strcmp(file->statements[at].sql, sql) != 0)
        at++;
    statement = file->statements[at].statement;
    if (statement == NULL || strcmp(file->statements[at].sql, sql) != 0) {
        sqlite3_finalize(statement);
        file->statements[at].sql = NULL;
        file->statements[at].statement = NULL;
        if (sqlite3_prepare_v3(file->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
            SQLITE_OK) {
            statefile_fail(file, "use", failure);
            return NULL;
        }
        file->statements[at].sql = sql;
        file->statements[at].statement = statement;
    }
    sqlite3_reset(statement);
    return statement;
}

static int remember_run(struct statefile *file, int64_t now)
{
    sqlite3_stmt *row;
    int code = sqlite3_prepare_v2(
        file->database, "UPDATE state SET runs = runs + 1, last_run = ?1, lost_at = min(lost_at, ?2)", -1,
        &row, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_bind_int64(row, 1, now);
    sqlite3_bind_int64(row, 2, file->opened_at); /* a loss dated by a clock that ran ahead */
    code = sqlite3_step(row) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(file->database);
    sqlite3_finalize(row);
    return code;
}

int statefile_commit(struct statefile *file, int64_t now, struct failure *failure)
{
    if (file->path == NULL)
        return 0;
    if (sqlite3_get_autocommit(file->database))
        return fail(failure, "nothing was kept in the state file %s: its transaction ended after an error",
                    file->path);
    int code = SQLITE_OK;
    uint64_t state = 0;
    if (file->schema_changed || sqlite3_total_changes(file->database) != file->changes)
        code = count_digest(file);
    if (code == SQLITE_OK)
        code = remember_run(file, now);
    if (code == SQLITE_OK)
        code = statecheck_digest_table(file->database, "state", &state);
    if (code == SQLITE_OK)
        code = statecheck_write_digest(file->database, file->digest + state);
    if (code == SQLITE_OK)
        code = commit(file);
    if (code != SQLITE_OK)
        return statefile_fail(file, "write", failure);
    file->changes = sqlite3_total_changes(file->database);
    file->schema_changed = false;
    return 0;
}

int statefile_begin(struct statefile *file, struct failure *failure)
{
    if (!sqlite3_get_autocommit(file->database) || execute(file, "BEGIN IMMEDIATE") == SQLITE_OK)
        return 0;
    return statefile_fail(file, "write", failure);
}

int statefile_table(struct statefile *file, const char *name, const char *columns, struct failure *failure)
{
    if (sqlite3_table_column_metadata(file->database, NULL, name, NULL, NULL, NULL, NULL, NULL, NULL) ==
        SQLITE_OK)
        return 0;
    char ddl[512];
    snprintf(ddl, sizeof ddl, "CREATE TABLE %s%s", name, columns);
    if (execute(file, ddl) != SQLITE_OK)
        return statefile_fail(file, "write", failure);
    file->schema_changed = true;
    return 0;
}

void statefile_close(struct statefile *file)
{
    if (file == NULL)
        return;
    close_database(file);
    statelock_free(file->lock);
    free(file->path);
    free(file);
}

int64_t statefile_lost_at(const struct statefile *file)
{
    return file->lost_at != 0 && file->opened_at - file->lost_at <= LOST_FOR_S ? file->lost_at : 0;
}
