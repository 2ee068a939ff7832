/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_HASH_H
#define SMS_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * 64 bits that tell accidental differences (file names of identities, damage in stored rows); no defence
 * against someone who looks for collisions. The value is stored on disk: it must never change.
 */

enum { HASH_START = 0 };

/** @return the hash of `bytes` behind everything that went into `before` (first call: HASH_START) */
uint64_t hash_add(uint64_t before, const void *bytes, size_t length);

/** Hash of a whole number, independent of the machine's byte order. */
uint64_t hash_add_integer(uint64_t before, int64_t integer);

/* Hash of many bytes, eight at a time; however they are cut into pieces. */
struct hash_stream {
    uint64_t lanes[4];
    unsigned char rest[32]; /* not hashed yet */
    uint64_t length;        /* of all bytes */
};

void hash_stream_begin(struct hash_stream *stream);
void hash_stream_add(struct hash_stream *stream, const void *bytes, size_t length);
uint64_t hash_stream_end(const struct hash_stream *stream);

/** @return the hash with every input bit spread over all output bits: call once, at the end */
uint64_t hash_end(uint64_t hash);

#endif
