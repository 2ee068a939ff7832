/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_ASCII_H
#define SMS_BASE_ASCII_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What kind of character a byte of a log is, whatever the locale. Without a branch: which digit comes next in
 * a thread ID or a package ID cannot be foretold.
 */

/** A set of ASCII characters: a bit for each. */
struct ascii_set {
    uint64_t bits[2];
};

static const struct ascii_set ascii_hex_digits = {
    {UINT64_C(0x03FF000000000000), UINT64_C(0x0000007E0000007E)}};
/* Letters, digits and `_` */
static const struct ascii_set ascii_words = {{UINT64_C(0x03FF000000000000), UINT64_C(0x07FFFFFE87FFFFFE)}};

/** @return whether the byte is one of a set; those from 128 on are in none */
static inline bool ascii_in(const struct ascii_set *set, char c)
{
    const unsigned char place = (unsigned char)c;
    return place < 128 && (set->bits[place / 64] >> place % 64 & 1) != 0;
}

/** @return whether the byte is 0 to 9 */
static inline bool ascii_is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/** Of one of ascii_hex_digits. */
static inline unsigned ascii_hex_value(char c)
{
    return ((unsigned)c & 15) + ((unsigned)c >> 6 & 1) * 9;
}

#endif
