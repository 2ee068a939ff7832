/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_SECRETFILE_H
#define SMS_BASE_SECRETFILE_H

#include "base/failure.h"
#include "base/text.h"

/**
 * Append the first line of a file, without its line end and a byte order mark.
 *
 * @return 0, or -1: unreadable, no regular file, readable by others, first line empty or not UTF-8
 */
int password_file_read(const char *path, struct text *password, struct failure *failure);

/** Overwrite and free a text that held a secret. */
void text_wipe(struct text *secret);

#endif
