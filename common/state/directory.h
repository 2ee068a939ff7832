/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_STATE_DIRECTORY_H
#define SMS_STATE_DIRECTORY_H

#include "base/failure.h"

#include <stdint.h>

/*
 * The state directory as the file system sees it: whether it is fit, how a file comes into it, and the
 * damaged files that are kept in it for whoever wants to look into them.
 */

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

/**
 * Make an empty file beside `path` to be filled and then given that name: the name itself never stands for a
 * half-made file. Journals of a database that was there before are removed; SQLite would play them into the
 * new one.
 *
 * @param[out] making  the other name, owned (free)
 * @return 0 or -1
 */
int statedir_begin_file(const char *path, char **making, struct failure *failure);

/** Give the filled file its name, on disk too. @return 0 or -1 */
int statedir_finish_file(const char *making, const char *path, struct failure *failure);

#endif
