// SPDX-License-Identifier: GPL-3.0-or-later
/* The SQL of package_site.h, in the T-SQL of SQL Server 2000 (no CTE, no ROW_NUMBER), which SQLite takes as
 * well. */
#include "sitedb/package_site.h"

#include "base/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One row per PkgStatus row of a pair; a pair without one has NULLs from HasRow on. */
enum pair_column {
    COLUMN_PACKAGE,
    COLUMN_NAME,
    COLUMN_SITE,
    COLUMN_WANTED,
    COLUMN_SIZE,
    COLUMN_SOURCE_DATE,
    COLUMN_REFRESHED,
    COLUMN_ENDED,
    COLUMN_STATUS,
    COLUMN_HELD,
    COLUMN_UPDATED,
    COLUMN_SERVER,
    COLUMN_HAS_ROW,
    COLUMN_COUNT
};

static const struct odbc_column pair_columns[COLUMN_COUNT] = {
    [COLUMN_PACKAGE] = {ODBC_TEXT, 16},     [COLUMN_NAME] = {ODBC_TEXT, 256},
    [COLUMN_SITE] = {ODBC_TEXT, 8},         [COLUMN_WANTED] = {ODBC_INTEGER, 0},
    [COLUMN_SIZE] = {ODBC_INTEGER, 0},      [COLUMN_SOURCE_DATE] = {ODBC_INSTANT, 0},
    [COLUMN_REFRESHED] = {ODBC_INSTANT, 0}, [COLUMN_ENDED] = {ODBC_INTEGER, 0},
    [COLUMN_STATUS] = {ODBC_INTEGER, 0},    [COLUMN_HELD] = {ODBC_INTEGER, 0},
    [COLUMN_UPDATED] = {ODBC_INSTANT, 0},   [COLUMN_SERVER] = {ODBC_TEXT, 256},
    [COLUMN_HAS_ROW] = {ODBC_INTEGER, 0}};

static const char healthy_row[] = "CASE WHEN Status IN (0, 2, 3) AND SourceVersion > 0 THEN ";

static const char package_columns[] = "SELECT p.PkgID, p.Name, d.SiteCode, COALESCE(p.SourceVersion, 0) AS "
                                      "Wanted, p.SourceCompSize, p.SourceDate, ";
static const char row_columns[] = "r.Status, r.SourceVersion AS Held, r.UpdateTime, r.PkgServer, CASE WHEN "
                                  "r.ID IS NULL THEN 0 ELSE 1 END AS HasRow";

/* The newest refresh of a site's DPs. */
static void add_refreshed_column(const struct sitedb *db, struct statement *statement)
{
    if (db->has_column[SITEDB_DP_REFRESHED]) {
        statement_text(statement, "MAX(");
        sitedb_add_past_date(db, &statement->sql, "LastRefreshTime");
        statement_text(statement, ") AS Refreshed");
    } else {
        statement_text(statement, "NULL AS Refreshed");
    }
}

/* The packages that the owning site must bring to its child sites. */
static void add_package_conditions(const struct sitedb *db, struct statement *statement)
{
    statement_text(statement, " WHERE p.SourceSite = ");
    statement_bind(statement, db->owner);
    statement_text(statement, " AND d.SiteCode <> p.SourceSite AND COALESCE(p.Action, 0) <> 3"
                              " AND COALESCE(p.StorePkgFlag, 0) <> 1");
    if (db->has_column[SITEDB_PACKAGE_TYPE])
        statement_text(statement, " AND COALESCE(p.PackageType, 0) <> 4");
}

/* What is targeted: (package, site) of distribution points that are not being removed, at active sites. */
static void add_targets(const struct sitedb *db, const struct sitedb_filter *filter, bool refreshed,
                        struct statement *statement)
{
    statement_text(statement, " FROM SMSPackages p JOIN (SELECT PackageID, SiteCode");
    if (refreshed) {
        statement_text(statement, ", ");
        add_refreshed_column(db, statement);
    }
    statement_text(statement, " FROM v_DistributionPoint WHERE ");
    statement_text(statement, db->has_column[SITEDB_DP_STATUS] ? "COALESCE(Status, 0) <> 3" : "1 = 1");
    statement_filter(statement, "PackageID", &filter->packages, &filter->exclude_packages);
    statement_filter(statement, "SiteCode", &filter->sites, &filter->exclude_sites);
    statement_text(statement, " GROUP BY PackageID, SiteCode) d ON d.PackageID = p.PkgID"
                              " JOIN v_Site s ON s.SiteCode = d.SiteCode");
    if (db->has_column[SITEDB_SITE_STATUS])
        statement_text(statement, " AND s.Status = 1");
}

