/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGSCAN_H
#define SMS_LOGSCAN_H

#include <stddef.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/** @return the first `$` or line end in [from, end), NULL when there is none; both at once, because a log is
 * read line by line */
static inline const char *log_scan(const char *from, const char *end)
{
#ifdef __SSE2__
    const __m128i dollar = _mm_set1_epi8('$'), line_end = _mm_set1_epi8('\n');
    for (; end - from >= 16; from += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);
        __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, dollar), _mm_cmpeq_epi8(bytes, line_end));
        unsigned mask = (unsigned)_mm_movemask_epi8(hits);
        if (mask != 0)
            return from + __builtin_ctz(mask);
    }
#endif
    for (; from < end; from++)
        if (*from == '$' || *from == '\n')
            return from;
    return NULL;
}

#endif
