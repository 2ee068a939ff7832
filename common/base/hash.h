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

/** @return the hash with every input bit spread over all output bits: call once, at the end */
uint64_t hash_end(uint64_t hash);

#endif
