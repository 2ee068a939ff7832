// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/survey.h"

#include "base/sanitize.h"
#include "base/units.h"
#include "sitedb/package_site.h"
#include "sitedb/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RELATION                                                                                             \
    "CASE WHEN r.SourceVersion IS NULL THEN 'no version' WHEN r.SourceVersion = 0 THEN 'version 0' "         \
    "WHEN r.SourceVersion < p.SourceVersion THEN 'old version' "                                             \
    "WHEN r.SourceVersion = p.SourceVersion THEN 'wanted version' ELSE 'newer version' END"

/* Rows of the owning site's packages at its child sites: what both rules judge. */
static void add_site_rows(const struct sitedb *db, struct statement *statement)
{
    statement_text(statement, " FROM PkgStatus r JOIN SMSPackages p ON p.PkgID = r.ID"
                              " WHERE r.Type = 1 AND r.SiteCode <> p.SourceSite AND p.SourceSite = ");
    statement_bind(statement, db->owner);
}

static int add_distribution(const struct sitedb *db, struct text *output, struct failure *failure)
{
    struct statement statement = {0};
    statement_text(&statement, "SELECT r.Status, " RELATION " AS Relation, COUNT(*) AS RowCnt");
    add_site_rows(db, &statement);
    statement_text(&statement,
                   " GROUP BY r.Status, " RELATION " ORDER BY r.Status, COUNT(*) DESC, " RELATION);
    static const struct odbc_column columns[] = {{ODBC_INTEGER, 0}, {ODBC_TEXT, 16}, {ODBC_INTEGER, 0}};
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the distribution of Status and versions", &statement, columns, 3, failure) !=
        0)
        return -1;
    text_add(output, "Rows of PkgStatus (Type 1), by Status and SourceVersion against the package's:\n");
    int64_t total = 0, recipe = 0;
    while (sitedb_next(&rows)) {
        const char *name = rows.values[0].null ? "NULL" : pair_status_name(rows.values[0].integer);
        char unknown[40];
        snprintf(unknown, sizeof unknown, "unknown (%" PRId64 ")", rows.values[0].integer);
        text_addf(output, "  %-18s %-15s %10" PRId64 "\n", name != NULL ? name : unknown, rows.values[1].text,
                  rows.values[2].integer);
        total += rows.values[2].integer;
        if (!rows.values[0].null && rows.values[0].integer != 0 &&
            strcmp(rows.values[1].text, "version 0") != 0 && strcmp(rows.values[1].text, "no version") != 0)
            recipe += rows.values[2].integer;
    }
    if (sitedb_end(&rows, failure) != 0)
        return -1;
    text_addf(
        output, "Rule recipe matches %" PRId64 " of %" PRId64 " rows: %s\n", recipe, total,
        recipe * 2 > total
            ? "healthy rows match it too, because in Microsoft's list of codes 2 is received; take --rule=version"
            : "few rows match it; both rules can be used");
    return 0;
}

void survey_select_dates(const char *column, struct statement *statement)
{
    struct text select = {0};
    text_addf(&select,
              "SELECT MAX(%s) AS Newest, COUNT(*) AS RowCnt, SUM(CASE WHEN %s IS NULL THEN 1 ELSE 0 END) AS "
              "Missing",
              column, column);
    statement_text(statement, text_string(&select));
    text_free(&select);
}

int survey_add_dates(const struct sitedb *db, const char *name, struct statement *statement,
                     const char *when_ahead, struct text *output, struct failure *failure)
{
    enum { CLOCKS_DIFFER_S = 120 };
    static const struct odbc_column columns[] = {{ODBC_INSTANT, 0}, {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}};
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the dates", statement, columns, 3, failure) != 0)
        return -1;
    while (sitedb_next(&rows)) {
        char instant[32], distance[32];
        const int64_t ahead_s = rows.values[0].integer - db->clock.utc;
        if (rows.values[0].null)
            text_addf(output, "  %s: no date in %" PRId64 " rows\n", name, rows.values[1].integer);
        else
            text_addf(output,
                      "  %s: newest %.16s, %s %s the server's UTC clock%s; %" PRId64 " of %" PRId64
                      " rows without\n",
                      name, instant_format(rows.values[0].integer, instant, sizeof instant),
                      duration_format(ahead_s > 0 ? ahead_s : -ahead_s, distance, sizeof distance),
                      ahead_s > 0 ? "ahead of" : "behind", ahead_s > CLOCKS_DIFFER_S ? when_ahead : "",
                      rows.values[2].integer, rows.values[1].integer);
    }
    return sitedb_end(&rows, failure);
}

static int add_site_dates(const struct sitedb *db, const char *name, const char *column, struct text *output,
                          struct failure *failure)
{
    struct statement statement = {0};
    survey_select_dates(column, &statement);
    add_site_rows(db, &statement);
    return survey_add_dates(db, name, &statement, ": local time, take --db-clock=local", output, failure);
}

void survey_add_clock(const struct sitedb *db, struct text *output)
{
    char instant[32];
    text_addf(output, "Dates against the server's clock (%s, local time UTC%+" PRId64 " min%s):\n",
              instant_format(db->clock.utc, instant, sizeof instant), db->clock.utc_offset_s / 60,
              db->clock.of_server ? "" : "; the server could not be asked, this is the host's");
}

void survey_add_columns(const struct sitedb *db, struct text *output)
{
    text_add(output, "Columns that some products lack:\n");
    for (int i = 0; i < SITEDB_COLUMN_COUNT; i++)
        if ((db->asked & SITEDB_BIT(i)) != 0)
            text_addf(output, "  %-36s %s\n", sitedb_column_name((enum sitedb_column)i),
                      db->has_column[i] ? "there" : "not there");
}

void survey_add_sites(const struct sitedb *db, struct text *output)
{
    size_t active = 0;
    for (size_t i = 0; i < db->site_count; i++)
        active += site_is_active(&db->sites[i]);
    text_addf(output, "Sites: %zu, active %zu", db->site_count, active);
    for (size_t i = 0; i < db->site_count; i++)
        if (!site_is_active(&db->sites[i]))
            text_addf(output, "; %s has status %" PRId64, db->sites[i].code, db->sites[i].status);
    text_add(output, "\n");
}

int survey_write(const struct sitedb *db, struct text *output, struct failure *failure)
{
    struct text raw = {0};
    text_addf(&raw, "Survey of site %s, no check: %s\n", db->owner, odbc_versions(db->connection));
    int result = add_distribution(db, &raw, failure);
    if (result == 0) {
        survey_add_clock(db, &raw);
        result = add_site_dates(db, "PkgStatus.UpdateTime", "r.UpdateTime", &raw, failure);
    }
    if (result == 0)
        result = add_site_dates(db, "SMSPackages.SourceDate", "p.SourceDate", &raw, failure);
    if (result == 0) {
        survey_add_columns(db, &raw);
        survey_add_sites(db, &raw);
        text_add_bytes(output, text_string(&raw), raw.length);
        if (raw.failed)
            result = fail(failure, "out of memory");
    }
    text_free(&raw);
    return result;
}
