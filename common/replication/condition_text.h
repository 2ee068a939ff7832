/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_CONDITION_TEXT_H
#define SMS_REPLICATION_CONDITION_TEXT_H

#include "base/text.h"
#include "replication/conditions.h"

#include <stdbool.h>

/*
 * A condition as a line of UTF-8: its package and then what is known of it, `name=value` behind TABs. What is zero or
 * empty is left out; a name that is not known is passed over.
 * A stored version is package, version and time in UTC seconds behind TABs.
 */

/** Append one line, with its line feed. */
void condition_text_write(const struct condition *condition, struct text *out);
void condition_text_write_stored(const struct stored_version *stored, struct text *out);

/**
 * Put what a line says into a set, as not changed.
 *
 * @param text  up to `end`, without the line feed
 * @return false: the line makes no sense, or memory ran out (set->failed)
 */
bool condition_text_read(struct conditions *set, const char *text, const char *end);
bool condition_text_read_stored(struct conditions *set, const char *text, const char *end);

#endif
