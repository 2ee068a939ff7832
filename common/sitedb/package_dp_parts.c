// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/package_dp_parts.h"

#include <stdlib.h>

const char dp_removal[] = "COALESCE(s.State, -1) IN (4, 5, 6)";

/* A target that is being cleared is told by its Status alone: without it every removal may be one. */
static void add_no_removal(const struct sitedb *db, struct statement *statement)
{
    if (db->has_column[SITEDB_DP_STATUS])
        return;
    statement_text(statement, " AND NOT ");
    statement_text(statement, dp_removal);
}

void dp_add_distributed(const struct sitedb *db, struct statement *statement)
{
    /* PkgSourceFlag 1: nothing is ever distributed (SDK page SMS_Package); ActionInProgress 3: it is being deleted (SDK
     * page SMS_PackageBaseclass). */
    statement_text(statement,
                   db->has_column[SITEDB_VIEW_SOURCE_FLAG] ? "COALESCE(p.PkgSourceFlag, 0) <> 1" : "1 = 1");
    if (db->has_column[SITEDB_VIEW_ACTION])
        statement_text(statement, " AND COALESCE(p.ActionInProgress, 0) <> 3");
}

/* A condition on s and p: the DP is to have the package. */
static void add_targeted(const struct sitedb *db, const struct dp_selection *selection,
                         struct statement *statement)
{
    dp_add_distributed(db, statement);
    statement_text(statement, " AND EXISTS (SELECT d.PackageID");
    statement_text(statement, dp_same_dp);
    statement_text(statement, " AND ");
    dp_add_live(db, selection, statement);
    add_no_removal(db, statement);
    statement_text(statement, ")");
}

static void add_dates_and_size(const struct sitedb *db, const struct dp_sources *sources,
                               struct statement *statement)
{
    statement_text(statement, db->has_column[SITEDB_VIEW_SOURCE_DATE] ? "p.SourceDate"
                              : dp_reads(sources, DP_ROOT_DATES)      ? "z.SourceDate"
                                                                      : "NULL AS SourceDate");
    statement_text(statement, dp_reads(sources, DP_SIZES) ? ", z.SourceCompressedSize, "
                                                          : ", NULL AS SourceCompressedSize, ");
}

void dp_add_columns(const struct sitedb *db, const struct dp_sources *sources, struct statement *statement)
{
    statement_text(
        statement,
        "SELECT s.PackageID, p.Name, s.SiteCode, s.ServerNALPath, s.State, s.SourceVersion AS Held,"
        " p.SourceVersion AS Wanted, s.SummaryDate, ");
    add_dates_and_size(db, sources, statement);
    if (db->has_column[SITEDB_DP_REFRESHED]) {
        statement_text(statement, "(SELECT MAX(d.LastRefreshTime)");
        statement_text(statement, dp_same_dp);
        statement_text(statement, ") AS Refreshed, ");
    } else {
        statement_text(statement, "NULL AS Refreshed, ");
    }
}

void dp_add_target_columns(const struct sitedb *db, const struct dp_sources *sources,
                           struct statement *statement)
{
    statement_text(statement,
                   "SELECT d.PackageID, p.Name, d.SiteCode, d.ServerNALPath, NULL AS State, NULL AS Held, "
                   "p.SourceVersion AS Wanted, ");
    const bool refreshed = db->has_column[SITEDB_DP_REFRESHED];
    statement_text(statement, refreshed ? "d.LastRefreshTime, " : "NULL AS LastRefreshTime, ");
    add_dates_and_size(db, sources, statement);
    statement_text(statement, refreshed ? "d.LastRefreshTime AS Refreshed, " : "NULL AS Refreshed, ");
}

void dp_add_message_columns(const struct dp_sources *sources, struct statement *statement)
{
    if (!dp_reads(sources, DP_MESSAGES)) {
        statement_text(statement, ", NULL AS MessageState, NULL AS MessageID, NULL AS MessageDate");
        return;
    }
    statement_text(statement, ", m.MessageState, m.MessageID, m.");
    statement_text(statement, sources->message_date);
    statement_text(statement, " AS MessageDate");
}

