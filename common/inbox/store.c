// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/store.h"

#include "base/array.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* Names are bytes: a server may give what is no UTF-8. */
#define CONCLUSION                                                                                           \
    "CREATE TABLE conclusion("                                                                               \
    "location TEXT NOT NULL, file BLOB NOT NULL, status INTEGER NOT NULL, at INTEGER NOT NULL, "             \
    "since INTEGER NOT NULL, told TEXT NOT NULL, PRIMARY KEY(location, file)) WITHOUT ROWID;"

#define PASSED                                                                                               \
    "ALTER TABLE file ADD COLUMN passed_since INTEGER NOT NULL DEFAULT 0;"                                   \
    "ALTER TABLE box ADD COLUMN floor INTEGER NOT NULL DEFAULT 0;"
#define SAME                                                                                                 \
    "ALTER TABLE file ADD COLUMN rewritten INTEGER NOT NULL DEFAULT 0;"                                      \
    "ALTER TABLE box DROP COLUMN changed;"                                                                   \
    "ALTER TABLE box ADD COLUMN device INTEGER NOT NULL DEFAULT 0;"                                          \
    "ALTER TABLE box ADD COLUMN inode INTEGER NOT NULL DEFAULT 0;"
#define FILE_COLUMNS                                                                                         \
    "name, mtime, size, start, inherited, overtaken, over_since, over_last, passed_since, rewritten"

/* A file of version 1 keeps columns in `box` that are no longer used. */
static const char *const upgrades[] = {CONCLUSION, PASSED, SAME};

const struct statefile_schema inbox_schema = {
    .version = 4,
    .ddl =
        "CREATE TABLE box("
        "location TEXT NOT NULL PRIMARY KEY, looked INTEGER NOT NULL, moved INTEGER NOT NULL, "
        "quiet INTEGER NOT NULL, changed INTEGER NOT NULL, entries INTEGER NOT NULL, waiting INTEGER NOT NULL, "
        "complete INTEGER NOT NULL, moved_name BLOB) WITHOUT ROWID;"
        "CREATE TABLE file("
        "location TEXT NOT NULL, name BLOB NOT NULL, mtime INTEGER NOT NULL, size INTEGER NOT NULL, "
        "start INTEGER NOT NULL, inherited INTEGER NOT NULL, overtaken INTEGER NOT NULL, "
        "over_since INTEGER NOT NULL, over_last INTEGER NOT NULL, PRIMARY KEY(location, name)) WITHOUT ROWID;" CONCLUSION
            PASSED SAME,
    .upgrades = upgrades,
};

static char *blob_copy(sqlite3_stmt *row, int column)
{
    const void *bytes = sqlite3_column_blob(row, column);
    return bytes != NULL ? strndup(bytes, (size_t)sqlite3_column_bytes(row, column)) : NULL;
}

static void bind_name(sqlite3_stmt *statement, int place, const char *name)
{
    if (name != NULL)
        sqlite3_bind_blob(statement, place, name, (int)strlen(name), SQLITE_STATIC);
}

/* ---- load */

/* @return false when memory ran out */
static bool take_row(struct inbox_memory *memory, sqlite3_stmt *row)
{
    if (sqlite3_column_bytes(row, 0) == 0)
        return true; /* no file is called so */
    struct inbox_file *larger = array_grow(memory->files, memory->count, sizeof *larger);
    if (larger == NULL)
        return false;
    memory->files = larger;
    struct inbox_file *file = &memory->files[memory->count];
    *file = (struct inbox_file){.name = blob_copy(row, 0),
                                .mtime = sqlite3_column_int64(row, 1),
                                .size_bytes = sqlite3_column_int64(row, 2),
                                .start = sqlite3_column_int64(row, 3),
                                .inherited = sqlite3_column_int(row, 4) != 0,
                                .overtaken = sqlite3_column_int64(row, 5),
                                .over_since = sqlite3_column_int64(row, 6),
                                .over_last = sqlite3_column_int64(row, 7),
                                .passed_since = sqlite3_column_int64(row, 8),
                                .rewritten = sqlite3_column_int64(row, 9)};
    memory->count += file->name != NULL;
    return file->name != NULL;
}

