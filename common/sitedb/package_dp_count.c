// SPDX-License-Identifier: GPL-3.0-or-later
/* How much is looked at on distribution points, and how new it is: dps_count of package_dp.h. */
#include "sitedb/package_dp_parts.h"

#include "sitedb/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* Per site, and per DP where names must be compared. */
enum count_column {
    COUNT_SITE,
    COUNT_NUMBER,
    COUNT_NEWEST,
    COUNT_MISSING,
    COUNT_EXAMPLE,
    COUNT_SINCE,
    COUNT_PATH,
    COUNT_COLUMNS
};

static int count_rows(const struct sitedb *db, const struct dp_selection *selection,
                      struct statement *statement, bool *site_seen, struct dp_evidence *evidence,
                      struct failure *failure)
{
    static const struct odbc_column columns[COUNT_COLUMNS] = {
        [COUNT_SITE] = {ODBC_TEXT, 8},      [COUNT_NUMBER] = {ODBC_INTEGER, 0},
        [COUNT_NEWEST] = {ODBC_INSTANT, 0}, [COUNT_MISSING] = {ODBC_INTEGER, 0},
        [COUNT_EXAMPLE] = {ODBC_TEXT, 16},  [COUNT_SINCE] = {ODBC_INSTANT, 0},
        [COUNT_PATH] = {ODBC_TEXT, 256}};
    bool named = selection->servers->count > 0;
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the number of packages on distribution points", statement, columns,
                   named ? COUNT_COLUMNS : COUNT_PATH, failure) != 0)
        return -1;
    struct dp_list names = {0};
    while (sitedb_next(&rows)) {
        if (named) {
            const struct dp_server *server =
                dp_server_named(&names, rows.values[COUNT_PATH].text, rows.values[COUNT_SITE].text);
            rows.no_memory = server == NULL;
            if (rows.no_memory)
                break;
            if (!dp_server_matches(selection->servers, server->place))
                continue;
        }
        int64_t number = sitedb_integer(&rows.values[COUNT_NUMBER], 0);
        evidence->missing += sitedb_integer(&rows.values[COUNT_MISSING], 0);
        if (evidence->missing_example[0] == '\0')
            snprintf(evidence->missing_example, sizeof evidence->missing_example, "%s",
                     rows.values[COUNT_EXAMPLE].text);
        int64_t since = sitedb_date(&rows.values[COUNT_SINCE], 0, &db->clock);
        if (since > 0 && (evidence->missing_since == 0 || since < evidence->missing_since))
            evidence->missing_since = since;
        int64_t newest = sitedb_date(&rows.values[COUNT_NEWEST], 0, &db->clock);
        evidence->examined += number;
        if (newest > evidence->newest)
            evidence->newest = newest;
        for (size_t i = 0; i < selection->filter->sites.count && number > 0; i++)
            if (strcasecmp(selection->filter->sites.strings[i], rows.values[COUNT_SITE].text) == 0)
                site_seen[i] = true;
    }
    dp_list_free(&names);
    return sitedb_end(&rows, failure);
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
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the status rows of a site", &statement, &column, 1, failure) != 0)
        return -1;
    int64_t number = 0;
    while (sitedb_next(&rows))
        number = sitedb_integer(&rows.values[0], 0);
    if (number == 0)
        text_addf(&evidence->silent, "%ssite %s has no status row of a distribution point", glue, code);
    return sitedb_end(&rows, failure);
}

static void add_newest(const struct sitedb *db, struct statement *statement)
{
    statement_text(statement, "MAX(");
    sitedb_add_past_date(db, &statement->sql, "s.SummaryDate");
    statement_text(statement, ") AS Newest, ");
}

static void add_missing_since(const struct sitedb *db, struct statement *statement)
{
    if (!db->has_column[SITEDB_DP_REFRESHED]) {
        statement_text(statement, "NULL AS MissingSince");
        return;
    }
    statement_text(statement, "MIN(CASE WHEN s.PackageID IS NULL AND ");
    dp_add_distributed(db, statement);
    statement_text(statement, " THEN d.LastRefreshTime END) AS MissingSince");
}

static void add_group(const struct dp_selection *selection, char alias, struct statement *statement)
{
    const bool named = selection->servers->count > 0;
    statement_text(statement, alias == 'd' ? " GROUP BY d.SiteCode" : " GROUP BY s.SiteCode");
    if (named)
        statement_text(statement, alias == 'd' ? ", d.ServerNALPath" : ", s.ServerNALPath");
}

