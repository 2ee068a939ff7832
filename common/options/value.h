/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_OPTIONS_VALUE_H
#define SMS_OPTIONS_VALUE_H

#include "base/arena.h"
#include "options/options.h"

/**
 * Give a target the value that it has before anything is parsed: false, 0, NULL, an empty list, no range,
 * choice -1.
 */
void option_reset(const struct option *option, void *target);

/**
 * Parse a value into its target. Lists and counts add up, all other types are replaced.
 *
 * @param value  NULL for an option that is given without one
 * @return 0, or -1 with what is wrong with the value and what would be right; a secret's value is never in it
 */
int option_assign(const struct option *option, void *target, const char *value, struct arena *arena,
                  struct failure *failure);

#endif
