/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_TEST_DICE_H
#define SMS_TEST_DICE_H

#include <stdint.h>

/** xorshift: the same throws on every machine. @return 0 to below - 1; the seed is not 0 */
static inline uint32_t dice_throw(uint64_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)((*seed >> 11) % below);
}

#endif
