// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/array.h"

#include <stdlib.h>

enum { FIRST_ROOM = 16 }; /* a power of two */

bool array_is_full(size_t count)
{
    return count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);
}

void *array_grow(void *array, size_t count, size_t size)
{
    if (!array_is_full(count))
        return array;
    if (count == 0)
        return reallocarray(array, FIRST_ROOM, size);
    return reallocarray(array, count, 2 * size); /* this product is the one that may overflow */
}
