// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/itemstore.h"

#include "base/array.h"
#include "items/order_store.h"

#include <ctype.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define AWAY_TABLE                                                                                           \
    "CREATE TABLE away("                                                                                     \
    "site TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY(site, since)"           \
    ") WITHOUT ROWID;"

#define ITEM_TABLE_ATTEMPTS                                                                                  \
    "ALTER TABLE item ADD COLUMN told_since INTEGER NOT NULL DEFAULT 0;"                                     \
    "ALTER TABLE item ADD COLUMN failed_since INTEGER NOT NULL DEFAULT 0;"                                   \
    "ALTER TABLE item ADD COLUMN held INTEGER NOT NULL DEFAULT -1;"                                          \
    "ALTER TABLE item ADD COLUMN excused_since INTEGER NOT NULL DEFAULT 0;"                                  \
    "ALTER TABLE item ADD COLUMN excused_s INTEGER NOT NULL DEFAULT 0;"

#define FAILURE_TABLE                                                                                        \
    "CREATE TABLE failure(key TEXT NOT NULL, ended INTEGER NOT NULL, PRIMARY KEY(key, ended)) WITHOUT ROWID;"

static const char *const upgrades[] = {
    AWAY_TABLE, ORDER_TABLES, ORDER_TABLES_RAISED, ORDER_TABLES_FAILED,
    ITEM_TABLE_ATTEMPTS FAILURE_TABLE ORDER_TABLES_RETRY ORDER_TABLES_MISSED};

const struct statefile_schema memory_schema = {
    .version = 6,
    .ddl = AWAY_TABLE FAILURE_TABLE ORDER_TABLES ORDER_TABLES_RAISED ORDER_TABLES_FAILED ORDER_TABLES_RETRY
        ORDER_TABLES_MISSED
    "CREATE TABLE item("
    "key TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, progress TEXT NOT NULL, "
    "first_seen INTEGER NOT NULL, attempt_since INTEGER NOT NULL, last_progress INTEGER NOT NULL, "
    "absent_runs INTEGER NOT NULL, absent_since INTEGER NOT NULL"
    ") WITHOUT ROWID;" ITEM_TABLE_ATTEMPTS,
    .upgrades = upgrades,
};

void memory_key(const char *prefix, const char *package, const char *place, struct text *key)
{
    text_addf(key, "%s/", prefix);
    size_t head = key->length;
    text_addf(key, "%s@%s", package, place);
    for (size_t i = head; i < key->length; i++)
        key->bytes[i] = (char)toupper((unsigned char)key->bytes[i]);
}

/* Texts, numbers. */
#define ITEM_COLUMNS                                                                                         \
    "key, kind, progress, first_seen, attempt_since, last_progress, absent_runs, absent_since, told_since, " \
    "failed_since, held, excused_since, excused_s"
enum { ITEM_TEXTS = 3, ITEM_NUMBERS = 10 };

static void item_numbers(struct remembered *item, int64_t *numbers[ITEM_NUMBERS])
{
    int64_t *const all[ITEM_NUMBERS] = {&item->first_seen,   &item->attempt_since, &item->last_progress,
                                        &item->absent_runs,  &item->absent_since,  &item->told_since,
                                        &item->failed_since, &item->held,          &item->excused_since,
                                        &item->excused_s};
    memcpy(numbers, all, sizeof all);
}

/* A text of a row behind the others. @return where the next one goes */
static char *put_text(char *at, char **text, sqlite3_stmt *row, int column)
{
    const int length = sqlite3_column_bytes(row, column);
    if (length > 0)
        memcpy(at, sqlite3_column_text(row, column), (size_t)length);
    at[length] = '\0';
    *text = at;
    return at + length + 1;
}

static bool append(struct remembered **items, size_t *count, sqlite3_stmt *row)
{
    struct remembered *larger = array_grow(*items, *count, sizeof *larger);
    if (larger == NULL)
        return false;
    *items = larger;
    size_t size = ITEM_TEXTS;
    for (int column = 0; column < ITEM_TEXTS; column++)
        size += (size_t)sqlite3_column_bytes(row, column);
    char *at = malloc(size);
    if (at == NULL)
        return false;
    struct remembered *item = &larger[(*count)++];
    *item = (struct remembered){0};
    int64_t *numbers[ITEM_NUMBERS];
    item_numbers(item, numbers);
    for (int i = 0; i < ITEM_NUMBERS; i++)
        *numbers[i] = sqlite3_column_int64(row, ITEM_TEXTS + i);
    at = put_text(at, &item->key, row, 0);
    at = put_text(at, &item->kind, row, 1);
    put_text(at, &item->progress, row, 2);
    return true;
}

