// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/hash.h"

/* FNV-1a: offset basis and prime as its authors publish them for 64 bits. */
static const uint64_t basis = 0xcbf29ce484222325;
static const uint64_t prime = 0x100000001b3;

uint64_t hash_add(uint64_t before, const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;
    uint64_t hash = before ^ basis;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ byte[i]) * prime;
    return hash ^ basis;
}

uint64_t hash_add_integer(uint64_t before, int64_t integer)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)integer >> (8 * i));
    return hash_add(before, bytes, sizeof bytes);
}

uint64_t hash_end(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15; /* 2^64 divided by the golden ratio, made odd */
    hash ^= hash >> 29;
    hash *= 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 32);
}
