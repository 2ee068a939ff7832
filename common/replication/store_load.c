// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/store.h"

#include "replication/condition_set.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static int end_statement(struct statefile *file, sqlite3_stmt *statement, int code, struct failure *failure)
{
    int outcome = code == SQLITE_DONE ? 0 : statefile_fail(file, "read", failure);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return outcome;
}

/* @return false when the text does not fit: a row that this program did not write */
static bool column_into(sqlite3_stmt *row, int column, char *buffer, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    size_t length = text != NULL ? strlen(text) : size;
    if (length >= size)
        return false;
    memcpy(buffer, text, length + 1);
    return true;
}

static int fail_row(const char *table, struct failure *failure)
{
    return fail(failure, "the state holds a row in table %s that makes no sense", table);
}

/* @return false when it does not fit, or the set is out of memory */
static bool column_text(sqlite3_stmt *row, int column, struct conditions *set, char **text)
{
    char line[REPLICATION_LINE];
    if (!column_into(row, column, line, sizeof line))
        return false;
    condition_set_text(set, text, line);
    return !set->failed;
}

static int read_conditions(struct statefile *file, struct conditions *set, struct failure *failure)
{
    sqlite3_stmt *rows = statefile_statement(
        file, "SELECT package, wanted, held, last_progress, received, failure FROM condition", failure);
    if (rows == NULL)
        return -1;
    int code, outcome = 0;
    while (outcome == 0 && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        char package[REPLICATION_PACKAGE];
        struct condition *item =
            column_into(rows, 0, package, sizeof package) ? condition_set_take(set, package) : NULL;
        if (item == NULL || !column_text(rows, 5, set, &item->failure)) {
            outcome = fail_row("condition", failure);
            break;
        }
        item->wanted = sqlite3_column_int64(rows, 1);
        item->held = sqlite3_column_int64(rows, 2);
        item->last_progress_s = sqlite3_column_int64(rows, 3);
        item->received_s = sqlite3_column_int64(rows, 4);
        item->changed = false;
    }
    if (outcome == 0)
        return end_statement(file, rows, code, failure);
    sqlite3_reset(rows);
    return outcome;
}

static int find_kind(const char *name)
{
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (name != NULL && strcmp(name, condition_kind_name((enum condition_kind)kind)) == 0)
            return kind;
    return -1;
}

static int find_component(const char *name)
{
    for (int component = 0; component < REPLICATION_COMPONENTS; component++)
        if (name != NULL && strcmp(name, replication_components[component]) == 0)
            return component;
    return -1;
}

static int read_signs(struct statefile *file, struct conditions *set, struct failure *failure)
{
    sqlite3_stmt *rows = statefile_statement(file,
                                             "SELECT package, kind, component, open, first, last, repeats, "
                                             "longest_gap, written, line FROM sign",
                                             failure);
    if (rows == NULL)
        return -1;
    int code, outcome = 0;
    while (outcome == 0 && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *package = (const char *)sqlite3_column_text(rows, 0);
        int kind = find_kind((const char *)sqlite3_column_text(rows, 1));
        int component = find_component((const char *)sqlite3_column_text(rows, 2));
        struct condition *item = package != NULL ? condition_set_find(set, package) : NULL;
        if (item == NULL || kind < 0 || component < 0) {
            outcome = fail_row("sign", failure);
            break;
        }
        struct condition_sign *sign = &item->sign[kind];
        sign->component = (enum replication_component)component;
        sign->open = sqlite3_column_int(rows, 3) != 0;
        sign->first_s = sqlite3_column_int64(rows, 4);
        sign->last_s = sqlite3_column_int64(rows, 5);
        sign->repeats = sqlite3_column_int64(rows, 6);
        sign->longest_gap_s = sqlite3_column_int64(rows, 7);
        sign->written_s = sqlite3_column_int64(rows, 8);
        if (!column_text(rows, 9, set, &sign->line))
            outcome = fail_row("sign", failure);
        item->changed = false;
    }
    if (outcome == 0)
        return end_statement(file, rows, code, failure);
    sqlite3_reset(rows);
    return outcome;
}

static int read_stored(struct statefile *file, struct conditions *set, struct failure *failure)
{
    sqlite3_stmt *rows = statefile_statement(file, "SELECT package, version, time FROM stored", failure);
    if (rows == NULL)
        return -1;
    int code, outcome = 0;
    while (outcome == 0 && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        char package[REPLICATION_PACKAGE];
        if (!column_into(rows, 0, package, sizeof package))
            outcome = fail_row("stored", failure);
        else
            condition_set_stored(set, package, sqlite3_column_int64(rows, 1), sqlite3_column_int64(rows, 2));
    }
    if (outcome == 0)
        outcome = end_statement(file, rows, code, failure);
    else
        sqlite3_reset(rows);
    for (size_t i = 0; i < set->stored_count; i++)
        set->stored[i].changed = false;
    return outcome;
}

static const char written_prefix[] = "written ";

static int read_set(struct statefile *file, struct conditions *set, struct failure *failure)
{
    sqlite3_stmt *rows = statefile_statement(file, "SELECT name, value FROM log_set", failure);
    if (rows == NULL)
        return -1;
    int code;
    while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(rows, 0);
        int64_t value = sqlite3_column_int64(rows, 1);
        if (name == NULL)
            continue;
        if (strcmp(name, "stored_lines") == 0)
            set->stored_lines = value != 0;
        else if (strcmp(name, "stored_since") == 0)
            set->stored_since_s = value;
        else if (strcmp(name, "newest") == 0)
            set->newest_s = value;
        else if (strncmp(name, written_prefix, strlen(written_prefix)) == 0) {
            int component = find_component(name + strlen(written_prefix));
            if (component >= 0)
                set->written_s[component] = value;
        }
    }
    return end_statement(file, rows, code, failure);
}

int logmemory_load_conditions(struct statefile *file, struct conditions *set, struct failure *failure)
{
    if (read_conditions(file, set, failure) != 0 || read_signs(file, set, failure) != 0 ||
        read_stored(file, set, failure) != 0)
        return -1;
    if (set->failed)
        return fail(failure, "out of memory while reading the state");
    return read_set(file, set, failure);
}
