// SPDX-License-Identifier: GPL-3.0-or-later
/* What was installed on distribution points: dps_read_arrivals and dps_find_moving of package_dp.h. */
#include "sitedb/package_dp_parts.h"

#include "base/array.h"
#include "sitedb/rows.h"

#include <stdio.h>
#include <stdlib.h>

/* When the content was copied there; a validation changes SummaryDate as well. */
static const char *copied(const struct sitedb *db)
{
    return db->has_column[SITEDB_SUMMARY_COPIED] ? "s.LastCopied" : "s.SummaryDate";
}

static void add_since(const struct sitedb *db, int64_t since, int64_t until, struct statement *statement)
{
    statement_text(statement, copied(db));
    statement_later(statement, since);
    statement_text(statement, " AND ");
    statement_text(statement, copied(db));
    statement_text(statement, " <= ");
    statement_bind_instant(statement, until);
}

int dps_read_arrivals(const struct sitedb *db, const struct dp_selection *selection, int64_t since,
                      size_t most, const bool *wanted, size_t wanted_count, struct dp_list *list,
                      struct dp_arrivals *arrivals, struct failure *failure)
{
    static const struct odbc_column columns[] = {
        {ODBC_TEXT, 16}, {ODBC_TEXT, 8}, {ODBC_TEXT, 256}, {ODBC_INTEGER, 0}, {ODBC_INSTANT, 0}};
    enum { A_DAY = 86400 };
    struct statement statement = {0};
    statement_text(&statement, "SELECT s.PackageID, s.SiteCode, s.ServerNALPath, s.SourceVersion, ");
    statement_text(&statement, copied(db));
    statement_text(&statement, " AS Copied FROM v_PackageStatusDistPointsSumm s WHERE s.State = 0 AND ");
    add_since(db, since, db->clock.utc + A_DAY, &statement);
    statement_filter(&statement, "s.SiteCode", &selection->filter->sites, &selection->filter->exclude_sites);
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "what was installed since the last run", &statement, columns, 5, failure) != 0)
        return -1;
    while (sitedb_next(&rows) && !arrivals->too_many) {
        arrivals->too_many = ++arrivals->seen > most;
        const struct dp_server *server = dp_server_named(list, rows.values[2].text, rows.values[1].text);
        rows.no_memory = server == NULL;
        if (rows.no_memory)
            break;
        if (rows.values[4].null || server->number >= wanted_count || !wanted[server->number])
            continue;
        struct dp_arrival *larger = array_grow(arrivals->rows, arrivals->count, sizeof *larger);
        rows.no_memory = larger == NULL;
        if (rows.no_memory)
            break;
        arrivals->rows = larger;
        struct dp_arrival *arrival = &larger[arrivals->count++];
        *arrival = (struct dp_arrival){.server = server,
                                       .version = sitedb_integer(&rows.values[3], 0),
                                       .copied = rows.values[4].integer};
        snprintf(arrival->package, sizeof arrival->package, "%s", rows.values[0].text);
    }
    return sitedb_end(&rows, failure);
}

void dp_arrivals_free(struct dp_arrivals *arrivals)
{
    free(arrivals->rows);
    *arrivals = (struct dp_arrivals){0};
}

/* More names than a statement takes well: then it is asked of all, and the answer is as long as the list of DPs. */
enum { NAMED_MOST = 400 };

int dps_find_moving(const struct sitedb *db, int64_t since, const struct dp_server *const *servers,
                    size_t count, struct dp_list *list, bool *moving, struct failure *failure)
{
    static const struct odbc_column columns[] = {{ODBC_TEXT, 8}, {ODBC_TEXT, 256}, {ODBC_INTEGER, 0}};
    if (count == 0)
        return 0;
    struct statement statement = {0};
    statement_text(&statement, "SELECT s.SiteCode, s.ServerNALPath, COUNT(*) AS Installed"
                               " FROM v_PackageStatusDistPointsSumm s WHERE s.State = 0 AND ");
    add_since(db, since, db->clock.utc, &statement);
    for (size_t i = 0; i < count && count <= NAMED_MOST; i++) {
        statement_text(&statement, i == 0 ? " AND s.ServerNALPath IN (" : ", ");
        statement_bind(&statement, servers[i]->path);
    }
    statement_text(&statement, count <= NAMED_MOST ? ") GROUP BY s.SiteCode, s.ServerNALPath"
                                                   : " GROUP BY s.SiteCode, s.ServerNALPath");
    size_t *places = calloc(dp_server_count(list) + 1, sizeof *places); /* of each server, + 1 */
    if (places == NULL) {
        statement_free(&statement);
        return fail(failure, "out of memory");
    }
    for (size_t i = 0; i < count; i++)
        places[servers[i]->number] = i + 1;
    const size_t known = dp_server_count(list);
    struct sitedb_rows rows;
    int result =
        sitedb_ask(&rows, db, "the distribution points that get packages", &statement, columns, 3, failure);
    if (result == 0) {
        while (sitedb_next(&rows)) {
            const struct dp_server *server = dp_server_named(list, rows.values[1].text, rows.values[0].text);
            rows.no_memory = server == NULL;
            if (server != NULL && server->number < known && places[server->number] > 0)
                moving[places[server->number] - 1] = true;
        }
        result = sitedb_end(&rows, failure);
    }
    free(places);
    return result;
}
