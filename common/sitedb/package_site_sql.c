// SPDX-License-Identifier: GPL-3.0-or-later
/* The statements of package_site.h, in the T-SQL of SQL Server 2000 (no CTE, no ROW_NUMBER), which SQLite
 * takes as well. */
#include "sitedb/package_site_parts.h"

static const char row_columns[] = "r.Status, r.SourceVersion AS Held, r.UpdateTime, r.PkgServer, CASE WHEN "
                                  "r.ID IS NULL THEN 0 ELSE 1 END AS HasRow";

/* @param site  the column that bears it */
static void add_package_columns(const struct sitedb *db, const char *site, struct statement *statement)
{
    statement_text(statement, "SELECT p.PkgID, p.Name, ");
    statement_text(statement, site);
    statement_text(statement, ", COALESCE(p.SourceVersion, 0) AS Wanted, p.SourceCompSize, p.SourceDate, ");
    statement_text(statement,
                   db->has_column[SITEDB_PACKAGE_PRIORITY] ? "p.Priority, " : "NULL AS Priority, ");
}

/* The newest refresh of a site's DPs, where the product tells it. */
static void add_refreshed(const struct sitedb *db, struct statement *statement)
{
    statement_text(statement, "MAX(");
    sitedb_add_past_date(db, &statement->sql, "LastRefreshTime");
    statement_text(statement, ")");
}

/* Only of the pairs that are looked at: as a column of all pairs it was a fifth of the pass. */
static void add_group_refreshed(const struct sitedb *db, struct statement *statement)
{
    statement_text(statement, "(SELECT ");
    add_refreshed(db, statement);
    statement_text(statement,
                   " FROM v_DistributionPoint d WHERE d.PackageID = g.PackageID AND d.SiteCode = g.SiteCode");
    statement_text(statement, db->has_column[SITEDB_DP_STATUS]
                                  ? " AND COALESCE(d.Status, 0) <> 3) AS Refreshed, "
                                  : ") AS Refreshed, ");
}

/* ---- rule version */

/* Sites that are not active are left out here as far as parameters go. */
static void add_inactive_sites(const struct sitedb *db, struct statement *statement)
{
    enum { MOST = 500 }; /* SQL Server takes 2,100 parameters in all */
    size_t bound = 0;
    for (size_t i = 0; i < db->site_count && bound < MOST; i++) {
        if (site_is_active(&db->sites[i]))
            continue;
        statement_text(statement, bound++ == 0 ? " AND d.SiteCode NOT IN (" : ", ");
        statement_bind(statement, db->sites[i].code);
    }
    statement_text(statement, bound > 0 ? ")" : "");
}

/* The packages that the owning site must bring to its child sites. */
static void add_conditions(const struct sitedb *db, const struct pair_question *question,
                           struct statement *statement)
{
    static const struct string_list all = {0};
    const struct sitedb_filter *filter = question->filter;
    statement_text(statement, " WHERE p.SourceSite = ");
    statement_bind(statement, db->owner);
    statement_text(statement, " AND COALESCE(p.Action, 0) <> 3 AND COALESCE(p.StorePkgFlag, 0) <> 1");
    if (db->has_column[SITEDB_PACKAGE_TYPE])
        statement_text(statement, " AND COALESCE(p.PackageType, 0) <> 4");
    if (db->has_column[SITEDB_DP_STATUS])
        statement_text(statement, " AND COALESCE(d.Status, 0) <> 3");
    statement_text(statement, " AND d.SiteCode <> ");
    statement_bind(statement, db->owner);
    statement_filter(statement, "d.SiteCode", &filter->sites, &filter->exclude_sites);
    statement_filter(statement, "p.PkgID", question->whole_sites ? &all : &filter->packages,
                     question->whole_sites ? &all : &filter->exclude_packages);
}

/* 1 for a row that came since the site was read last. */
static void add_arrived(const struct pair_question *question, int64_t until, struct statement *statement)
{
    static const struct string_list none = {0};
    statement_text(statement, "CASE WHEN r.UpdateTime");
    statement_later(statement, question->quiet_since);
    statement_text(statement, " AND r.UpdateTime <= ");
    statement_bind_instant(statement, until);
    if (question->quiet.count > 0) {
        statement_text(statement, " AND (r.UpdateTime");
        statement_later(statement, question->since);
        statement_text(statement, " OR 1 = 1");
        statement_filter(statement, "d.SiteCode", &question->quiet, &none);
        statement_text(statement, ")");
    }
    statement_text(statement, " THEN 1 ELSE 0 END");
}

/*
 * 0 where no row of the pair needs a look: each is healthy, has the very version that is wanted and is not new, and there is
 * one. What needs a look is decided pair by pair, when its rows are here.
 */
