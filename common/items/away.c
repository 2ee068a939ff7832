// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/away.h"

#include "base/array.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEPT_SECONDS = 366 * 86400 };

static struct away *append(struct away_list *list, const char *site, int64_t since, int64_t until)
{
    struct away *larger = array_grow(list->spans, list->count, sizeof *larger);
    if (larger == NULL)
        return NULL;
    list->spans = larger;
    struct away *span = &list->spans[list->count++];
    *span = (struct away){.since = since, .until = until};
    snprintf(span->site, sizeof span->site, "%s", site);
    return span;
}

int away_load(struct statefile *file, struct away_list *list, struct failure *failure)
{
    *list = (struct away_list){0};
    sqlite3_stmt *rows =
        statefile_statement(file, "SELECT site, since, until FROM away ORDER BY site, since", failure);
    if (rows == NULL)
        return -1;
    int code = SQLITE_DONE;
    bool room = true;
    while (room && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *site = (const char *)sqlite3_column_text(rows, 0);
        room = site != NULL &&
               append(list, site, sqlite3_column_int64(rows, 1), sqlite3_column_int64(rows, 2)) != NULL;
    }
    const int outcome = statefile_end_rows(file, rows, code, room, failure);
    if (outcome != 0)
        away_list_free(list);
    return outcome;
}

static int put(struct statefile *file, const struct away *span, struct failure *failure)
{
    sqlite3_stmt *insert = statefile_statement(
        file, "INSERT OR REPLACE INTO away(site, since, until) VALUES (?, ?, ?)", failure);
    if (insert == NULL)
        return -1;
    sqlite3_bind_text(insert, 1, span->site, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(insert, 2, span->since);
    sqlite3_bind_int64(insert, 3, span->until);
    return statefile_write(file, insert, failure);
}

static int forget(struct statefile *file, const char *site, int64_t before, struct failure *failure)
{
    sqlite3_stmt *removal =
        statefile_statement(file, "DELETE FROM away WHERE site = ? AND until > 0 AND until < ?", failure);
    if (removal == NULL)
        return -1;
    sqlite3_bind_text(removal, 1, site, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(removal, 2, before);
    return statefile_write(file, removal, failure);
}

int away_note(struct statefile *file, struct away_list *list, const char *site, bool active, int64_t now,
              struct failure *failure)
{
    struct away *open = NULL;
    for (size_t i = 0; i < list->count; i++)
        if (list->spans[i].until == 0 && strcasecmp(list->spans[i].site, site) == 0)
            open = &list->spans[i];
    if (active == (open == NULL))
        return 0;
    if (active) {
        open->until = now > open->since ? now : open->since + 1;
    } else {
        if (forget(file, site, now - KEPT_SECONDS, failure) != 0)
            return -1;
        open = append(list, site, now, 0);
        if (open == NULL)
            return fail(failure, "out of memory");
    }
    return put(file, open, failure);
}

int64_t away_seconds(const struct away_list *list, const char *site, int64_t start, int64_t now)
{
    int64_t seconds = 0;
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        const struct away *span = &list->spans[i];
        if (strcasecmp(span->site, site) != 0)
            continue;
        int64_t from = span->since > start ? span->since : start;
        int64_t to = span->until == 0 || span->until > now ? now : span->until;
        if (to > from)
            seconds += to - from;
    }
    return seconds;
}

void away_list_free(struct away_list *list)
{
    free(list->spans);
    *list = (struct away_list){0};
}
