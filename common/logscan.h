/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGSCAN_H
#define SMS_LOGSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>

/* The bytes among 16 that are `$` or a line end: 0xFF each. */
static inline __m128i log_scan_hits(const char *bytes)
{
    const __m128i sixteen = _mm_loadu_si128((const __m128i *)(const void *)bytes);
    return _mm_or_si128(_mm_cmpeq_epi8(sixteen, _mm_set1_epi8('$')),
                        _mm_cmpeq_epi8(sixteen, _mm_set1_epi8('\n')));
}
#endif

/** memcmp(one, other, length) == 0 for 16 bytes or more, where a call would cost more than the bytes */
static inline bool log_same_bytes(const char *one, const char *other, size_t length)
{
#ifdef __SSE2__
    __m128i same = _mm_set1_epi8(-1);
    for (size_t at = 0;; at += 16) {
        if (at > length - 16)
            at = length - 16;
        const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(one + at));
        const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(other + at));
        same = _mm_and_si128(same, _mm_cmpeq_epi8(a, b));
        if (at == length - 16)
            return _mm_movemask_epi8(same) == 0xFFFF;
    }
#else
    return memcmp(one, other, length) == 0;
#endif
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
