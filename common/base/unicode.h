/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_UNICODE_H
#define SMS_BASE_UNICODE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * UTF-8 and UTF-16 without the locale: under NRPE's empty environment the C library knows only ASCII. The
 * strict forms of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
 */

#define UTF_REPLACEMENT 0xFFFDu

/**
 * Decode the character at the start of `bytes`.
 *
 * @param[out] character  the code point, UTF_REPLACEMENT for what is no valid UTF-8
 * @return bytes taken, 1 to 4; where they are invalid the longest piece that began a character (Unicode 3.9,
 * "maximal subpart"), so that one cut character becomes one replacement; 0 only when `length` is 0
 */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *character);

/** @return whether all of it is valid UTF-8 (a NUL byte is valid) */
bool utf8_valid(const char *bytes, size_t length);

/** Append one character as UTF-8; surrogates and values above U+10FFFF become U+FFFD. */
void utf8_append(struct text *text, uint32_t character);

/** Append bytes, with U+FFFD for what is no valid UTF-8. */
void utf8_append_clean(struct text *text, const char *bytes, size_t length);

/** Append UTF-16 units in the machine's byte order as UTF-8, with U+FFFD for each unpaired surrogate. */
void utf8_append_utf16(struct text *text, const uint16_t *units, size_t count);

/**
 * Write UTF-8 as UTF-16 units; invalid bytes become U+FFFD.
 *
 * @param[out] units  room for `length` units, which is always enough; no terminating 0 is written
 * @return units written
 */
size_t utf16_from_utf8(const char *bytes, size_t length, uint16_t *units);

#endif
