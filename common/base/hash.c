// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/hash.h"

#include <endian.h>
#include <string.h>

/* FNV-1a: offset basis and prime as its authors publish them for 64 bits. */
static const uint64_t basis = 0xcbf29ce484222325;
static const uint64_t prime = 0x100000001b3;
/* 2^64 divided by the golden ratio, and by the square root of two, made odd: their bits are as good as random. */
static const uint64_t golden = 0x9e3779b97f4a7c15, root = 0xb504f333f9de6485;

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
    hash *= golden;
    hash ^= hash >> 29;
    hash *= golden;
    return hash ^ (hash >> 32);
}

enum { BLOCK = 32 };

static uint64_t turned(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

/* Four lanes, because a multiplication takes longer than it keeps the processor busy. */
static void add_block(struct hash_stream *stream, const unsigned char *bytes)
{
    for (int i = 0; i < 4; i++) {
        uint64_t word;
        memcpy(&word, bytes + i * sizeof word, sizeof word);
        word = le64toh(word);
        stream->lanes[i] = turned((stream->lanes[i] ^ word) * golden, 29) * root;
    }
}

void hash_stream_begin(struct hash_stream *stream)
{
    *stream = (struct hash_stream){.lanes = {basis, golden, root, prime}};
}

void hash_stream_add(struct hash_stream *stream, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    size_t held = stream->length % BLOCK;
    stream->length += length;
    if (held > 0) {
        size_t taken = BLOCK - held < length ? BLOCK - held : length;
        memcpy(stream->rest + held, at, taken);
        at += taken;
        length -= taken;
        if (held + taken < BLOCK)
            return;
        add_block(stream, stream->rest);
    }
    for (; length >= BLOCK; at += BLOCK, length -= BLOCK)
        add_block(stream, at);
    memcpy(stream->rest, at, length);
}

uint64_t hash_stream_end(const struct hash_stream *stream)
{
    struct hash_stream last = *stream;
    memset(last.rest + last.length % BLOCK, 0, BLOCK - last.length % BLOCK);
    add_block(&last, last.rest);
    uint64_t hash = last.length;
    for (int i = 0; i < 4; i++)
        hash = (hash ^ hash_end(last.lanes[i])) * golden;
    return hash_end(hash);
}
