// SPDX-License-Identifier: GPL-3.0-or-later
/* From rows to DPs: what is kept as a finding, what is only told. */
#include "sitedb/package_dp_reader.h"

#include "base/array.h"
#include "sitedb/rows.h"

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
    COLUMN_REFRESHED,
    COLUMN_ENDED, /* 0 no, 1 proven to be no longer looked at, NULL unknown */
    COLUMN_MESSAGE_STATE,
    COLUMN_MESSAGE,
    COLUMN_MESSAGE_DATE,
    COLUMN_COUNT
};

static const struct odbc_column dp_columns[COLUMN_COUNT] = {[COLUMN_PACKAGE] = {ODBC_TEXT, 16},
                                                            [COLUMN_NAME] = {ODBC_TEXT, 256},
                                                            [COLUMN_SITE] = {ODBC_TEXT, 8},
                                                            [COLUMN_PATH] = {ODBC_TEXT, 256},
                                                            [COLUMN_STATE] = {ODBC_INTEGER, 0},
                                                            [COLUMN_HELD] = {ODBC_INTEGER, 0},
                                                            [COLUMN_WANTED] = {ODBC_INTEGER, 0},
                                                            [COLUMN_SUMMARIZED] = {ODBC_INSTANT, 0},
                                                            [COLUMN_SOURCE_DATE] = {ODBC_INSTANT, 0},
                                                            [COLUMN_SIZE] = {ODBC_INTEGER, 0},
                                                            [COLUMN_REFRESHED] = {ODBC_INSTANT, 0},
                                                            [COLUMN_ENDED] = {ODBC_INTEGER, 0},
                                                            [COLUMN_MESSAGE_STATE] = {ODBC_INTEGER, 0},
                                                            [COLUMN_MESSAGE] = {ODBC_INTEGER, 0},
                                                            [COLUMN_MESSAGE_DATE] = {ODBC_INSTANT, 0}};

/* ---- from rows to DPs */

static struct lookup *find_lookup(struct dp_reader *reader, const struct dp *dp)
{
    if (reader->lookup_count == 0)
        return NULL;
    text_cut(&reader->place, 0);
    text_addf(&reader->place, "%s/%s", dp->server->place, dp->server->site);
    size_t low = 0, high = reader->lookup_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        struct lookup *lookup = reader->lookups[middle];
        int order = strcasecmp(dp->package->id, lookup->package);
        if (order == 0)
            order = strcasecmp(text_string(&reader->place), lookup->place);
        if (order == 0)
            return lookup;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static int append(struct dp **dps, size_t *count, const struct dp *dp)
{
    struct dp *larger = array_grow(*dps, *count, sizeof *larger);
    if (larger == NULL)
        return -1;
    *dps = larger;
    larger[(*count)++] = *dp;
    return 0;
}

/* The DP's rows are complete: judge it, and keep it when it is in trouble. */
static int finish(struct dp_reader *reader)
{
    struct dp *dp = &reader->dp;
    if (dp->package == NULL)
        return 0;
    const struct dp_selection *selection = reader->selection;
    dp->kind = reader->as != DP_INSTALLED ? reader->as : dp_judge(dp);
    dp->targeted_again = dp_kind_is_removal(dp->kind) && reader->db->has_column[SITEDB_DP_STATUS] &&
                         !reader->ended && !reader->ended_unknown;
    if (dp_waits_for_prestaged(dp))
        dp->kind = DP_PRESTAGED;
    bool removal = dp_is_removed(dp), told = dp_kind_is_told(dp->kind, selection->strict);
    bool trouble = dp->kind != DP_INSTALLED && !told && (!removal || selection->removals);
    bool waits = dp->kind == DP_PRESTAGED,
         selected = dp_server_matches(selection->servers, dp->server->place);
    bool keeps = (trouble || waits) && selected;
    if (reader->lookups != NULL) {
        struct lookup *lookup = find_lookup(reader, dp);
        /* A row of the summarizer alone does not prove that the DP is still to have the package. */
        bool live = removal || (!reader->ended && !reader->ended_unknown);
        keeps = lookup != NULL && (trouble || waits) && live;
        if (keeps)
            lookup->found = LOOKUP_IN_TROUBLE;
        else if (lookup != NULL && lookup->found == LOOKUP_ABSENT && (!(trouble || waits) || reader->ended))
            lookup->found = LOOKUP_ENDED;
    }
    int result = 0;
    if (keeps)
        result = append(&reader->list->dps, &reader->list->count, dp);
    else if (told && selected && reader->lookups == NULL)
        result = append(&reader->list->told, &reader->list->told_count, dp);
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
        dp->refreshed = sitedb_date(&values[COLUMN_REFRESHED], 0, clock);
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

int dp_read_rows(struct dp_reader *reader, const char *what, struct statement *statement,
                 struct failure *failure)
{
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, reader->db, what, statement, dp_columns, COLUMN_COUNT, failure) != 0)
        return -1;
    while (sitedb_next(&rows))
        rows.no_memory = add_row(reader, rows.values) != 0;
    if (!rows.no_memory && !rows.failed)
        rows.no_memory = finish(reader) != 0;
    text_free(&reader->place);
    return sitedb_end(&rows, failure);
}
