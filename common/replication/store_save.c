// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/store.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Kinds and components are stored by name, so that the order of the enums may change. */

static int run(struct statefile *file, sqlite3_stmt *statement, struct failure *failure)
{
    int outcome = sqlite3_step(statement) == SQLITE_DONE ? 0 : statefile_fail(file, "write", failure);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return outcome;
}

static int put_condition(struct statefile *file, const struct condition *item, struct failure *failure)
{
    sqlite3_stmt *put = statefile_statement(
        file,
        "INSERT INTO condition(package, wanted, held, last_progress, received, failure) VALUES (?, ?, ?, ?, "
        "?, ?) "
        "ON CONFLICT(package) DO UPDATE SET wanted = excluded.wanted, held = excluded.held, "
        "last_progress = excluded.last_progress, received = excluded.received, failure = excluded.failure "
        "WHERE (wanted, held, last_progress, received, failure) IS NOT (excluded.wanted, excluded.held, "
        "excluded.last_progress, excluded.received, excluded.failure)",
        failure);
    if (put == NULL)
        return -1;
    sqlite3_bind_text(put, 1, item->package, -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 2, item->wanted);
    sqlite3_bind_int64(put, 3, item->held);
    sqlite3_bind_int64(put, 4, item->last_progress_s);
    sqlite3_bind_int64(put, 5, item->received_s);
    sqlite3_bind_text(put, 6, condition_failure(item), -1, SQLITE_STATIC);
    return run(file, put, failure);
}

static int put_sign(struct statefile *file, const char *package, const char *kind,
                    const struct condition_sign *sign, struct failure *failure)
{
    sqlite3_stmt *put = statefile_statement(
        file,
        "INSERT INTO sign(package, kind, component, open, first, last, repeats, longest_gap, written, line) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(package, kind) DO UPDATE SET "
        "component = excluded.component, open = excluded.open, first = excluded.first, last = excluded.last, "
        "repeats = excluded.repeats, longest_gap = excluded.longest_gap, written = excluded.written, "
        "line = excluded.line WHERE (component, open, first, last, repeats, longest_gap, written, line) IS "
        "NOT "
        "(excluded.component, excluded.open, excluded.first, excluded.last, excluded.repeats, "
        "excluded.longest_gap, excluded.written, excluded.line)",
        failure);
    if (put == NULL)
        return -1;
    sqlite3_bind_text(put, 1, package, -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 2, kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 3, replication_components[sign->component], -1, SQLITE_STATIC);
    sqlite3_bind_int(put, 4, sign->open);
    sqlite3_bind_int64(put, 5, sign->first_s);
    sqlite3_bind_int64(put, 6, sign->last_s);
    sqlite3_bind_int64(put, 7, sign->repeats);
    sqlite3_bind_int64(put, 8, sign->longest_gap_s);
    sqlite3_bind_int64(put, 9, sign->written_s);
    sqlite3_bind_text(put, 10, sign->line != NULL ? sign->line : "", -1, SQLITE_STATIC);
    return run(file, put, failure);
}

static int remove_sign(struct statefile *file, const char *package, const char *kind, struct failure *failure)
{
    sqlite3_stmt *removal =
        statefile_statement(file, "DELETE FROM sign WHERE package = ? AND kind = ?", failure);
    if (removal == NULL)
        return -1;
    sqlite3_bind_text(removal, 1, package, -1, SQLITE_STATIC);
    sqlite3_bind_text(removal, 2, kind, -1, SQLITE_STATIC);
    return run(file, removal, failure);
}

static bool is_used(const struct condition_sign *sign)
{
    return sign->open || sign->first_s != 0 || sign->last_s != 0;
}

static int put_with_signs(struct statefile *file, const struct condition *item, struct failure *failure)
{
    int outcome = put_condition(file, item, failure);
    for (int kind = 0; outcome == 0 && kind < CONDITION_KINDS; kind++) {
        const char *name = condition_kind_name((enum condition_kind)kind);
        if (is_used(&item->sign[kind]))
            outcome = put_sign(file, item->package, name, &item->sign[kind], failure);
        else
            outcome = remove_sign(file, item->package, name, failure);
    }
    return outcome;
}

