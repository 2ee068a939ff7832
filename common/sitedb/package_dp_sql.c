// SPDX-License-Identifier: GPL-3.0-or-later
/* From the rows of the summarizer to DPs in trouble: dps_read and dps_look_up of package_dp.h. */
#include "sitedb/package_dp_parts.h"

#include "base/array.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One row per message of a DP; a DP without one has NULLs from MessageState on. */
enum dp_column {
    COLUMN_PACKAGE,
    COLUMN_NAME,
    COLUMN_SITE,
    COLUMN_PATH,
    COLUMN_STATE,
    COLUMN_HELD,
    COLUMN_WANTED,
    COLUMN_SUMMARIZED,
    COLUMN_SOURCE_DATE,
    COLUMN_SIZE,
    COLUMN_ENDED, /* 0 no, 1 proven to be no longer looked at, NULL unknown */
    COLUMN_MESSAGE_STATE,
    COLUMN_MESSAGE,
    COLUMN_MESSAGE_DATE,
    COLUMN_COUNT
};

static const struct odbc_column dp_columns[COLUMN_COUNT] = {
    [COLUMN_PACKAGE] = {ODBC_TEXT, 16},       [COLUMN_NAME] = {ODBC_TEXT, 256},
    [COLUMN_SITE] = {ODBC_TEXT, 8},           [COLUMN_PATH] = {ODBC_TEXT, 256},
    [COLUMN_STATE] = {ODBC_INTEGER, 0},       [COLUMN_HELD] = {ODBC_INTEGER, 0},
    [COLUMN_WANTED] = {ODBC_INTEGER, 0},      [COLUMN_SUMMARIZED] = {ODBC_INSTANT, 0},
    [COLUMN_SOURCE_DATE] = {ODBC_INSTANT, 0}, [COLUMN_SIZE] = {ODBC_INTEGER, 0},
    [COLUMN_ENDED] = {ODBC_INTEGER, 0},       [COLUMN_MESSAGE_STATE] = {ODBC_INTEGER, 0},
    [COLUMN_MESSAGE] = {ODBC_INTEGER, 0},     [COLUMN_MESSAGE_DATE] = {ODBC_INSTANT, 0}};

/* ---- from rows to DPs */

struct dp_reader {
    const struct sitedb *db;
    const struct dp_selection *selection;
    struct dp_list *list;
    struct dp dp; /* the one whose rows are being read; package NULL before the first */
    bool ended, ended_unknown;
    int64_t prestaged;
    struct lookup *lookups;
    size_t lookup_count;
    struct text place; /* of a lookup's key, while it is compared */
};

static struct lookup *find_lookup(struct dp_reader *reader, const struct dp *dp)
{
    if (reader->lookup_count == 0)
        return NULL;
    text_cut(&reader->place, 0);
    text_addf(&reader->place, "%s/%s", dp->server->place, dp->server->site);
    for (size_t i = 0; i < reader->lookup_count; i++)
        if (strcasecmp(reader->lookups[i].package, dp->package->id) == 0 &&
            strcasecmp(reader->lookups[i].place, text_string(&reader->place)) == 0)
            return &reader->lookups[i];
    return NULL;
}

static int keep(struct dp_reader *reader)
{
    struct dp_list *list = reader->list;
    struct dp *dps = array_grow(list->dps, list->count, sizeof *dps);
    if (dps == NULL)
        return -1;
    list->dps = dps;
    dps[list->count++] = reader->dp;
    return 0;
}

/* The DP's rows are complete: judge it, and keep it when it is in trouble. */
static int finish(struct dp_reader *reader)
{
    struct dp *dp = &reader->dp;
    if (dp->package == NULL)
        return 0;
    dp->kind = dp_judge(dp);
    bool removal = dp_kind_is_removal(dp->kind), prestaged = dp_waits_for_prestaged(dp);
    bool trouble = dp->kind != DP_INSTALLED && !prestaged && (!removal || reader->selection->removals);
    reader->prestaged += prestaged;
    bool keeps = trouble && dp_server_matches(reader->selection->servers, dp->server->place);
    if (reader->lookups != NULL) {
        struct lookup *lookup = find_lookup(reader, dp);
        /* A row of the summarizer alone does not prove that the DP is still to have the package. */
        bool live = removal || (!reader->ended && !reader->ended_unknown);
        keeps = lookup != NULL && trouble && live;
        if (keeps)
            lookup->found = LOOKUP_IN_TROUBLE;
        else if (lookup != NULL && lookup->found == LOOKUP_ABSENT && (!trouble || reader->ended))
            lookup->found = LOOKUP_ENDED;
    }
    int result = keeps ? keep(reader) : 0;
    *dp = (struct dp){0};
    return result;
}

