// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define MARK(p) p "offset, " p "size, " p "mtime, " p "inode, " p "head_length, " p "head, " p "tail"

enum { MARK_COLUMNS = 7 };

/* Fingerprints and inodes are 64 bits without a sign; SQLite's integers have one: the same bits are stored.
 */
const struct statefile_schema logmemory_schema = {
    .version = 1,
    .ddl = "CREATE TABLE log("
           "log TEXT NOT NULL PRIMARY KEY, "
           "at_offset INTEGER NOT NULL, at_size INTEGER NOT NULL, at_mtime INTEGER NOT NULL, "
           "at_inode INTEGER NOT NULL, at_head_length INTEGER NOT NULL, at_head INTEGER NOT NULL, at_tail "
           "INTEGER NOT NULL, "
           "old_offset INTEGER NOT NULL, old_size INTEGER NOT NULL, old_mtime INTEGER NOT NULL, "
           "old_inode INTEGER NOT NULL, old_head_length INTEGER NOT NULL, old_head INTEGER NOT NULL, "
           "old_tail INTEGER NOT NULL, "
           "parser BLOB) WITHOUT ROWID;"
           "CREATE TABLE condition("
           "package TEXT NOT NULL PRIMARY KEY, wanted INTEGER NOT NULL, held INTEGER NOT NULL, "
           "last_progress INTEGER NOT NULL, received INTEGER NOT NULL, failure TEXT NOT NULL) WITHOUT ROWID;"
           "CREATE TABLE sign("
           "package TEXT NOT NULL, kind TEXT NOT NULL, open INTEGER NOT NULL, first INTEGER NOT NULL, "
           "last INTEGER NOT NULL, repeats INTEGER NOT NULL, longest_gap INTEGER NOT NULL, "
           "written INTEGER NOT NULL, component TEXT NOT NULL, line TEXT NOT NULL, "
           "PRIMARY KEY(package, kind)) WITHOUT ROWID;"
           "CREATE TABLE stored(package TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, "
           "time INTEGER NOT NULL) WITHOUT ROWID;"
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
    int outcome = sqlite3_step(put) == SQLITE_DONE ? 0 : statefile_fail(file, "write", failure);
    sqlite3_reset(put);
    sqlite3_clear_bindings(put);
    return outcome;
}

void logmemory_log_free(struct logmemory_log *memory)
{
    free(memory->parser);
    *memory = (struct logmemory_log){0};
}
