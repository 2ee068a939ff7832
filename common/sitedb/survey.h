/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_SURVEY_H
#define SMS_SITEDB_SURVEY_H

#include "base/failure.h"
#include "base/text.h"
#include "sitedb/sitedb.h"

/**
 * What a site database holds, for an administrator who must choose a rule and a clock in one minute: the
 * distribution of (Status, version relation), how the dates lie against the server's clock, and the product's
 * columns.
 *
 * @param[out] output  many lines; the first one says what it is
 * @return 0 or -1
 */
int survey_write(const struct sitedb *db, struct text *output, struct failure *failure);

/* Parts that every survey has. */
void survey_add_clock(const struct sitedb *db, struct text *output);
void survey_add_columns(const struct sitedb *db, struct text *output);
void survey_add_sites(const struct sitedb *db, struct text *output);

#endif