static void add_version_rule(const struct sitedb *db, const struct sitedb_filter *filter,
                             struct statement *statement)
{
    statement_text(statement, package_columns);
    statement_text(statement, "d.Refreshed, 0 AS Ended, ");
    statement_text(statement, row_columns);
    add_targets(db, filter, true, statement);
    statement_text(statement, " LEFT JOIN (SELECT ID, SiteCode, MAX(");
    statement_text(statement, healthy_row);
    statement_text(statement, "SourceVersion ELSE -1 END) AS HealthyVersion, SUM(");
    statement_text(statement, healthy_row);
    statement_text(statement,
                   "0 ELSE 1 END) AS OtherRows FROM PkgStatus WHERE Type = 1 GROUP BY ID, SiteCode) t"
                   " ON t.ID = p.PkgID AND t.SiteCode = d.SiteCode"
                   " LEFT JOIN PkgStatus r ON r.Type = 1 AND r.ID = p.PkgID AND r.SiteCode = d.SiteCode");
    add_package_conditions(db, statement);
    /* A superset: rows that differ are decided pair by pair, when they are here. */
    statement_text(statement, " AND (t.ID IS NULL OR t.HealthyVersion < p.SourceVersion OR t.OtherRows > 0)");
}

/* Rule recipe, to the letter, over the packages of the owning site (database.md, "Queries"). */
static void add_recipe_rows(const struct sitedb *db, const struct sitedb_filter *filter,
                            struct statement *statement)
{
    statement_text(statement, " FROM SMSPackages p JOIN PkgStatus r ON r.ID = p.PkgID AND r.Type = 1"
                              " WHERE p.SourceSite = ");
    statement_bind(statement, db->owner);
    statement_text(statement, " AND r.SiteCode <> p.SourceSite");
    statement_filter(statement, "r.ID", &filter->packages, &filter->exclude_packages);
    statement_filter(statement, "r.SiteCode", &filter->sites, &filter->exclude_sites);
}

static const char recipe_columns[] = "SELECT p.PkgID, p.Name, r.SiteCode, COALESCE(p.SourceVersion, 0) AS "
                                     "Wanted, p.SourceCompSize, p.SourceDate, "
                                     "NULL AS Refreshed, 0 AS Ended, ";

static void add_recipe_rule(const struct sitedb *db, const struct sitedb_filter *filter,
                            struct statement *statement)
{
    statement_text(statement, recipe_columns);
    statement_text(statement, row_columns);
    add_recipe_rows(db, filter, statement);
    statement_text(statement, " AND r.Status <> 0 AND r.SourceVersion > 0");
}

/* ---- from rows to pairs */

struct pair_reader {
    const struct sitedb *db;
    int64_t correction_s;
    bool ignore_dates;
    enum pair_rule rule;
    struct pair pair;   /* the one whose rows are being read; package NULL before the first */
    int64_t decided_at; /* UpdateTime of its deciding row as stored, INT64_MIN for NULL */
    bool ended;         /* proven to be no longer targeted */
    struct pair_list *list;
    struct lookup *lookups;
    size_t lookup_count;
};

static int64_t product_date(const struct pair_reader *reader, const struct odbc_value *value)
{
    return reader->ignore_dates ? 0 : sitedb_date(value, reader->correction_s, &reader->db->clock);
}

/* As stored: no date lies in the future, for no zone is known. */
static int64_t stored_date(const struct odbc_value *value)
{
    static const struct sitedb_clock end_of_time = {.utc = INT64_MAX};
    return sitedb_date(value, 0, &end_of_time);
}

/* All texts of a pair in one allocation, which `package` points to. */
static int keep_texts(struct pair *pair, const struct odbc_value *values)
{
    const char *texts[] = {values[COLUMN_PACKAGE].text, values[COLUMN_NAME].text, values[COLUMN_SITE].text,
                           values[COLUMN_SERVER].text};
    const char **targets[] = {&pair->package, &pair->package_name, &pair->site, &pair->server};
    size_t size = 0;
    for (size_t i = 0; i < 4; i++)
        size += strlen(texts[i]) + 1;
    char *block = malloc(size);
    if (block == NULL)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        size_t length = strlen(texts[i]) + 1;
        memcpy(block, texts[i], length);
        *targets[i] = block;
        block += length;
    }
    return 0;
}

/*
 * Highest SourceVersion, then newest UpdateTime, NULLs lowest. Dates are compared as stored: which of two
 * rows is newer does not depend on the zone, nor on --db-clock=ignore. Status makes the choice the same in
 * every run.
 */
static bool decides_over(int64_t held, int64_t updated, int64_t status, const struct pair_reader *reader)
{
    const struct pair *pair = &reader->pair;
    if (held != pair->held)
        return held > pair->held;
    return updated != reader->decided_at ? updated > reader->decided_at : status > pair->status;
}

