// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/condition_set.h"

#include <stdlib.h>
#include <string.h>

/* Both element types begin with the package. */
static size_t place_of(const void *items, size_t count, size_t size, const char *package, bool *found)
{
    size_t low = 0, high = count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(package, (const char *)items + middle * size);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Open a zeroed gap at `place`. @return false without memory */
static bool open_gap(void **items, size_t *count, size_t *capacity, size_t size, size_t place)
{
    if (*count == *capacity) {
        size_t more = *capacity == 0 ? 16 : *capacity * 2;
        void *larger = realloc(*items, more * size);
        if (larger == NULL)
            return false;
        *items = larger;
        *capacity = more;
    }
    char *gap = (char *)*items + place * size;
    memmove(gap + size, gap, (*count - place) * size);
    memset(gap, 0, size);
    ++*count;
    return true;
}

_Static_assert(offsetof(struct condition, package) == 0, "place_of compares the first member");
_Static_assert(offsetof(struct stored_version, package) == 0, "place_of compares the first member");

void conditions_init(struct conditions *set, int64_t forget_s)
{
    *set = (struct conditions){.forget_s = forget_s};
}

void conditions_free(struct conditions *set)
{
    free(set->items);
    free(set->stored);
    conditions_init(set, set->forget_s);
}

struct condition *condition_set_find(struct conditions *set, const char *package)
{
    bool found;
    size_t place = place_of(set->items, set->count, sizeof *set->items, package, &found);
    return found ? &set->items[place] : NULL;
}

const struct condition *conditions_find(const struct conditions *set, const char *package)
{
    bool found;
    size_t place = place_of(set->items, set->count, sizeof *set->items, package, &found);
    return found ? &set->items[place] : NULL;
}

const struct stored_version *conditions_stored(const struct conditions *set, const char *package)
{
    bool found;
    size_t place = place_of(set->stored, set->stored_count, sizeof *set->stored, package, &found);
    return found ? &set->stored[place] : NULL;
}

struct condition *condition_set_take(struct conditions *set, const char *package)
{
    bool found;
    size_t place = place_of(set->items, set->count, sizeof *set->items, package, &found);
    if (found)
        return &set->items[place];
    if (set->count >= CONDITIONS_MOST) {
        set->refused++;
        return NULL;
    }
    void *items = set->items;
    bool opened = open_gap(&items, &set->count, &set->item_capacity, sizeof *set->items, place);
    set->items = items;
    if (!opened) {
        set->failed = true;
        return NULL;
    }
    memcpy(set->items[place].package, package, strnlen(package, REPLICATION_PACKAGE - 1));
    return &set->items[place];
}

bool condition_set_drop_empty(struct conditions *set, struct condition *condition)
{
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (condition->sign[kind].last_s != 0)
            return false;
    size_t place = (size_t)(condition - set->items);
    memmove(condition, condition + 1, (set->count - place - 1) * sizeof *condition);
    set->count--;
    return true;
}

/* Make room by forgetting the oldest tenth: searching for the single oldest at every line would take long. */
static void drop_oldest_stored(struct conditions *set)
{
    int64_t oldest = INT64_MAX, newest = INT64_MIN;
    for (size_t i = 0; i < set->stored_count; i++) {
        if (set->stored[i].time_s < oldest)
            oldest = set->stored[i].time_s;
        if (set->stored[i].time_s > newest)
            newest = set->stored[i].time_s;
    }
    size_t kept = 0;
    int64_t limit = oldest + (newest - oldest) / 10;
    for (size_t i = 0; i < set->stored_count; i++)
        if (set->stored[i].time_s > limit)
            set->stored[kept++] = set->stored[i];
    set->stored_count = kept;
}

void condition_set_stored(struct conditions *set, const char *package, int64_t version, int64_t time_s)
{
    bool found;
    size_t place = place_of(set->stored, set->stored_count, sizeof *set->stored, package, &found);
    if (!found) {
        if (version == 0)
            return;
        if (set->stored_count >= CONDITIONS_STORED) {
            drop_oldest_stored(set);
            place = place_of(set->stored, set->stored_count, sizeof *set->stored, package, &found);
        }
        void *stored = set->stored;
        bool opened =
            open_gap(&stored, &set->stored_count, &set->stored_capacity, sizeof *set->stored, place);
        set->stored = stored;
        if (!opened) {
            set->failed = true;
            return;
        }
        memcpy(set->stored[place].package, package, strnlen(package, REPLICATION_PACKAGE - 1));
    } else if (time_s < set->stored[place].time_s) {
        return;
    }
    set->stored[place].version = version;
    set->stored[place].time_s = time_s;
}

void condition_set_end(struct conditions *set, struct condition *condition, enum condition_kind kind,
                       enum condition_end how, int64_t stored, int64_t time_s)
{
    struct condition_sign *sign = &condition->sign[kind];
    if (sign->open) {
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
    *sign = (struct condition_sign){0};
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
        *item = items[i];
    }
    for (size_t i = 0; i < stored_count; i++) {
        condition_set_stored(set, stored[i].package, stored[i].version, stored[i].time_s);
        if (set->failed)
            return -1;
    }
    set->due_newest_s = 0;
    memset(set->due_written_s, 0, sizeof set->due_written_s);
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

const char *condition_kind_name(enum condition_kind kind)
{
    static const char *const names[CONDITION_KINDS] = {"waiting", "base_missing", "superseded"};
    return kind < CONDITION_KINDS ? names[kind] : "";
}
