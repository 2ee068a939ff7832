/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_INBOX_MISSING_H
#define SMS_INBOX_MISSING_H

#include "base/failure.h"
#include "files/files.h"

/**
 * A box is not there: say which folders are, so that a wrong path is put right at a glance. "F: no such folder; there
 * is SCHEDULE.BOX beside it", or what the nearest folder holds that is there.
 *
 * @return always -1
 */
int inbox_fail_missing(struct bytestore *store, const char *location, struct failure *failure);

#endif
