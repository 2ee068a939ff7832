/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIRWATCH_H
#define SMS_REPAIRWATCH_H

#include "repair.h"
#include "sitedb.h"

/**
 * Ask the memory of check_sms_packages how long it has seen the trouble, without touching it: `watched_s`, or
 * `not_watched`. The identity must be the same: same server and database options, same owning site.
 *
 * @param directory  the checks' state directory
 */
void repair_watch(const struct sitedb *db, const struct odbc_settings *settings, const char *directory,
                  struct repair_view *view);

#endif
