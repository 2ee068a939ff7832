// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/stringlist.h"

#include <stdlib.h>
#include <string.h>

int comma_list_each(const char *list, int (*add)(void *target, char *entry, struct failure *failure),
                    void *target, struct failure *failure)
{
    char *copy = strdup(list);
    if (copy == NULL)
        return fail(failure, "out of memory");
    int result = 0;
    char *rest = copy;
    for (char *entry = strtok_r(copy, ", ", &rest); entry != NULL && result == 0;
         entry = strtok_r(NULL, ", ", &rest))
        result = add(target, entry, failure);
    free(copy);
    return result;
}