int memory_load(struct statefile *file, const char *key_prefix, struct remembered **items, size_t *count,
                struct failure *failure)
{
    *items = NULL;
    *count = 0;
    sqlite3_stmt *rows =
        statefile_statement(file, "SELECT " ITEM_COLUMNS " FROM item WHERE key >= ? ORDER BY key", failure);
    if (rows == NULL)
        return -1;
    size_t prefix_length = strlen(key_prefix);
    bool room = true;
    sqlite3_bind_text(rows, 1, key_prefix, -1, SQLITE_STATIC);
    int code;
    while ((code = sqlite3_step(rows)) == SQLITE_ROW && room) {
        const char *key = (const char *)sqlite3_column_text(rows, 0);
        if (key == NULL || strncmp(key, key_prefix, prefix_length) != 0)
            break;
        room = append(items, count, rows);
    }
    const int outcome = statefile_end_rows(file, rows, code, room, failure);
    if (outcome != 0) {
        memory_free(*items, *count);
        *items = NULL;
        *count = 0;
    }
    return outcome;
}

void memory_free(struct remembered *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(items[i].key);
    free(items);
}

static int run(struct statefile *file, sqlite3_stmt *statement, struct failure *failure)
{
    return statefile_write(file, statement, failure);
}

int memory_put(struct statefile *file, const struct remembered *item, struct failure *failure)
{
    sqlite3_stmt *put = statefile_statement(
        file, "INSERT OR REPLACE INTO item(" ITEM_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        failure);
    if (put == NULL)
        return -1;
    sqlite3_bind_text(put, 1, item->key != NULL ? item->key : "", -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 2, item->kind != NULL ? item->kind : "", -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 3, item->progress != NULL ? item->progress : "", -1, SQLITE_STATIC);
    struct remembered copy = *item;
    int64_t *numbers[ITEM_NUMBERS];
    item_numbers(&copy, numbers);
    for (int i = 0; i < ITEM_NUMBERS; i++)
        sqlite3_bind_int64(put, ITEM_TEXTS + i + 1, *numbers[i]);
    return run(file, put, failure);
}

int memory_remove(struct statefile *file, const char *key, struct failure *failure)
{
    sqlite3_stmt *removal = statefile_statement(file, "DELETE FROM item WHERE key = ?", failure);
    if (removal == NULL)
        return -1;
    sqlite3_bind_text(removal, 1, key, -1, SQLITE_STATIC);
    return run(file, removal, failure);
}

/* What failed has ended; what ended too long ago is forgotten. */
static int put_failure(struct statefile *file, const char *key, int64_t now, struct failure *failure)
{
    sqlite3_stmt *put =
        statefile_statement(file, "INSERT OR REPLACE INTO failure(key, ended) VALUES (?, ?)", failure);
    if (put == NULL)
        return -1;
    sqlite3_bind_text(put, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 2, now);
    if (statefile_write(file, put, failure) != 0)
        return -1;
    sqlite3_stmt *removal = statefile_statement(file, "DELETE FROM failure WHERE ended <= ?", failure);
    if (removal == NULL)
        return -1;
    sqlite3_bind_int64(removal, 1, now - RETURNS_S);
    return statefile_write(file, removal, failure);
}

static int load_returning(struct statefile *file, const char *prefix, int64_t now,
                          struct returning_list *list, struct failure *failure)
{
    sqlite3_stmt *rows = statefile_statement(
        file,
        "SELECT key, COUNT(*) FROM failure WHERE ended > ?1 AND substr(key, 1, length(?2)) = ?2 "
        "GROUP BY key HAVING COUNT(*) >= ?3 ORDER BY COUNT(*) DESC, key",
        failure);
    if (rows == NULL)
        return -1;
    sqlite3_bind_int64(rows, 1, now - RETURNS_S);
    sqlite3_bind_text(rows, 2, prefix, -1, SQLITE_STATIC);
    sqlite3_bind_int(rows, 3, RETURNS_LEAST);
    int code = SQLITE_DONE;
    bool room = true;
    while (room && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        struct returning *larger = array_grow(list->rows, list->count, sizeof *larger);
        list->rows = larger != NULL ? larger : list->rows;
        char *key = strdup((const char *)sqlite3_column_text(rows, 0));
        room = larger != NULL && key != NULL;
        if (room)
            larger[list->count++] = (struct returning){.key = key, .count = sqlite3_column_int64(rows, 1)};
        else
            free(key);
    }
    return statefile_end_rows(file, rows, code, room, failure);
}

