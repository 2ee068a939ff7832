// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/store.h"

#include "base/ascii.h"
#include "base/text.h"
#include "replication/condition_set.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/*
 * Conditions and stored versions are lines of text, many to a row, because a row costs more than what stands
 * in it: a check that finds nothing new reads all of them in every run. A line of a condition is its package
 * and then what is known of it, `name=value` behind TABs, as the two tables below say. What is zero or empty
 * is left out; a name that is not known is passed over. A row holds the conditions of LINES_A_ROW neighbouring
 * places of the set, so a run writes the rows of the places that changed.
 */

enum { LINES_A_ROW = LOGMEMORY_CONDITIONS_A_ROW, VERSIONS_A_ROW = LOGMEMORY_VERSIONS_A_ROW };

/* ---- what a line says */

enum field_type { FIELD_INTEGER, FIELD_BOOL, FIELD_TEXT, FIELD_COMPONENT, FIELD_CAUSE };

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
};

static const struct field condition_fields[] = {
    {"wanted", FIELD_INTEGER, offsetof(struct condition, wanted)},
    {"held", FIELD_INTEGER, offsetof(struct condition, held)},
    {"progress", FIELD_INTEGER, offsetof(struct condition, last_progress_s)},
    {"received", FIELD_INTEGER, offsetof(struct condition, received_s)},
    {"failure", FIELD_TEXT, offsetof(struct condition, failure)},
    {"cause", FIELD_CAUSE, offsetof(struct condition, cause.family)},
    {"error", FIELD_INTEGER, offsetof(struct condition, cause.code)},
    {"way", FIELD_TEXT, offsetof(struct condition, way)},
    {"way_first", FIELD_INTEGER, offsetof(struct condition, way_first_s)},
    {"way_last", FIELD_INTEGER, offsetof(struct condition, way_last_s)},
    {"way_count", FIELD_INTEGER, offsetof(struct condition, way_count)},
    {"definition", FIELD_INTEGER, offsetof(struct condition, definition_s)},
};

/* Behind `kind=NAME`. */
static const struct field sign_fields[] = {
    {"component", FIELD_COMPONENT, offsetof(struct condition_sign, component)},
    {"open", FIELD_BOOL, offsetof(struct condition_sign, open)},
    {"first", FIELD_INTEGER, offsetof(struct condition_sign, first_s)},
    {"last", FIELD_INTEGER, offsetof(struct condition_sign, last_s)},
    {"repeats", FIELD_INTEGER, offsetof(struct condition_sign, repeats)},
    {"gap", FIELD_INTEGER, offsetof(struct condition_sign, longest_gap_s)},
    {"written", FIELD_INTEGER, offsetof(struct condition_sign, written_s)},
    {"line", FIELD_TEXT, offsetof(struct condition_sign, line)},
};

struct fields {
    const struct field *table;
    size_t count;
};

static const struct fields of_condition = {condition_fields, sizeof condition_fields / sizeof(struct field)};
static const struct fields of_sign = {sign_fields, sizeof sign_fields / sizeof(struct field)};

/* ---- writing */

static void write_field(const struct field *field, const void *owner, struct text *out)
{
    const void *member = (const char *)owner + field->offset;
    const char *words = NULL;
    int64_t number = 0;
    switch (field->type) {
    case FIELD_INTEGER:
        number = *(const int64_t *)member;
        break;
    case FIELD_BOOL:
        number = *(const bool *)member;
        break;
    case FIELD_TEXT:
        words = *(char *const *)member;
        break;
    case FIELD_COMPONENT:
        words = replication_components[*(const enum replication_component *)member];
        break;
    case FIELD_CAUSE:
        words = cause_name(*(const enum cause_family *)member);
        words = words[0] != '\0' ? words : NULL;
        break;
    }
    if (words != NULL)
        text_addf(out, "\t%s=%s", field->name, words);
    else if (number != 0)
        text_addf(out, "\t%s=%lld", field->name, (long long)number);
}

static void write_fields(const struct fields *fields, const void *owner, struct text *out)
{
    for (size_t i = 0; i < fields->count; i++)
        write_field(&fields->table[i], owner, out);
}

static void write_condition(const struct condition *condition, struct text *out)
{
    text_add(out, condition->package);
    write_fields(&of_condition, condition, out);
    for (int kind = 0; kind < CONDITION_KINDS; kind++) {
        const struct condition_sign *sign = &condition->sign[kind];
        if (!sign->open && sign->first_s == 0 && sign->last_s == 0)
            continue;
        text_addf(out, "\tkind=%s", condition_kind_name((enum condition_kind)kind));
        write_fields(&of_sign, sign, out);
    }
    text_add(out, "\n");
}

static void write_version(const struct stored_version *stored, struct text *out)
{
    text_addf(out, "%s\t%lld\t%lld\n", stored->package, (long long)stored->version,
              (long long)stored->time_s);
}

/* ---- reading */

/* A line, from left to right. */
struct words {
    const char *at, *end;
};

