// SPDX-License-Identifier: GPL-3.0-or-later
/* The questions that a repair asks of the site database before it touches it. */
#include "repair/look.h"

#include "repair/transaction.h"
#include "sitedb/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Unlike a monitor (sitedb.c), a repair must see what is true, and must not wait for ever to learn it. */
static int take_settings(struct repair_connection *connection, struct failure *failure)
{
    struct odbc_error error;
    if (connection->db.transact_sql && odbc_execute(connection->connection, "connection settings",
                                                    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED "
                                                    "SET LOCK_TIMEOUT 5000 "
                                                    "SET NOCOUNT OFF "
                                                    "SET DEADLOCK_PRIORITY NORMAL "
                                                    "SET XACT_ABORT ON",
                                                    NULL, 0, NULL, &error) != 0)
        return sitedb_fail(&error, failure);
    return 0;
}

int repair_connect(struct repair_connection *connection, const struct odbc_settings *settings,
                   const char *owner, const struct trace *trace, struct failure *failure)
{
    struct odbc_error error;
    *connection = (struct repair_connection){.connection = odbc_connect(settings, trace, &error)};
    if (connection->connection == NULL) {
        *failure = error.failure;
        return -1;
    }
    unsigned columns =
        SITEDB_BIT(SITEDB_PACKAGE_TYPE) | SITEDB_BIT(SITEDB_DP_STATUS) | SITEDB_BIT(SITEDB_DP_REFRESHED);
    if (sitedb_open(&connection->db, connection->connection, owner, columns, trace, failure) != 0)
        return -1;
    return take_settings(connection, failure);
}

void repair_disconnect(struct repair_connection *connection)
{
    sitedb_close(&connection->db);
    odbc_disconnect(connection->connection);
    connection->connection = NULL;
}

/* Take the first row of a statement, where there is one. @return 0 or -1 */
static int first_row(const struct sitedb *db, const char *what, struct statement *statement,
                     const struct odbc_column *columns, size_t count,
                     void (*take)(const struct odbc_value *values, void *target), void *target,
                     struct failure *failure)
{
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, what, statement, columns, count, failure) != 0)
        return -1;
    for (bool first = true; sitedb_next(&rows); first = false)
        if (first)
            take(rows.values, target);
    return sitedb_end(&rows, failure);
}

static void copy(char *target, size_t size, const struct odbc_value *value)
{
    snprintf(target, size, "%s", value->null ? "" : value->text);
    for (size_t length = strlen(target); length > 0 && target[length - 1] == ' '; length--)
        target[length - 1] = '\0'; /* char(3) columns come padded */
}

static void take_package(const struct odbc_value *values, void *target)
{
    struct repair_package *package = target;
    package->exists = true;
    copy(package->id, sizeof package->id, &values[0]);
    copy(package->name, sizeof package->name, &values[1]);
    copy(package->source_site, sizeof package->source_site, &values[2]);
    package->wanted = sitedb_integer(&values[3], 0);
    package->size_bytes = sitedb_size_bytes(&values[4]);
}

static int read_package(const struct sitedb *db, const char *id, struct repair_package *package,
                        struct failure *failure)
{
    static const struct odbc_column columns[] = {
        {ODBC_TEXT, 15}, {ODBC_TEXT, 255}, {ODBC_TEXT, 7}, {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}};
    struct statement statement = {0};
    snprintf(package->id, sizeof package->id, "%s", id);
    statement_text(
        &statement,
        "SELECT PkgID, Name, SourceSite, SourceVersion, SourceCompSize FROM SMSPackages WHERE PkgID = ");
    statement_bind(&statement, id);
    return first_row(db, "the package", &statement, columns, 5, take_package, package, failure);
}

struct server_row {
    char site[8];
    int64_t type;
};

static void take_server_row(const struct odbc_value *values, void *target)
{
    struct server_row *row = target;
    copy(row->site, sizeof row->site, &values[0]);
    row->type = sitedb_integer(&values[1], 0);
}

/* Which site does the article's form mean? A row of Type 1 comes first. */
static int find_site_of_server(const struct sitedb *db, const struct repair_target *target,
                               struct repair_view *view, struct failure *failure)
{
    static const struct odbc_column columns[] = {{ODBC_TEXT, 7}, {ODBC_INTEGER, 0}};
    struct statement statement = {0};
    struct server_row row = {0};
    statement_text(&statement, "SELECT SiteCode, Type FROM PkgStatus WHERE ID = ");
    statement_bind(&statement, view->package.id);
    statement_text(&statement, " AND PkgServer = ");
    statement_bind(&statement, target->pkg_server);
    if (target->site != NULL) {
        statement_text(&statement, " AND SiteCode = ");
        statement_bind(&statement, target->site);
    }
    statement_text(&statement, " ORDER BY Type");
    if (first_row(db, "the row of that PkgServer", &statement, columns, 2, take_server_row, &row, failure) !=
        0)
        return -1;
    snprintf(view->site.code, sizeof view->site.code, "%s", row.site);
    view->names_dp = row.site[0] != '\0' && row.type != 1;
    return 0;
}

