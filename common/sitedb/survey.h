/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_SURVEY_H
#define SMS_SITEDB_SURVEY_H

#include "base/failure.h"
#include "base/text.h"
#include "sitedb/sitedb.h"
#include "sitedb/statement.h"

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

/** Begin a statement for survey_add_dates: how one date column lies; FROM follows. */
void survey_select_dates(const char *column, struct statement *statement);

/**
 * How the dates of one column lie against the server's clock, read as UTC.
 *
 * @param name        what the line calls it
 * @param statement   one row; freed
 * @param when_ahead  words behind a newest date that lies ahead, or ""
 * @return 0 or -1
 */
int survey_add_dates(const struct sitedb *db, const char *name, struct statement *statement,
                     const char *when_ahead, struct text *output, struct failure *failure);

/** Append the heading of the dates, with the server's clock. */
void survey_add_clock(const struct sitedb *db, struct text *output);

/** Append which columns the database has, of those that some products lack. */
void survey_add_columns(const struct sitedb *db, struct text *output);

/** Append how many sites there are, and which are not active. */
void survey_add_sites(const struct sitedb *db, struct text *output);

#endif
