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
    /* The eight bytes, the low one first. Zero bytes at the end only multiply, so they are one step: a power of the prime. */
    static const uint64_t powers[9] = {1,
                                       0x100000001b3,
                                       0x366000002e329,
                                       0x8a97b0004e7feab,
                                       0x9ffaac085635bc91,
                                       0xcaee32a7d4f6a63,
                                       0xdc966432edf1c639,
                                       0xc5527b8a51d3d2db,
                                       0x1efac7090aef4a21};
    uint64_t hash = before ^ basis, rest = (uint64_t)integer;
    int left = 8;
    for (; rest != 0; rest >>= 8, left--)
        hash = (hash ^ (rest & 0xff)) * prime;
    return (hash * powers[left]) ^ basis;
}

uint64_t hash_end(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15; /* 2^64 divided by the golden ratio, made odd */
    hash ^= hash >> 29;
    hash *= 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 32);
}
