// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/order_store.h"

#include "base/array.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEM_NUMBERS = 18, ITEM_FLAGS = 4, ITEM_BY = ITEM_NUMBERS + ITEM_FLAGS, SITE_NUMBERS = 13 };

/* Numbers, flags, texts. */
#define ITEM_COLUMNS                                                                                         \
    "since, sent, over, any_priority, held, failed, failed_last, failed_s, by_sent, by_count, wanted, "      \
    "raised, raised_from, passed, earliest, retry_s, above, row, reason, inherited, below, missed, "         \
    "by_package, key"
#define SITE_COLUMNS                                                                                         \
    "last, quiet, page, pages, mark, prev, gap, gap_end, off, arrived, late, begun, begun_since, "           \
    "newest, code"

static void item_numbers(struct order_item *item, int64_t *numbers[ITEM_NUMBERS])
{
    int64_t *const all[ITEM_NUMBERS] = {
        &item->since,       &item->sent,     &item->over,     &item->any,      &item->held,   &item->failed,
        &item->failed_last, &item->failed_s, &item->by_sent,  &item->by_count, &item->wanted, &item->raised,
        &item->raised_from, &item->passed,   &item->earliest, &item->retry_s,  &item->above,  &item->row};
    memcpy(numbers, all, sizeof all);
}

static void site_numbers(struct order_site *site, int64_t *numbers[SITE_NUMBERS])
{
    int64_t *const all[SITE_NUMBERS] = {&site->last,       &site->quiet,   &site->page, &site->pages,
                                        &site->mark,       &site->prev,    &site->gap,  &site->gap_end,
                                        &site->off,        &site->arrived, &site->late, &site->begun,
                                        &site->begun_since};
    memcpy(numbers, all, sizeof all);
}

static void copy_text(char *target, size_t size, sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    snprintf(target, size, "%s", text != NULL ? text : "");
}

/* @return owned, NULL when memory ran out */
static char *copy_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return strdup(text != NULL ? text : "");
}

static int load_items(struct statefile *file, struct order_memory *memory, struct failure *failure)
{
    sqlite3_stmt *rows =
        statefile_statement(file, "SELECT " ITEM_COLUMNS " FROM order_item ORDER BY key", failure);
    if (rows == NULL)
        return -1;
    int code = SQLITE_DONE;
    bool room = true;
    while (room && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        struct order_item *items = array_grow(memory->items, memory->item_count, sizeof *items);
        char *copy = copy_of(rows, ITEM_BY + 1);
        room = items != NULL && copy != NULL;
        memory->items = items != NULL ? items : memory->items;
        if (!room) {
            free(copy);
            break;
        }
        struct order_item *item = &items[memory->item_count++];
        *item = (struct order_item){.key = copy};
        int64_t *numbers[ITEM_NUMBERS];
        item_numbers(item, numbers);
        for (int i = 0; i < ITEM_NUMBERS; i++)
            *numbers[i] = sqlite3_column_int64(rows, i);
        item->reason = (uint8_t)sqlite3_column_int(rows, ITEM_NUMBERS);
        item->inherited = sqlite3_column_int(rows, ITEM_NUMBERS + 1) != 0;
        item->below = sqlite3_column_int(rows, ITEM_NUMBERS + 2) != 0;
        item->missed = sqlite3_column_int(rows, ITEM_NUMBERS + 3) != 0;
        copy_text(item->by, sizeof item->by, rows, ITEM_BY);
    }
    return statefile_end_rows(file, rows, code, room, failure);
}

int order_memory_load_sites(struct statefile *file, struct order_memory *memory, struct failure *failure)
{
    sqlite3_stmt *rows =
        statefile_statement(file, "SELECT " SITE_COLUMNS " FROM order_site ORDER BY code", failure);
    if (rows == NULL)
        return -1;
    int code = SQLITE_DONE;
    bool room = true;
    while (room && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        struct order_site *sites = array_grow(memory->sites, memory->site_count, sizeof *sites);
        char *copy = copy_of(rows, SITE_NUMBERS + 1);
        room = sites != NULL && copy != NULL;
        memory->sites = sites != NULL ? sites : memory->sites;
        if (!room) {
            free(copy);
            break;
        }
        struct order_site *site = &sites[memory->site_count++];
        *site = (struct order_site){.code = copy};
        int64_t *numbers[SITE_NUMBERS];
        site_numbers(site, numbers);
        for (int i = 0; i < SITE_NUMBERS; i++)
            *numbers[i] = sqlite3_column_int64(rows, i);
        copy_text(site->newest, sizeof site->newest, rows, SITE_NUMBERS);
    }
    return statefile_end_rows(file, rows, code, room, failure);
}

