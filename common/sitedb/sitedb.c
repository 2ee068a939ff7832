// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/sitedb.h"

#include "base/array.h"
#include "sitedb/rows.h"
#include "sitedb/statement.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const struct {
    const char *table, *column;
} optional_columns[SITEDB_COLUMN_COUNT] = {
    [SITEDB_PACKAGE_TYPE] = {"SMSPackages", "PackageType"},
    [SITEDB_PACKAGE_PRIORITY] = {"SMSPackages", "Priority"},
    [SITEDB_DP_STATUS] = {"v_DistributionPoint", "Status"},
    [SITEDB_DP_REFRESHED] = {"v_DistributionPoint", "LastRefreshTime"},
    [SITEDB_DP_IS_PEER] = {"v_DistributionPoint", "IsPeerDP"},
    [SITEDB_SITE_STATUS] = {"v_Site", "Status"},
    [SITEDB_VIEW_PACKAGE_TYPE] = {"v_Package", "PackageType"},
    [SITEDB_VIEW_SOURCE_DATE] = {"v_Package", "SourceDate"},
    [SITEDB_VIEW_SOURCE_FLAG] = {"v_Package", "PkgSourceFlag"},
    [SITEDB_VIEW_ACTION] = {"v_Package", "ActionInProgress"},
    [SITEDB_SUMMARY_COPIED] = {"v_PackageStatusDistPointsSumm", "LastCopied"},
};

const char *sitedb_column_name(enum sitedb_column column)
{
    static const char *const names[SITEDB_COLUMN_COUNT] = {
        [SITEDB_PACKAGE_TYPE] = "SMSPackages.PackageType",
        [SITEDB_PACKAGE_PRIORITY] = "SMSPackages.Priority",
        [SITEDB_DP_STATUS] = "v_DistributionPoint.Status",
        [SITEDB_DP_REFRESHED] = "v_DistributionPoint.LastRefreshTime",
        [SITEDB_DP_IS_PEER] = "v_DistributionPoint.IsPeerDP",
        [SITEDB_SITE_STATUS] = "v_Site.Status",
        [SITEDB_VIEW_PACKAGE_TYPE] = "v_Package.PackageType",
        [SITEDB_VIEW_SOURCE_DATE] = "v_Package.SourceDate",
        [SITEDB_VIEW_SOURCE_FLAG] = "v_Package.PkgSourceFlag",
        [SITEDB_VIEW_ACTION] = "v_Package.ActionInProgress",
        [SITEDB_SUMMARY_COPIED] = "v_PackageStatusDistPointsSumm.LastCopied",
    };
    return names[column];
}

int sitedb_fail(const struct odbc_error *error, struct failure *failure)
{
    return fail(failure, "%s", error->failure.text);
}

/* One row of a statement without parameters. @return 1 a row, 0 none, -1 */
static int query_row(struct sitedb *db, const char *what, const char *sql, const struct odbc_column *columns,
                     struct odbc_value *values, size_t count, struct odbc_error *error)
{
    struct odbc_query *query = odbc_query(db->connection, what, sql, NULL, 0, columns, count, error);
    if (query == NULL)
        return -1;
    int result = odbc_query_next(query, values, error);
    struct odbc_value after[SITEDB_COLUMN_COUNT];
    if (result == 1 && odbc_query_next(query, after, error) < 0)
        result = -1;
    odbc_query_free(query);
    return result;
}

/* A monitor must never block the product. Dirty reads may skip or repeat a row: no item ends by mere absence. */
static int make_harmless(struct sitedb *db, struct failure *failure)
{
    if (!db->transact_sql)
        return 0;
    struct odbc_error error;
    if (odbc_execute(db->connection, "connection settings",
                     "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED "
                     "SET LOCK_TIMEOUT 5000 "
                     "SET NOCOUNT ON "
                     "SET DEADLOCK_PRIORITY LOW",
                     NULL, 0, NULL, &error) != 0)
        return sitedb_fail(&error, failure);
    return 0;
}

