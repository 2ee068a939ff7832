// SPDX-License-Identifier: GPL-3.0-or-later
#include "state/private.h"

#include "base/hash.h"
#include "state/integrity.h"
#include "state/lock.h"
#include "state/proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 250 }; /* for a stranger's sqlite3 shell; our own runs wait for our lock */

int statefile_fail(struct statefile *file, const char *verb, struct failure *failure)
{
    return statecheck_fail(file->database, file->path != NULL ? file->path : "in memory", verb, failure);
}

int statefile_execute(struct statefile *file, const char *sql)
{
    return sqlite3_exec(file->database, sql, NULL, NULL, NULL);
}

/* SQLite ends a transaction by itself after some errors; what follows must not be kept piece by piece. */
static int refuse_commit(void *context)
{
    const struct statefile *file = context;
    return !file->may_commit;
}

void statefile_close_database(struct statefile *file)
{
    for (int i = 0; i < MOST_STATEMENTS; i++) {
        sqlite3_finalize(file->statements[i].statement);
        file->statements[i].statement = NULL;
        file->statements[i].sql = NULL;
    }
    sqlite3_close(file->database); /* rolls back */
    file->database = NULL;
}

int statefile_set_up(struct statefile *file)
{
    sqlite3_extended_result_codes(file->database, 1);
    sqlite3_busy_timeout(file->database, BUSY_MS);
    sqlite3_db_config(file->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(file->database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_commit_hook(file->database, refuse_commit, file);
    return statefile_execute(
        file, "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON");
}

int statefile_integer(struct statefile *file, const char *sql, int64_t *integer)
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
    int code = statefile_execute(file, "COMMIT");
    file->may_commit = false;
    return code;
}

int statefile_keep_digest(struct statefile *file, uint64_t all)
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
    return code == SQLITE_OK ? statefile_keep_digest(file, all) : code;
}

char *statefile_base(const char *directory, const char *plugin, const char *identity)
{
    char *base;
    uint64_t hash = hash_end(hash_add(HASH_START, identity, strlen(identity)));
    return asprintf(&base, "%s/%s-%016" PRIx64, directory, plugin, hash) < 0 ? NULL : base;
}

/* Were all changes made by statements that are known to change one table each? */
static bool is_accounted(const struct statefile *file)
{
    return !file->schema_changed && file->touched_count <= MOST_TOUCHED &&
           sqlite3_total_changes(file->database) - file->changes == file->accounted;
}

static int count_touched(struct statefile *file)
{
    int code = SQLITE_OK;
    for (int i = 0; i < file->touched_count && code == SQLITE_OK; i++) {
        uint64_t after;
        code = statecheck_digest_table(file->database, file->touched[i].name, &after);
        file->digest += after - file->touched[i].before;
    }
    return code;
}

/* Before the first change of a table: what its rows are to the digest. */
static void touch(struct statefile *file, const char *table)
{
    for (int i = 0; i < file->touched_count && i < MOST_TOUCHED; i++)
        if (strcmp(file->touched[i].name, table) == 0)
            return;
    if (table[0] == '\0' || file->touched_count >= MOST_TOUCHED ||
        statecheck_digest_table(file->database, table, &file->touched[file->touched_count].before) !=
            SQLITE_OK) {
        file->touched_count = MOST_TOUCHED + 1;
        return;
    }
    memmove(file->touched[file->touched_count].name, table,
            strlen(table) + 1); /* both have room for 32 bytes */
    file->touched_count++;
}

/* SQLite tells what a statement does while it prepares it. @param writes  of struct statefile, of 32 bytes */
static int note_action(void *writes, int action, const char *table, const char *more, const char *database,
                       const char *trigger)
{
    (void)more;
    (void)database;
    (void)trigger;
    if (action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE)
        snprintf(writes, sizeof((struct statefile *)NULL)->statements[0].writes, "%s", table);
    return SQLITE_OK;
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
        file->statements[at].writes[0] = '\0';
        sqlite3_set_authorizer(file->database, note_action, file->statements[at].writes);
        int code = sqlite3_prepare_v3(file->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
        sqlite3_set_authorizer(file->database, NULL, NULL);
        if (code != SQLITE_OK) {
            statefile_fail(file, "use", failure);
            return NULL;
        }
        file->statements[at].sql = sql;
        file->statements[at].statement = statement;
    }
    sqlite3_reset(statement);
    return statement;
}

int statefile_write(struct statefile *file, sqlite3_stmt *statement, struct failure *failure)
{
    bool known = false;
    for (int i = 0; i < MOST_STATEMENTS && !known; i++)
        if ((known = file->statements[i].statement == statement))
            touch(file, file->statements[i].writes);
    const int before = sqlite3_total_changes(file->database);
    const int outcome = sqlite3_step(statement) == SQLITE_DONE ? 0 : statefile_fail(file, "write", failure);
    file->accounted += known ? sqlite3_total_changes(file->database) - before : 0;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return outcome;
}

int statefile_end_rows(struct statefile *file, sqlite3_stmt *rows, int code, bool room,
                       struct failure *failure)
{
    int outcome = 0;
    if (!room)
        outcome = fail(failure, "out of memory while reading the state");
    else if (code != SQLITE_ROW && code != SQLITE_DONE)
        outcome = statefile_fail(file, "read", failure);
    sqlite3_reset(rows);
    sqlite3_clear_bindings(rows);
    return outcome;
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
    if (file->behind_s > 0 && statefile_keep_behind(file, failure) != 0)
        return -1;
    int code = SQLITE_OK;
    uint64_t state = 0;
    if (file->schema_changed || sqlite3_total_changes(file->database) != file->changes)
        code = is_accounted(file) ? count_touched(file) : count_digest(file);
    if (code == SQLITE_OK)
        code = remember_run(file, file->behind_s > 0 ? file->last_run : now);
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
    file->touched_count = file->accounted = 0;
    file->unproven = true;
    return 0;
}

int statefile_begin(struct statefile *file, struct failure *failure)
{
    if (!sqlite3_get_autocommit(file->database) || statefile_execute(file, "BEGIN IMMEDIATE") == SQLITE_OK)
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
    if (statefile_execute(file, ddl) != SQLITE_OK)
        return statefile_fail(file, "write", failure);
    file->schema_changed = true;
    return 0;
}

void statefile_close(struct statefile *file)
{
    if (file == NULL)
        return;
    statefile_close_database(file);
    if (file->unproven && file->path != NULL && file->lock >= 0)
        stateproof_keep(file->path, file->lock);
    statelock_free(file->lock);
    free(file->path);
    free(file);
}

int64_t statefile_lost_at(const struct statefile *file)
{
    return file->lost_at != 0 && file->opened_at - file->lost_at <= LOST_FOR_S ? file->lost_at : 0;
}
