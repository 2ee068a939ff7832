// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/memory.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct inbox_file *)a)->name, ((const struct inbox_file *)b)->name);
}

struct inbox_file *inbox_memory_find(const struct inbox_memory *memory, const char *name)
{
    const struct inbox_file wanted = {.name = (char *)name};
    return memory->count == 0
               ? NULL
               : bsearch(&wanted, memory->files, memory->count, sizeof *memory->files, by_name);
}

void inbox_files_sort(struct inbox_file *files, size_t count)
{
    if (count > 1)
        qsort(files, count, sizeof *files, by_name);
}

/* No number of ours is below 0. */
static void bound(int64_t *number, int64_t most)
{
    clamp(number, most);
    if (*number < 0)
        *number = 0;
}

bool inbox_memory_clamp(struct inbox_memory *memory, int64_t now)
{
    const bool back = memory->looked > now + INBOX_CLOCK_STEP_S;
    bound(&memory->looked, now);
    bound(&memory->moved, now);
    bound(&memory->quiet, now);
    bound(&memory->floor, now);
    for (size_t i = 0; i < memory->count; i++) {
        bound(&memory->files[i].start, now);
        bound(&memory->files[i].over_since, now);
        bound(&memory->files[i].over_last, now);
        bound(&memory->files[i].passed_since, now);
        bound(&memory->files[i].overtaken, INT32_MAX);
        bound(&memory->files[i].rewritten, INT32_MAX);
    }
    return back;
}

void inbox_memory_free(struct inbox_memory *memory)
{
    for (size_t i = 0; i < memory->count; i++)
        free(memory->files[i].name);
    free(memory->files);
    free(memory->moved_name);
    *memory = (struct inbox_memory){0};
}