static int ask_clock(struct sitedb *db, struct failure *failure)
{
    const char *sql = NULL;
    if (db->transact_sql)
        sql = "SELECT GETUTCDATE() AS UtcNow, GETDATE() AS LocalNow";
    else if (db->sqlite)
        sql = "SELECT strftime('%Y-%m-%d %H:%M:%S', 'now') AS UtcNow, "
              "strftime('%Y-%m-%d %H:%M:%S', 'now', 'localtime') AS LocalNow";
    db->clock = (struct sitedb_clock){.utc = time(NULL)};
    if (sql == NULL) {
        trace_note(db->trace, 2, "no clock is known for %s: this host's clock is used",
                   odbc_dbms_name(db->connection));
        return 0;
    }
    static const struct odbc_column columns[] = {{ODBC_INSTANT, 0}, {ODBC_INSTANT, 0}};
    struct odbc_value values[2];
    struct odbc_error error;
    int rows = query_row(db, "the server's clock", sql, columns, values, 2, &error);
    if (rows < 0)
        return sitedb_fail(&error, failure);
    if (rows == 0 || values[0].null || values[1].null)
        return fail(failure, "the database server did not tell its clock (%s)", sql);
    /* Both were read one after the other: a second may have begun in between. Zones are whole minutes. */
    int64_t offset_s = values[1].integer - values[0].integer;
    offset_s += offset_s < 0 ? -30 : 30;
    db->clock = (struct sitedb_clock){
        .utc = values[0].integer, .utc_offset_s = offset_s - offset_s % 60, .of_server = true};
    trace_note(db->trace, 2,
               "server clock is %+" PRId64 " s from this host's, its local time UTC%+" PRId64 " min",
               db->clock.utc - (int64_t)time(NULL), db->clock.utc_offset_s / 60);
    return 0;
}

static bool is_asked(const struct sitedb *db, int column)
{
    return (db->asked & SITEDB_BIT(column)) != 0;
}

/* SQL Server tells all columns in one answer; elsewhere each is tried on no rows. */
static int probe_columns(struct sitedb *db, struct failure *failure)
{
    struct odbc_column integer[SITEDB_COLUMN_COUNT];
    struct odbc_error error;
    struct text sql = {0};
    /* It reads no rows: a server that answered before and does not now waits for somebody. */
    odbc_expect(db->connection, "a lock of another session on one of the tables is likely");
    struct odbc_value values[SITEDB_COLUMN_COUNT];
    int result = 0;
    for (int i = 0; i < SITEDB_COLUMN_COUNT; i++)
        integer[i] = (struct odbc_column){ODBC_INTEGER, 0};
    if (db->transact_sql) {
        size_t count = 0, told = 0;
        for (int i = 0; i < SITEDB_COLUMN_COUNT; i++)
            if (is_asked(db, i))
                text_addf(&sql, "%sCOL_LENGTH('%s', '%s')", count++ == 0 ? "SELECT " : ", ",
                          optional_columns[i].table, optional_columns[i].column);
        int rows = query_row(db, "the product's columns", text_string(&sql), integer, values, count, &error);
        for (int i = 0; i < SITEDB_COLUMN_COUNT && rows == 1; i++)
            db->has_column[i] = is_asked(db, i) && !values[told++].null;
        if (rows < 0)
            result = sitedb_fail(&error, failure);
    } else {
        for (int i = 0; i < SITEDB_COLUMN_COUNT && result == 0; i++) {
            if (!is_asked(db, i))
                continue;
            text_cut(&sql, 0);
            text_addf(&sql, "SELECT COUNT(%s) FROM %s WHERE 1 = 0", optional_columns[i].column,
                      optional_columns[i].table);
            int rows = query_row(db, "the product's columns", text_string(&sql), integer, values, 1, &error);
            db->has_column[i] = rows == 1;
            if (rows < 0 && error.reason != ODBC_REASON_NO_COLUMN)
                result = sitedb_fail(&error, failure);
        }
    }
    odbc_expect(db->connection, NULL);
    text_free(&sql);
    for (int i = 0; i < SITEDB_COLUMN_COUNT && result == 0; i++)
        if (is_asked(db, i) && !db->has_column[i])
            trace_note(db->trace, 2, "this product has no %s; what depends on it is left out",
                       sitedb_column_name(i));
    return result;
}

