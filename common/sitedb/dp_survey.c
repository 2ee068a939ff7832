// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/dp_survey.h"

#include "base/units.h"
#include "sitedb/rows.h"
#include "sitedb/survey.h"

#include <inttypes.h>
#include <stdio.h>

/* One row of a question whose columns are numbers and, last, a count. */
typedef void add_row(const struct odbc_value *values, struct text *output);

static int add_rows(const struct sitedb *db, const char *what, struct statement *statement, size_t numbers,
                    add_row *add, struct text *output, struct failure *failure)
{
    enum { MOST = 4 };
    static const struct odbc_column columns[MOST] = {
        {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}};
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, what, statement, columns, numbers, failure) != 0)
        return -1;
    while (sitedb_next(&rows))
        add(rows.values, output);
    return sitedb_end(&rows, failure);
}

static const char *number(const struct odbc_value *value, char *buffer, size_t size)
{
    if (value->null)
        return "NULL";
    snprintf(buffer, size, "%" PRId64, value->integer);
    return buffer;
}

/* A State's name comes out of the judgement: one list of States, not two. */
static const char *state_name(const struct odbc_value *state)
{
    const struct dp_package package = {.wanted = -1};
    const struct dp dp = {.package = &package,
                          .has_state = !state->null,
                          .state = state->null ? 0 : state->integer,
                          .held = -1};
    return dp_kind_name(dp_judge(&dp));
}

static void add_state(const struct odbc_value *values, struct text *output)
{
    static const char *const versions[] = {"no version", "old version", "wanted version", "newer version"};
    char state[24], message[24], label[64];
    snprintf(label, sizeof label, "%s (%s)", state_name(&values[0]), number(&values[0], state, sizeof state));
    const char *version =
        values[1].null || values[1].integer < 0 || values[1].integer > 3 ? "?" : versions[values[1].integer];
    const char *meaning = values[2].null ? "no message" : dp_message_state_name(values[2].integer);
    text_addf(output, "  %-24s %-15s %-12s (%s) %10" PRId64 "\n", label, version,
              meaning != NULL ? meaning : "unknown", number(&values[2], message, sizeof message),
              values[3].integer);
}

static int add_states(const struct sitedb *db, const struct dp_sources *sources, struct text *output,
                      struct failure *failure)
{
    const bool messages = dp_reads(sources, DP_MESSAGES);
    static const char relation[] =
        "CASE WHEN s.SourceVersion IS NULL OR p.SourceVersion IS NULL THEN 0 WHEN "
        "s.SourceVersion < p.SourceVersion THEN 1 WHEN s.SourceVersion = p.SourceVersion "
        "THEN 2 ELSE 3 END";
    const char *message = messages ? ", m.MessageState" : "";
    struct text sql = {0};
    text_addf(&sql, "SELECT s.State, %s AS Relation, %s, COUNT(*) AS RowCnt", relation,
              messages ? "m.MessageState" : "NULL AS MessageState");
    text_add(&sql, " FROM v_PackageStatusDistPointsSumm s JOIN v_Package p ON p.PackageID = s.PackageID");
    if (messages)
        text_add(
            &sql,
            " LEFT JOIN vSMS_DistributionDPStatus m ON m.PackageID = s.PackageID AND m.NALPath = s.ServerNALPath");
    text_addf(&sql, " GROUP BY s.State, %s%s ORDER BY s.State, %s%s", relation, message, relation, message);
    struct statement statement = {0};
    statement_text(&statement, text_string(&sql));
    statement.failed = statement.failed || sql.failed;
    text_free(&sql);
    text_add(
        output,
        "Rows of v_PackageStatusDistPointsSumm, by State, SourceVersion against the package's, and MessageState:\n");
    return add_rows(db, "the States and message states", &statement, 4, add_state, output, failure);
}

