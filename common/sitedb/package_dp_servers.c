// SPDX-License-Identifier: GPL-3.0-or-later
/* What is known of the distribution points themselves: dps_describe_servers of package_dp.h. */
#include "sitedb/package_dp_parts.h"

#include "sitedb/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROPERTY_PATH, PROPERTY_SITE, PROPERTY_PULL, PROPERTY_MAINTENANCE, PROPERTY_ACTIVE, PROPERTY_COUNT };

/* Only those of which there is something to say. @param[out] paths  of the inactive ones */
static int read_properties(const struct sitedb *db, const struct dp_sources *sources, struct dp_list *list,
                           struct text *inactive, struct failure *failure)
{
    static const struct odbc_column columns[PROPERTY_COUNT] = {
        {ODBC_TEXT, 256}, {ODBC_TEXT, 8}, {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}};
    struct statement statement = {0};
    statement_text(&statement, "SELECT v.NALPath, v.SMSSiteCode, ");
    statement_text(&statement, sources->pull ? "v.IsPullDP, " : "0 AS IsPullDP, ");
    statement_text(&statement, sources->maintenance ? "v.MaintenanceMode, " : "0 AS MaintenanceMode, ");
    statement_text(&statement, sources->inactive ? "v.IsActive" : "1 AS IsActive");
    statement_text(&statement, " FROM v_DistributionPoints v WHERE 1 = 0");
    statement_text(&statement, sources->pull ? " OR v.IsPullDP = 1" : "");
    statement_text(&statement, sources->maintenance ? " OR v.MaintenanceMode = 1" : "");
    statement_text(&statement, sources->inactive ? " OR v.IsActive = 0" : "");
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the kinds of distribution points", &statement, columns, PROPERTY_COUNT,
                   failure) != 0)
        return -1;
    while (sitedb_next(&rows)) {
        struct dp_server *server =
            dp_server_described(list, rows.values[PROPERTY_PATH].text, rows.values[PROPERTY_SITE].text);
        rows.no_memory = server == NULL;
        if (rows.no_memory)
            break;
        server->pull = sitedb_integer(&rows.values[PROPERTY_PULL], 0) == 1;
        server->maintenance = sitedb_integer(&rows.values[PROPERTY_MAINTENANCE], 0) == 1;
        server->inactive = sitedb_integer(&rows.values[PROPERTY_ACTIVE], 1) == 0;
        if (server->inactive)
            text_add_bytes(inactive, rows.values[PROPERTY_PATH].text,
                           strlen(rows.values[PROPERTY_PATH].text) + 1);
    }
    rows.no_memory |= inactive->failed;
    return sitedb_end(&rows, failure);
}

/* The servers of findings, by their numbers: what is read of them may find others. */
struct troubled {
    bool *wanted; /* owned */
    size_t count;
};

/* The server of the next row, whose first two columns are its path and its site. @return NULL at the end, or when memory ran
 * out: the rows know */
static struct dp_server *next_server(struct sitedb_rows *rows, struct dp_list *list)
{
    if (!sitedb_next(rows))
        return NULL;
    struct dp_server *server = dp_server_described(list, rows->values[0].text, rows->values[1].text);
    rows->no_memory = server == NULL;
    return server;
}

/* Which of these servers are DPs, and may be prestaged? @param[in,out] number  of the first of the batch, then behind it */
static int read_listed(const struct sitedb *db, const struct dp_sources *sources,
                       const struct troubled *troubled, size_t *number, struct dp_list *list,
                       struct failure *failure)
{
    enum { BATCH = 100 };
    static const struct odbc_column columns[] = {{ODBC_TEXT, 256}, {ODBC_TEXT, 8}, {ODBC_INTEGER, 0}};
    struct statement statement = {0};
    int count = 0;
    statement_text(&statement, "SELECT v.NALPath, v.SMSSiteCode, ");
    statement_text(&statement, sources->prestaging ? "v.PreStagingAllowed" : "1 AS PreStagingAllowed");
    statement_text(&statement, " FROM v_DistributionPoints v WHERE v.NALPath IN (");
    for (; count < BATCH && *number < troubled->count; ++*number) {
        if (!troubled->wanted[*number])
            continue;
        statement_text(&statement, count++ == 0 ? "" : ", ");
        statement_bind(&statement, dp_server_at(list, *number)->path);
    }
    statement_text(&statement, ")");
    if (count == 0) {
        statement_free(&statement);
        return 0;
    }
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the distribution points in trouble", &statement, columns, 3, failure) != 0)
        return -1;
    for (struct dp_server *server; (server = next_server(&rows, list)) != NULL;) {
        server->listed = true;
        server->network_only = sitedb_integer(&rows.values[2], 1) == 0;
    }
    return sitedb_end(&rows, failure);
}

/* @param[out] any  by the place of the site in db->sites: it has a DP that is listed */
static int read_sites(const struct sitedb *db, bool *any, struct failure *failure)
{
    static const struct odbc_column column = {ODBC_TEXT, 8};
    struct statement statement = {0};
    statement_text(&statement, "SELECT DISTINCT v.SMSSiteCode FROM v_DistributionPoints v");
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the sites of distribution points", &statement, &column, 1, failure) != 0)
        return -1;
    while (sitedb_next(&rows)) {
        const struct site *site = sitedb_site(db, rows.values[0].text);
        if (site != NULL)
            any[site - db->sites] = true;
    }
    return sitedb_end(&rows, failure);
}

