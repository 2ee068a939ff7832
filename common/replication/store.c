// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define MARK(p) p "offset, " p "size, " p "mtime, " p "inode, " p "head_length, " p "head, " p "tail"

enum { MARK_COLUMNS = 7 };

#define LINES_TABLES                                                                                         \
    "CREATE TABLE condition(place INTEGER PRIMARY KEY, lines TEXT NOT NULL);"                                \
    "CREATE TABLE stored(place INTEGER PRIMARY KEY, lines TEXT NOT NULL);"
#define TEXT_OF(number) #number
#define ROW_OF(lines)   "(row_number() OVER (ORDER BY package) - 1) / " TEXT_OF(lines)

/* Version 1 had a row for every condition, for each of its kinds and for every stored version. */
static const char *const upgrades[] = {
    "ALTER TABLE condition RENAME TO condition_1; ALTER TABLE stored RENAME TO stored_1;" LINES_TABLES
    "INSERT INTO condition WITH said AS (SELECT package, group_concat(printf("
    "'%skind=%s%scomponent=%s%sopen=%d%sfirst=%d%slast=%d%srepeats=%d%sgap=%d%swritten=%d%s', "
    "char(9), kind, char(9), component, char(9), open, char(9), first, char(9), last, char(9), repeats, "
    "char(9), longest_gap, char(9), written, CASE line WHEN '' THEN '' ELSE char(9) || 'line=' || line END), "
    "'') AS signs FROM sign GROUP BY package), line AS (SELECT " ROW_OF(
        LOGMEMORY_CONDITIONS_A_ROW) " AS "
                                    "place, printf('%s%swanted=%d%sheld=%d%sprogress=%d%sreceived=%d%s%s%s', package, char(9), wanted, "
                                    "char(9), held, char(9), last_progress, char(9), received, "
                                    "CASE failure WHEN '' THEN '' ELSE char(9) || 'failure=' || failure END, coalesce(signs, ''), char(10)) "
                                    "AS text FROM condition_1 LEFT JOIN said USING (package)) "
                                    "SELECT place, group_concat(text, '') FROM line GROUP BY place;"
                                    "INSERT INTO stored WITH line AS (SELECT " ROW_OF(
                                        LOGMEMORY_VERSIONS_A_ROW) " AS place, "
                                                                  "printf('%s%s%d%s%d%s', package, char(9), version, char(9), time, char(10)) AS text FROM stored_1) "
                                                                  "SELECT place, group_concat(text, '') FROM line GROUP BY place;"
                                                                  "DROP TABLE condition_1; DROP TABLE sign; DROP TABLE stored_1;",
};

/* Fingerprints and inodes are 64 bits without a sign; SQLite's integers have one: the same bits are stored.
 */
const struct statefile_schema logmemory_schema = {
    .version = 2,
    .upgrades = upgrades,
    .ddl = "CREATE TABLE log("
           "log TEXT NOT NULL PRIMARY KEY, "
           "at_offset INTEGER NOT NULL, at_size INTEGER NOT NULL, at_mtime INTEGER NOT NULL, "
           "at_inode INTEGER NOT NULL, at_head_length INTEGER NOT NULL, at_head INTEGER NOT NULL, at_tail "
           "INTEGER NOT NULL, "
           "old_offset INTEGER NOT NULL, old_size INTEGER NOT NULL, old_mtime INTEGER NOT NULL, "
           "old_inode INTEGER NOT NULL, old_head_length INTEGER NOT NULL, old_head INTEGER NOT NULL, "
           "old_tail INTEGER NOT NULL, "
           "parser BLOB) WITHOUT ROWID;" LINES_TABLES
           "CREATE TABLE log_set(name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;",
};

static void bind_mark(sqlite3_stmt *statement, int first, const struct log_mark *mark)
{
    const int64_t values[MARK_COLUMNS] = {mark->offset,
                                          mark->size_bytes,
                                          mark->mtime,
                                          (int64_t)mark->inode,
                                          mark->head_length,
                                          (int64_t)mark->head_fingerprint,
                                          (int64_t)mark->tail_fingerprint};
    for (int i = 0; i < MARK_COLUMNS; i++)
        sqlite3_bind_int64(statement, first + i, values[i]);
}

