/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_PACKAGE_INDEX_H
#define SMS_REPLICATION_PACKAGE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where a package's element is in an array whose elements begin with their package,
 * char[REPLICATION_PACKAGE], padded with zeros: one look, however many there are. The array is the owner's;
 * the index holds places only. Start with zeros.
 */
struct package_index {
    uint32_t *slots; /* owned; place + 1, 0: free; a power of two of them, at most half of them used */
    size_t room, used;
};

#define PACKAGE_NOWHERE SIZE_MAX

/** @return the element's place in `items`, PACKAGE_NOWHERE when there is none */
size_t package_index_find(const struct package_index *index, const void *items, size_t size,
                          const char *package);

/** Make room for so many elements at once. @return false without memory */
bool package_index_reserve(struct package_index *index, const void *items, size_t size, size_t count);

/** The element at `place`, whose package is not in the index, has come. @return false without memory */
bool package_index_add(struct package_index *index, const void *items, size_t size, size_t place);

/** The element at `place` goes; before it is overwritten. */
void package_index_remove(struct package_index *index, const void *items, size_t size, size_t place);

/** The element at `from` is going to be at `to`; before its bytes at `from` change. */
void package_index_move(struct package_index *index, const void *items, size_t size, size_t from, size_t to);

/** Forget all places; the room stays. */
void package_index_clear(struct package_index *index);

void package_index_free(struct package_index *index);

#endif