static int load_box(struct statefile *file, const char *location, struct inbox_memory *memory,
                    struct failure *failure)
{
    sqlite3_stmt *row = statefile_statement(file,
                                            "SELECT looked, moved, quiet, entries, waiting, complete, floor, "
                                            "moved_name, device, inode FROM box WHERE location = ?",
                                            failure);
    if (row == NULL)
        return -1;
    sqlite3_bind_text(row, 1, location, -1, SQLITE_STATIC);
    const int code = sqlite3_step(row);
    if (code == SQLITE_ROW)
        *memory = (struct inbox_memory){.looked = sqlite3_column_int64(row, 0),
                                        .moved = sqlite3_column_int64(row, 1),
                                        .quiet = sqlite3_column_int64(row, 2),
                                        .entries = sqlite3_column_int64(row, 3),
                                        .waiting = sqlite3_column_int64(row, 4),
                                        .complete = sqlite3_column_int(row, 5) != 0,
                                        .floor = sqlite3_column_int64(row, 6),
                                        .moved_name = blob_copy(row, 7),
                                        .device = sqlite3_column_int64(row, 8),
                                        .inode = sqlite3_column_int64(row, 9)};
    if (memory->complete && memory->floor == 0) /* of version 2 */
        memory->floor = memory->looked;
    return statefile_end_rows(file, row, code, true, failure);
}

int inbox_store_load(struct statefile *file, const char *location, struct inbox_memory *memory,
                     struct failure *failure)
{
    *memory = (struct inbox_memory){0};
    if (load_box(file, location, memory, failure) != 0)
        return -1;
    sqlite3_stmt *rows = statefile_statement(
        file, "SELECT " FILE_COLUMNS " FROM file WHERE location = ? ORDER BY name", failure);
    if (rows == NULL) {
        inbox_memory_free(memory);
        return -1;
    }
    bool room = true;
    int code;
    sqlite3_bind_text(rows, 1, location, -1, SQLITE_STATIC);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW && room)
        room = take_row(memory, rows);
    const int outcome = statefile_end_rows(file, rows, code, room, failure);
    if (outcome != 0)
        inbox_memory_free(memory);
    else
        inbox_files_sort(memory->files, memory->count);
    return outcome;
}

/* ---- save */

static int save_box(struct statefile *file, const char *location, const struct inbox_memory *memory,
                    struct failure *failure)
{
    sqlite3_stmt *put = statefile_statement(
        file,
        "INSERT INTO box(location, looked, moved, quiet, entries, waiting, complete, floor, device, inode, "
        "moved_name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(location) DO UPDATE SET "
        "(looked, moved, quiet, entries, waiting, complete, floor, device, inode, moved_name) = (excluded.looked, "
        "excluded.moved, excluded.quiet, excluded.entries, excluded.waiting, excluded.complete, "
        "excluded.floor, excluded.device, excluded.inode, excluded.moved_name)",
        failure);
    if (put == NULL)
        return -1;
    const int64_t values[] = {memory->looked,  memory->moved,   memory->quiet,
                              memory->entries, memory->waiting, memory->complete,
                              memory->floor,   memory->device,  memory->inode};
    sqlite3_bind_text(put, 1, location, -1, SQLITE_STATIC);
    for (int i = 0; i < (int)(sizeof values / sizeof *values); i++)
        sqlite3_bind_int64(put, 2 + i, values[i]);
    bind_name(put, 11, memory->moved_name);
    return statefile_write(file, put, failure);
}

static int save_file(struct statefile *file, const char *location, const struct inbox_file *one,
                     struct failure *failure)
{
    sqlite3_stmt *put = statefile_statement(file,
                                            "INSERT OR REPLACE INTO file(location, " FILE_COLUMNS
                                            ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                            failure);
    if (put == NULL)
        return -1;
    const int64_t values[] = {one->mtime,     one->size_bytes,   one->start,
                              one->inherited, one->overtaken,    one->over_since,
                              one->over_last, one->passed_since, one->rewritten};
    sqlite3_bind_text(put, 1, location, -1, SQLITE_STATIC);
    bind_name(put, 2, one->name);
    for (int i = 0; i < (int)(sizeof values / sizeof *values); i++)
        sqlite3_bind_int64(put, 3 + i, values[i]);
    return statefile_write(file, put, failure);
}

static int remove_file(struct statefile *file, const char *location, const char *name,
                       struct failure *failure)
{
    sqlite3_stmt *removal =
        statefile_statement(file, "DELETE FROM file WHERE location = ? AND name = ?", failure);
    if (removal == NULL)
        return -1;
    sqlite3_bind_text(removal, 1, location, -1, SQLITE_STATIC);
    bind_name(removal, 2, name);
    return statefile_write(file, removal, failure);
}

