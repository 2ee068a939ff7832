// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/condition_set.h"

#include "base/array.h"
#include "base/number.h"

#include <stdlib.h>
#include <string.h>

/* `superseded` and `failing` open when they are repeated this much later. */
#define APART_S 3600

_Static_assert(offsetof(struct condition, package) == 0, "package_index compares the first member");
_Static_assert(offsetof(struct stored_version, package) == 0, "package_index compares the first member");

void conditions_init(struct conditions *set, int64_t forget_s)
{
    *set = (struct conditions){.forget_s = forget_s};
}

static void free_texts(struct condition *condition)
{
    free(condition->failure);
    free(condition->way);
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        free(condition->sign[kind].line);
}

void conditions_free(struct conditions *set)
{
    for (size_t i = 0; i < set->count; i++)
        free_texts(&set->items[i]);
    free(set->items);
    free(set->stored);
    package_index_free(&set->index);
    package_index_free(&set->stored_index);
    for (int clock = 0; clock < CONDITION_CLOCKS; clock++)
        free(set->due[clock].entries);
    conditions_init(set, set->forget_s);
}

const struct condition *conditions_find(const struct conditions *set, const char *package)
{
    size_t place = package_index_find(&set->index, set->items, sizeof *set->items, package);
    return place != PACKAGE_NOWHERE ? &set->items[place] : NULL;
}

const struct stored_version *conditions_stored(const struct conditions *set, const char *package)
{
    size_t place = package_index_find(&set->stored_index, set->stored, sizeof *set->stored, package);
    return place != PACKAGE_NOWHERE ? &set->stored[place] : NULL;
}

struct condition *condition_set_find(struct conditions *set, const char *package)
{
    size_t place = package_index_find(&set->index, set->items, sizeof *set->items, package);
    if (place == PACKAGE_NOWHERE)
        return NULL;
    set->items[place].changed = true;
    return &set->items[place];
}

/* Each heap may come to hold all of them: it grows when the array of items has. */
static bool grow_heaps(struct conditions *set)
{
    for (int clock = 0; clock < CONDITION_CLOCKS; clock++) {
        struct condition_due *entries = array_grow(set->due[clock].entries, set->count, sizeof *entries);
        if (entries == NULL)
            return false;
        set->due[clock].entries = entries;
    }
    return true;
}

static bool add_item(struct conditions *set, const char *package)
{
    struct condition *items = array_grow(set->items, set->count, sizeof *items);
    if (items == NULL)
        return false;
    set->items = items;
    if (array_is_full(set->count) && !grow_heaps(set))
        return false;
    struct condition *item = &items[set->count];
    *item = (struct condition){.changed = true};
    memcpy(item->package, package, strnlen(package, REPLICATION_PACKAGE - 1));
    if (!package_index_add(&set->index, items, sizeof *item, set->count))
        return false;
    set->count++;
    return true;
}

struct condition *condition_set_take(struct conditions *set, const char *package)
{
    struct condition *found = condition_set_find(set, package);
    if (found != NULL)
        return found;
    if (set->count >= CONDITIONS_MOST) {
        set->refused++;
        return NULL;
    }
    if (!add_item(set, package)) {
        set->failed = true;
        return NULL;
    }
    return &set->items[set->count - 1];
}

/* What is said of a link has no sign, and is kept as long as it tells why packages wait. */
static bool is_link(const struct conditions *set, const struct condition *condition)
{
    return strncmp(condition->package, REPLICATION_LINK, strlen(REPLICATION_LINK)) == 0 &&
           set->newest_s - condition->way_last_s <= CONDITION_LINK_S;
}

bool condition_set_drop_empty(struct conditions *set, struct condition *condition)
{
    if (is_link(set, condition))
        return false;
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (condition->sign[kind].last_s != 0)
            return false;
    const size_t place = (size_t)(condition - set->items), last = set->count - 1;
    condition_due_drop(set, condition);
    free_texts(condition);
    package_index_remove(&set->index, set->items, sizeof *condition, place);
    if (place != last) {
        package_index_move(&set->index, set->items, sizeof *condition, last, place);
        *condition = set->items[last];
        condition->changed = true;
        condition_due_moved(set, condition);
    }
    set->count--;
    set->removed = true;
    return true;
}