/* Up to the next TAB, which is passed. */
static struct words next_words(struct words *line)
{
    const char *tab = memchr(line->at, '\t', (size_t)(line->end - line->at));
    struct words words = {line->at, tab != NULL ? tab : line->end};
    line->at = tab != NULL ? tab + 1 : line->end;
    return words;
}

static bool is(struct words words, const char *name)
{
    size_t length = (size_t)(words.end - words.at);
    return strlen(name) == length && memcmp(words.at, name, length) == 0;
}

static bool copy_words(struct words words, char *buffer, size_t size)
{
    size_t length = (size_t)(words.end - words.at);
    if (length == 0 || length >= size)
        return false;
    memcpy(buffer, words.at, length);
    memset(buffer + length, 0, size - length);
    return true;
}

static bool read_number(struct words words, int64_t *number)
{
    bool negative = words.at < words.end && *words.at == '-';
    const char *at = words.at + negative;
    uint64_t value = 0;
    if (at == words.end || words.end - at > 18)
        return false;
    for (; at < words.end; at++) {
        if (!ascii_is_digit(*at))
            return false;
        value = value * 10 + (uint64_t)(*at - '0');
    }
    *number = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static int find_kind(struct words name)
{
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (is(name, condition_kind_name((enum condition_kind)kind)))
            return kind;
    return -1;
}

static int find_component(struct words name)
{
    for (int component = 0; component < REPLICATION_COMPONENTS; component++)
        if (is(name, replication_components[component]))
            return component;
    return -1;
}

static bool read_field(struct conditions *set, const struct field *field, struct words value, void *owner)
{
    void *member = (char *)owner + field->offset;
    char line[REPLICATION_LINE];
    int64_t number = 0;
    int component;
    switch (field->type) {
    case FIELD_INTEGER:
        return read_number(value, member);
    case FIELD_BOOL:
        *(bool *)member = read_number(value, &number) && number != 0;
        return true;
    case FIELD_TEXT:
        if (!copy_words(value, line, sizeof line))
            return false;
        condition_set_text(set, member, line);
        return true;
    case FIELD_COMPONENT:
        component = find_component(value);
        *(enum replication_component *)member = component >= 0 ? (enum replication_component)component : 0;
        return component >= 0;
    case FIELD_CAUSE: /* one that is not known is none */
        *(enum cause_family *)member =
            copy_words(value, line, sizeof line) ? cause_find(line) : CAUSE_UNKNOWN;
        return true;
    }
    return false;
}

/* Fields stand in the order of their table: the one behind the last is looked at first. */
static const struct field *find_field(const struct fields *fields, struct words name, size_t *next)
{
    for (size_t tried = 0; tried < fields->count; tried++, *next = (*next + 1) % fields->count)
        if (is(name, fields->table[*next].name))
            return &fields->table[*next];
    return NULL;
}

static bool read_condition(struct conditions *set, struct words line)
{
    char package[REPLICATION_PACKAGE];
    struct condition *condition =
        copy_words(next_words(&line), package, sizeof package) ? condition_set_take(set, package) : NULL;
    const struct fields *fields = &of_condition;
    void *owner = condition;
    size_t next = 0;
    if (condition == NULL)
        return false;
    while (line.at < line.end) {
        struct words value = next_words(&line);
        const char *equals = memchr(value.at, '=', (size_t)(value.end - value.at));
        if (equals == NULL)
            return false;
        struct words name = {value.at, equals};
        value.at = equals + 1;
        if (is(name, "kind")) {
            int kind = find_kind(value);
            if (kind < 0)
                return false;
            owner = &condition->sign[kind];
            fields = &of_sign;
            next = 0;
            continue;
        }
        const struct field *field = find_field(fields, name, &next);
        if (field != NULL && !read_field(set, field, value, owner))
            return false;
    }
    condition->changed = false;
    return true;
}

static bool read_version(struct conditions *set, struct words line)
{
    char package[REPLICATION_PACKAGE];
    int64_t version, time_s;
    if (!copy_words(next_words(&line), package, sizeof package) ||
        !read_number(next_words(&line), &version) || !read_number(next_words(&line), &time_s))
        return false;
    condition_set_stored(set, package, version, time_s);
    if (set->stored_count > 0)
        set->stored[set->stored_count - 1].changed = false;
    return true;
}

static int end_statement(struct statefile *file, sqlite3_stmt *statement, int code, const char *verb,
                         struct failure *failure)
{
    int outcome = code == SQLITE_DONE ? 0 : statefile_fail(file, verb, failure);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return outcome;
}

/* A table of lines. */
struct lines {
    const char *select; /* place, lines */
    size_t a_row;
    bool (*read)(struct conditions *set, struct words line);
};

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
            if (!lines->read(set, (struct words){at, line_end}))
                outcome = fail(failure, "the state holds a line that makes no sense: %.*s",
                               (int)(line_end - at < 80 ? line_end - at : 80), at);
            at = line_end + 1;
        }
    }
    if (outcome == 0)
        return end_statement(file, rows, code, "read", failure);
    sqlite3_reset(rows);
    return set->failed ? fail(failure, "out of memory while reading the state") : outcome;
}

