/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_SCAN_H
#define SMS_LOGS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>

static inline __m128i log_scan_load(const char *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

/* The bytes among 16 that are the same: 0xFF each. */
static inline __m128i log_scan_same(const char *one, const char *other)
{
    return _mm_cmpeq_epi8(log_scan_load(one), log_scan_load(other));
}

/* The bytes among 16 that are `$` or a line end: 0xFF each. */
static inline __m128i log_scan_hits(const char *bytes)
{
    const __m128i sixteen = log_scan_load(bytes);
    return _mm_or_si128(_mm_cmpeq_epi8(sixteen, _mm_set1_epi8('$')),
                        _mm_cmpeq_epi8(sixteen, _mm_set1_epi8('\n')));
}
#endif

/** memcmp(one, other, length) == 0, without a call for 32 to 64 bytes: the length of a tail's beginning */
static inline bool log_same_bytes(const char *one, const char *other, size_t length)
{
#ifdef __SSE2__
    if (length >= 32 && length <= 64) {
        const __m128i front = _mm_and_si128(log_scan_same(one, other), log_scan_same(one + 16, other + 16));
        const __m128i back = _mm_and_si128(log_scan_same(one + length - 32, other + length - 32),
                                           log_scan_same(one + length - 16, other + length - 16));
        return _mm_movemask_epi8(_mm_and_si128(front, back)) == 0xFFFF;
    }
#endif
    return memcmp(one, other, length) == 0;
}

/** @return the first `$` or line end in [from, end), NULL when there is none; both at once, because a log is
 * read line by line */
static inline const char *log_scan(const char *from, const char *end)
{
#ifdef __SSE2__
    for (; end - from >= 64; from += 64) {
        const __m128i a = log_scan_hits(from), b = log_scan_hits(from + 16);
        const __m128i c = log_scan_hits(from + 32), d = log_scan_hits(from + 48);
        if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d))) == 0)
            continue;
        const uint32_t low = (unsigned)_mm_movemask_epi8(a) | (unsigned)_mm_movemask_epi8(b) << 16;
        const uint32_t high = (unsigned)_mm_movemask_epi8(c) | (unsigned)_mm_movemask_epi8(d) << 16;
        return from + __builtin_ctzll((uint64_t)high << 32 | low);
    }
#endif
    for (; from < end; from++)
        if (*from == '$' || *from == '\n')
            return from;
    return NULL;
}

#endif