static void add_message(const struct odbc_value *values, struct text *output)
{
    char id[24], state[24];
    const struct dp_message *message = values[0].null ? NULL : dp_message_find(values[0].integer);
    const char *meaning = values[1].null ? "no state" : dp_message_state_name(values[1].integer);
    text_addf(output, "  %-6s %-12s (%s) %10" PRId64 "  %s%s%s\n", number(&values[0], id, sizeof id),
              meaning != NULL ? meaning : "unknown", number(&values[1], state, sizeof state),
              values[2].integer,
              message != NULL ? dp_message_class_name(message->message_class) : "not explained",
              message != NULL ? ": " : "", message != NULL ? message->words : "");
}

static int add_messages(const struct sitedb *db, const struct dp_sources *sources, struct text *output,
                        struct failure *failure)
{
    if (!dp_reads(sources, DP_MESSAGES))
        return 0;
    struct statement statement = {0};
    statement_text(&statement,
                   "SELECT m.MessageID, m.MessageState, COUNT(*) AS RowCnt FROM vSMS_DistributionDPStatus m"
                   " GROUP BY m.MessageID, m.MessageState ORDER BY m.MessageID, m.MessageState");
    text_add(output, "Rows of vSMS_DistributionDPStatus, by MessageID and MessageState:\n");
    return add_rows(db, "the messages by number", &statement, 3, add_message, output, failure);
}

static void add_kind(const struct odbc_value *values, struct text *output)
{
    char pull[24], maintenance[24], active[24];
    text_addf(output, "  IsPullDP %-5s MaintenanceMode %-5s IsActive %-5s %10" PRId64 "\n",
              number(&values[0], pull, sizeof pull), number(&values[1], maintenance, sizeof maintenance),
              number(&values[2], active, sizeof active), values[3].integer);
}

static int add_kinds(const struct sitedb *db, const struct dp_sources *sources, struct text *output,
                     struct failure *failure)
{
    if (!dp_reads(sources, DP_PROPERTIES))
        return 0;
    const struct {
        bool there;
        const char *column;
    } columns[] = {{sources->pull, "IsPullDP"},
                   {sources->maintenance, "MaintenanceMode"},
                   {sources->inactive, "IsActive"}};
    struct text sql = {0}, group = {0};
    text_add(&sql, "SELECT ");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        text_addf(&sql, "%s%s, ", columns[i].there ? "v." : "NULL AS ", columns[i].column);
        if (columns[i].there)
            text_addf(&group, "%sv.%s", group.length > 0 ? ", " : "", columns[i].column);
    }
    text_add(&sql, "COUNT(*) AS RowCnt FROM v_DistributionPoints v");
    if (group.length > 0)
        text_addf(&sql, " GROUP BY %s ORDER BY %s", text_string(&group), text_string(&group));
    struct statement statement = {0};
    statement_text(&statement, text_string(&sql));
    statement.failed = statement.failed || sql.failed || group.failed;
    text_free(&sql);
    text_free(&group);
    text_add(output, "Distribution points, by kind:\n");
    return add_rows(db, "the kinds of distribution points", &statement, 4, add_kind, output, failure);
}

static void add_full(const struct odbc_value *values, struct text *output)
{
    text_addf(output, "Drives: %" PRId64 ", with less than %d %% free %" PRId64 "\n", values[0].integer,
              (int)DP_DRIVE_FULL, sitedb_integer(&values[1], 0));
}

static int add_drives(const struct sitedb *db, const struct dp_sources *sources, struct text *output,
                      struct failure *failure)
{
    if (!dp_reads(sources, DP_DRIVES))
        return 0;
    struct text sql = {0};
    text_addf(
        &sql,
        "SELECT COUNT(*) AS Drives, SUM(CASE WHEN v.PercentFree >= 0 AND v.PercentFree < %d THEN 1 ELSE 0 END)"
        " AS Filled FROM v_DistributionPointDriveInfo v",
        (int)DP_DRIVE_FULL);
    struct statement statement = {0};
    statement_text(&statement, text_string(&sql));
    text_free(&sql);
    return add_rows(db, "the drives", &statement, 2, add_full, output, failure);
}

