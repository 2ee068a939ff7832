// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/store.h"

#include "base/text.h"
#include "replication/condition_text.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/*
 * Conditions and stored versions are lines of text (condition_text.h), many to a row, because a row costs more than
 * what stands in it: a check that finds nothing new reads all of them in every run. A row holds those of so many
 * neighbouring places of the set, so a run writes the rows of the places that changed.
 */

/* A table of lines: place, lines. */
struct lines {
    const char *select, *insert, *remove;
    size_t a_row;
    bool (*read)(struct conditions *set, const char *line, const char *end);
    void (*write)(const struct conditions *set, size_t place, struct text *out);
    bool (*changed)(const struct conditions *set, size_t place);
};

static void write_condition(const struct conditions *set, size_t place, struct text *out)
{
    condition_text_write(&set->items[place], out);
}

static bool condition_changed(const struct conditions *set, size_t place)
{
    return set->items[place].changed;
}

static void write_stored(const struct conditions *set, size_t place, struct text *out)
{
    condition_text_write_stored(&set->stored[place], out);
}

static bool stored_changed(const struct conditions *set, size_t place)
{
    return set->stored_removed || set->stored[place].changed;
}

static const struct lines condition_lines = {
    .select = "SELECT place, lines FROM condition ORDER BY place",
    .insert = "INSERT OR REPLACE INTO condition(place, lines) VALUES (?, ?)",
    .remove = "DELETE FROM condition WHERE place >= ?",
    .a_row = LOGMEMORY_CONDITIONS_A_ROW,
    .read = condition_text_read,
    .write = write_condition,
    .changed = condition_changed};
static const struct lines stored_lines = {.select = "SELECT place, lines FROM stored ORDER BY place",
                                          .insert =
                                              "INSERT OR REPLACE INTO stored(place, lines) VALUES (?, ?)",
                                          .remove = "DELETE FROM stored WHERE place >= ?",
                                          .a_row = LOGMEMORY_VERSIONS_A_ROW,
                                          .read = condition_text_read_stored,
                                          .write = write_stored,
                                          .changed = stored_changed};

/* @param[out] moved  the lines do not stand in the rows of their places: somebody else has written here */
static int read_lines(struct statefile *file, const struct lines *lines, struct conditions *set,
                      const size_t *count, bool *moved, struct failure *failure)
{
    const char *select = lines->select;
    *moved = false;
    sqlite3_stmt *rows = statefile_statement(file, select, failure);
    if (rows == NULL)
        return -1;
    int code, outcome = 0;
    while (outcome == 0 && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *at = (const char *)sqlite3_column_text(rows, 1);
        const char *end = at != NULL ? at + sqlite3_column_bytes(rows, 1) : NULL;
        *moved |=
            (int64_t)(*count / lines->a_row) != sqlite3_column_int64(rows, 0) || *count % lines->a_row != 0;
        while (outcome == 0 && at < end) {
            const char *line_end = memchr(at, '\n', (size_t)(end - at));
            if (line_end == NULL)
                line_end = end;
            if (!lines->read(set, at, line_end))
                outcome = fail(failure, "the state holds a line that makes no sense: %.*s",
                               (int)(line_end - at < 80 ? line_end - at : 80), at);
            at = line_end + 1;
        }
    }
    if (outcome == 0)
        return statefile_end_rows(file, rows, code, true, failure);
    sqlite3_reset(rows);
    return set->failed ? fail(failure, "out of memory while reading the state") : outcome;
}

struct value {
    char name[48];
    int64_t *integer;
};

enum { SET_FLAGS = 4, SET_VALUES = SET_FLAGS + 2 + REPLICATION_COMPONENTS };

static void list_values(struct conditions *set, int64_t flags[SET_FLAGS], struct value values[SET_VALUES])
{
    struct value *next = values;
    *next++ = (struct value){"stored_lines", &flags[0]};
    *next++ = (struct value){"success_lines", &flags[1]};
    *next++ = (struct value){"executed_lines", &flags[2]};
    *next++ = (struct value){"library_lines", &flags[3]};
    *next++ = (struct value){"stored_since", &set->stored_since_s};
    *next++ = (struct value){"newest", &set->newest_s};
    for (int component = 0; component < REPLICATION_COMPONENTS; component++) {
        next->integer = &set->written_s[component];
        snprintf(next++->name, sizeof next->name, "written %s", replication_components[component]);
    }
}