static struct log_mark column_mark(sqlite3_stmt *row, int first)
{
    return (struct log_mark){.offset = sqlite3_column_int64(row, first),
                             .size_bytes = sqlite3_column_int64(row, first + 1),
                             .mtime = sqlite3_column_int64(row, first + 2),
                             .inode = (uint64_t)sqlite3_column_int64(row, first + 3),
                             .head_length = sqlite3_column_int64(row, first + 4),
                             .head_fingerprint = (uint64_t)sqlite3_column_int64(row, first + 5),
                             .tail_fingerprint = (uint64_t)sqlite3_column_int64(row, first + 6)};
}

int logmemory_load_log(struct statefile *file, const char *log, struct logmemory_log *memory,
                       struct failure *failure)
{
    *memory = (struct logmemory_log){0};
    sqlite3_stmt *rows = statefile_statement(
        file, "SELECT " MARK("at_") ", " MARK("old_") ", parser FROM log WHERE log = ?", failure);
    if (rows == NULL)
        return -1;
    sqlite3_bind_text(rows, 1, log, -1, SQLITE_STATIC);
    int code = sqlite3_step(rows);
    int outcome = code == SQLITE_ROW;
    if (code == SQLITE_ROW) {
        memory->position.at = column_mark(rows, 0);
        memory->position.rotated = column_mark(rows, MARK_COLUMNS);
        memory->parser_length = (size_t)sqlite3_column_bytes(rows, 2 * MARK_COLUMNS);
        if (memory->parser_length > 0) {
            const void *parser = sqlite3_column_blob(rows, 2 * MARK_COLUMNS);
            memory->parser = malloc(memory->parser_length);
            if (memory->parser != NULL && parser != NULL)
                memcpy(memory->parser, parser, memory->parser_length);
            else
                outcome = fail(failure, "out of memory while reading the state");
        }
        if (outcome == 1 && (memory->position.at.offset < 0 || memory->position.rotated.offset < 0))
            outcome = fail(failure, "the state holds an impossible position of %s", log);
    } else if (code != SQLITE_DONE) {
        outcome = statefile_fail(file, "read", failure);
    }
    sqlite3_reset(rows);
    sqlite3_clear_bindings(rows);
    if (outcome < 0)
        logmemory_log_free(memory);
    return outcome;
}

int logmemory_store_log(struct statefile *file, const char *log, const struct logmemory_log *memory,
                        struct failure *failure)
{
    sqlite3_stmt *put = statefile_statement(
        file,
        "INSERT INTO log(log, " MARK("at_") ", " MARK(
            "old_") ", parser) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(log) DO UPDATE SET "
                    "(" MARK("at_") ", " MARK(
                        "old_") ", parser) = "
                                "(" MARK("excluded.at_") ", " MARK(
                                    "excluded.old_") ", excluded.parser) WHERE "
                                                     "(" MARK("at_") ", " MARK(
                                                         "old_") ", parser) IS NOT "
                                                                 "(" MARK("excluded.at_") ", " MARK(
                                                                     "excluded.old_") ", excluded.parser)",
        failure);
    if (put == NULL)
        return -1;
    sqlite3_bind_text(put, 1, log, -1, SQLITE_STATIC);
    bind_mark(put, 2, &memory->position.at);
    bind_mark(put, 2 + MARK_COLUMNS, &memory->position.rotated);
    sqlite3_bind_blob64(put, 2 + 2 * MARK_COLUMNS, memory->parser, memory->parser_length, SQLITE_STATIC);
    return statefile_write(file, put, failure);
}

void logmemory_log_free(struct logmemory_log *memory)
{
    free(memory->parser);
    *memory = (struct logmemory_log){0};
}

static int run(struct statefile *file, const char *sql, const char *code, struct failure *failure)
{
    sqlite3_stmt *statement = statefile_statement(file, sql, failure);
    if (statement == NULL)
        return -1;
    sqlite3_bind_text(statement, 1, code, -1, SQLITE_STATIC);
    return statefile_write(file, statement, failure);
}

int logmemory_store_site(struct statefile *file, const char *code, struct failure *failure)
{
    if (statefile_table(file, "site", "(code TEXT NOT NULL PRIMARY KEY)", failure) != 0 ||
        run(file, "DELETE FROM site WHERE code <> ?", code, failure) != 0)
        return -1;
    return run(file, "INSERT OR IGNORE INTO site(code) VALUES (?)", code, failure);
}
