/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_STRINGLIST_H
#define SMS_BASE_STRINGLIST_H

#include "base/failure.h"

#include <stddef.h>

struct string_list {
    const char **strings; /* owned by whoever made the list; of an option: by its arena */
    size_t count;
};

/**
 * Take a list apart at commas and blanks and hand its entries on, in their order.
 *
 * @param add  takes one entry, which it may change, and adds it to `target`; not 0 ends the walk
 * @return 0, or what `add` returned, or -1 when memory ran out
 */
int comma_list_each(const char *list, int (*add)(void *target, char *entry, struct failure *failure),
                    void *target, struct failure *failure);

#endif