static bool is_same(const struct inbox_file *a, const struct inbox_file *b)
{
    return a->mtime == b->mtime && a->size_bytes == b->size_bytes && a->start == b->start &&
           a->inherited == b->inherited && a->overtaken == b->overtaken && a->over_since == b->over_since &&
           a->over_last == b->over_last && a->passed_since == b->passed_since && a->rewritten == b->rewritten;
}

int inbox_store_save(struct statefile *file, const char *location, const struct inbox_memory *before,
                     const struct inbox_memory *memory, struct failure *failure)
{
    int outcome = save_box(file, location, memory, failure);
    for (size_t i = 0; i < before->count && outcome == 0; i++)
        if (inbox_memory_find(memory, before->files[i].name) == NULL)
            outcome = remove_file(file, location, before->files[i].name, failure);
    for (size_t i = 0; i < memory->count && outcome == 0; i++) {
        const struct inbox_file *old = inbox_memory_find(before, memory->files[i].name);
        if (old == NULL || !is_same(old, &memory->files[i]))
            outcome = save_file(file, location, &memory->files[i], failure);
    }
    return outcome;
}

/* ---- conclusions */

static int put_conclusion(struct statefile *file, const char *location, const struct inbox_conclusion *one,
                          struct failure *failure)
{
    sqlite3_stmt *put = statefile_statement(
        file, "INSERT INTO conclusion(location, file, status, at, since, told) VALUES (?, ?, ?, ?, ?, ?)",
        failure);
    if (put == NULL)
        return -1;
    sqlite3_bind_text(put, 1, location, -1, SQLITE_STATIC);
    bind_name(put, 2, one->file);
    sqlite3_bind_int(put, 3, (int)one->status);
    sqlite3_bind_int64(put, 4, one->at);
    sqlite3_bind_int64(put, 5, one->since);
    sqlite3_bind_text(put, 6, one->told, -1, SQLITE_STATIC);
    return statefile_write(file, put, failure);
}

int inbox_store_conclude(struct statefile *file, const char *location,
                         const struct inbox_conclusion *conclusions, size_t count, struct failure *failure)
{
    sqlite3_stmt *removal = statefile_statement(file, "DELETE FROM conclusion WHERE location = ?", failure);
    if (removal == NULL)
        return -1;
    sqlite3_bind_text(removal, 1, location, -1, SQLITE_STATIC);
    int outcome = statefile_write(file, removal, failure);
    for (size_t i = 0; i < count && outcome == 0; i++)
        outcome = put_conclusion(file, location, &conclusions[i], failure);
    return outcome;
}

static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text != NULL ? text : "";
}

int inbox_store_conclusions(struct statefile *file,
                            bool (*visit)(void *context, const char *location,
                                          const struct inbox_conclusion *one),
                            void *context, struct failure *failure)
{
    sqlite3_stmt *rows = statefile_statement(
        file, "SELECT location, file, status, at, since, told FROM conclusion ORDER BY location, file",
        failure);
    if (rows == NULL)
        return -1;
    int code = SQLITE_DONE;
    bool more = true;
    while (more && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        char *name = blob_copy(rows, 1); /* an empty one has no bytes */
        const struct inbox_conclusion one = {.file = name != NULL ? name : "",
                                             .status = (enum status)sqlite3_column_int(rows, 2),
                                             .at = sqlite3_column_int64(rows, 3),
                                             .since = sqlite3_column_int64(rows, 4),
                                             .told = text_of(rows, 5)};
        more = visit(context, text_of(rows, 0), &one);
        free(name);
    }
    return statefile_end_rows(file, rows, code, true, failure);
}

int inbox_store_forget(struct statefile *file, int64_t before, struct failure *failure)
{
    static const char *const deletions[] = {
        "DELETE FROM file WHERE location IN (SELECT location FROM box WHERE looked < ?)",
        "DELETE FROM conclusion WHERE location IN (SELECT location FROM box WHERE looked < ?)",
        "DELETE FROM box WHERE looked < ?"};
    for (size_t i = 0; i < sizeof deletions / sizeof *deletions; i++) {
        sqlite3_stmt *removal = statefile_statement(file, deletions[i], failure);
        if (removal == NULL)
            return -1;
        sqlite3_bind_int64(removal, 1, before);
        if (statefile_write(file, removal, failure) != 0)
            return -1;
    }
    return 0;
}