void condition_set_text(struct conditions *set, char **text, const char *line)
{
    if (line != NULL && *text != NULL && strcmp(*text, line) == 0)
        return;
    free(*text);
    *text = line != NULL && line[0] != '\0' ? strdup(line) : NULL;
    if (line != NULL && line[0] != '\0' && *text == NULL)
        set->failed = true;
}

static int by_time(const void *a, const void *b)
{
    const struct stored_version *one = a, *other = b;
    if (one->time_s != other->time_s)
        return one->time_s > other->time_s ? -1 : 1;
    return strcmp(one->package, other->package);
}

/* Make room by forgetting the oldest tenth: one at a time would cost the whole array at every line. */
static void drop_oldest_stored(struct conditions *set)
{
    qsort(set->stored, set->stored_count, sizeof *set->stored, by_time);
    set->stored_count -= set->stored_count / 10;
    set->stored_removed = true;
    package_index_clear(&set->stored_index);
    for (size_t i = 0; i < set->stored_count; i++)
        package_index_add(&set->stored_index, set->stored, sizeof *set->stored, i);
}

static struct stored_version *add_stored(struct conditions *set, const char *package)
{
    if (set->stored_count >= CONDITIONS_STORED)
        drop_oldest_stored(set);
    struct stored_version *versions = array_grow(set->stored, set->stored_count, sizeof *versions);
    if (versions == NULL)
        return NULL;
    set->stored = versions;
    struct stored_version *stored = &versions[set->stored_count];
    *stored = (struct stored_version){0};
    memcpy(stored->package, package, strnlen(package, REPLICATION_PACKAGE - 1));
    if (!package_index_add(&set->stored_index, versions, sizeof *stored, set->stored_count))
        return NULL;
    set->stored_count++;
    return stored;
}

static void drop_stored(struct conditions *set, size_t place)
{
    const size_t last = set->stored_count - 1, size = sizeof *set->stored;
    package_index_remove(&set->stored_index, set->stored, size, place);
    if (place != last) {
        package_index_move(&set->stored_index, set->stored, size, last, place);
        set->stored[place] = set->stored[last];
    }
    set->stored_count--;
    set->stored_removed = true;
}

void condition_set_stored(struct conditions *set, const char *package, int64_t version, int64_t time_s,
                          bool despooled)
{
    size_t place = package_index_find(&set->stored_index, set->stored, sizeof *set->stored, package);
    struct stored_version *stored = place != PACKAGE_NOWHERE ? &set->stored[place] : NULL;
    if (stored == NULL && version == 0)
        return;
    if (stored != NULL && time_s < stored->time_s)
        return;
    if (version == 0) { /* none is stored any more */
        drop_stored(set, place);
        return;
    }
    if (stored == NULL && (stored = add_stored(set, package)) == NULL) {
        set->failed = true;
        return;
    }
    stored->despooled = despooled || (stored->despooled && stored->version == version);
    stored->version = version;
    stored->time_s = time_s;
    stored->changed = true;
}

static void tell_ending(struct conditions *set, const struct condition *condition, enum condition_kind kind,
                        enum condition_end how, int64_t stored, int64_t time_s)
{
    const struct condition_sign *sign = &condition->sign[kind];
    if (!sign->open)
        return;
    if (set->ending_count < CONDITIONS_ENDINGS) {
        struct condition_ending *ending = &set->endings[set->ending_count];
        *ending = (struct condition_ending){.kind = kind, .how = how, .wanted = condition->wanted};
        memcpy(ending->package, condition->package, sizeof ending->package);
        ending->stored = stored;
        ending->first_s = sign->first_s;
        ending->time_s = time_s;
    }
    set->ending_count++;
}

void condition_set_end(struct conditions *set, struct condition *condition, enum condition_kind kind,
                       enum condition_end how, int64_t stored, int64_t time_s)
{
    struct condition_sign *sign = &condition->sign[kind];
    tell_ending(set, condition, kind, how, stored, time_s);
    free(sign->line);
    *sign = (struct condition_sign){0};
    condition->changed = true;
}

void condition_set_rest(struct conditions *set, struct condition *condition, enum condition_kind kind,
                        int64_t time_s)
{
    struct condition_sign *sign = &condition->sign[kind];
    if (!sign->open) {
        condition_set_end(set, condition, kind, CONDITION_NOT_REPEATED, 0, time_s);
        return;
    }
    tell_ending(set, condition, kind, CONDITION_NOT_REPEATED, 0, time_s);
    sign->open = false;
    condition->changed = true;
}

