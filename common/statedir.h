/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_STATEDIR_H
#define SMS_STATEDIR_H

#include "failure.h"

#include <stdint.h>

/* The state directory, and the damaged files that are kept in it for whoever wants to look into them. */

/**
 * Check that a directory is fit to hold state: exists, is no symbolic link, belongs to us or to root, is not
 * writable by everybody, and we can write it.
 *
 * @return its real path, owned (free), or NULL with what is wrong and how to put it right
 */
char *statedir_check(const char *directory, struct failure *failure);

/**
 * Rename a damaged state file to `<file>.damaged-<UTC>[-n]`, its journal with it; keep the five newest of
 * these.
 *
 * @param now    UTC seconds
 * @param[out] aside  the new path, owned (free)
 * @return 0 or -1
 */
int statedir_set_aside(const char *file, int64_t now, char **aside, struct failure *failure);

/** @return when the newest file was set aside, by the stamp in its name; 0 where there is none */
int64_t statedir_newest_damage(const char *file);

#endif
