/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_SECRETFILE_H
#define SMS_BASE_SECRETFILE_H

#include "base/failure.h"
#include "base/text.h"

#include <sys/types.h>

/**
 * Open a file that holds a secret.
 *
 * @param what  what it is for the operator: "password file"
 * @return a descriptor, the caller's; -1: unreadable, no regular file, open to others
 */
int secret_file_open(const char *path, const char *what, struct failure *failure);

/** @return 0, or -1 when the mode gives every user any right on the file with a secret */
int secret_file_closed(mode_t mode, const char *path, const char *what, struct failure *failure);

/**
 * Append the first line of a file, without its line end and a byte order mark.
 *
 * @return 0, or -1: unreadable, no regular file, open to others, first line empty or not UTF-8
 */
int password_file_read(const char *path, struct text *password, struct failure *failure);

/** Overwrite and free a text that held a secret. */
void text_wipe(struct text *secret);

#endif
