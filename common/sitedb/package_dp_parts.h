/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_PACKAGE_DP_PARTS_H
#define SMS_SITEDB_PACKAGE_DP_PARTS_H

#include "sitedb/package_dp.h"

/*
 * The parts of the statements about distribution points, in the T-SQL of SQL Server 2000, which SQLite takes
 * as well. s is v_PackageStatusDistPointsSumm, p v_Package, d v_DistributionPoint, m
 * vSMS_DistributionDPStatus, i v_Site. Only package_dp_*.c include this.
 */

/** "SELECT ..., ": what is read of a row, up to Ended */
void dp_add_columns(const struct sitedb *db, const struct dp_sources *sources, struct statement *statement);

/** The same of a DP that the package is targeted at, whose row s of the summarizer may be missing. */
void dp_add_target_columns(const struct sitedb *db, const struct dp_sources *sources,
                           struct statement *statement);

/** ", m.MessageState, ...": the columns behind Ended */
void dp_add_message_columns(const struct dp_sources *sources, struct statement *statement);

/** " FROM ...". @param keep_without_package  rows whose package is gone have NULLs for it */
void dp_add_sources(const struct dp_sources *sources, bool keep_without_package, struct statement *statement);

/** " FROM v_DistributionPoint d ... LEFT JOIN ... s": from the side of what is targeted */
void dp_add_target_sources(const struct dp_sources *sources, struct statement *statement);
extern const char dp_target_status[]; /* " LEFT JOIN v_PackageStatusDistPointsSumm s ON ..." */

/** " FROM v_DistributionPoint d WHERE ...": the DP of a row */
extern const char dp_same_dp[];

/** A condition on d: the package is to be on the DP, and somebody waits for it. */
void dp_add_live(const struct sitedb *db, const struct dp_selection *selection, struct statement *statement);

/** "(SELECT ...)": 0 where the DP of a row is to have the package, 1 where it is not any more, NULL unknown */
void dp_add_ended(const struct sitedb *db, const struct dp_selection *selection, struct statement *statement);

/** A condition on s: a removal. */
extern const char dp_removal[];

/**
 * " JOIN v_Site ... WHERE ...": the rows that are looked at.
 *
 * @param patterns  of dp_patterns, borrowed until the statement has run
 * @param first     a condition that leaves out most rows before the costly ones are asked, with " AND " at
 * its end, or ""
 */
void dp_add_conditions(const struct sitedb *db, const struct dp_selection *selection,
                       const struct text *patterns, const char *first, struct statement *statement);

/** The same for dp_add_target_sources; without the DPs that are being cleared. */
void dp_add_target_conditions(const struct sitedb *db, const struct dp_selection *selection,
                              const struct text *patterns, const char *first, struct statement *statement);

/** " FROM v_DistributionPoint d ... WHERE ...": what is targeted at sites that are not active */
void dp_add_away(const struct sitedb *db, const struct dp_selection *selection, const struct text *patterns,
                 struct statement *statement);

/** Rows of a removal, but for what is targeted again. */
void dp_add_removal_conditions(const struct sitedb *db, const struct dp_selection *selection,
                               const struct text *patterns, struct statement *statement);

/** Rows whose DP is not to have the package, at this site and path. */
void dp_add_orphan_conditions(const struct sitedb *db, const struct dp_selection *selection,
                              const struct text *patterns, const char *first, struct statement *statement);

/** A condition on p: the package is distributed, so neither without source files nor being deleted. */
void dp_add_distributed(const struct sitedb *db, struct statement *statement);

/** @return a pattern of LIKE for each glob, owned (dp_patterns_free), NULL when memory ran out */
struct text *dp_patterns(const struct string_list *globs);
void dp_patterns_free(struct text *patterns, size_t count);

#endif