static int read_values(struct statefile *file, struct conditions *set, struct failure *failure)
{
    struct value values[SET_VALUES];
    int64_t flags[SET_FLAGS] = {0};
    list_values(set, flags, values);
    sqlite3_stmt *rows = statefile_statement(file, "SELECT name, value FROM log_set", failure);
    if (rows == NULL)
        return -1;
    int code;
    while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(rows, 0);
        for (int i = 0; i < SET_VALUES; i++)
            if (name != NULL && strcmp(name, values[i].name) == 0)
                *values[i].integer = sqlite3_column_int64(rows, 1);
    }
    set->stored_lines = flags[0] != 0;
    set->success_lines = flags[1] != 0;
    set->executed_lines = flags[2] != 0;
    set->has_library = flags[3] != 0;
    return statefile_end_rows(file, rows, code, true, failure);
}

static int put_values(struct statefile *file, const struct conditions *set, struct failure *failure)
{
    struct value values[SET_VALUES];
    struct conditions copy = *set;
    int64_t flags[SET_FLAGS] = {set->stored_lines, set->success_lines, set->executed_lines, set->has_library};
    list_values(&copy, flags, values);
    for (int i = 0; i < SET_VALUES; i++) {
        sqlite3_stmt *put = statefile_statement(file,
                                                "INSERT INTO log_set(name, value) VALUES (?, ?) "
                                                "ON CONFLICT(name) DO UPDATE SET value = excluded.value "
                                                "WHERE value IS NOT excluded.value",
                                                failure);
        if (put == NULL)
            return -1;
        sqlite3_bind_text(put, 1, values[i].name, -1, SQLITE_STATIC);
        sqlite3_bind_int64(put, 2, *values[i].integer);
        if (statefile_write(file, put, failure) != 0)
            return -1;
    }
    return 0;
}

int logmemory_load_conditions(struct statefile *file, struct conditions *set, struct failure *failure)
{
    if (read_lines(file, &condition_lines, set, &set->count, &set->removed, failure) != 0 ||
        read_lines(file, &stored_lines, set, &set->stored_count, &set->stored_removed, failure) != 0)
        return -1;
    for (size_t i = 0; i < set->count && set->removed; i++)
        set->items[i].changed = true;
    return read_values(file, set, failure);
}

static int put_row(struct statefile *file, const char *sql, size_t row, const struct text *lines,
                   struct failure *failure)
{
    if (lines->failed)
        return fail(failure, "out of memory while writing the state");
    sqlite3_stmt *put = statefile_statement(file, sql, failure);
    if (put == NULL)
        return -1;
    sqlite3_bind_int64(put, 1, (int64_t)row);
    sqlite3_bind_text(put, 2, lines->bytes, (int)lines->length, SQLITE_STATIC);
    return statefile_write(file, put, failure);
}

static int remove_rows(struct statefile *file, const char *sql, size_t rows, struct failure *failure)
{
    sqlite3_stmt *removal = statefile_statement(file, sql, failure);
    if (removal == NULL)
        return -1;
    sqlite3_bind_int64(removal, 1, (int64_t)rows);
    return statefile_write(file, removal, failure);
}

/* @param removed  the last ones of the last row may be gone, and rows behind it */
static int put_lines(struct statefile *file, const struct lines *table, const struct conditions *set,
                     size_t count, bool removed, struct failure *failure)
{
    struct text lines = {0};
    int outcome = 0;
    const size_t rows = (count + table->a_row - 1) / table->a_row;
    for (size_t row = 0; row < rows && outcome == 0; row++) {
        const size_t first = row * table->a_row;
        const size_t end = count - first < table->a_row ? count : first + table->a_row;
        bool changed = removed && row + 1 == rows;
        for (size_t i = first; i < end; i++)
            changed |= table->changed(set, i);
        text_cut(&lines, 0);
        for (size_t i = first; i < end && changed; i++)
            table->write(set, i, &lines);
        if (changed)
            outcome = put_row(file, table->insert, row, &lines, failure);
    }
    text_free(&lines);
    return outcome == 0 && removed ? remove_rows(file, table->remove, rows, failure) : outcome;
}

int logmemory_store_conditions(struct statefile *file, const struct conditions *set, struct failure *failure)
{
    if (put_lines(file, &condition_lines, set, set->count, set->removed, failure) != 0 ||
        put_lines(file, &stored_lines, set, set->stored_count, set->stored_removed, failure) != 0)
        return -1;
    return put_values(file, set, failure);
}