static struct lookup *find_lookup(struct pair_reader *reader, const struct pair *pair)
{
    for (size_t i = 0; i < reader->lookup_count; i++)
        if (strcasecmp(reader->lookups[i].package, pair->package) == 0 &&
            (pair->site[0] == '\0' || strcasecmp(reader->lookups[i].place, pair->site) == 0))
            return &reader->lookups[i];
    return NULL;
}

static int keep_pair(struct pair_reader *reader)
{
    struct pair_list *list = reader->list;
    struct pair *pairs = array_grow(list->pairs, list->count, sizeof *pairs);
    if (pairs == NULL)
        return -1;
    list->pairs = pairs;
    pairs[list->count++] = reader->pair;
    reader->pair = (struct pair){0};
    return 0;
}

/* The pair's rows are complete: judge it, and keep it when it is in trouble. */
static int finish_pair(struct pair_reader *reader)
{
    struct pair *pair = &reader->pair;
    if (pair->package == NULL)
        return 0;
    if (reader->rule == PAIR_RULE_VERSION)
        pair->kind = pair_judge(pair);
    else
        pair->kind = pair->has_status && pair->status != 0 && pair->held > 0 ? PAIR_RECIPE : PAIR_IN_SYNC;
    struct lookup *lookup = find_lookup(reader, pair);
    bool trouble = pair->kind != PAIR_IN_SYNC && !reader->ended;
    if (lookup != NULL && pair->site[0] != '\0')
        lookup->found = trouble ? LOOKUP_IN_TROUBLE : LOOKUP_ENDED;
    if (trouble)
        return keep_pair(reader);
    free((char *)pair->package);
    *pair = (struct pair){0};
    return 0;
}

static int begin_pair(struct pair_reader *reader, const struct odbc_value *values)
{
    struct pair *pair = &reader->pair;
    if (keep_texts(pair, values) != 0)
        return -1;
    pair->wanted = sitedb_integer(&values[COLUMN_WANTED], 0);
    pair->size_bytes = sitedb_size_bytes(&values[COLUMN_SIZE]);
    pair->source_date = product_date(reader, &values[COLUMN_SOURCE_DATE]);
    pair->refreshed = sitedb_date(&values[COLUMN_REFRESHED], 0, &reader->db->clock);
    pair->held = -1;
    reader->ended = sitedb_integer(&values[COLUMN_ENDED], 0) != 0;
    return 0;
}

static bool same_pair(const struct pair *pair, const struct odbc_value *values)
{
    return pair->package != NULL && strcasecmp(pair->package, values[COLUMN_PACKAGE].text) == 0 &&
           strcasecmp(pair->site, values[COLUMN_SITE].text) == 0;
}

static int add_row(struct pair_reader *reader, const struct odbc_value *values)
{
    if (!same_pair(&reader->pair, values) && (finish_pair(reader) != 0 || begin_pair(reader, values) != 0))
        return -1;
    struct pair *pair = &reader->pair;
    if (sitedb_integer(&values[COLUMN_HAS_ROW], 0) == 0)
        return 0;
    int64_t held = sitedb_integer(&values[COLUMN_HELD], -1),
            updated = sitedb_integer(&values[COLUMN_UPDATED], INT64_MIN);
    int64_t status = sitedb_integer(&values[COLUMN_STATUS], 0);
    if (pair->rows++ > 0 && !decides_over(held, updated, status, reader))
        return 0;
    const char *former = pair->package; /* the texts: PkgServer is the deciding row's */
    if (pair->rows > 1) {
        if (keep_texts(pair, values) != 0)
            return -1;
        free((char *)former);
    }
    reader->decided_at = updated;
    pair->held = held;
    pair->updated = product_date(reader, &values[COLUMN_UPDATED]);
    pair->stamp = stored_date(&values[COLUMN_UPDATED]);
    pair->has_status = !values[COLUMN_STATUS].null;
    pair->status = status;
    return 0;
}

static int read_pairs(struct pair_reader *reader, const char *what, struct statement *statement,
                      struct failure *failure)
{
    struct odbc_query *query = sitedb_query(reader->db, what, statement, pair_columns, COLUMN_COUNT, failure);
    if (query == NULL)
        return -1;
    struct odbc_value values[COLUMN_COUNT];
    struct odbc_error error;
    int rows, kept = 0;
    while ((rows = odbc_query_next(query, values, &error)) == 1)
        if ((kept = add_row(reader, values)) != 0)
            break;
    odbc_query_free(query);
    if (rows == 0 && kept == 0)
        kept = finish_pair(reader);
    free((char *)reader->pair.package);
    reader->pair = (struct pair){0};
    if (rows < 0)
        return sitedb_fail(&error, failure);
    return kept == 0 ? 0 : fail(failure, "out of memory while reading %s", what);
}

