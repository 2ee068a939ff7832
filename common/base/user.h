/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_USER_H
#define SMS_BASE_USER_H

#include <stddef.h>
#include <sys/types.h>

/**
 * The name of a user, for a message that says who needs a right: "nagios", or the number where the user has no entry.
 *
 * @param buffer  64 bytes are enough for every name that Debian allows
 * @return buffer
 */
const char *user_name(uid_t uid, char *buffer, size_t size);

/** The same of a group. */
const char *group_name(gid_t gid, char *buffer, size_t size);

#endif