static void add_look(const struct pair_question *question, int64_t until, struct statement *statement)
{
    statement_text(statement, "MAX(CASE WHEN r.Status IN (0, 2, 3) AND r.SourceVersion > 0"
                              " AND r.SourceVersion = COALESCE(p.SourceVersion, 0) THEN ");
    if (question->since != 0)
        add_arrived(question, until, statement);
    else
        statement_text(statement, "0");
    statement_text(statement, " ELSE 1 END)");
}

/* 1 where the filter's packages select the pair. */
static void add_selected(const struct pair_question *question, struct statement *statement)
{
    const struct sitedb_filter *filter = question->filter;
    if (!question->whole_sites || filter->packages.count + filter->exclude_packages.count == 0) {
        statement_text(statement, "1 AS Selected");
        return;
    }
    statement_text(statement, "CASE WHEN 1 = 1");
    statement_filter(statement, "p.PkgID", &filter->packages, &filter->exclude_packages);
    statement_text(statement, " THEN 1 ELSE 0 END AS Selected");
}

static void add_newest(int64_t until, struct statement *statement)
{
    statement_text(statement, ", MAX(CASE WHEN r.Status IN (0, 2, 3) AND r.SourceVersion > 0"
                              " AND r.UpdateTime <= ");
    statement_bind_instant(statement, until);
    statement_text(statement, " THEN r.UpdateTime END) AS Newest");
}

/* What is targeted, (package, site) of distribution points that are not being removed, with its rows. */
static void add_version_pairs(const struct sitedb *db, const struct pair_question *question, int64_t until,
                              struct statement *statement)
{
    statement_text(statement, "SELECT CASE WHEN ");
    add_look(question, until, statement);
    statement_text(statement, " = 0 THEN NULL ELSE p.PkgID END AS PackageID, d.SiteCode, ");
    add_selected(question, statement);
    if (question->newest)
        add_newest(until, statement);
    statement_text(statement, " FROM SMSPackages p JOIN v_DistributionPoint d ON d.PackageID = p.PkgID"
                              " LEFT JOIN PkgStatus r"
                              " ON r.Type = 1 AND r.ID = d.PackageID AND r.SiteCode = d.SiteCode");
    add_conditions(db, question, statement);
    statement_text(statement, " GROUP BY p.PkgID, d.SiteCode");
}

void pair_add_sites_count(const struct sitedb *db, const struct pair_question *question,
                          const struct package_sites *packages, size_t count, struct statement *statement)
{
    statement_text(statement, "SELECT p.PkgID, COUNT(DISTINCT d.SiteCode) AS Sites FROM SMSPackages p"
                              " JOIN v_DistributionPoint d ON d.PackageID = p.PkgID");
    add_conditions(db, question, statement);
    add_inactive_sites(db, statement);
    for (size_t i = 0; i < count; i++) {
        statement_text(statement, i == 0 ? " AND p.PkgID IN (" : ", ");
        statement_bind(statement, packages[i].package);
    }
    statement_text(statement, ") GROUP BY p.PkgID");
}

/* ---- rule recipe */

static const char recipe_row[] = "r.Status <> 0 AND r.SourceVersion > 0";

/* The recipe to the letter, over the packages of the owning site ("Delta package replication problems in SMS 2003",
 * Windows Management User Group, October 2007). */
static void add_recipe_rows(const struct sitedb *db, const struct pair_question *question,
                            struct statement *statement)
{
    const struct sitedb_filter *filter = question->filter;
    statement_text(statement, "SELECT CASE WHEN ");
    statement_text(statement, recipe_row);
    statement_text(
        statement,
        " THEN q.PkgID END AS PackageID, r.SiteCode, 1 AS Selected FROM SMSPackages q JOIN PkgStatus r ON r.ID = q.PkgID AND "
        "r.Type = 1 WHERE q.SourceSite = ");
    statement_bind(statement, db->owner);
    statement_text(statement, " AND r.SiteCode <> q.SourceSite");
    statement_filter(statement, "r.ID", &filter->packages, &filter->exclude_packages);
    statement_filter(statement, "r.SiteCode", &filter->sites, &filter->exclude_sites);
}

/* ---- both */

/*
 * The pairs that need a look keep their own group; all others of a site are one. Then the rows of the former
 * are fetched by their keys.
 */
