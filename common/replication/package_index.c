// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/package_index.h"

#include "base/hash.h"
#include "replication/event.h"

#include <stdlib.h>
#include <string.h>

static const char *package_at(const void *items, size_t size, size_t place)
{
    return (const char *)items + place * size;
}

static size_t home_of(const struct package_index *index, const char *padded)
{
    return (size_t)hash_end(hash_add(HASH_START, padded, strnlen(padded, REPLICATION_PACKAGE))) &
           (index->room - 1);
}

/* @return the slot that holds the package, or the free one where it would stand */
static size_t slot_of(const struct package_index *index, const void *items, size_t size, const char *padded)
{
    size_t slot = home_of(index, padded);
    while (index->slots[slot] != 0 &&
           memcmp(package_at(items, size, index->slots[slot] - 1), padded, REPLICATION_PACKAGE) != 0)
        slot = (slot + 1) & (index->room - 1);
    return slot;
}

size_t package_index_find(const struct package_index *index, const void *items, size_t size,
                          const char *package)
{
    char padded[REPLICATION_PACKAGE] = "";
    if (index->used == 0)
        return PACKAGE_NOWHERE;
    memcpy(padded, package, strnlen(package, REPLICATION_PACKAGE - 1));
    uint32_t place = index->slots[slot_of(index, items, size, padded)];
    return place != 0 ? place - 1 : PACKAGE_NOWHERE;
}

bool package_index_reserve(struct package_index *index, const void *items, size_t size, size_t count)
{
    if (count * 2 <= index->room)
        return true;
    struct package_index larger = {.room = index->room == 0 ? 64 : index->room * 2, .used = index->used};
    while (larger.room < count * 2)
        larger.room *= 2;
    larger.slots = calloc(larger.room, sizeof *larger.slots);
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < index->room; i++)
        if (index->slots[i] != 0)
            larger.slots[slot_of(&larger, items, size, package_at(items, size, index->slots[i] - 1))] =
                index->slots[i];
    free(index->slots);
    *index = larger;
    return true;
}

bool package_index_add(struct package_index *index, const void *items, size_t size, size_t place)
{
    if (!package_index_reserve(index, items, size, index->used + 1))
        return false;
    index->slots[slot_of(index, items, size, package_at(items, size, place))] = (uint32_t)place + 1;
    index->used++;
    return true;
}

void package_index_remove(struct package_index *index, const void *items, size_t size, size_t place)
{
    size_t hole = slot_of(index, items, size, package_at(items, size, place));
    /* What stands behind the hole, and would be found from its home no more, moves into it. */
    for (size_t next = hole;;) {
        index->slots[hole] = 0;
        size_t home;
        do {
            next = (next + 1) & (index->room - 1);
            if (index->slots[next] == 0) {
                index->used--;
                return;
            }
            home = home_of(index, package_at(items, size, index->slots[next] - 1));
        } while (((next - home) & (index->room - 1)) < ((next - hole) & (index->room - 1)));
        index->slots[hole] = index->slots[next];
        hole = next;
    }
}

void package_index_move(struct package_index *index, const void *items, size_t size, size_t from, size_t to)
{
    index->slots[slot_of(index, items, size, package_at(items, size, from))] = (uint32_t)to + 1;
}

void package_index_clear(struct package_index *index)
{
    if (index->room > 0)
        memset(index->slots, 0, index->room * sizeof *index->slots);
    index->used = 0;
}

void package_index_free(struct package_index *index)
{
    free(index->slots);
    *index = (struct package_index){0};
}