int order_memory_load(struct statefile *file, struct order_memory *memory, struct failure *failure)
{
    *memory = (struct order_memory){0};
    return load_items(file, memory, failure) != 0 || order_memory_load_sites(file, memory, failure) != 0 ? -1
                                                                                                         : 0;
}

static void bind_numbers(sqlite3_stmt *put, int64_t *const *numbers, int count)
{
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(put, i + 1, *numbers[i]);
}

static int put_texts(struct statefile *file, sqlite3_stmt *put, int columns, const char *text,
                     const char *key, struct failure *failure)
{
    sqlite3_bind_text(put, columns + 1, text, -1, SQLITE_STATIC);
    sqlite3_bind_text(put, columns + 2, key, -1, SQLITE_STATIC);
    return statefile_write(file, put, failure);
}

static int put_item(struct statefile *file, struct order_item item, struct failure *failure)
{
    sqlite3_stmt *put = statefile_statement(
        file,
        "INSERT OR REPLACE INTO order_item(" ITEM_COLUMNS
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        failure);
    if (put == NULL)
        return -1;
    int64_t *numbers[ITEM_NUMBERS];
    item_numbers(&item, numbers);
    bind_numbers(put, numbers, ITEM_NUMBERS);
    sqlite3_bind_int(put, ITEM_NUMBERS + 1, item.reason);
    sqlite3_bind_int(put, ITEM_NUMBERS + 2, item.inherited);
    sqlite3_bind_int(put, ITEM_NUMBERS + 3, item.below);
    sqlite3_bind_int(put, ITEM_NUMBERS + 4, item.missed);
    return put_texts(file, put, ITEM_BY, item.by, item.key, failure);
}

static int put_site(struct statefile *file, struct order_site site, struct failure *failure)
{
    sqlite3_stmt *put = statefile_statement(file,
                                            "INSERT OR REPLACE INTO order_site(" SITE_COLUMNS
                                            ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                            failure);
    if (put == NULL)
        return -1;
    int64_t *numbers[SITE_NUMBERS];
    site_numbers(&site, numbers);
    bind_numbers(put, numbers, SITE_NUMBERS);
    return put_texts(file, put, SITE_NUMBERS, site.newest, site.code, failure);
}

/* An item that has ended has no order. */
static int forget_ended(struct statefile *file, const char *prefix, struct failure *failure)
{
    sqlite3_stmt *found = statefile_statement(
        file, "SELECT 1 FROM order_item WHERE ? || key NOT IN (SELECT key FROM item) LIMIT 1", failure);
    if (found == NULL)
        return -1;
    sqlite3_bind_text(found, 1, prefix, -1, SQLITE_STATIC);
    const int code = sqlite3_step(found);
    const int outcome = statefile_end_rows(file, found, code, true, failure);
    if (outcome != 0 || code == SQLITE_DONE)
        return outcome;
    sqlite3_stmt *removal = statefile_statement(
        file, "DELETE FROM order_item WHERE ? || key NOT IN (SELECT key FROM item)", failure);
    if (removal == NULL)
        return -1;
    sqlite3_bind_text(removal, 1, prefix, -1, SQLITE_STATIC);
    return statefile_write(file, removal, failure);
}

int order_memory_store(struct statefile *file, const char *prefix, const struct order_run *run,
                       const struct order_result *result, struct failure *failure)
{
    int outcome = 0;
    for (size_t i = 0; i < run->pair_count && outcome == 0; i++)
        if (result->item_changed[i])
            outcome = put_item(file, result->items[i], failure);
    for (size_t i = 0; i < run->hop_count && outcome == 0; i++)
        if (result->site_changed[i])
            outcome = put_site(file, result->sites[i], failure);
    return outcome == 0 ? forget_ended(file, prefix, failure) : -1;
}

void order_memory_free(struct order_memory *memory)
{
    for (size_t i = 0; i < memory->item_count; i++)
        free(memory->items[i].key);
    for (size_t i = 0; i < memory->site_count; i++)
        free((char *)memory->sites[i].code);
    free(memory->items);
    free(memory->sites);
    *memory = (struct order_memory){0};
}
