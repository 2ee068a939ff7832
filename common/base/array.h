/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_ARRAY_H
#define SMS_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Make room for one more element, for arrays that grow by nothing else: 16 elements at first, then twice as
 * many whenever they are full, so that the count alone tells the capacity. Elements may be taken off; some of
 * their room is given back with the next that comes.
 *
 * @param array  owned by the caller, or NULL with a count of 0
 * @param size   of an element, in bytes
 * @return the array with room for element `count`, not zeroed; NULL when memory ran out, and then the old
 * array is still the caller's
 */
void *array_grow(void *array, size_t count, size_t size);

/** @return will array_grow change an array of so many elements? Others that keep in step with it are to grow then. */
bool array_is_full(size_t count);

#endif