static void copy_text(char *target, size_t size, const struct odbc_value *value)
{
    snprintf(target, size, "%s", value->null ? "" : value->text);
    for (size_t length = strlen(target); length > 0 && target[length - 1] == ' '; length--)
        target[length - 1] = '\0'; /* char(3) columns come padded */
}

static int read_sites(struct sitedb *db, struct failure *failure)
{
    struct statement statement = {0};
    statement_text(&statement, "SELECT SiteCode, SiteName, ServerName, ReportingSiteCode, ");
    statement_text(&statement, db->has_column[SITEDB_SITE_STATUS] ? "Status" : "NULL");
    statement_text(&statement, " FROM v_Site ORDER BY SiteCode");
    static const struct odbc_column columns[] = {
        {ODBC_TEXT, 8}, {ODBC_TEXT, 128}, {ODBC_TEXT, 256}, {ODBC_TEXT, 8}, {ODBC_INTEGER, 0}};
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the sites", &statement, columns, 5, failure) != 0)
        return -1;
    while (sitedb_next(&rows)) {
        struct site *sites = array_grow(db->sites, db->site_count, sizeof *sites);
        rows.no_memory = sites == NULL;
        if (rows.no_memory)
            break;
        db->sites = sites;
        struct site *site = &db->sites[db->site_count++];
        copy_text(site->code, sizeof site->code, &rows.values[0]);
        copy_text(site->name, sizeof site->name, &rows.values[1]);
        copy_text(site->server, sizeof site->server, &rows.values[2]);
        copy_text(site->parent, sizeof site->parent, &rows.values[3]);
        site->has_status = db->has_column[SITEDB_SITE_STATUS];
        site->status = rows.values[4].null ? 0 : rows.values[4].integer;
    }
    return sitedb_end(&rows, failure);
}

void sitedb_identity(const struct sitedb *db, const struct odbc_settings *settings, struct text *identity)
{
    odbc_settings_identity(settings, identity);
    text_addf(identity, "/%s", db->owner);
}

const struct site *sitedb_site(const struct sitedb *db, const char *code)
{
    for (size_t i = 0; i < db->site_count; i++)
        if (strcasecmp(db->sites[i].code, code) == 0)
            return &db->sites[i];
    return NULL;
}

bool site_is_active(const struct site *site)
{
    return !site->has_status || site->status == 1;
}

static int fail_unknown_site(const struct sitedb *db, const char *option, const char *code,
                             struct failure *failure)
{
    struct text known = {0};
    for (size_t i = 0; i < db->site_count && known.length < 200; i++)
        text_addf(&known, "%s%s", i == 0 ? "" : ", ", db->sites[i].code);
    fail(failure, "%s=%s: there is no such site in v_Site; sites of this database: %s%s", option, code,
         known.length > 0 ? text_string(&known) : "none", known.length >= 200 ? ", ..." : "");
    text_free(&known);
    return -1;
}

/* SMS_CEN (2003, 2007) and CM_CEN (2012 and later) carry the site's code. */
static const char *code_in_database_name(const char *database)
{
    const char *code = strncasecmp(database, "SMS_", 4) == 0  ? database + 4
                       : strncasecmp(database, "CM_", 3) == 0 ? database + 3
                                                              : NULL;
    return code != NULL && strlen(code) == 3 && isalnum((unsigned char)code[0]) ? code : NULL;
}

static int find_owner(struct sitedb *db, const char *site, struct failure *failure)
{
    const char *database = odbc_database_name(db->connection);
    const char *code = site != NULL ? site : code_in_database_name(database);
    if (code == NULL)
        return fail(failure,
                    "the owning site is not known: the database '%s' is not named SMS_xxx or CM_xxx; give "
                    "--site=CODE",
                    database);
    const struct site *owner = sitedb_site(db, code);
    if (owner == NULL)
        return fail_unknown_site(db, "--site", code, failure);
    memcpy(db->owner, owner->code, sizeof db->owner);
    return 0;
}

int sitedb_open(struct sitedb *db, struct odbc_connection *connection, const char *site, unsigned columns,
                const struct trace *trace, struct failure *failure)
{
    *db = (struct sitedb){
        .connection = connection, .trace = trace, .asked = columns | SITEDB_BIT(SITEDB_SITE_STATUS)};
    db->transact_sql = strstr(odbc_dbms_name(connection), "SQL Server") != NULL;
    db->sqlite = strcasecmp(odbc_dbms_name(connection), "SQLite") == 0;
    if (make_harmless(db, failure) != 0 || ask_clock(db, failure) != 0 || probe_columns(db, failure) != 0 ||
        read_sites(db, failure) != 0 || find_owner(db, site, failure) != 0) {
        sitedb_close(db);
        return -1;
    }
    return 0;
}

