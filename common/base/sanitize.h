/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_SANITIZE_H
#define SMS_BASE_SANITIZE_H

#include "base/text.h"

/**
 * Append untrusted text (from a database, a log, a driver) so that no console can be misled by it: valid
 * UTF-8 only (U+FFFD for what is not, and for characters of private use), blanks for control characters, line breaks
 * and other separators, '/' for '|' (it would begin perfdata), U+2039 and U+203A for '<' and '>' (Icinga Web would take
 * the output for HTML), nothing that is not seen (zero width, tags, bidirectional controls). Runs of blanks become one;
 * blanks at both ends are dropped.
 *
 * @param string     NULL counts as ""
 * @param max_bytes  longer results end with "..." at a character boundary
 */
void text_add_clean(struct text *text, const char *string, size_t max_bytes);

/**
 * Append the first of many untrusted names: "a, b and 3 more".
 *
 * @param strings    at least the first `shown` of them; one that is NULL is "?"
 * @param count      of all
 * @param max_bytes  of one name
 */
void text_add_clean_list(struct text *text, const char *const *strings, size_t count, size_t shown,
                         size_t max_bytes);

#endif