/* "CEN / PR1 / S02", from the top; a ring of parents ends it. */
static void add_path(const struct sitedb *db, const struct site *site, char *path, size_t size)
{
    const struct site *chain[16];
    size_t depth = 0, used = 0;
    for (; site != NULL && depth < 16; site = site->parent[0] != '\0' ? sitedb_site(db, site->parent) : NULL)
        chain[depth++] = site;
    path[0] = '\0';
    while (depth > 0 && used < size) {
        int added = snprintf(path + used, size - used, "%s%s", used > 0 ? " / " : "", chain[depth - 1]->code);
        used += (size_t)added;
        depth--;
    }
}

static void describe_site(const struct sitedb *db, struct repair_view *view)
{
    size_t used = 0;
    for (size_t i = 0; i < db->site_count && used < sizeof view->known_sites; i++)
        used += (size_t)snprintf(view->known_sites + used, sizeof view->known_sites - used, "%s%s",
                                 i == 0 ? "" : ", ", db->sites[i].code);
    const struct site *site = sitedb_site(db, view->site.code);
    if (site == NULL)
        return;
    struct repair_site *known = &view->site;
    known->exists = true;
    memcpy(known->code, site->code, sizeof known->code);
    memcpy(known->name, site->name, sizeof known->name);
    memcpy(known->server, site->server, sizeof known->server);
    add_path(db, site, known->path, sizeof known->path);
}

static void take_count(const struct odbc_value *values, void *target)
{
    *(int64_t *)target = sitedb_integer(&values[0], 0);
}

static int count_dp_rows(const struct sitedb *db, struct repair_view *view, struct failure *failure)
{
    static const struct odbc_column column = {ODBC_INTEGER, 0};
    struct statement statement = {0};
    statement_text(&statement, "SELECT COUNT(*) AS DpRows FROM PkgStatus WHERE Type = 2 AND ID = ");
    statement_bind(&statement, view->package.id);
    statement_text(&statement, " AND SiteCode = ");
    statement_bind(&statement, view->site.code);
    return first_row(db, "the rows of distribution points", &statement, &column, 1, take_count,
                     &view->dp_row_count, failure);
}

static bool is_above(const struct sitedb *db, const char *code, const struct site *below)
{
    for (int depth = 0; below != NULL && below->parent[0] != '\0' && depth < 16; depth++) {
        if (strcasecmp(below->parent, code) == 0)
            return true;
        below = sitedb_site(db, below->parent);
    }
    return false;
}

static void take_pair(const struct sitedb *db, const struct pair *pair, struct repair_view *view)
{
    if (strcasecmp(pair->site, view->site.code) == 0) {
        view->trouble = REPAIR_IN_TROUBLE;
        const struct row_image *row = &view->rows[0];
        view->torn = view->row_count == 1 && (pair->held != (row->has_version ? row->version : -1) ||
                                              pair->has_status != row->has_status ||
                                              (row->has_status && pair->status != row->status));
        snprintf(view->kind, sizeof view->kind, "%s", pair_kind_name(pair->kind));
        int64_t start = pair_database_start(pair);
        /* A row that has just moved, in another zone than --db-clock says: what other dates say is no age of it. */
        view->future_s = pair->future_s;
        view->age_s = start > 0 && pair->future_s == 0 ? db->clock.utc - start : -1;
        return;
    }
    size_t used = strlen(view->others);
    if (used + 32 < sizeof view->others)
        snprintf(view->others + used, sizeof view->others - used, "%s%s (%s)", used > 0 ? ", " : "",
                 pair->site, pair_kind_name(pair->kind));
    if (pair->kind != PAIR_RESEND && is_above(db, pair->site, sitedb_site(db, view->site.code)))
        snprintf(view->stuck_parent, sizeof view->stuck_parent, "%s", pair->site);
}

