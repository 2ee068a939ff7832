/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_PACKAGE_SITE_PARTS_H
#define SMS_SITEDB_PACKAGE_SITE_PARTS_H

#include "sitedb/package_site.h"

/*
 * Between what is asked about pairs (package_site_scan.c), its statements (package_site_sql.c) and the reader of their rows
 * (package_site_rows.c).
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

/* Of one statement. What the question sets comes first; the rest is the reader's own, zero at first. */
struct pair_reader {
    const struct sitedb *db;
    enum pair_rule rule;
    enum pair_clock clock;
    struct pair_list *list;
    struct arrival_list *arrivals;        /* NULL: not asked */
    struct pair_scan *scan;               /* NULL: a look by key */
    const struct pair_question *question; /* of the scan */
    int64_t until;                        /* of the scan: no later date is one */
    size_t site;                          /* of the row before, in the database's sites */
    char away[32];                        /* the last group that nobody looks at: "CEN00001@S03" */
    struct pair pair;       /* the one whose rows are being read; package NULL before the first */
    int64_t decided_at;     /* UpdateTime of its deciding row as stored, INT64_MIN for NULL */
    bool decided_by_server; /* that is of the server that v_Site names */
    struct arrival arrival; /* of its rows; package "" without one */
    bool ended;             /* proven to be no longer targeted */
    struct lookup *lookups;
    size_t lookup_count;
};

/**
 * Ask, and read all rows: pairs in trouble go to `list`, arrivals to `arrivals` or the scan, numbers to the scan.
 *
 * @param what       "the packages that ...", for the operator's text of a failure
 * @param statement  freed
 * @return 0, or -1 with the operator's text
 */
int pair_reader_read(struct pair_reader *reader, const char *what, struct statement *statement,
                     struct failure *failure);

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