/* One more line of a kind. */
void condition_set_see(struct conditions *set, struct condition *condition, enum condition_kind kind,
                       const struct replication_event *event)
{
    struct condition_sign *sign = &condition->sign[kind];
    bool old = set->forget_s > 0 && event->time_s > sign->last_s + set->forget_s;
    if (sign->last_s != 0 && kind != CONDITION_BASE_MISSING && old)
        condition_set_end(set, condition, kind, CONDITION_FORGOTTEN, 0, event->time_s);
    if (sign->last_s == 0) {
        sign->first_s = sign->last_s = event->time_s;
        condition_set_text(set, &sign->line, event->line);
    } else {
        sign->repeats++;
        if (sign->component == event->component)
            sign->longest_gap_s = larger(sign->longest_gap_s, event->written_s - sign->written_s);
        const bool older = event->time_s < sign->first_s;
        if (older)
            sign->first_s = event->time_s;
        if (older || sign->line == NULL)
            condition_set_text(set, &sign->line, event->line);
        sign->last_s = larger(sign->last_s, event->time_s);
    }
    sign->component = event->component;
    sign->written_s = larger(event->written_s, set->written_s[event->component]);
    bool at_once = kind != CONDITION_SUPERSEDED && kind != CONDITION_FAILING;
    if (at_once || sign->last_s - sign->first_s >= APART_S)
        sign->open = true;
    condition_time_ask(set, condition);
}

static bool copy_texts(struct conditions *set, struct condition *item, const struct condition *given)
{
    item->failure = NULL;
    condition_set_text(set, &item->failure, given->failure);
    item->way = NULL;
    condition_set_text(set, &item->way, given->way);
    for (int kind = 0; kind < CONDITION_KINDS; kind++) {
        item->sign[kind].line = NULL;
        condition_set_text(set, &item->sign[kind].line, given->sign[kind].line);
    }
    return !set->failed;
}

int conditions_load(struct conditions *set, const struct condition *items, size_t count,
                    const struct stored_version *stored, size_t stored_count)
{
    if (count > CONDITIONS_MOST || stored_count > CONDITIONS_STORED)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct condition *item = condition_set_take(set, items[i].package);
        if (item == NULL)
            return -1;
        free_texts(item); /* the same package twice */
        *item = items[i];
        item->changed = true;
        if (!copy_texts(set, item, &items[i]))
            return -1;
    }
    for (size_t i = 0; i < stored_count; i++) {
        condition_set_stored(set, stored[i].package, stored[i].version, stored[i].time_s,
                             stored[i].despooled);
        if (set->failed)
            return -1;
    }
    set->due_known = false;
    for (int clock = 0; clock < CONDITION_CLOCKS; clock++)
        set->due[clock].count = 0;
    for (size_t i = 0; i < set->count; i++)
        memset(set->items[i].due_place, 0, sizeof set->items[i].due_place);
    return 0;
}

bool condition_open(const struct condition *condition)
{
    return condition_kinds(condition) != 0;
}

unsigned condition_kinds(const struct condition *condition)
{
    unsigned kinds = 0;
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (condition->sign[kind].open)
            kinds |= 1u << kind;
    return kinds;
}

int64_t condition_first_s(const struct condition *condition)
{
    int64_t first = 0;
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (condition->sign[kind].open && (first == 0 || condition->sign[kind].first_s < first))
            first = condition->sign[kind].first_s;
    return first;
}

int64_t condition_last_s(const struct condition *condition)
{
    int64_t last = 0;
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (condition->sign[kind].open && condition->sign[kind].last_s > last)
            last = condition->sign[kind].last_s;
    return last;
}

int64_t condition_repeats(const struct condition *condition)
{
    int64_t repeats = 0;
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (condition->sign[kind].open)
            repeats += condition->sign[kind].repeats;
    return repeats;
}

const char *condition_line(const struct condition *condition, enum condition_kind kind)
{
    return condition->sign[kind].line != NULL ? condition->sign[kind].line : "";
}

const char *condition_failure(const struct condition *condition)
{
    return condition->failure != NULL ? condition->failure : "";
}

const char *condition_kind_name(enum condition_kind kind)
{
    static const char *const names[CONDITION_KINDS] = {"waiting", "base_missing", "superseded", "failing",
                                                       "site"};
    return kind < CONDITION_KINDS ? names[kind] : "";
}
