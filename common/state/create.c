// SPDX-License-Identifier: GPL-3.0-or-later
#include "state/create.h"

#include "state/directory.h"
#include "state/integrity.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char state_ddl[] = "CREATE TABLE state(id INTEGER PRIMARY KEY CHECK (id = 1), identity TEXT NOT "
                                "NULL, created INTEGER NOT NULL, "
                                "lost_at INTEGER NOT NULL, runs INTEGER NOT NULL, last_run INTEGER NOT NULL);"
                                "CREATE TABLE digest(value INTEGER NOT NULL)";

static int run_sql(sqlite3 *database, const char *sql)
{
    return sqlite3_exec(database, sql, NULL, NULL, NULL);
}

int statemake_tables(sqlite3 *database, const struct statemake *make)
{
    int code = run_sql(database, state_ddl);
    if (code == SQLITE_OK)
        code = run_sql(database, make->schema->ddl);
    sqlite3_stmt *row = NULL;
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(database, "INSERT INTO state VALUES (1, ?, ?, ?, 0, 0)", -1, &row, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(row, 1, make->identity, -1, SQLITE_STATIC);
        sqlite3_bind_int64(row, 2, make->created);
        sqlite3_bind_int64(row, 3, make->lost_at);
        code = sqlite3_step(row) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(database);
    }
    sqlite3_finalize(row);
    return code;
}

static int fill(sqlite3 *database, const struct statemake *make)
{
    char marks[256];
    uint64_t digest;
    snprintf(marks, sizeof marks, "PRAGMA page_size = %d; PRAGMA auto_vacuum = NONE",
             (int)STATECHECK_PAGE_BYTES);
    int code = run_sql(database, marks);
    /* A file that was not finished is never looked at, so it needs no journal: it is synchronised once. */
    if (code == SQLITE_OK)
        code = run_sql(database,
                       "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY");
    if (code == SQLITE_OK)
        code = run_sql(database, "BEGIN IMMEDIATE");
    snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             (int)STATECHECK_APPLICATION, make->schema->version);
    if (code == SQLITE_OK)
        code = run_sql(database, marks);
    if (code == SQLITE_OK)
        code = statemake_tables(database, make);
    if (code == SQLITE_OK)
        code = statecheck_digest(database, &digest);
    if (code == SQLITE_OK)
        code = statecheck_write_digest(database, digest);
    return code == SQLITE_OK ? run_sql(database, "COMMIT") : code;
}

int statemake_file(const char *path, const struct statemake *make, struct failure *failure)
{
    char *making;
    if (statedir_begin_file(path, &making, failure) != 0)
        return -1;
    sqlite3 *database;
    int outcome = 0;
    if (sqlite3_open_v2(making, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK ||
        fill(database, make) != SQLITE_OK)
        outcome = statecheck_fail(database, making, "create", failure);
    sqlite3_close(database);
    if (outcome == 0)
        outcome = statedir_finish_file(making, path, failure);
    if (outcome != 0)
        unlink(making);
    free(making);
    return outcome;
}