/* ---- the set's own values */

struct value {
    char name[48];
    int64_t *integer;
};

enum { SET_FLAGS = 2, SET_VALUES = SET_FLAGS + 2 + REPLICATION_COMPONENTS };

static void list_values(struct conditions *set, int64_t flags[SET_FLAGS], struct value values[SET_VALUES])
{
    struct value *next = values;
    *next++ = (struct value){"stored_lines", &flags[0]};
    *next++ = (struct value){"success_lines", &flags[1]};
    *next++ = (struct value){"stored_since", &set->stored_since_s};
    *next++ = (struct value){"newest", &set->newest_s};
    for (int component = 0; component < REPLICATION_COMPONENTS; component++, next++) {
        next->integer = &set->written_s[component];
        snprintf(next->name, sizeof next->name, "written %s", replication_components[component]);
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
    return end_statement(file, rows, code, "read", failure);
}

static int put_values(struct statefile *file, const struct conditions *set, struct failure *failure)
{
    struct value values[SET_VALUES];
    struct conditions copy = *set;
    int64_t flags[SET_FLAGS] = {set->stored_lines, set->success_lines};
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
        if (end_statement(file, put, sqlite3_step(put), "write", failure) != 0)
            return -1;
    }
    return 0;
}

/* ---- both */

int logmemory_load_conditions(struct statefile *file, struct conditions *set, struct failure *failure)
{
    static const struct lines conditions = {"SELECT place, lines FROM condition ORDER BY place", LINES_A_ROW,
                                            read_condition};
    static const struct lines versions = {"SELECT place, lines FROM stored ORDER BY place", VERSIONS_A_ROW,
                                          read_version};
    if (read_lines(file, &conditions, set, &set->count, &set->removed, failure) != 0 ||
        read_lines(file, &versions, set, &set->stored_count, &set->stored_removed, failure) != 0)
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
    return end_statement(file, put, sqlite3_step(put), "write", failure);
}

static int remove_rows(struct statefile *file, const char *sql, size_t rows, struct failure *failure)
{
    sqlite3_stmt *removal = statefile_statement(file, sql, failure);
    if (removal == NULL)
        return -1;
    sqlite3_bind_int64(removal, 1, (int64_t)rows);
    return end_statement(file, removal, sqlite3_step(removal), "write", failure);
}

static int put_conditions(struct statefile *file, const struct conditions *set, struct failure *failure)
{
    struct text lines = {0};
    int outcome = 0;
    const size_t rows = (set->count + LINES_A_ROW - 1) / LINES_A_ROW;
    for (size_t row = 0; row < rows && outcome == 0; row++) {
        const size_t first = row * LINES_A_ROW, rest = set->count - first;
        const size_t count = rest < LINES_A_ROW ? rest : LINES_A_ROW;
        bool changed = set->removed && row + 1 == rows; /* its last ones may be gone */
        for (size_t i = first; i < first + count; i++)
            changed |= set->items[i].changed;
        text_cut(&lines, 0);
        for (size_t i = first; i < first + count && changed; i++)
            write_condition(&set->items[i], &lines);
        if (changed)
            outcome = put_row(file, "INSERT OR REPLACE INTO condition(place, lines) VALUES (?, ?)", row,
                              &lines, failure);
    }
    text_free(&lines);
    if (outcome == 0 && set->removed)
        outcome = remove_rows(file, "DELETE FROM condition WHERE place >= ?", rows, failure);
    return outcome;
}

static int put_versions(struct statefile *file, const struct conditions *set, struct failure *failure)
{
    struct text lines = {0};
    int outcome = 0;
    const size_t rows = (set->stored_count + VERSIONS_A_ROW - 1) / VERSIONS_A_ROW;
    for (size_t row = 0; row < rows && outcome == 0; row++) {
        const size_t first = row * VERSIONS_A_ROW, rest = set->stored_count - first;
        const size_t count = rest < VERSIONS_A_ROW ? rest : VERSIONS_A_ROW;
        bool changed = set->stored_removed;
        for (size_t i = first; i < first + count; i++)
            changed |= set->stored[i].changed;
        text_cut(&lines, 0);
        for (size_t i = first; i < first + count && changed; i++)
            write_version(&set->stored[i], &lines);
        if (changed)
            outcome = put_row(file, "INSERT OR REPLACE INTO stored(place, lines) VALUES (?, ?)", row, &lines,
                              failure);
    }
    text_free(&lines);
    if (outcome == 0 && set->stored_removed)
        outcome = remove_rows(file, "DELETE FROM stored WHERE place >= ?", rows, failure);
    return outcome;
}

int logmemory_store_conditions(struct statefile *file, const struct conditions *set, struct failure *failure)
{
    if (put_conditions(file, set, failure) != 0 || put_versions(file, set, failure) != 0)
        return -1;
    return put_values(file, set, failure);
}