/* A server that is not listed is gone only where its site has others that are. */
static int find_gone(const struct sitedb *db, const struct troubled *troubled, struct dp_list *list,
                     struct failure *failure)
{
    bool missing = false;
    for (size_t i = 0; i < troubled->count; i++)
        missing = missing || (troubled->wanted[i] && !dp_server_at(list, i)->listed);
    if (!missing)
        return 0;
    bool *any = calloc(db->site_count + 1, sizeof *any);
    int result = any == NULL ? fail(failure, "out of memory") : read_sites(db, any, failure);
    for (size_t i = 0; i < troubled->count && result == 0; i++) {
        const struct dp_server *server = dp_server_at(list, i);
        const struct site *site = sitedb_site(db, server->site);
        if (troubled->wanted[i] && !server->listed && site != NULL && any[site - db->sites])
            dp_server_described(list, server->path, server->site)->gone = true;
    }
    free(any);
    return result;
}

/* What only the servers of findings are asked for. */
static int describe_troubled(const struct sitedb *db, const struct dp_sources *sources, struct dp_list *list,
                             struct failure *failure)
{
    struct troubled troubled = {.count = dp_server_count(list)};
    troubled.wanted = calloc(troubled.count + 1, sizeof *troubled.wanted);
    int result = troubled.wanted == NULL ? fail(failure, "out of memory") : 0;
    for (size_t i = 0; i < list->count && result == 0; i++)
        troubled.wanted[list->dps[i].server->number] = true;
    for (size_t number = 0; number < troubled.count && result == 0;)
        result = read_listed(db, sources, &troubled, &number, list, failure);
    if (result == 0)
        result = find_gone(db, &troubled, list, failure);
    for (size_t i = 0; i < list->count && result == 0; i++)
        if (list->dps[i].kind == DP_PRESTAGED && list->dps[i].server->network_only)
            list->dps[i].kind = dp_judge(&list->dps[i]);
    free(troubled.wanted);
    return result;
}

/* How many packages each of these DPs is to have. @return the path behind the last of the batch */
static const char *count_batch(const struct sitedb *db, const struct dp_selection *selection,
                               const char *path, const char *end, struct dp_list *list,
                               struct failure *failure)
{
    enum { BATCH = 100 };
    struct statement statement = {0};
    statement_text(&statement,
                   "SELECT d.ServerNALPath, d.SiteCode, COUNT(*) AS Targeted FROM v_DistributionPoint d"
                   " JOIN v_Site i ON i.SiteCode = d.SiteCode");
    statement_text(&statement, db->has_column[SITEDB_SITE_STATUS] ? " AND i.Status = 1 WHERE " : " WHERE ");
    dp_add_live(db, selection, &statement);
    statement_filter(&statement, "d.SiteCode", &selection->filter->sites, &selection->filter->exclude_sites);
    statement_filter(&statement, "d.PackageID", &selection->filter->packages,
                     &selection->filter->exclude_packages);
    statement_text(&statement, " AND d.ServerNALPath IN (");
    for (int count = 0; path < end && count < BATCH; count++, path += strlen(path) + 1) {
        statement_text(&statement, count == 0 ? "" : ", ");
        statement_bind(&statement, path);
    }
    statement_text(&statement, ") GROUP BY d.ServerNALPath, d.SiteCode");
    static const struct odbc_column columns[] = {{ODBC_TEXT, 256}, {ODBC_TEXT, 8}, {ODBC_INTEGER, 0}};
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the packages on inactive distribution points", &statement, columns, 3,
                   failure) != 0)
        return NULL;
    for (struct dp_server *server; (server = next_server(&rows, list)) != NULL;) {
        if (dp_server_matches(selection->servers, server->place))
            server->targeted += sitedb_integer(&rows.values[2], 0);
    }
    return sitedb_end(&rows, failure) == 0 ? path : NULL;
}

static int read_drives(const struct sitedb *db, struct dp_list *list, struct failure *failure)
{
    static const struct odbc_column columns[] = {
        {ODBC_TEXT, 256}, {ODBC_TEXT, 8}, {ODBC_TEXT, 8}, {ODBC_INTEGER, 0}};
    struct statement statement = {0};
    struct text sql = {0};
    text_addf(&sql,
              "SELECT v.NALPath, v.SiteCode, v.Drive, v.PercentFree FROM v_DistributionPointDriveInfo v"
              " WHERE v.PercentFree >= 0 AND v.PercentFree < %d",
              (int)DP_DRIVE_FULL);
    statement_text(&statement, text_string(&sql));
    text_free(&sql);
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the drives that are nearly full", &statement, columns, 4, failure) != 0)
        return -1;
    for (struct dp_server *server; (server = next_server(&rows, list)) != NULL;) {
        int64_t free_percent = sitedb_integer(&rows.values[3], 0);
        if (server->percent_free >= 0 && server->percent_free <= free_percent)
            continue;
        server->percent_free = free_percent;
        snprintf(server->drive, sizeof server->drive, "%s", rows.values[2].text);
    }
    return sitedb_end(&rows, failure);
}

int dps_describe_servers(const struct sitedb *db, const struct dp_selection *selection, struct dp_list *list,
                         struct failure *failure)
{
    const struct dp_sources *sources = &selection->sources;
    struct text inactive = {0};
    int result = 0;
    if (dp_reads(sources, DP_PROPERTIES) && (sources->pull || sources->maintenance || sources->inactive))
        result = read_properties(db, sources, list, &inactive, failure);
    const char *path = inactive.bytes, *end = path == NULL ? NULL : path + inactive.length;
    while (result == 0 && path != end) {
        path = count_batch(db, selection, path, end, list, failure);
        result = path == NULL ? -1 : 0;
    }
    text_free(&inactive);
    if (result == 0 && dp_reads(sources, DP_PROPERTIES))
        result = describe_troubled(db, sources, list, failure);
    if (result == 0 && dp_reads(sources, DP_DRIVES))
        result = read_drives(db, list, failure);
    return result;
}
