// SPDX-License-Identifier: GPL-3.0-or-later
/* What looks like trouble and was never seen in a real database: dps_read_unproven of package_dp.h. */
#include "sitedb/package_dp_reader.h"

/* The patterns of --server, for one statement after another. */
struct look {
    const struct sitedb *db;
    const struct dp_selection *selection;
    const struct text *patterns;
    struct dp_list *list;
};

static int read_as(const struct look *look, enum dp_kind kind, const char *what, struct statement *statement,
                   struct failure *failure)
{
    struct dp_reader reader = {.db = look->db, .selection = look->selection, .list = look->list, .as = kind};
    return dp_read_rows(&reader, what, statement, failure);
}

static int read_missing(const struct look *look, struct failure *failure)
{
    struct statement statement = {0};
    const struct dp_sources *sources = &look->selection->sources;
    dp_add_target_columns(look->db, sources, &statement);
    statement_text(&statement, "0 AS Ended");
    dp_add_message_columns(sources, &statement);
    dp_add_target_sources(sources, &statement);
    dp_add_target_conditions(look->db, look->selection, look->patterns, "s.PackageID IS NULL AND ",
                             &statement);
    statement_text(&statement, " AND ");
    dp_add_distributed(look->db, &statement);
    statement_text(&statement, " ORDER BY d.PackageID, d.ServerNALPath");
    return read_as(look, DP_NO_STATUS, "the distribution points without a status row", &statement, failure);
}

/* Only an error that no later message follows. */
static int read_contradicted(const struct look *look, struct failure *failure)
{
    const struct dp_sources *sources = &look->selection->sources;
    if (!dp_reads(sources, DP_MESSAGES))
        return 0;
    struct text first = {0};
    struct statement statement = {0};
    text_addf(
        &first,
        "s.State = 0 AND m.MessageState = 4 AND COALESCE(s.SourceVersion, 0) >= COALESCE(p.SourceVersion, 0)"
        " AND NOT EXISTS (SELECT n.PackageID FROM vSMS_DistributionDPStatus n WHERE n.PackageID = m.PackageID"
        " AND n.NALPath = m.NALPath AND n.%s > m.%s) AND ",
        sources->message_date, sources->message_date);
    dp_add_columns(look->db, sources, &statement);
    statement_text(&statement, "0 AS Ended");
    dp_add_message_columns(sources, &statement);
    dp_add_sources(sources, false, &statement);
    dp_add_conditions(look->db, look->selection, look->patterns, text_string(&first), &statement);
    statement_text(&statement, " ORDER BY p.PackageID, s.ServerNALPath, s.PackageID");
    statement.failed = statement.failed || first.failed;
    int result =
        read_as(look, DP_INSTALLED, "the installed packages with an error message", &statement, failure);
    text_free(&first);
    return result;
}

/* The same path but for the code of its site, as in ["Display=\\S021\"]MSWNET:["SMS_SITE=S02"]\\S021\ */
static void add_without_code(const struct sitedb *db, char alias, struct text *sql)
{
    const char *joined = db->transact_sql ? "+" : "||";
    text_addf(sql, "REPLACE(%c.ServerNALPath, '=' %s RTRIM(%c.SiteCode) %s '\"', '=')", alias, joined, alias,
              joined);
}

static int read_moved(const struct look *look, struct failure *failure)
{
    const struct dp_sources *sources = &look->selection->sources;
    struct statement statement = {0};
    dp_add_columns(look->db, sources, &statement);
    statement_text(&statement, "0 AS Ended");
    dp_add_message_columns(sources, &statement);
    dp_add_sources(sources, false, &statement);
    dp_add_orphan_conditions(look->db, look->selection, look->patterns,
                             "(COALESCE(s.State, -1) <> 0 OR s.SourceVersion < p.SourceVersion) AND ",
                             &statement);
    /* Last: it compares a row with every DP of its package, so of the few alone that no target stands for. */
    statement_text(&statement, " AND EXISTS (SELECT e.PackageID FROM v_DistributionPoint e"
                               " WHERE e.PackageID = s.PackageID AND e.SiteCode <> s.SiteCode AND ");
    add_without_code(look->db, 'e', &statement.sql);
    statement_text(&statement, " = ");
    add_without_code(look->db, 's', &statement.sql);
    statement_text(&statement, ") ORDER BY p.PackageID, s.ServerNALPath, s.PackageID");
    return read_as(look, DP_MOVED, "the rows of distribution points that moved", &statement, failure);
}

int dps_read_unproven(const struct sitedb *db, const struct dp_selection *selection,
                      const struct dp_evidence *evidence, struct dp_list *list, struct failure *failure)
{
    const bool named = selection->strict || selection->lists;
    struct text *patterns = dp_patterns(selection->servers);
    if (patterns == NULL)
        return fail(failure, "out of memory");
    const struct look look = {.db = db, .selection = selection, .patterns = patterns, .list = list};
    int result = named && evidence->missing > 0 ? read_missing(&look, failure) : 0;
    if (result == 0)
        result = read_contradicted(&look, failure);
    if (result == 0 && named)
        result = read_moved(&look, failure);
    dp_patterns_free(patterns, selection->servers->count);
    return result;
}