static int put_stored(struct statefile *file, const struct stored_version *stored, struct failure *failure)
{
    sqlite3_stmt *put = statefile_statement(
        file,
        "INSERT INTO stored(package, version, time) VALUES (?, ?, ?) ON CONFLICT(package) DO UPDATE SET "
        "version = excluded.version, time = excluded.time "
        "WHERE (version, time) IS NOT (excluded.version, excluded.time)",
        failure);
    if (put == NULL)
        return -1;
    sqlite3_bind_text(put, 1, stored->package, -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 2, stored->version);
    sqlite3_bind_int64(put, 3, stored->time_s);
    return run(file, put, failure);
}

static int put_value(struct statefile *file, const char *name, int64_t value, struct failure *failure)
{
    sqlite3_stmt *put = statefile_statement(file,
                                            "INSERT INTO log_set(name, value) VALUES (?, ?) "
                                            "ON CONFLICT(name) DO UPDATE SET value = excluded.value "
                                            "WHERE value IS NOT excluded.value",
                                            failure);
    if (put == NULL)
        return -1;
    sqlite3_bind_text(put, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 2, value);
    return run(file, put, failure);
}

/* Delete the rows of packages that the set no longer has. */
static int remove_others(struct statefile *file, const char *select, const char *const *deletes,
                         const struct package_index *index, const void *items, size_t size,
                         struct failure *failure)
{
    char package[REPLICATION_PACKAGE] = "";
    for (bool more = true; more;) {
        /* One at a time: rows must not be deleted from a table while it is being walked. */
        sqlite3_stmt *rows = statefile_statement(file, select, failure);
        if (rows == NULL)
            return -1;
        sqlite3_bind_text(rows, 1, package, -1, SQLITE_TRANSIENT);
        int code;
        more = false;
        while (!more && (code = sqlite3_step(rows)) == SQLITE_ROW) {
            const char *name = (const char *)sqlite3_column_text(rows, 0);
            if (name == NULL || package_index_find(index, items, size, name) != PACKAGE_NOWHERE)
                continue;
            snprintf(package, sizeof package, "%s", name);
            more = true;
        }
        int outcome = more || code == SQLITE_DONE ? 0 : statefile_fail(file, "read", failure);
        sqlite3_reset(rows);
        sqlite3_clear_bindings(rows);
        for (size_t i = 0; outcome == 0 && more && deletes[i] != NULL; i++) {
            sqlite3_stmt *removal = statefile_statement(file, deletes[i], failure);
            if (removal == NULL)
                return -1;
            sqlite3_bind_text(removal, 1, package, -1, SQLITE_STATIC);
            outcome = run(file, removal, failure);
        }
        if (outcome != 0)
            return outcome;
    }
    return 0;
}

int logmemory_store_conditions(struct statefile *file, const struct conditions *set, struct failure *failure)
{
    static const char *const delete_condition[] = {"DELETE FROM condition WHERE package = ?",
                                                   "DELETE FROM sign WHERE package = ?", NULL};
    static const char *const delete_stored[] = {"DELETE FROM stored WHERE package = ?", NULL};
    if (set->removed &&
        remove_others(file, "SELECT package FROM condition WHERE package > ? ORDER BY package",
                      delete_condition, &set->index, set->items, sizeof *set->items, failure) != 0)
        return -1;
    if (set->stored_removed &&
        remove_others(file, "SELECT package FROM stored WHERE package > ? ORDER BY package", delete_stored,
                      &set->stored_index, set->stored, sizeof *set->stored, failure) != 0)
        return -1;
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i].changed && put_with_signs(file, &set->items[i], failure) != 0)
            return -1;
    for (size_t i = 0; i < set->stored_count; i++)
        if (set->stored[i].changed && put_stored(file, &set->stored[i], failure) != 0)
            return -1;
    if (put_value(file, "stored_lines", set->stored_lines, failure) != 0 ||
        put_value(file, "stored_since", set->stored_since_s, failure) != 0 ||
        put_value(file, "newest", set->newest_s, failure) != 0)
        return -1;
    for (int component = 0; component < REPLICATION_COMPONENTS; component++) {
        char name[64];
        snprintf(name, sizeof name, "written %s", replication_components[component]);
        if (put_value(file, name, set->written_s[component], failure) != 0)
            return -1;
    }
    return 0;
}
