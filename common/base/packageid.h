/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_PACKAGEID_H
#define SMS_BASE_PACKAGEID_H

#include "base/ascii.h"

#include <stdbool.h>
#include <stddef.h>

/* What stands behind its eight digits goes on as a GUID does: "-4DA1-". */
static inline bool package_id_is_guid(const char *behind, const char *end)
{
    enum { PART = 4 };
    if (end - behind < PART + 2 || behind[0] != '-' || behind[PART + 1] != '-')
        return false;
    for (int i = 1; i <= PART; i++)
        if (!ascii_in(&ascii_hex_digits, behind[i]))
            return false;
    return true;
}

/**
 * A package ID: three characters of the owning site's code and five hexadecimal digits, "CEN0000E", "61000012"; before SMS
 * 2.0 the code was followed by seven, "W_M0200024". At least one of all is a digit: else every word of eight letters up to
 * F would be one. The first part of a GUID, as contents have since 2012, is none.
 *
 * @return the length of the ID that the text begins with, 0: there is none
 */
static inline size_t package_id_length(const char *text, size_t length)
{
    enum { CODE = 3, SHORT = 8, LONG = 10 };
    size_t at = 0;
    bool digit = false;
    for (; at < length && at <= LONG && ascii_in(at < CODE ? &ascii_words : &ascii_hex_digits, text[at]);
         at++)
        digit |= ascii_is_digit(text[at]);
    const bool ends =
        at == length || (!ascii_in(&ascii_words, text[at]) && !package_id_is_guid(text + at, text + length));
    return ends && digit && (at == SHORT || (at == LONG && text[1] == '_')) ? at : 0;
}

#endif