static struct pair_reader reader_of(const struct sitedb *db, enum pair_rule rule, enum pair_clock clock,
                                    struct pair_list *list)
{
    return (struct pair_reader){.db = db,
                                .rule = rule,
                                .correction_s = clock == PAIR_CLOCK_LOCAL ? -db->clock.utc_offset_s : 0,
                                .ignore_dates = clock == PAIR_CLOCK_IGNORE,
                                .list = list};
}

int pairs_read(const struct sitedb *db, const struct sitedb_filter *filter, enum pair_rule rule,
               enum pair_clock clock, struct pair_list *list, struct failure *failure)
{
    struct statement statement = {0};
    if (rule == PAIR_RULE_VERSION)
        add_version_rule(db, filter, &statement);
    else
        add_recipe_rule(db, filter, &statement);
    statement_text(&statement, rule == PAIR_RULE_VERSION ? " ORDER BY p.PkgID, d.SiteCode"
                                                         : " ORDER BY p.PkgID, r.SiteCode");
    struct pair_reader reader = reader_of(db, rule, clock, list);
    int result = read_pairs(&reader, "the packages that are not in sync", &statement, failure);
    statement_free(&statement);
    return result;
}

int pairs_count(const struct sitedb *db, const struct sitedb_filter *filter, enum pair_rule rule,
                int64_t *examined, struct failure *failure)
{
    struct statement statement = {0};
    statement_text(&statement, "SELECT COUNT(*) AS Examined");
    if (rule == PAIR_RULE_VERSION) {
        add_targets(db, filter, false, &statement);
        add_package_conditions(db, &statement);
    } else {
        add_recipe_rows(db, filter, &statement);
    }
    static const struct odbc_column column = {ODBC_INTEGER, 0};
    struct odbc_query *query =
        sitedb_query(db, "the number of targeted packages", &statement, &column, 1, failure);
    statement_free(&statement);
    if (query == NULL)
        return -1;
    struct odbc_value value;
    struct odbc_error error;
    int rows = odbc_query_next(query, &value, &error);
    *examined = rows == 1 ? sitedb_integer(&value, 0) : 0;
    odbc_query_free(query);
    return rows < 0 ? sitedb_fail(&error, failure) : 0;
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

/* Proof that a pair is no longer targeted is a row that says so; a row that is merely absent proves nothing.
 */
static void add_version_lookup(const struct sitedb *db, const struct lookup *lookups, size_t count,
                               struct statement *statement)
{
    statement_text(statement, package_columns);
    statement_text(statement, "d.Refreshed, CASE WHEN p.Action = 3 OR p.StorePkgFlag = 1");
    if (db->has_column[SITEDB_PACKAGE_TYPE])
        statement_text(statement, " OR p.PackageType = 4");
    statement_text(statement, " OR d.Live = 0 THEN 1 ELSE 0 END AS Ended, ");
    statement_text(statement, row_columns);
    statement_text(statement, " FROM SMSPackages p JOIN (SELECT PackageID, SiteCode, ");
    add_refreshed_column(db, statement);
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

static void add_recipe_lookup(const struct lookup *lookups, size_t count, struct statement *statement)
{
    statement_text(statement, recipe_columns);
    statement_text(statement, row_columns);
    statement_text(statement, " FROM SMSPackages p JOIN PkgStatus r ON r.ID = p.PkgID AND r.Type = 1 WHERE ");
    add_keys(statement, "r.ID", "r.SiteCode", lookups, count);
    statement_text(statement, " ORDER BY p.PkgID, r.SiteCode");
}

int pairs_look_up(const struct sitedb *db, enum pair_rule rule, enum pair_clock clock, struct lookup *lookups,
                  size_t count, struct pair_list *list, struct failure *failure)
{
    enum { BATCH = 100 }; /* two parameters each; SQL Server takes 2,100 */
    int result = 0;
    for (size_t start = 0; start < count && result == 0; start += BATCH) {
        size_t size = count - start < BATCH ? count - start : BATCH;
        struct statement statement = {0};
        if (rule == PAIR_RULE_VERSION)
            add_version_lookup(db, lookups + start, size, &statement);
        else
            add_recipe_lookup(lookups + start, size, &statement);
        struct pair_reader reader = reader_of(db, rule, clock, list);
        reader.lookups = lookups + start;
        reader.lookup_count = size;
        for (size_t i = 0; i < size; i++)
            lookups[start + i].found = LOOKUP_ABSENT;
        result = read_pairs(&reader, "the packages that were in trouble before", &statement, failure);
        statement_free(&statement);
    }
    return result;
}
