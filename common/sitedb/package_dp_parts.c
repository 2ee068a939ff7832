// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/package_dp_parts.h"

#include <stdlib.h>

static const char removal_states[] = "(4, 5, 6)";

static bool can_read(const struct sitedb *db, const char *what, const char *sql, int columns)
{
    static const struct odbc_column integers[5] = {
        {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}};
    struct odbc_value values[5];
    struct odbc_error error = {.reason = ODBC_REASON_OTHER};
    struct odbc_query *query =
        odbc_query(db->connection, what, sql, NULL, 0, integers, (size_t)columns, &error);
    bool readable = query != NULL;
    while (query != NULL && (columns = odbc_query_next(query, values, &error)) != 0)
        if (columns < 0) {
            readable = false;
            break;
        }
    odbc_query_free(query);
    if (!readable)
        trace_note(db->trace, 2, "left out: %s", error.failure.text);
    return readable;
}

void dps_probe(const struct sitedb *db, struct dp_selection *selection)
{
    struct dp_sources *sources = &selection->sources;
    sources->messages =
        can_read(db, "the newest message of each DP",
                 "SELECT COUNT(PackageID), COUNT(NALPath), COUNT(MessageState), COUNT(MessageID), "
                 "COUNT(LastStatusTime)"
                 " FROM vSMS_DistributionDPStatus WHERE 1 = 0",
                 5);
    if (selection->rates)
        sources->sizes = can_read(db, "the packages' size, which --min-rate needs",
                                  "SELECT COUNT(PackageID), COUNT(SourceCompressedSize) FROM "
                                  "v_PackageStatusRootSummarizer WHERE 1 = 0",
                                  2);
    if (!db->has_column[SITEDB_VIEW_SOURCE_DATE])
        sources->root_dates = can_read(
            db, "the packages' SourceDate",
            "SELECT COUNT(PackageID), COUNT(SourceDate) FROM v_PackageStatusRootSummarizer WHERE 1 = 0", 2);
}

void dp_add_columns(const struct sitedb *db, const struct dp_sources *sources, struct statement *statement)
{
    statement_text(
        statement,
        "SELECT s.PackageID, p.Name, s.SiteCode, s.ServerNALPath, s.State, s.SourceVersion AS Held,"
        " p.SourceVersion AS Wanted, s.SummaryDate, ");
    statement_text(statement, db->has_column[SITEDB_VIEW_SOURCE_DATE] ? "p.SourceDate"
                              : sources->root_dates                   ? "z.SourceDate"
                                                                      : "NULL AS SourceDate");
    statement_text(statement,
                   sources->sizes ? ", z.SourceCompressedSize, " : ", NULL AS SourceCompressedSize, ");
}

void dp_add_message_columns(const struct dp_sources *sources, struct statement *statement)
{
    statement_text(statement, sources->messages
                                  ? ", m.MessageState, m.MessageID, m.LastStatusTime"
                                  : ", NULL AS MessageState, NULL AS MessageID, NULL AS LastStatusTime");
}

void dp_add_sources(const struct dp_sources *sources, bool keep_without_package, struct statement *statement)
{
    statement_text(statement, " FROM v_PackageStatusDistPointsSumm s");
    statement_text(statement, keep_without_package ? " LEFT" : "");
    statement_text(statement, " JOIN v_Package p ON p.PackageID = s.PackageID");
    if (sources->sizes || sources->root_dates)
        statement_text(statement, " LEFT JOIN v_PackageStatusRootSummarizer z ON z.PackageID = s.PackageID");
    if (sources->messages)
        statement_text(statement, " LEFT JOIN vSMS_DistributionDPStatus m ON m.PackageID = s.PackageID"
                                  " AND m.NALPath = s.ServerNALPath");
}

void dp_add_live(const struct sitedb *db, const struct dp_selection *selection, struct statement *statement)
{
    statement_text(statement, db->has_column[SITEDB_DP_STATUS] ? "COALESCE(d.Status, 0) <> 3" : "1 = 1");
    if (db->has_column[SITEDB_DP_IS_PEER] && !selection->branch_dps)
        statement_text(statement, " AND COALESCE(d.IsPeerDP, 0) <> 1");
}

const char dp_same_dp[] =
    " FROM v_DistributionPoint d WHERE d.PackageID = s.PackageID AND d.ServerNALPath = s.ServerNALPath";

void dp_add_conditions(const struct sitedb *db, const struct dp_selection *selection,
                       const struct text *patterns, const char *first, struct statement *statement)
{
    const struct sitedb_filter *filter = selection->filter;
    statement_text(statement, " JOIN v_Site i ON i.SiteCode = s.SiteCode");
    if (db->has_column[SITEDB_SITE_STATUS])
        statement_text(statement, " AND i.Status = 1");
    statement_text(statement, " WHERE ");
    statement_text(statement, first);
    if (selection->removals) {
        statement_text(statement, "(s.State IN ");
        statement_text(statement, removal_states);
        statement_text(statement, " OR (p.PackageID IS NOT NULL AND ");
    } else {
        statement_text(statement, "(COALESCE(s.State, -1) NOT IN ");
        statement_text(statement, removal_states);
        statement_text(statement, " AND (");
    }
    statement_text(statement, "EXISTS (SELECT d.PackageID");
    statement_text(statement, dp_same_dp);
    statement_text(statement, " AND ");
    dp_add_live(db, selection, statement);
    statement_text(statement, ")))");
    if (db->has_column[SITEDB_VIEW_PACKAGE_TYPE])
        statement_text(statement, " AND COALESCE(p.PackageType, 0) <> 4");
    statement_filter(statement, "s.PackageID", &filter->packages, &filter->exclude_packages);
    statement_filter(statement, "s.SiteCode", &filter->sites, &filter->exclude_sites);
    for (size_t i = 0; i < selection->servers->count; i++) {
        statement_text(statement, i == 0 ? " AND (s.ServerNALPath LIKE " : " OR s.ServerNALPath LIKE ");
        statement_bind(statement, text_string(&patterns[i]));
        statement_text(statement, " ESCAPE '!'");
    }
    if (selection->servers->count > 0)
        statement_text(statement, ")");
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