void pair_add_scan(const struct sitedb *db, const struct pair_question *question, int64_t until,
                   struct statement *statement)
{
    const bool version = question->rule == PAIR_RULE_VERSION;
    const bool newest = version && question->newest;
    add_package_columns(db, "g.SiteCode", statement);
    if (version && db->has_column[SITEDB_DP_REFRESHED])
        add_group_refreshed(db, statement);
    else
        statement_text(statement, "NULL AS Refreshed, ");
    statement_text(statement, "0 AS Ended, ");
    statement_text(statement, row_columns);
    statement_text(statement, ", g.Targeted, g.Selected, ");
    statement_text(statement, newest ? "g.Newest" : "NULL AS Newest");
    statement_text(
        statement,
        " FROM (SELECT m.PackageID, m.SiteCode, COUNT(*) AS Targeted, SUM(m.Selected) AS Selected");
    statement_text(statement, newest ? ", MAX(m.Newest) AS Newest" : "");
    statement_text(statement, " FROM (");
    if (version)
        add_version_pairs(db, question, until, statement);
    else
        add_recipe_rows(db, question, statement);
    statement_text(statement, ") m GROUP BY m.PackageID, m.SiteCode) g"
                              " LEFT JOIN SMSPackages p ON p.PkgID = g.PackageID"
                              " LEFT JOIN PkgStatus r ON r.Type = 1 AND r.ID = g.PackageID"
                              " AND r.SiteCode = g.SiteCode");
    if (!version) {
        statement_text(statement, " AND ");
        statement_text(statement, recipe_row);
    }
    statement_text(statement, " ORDER BY g.PackageID, g.SiteCode");
}

/* ---- by key */

static void add_keys(struct statement *statement, const char *package, const char *site,
                     const struct lookup *lookups, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        statement_text(statement, i == 0 ? "(" : " OR ");
        statement_text(statement, package);
        statement_text(statement, " = ");
        statement_bind(statement, lookups[i].package);
        statement_text(statement, " AND ");
        statement_text(statement, site);
        statement_text(statement, " = ");
        statement_bind(statement, lookups[i].place);
    }
    statement_text(statement, ")");
}

static const char no_group[] = ", 0 AS Targeted, 0 AS Selected, NULL AS Newest";

/* Proof that a pair is no longer targeted is a row that says so; a row that is merely absent proves nothing.
 */
static void add_version_lookup(const struct sitedb *db, const struct lookup *lookups, size_t count,
                               struct statement *statement)
{
    add_package_columns(db, "d.SiteCode", statement);
    statement_text(statement, db->has_column[SITEDB_DP_REFRESHED] ? "d.Refreshed, " : "NULL AS Refreshed, ");
    statement_text(statement, "CASE WHEN p.Action = 3 OR p.StorePkgFlag = 1");
    if (db->has_column[SITEDB_PACKAGE_TYPE])
        statement_text(statement, " OR p.PackageType = 4");
    statement_text(statement, " OR d.Live = 0 OR p.SourceSite <> "); /* another site owns it now */
    statement_bind(statement, db->owner);
    statement_text(statement, " THEN 1 ELSE 0 END AS Ended, ");
    statement_text(statement, row_columns);
    statement_text(statement, no_group);
    statement_text(statement, " FROM SMSPackages p JOIN (SELECT PackageID, SiteCode");
    if (db->has_column[SITEDB_DP_REFRESHED]) {
        statement_text(statement, ", ");
        add_refreshed(db, statement);
        statement_text(statement, " AS Refreshed");
    }
    statement_text(statement, db->has_column[SITEDB_DP_STATUS]
                                  ? ", SUM(CASE WHEN COALESCE(Status, 0) <> 3 THEN 1 ELSE 0 END) AS Live"
                                  : ", COUNT(*) AS Live");
    statement_text(statement, " FROM v_DistributionPoint WHERE ");
    add_keys(statement, "PackageID", "SiteCode", lookups, count);
    statement_text(statement,
                   " GROUP BY PackageID, SiteCode) d ON d.PackageID = p.PkgID"
                   " LEFT JOIN PkgStatus r ON r.Type = 1 AND r.ID = p.PkgID AND r.SiteCode = d.SiteCode"
                   " ORDER BY p.PkgID, d.SiteCode");
}

static void add_recipe_lookup(const struct sitedb *db, const struct lookup *lookups, size_t count,
                              struct statement *statement)
{
    add_package_columns(db, "r.SiteCode", statement);
    statement_text(statement, "NULL AS Refreshed, CASE WHEN p.SourceSite <> ");
    statement_bind(statement, db->owner);
    statement_text(statement, " THEN 1 ELSE 0 END AS Ended, ");
    statement_text(statement, row_columns);
    statement_text(statement, no_group);
    statement_text(statement, " FROM SMSPackages p JOIN PkgStatus r ON r.ID = p.PkgID AND r.Type = 1 WHERE ");
    add_keys(statement, "r.ID", "r.SiteCode", lookups, count);
    statement_text(statement, " ORDER BY p.PkgID, r.SiteCode");
}

void pair_add_lookup(const struct sitedb *db, enum pair_rule rule, const struct lookup *lookups, size_t count,
                     struct statement *statement)
{
    if (rule == PAIR_RULE_VERSION)
        add_version_lookup(db, lookups, count, statement);
    else
        add_recipe_lookup(db, lookups, count, statement);
}
