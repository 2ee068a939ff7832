/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_WATCHED_H
#define SMS_REPAIR_WATCHED_H

#include "repair/repair.h"
#include "sitedb/sitedb.h"

/**
 * Ask the memory of check_sms_packages how long it has seen the trouble, without touching it: `watched_s`, or
 * `not_watched`. The identity must be the same: same server and database options, same owning site.
 *
 * @param directory  the checks' state directory
 */
void repair_watch(const struct sitedb *db, const struct odbc_settings *settings, const char *directory,
                  struct repair_view *view);

#endif
