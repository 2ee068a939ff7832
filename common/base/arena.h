/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_ARENA_H
#define SMS_BASE_ARENA_H

#include <stddef.h>

/*
 * Many small allocations with one owner and one end. Start with `struct arena a = {0}`. What is freed is
 * overwritten first, because option values may be passwords.
 */
struct arena_block;

struct arena {
    struct arena_block *blocks; /* owned */
};

/** @return zeroed memory, owned by the arena, or NULL when memory ran out */
void *arena_allocate(struct arena *arena, size_t size);

/** @return a NUL-terminated copy, owned by the arena, or NULL when memory ran out */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);

void arena_free(struct arena *arena);

#endif
