/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_PACKAGE_SITE_H
#define SMS_SITEDB_PACKAGE_SITE_H

#include "sitedb/sitedb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A pair: one package that is targeted at one child site, with the Type 1 row of PkgStatus that decides it: one of the
 * server that v_Site names for the site, where there is one (a server that was replaced leaves its rows), then the one with
 * the highest SourceVersion, then the newest UpdateTime (duplicates exist and are only counted).
 * Facts: Microsoft, "Understand package actions" and "Advanced troubleshooting tips" for Configuration Manager.
 */

enum pair_rule { PAIR_RULE_VERSION, PAIR_RULE_RECIPE };

enum pair_kind {
    PAIR_IN_SYNC,
    PAIR_NEVER_SENT,
    PAIR_RESEND,
    PAIR_FAILED,
    PAIR_SENT,
    PAIR_BEHIND,
    PAIR_UNEXPECTED,
    PAIR_RECIPE, /* rule recipe: Status <> 0 AND SourceVersion > 0 */
    PAIR_KIND_COUNT
};

/* Status codes of PkgStatus: Microsoft, "Advanced troubleshooting tips". 7 is not used, 8 and 9 are of a removal. */
enum pair_status {
    PAIR_STATUS_NONE = 0,
    PAIR_STATUS_SENT = 1,
    PAIR_STATUS_RECEIVED = 2,
    PAIR_STATUS_INSTALLED = 3,
    PAIR_STATUS_RETRY = 4,
    PAIR_STATUS_FAILED = 5,
    PAIR_STATUS_REMOVED = 6
};

/* How PkgStatus.UpdateTime and SMSPackages.SourceDate are read, whose zone is unproven. */
enum pair_clock { PAIR_CLOCK_UTC, PAIR_CLOCK_LOCAL, PAIR_CLOCK_IGNORE };

struct pair {
    const char *package; /* owned by the pair: one allocation for all texts */
    const char *package_name;
    const char *site;
    const char *server; /* PkgServer of the deciding row, "" without a row */
    enum pair_kind kind;
    int64_t wanted;  /* SMSPackages.SourceVersion */
    int64_t held;    /* SourceVersion of the deciding row; -1 without a row or NULL */
    bool has_status; /* false: no row, or Status NULL */
    int64_t status;
    int64_t rows;        /* Type 1 rows of the pair */
    int64_t size_bytes;  /* compressed; 0 unknown */
    int64_t priority;    /* SMSPackages.Priority: 1 high, 2 medium, 3 low; 0 not known */
    int64_t source_date; /* UTC, 0 no date */
    int64_t refreshed;   /* newest LastRefreshTime of the site's DPs for the package, UTC, 0 no date */
    int64_t updated;     /* UpdateTime of the deciding row, UTC, 0 no date */
    int64_t
        future_s; /* how far UpdateTime or SourceDate, which then is no date, lies in the future; 0 none does */
    int64_t stamp; /* the same as stored, whatever its zone: tells only that the row changed; 0 no date */
};

struct pair_list {
    struct pair *pairs; /* owned; pair_list_free */
    size_t count;
};

/*
 * An arrival: a pair of which a row with Status 0, 2 or 3 and a version was stored after a date. It may be in
 * sync or still behind.
 */
struct arrival {
    char package[16], site[8];
    int64_t version; /* the highest that arrived */
    int64_t
        updated; /* its UpdateTime as stored, the newest: only dates of the database are compared with it; 0: by a look-up */
    int64_t priority; /* SMSPackages.Priority: 1 high, 2 medium, 3 low; 0 not known */
};

struct arrival_list {
    struct arrival *arrivals; /* owned; arrival_list_free */
    size_t count;
};

/* What one pass over the pairs is asked. */
struct pair_question {
    const struct sitedb_filter *filter; /* borrowed */
    enum pair_rule rule;
    enum pair_clock clock;
    bool
        whole_sites; /* pairs and arrivals of all packages; the filter's packages select what is counted alone */
    int64_t since; /* arrivals that were stored after this date (as stored); 0: none. Rule version only */
    struct string_list quiet; /* at these sites: after this one, which is not later; borrowed */
    int64_t quiet_since;
    bool newest; /* tell each site's newest date; rule version only */
};

/* Of a site: how much was looked at. */
struct pair_site {
    int64_t targeted; /* pairs, whatever the filter's packages with whole_sites */
    int64_t away;     /* pairs that the filter selects and nobody looks at, because the site is not active */
    int64_t
        newest; /* greatest UpdateTime of a row with Status 0, 2 or 3 and a version; 0 none, or not asked */
};

/* A site that packages are targeted at and that v_Site does not know: nobody looks at them. */
struct unknown_site {
    char code[8];
    int64_t away; /* as in struct pair_site */
};

/* What one pass gave. */
struct pair_scan {
    struct pair_list pairs;       /* in trouble by the rule */
    struct arrival_list arrivals; /* one a pair */
    struct pair_site *sites;      /* owned, one for each of the database's sites */
    struct unknown_site *unknown; /* owned; rule version only */
    size_t unknown_count;
    int64_t ahead;    /* pairs that are in sync with a later version than is wanted */
    int64_t examined; /* pairs that the rule and the filter look at; rule recipe: rows */
};

/** @return "behind"; static */
const char *pair_kind_name(enum pair_kind kind);

/** @return "sent (1)" for a Status code of PkgStatus; static text where known, NULL for other codes */
const char *pair_status_name(int64_t status);

/** The kind of a pair by rule version: design, section 4, first row of the table that holds. */
enum pair_kind pair_judge(const struct pair *pair);

/**
 * The latest of the events that must lie before the site could be late, so that it never exaggerates: the
 * package's SourceDate and the row's UpdateTime, or, where the row is missing or has no date, the newest
 * refresh of the site's DPs.
 *
 * @return UTC seconds by the database's clock, 0 none
 */
int64_t pair_database_start(const struct pair *pair);

/**
 * Read in one pass over PkgStatus what is in trouble, what has arrived, and how much there is. Only findings and
 * arrivals cross the wire, and one row a site for all other pairs. A date more than a day after the server's now
 * is no arrival and no newest date, for it would stay one. Pairs that have no row are read once more where they are few.
 *
 * @return 0 or -1; the scan is to be freed in both cases
 */
int pairs_scan(const struct sitedb *db, const struct pair_question *question, struct pair_scan *scan,
               struct failure *failure);

void pair_scan_free(struct pair_scan *scan);

/**
 * Look up pairs by their keys (`place` is the site code), in batches; those in trouble are appended to
 * `list`, and those in sync to `arrivals`, without a date.
 */
int pairs_look_up(const struct sitedb *db, enum pair_rule rule, enum pair_clock clock, struct lookup *lookups,
                  size_t count, struct pair_list *list, struct arrival_list *arrivals,
                  struct failure *failure);

/* A package, and at how many sites it is targeted. */
struct package_sites {
    const char *package; /* borrowed */
    int64_t sites;       /* 0 before it is asked, and where there is none */
};

/**
 * Count the active sites, of those that the filter selects, at which packages are targeted. One small statement
 * for each hundred packages.
 *
 * @param packages  each with its ID; `sites` is filled
 */
int pairs_count_sites(const struct sitedb *db, const struct pair_question *question,
                      struct package_sites *packages, size_t count, struct failure *failure);

void pair_list_free(struct pair_list *list);

void arrival_list_free(struct arrival_list *list);

#endif