/* ---- one run's use of it */

void recall_note_trouble(struct recall *recall, const struct failure *failure)
{
    if (!recall->in_trouble)
        recall->trouble = *failure;
    recall->in_trouble = true;
}

int recall_open(struct recall *recall, const char *directory, const char *plugin, const char *identity,
                const char *prefix, const struct clocks *clocks, int64_t wait_ms, const struct trace *trace,
                struct failure *failure)
{
    *recall = (struct recall){0};
    enum statefile_health health;
    struct failure problem = {0};
    recall->file =
        statefile_open(directory, plugin, identity, &memory_schema, wait_ms, trace, &health, &problem);
    if (recall->file == NULL) {
        *failure = problem;
        return -1;
    }
    if (health == STATEFILE_LOST || health == STATEFILE_UNUSABLE)
        recall_note_trouble(recall, &problem);
    recall->lost_at = statefile_lost_at(recall->file);
    recall->behind_s = statefile_stand_still(recall->file, clocks->host, clocks->database);
    if (memory_load(recall->file, prefix, &recall->memory, &recall->count, &problem) != 0)
        recall_note_trouble(recall, &problem);
    if (away_load(recall->file, &recall->away, &problem) != 0)
        recall_note_trouble(recall, &problem);
    recall->found = calloc(recall->count + 1, sizeof *recall->found);
    if (recall->found == NULL) {
        recall_close(recall);
        return fail(failure, "out of memory");
    }
    return 0;
}

void recall_note_site(struct recall *recall, const char *site, bool active, int64_t now)
{
    struct failure problem;
    if (away_note(recall->file, &recall->away, site, active, now, &problem) != 0)
        recall_note_trouble(recall, &problem);
}

void recall_mark(struct recall *recall, const struct item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct remembered *remembered = history_find(recall->memory, recall->count, items[i].key);
        if (remembered != NULL)
            recall->found[remembered - recall->memory] = true;
    }
}

struct remembered *recall_next_missing(struct recall *recall, size_t *at)
{
    while (*at < recall->count) {
        size_t index = (*at)++;
        if (!recall->found[index])
            return &recall->memory[index];
    }
    return NULL;
}

void recall_age(struct recall *recall, struct item *items, size_t count, const struct clocks *clocks)
{
    struct clocks counting = *clocks;
    counting.away = &recall->away;
    for (size_t i = 0; i < count; i++) {
        struct remembered updated;
        struct failure problem;
        bool changed = history_age(&items[i], history_find(recall->memory, recall->count, items[i].key),
                                   &counting, &updated);
        if (changed && memory_put(recall->file, &updated, &problem) != 0)
            recall_note_trouble(recall, &problem);
    }
}

void recall_settle(struct recall *recall, struct remembered *remembered, enum absence absence, int64_t now)
{
    struct failure problem;
    enum absent_action action = history_absent(remembered, absence, now);
    if ((action == ABSENT_REMOVE && memory_remove(recall->file, remembered->key, &problem) != 0) ||
        (action == ABSENT_UPDATE && memory_put(recall->file, remembered, &problem) != 0) ||
        (absence == ABSENCE_HEALTHY && remembered->failed_since != 0 &&
         put_failure(recall->file, remembered->key, now, &problem) != 0))
        recall_note_trouble(recall, &problem);
}

void recall_find_returning(struct recall *recall, const char *prefix, int64_t now)
{
    struct failure problem;
    if (load_returning(recall->file, prefix, now, &recall->returning, &problem) != 0)
        recall_note_trouble(recall, &problem);
}

void recall_commit(struct recall *recall, int64_t now)
{
    struct failure problem;
    if (statefile_commit(recall->file, now, &problem) != 0)
        recall_note_trouble(recall, &problem);
}

void recall_close(struct recall *recall)
{
    statefile_close(recall->file);
    memory_free(recall->memory, recall->count);
    away_list_free(&recall->away);
    free(recall->found);
    for (size_t i = 0; i < recall->returning.count; i++)
        free(recall->returning.rows[i].key);
    free(recall->returning.rows);
    recall->returning = (struct returning_list){0};
    recall->file = NULL;
    recall->memory = NULL;
    recall->found = NULL;
    recall->count = 0;
}