static int begin(struct dp_reader *reader, const struct odbc_value *values)
{
    const struct sitedb_clock *clock = &reader->db->clock;
    const struct dp_package like = {.id = values[COLUMN_PACKAGE].text,
                                    .name = values[COLUMN_NAME].text,
                                    .wanted = sitedb_integer(&values[COLUMN_WANTED], -1),
                                    .size_bytes = sitedb_size_bytes(&values[COLUMN_SIZE]),
                                    .source_date = sitedb_date(&values[COLUMN_SOURCE_DATE], 0, clock)};
    const struct dp_package *package = dp_package_named(reader->list, &like);
    const struct dp_server *server =
        dp_server_named(reader->list, values[COLUMN_PATH].text, values[COLUMN_SITE].text);
    if (package == NULL || server == NULL)
        return -1;
    if (reader->dp.package == package && reader->dp.server == server)
        return 0;
    if (finish(reader) != 0)
        return -1;
    reader->dp = (struct dp){.package = package, .server = server, .held = -1};
    reader->ended = false;
    reader->ended_unknown = true;
    return 1;
}

static int add_row(struct dp_reader *reader, const struct odbc_value *values)
{
    const struct sitedb_clock *clock = &reader->db->clock;
    int begun = begin(reader, values);
    if (begun < 0)
        return -1;
    struct dp *dp = &reader->dp;
    /* Of doubled rows the newest decides. */
    int64_t summarized = sitedb_date(&values[COLUMN_SUMMARIZED], 0, clock);
    if (begun == 1 || summarized > dp->summarized) {
        dp->summarized = summarized;
        dp->has_state = !values[COLUMN_STATE].null;
        dp->state = sitedb_integer(&values[COLUMN_STATE], 0);
        dp->held = sitedb_integer(&values[COLUMN_HELD], -1);
        reader->ended_unknown = values[COLUMN_ENDED].null;
        reader->ended = sitedb_integer(&values[COLUMN_ENDED], 0) != 0;
    }
    int64_t message_date = sitedb_date(&values[COLUMN_MESSAGE_DATE], 0, clock);
    if (!values[COLUMN_MESSAGE].null && (dp->message_id == 0 || message_date > dp->message_date)) {
        dp->message_id = values[COLUMN_MESSAGE].integer;
        dp->message_state = sitedb_integer(&values[COLUMN_MESSAGE_STATE], 0);
        dp->message_date = message_date;
    }
    return 0;
}

static int read_rows(struct dp_reader *reader, const char *what, struct statement *statement,
                     struct failure *failure)
{
    struct odbc_query *query = sitedb_query(reader->db, what, statement, dp_columns, COLUMN_COUNT, failure);
    if (query == NULL)
        return -1;
    struct odbc_value values[COLUMN_COUNT];
    struct odbc_error error;
    int rows, kept = 0;
    while (kept == 0 && (rows = odbc_query_next(query, values, &error)) == 1)
        kept = add_row(reader, values);
    odbc_query_free(query);
    if (kept == 0 && rows == 0)
        kept = finish(reader);
    text_free(&reader->place);
    if (kept != 0)
        return fail(failure, "out of memory while reading %s", what);
    return rows < 0 ? sitedb_fail(&error, failure) : 0;
}

/* The rows of one DP come together; from the package's side, because a scan in the summarizer's order reads
 * it twice. */
static const char in_order[] = " ORDER BY p.PackageID, s.ServerNALPath, s.PackageID";

int dps_read(const struct sitedb *db, const struct dp_selection *selection, struct dp_list *list,
             struct dp_evidence *evidence, struct failure *failure)
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
    int result =
        read_rows(&reader, "the packages that are not installed on distribution points", &statement, failure);
    evidence->prestaged = reader.prestaged;
    if (reader.prestaged > 0)
        trace_note(db->trace, 2, "%" PRId64 " not counted: waiting for prestaged content (message 2371)",
                   reader.prestaged);
    statement_free(&statement);
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
    int result = read_rows(&reader, "the packages that were in trouble before", &statement, failure);
    statement_free(&statement);
    return result;
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
