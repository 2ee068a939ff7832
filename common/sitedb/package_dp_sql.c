// SPDX-License-Identifier: GPL-3.0-or-later
/* What is in trouble, by State and by key: dps_read and dps_look_up of package_dp.h. */
#include "sitedb/package_dp_reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
    statement_text(&statement, "CASE WHEN NOT ");
    statement_text(&statement, dp_removal);
    statement_text(&statement, " THEN 0 WHEN p.PackageID IS NOT NULL AND ");
    dp_add_distributed(db, &statement);
    statement_text(&statement, " THEN ");
    dp_add_ended(db, selection, &statement);
    statement_text(&statement, " END AS Ended");
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

/* Case does not matter, as in the product's collation. */
static int by_key(const void *a, const void *b)
{
    const struct lookup *one = *(struct lookup *const *)a, *other = *(struct lookup *const *)b;
    int order = strcasecmp(one->package, other->package);
    return order != 0 ? order : strcasecmp(one->place, other->place);
}

static void add_lookup_columns(const struct sitedb *db, const struct dp_selection *selection,
                               struct statement *statement)
{
    dp_add_columns(db, &selection->sources, statement);
    statement_text(statement, "CASE WHEN p.PackageID IS NULL THEN NULL");
    if (db->has_column[SITEDB_VIEW_PACKAGE_TYPE])
        statement_text(statement, " WHEN p.PackageType = 4 THEN 1");
    statement_text(statement, " WHEN NOT (");
    dp_add_distributed(db, statement);
    statement_text(statement, ") THEN 1 ELSE ");
    dp_add_ended(db, selection, statement);
    statement_text(statement, " END AS Ended");
    dp_add_message_columns(&selection->sources, statement);
    dp_add_sources(&selection->sources, true, statement);
}

static int read_batch(struct dp_reader reader, struct statement *statement, struct failure *failure)
{
    statement_text(statement, ")");
    statement_text(statement, in_order);
    return dp_read_rows(&reader, "the packages that were in trouble before", statement, failure);
}

/* `(s.PackageID = ? AND s.ServerNALPath LIKE ?)`: the key has the server, the view its whole path. */
static void add_pair(const struct lookup *lookup, bool first, struct text *pattern,
                     struct statement *statement)
{
    const char *slash = strrchr(lookup->place, '/');
    struct text server = {0};
    text_add_bytes(&server, lookup->place,
                   slash == NULL ? strlen(lookup->place) : (size_t)(slash - lookup->place));
    dp_add_like_pattern(text_string(&server), true, pattern);
    statement_text(statement, first ? " WHERE ((s.PackageID = " : " OR (s.PackageID = ");
    statement_bind(statement, lookup->package);
    statement_text(statement, " AND s.ServerNALPath LIKE ");
    statement_bind(statement, text_string(pattern));
    statement_text(statement, " ESCAPE '!')");
    statement->failed = statement->failed || server.failed || pattern->failed;
    text_free(&server);
}

static int look_up_pairs(const struct dp_reader *reader, struct lookup *const *pairs, size_t count,
                         struct failure *failure)
{
    enum { BATCH = 100 }; /* two parameters each; SQL Server takes 2,100 */
    int result = 0;
    for (size_t start = 0; start < count && result == 0; start += BATCH) {
        struct text patterns[BATCH] = {0};
        struct statement statement = {0};
        add_lookup_columns(reader->db, reader->selection, &statement);
        for (size_t i = 0; i < BATCH && start + i < count; i++)
            add_pair(pairs[start + i], i == 0, &patterns[i], &statement);
        result = read_batch(*reader, &statement, failure);
        for (size_t i = 0; i < BATCH; i++)
            text_free(&patterns[i]);
    }
    return result;
}

static int look_up_packages(const struct dp_reader *reader, struct lookup *const *packages, size_t count,
                            struct failure *failure)
{
    enum { BATCH = 50 };
    int result = 0;
    for (size_t start = 0; start < count && result == 0; start += BATCH) {
        struct statement statement = {0};
        add_lookup_columns(reader->db, reader->selection, &statement);
        for (size_t i = start; i < count && i < start + BATCH; i++) {
            statement_text(&statement, i == start ? " WHERE s.PackageID IN (" : ", ");
            statement_bind(&statement, packages[i]->package);
        }
        result = read_batch(*reader, &statement, failure);
    }
    return result;
}

/*
 * A path is found by a pattern, among all paths of its package. Where many are looked for of one package, as after a
 * recovery of all DPs, its rows are read once instead, and found here.
 */
int dps_look_up(const struct sitedb *db, const struct dp_selection *selection, struct lookup *lookups,
                size_t count, struct dp_list *list, struct failure *failure)
{
    enum { PAIRS_MOST = 8 };
    struct lookup **sorted = calloc(count + 1, sizeof *sorted), **pairs = calloc(count + 1, sizeof *pairs),
                  **packages = calloc(count + 1, sizeof *packages);
    size_t pair_count = 0, package_count = 0;
    int result = sorted != NULL && pairs != NULL && packages != NULL ? 0 : fail(failure, "out of memory");
    for (size_t i = 0; i < count && result == 0; i++) {
        lookups[i].found = LOOKUP_ABSENT;
        sorted[i] = &lookups[i];
    }
    if (result == 0 && count > 1)
        qsort(sorted, count, sizeof *sorted, by_key);
    for (size_t i = 0, end; i < count && result == 0; i = end) {
        for (end = i + 1; end < count && strcasecmp(sorted[end]->package, sorted[i]->package) == 0;)
            end++;
        if (end - i > PAIRS_MOST)
            packages[package_count++] = sorted[i];
        for (size_t at = i; at < end && end - i <= PAIRS_MOST; at++)
            pairs[pair_count++] = sorted[at];
    }
    const struct dp_reader reader = {
        .db = db, .selection = selection, .list = list, .lookups = sorted, .lookup_count = count};
    if (result == 0)
        result = look_up_pairs(&reader, pairs, pair_count, failure);
    if (result == 0)
        result = look_up_packages(&reader, packages, package_count, failure);
    free(sorted);
    free(pairs);
    free(packages);
    return result;
}
