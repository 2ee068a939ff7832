// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/condition_set.h"

/*
 * A binary heap a clock. A condition that is repeated is due later than its entry says: the entry stays, is
 * looked at when its time comes, and asked for anew. So a repeat costs nothing here.
 */

static void put(struct conditions *set, enum condition_clock clock, size_t place, struct condition_due entry)
{
    set->due[clock].entries[place] = entry;
    set->items[entry.item].due_place[clock] = (uint32_t)place + 1;
}

/* Bring an entry to its place, from a free one. */
static void sift(struct conditions *set, enum condition_clock clock, size_t place, struct condition_due entry)
{
    const struct condition_heap *heap = &set->due[clock];
    while (place > 0 && heap->entries[(place - 1) / 2].at_s > entry.at_s) {
        put(set, clock, place, heap->entries[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (size_t child; (child = 2 * place + 1) < heap->count; place = child) {
        if (child + 1 < heap->count && heap->entries[child + 1].at_s < heap->entries[child].at_s)
            child++;
        if (heap->entries[child].at_s >= entry.at_s)
            break;
        put(set, clock, place, heap->entries[child]);
    }
    put(set, clock, place, entry);
}

static void take_out(struct conditions *set, enum condition_clock clock, struct condition *condition)
{
    struct condition_heap *heap = &set->due[clock];
    const size_t place = condition->due_place[clock] - 1;
    condition->due_place[clock] = 0;
    heap->count--;
    if (place < heap->count)
        sift(set, clock, place, heap->entries[heap->count]);
}

void condition_due_at(struct conditions *set, struct condition *condition, enum condition_clock clock,
                      int64_t at_s)
{
    struct condition_heap *heap = &set->due[clock];
    const struct condition_due entry = {at_s, (uint32_t)(condition - set->items)};
    if (condition->due_place[clock] == 0)
        sift(set, clock, heap->count++, entry);
    else if (at_s < heap->entries[condition->due_place[clock] - 1].at_s)
        sift(set, clock, condition->due_place[clock] - 1, entry);
}

struct condition *condition_due_next(struct conditions *set, enum condition_clock clock, int64_t now_s)
{
    const struct condition_heap *heap = &set->due[clock];
    if (heap->count == 0 || heap->entries[0].at_s > now_s)
        return NULL;
    struct condition *condition = &set->items[heap->entries[0].item];
    take_out(set, clock, condition);
    return condition;
}

void condition_due_drop(struct conditions *set, struct condition *condition)
{
    for (int clock = 0; clock < CONDITION_CLOCKS; clock++)
        if (condition->due_place[clock] != 0)
            take_out(set, (enum condition_clock)clock, condition);
}

void condition_due_moved(struct conditions *set, const struct condition *condition)
{
    for (int clock = 0; clock < CONDITION_CLOCKS; clock++)
        if (condition->due_place[clock] != 0)
            set->due[clock].entries[condition->due_place[clock] - 1].item =
                (uint32_t)(condition - set->items);
}
