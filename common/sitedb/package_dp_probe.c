// SPDX-License-Identifier: GPL-3.0-or-later
/* Which views that only enrich the answer can be read: dps_probe of package_dp.h. */
#include "sitedb/package_dp.h"

#include <string.h>

enum { MOST_COLUMNS = 8 };

static const struct {
    const char *view, *loss;
} sources_known[DP_SOURCE_COUNT] = {
    [DP_MESSAGES] =
        {"vSMS_DistributionDPStatus",
         "the newest message of each package on each DP, and which ones wait for prestaged content"},
    [DP_PROPERTIES] = {"v_DistributionPoints", "which DPs are in maintenance mode, inactive, or pull DPs"},
    [DP_DRIVES] = {"v_DistributionPointDriveInfo", "which DPs have a full drive"},
    [DP_SIZES] = {"v_PackageStatusRootSummarizer", "the packages' sizes, which --min-rate needs"},
    [DP_ROOT_DATES] = {"v_PackageStatusRootSummarizer", "the packages' SourceDate"},
};

const char *dp_source_view(enum dp_source source)
{
    return sources_known[source].view;
}

const char *dp_source_loss(enum dp_source source)
{
    return sources_known[source].loss;
}

bool dp_reads(const struct dp_sources *sources, enum dp_source source)
{
    return sources->access[source] == DP_READABLE;
}

bool dp_sources_are_blind(const struct dp_sources *sources)
{
    return !dp_reads(sources, DP_MESSAGES) || !dp_reads(sources, DP_PROPERTIES);
}

bool dp_sources_are_modern(const struct dp_sources *sources)
{
    return sources->access[DP_MESSAGES] != DP_NOT_THERE || sources->access[DP_PROPERTIES] != DP_NOT_THERE;
}

static enum dp_access access_of(const struct odbc_error *error)
{
    return error->reason == ODBC_REASON_DENIED                                                ? DP_DENIED
           : error->reason == ODBC_REASON_NO_OBJECT || error->reason == ODBC_REASON_NO_COLUMN ? DP_NOT_THERE
                                                                                              : DP_NOT_NOW;
}

/* A read of no rows. @param columns  of the view, comma-separated */
static enum dp_access try_columns(const struct sitedb *db, const char *what, const char *view,
                                  const char *columns)
{
    struct text sql = {0};
    int count = 0;
    text_add(&sql, "SELECT ");
    for (const char *name = columns; *name != '\0' && count < MOST_COLUMNS; count++) {
        size_t length = strcspn(name, ",");
        text_addf(&sql, "%sCOUNT(%.*s)", count == 0 ? "" : ", ", (int)length, name);
        name += length + (name[length] == ',');
    }
    text_addf(&sql, " FROM %s WHERE 1 = 0", view);
    struct odbc_column integers[MOST_COLUMNS];
    for (int i = 0; i < MOST_COLUMNS; i++)
        integers[i] = (struct odbc_column){ODBC_INTEGER, 0};
    struct odbc_value values[MOST_COLUMNS];
    struct odbc_error error = {.reason = ODBC_REASON_OTHER};
    struct odbc_query *query =
        odbc_query(db->connection, what, text_string(&sql), NULL, 0, integers, (size_t)count, &error);
    int rows = query == NULL ? -1 : 1;
    while (rows == 1)
        rows = odbc_query_next(query, values, &error);
    odbc_query_free(query);
    text_free(&sql);
    if (rows == 0)
        return DP_READABLE;
    trace_note(db->trace, 2, "left out: %s", error.failure.text);
    return access_of(&error);
}

static enum dp_access try_source(const struct sitedb *db, enum dp_source source, const char *columns)
{
    return try_columns(db, sources_known[source].loss, sources_known[source].view, columns);
}

/* The view's date is LastUpdateDate (SDK page SMS_DistributionDPStatus); LastStatusTime is what the class of the
 * details calls it, and what some texts give for the view. */
static void probe_messages(const struct sitedb *db, struct dp_sources *sources)
{
    static const struct {
        const char *date, *columns;
    } forms[] = {{"LastUpdateDate", "PackageID,NALPath,MessageState,MessageID,LastUpdateDate"},
                 {"LastStatusTime", "PackageID,NALPath,MessageState,MessageID,LastStatusTime"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        sources->message_date = forms[i].date;
        sources->access[DP_MESSAGES] = try_source(db, DP_MESSAGES, forms[i].columns);
        if (sources->access[DP_MESSAGES] != DP_NOT_THERE)
            return;
    }
}

/* Pull DPs came with 2012 SP1, maintenance mode with 1902: each column is tried alone where not all are there. */
static void probe_properties(const struct sitedb *db, struct dp_sources *sources)
{
    struct {
        const char *column;
        bool *there;
    } columns[] = {{"IsPullDP", &sources->pull},
                   {"MaintenanceMode", &sources->maintenance},
                   {"IsActive", &sources->inactive},
                   {"PreStagingAllowed", &sources->prestaging}};
    sources->access[DP_PROPERTIES] = try_source(
        db, DP_PROPERTIES, "NALPath,SMSSiteCode,IsPullDP,MaintenanceMode,IsActive,PreStagingAllowed");
    if (dp_reads(sources, DP_PROPERTIES)) {
        sources->pull = sources->maintenance = sources->inactive = sources->prestaging = true;
        return;
    }
    if (sources->access[DP_PROPERTIES] == DP_NOT_THERE)
        sources->access[DP_PROPERTIES] = try_source(db, DP_PROPERTIES, "NALPath,SMSSiteCode");
    for (size_t i = 0; i < sizeof columns / sizeof *columns && dp_reads(sources, DP_PROPERTIES); i++)
        *columns[i].there = try_source(db, DP_PROPERTIES, columns[i].column) == DP_READABLE;
}

void dps_probe(const struct sitedb *db, struct dp_selection *selection)
{
    struct dp_sources *sources = &selection->sources;
    probe_messages(db, sources);
    probe_properties(db, sources);
    sources->access[DP_DRIVES] = try_source(db, DP_DRIVES, "NALPath,SiteCode,Drive,PercentFree");
    if (selection->rates)
        sources->access[DP_SIZES] = try_source(db, DP_SIZES, "PackageID,SourceCompressedSize");
    if (!db->has_column[SITEDB_VIEW_SOURCE_DATE])
        sources->access[DP_ROOT_DATES] = try_source(db, DP_ROOT_DATES, "PackageID,SourceDate");
}
