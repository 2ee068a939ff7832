// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/announce.h"

#include "base/array.h"
#include "base/sanitize.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add(struct announced **list, size_t *count, const struct announced *entry)
{
    struct announced *larger = array_grow(*list, *count, sizeof *larger);
    if (larger == NULL)
        return -1;
    *list = larger;
    larger[*count] = *entry;
    larger[*count].key = strdup(entry->key);
    if (larger[*count].key == NULL)
        return -1;
    ++*count;
    return 0;
}

static int load(struct announcements *all, struct failure *failure)
{
    if (statefile_begin(all->file, failure) != 0 ||
        statefile_table(
            all->file, "announced",
            "(service TEXT NOT NULL, key TEXT NOT NULL, status INTEGER NOT NULL, since INTEGER "
            "NOT NULL, first_seen INTEGER NOT NULL, well INTEGER NOT NULL, PRIMARY KEY(service, key)) "
            "WITHOUT ROWID",
            failure) != 0)
        return -1;
    sqlite3_stmt *rows = statefile_statement(
        all->file,
        "SELECT key, status, since, first_seen, well FROM announced WHERE service = ? ORDER BY key", failure);
    if (rows == NULL)
        return -1;
    sqlite3_bind_text(rows, 1, all->service, -1, SQLITE_STATIC);
    int code = SQLITE_DONE;
    bool room = true;
    while (room && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(rows, 0);
        const struct announced told = {.key = (char *)(key != NULL ? key : ""),
                                       .status = (enum status)sqlite3_column_int(rows, 1),
                                       .since = sqlite3_column_int64(rows, 2),
                                       .first_seen = sqlite3_column_int64(rows, 3),
                                       .well = sqlite3_column_int64(rows, 4)};
        room = add(&all->told, &all->count, &told) == 0;
    }
    return statefile_end_rows(all->file, rows, code, room, failure);
}

int announcements_open(struct announcements *all, struct statefile *file,
                       const struct announce_options *options, bool lost, int64_t now,
                       struct failure *failure)
{
    *all = (struct announcements){
        .file = file, .only_new = options->only_new, .lost = lost, .window = options->window_s, .now = now};
    snprintf(all->service, sizeof all->service, "%016" PRIx64, options->rule);
    if (load(all, failure) == 0)
        return 0;
    all->lost = true;
    return -1;
}

static int by_key(const void *key, const void *announced)
{
    return strcmp(key, ((const struct announced *)announced)->key);
}

/* A clock that jumped back makes nothing older, and nothing new for longer than the window. */
static bool is_young(const struct announcements *all, int64_t since)
{
    return since <= all->now ? all->now - since < all->window : since - all->now < all->window;
}

static bool is_worse(enum status status, enum status told)
{
    return status != told && status_worse(status, told) == status;
}

/* It does not alert any more. */
static int add_well(struct announcements *all, const struct announced *told)
{
    struct announced well = *told;
    well.well = all->now;
    return add(&all->due, &all->due_count, &well);
}

int announcements_judge(struct announcements *all, struct item *item)
{
    const char *key = item->news != NULL ? item->news : item->key;
    const int64_t first_seen = item->news != NULL ? item->news_since : item->first_seen;
    item->is_new = item->told = false;
    struct announced *told =
        all->count == 0 ? NULL : bsearch(key, all->told, all->count, sizeof *all->told, by_key);
    struct announced due = {
        .key = (char *)key, .status = item->status, .since = all->now, .first_seen = first_seen};
    if (item->known || item->status == STATUS_OK)
        return told == NULL || told->well != 0 ? 0 : add_well(all, told);
    bool again = told != NULL && (first_seen > told->first_seen || is_worse(item->status, told->status) ||
                                  (told->well != 0 && all->now - told->well >= ANNOUNCE_WELL_S));
    int outcome = 0;
    if (told != NULL && !again) {
        told->alerts = true;
        due.since = told->since;
        due.status = told->status;
        if (told->well != 0)
            outcome = add(&all->due, &all->due_count, &due);
    } else {
        /* Without a memory a trouble that is a year old is no news. */
        if (told == NULL && all->lost)
            due.since = all->now - item->age_s;
        if (told != NULL)
            told->alerts = true;
        outcome = add(&all->due, &all->due_count, &due);
    }
    item->is_new = is_young(all, due.since);
    item->told = all->only_new && !item->is_new;
    return outcome;
}

