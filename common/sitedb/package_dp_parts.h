/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_PACKAGE_DP_PARTS_H
#define SMS_SITEDB_PACKAGE_DP_PARTS_H

#include "sitedb/package_dp.h"

/*
 * The parts of the statements about distribution points, in the T-SQL of SQL Server 2000, which SQLite takes
 * as well. s is v_PackageStatusDistPointsSumm, p v_Package, d v_DistributionPoint. Only dpquery.c and
 * dpcount.c include this.
 */

/** "SELECT ..., ": what is read of a row, up to Ended */
void dp_add_columns(const struct sitedb *db, const struct dp_sources *sources, struct statement *statement);

/** ", m.MessageState, ...": the columns behind Ended */
void dp_add_message_columns(const struct dp_sources *sources, struct statement *statement);

/** " FROM ...". @param keep_without_package  rows whose package is gone have NULLs for it */
void dp_add_sources(const struct dp_sources *sources, bool keep_without_package, struct statement *statement);

/** " FROM v_DistributionPoint d WHERE ...": the DP of a row */
extern const char dp_same_dp[];

/** A condition on d: the package is to be on the DP, and somebody waits for it. */
void dp_add_live(const struct sitedb *db, const struct dp_selection *selection, struct statement *statement);

/**
 * " JOIN v_Site ... WHERE ...": the rows that are looked at.
 *
 * @param patterns  of dp_patterns, borrowed until the statement has run
 * @param first     a condition that leaves out most rows before the costly ones are asked, with " AND " at
 * its end, or ""
 */
void dp_add_conditions(const struct sitedb *db, const struct dp_selection *selection,
                       const struct text *patterns, const char *first, struct statement *statement);

/** @return a pattern of LIKE for each glob, owned (dp_patterns_free), NULL when memory ran out */
struct text *dp_patterns(const struct string_list *globs);
void dp_patterns_free(struct text *patterns, size_t count);

#endif