/* What is joined to a row of `alias`, which is s or d. */
static void add_joined(const struct dp_sources *sources, char alias, const char *path,
                       struct statement *statement)
{
    struct text sql = {0};
    if (dp_reads(sources, DP_SIZES) || dp_reads(sources, DP_ROOT_DATES))
        text_addf(&sql, " LEFT JOIN v_PackageStatusRootSummarizer z ON z.PackageID = %c.PackageID", alias);
    if (dp_reads(sources, DP_MESSAGES))
        text_addf(&sql,
                  " LEFT JOIN vSMS_DistributionDPStatus m ON m.PackageID = %c.PackageID AND m.NALPath = %s",
                  alias, path);
    statement_text(statement, text_string(&sql));
    statement->failed = statement->failed || sql.failed;
    text_free(&sql);
}

void dp_add_sources(const struct dp_sources *sources, bool keep_without_package, struct statement *statement)
{
    statement_text(statement, " FROM v_PackageStatusDistPointsSumm s");
    statement_text(statement, keep_without_package ? " LEFT" : "");
    statement_text(statement, " JOIN v_Package p ON p.PackageID = s.PackageID");
    add_joined(sources, 's', "s.ServerNALPath", statement);
}

const char dp_target_status[] = " LEFT JOIN v_PackageStatusDistPointsSumm s ON s.PackageID = d.PackageID"
                                " AND s.ServerNALPath = d.ServerNALPath AND s.SiteCode = d.SiteCode";

void dp_add_target_sources(const struct dp_sources *sources, struct statement *statement)
{
    statement_text(statement, " FROM v_DistributionPoint d JOIN v_Package p ON p.PackageID = d.PackageID");
    statement_text(statement, dp_target_status);
    add_joined(sources, 'd', "d.ServerNALPath", statement);
}

void dp_add_live(const struct sitedb *db, const struct dp_selection *selection, struct statement *statement)
{
    statement_text(statement, db->has_column[SITEDB_DP_STATUS] ? "COALESCE(d.Status, 0) <> 3" : "1 = 1");
    if (db->has_column[SITEDB_DP_IS_PEER] && !selection->branch_dps)
        statement_text(statement, " AND COALESCE(d.IsPeerDP, 0) <> 1");
}

void dp_add_ended(const struct sitedb *db, const struct dp_selection *selection, struct statement *statement)
{
    statement_text(statement, "(SELECT MIN(CASE WHEN ");
    dp_add_live(db, selection, statement);
    statement_text(statement, " THEN 0 ELSE 1 END)");
    statement_text(statement, dp_same_dp);
    statement_text(statement, ")");
}

const char dp_same_dp[] =
    " FROM v_DistributionPoint d WHERE d.PackageID = s.PackageID AND d.ServerNALPath = s.ServerNALPath"
    " AND d.SiteCode = s.SiteCode";

static void add_filters(const struct sitedb *db, const struct dp_selection *selection,
                        const struct text *patterns, char alias, struct statement *statement)
{
    const struct sitedb_filter *filter = selection->filter;
    const bool target = alias == 'd';
    if (db->has_column[SITEDB_VIEW_PACKAGE_TYPE])
        statement_text(statement, " AND COALESCE(p.PackageType, 0) <> 4");
    statement_filter(statement, target ? "d.PackageID" : "s.PackageID", &filter->packages,
                     &filter->exclude_packages);
    statement_filter(statement, target ? "d.SiteCode" : "s.SiteCode", &filter->sites, &filter->exclude_sites);
    for (size_t i = 0; i < selection->servers->count; i++) {
        statement_text(statement, i == 0 ? " AND (" : " OR ");
        statement_text(statement, target ? "d.ServerNALPath LIKE " : "s.ServerNALPath LIKE ");
        statement_bind(statement, text_string(&patterns[i]));
        statement_text(statement, " ESCAPE '!'");
    }
    if (selection->servers->count > 0)
        statement_text(statement, ")");
}

