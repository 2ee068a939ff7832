// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/condition_text.h"

#include "base/ascii.h"
#include "replication/condition_set.h"

#include <stddef.h>
#include <string.h>

enum field_type { FIELD_INTEGER, FIELD_BOOL, FIELD_TEXT, FIELD_COMPONENT, FIELD_CAUSE };

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
};

static const struct field condition_fields[] = {
    {"wanted", FIELD_INTEGER, offsetof(struct condition, wanted)},
    {"wanted_since", FIELD_INTEGER, offsetof(struct condition, wanted_s)},
    {"wanted_repeats", FIELD_INTEGER, offsetof(struct condition, wanted_repeats)},
    {"wanted_last", FIELD_INTEGER, offsetof(struct condition, wanted_last_s)},
    {"began_with", FIELD_INTEGER, offsetof(struct condition, began_with)},
    {"held", FIELD_INTEGER, offsetof(struct condition, held)},
    {"progress", FIELD_INTEGER, offsetof(struct condition, last_progress_s)},
    {"pass", FIELD_INTEGER, offsetof(struct condition, last_pass_s)},
    {"clean", FIELD_INTEGER, offsetof(struct condition, clean_s)},
    {"received", FIELD_INTEGER, offsetof(struct condition, received_s)},
    {"failure", FIELD_TEXT, offsetof(struct condition, failure)},
    {"cause", FIELD_CAUSE, offsetof(struct condition, cause.family)},
    {"error", FIELD_INTEGER, offsetof(struct condition, cause.code)},
    {"caused", FIELD_INTEGER, offsetof(struct condition, cause_s)},
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

void condition_text_write(const struct condition *condition, struct text *out)
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

void condition_text_write_stored(const struct stored_version *stored, struct text *out)
{
    text_addf(out, "%s\t%lld\t%lld%s\n", stored->package, (long long)stored->version,
              (long long)stored->time_s, stored->despooled ? "\tdespooled" : "");
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

bool condition_text_read(struct conditions *set, const char *text, const char *end)
{
    struct words line = {text, end};
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

bool condition_text_read_stored(struct conditions *set, const char *text, const char *end)
{
    struct words line = {text, end};
    char package[REPLICATION_PACKAGE];
    int64_t version, time_s;
    if (!copy_words(next_words(&line), package, sizeof package) ||
        !read_number(next_words(&line), &version) || !read_number(next_words(&line), &time_s))
        return false;
    condition_set_stored(set, package, version, time_s, is(next_words(&line), "despooled"));
    if (set->stored_count > 0)
        set->stored[set->stored_count - 1].changed = false;
    return true;
}
