/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_PACKAGEID_H
#define SMS_BASE_PACKAGEID_H

#include "base/ascii.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * A package ID: three characters of the owning site's code and five hex digits (digits only happen); SMS 1.x
 * had ten characters with an underscore. Tolerant: 8 to 10 letters, digits or underscores, at least one
 * digit.
 *
 * @return the length of the ID that the text begins with, 0: there is none
 */
static inline size_t package_id_length(const char *text, size_t length)
{
    enum { SHORTEST = 8, LONGEST = 10 };
    size_t at = 0;
    bool digit = false;
    for (; at < length && at <= LONGEST && ascii_in(&ascii_words, text[at]); at++)
        digit |= ascii_is_digit(text[at]);
    return at >= SHORTEST && at <= LONGEST && digit ? at : 0;
}

#endif
