/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_SITEDB_H
#define SMS_SITEDB_SITEDB_H

#include "base/failure.h"
#include "base/stringlist.h"
#include "base/trace.h"
#include "odbc/odbc.h"
#include "sitedb/statement.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The site database as a whole: whose it is, its clock, its sites, and which of the columns that came with
 * later products it has. Read-only and never in the product's way: READ UNCOMMITTED, a lock time-out, low
 * deadlock priority.
 */

/* Columns that some product lacks. */
enum sitedb_column {
    SITEDB_PACKAGE_TYPE,      /* SMSPackages.PackageType: not in SMS 2003 */
    SITEDB_DP_STATUS,         /* v_DistributionPoint.Status */
    SITEDB_DP_REFRESHED,      /* v_DistributionPoint.LastRefreshTime */
    SITEDB_DP_IS_PEER,        /* v_DistributionPoint.IsPeerDP: from 2007 */
    SITEDB_SITE_STATUS,       /* v_Site.Status */
    SITEDB_PACKAGE_PRIORITY,  /* SMSPackages.Priority: unverified */
    SITEDB_VIEW_PACKAGE_TYPE, /* v_Package.PackageType: not in SMS 2003 */
    SITEDB_VIEW_SOURCE_DATE,  /* v_Package.SourceDate */
    SITEDB_VIEW_SOURCE_FLAG,  /* v_Package.PkgSourceFlag */
    SITEDB_VIEW_ACTION,       /* v_Package.ActionInProgress: unverified */
    SITEDB_SUMMARY_COPIED,    /* v_PackageStatusDistPointsSumm.LastCopied */
    SITEDB_COLUMN_COUNT
};

/* A set of them, for sitedb_open. */
#define SITEDB_BIT(column) (1u << (column))

struct site {
    char code[8];
    char name[128];
    char server[256];
    char parent[8];  /* "" at the top */
    bool has_status; /* false: the product has no such column */
    int64_t status;  /* 1 active */
};

struct sitedb_clock {
    int64_t utc;          /* the server's now */
    int64_t utc_offset_s; /* the server's local time minus UTC */
    bool of_server;       /* false: the server could not be asked, this is the host's clock */
};

struct sitedb {
    struct odbc_connection *connection; /* borrowed */
    const struct trace *trace;          /* borrowed */
    char owner[8];                      /* the owning site's code, as v_Site writes it */
    struct sitedb_clock clock;
    unsigned asked; /* SITEDB_BIT of the columns that were asked about */
    bool has_column[SITEDB_COLUMN_COUNT];
    bool transact_sql, sqlite; /* whose functions it knows; neither: plain SQL only */
    struct site *sites;        /* owned, by code */
    size_t site_count;
};

/* Which (package, site) pairs a run looks at; lists are borrowed. */
struct sitedb_filter {
    struct string_list packages, exclude_packages;
    struct string_list sites, exclude_sites;
};

/**
 * Make the connection harmless, ask the clock, the columns and the sites.
 *
 * @param site     owning site's code, or NULL: taken from a database named SMS_xxx or CM_xxx
 * @param columns  SITEDB_BIT of the columns that the caller needs to know of; those of v_Site are always
 * asked about
 * @return 0, or -1 with a text for the operator (unknown site: lists the known ones)
 */
int sitedb_open(struct sitedb *db, struct odbc_connection *connection, const char *site, unsigned columns,
                const struct trace *trace, struct failure *failure);

/** Free what sitedb_open read; the connection stays. */
void sitedb_close(struct sitedb *db);

/** Append what is watched, the identity of the checks' memory: server, database and owning site; never a
 * secret. */
void sitedb_identity(const struct sitedb *db, const struct odbc_settings *settings, struct text *identity);

/** @return the site with this code (without case), or NULL; borrowed */
const struct site *sitedb_site(const struct sitedb *db, const char *code);

/** @return whether a site takes part in replication; true where the product cannot tell */
bool site_is_active(const struct site *site);

/** @return "SMSPackages.PackageType", for -vv; static */
const char *sitedb_column_name(enum sitedb_column column);

/* Where packages are looked for: a login that may read the views only must be able to run a check of the
 * views. */
enum sitedb_packages {
    SITEDB_PACKAGES_OWNED, /* SMSPackages, those of the owning site */
    SITEDB_PACKAGES_VIEW   /* v_Package, of whatever site */
};

/** Check that every site and package that the filter asks for exists. @return 0, or -1 with the unknown one
 * named */
int sitedb_filter_check(const struct sitedb *db, const struct sitedb_filter *filter,
                        enum sitedb_packages packages, struct failure *failure);

/** @return whether the filter leaves nothing out */
bool sitedb_filter_is_empty(const struct sitedb_filter *filter);

/** @return whether the filter selects this pair (without case, as the product's collation compares) */
bool sitedb_filter_selects(const struct sitedb_filter *filter, const char *package, const char *site);

/** The failure of a query as the operator should read it: names the right to grant for what was denied. */
int sitedb_fail(const struct odbc_error *error, struct failure *failure);

/** @return the value, or `fallback` for NULL */
int64_t sitedb_integer(const struct odbc_value *value, int64_t fallback);

/** @return bytes of a size that the product keeps in KB; 0 for NULL and what cannot be a size */
int64_t sitedb_size_bytes(const struct odbc_value *kilobytes);

/**
 * Append the SQL of a date column as long as it is not in the future: one date in the future must not hide
 * the others behind MAX.
 */
void sitedb_add_past_date(const struct sitedb *db, struct text *sql, const char *column);

/** A date of the product: none before 1990 ("never" is written as 1970 or 1980) or after the server's now.
 * @return UTC, 0 none */
int64_t sitedb_date(const struct odbc_value *value, int64_t correction_s, const struct sitedb_clock *clock);

/* A remembered item to look up by its key, and what the look found. */
struct lookup {
    const char *package, *place; /* of the key "version/PACKAGE@PLACE"; borrowed */
    enum {
        LOOKUP_ABSENT,    /* nothing of it was read */
        LOOKUP_ENDED,     /* read as healthy, or proven to be no longer targeted */
        LOOKUP_IN_TROUBLE /* a row was added (a read had skipped it) */
    } found;
};

#endif