/* The check's own question about this one package, all sites: the others are part of the picture. */
static int read_trouble(const struct repair_connection *connection, enum pair_clock clock,
                        struct repair_view *view, struct failure *failure)
{
    const char *package = view->package.id;
    struct sitedb_filter filter = {.packages = {.strings = &package, .count = 1}};
    const struct pair_question question = {.filter = &filter, .rule = PAIR_RULE_VERSION, .clock = clock};
    struct pair_scan scan;
    int result = pairs_scan(&connection->db, &question, &scan, failure);
    view->trouble = REPAIR_NOT_TARGETED;
    if (view->row_count == 1) {
        const struct row_image *row = &view->rows[0];
        struct pair held = {.rows = 1,
                            .wanted = view->package.wanted,
                            .held = row->has_version ? row->version : -1,
                            .has_status = row->has_status,
                            .status = row->status};
        if (pair_judge(&held) == PAIR_IN_SYNC)
            view->trouble = REPAIR_IN_SYNC;
    }
    for (size_t i = 0; i < scan.pairs.count && result == 0; i++)
        take_pair(&connection->db, &scan.pairs.pairs[i], view);
    pair_scan_free(&scan);
    return result;
}

static void take_server(const struct odbc_value *values, void *target)
{
    struct repair_view *view = target;
    if (!values[0].null && values[0].text[0] != '\0')
        copy(view->server, sizeof view->server, &values[0]);
}

/* By the name that was typed, one server could be taken for two. */
static int read_server_name(const struct sitedb *db, struct repair_view *view, struct failure *failure)
{
    static const struct odbc_column column = {ODBC_TEXT, 255};
    struct statement statement = {0};
    if (!db->transact_sql)
        return 0;
    statement_text(&statement, "SELECT @@SERVERNAME AS ServerName");
    return first_row(db, "the server's name", &statement, &column, 1, take_server, view, failure);
}

static void copy_display(char *target, size_t size, const struct sitedb *db, struct statement *statement)
{
    struct text shown = {0};
    statement_show(statement, db->transact_sql, &shown);
    snprintf(target, size, "%s", text_string(&shown));
    text_free(&shown);
    statement_free(statement);
}

static void describe_change(const struct sitedb *db, const struct repair_target *target,
                            struct repair_view *view)
{
    struct statement update = {0}, look = {0};
    statement_text(&look, "SELECT Status, SourceVersion, UpdateTime, PkgServer FROM PkgStatus WHERE ID = ");
    statement_bind(&look, view->package.id);
    statement_text(&look, " AND Type = 1 AND SiteCode = ");
    statement_bind(&look, view->site.code);
    copy_display(view->look, sizeof view->look, db, &look);
    if (view->row_count != 1)
        return;
    const struct row_image *before = &view->rows[0];
    view->after = *before;
    view->after.has_version = true;
    view->after.version = 0;
    if (target->style == REPAIR_STYLE_RECIPE) {
        view->after.has_status = true;
        view->after.status = 2; /* RECEIVED: disarms the product's one-day guard for SENT */
    }
    view->set_status = target->style == REPAIR_STYLE_RECIPE;
    if (target->undo != NULL) {
        view->after = *target->undo;
        view->set_status =
            view->after.has_status != before->has_status || view->after.status != before->status;
    }
    repair_add_update(
        db,
        &(struct repair_change){view->package.id, view->site.code, before, &view->after, view->set_status},
        &update);
    copy_display(view->sql, sizeof view->sql, db, &update);
}

int repair_read_view(const struct repair_connection *connection, const struct repair_target *target,
                     struct repair_view *view, struct failure *failure)
{
    const struct sitedb *db = &connection->db;
    *view = (struct repair_view){.age_s = -1, .watched_s = -1};
    snprintf(view->owner, sizeof view->owner, "%s", db->owner);
    snprintf(view->database, sizeof view->database, "%s", odbc_database_name(connection->connection));
    snprintf(view->site.code, sizeof view->site.code, "%s", target->site != NULL ? target->site : "");
    if (read_server_name(db, view, failure) != 0 ||
        read_package(db, target->package, &view->package, failure) != 0)
        return -1;
    if (target->pkg_server != NULL && view->package.exists &&
        find_site_of_server(db, target, view, failure) != 0)
        return -1;
    describe_site(db, view);
    if (!view->package.exists || !view->site.exists)
        return 0;
    struct odbc_error error;
    if (repair_read_rows(connection, view->package.id, view->site.code, target->lock, view->rows,
                         &view->row_count, &error) != 0)
        return sitedb_fail(&error, failure);
    if (count_dp_rows(db, view, failure) != 0 || read_trouble(connection, target->clock, view, failure) != 0)
        return -1;
    describe_change(db, target, view);
    return 0;
}