void sitedb_close(struct sitedb *db)
{
    free(db->sites);
    db->sites = NULL;
    db->site_count = 0;
}

static int check_package(const struct sitedb *db, const char *package, enum sitedb_packages packages,
                         struct failure *failure)
{
    struct statement statement = {0};
    statement_text(&statement, packages == SITEDB_PACKAGES_VIEW
                                   ? "SELECT SourceSite FROM v_Package WHERE PackageID = "
                                   : "SELECT SourceSite FROM SMSPackages WHERE PkgID = ");
    statement_bind(&statement, package);
    static const struct odbc_column column = {ODBC_TEXT, 8};
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the packages asked for", &statement, &column, 1, failure) != 0)
        return -1;
    char owner[8] = "";
    bool found = false, owned = false;
    while (sitedb_next(&rows)) {
        found = true;
        copy_text(owner, sizeof owner, &rows.values[0]);
        owned = owned || strcasecmp(owner, db->owner) == 0;
    }
    if (sitedb_end(&rows, failure) != 0)
        return -1;
    if (!found)
        return fail(failure, "--package=%s: there is no such package in %s", package,
                    packages == SITEDB_PACKAGES_VIEW ? "v_Package" : "SMSPackages");
    if (!owned && packages == SITEDB_PACKAGES_OWNED)
        return fail(failure, "--package=%s is owned by site %s, not by %s: check it from the owning site",
                    package, owner, db->owner);
    return 0;
}

int sitedb_filter_check(const struct sitedb *db, const struct sitedb_filter *filter,
                        enum sitedb_packages packages, struct failure *failure)
{
    for (size_t i = 0; i < filter->sites.count; i++)
        if (sitedb_site(db, filter->sites.strings[i]) == NULL)
            return fail_unknown_site(db, "--child-site", filter->sites.strings[i], failure);
    for (size_t i = 0; i < filter->packages.count; i++)
        if (check_package(db, filter->packages.strings[i], packages, failure) != 0)
            return -1;
    return 0;
}

static bool listed(const struct string_list *list, const char *string)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcasecmp(list->strings[i], string) == 0)
            return true;
    return false;
}

bool sitedb_filter_is_empty(const struct sitedb_filter *filter)
{
    return filter->packages.count + filter->exclude_packages.count + filter->sites.count +
               filter->exclude_sites.count ==
           0;
}

bool sitedb_filter_selects(const struct sitedb_filter *filter, const char *package, const char *site)
{
    return (filter->packages.count == 0 || listed(&filter->packages, package)) &&
           (filter->sites.count == 0 || listed(&filter->sites, site)) &&
           !listed(&filter->exclude_packages, package) && !listed(&filter->exclude_sites, site);
}

int64_t sitedb_integer(const struct odbc_value *value, int64_t fallback)
{
    return value->null ? fallback : value->integer;
}

int64_t sitedb_size_bytes(const struct odbc_value *kilobytes)
{
    int64_t size = sitedb_integer(kilobytes, 0);
    return size > 0 && size < INT64_MAX / 1024 ? size * 1024 : 0;
}

void sitedb_add_past_date(const struct sitedb *db, struct text *sql, const char *column)
{
    const char *now = db->transact_sql ? "GETUTCDATE()"
                      : db->sqlite     ? "strftime('%Y-%m-%d %H:%M:%f', 'now')"
                                       : NULL;
    if (now == NULL)
        text_add(sql, column);
    else
        text_addf(sql, "CASE WHEN %s <= %s THEN %s END", column, now, column);
}

int64_t sitedb_date(const struct odbc_value *value, int64_t correction_s, const struct sitedb_clock *clock)
{
    enum { YEAR_1990 = 631152000 };
    if (value->null || value->integer < YEAR_1990 || value->integer + correction_s > clock->utc)
        return 0;
    return value->integer + correction_s;
}
