/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_NUMBER_H
#define SMS_BASE_NUMBER_H

#include <stdint.h>

/** @return the larger of two */
static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/** No more than that: a time that a wrong clock put into the future becomes now. */
static inline void clamp(int64_t *number, int64_t most)
{
    if (*number > most)
        *number = most;
}

#endif