enum status announcements_judge_other(struct announcements *all, const char *what, enum status status,
                                      int64_t since)
{
    struct item other = {
        .key = (char *)what, .status = status, .first_seen = since, .age_s = all->now - since};
    /* What cannot be remembered for want of memory is told again. */
    return announcements_judge(all, &other) == 0 && other.told ? STATUS_OK : status;
}

/* Is nothing known of it any more? */
static bool is_over(const char *key, bool (*is_kept)(const void *context, const char *key),
                    const void *context)
{
    return is_kept == NULL || !is_kept(context, key);
}

bool announcements_due(const struct announcements *all)
{
    bool due = all->due_count > 0;
    for (size_t i = 0; i < all->count && !due; i++)
        due = !all->told[i].alerts;
    return due;
}

static int put(struct announcements *all, const struct announced *told, struct failure *failure)
{
    sqlite3_stmt *row = statefile_statement(
        all->file,
        "INSERT OR REPLACE INTO announced(service, key, status, since, first_seen, well) VALUES (?, ?, ?, ?, ?, ?)",
        failure);
    if (row == NULL)
        return -1;
    sqlite3_bind_text(row, 1, all->service, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 2, told->key, -1, SQLITE_STATIC);
    sqlite3_bind_int(row, 3, (int)told->status);
    sqlite3_bind_int64(row, 4, told->since);
    sqlite3_bind_int64(row, 5, told->first_seen);
    sqlite3_bind_int64(row, 6, told->well);
    return statefile_write(all->file, row, failure);
}

static int forget(struct announcements *all, const struct announced *told, struct failure *failure)
{
    sqlite3_stmt *row =
        statefile_statement(all->file, "DELETE FROM announced WHERE service = ? AND key = ?", failure);
    if (row == NULL)
        return -1;
    sqlite3_bind_text(row, 1, all->service, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 2, told->key, -1, SQLITE_STATIC);
    return statefile_write(all->file, row, failure);
}

int announcements_keep(struct announcements *all, bool (*is_kept)(const void *context, const char *key),
                       const void *context, struct failure *failure)
{
    if (statefile_begin(all->file, failure) != 0)
        return -1;
    for (size_t i = 0; i < all->count; i++)
        if (!all->told[i].alerts && is_over(all->told[i].key, is_kept, context) &&
            forget(all, &all->told[i], failure) != 0)
            return -1;
    for (size_t i = 0; i < all->due_count; i++)
        if ((all->due[i].well == 0 || !is_over(all->due[i].key, is_kept, context)) &&
            put(all, &all->due[i], failure) != 0)
            return -1;
    return 0;
}

void announce_verdict(const struct item *(*item)(const void *context, size_t index), const void *context,
                      size_t count, const struct tally *tally, struct text *verdict)
{
    enum { NAMED = 3, NEWS_BYTES = 100 };
    if (tally->fresh == 0) {
        text_addf(verdict, "nothing new, %" PRId64 " stuck in all", tally->stuck);
        return;
    }
    text_addf(verdict, "%" PRId64 " new: ", tally->fresh);
    size_t named = 0;
    for (size_t i = 0; i < count && named < NAMED; i++) {
        const struct item *one = item(context, i);
        if (!one->is_new)
            continue;
        text_add(verdict, named++ > 0 ? ", " : "");
        if (one->news != NULL) {
            text_add_clean(verdict, one->news, NEWS_BYTES);
            continue;
        }
        text_add(verdict, one->package);
        if (one->place[0] != '\0')
            text_addf(verdict, "%s%s", one->package[0] != '\0' ? " at " : "", one->place);
        text_addf(verdict, " (%s)", one->kind);
    }
    if (tally->fresh > NAMED)
        text_addf(verdict, " and %" PRId64 " more", tally->fresh - NAMED);
    text_addf(verdict, "; %" PRId64 " stuck in all", tally->stuck);
}

struct perfdatum announce_perfdatum(const struct tally *tally)
{
    return (struct perfdatum){.label = "new", .unit = "", .value = tally->fresh};
}

static void free_list(struct announced *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].key);
    free(list);
}

void announcements_free(struct announcements *all)
{
    free_list(all->told, all->count);
    free_list(all->due, all->due_count);
    *all = (struct announcements){0};
}
