// SPDX-License-Identifier: GPL-3.0-or-later
/* How much is looked at on distribution points, and how new it is: dps_count of package_dp.h. */
#include "sitedb/package_dp_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

/* Per site, and per DP where names must be compared. */
enum count_column { COUNT_SITE, COUNT_NUMBER, COUNT_NEWEST, COUNT_PATH, COUNT_COLUMNS };

static int count_rows(const struct sitedb *db, const struct dp_selection *selection,
                      struct statement *statement, bool *site_seen, struct dp_evidence *evidence,
                      struct failure *failure)
{
    static const struct odbc_column columns[COUNT_COLUMNS] = {
        {ODBC_TEXT, 8}, {ODBC_INTEGER, 0}, {ODBC_INSTANT, 0}, {ODBC_TEXT, 256}};
    bool named = selection->servers->count > 0;
    struct odbc_query *query = sitedb_query(db, "the number of packages on distribution points", statement,
                                            columns, named ? COUNT_COLUMNS : COUNT_PATH, failure);
    if (query == NULL)
        return -1;
    struct dp_list names = {0};
    struct odbc_value values[COUNT_COLUMNS];
    struct odbc_error error;
    int rows;
    while ((rows = odbc_query_next(query, values, &error)) == 1) {
        if (named) {
            const struct dp_server *server =
                dp_server_named(&names, values[COUNT_PATH].text, values[COUNT_SITE].text);
            if (server == NULL || !dp_server_matches(selection->servers, server->place))
                continue;
        }
        int64_t newest = sitedb_date(&values[COUNT_NEWEST], 0, &db->clock);
        evidence->examined += sitedb_integer(&values[COUNT_NUMBER], 0);
        if (newest > evidence->newest)
            evidence->newest = newest;
        for (size_t i = 0; i < selection->filter->sites.count; i++)
            if (strcasecmp(selection->filter->sites.strings[i], values[COUNT_SITE].text) == 0)
                site_seen[i] = true;
    }
    odbc_query_free(query);
    dp_list_free(&names);
    evidence->server_unknown = named && evidence->examined == 0;
    return rows < 0 ? sitedb_fail(&error, failure) : 0;
}

/* A site that was asked for and gave no row: has it any at all? */
static int note_silence(const struct sitedb *db, const char *code, struct dp_evidence *evidence,
                        struct failure *failure)
{
    const struct site *site = sitedb_site(db, code);
    const char *glue = evidence->silent.length > 0 ? ", " : "";
    if (site != NULL && !site_is_active(site)) {
        text_addf(&evidence->silent, "%ssite %s is not active (status %" PRId64 ")", glue, site->code,
                  site->status);
        return 0;
    }
    struct statement statement = {0};
    statement_text(&statement,
                   "SELECT COUNT(*) AS StatusRows FROM v_PackageStatusDistPointsSumm WHERE SiteCode = ");
    statement_bind(&statement, code);
    static const struct odbc_column column = {ODBC_INTEGER, 0};
    struct odbc_query *query = sitedb_query(db, "the status rows of a site", &statement, &column, 1, failure);
    statement_free(&statement);
    if (query == NULL)
        return -1;
    struct odbc_value value, after;
    struct odbc_error error;
    int rows = odbc_query_next(query, &value, &error);
    bool silent = rows != 1 || sitedb_integer(&value, 0) == 0;
    if (rows == 1)
        rows = odbc_query_next(query, &after, &error);
    odbc_query_free(query);
    if (silent)
        text_addf(&evidence->silent, "%ssite %s has no status row of a distribution point", glue, code);
    return rows < 0 ? sitedb_fail(&error, failure) : 0;
}

int dps_count(const struct sitedb *db, const struct dp_selection *selection, struct dp_evidence *evidence,
              struct failure *failure)
{
    const struct string_list *sites = &selection->filter->sites;
    struct text *patterns = dp_patterns(selection->servers);
    bool *site_seen = calloc(sites->count + 1, sizeof *site_seen);
    struct statement statement = {0};
    int result = patterns == NULL || site_seen == NULL ? fail(failure, "out of memory") : 0;
    if (result == 0) {
        static const struct dp_sources none = {0};
        statement_text(&statement, "SELECT s.SiteCode, COUNT(*) AS Examined, MAX(");
        sitedb_add_past_date(db, &statement.sql, "s.SummaryDate");
        statement_text(&statement,
                       selection->servers->count > 0 ? ") AS Newest, s.ServerNALPath" : ") AS Newest");
        dp_add_sources(&none, selection->removals, &statement);
        dp_add_conditions(db, selection, patterns, "", &statement);
        statement_text(&statement, selection->servers->count > 0 ? " GROUP BY s.SiteCode, s.ServerNALPath"
                                                                 : " GROUP BY s.SiteCode");
        result = count_rows(db, selection, &statement, site_seen, evidence, failure);
    }
    for (size_t i = 0; i < sites->count && result == 0; i++)
        if (!site_seen[i])
            result = note_silence(db, sites->strings[i], evidence, failure);
    statement_free(&statement);
    free(site_seen);
    dp_patterns_free(patterns, selection->servers->count);
    return result;
}
