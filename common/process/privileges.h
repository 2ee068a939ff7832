/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_PROCESS_PRIVILEGES_H
#define SMS_PROCESS_PRIVILEGES_H

#include "base/failure.h"

/**
 * Started as root, become the owner of the state directory, for good: user, groups, HOME, USER and LOGNAME.
 * So one test run with sudo leaves no file behind that locks the monitoring user out. Does nothing when not
 * root, when root owns the directory, or when there is no such directory (statefile_open explains that). Call
 * it before any file is opened.
 *
 * @return 0, or -1 when the identity could not be taken in full: the process must then end
 */
int identity_take_owner(const char *state_directory, struct failure *failure);

#endif