/* What is told and not judged, so that somebody can tell whether it should be. */
static int add_unproven(const struct sitedb *db, const struct dp_selection *selection, struct text *output,
                        struct failure *failure)
{
    struct dp_evidence evidence = {0};
    struct dp_list list = {0};
    int result = dps_count(db, selection, &evidence, failure);
    if (result == 0)
        result = dps_read_unproven(db, selection, &evidence, &list, failure);
    int64_t counts[DP_KIND_COUNT] = {0};
    for (size_t i = 0; i < list.told_count; i++)
        counts[list.told[i].kind]++;
    if (result == 0)
        text_addf(output,
                  "Packages on DPs that are looked at: %" PRId64 "; targeted without a status row %" PRId64
                  ", installed with an error as newest message %" PRId64
                  ", rows of DPs that moved to another site %" PRId64 "\n",
                  evidence.examined, evidence.missing, counts[DP_MESSAGE_ERROR], counts[DP_MOVED]);
    dp_list_free(&list);
    text_free(&evidence.silent);
    return result;
}

static int add_newest(const struct sitedb *db, const char *view, const char *column, struct text *output,
                      struct failure *failure)
{
    struct text name = {0};
    struct statement statement = {0};
    survey_select_dates(column, &statement);
    statement_text(&statement, " FROM ");
    statement_text(&statement, view);
    text_addf(&name, "%s.%s", view, column);
    int result = survey_add_dates(db, text_string(&name), &statement, "", output, failure);
    text_free(&name);
    return result;
}

static void add_sources(const struct dp_sources *sources, struct text *output)
{
    static const char *const words[] = {[DP_NOT_ASKED] = "not asked",
                                        [DP_READABLE] = "readable",
                                        [DP_NOT_THERE] = "not there",
                                        [DP_DENIED] = "no right",
                                        [DP_NOT_NOW] = "could not be read now"};
    text_add(output, "Views that only enrich the answer:\n");
    for (int i = 0; i < DP_SOURCE_COUNT; i++) {
        enum dp_source source = (enum dp_source)i;
        text_addf(output, "  %-30s %s: %s\n", dp_source_view(source), words[sources->access[i]],
                  dp_source_loss(source));
        if (sources->access[i] == DP_DENIED)
            text_addf(output, "    GRANT SELECT ON %s TO the login of this check\n", dp_source_view(source));
    }
    if (dp_reads(sources, DP_MESSAGES))
        text_addf(output, "  the date of a message is %s\n", sources->message_date);
}

int dp_survey_write(const struct sitedb *db, const struct dp_selection *selection, struct text *output,
                    struct failure *failure)
{
    const struct dp_sources *sources = &selection->sources;
    struct text raw = {0};
    text_addf(&raw, "Survey of the distribution points of site %s, no check: %s\n", db->owner,
              odbc_versions(db->connection));
    int result = add_states(db, sources, &raw, failure);
    if (result == 0)
        result = add_messages(db, sources, &raw, failure);
    if (result == 0)
        result = add_kinds(db, sources, &raw, failure);
    if (result == 0)
        result = add_drives(db, sources, &raw, failure);
    if (result == 0)
        result = add_unproven(db, selection, &raw, failure);
    if (result == 0) {
        survey_add_clock(db, &raw);
        result = add_newest(db, "v_PackageStatusDistPointsSumm", "SummaryDate", &raw, failure);
    }
    if (result == 0 && dp_reads(sources, DP_MESSAGES))
        result = add_newest(db, "vSMS_DistributionDPStatus", sources->message_date, &raw, failure);
    if (result == 0) {
        add_sources(sources, &raw);
        survey_add_columns(db, &raw);
        survey_add_sites(db, &raw);
        text_add_bytes(output, text_string(&raw), raw.length);
        if (raw.failed)
            result = fail(failure, "out of memory");
    }
    text_free(&raw);
    return result;
}
