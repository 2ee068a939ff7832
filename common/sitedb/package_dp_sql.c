// SPDX-License-Identifier: GPL-3.0-or-later
/* What is in trouble, by State and by key: dps_read and dps_look_up of package_dp.h. */
#include "sitedb/package_dp_reader.h"

#include <string.h>

/* The rows of one DP come together; from the package's side, because a scan in the summarizer's order reads
 * it twice. */
static const char in_order[] = " ORDER BY p.PackageID, s.ServerNALPath, s.PackageID";

int dps_read(const struct sitedb *db, const struct dp_selection *selection, struct dp_list *list,
             struct failure *failure)
{
    struct text *patterns = dp_patterns(selection->servers);
    if (patterns == NULL)
        return fail(failure, "out of memory");
    struct statement statement = {0};
    dp_add_columns(db, &selection->sources, &statement);
    statement_text(&statement, "0 AS Ended");
    dp_add_message_columns(&selection->sources, &statement);
    dp_add_sources(&selection->sources, selection->removals, &statement);
    /* State decides; an old version of what is installed is a finding too. */
    dp_add_conditions(db, selection, patterns,
                      "(COALESCE(s.State, -1) <> 0 OR s.SourceVersion < p.SourceVersion) AND ", &statement);
    statement_text(&statement, in_order);
    struct dp_reader reader = {.db = db, .selection = selection, .list = list};
    int result = dp_read_rows(&reader, "the packages that are not installed on distribution points",
                              &statement, failure);
    dp_patterns_free(patterns, selection->servers->count);
    return result;
}

/* ---- by key */

static int look_up_batch(const struct sitedb *db, const struct dp_selection *selection,
                         struct lookup *lookups, size_t count, struct text *patterns, struct dp_list *list,
                         struct failure *failure)
{
    struct statement statement = {0};
    dp_add_columns(db, &selection->sources, &statement);
    statement_text(&statement, "CASE WHEN p.PackageID IS NULL THEN NULL");
    if (db->has_column[SITEDB_VIEW_PACKAGE_TYPE])
        statement_text(&statement, " WHEN p.PackageType = 4 THEN 1");
    statement_text(&statement, " ELSE (SELECT MIN(CASE WHEN ");
    dp_add_live(db, selection, &statement);
    statement_text(&statement, " THEN 0 ELSE 1 END)");
    statement_text(&statement, dp_same_dp);
    statement_text(&statement, ") END AS Ended");
    dp_add_message_columns(&selection->sources, &statement);
    dp_add_sources(&selection->sources, true, &statement);
    for (size_t i = 0; i < count; i++) {
        statement_text(&statement, i == 0 ? " WHERE ((s.PackageID = " : " OR (s.PackageID = ");
        statement_bind(&statement, lookups[i].package);
        statement_text(&statement, " AND s.ServerNALPath LIKE ");
        statement_bind(&statement, text_string(&patterns[i]));
        statement_text(&statement, " ESCAPE '!')");
    }
    statement_text(&statement, ")");
    statement_text(&statement, in_order);
    struct dp_reader reader = {
        .db = db, .selection = selection, .list = list, .lookups = lookups, .lookup_count = count};
    return dp_read_rows(&reader, "the packages that were in trouble before", &statement, failure);
}

int dps_look_up(const struct sitedb *db, const struct dp_selection *selection, struct lookup *lookups,
                size_t count, struct dp_list *list, struct failure *failure)
{
    enum { BATCH = 100 }; /* two parameters each; SQL Server takes 2,100 */
    int result = 0;
    for (size_t start = 0; start < count && result == 0; start += BATCH) {
        size_t size = count - start < BATCH ? count - start : BATCH;
        struct text patterns[BATCH] = {0};
        for (size_t i = 0; i < size; i++) {
            struct lookup *lookup = &lookups[start + i];
            lookup->found = LOOKUP_ABSENT;
            const char *slash = strrchr(lookup->place, '/');
            struct text server = {0};
            text_add_bytes(&server, lookup->place,
                           slash == NULL ? strlen(lookup->place) : (size_t)(slash - lookup->place));
            dp_add_like_pattern(text_string(&server), true, &patterns[i]);
            if (server.failed || patterns[i].failed)
                result = fail(failure, "out of memory");
            text_free(&server);
        }
        if (result == 0)
            result = look_up_batch(db, selection, lookups + start, size, patterns, list, failure);
        for (size_t i = 0; i < size; i++)
            text_free(&patterns[i]);
    }
    return result;
}