static void add_active_site(const struct sitedb *db, char alias, struct statement *statement)
{
    statement_text(statement, alias == 'd' ? " JOIN v_Site i ON i.SiteCode = d.SiteCode"
                                           : " JOIN v_Site i ON i.SiteCode = s.SiteCode");
    if (db->has_column[SITEDB_SITE_STATUS])
        statement_text(statement, " AND i.Status = 1");
}

void dp_add_conditions(const struct sitedb *db, const struct dp_selection *selection,
                       const struct text *patterns, const char *first, struct statement *statement)
{
    add_active_site(db, 's', statement);
    statement_text(statement, " WHERE ");
    statement_text(statement, first);
    if (selection->removals) {
        statement_text(statement, "(");
        statement_text(statement, dp_removal);
        statement_text(statement, " OR (p.PackageID IS NOT NULL AND ");
    }
    add_targeted(db, selection, statement);
    statement_text(statement, selection->removals ? "))" : "");
    add_filters(db, selection, patterns, 's', statement);
}

void dp_add_removal_conditions(const struct sitedb *db, const struct dp_selection *selection,
                               const struct text *patterns, struct statement *statement)
{
    add_active_site(db, 's', statement);
    statement_text(statement, " WHERE ");
    statement_text(statement, dp_removal);
    statement_text(statement, " AND NOT (p.PackageID IS NOT NULL AND ");
    add_targeted(db, selection, statement);
    statement_text(statement, ")");
    add_filters(db, selection, patterns, 's', statement);
}

void dp_add_target_conditions(const struct sitedb *db, const struct dp_selection *selection,
                              const struct text *patterns, const char *first, struct statement *statement)
{
    add_active_site(db, 'd', statement);
    statement_text(statement, " WHERE ");
    statement_text(statement, first);
    dp_add_live(db, selection, statement);
    add_no_removal(db, statement);
    add_filters(db, selection, patterns, 'd', statement);
}

void dp_add_away(const struct sitedb *db, const struct dp_selection *selection, const struct text *patterns,
                 struct statement *statement)
{
    statement_text(statement, " FROM v_DistributionPoint d JOIN v_Package p ON p.PackageID = d.PackageID"
                              " JOIN v_Site i ON i.SiteCode = d.SiteCode AND i.Status <> 1 WHERE ");
    dp_add_live(db, selection, statement);
    statement_text(statement, " AND ");
    dp_add_distributed(db, statement);
    add_filters(db, selection, patterns, 'd', statement);
}

void dp_add_orphan_conditions(const struct sitedb *db, const struct dp_selection *selection,
                              const struct text *patterns, const char *first, struct statement *statement)
{
    add_active_site(db, 's', statement);
    statement_text(statement, " WHERE ");
    statement_text(statement, first);
    statement_text(statement, "NOT ");
    statement_text(statement, dp_removal);
    statement_text(statement, " AND ");
    dp_add_distributed(db, statement);
    statement_text(statement, " AND NOT EXISTS (SELECT d.PackageID");
    statement_text(statement, dp_same_dp);
    statement_text(statement, ")");
    add_filters(db, selection, patterns, 's', statement);
}

void dp_patterns_free(struct text *patterns, size_t count)
{
    for (size_t i = 0; patterns != NULL && i < count; i++)
        text_free(&patterns[i]);
    free(patterns);
}

struct text *dp_patterns(const struct string_list *globs)
{
    struct text *patterns = calloc(globs->count + 1, sizeof *patterns);
    bool failed = patterns == NULL;
    for (size_t i = 0; i < globs->count && !failed; i++) {
        dp_add_like_pattern(globs->strings[i], false, &patterns[i]);
        failed = patterns[i].failed;
    }
    if (failed)
        dp_patterns_free(patterns, globs->count);
    return failed ? NULL : patterns;
}
