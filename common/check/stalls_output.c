// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stalls_output.h"

#include "base/sanitize.h"
#include "base/units.h"
#include "check/stall_words.h"
#include "check/stalls_notes.h"
#include "check/stalls_verdict.h"
#include "items/itemline.h"
#include "items/output.h"

#include <inttypes.h>

static bool has_local_stamps(const struct logset *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->logs[i].by_zone || set->logs[i].shifted)
            return true;
    return false;
}

static void item_line(void *context, size_t index, struct text *line)
{
    const struct stallreport *report = context;
    const struct stall *stall = stalls_ordered(report->stalls, index);
    const struct item *item = &stall->item;
    char age[32];
    itemline_begin(item, "", line);
    if (item->place[0] != '\0')
        text_addf(line, " at %s", item->place);
    text_addf(line, ": %s, ", item->kind);
    stall_add_facts(stall, line);
    text_addf(line, ", for %s", duration_format(item->age_s, age, sizeof age));
    if (stall->repeats > 0)
        text_addf(
            line, ", repeated %" PRId64 " times, last %s ago", stall->repeats,
            duration_format(report->now > stall->last_s ? report->now - stall->last_s : 0, age, sizeof age));
    if (stall->pck_missing)
        text_addf(line, ", %s.PCK is %s in %s", item->package, stall->pck_empty ? "empty" : "not",
                  report->folder);
    stall_add_line(stall, line);
    stall_add_way(stall, line);
    if (item->stuck)
        stall_add_advice(stall,
                         &(struct stall_place){report->options, report->site, has_local_stamps(report->logs)},
                         line);
}

static int64_t sum_repeats(const struct stall_list *stalls)
{
    int64_t repeats = 0;
    for (size_t i = 0; i < stalls->count; i++)
        if (!stalls->stalls[i].item.known)
            repeats += stalls->stalls[i].repeats;
    return repeats;
}

void stallreport_trace(const struct logset *logs, const struct trace *trace)
{
    for (size_t i = 0; i < logs->count; i++) {
        const struct logset_log *log = &logs->logs[i];
        trace_note(trace, 2, "%s: encoding %s, %" PRId64 " bytes read of %" PRId64, log->location,
                   log->encoding, log->status.bytes_read, log->status.size_bytes);
    }
}

static const struct item *item_of(const void *context, size_t index)
{
    return stalls_item(((const struct stallreport *)context)->stalls, index);
}

static void item_fields(void *context, size_t index, struct json *json)
{
    const struct stall *stall = stalls_ordered(((const struct stallreport *)context)->stalls, index);
    json_integer(json, "wanted_version", stall->wanted > 0, stall->wanted);
    json_integer(json, "version", stall->held > 0, stall->held);
    json_integer(json, "repeats", true, stall->repeats);
    json_integer(json, "last_repeat", stall->last_s > 0, stall->last_s);
    json_boolean(json, "base_file_missing", stall->pck_missing);
    json_string(json, "on_its_way", stall->way[0] != '\0' ? stall->way : NULL);
    json_string(json, "cause", stall->cause.family != CAUSE_UNKNOWN ? cause_name(stall->cause.family) : NULL);
    json_integer(json, "win32_error", stall->cause.code != 0, stall->cause.code);
    struct text line = {0};
    text_add_clean(&line, stall->line, REPLICATION_LINE);
    json_string(json, "log_line", line.length > 0 ? text_string(&line) : NULL);
    text_free(&line);
}

void stallreport_finish(const struct stallreport *report, struct worker *worker)
{
    const struct tally *tally = report->tally;
    const struct check_options *options = report->options;
    const struct thresholds *thresholds = &options->thresholds;
    struct text verdict = {0};
    stallreport_add_verdict(report, &verdict);
    const struct range silent_warning = {.set = report->silence->warning_s > 0,
                                         .end = report->silence->warning_s};
    const struct range silent_critical = {.set = report->silence->critical_s > 0,
                                          .end = report->silence->critical_s};
    const struct perfdatum perfdata[] = {
        {.label = "waiting", .unit = "", .value = tally->pending},
        {.label = "stuck", .unit = "", .value = tally->stuck},
        {.label = "broken", .unit = "", .value = tally->failed},
        {.label = "known", .unit = "", .value = tally->known},
        {.label = "oldest",
         .unit = "s",
         .value = tally->oldest_s,
         .warning = &thresholds->warning,
         .critical = &thresholds->critical},
        {.label = "oldest_broken",
         .unit = "s",
         .value = tally->oldest_failed_s,
         .warning = &thresholds->failed_warning,
         .critical = &thresholds->failed_critical},
        {.label = "repeats", .unit = "", .value = sum_repeats(report->stalls)},
        {.label = "lines", .unit = "", .value = report->logs->lines},
        {.label = "bytes", .unit = "B", .value = report->logs->bytes},
        {.label = "log_age",
         .unit = "s",
         .value = report->silence->age_s,
         .warning = &silent_warning,
         .critical = &silent_critical},
        announce_perfdatum(tally),
    };
    struct stallreport_notes notes = {0};
    stallreport_make_notes(report, &notes);
    const struct report lines = {.format = (enum output_format)options->format,
                                 .label = report->label,
                                 .status = report->status,
                                 .verdict = text_string(&verdict),
                                 .perfdata = perfdata,
                                 .perfdata_count = sizeof perfdata / sizeof *perfdata,
                                 .notes = notes.strings,
                                 .note_count = notes.count,
                                 .item_line = item_line,
                                 .item = item_of,
                                 .item_fields = item_fields,
                                 .context = (void *)report,
                                 .item_count = report->stalls->count,
                                 .max_items = (size_t)options->max_items,
                                 .all = options->verbosity > 0};
    check_finish(worker, &lines, report->announcements, NULL, NULL);
    stallreport_free_notes(&notes);
    text_free(&verdict);
}