/* One pass over what is targeted tells both: what has a row of the summarizer, and what has none. */
static void add_count(const struct sitedb *db, const struct dp_selection *selection,
                      const struct text *patterns, struct statement *statement)
{
    static const struct dp_sources none = {0};
    /* What is not distributed is looked at only where it is there nevertheless. */
    statement_text(statement, "SELECT d.SiteCode, COUNT(CASE WHEN s.State = 0 OR (");
    dp_add_distributed(db, statement);
    statement_text(statement, ") THEN s.PackageID END) AS Examined, ");
    add_newest(db, statement);
    for (int column = 0; column < 2; column++) {
        statement_text(statement, column == 0 ? "SUM(" : "MIN(");
        statement_text(statement, "CASE WHEN s.PackageID IS NULL AND ");
        dp_add_distributed(db, statement);
        statement_text(statement, column == 0 ? " THEN 1 ELSE 0 END) AS Missing, "
                                              : " THEN d.PackageID END) AS Example, ");
    }
    add_missing_since(db, statement);
    if (selection->servers->count > 0)
        statement_text(statement, ", d.ServerNALPath");
    dp_add_target_sources(&none, statement);
    dp_add_target_conditions(db, selection, patterns, "", statement);
    add_group(selection, 'd', statement);
}

/* Rows of a removal may be left without a target and without a package. */
static void add_removal_count(const struct sitedb *db, const struct dp_selection *selection,
                              const struct text *patterns, struct statement *statement)
{
    static const struct dp_sources none = {0};
    statement_text(statement, "SELECT s.SiteCode, COUNT(*) AS Examined, ");
    add_newest(db, statement);
    statement_text(statement, "0 AS Missing, NULL AS Example, NULL AS MissingSince");
    if (selection->servers->count > 0)
        statement_text(statement, ", s.ServerNALPath");
    dp_add_sources(&none, true, statement);
    dp_add_removal_conditions(db, selection, patterns, statement);
    add_group(selection, 's', statement);
}

static bool any_is_away(const struct sitedb *db, const struct sitedb_filter *filter)
{
    const struct sitedb_filter sites = {.sites = filter->sites, .exclude_sites = filter->exclude_sites};
    for (size_t i = 0; i < db->site_count; i++)
        if (!site_is_active(&db->sites[i]) && sitedb_filter_selects(&sites, "", db->sites[i].code))
            return true;
    return false;
}

/* What is targeted at sites that are not active. */
static int count_away(const struct sitedb *db, const struct dp_selection *selection,
                      const struct text *patterns, struct dp_evidence *evidence, struct failure *failure)
{
    static const struct odbc_column columns[] = {{ODBC_TEXT, 8}, {ODBC_INTEGER, 0}, {ODBC_TEXT, 256}};
    const bool named = selection->servers->count > 0;
    struct dp_list names = {0};
    struct statement statement = {0};
    statement_text(&statement, "SELECT d.SiteCode, COUNT(*) AS Targeted");
    statement_text(&statement, named ? ", d.ServerNALPath" : "");
    dp_add_away(db, selection, patterns, &statement);
    add_group(selection, 'd', &statement);
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the packages at sites that are not active", &statement, columns, named ? 3 : 2,
                   failure) != 0)
        return -1;
    while (sitedb_next(&rows)) {
        const struct dp_server *server =
            named ? dp_server_named(&names, rows.values[2].text, rows.values[0].text) : NULL;
        rows.no_memory = named && server == NULL;
        if (rows.no_memory || (named && !dp_server_matches(selection->servers, server->place)))
            continue;
        evidence->away += sitedb_integer(&rows.values[1], 0);
        if (evidence->away_example[0] == '\0')
            snprintf(evidence->away_example, sizeof evidence->away_example, "%s", rows.values[0].text);
        else if (strcasecmp(evidence->away_example, rows.values[0].text) != 0)
            evidence->away_more = true;
    }
    dp_list_free(&names);
    return sitedb_end(&rows, failure);
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
        add_count(db, selection, patterns, &statement);
        result = count_rows(db, selection, &statement, site_seen, evidence, failure);
    }
    if (result == 0 && selection->removals) {
        statement_free(&statement);
        statement = (struct statement){0};
        add_removal_count(db, selection, patterns, &statement);
        result = count_rows(db, selection, &statement, site_seen, evidence, failure);
    }
    if (result == 0 && any_is_away(db, selection->filter))
        result = count_away(db, selection, patterns, evidence, failure);
    evidence->server_unknown = selection->servers->count > 0 && evidence->examined == 0;
    for (size_t i = 0; i < sites->count && result == 0; i++)
        if (!site_seen[i])
            result = note_silence(db, sites->strings[i], evidence, failure);
    statement_free(&statement);
    free(site_seen);
    dp_patterns_free(patterns, selection->servers->count);
    return result;
}
