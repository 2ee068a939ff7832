/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_FILES_LOCATION_H
#define SMS_FILES_LOCATION_H

#include "base/failure.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Locations (files/files.h) as words: nothing here touches what they name. */

/**
 * The one spelling of a location, so that the same place always names the same memory: a path is made
 * absolute and loses its `.`, doubled slashes and, of the working directory, its `..`; an smb:// URL stays as
 * it is. Links are not followed: the same path must name the same memory while its file system is away.
 *
 * @return owned (free); NULL with the operator's text
 */
char *location_absolute(const char *given, struct failure *failure);

/**
 * Sort locations and drop doubles.
 *
 * @param locations  each owned, as from location_absolute; doubles are freed
 * @return how many are left
 */
size_t location_sort(const char **locations, size_t count);

/** Append sorted locations as the identity of a memory (state/statefile.h), one a line. */
void location_add_identity(const char *const *locations, size_t count, struct text *identity);

/** @return the location of a name in a folder, encoded where the folder is an URL; owned (free); NULL: no
 * memory */
char *location_join(const char *folder, const char *name);

/** @return the folder that holds it; owned (free); NULL for a share, for "/", or when memory ran out */
char *location_parent(const char *location);

/** @return whether it is an smb:// URL */
bool location_is_smb(const char *location);

/** @return its last part; of an URL still encoded; borrowed from it */
const char *location_name(const char *location);

/** @return a name of an URL without its percent encoding; owned (free); NULL when memory ran out */
char *location_decode(const char *name);

#endif
