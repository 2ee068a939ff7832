/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_PACKAGE_SITE_PARTS_H
#define SMS_SITEDB_PACKAGE_SITE_PARTS_H

#include "sitedb/package_site.h"

/*
 * Between the statements about pairs (package_site_sql.c) and the reader of their rows (package_site_rows.c).
 *
 * One row per PkgStatus row of a pair; a pair without one has NULLs from Status on. A row without a package
 * stands for all pairs of its site that need no look. The last three columns say what the row's group holds:
 * each group is counted at its first row.
 */
enum pair_column {
    COLUMN_PACKAGE,
    COLUMN_NAME,
    COLUMN_SITE,
    COLUMN_WANTED,
    COLUMN_SIZE,
    COLUMN_SOURCE_DATE,
    COLUMN_PRIORITY,
    COLUMN_REFRESHED,
    COLUMN_ENDED,
    COLUMN_STATUS,
    COLUMN_HELD,
    COLUMN_UPDATED,
    COLUMN_SERVER,
    COLUMN_HAS_ROW,
    COLUMN_TARGETED, /* pairs of the group */
    COLUMN_SELECTED, /* those that the filter's packages select */
    COLUMN_NEWEST,   /* their newest date, where that is asked */
    COLUMN_COUNT
};

/** The statement of pairs_scan. @param until  dates after it are none */
void pair_add_scan(const struct sitedb *db, const struct pair_question *question, int64_t until,
                   struct statement *statement);

/** The statement of one batch of pairs_count_sites. */
void pair_add_sites_count(const struct sitedb *db, const struct pair_question *question,
                          const struct package_sites *packages, size_t count, struct statement *statement);

/** The statement of one batch of pairs_look_up. */
void pair_add_lookup(const struct sitedb *db, enum pair_rule rule, const struct lookup *lookups, size_t count,
                     struct statement *statement);

#endif
