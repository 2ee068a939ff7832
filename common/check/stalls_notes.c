// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stalls_notes.h"

#include "files/location.h"

#include <inttypes.h>
#include <string.h>

static const char *ending_words(enum condition_end how)
{
    static const char *const words[] = {[CONDITION_STORED] = "its version was stored",
                                        [CONDITION_SUCCEEDED] = "it went well now",
                                        [CONDITION_NOT_REPEATED] = "no longer repeated, not proven",
                                        [CONDITION_RECEIVED] = "received again without a failure",
                                        [CONDITION_FORGOTTEN] =
                                            "forgotten: not repeated for the time of --forget",
                                        [CONDITION_DELETED] = "the package was deleted at this site",
                                        [CONDITION_BY_HAND] = "closed by hand"};
    return words[how];
}

static struct text *add_note(struct stallreport_notes *notes)
{
    const size_t room = sizeof notes->strings / sizeof *notes->strings;
    return &notes->texts[notes->count < room ? notes->count++ : room];
}

static bool is_same_ending(const struct condition_ending *one, const struct condition_ending *other)
{
    return one->kind == other->kind && one->how == other->how && strcmp(one->package, other->package) == 0;
}

/* A trouble that comes and goes ends many times in what one run reads: one line with their number. */
static void note_endings(const struct stallreport *report, struct stallreport_notes *notes)
{
    const struct conditions *set = &report->logs->conditions;
    const size_t count = set->ending_count < CONDITIONS_ENDINGS ? set->ending_count : CONDITIONS_ENDINGS;
    for (size_t i = 0; i < count; i++) {
        const struct condition_ending *ending = &set->endings[i];
        size_t before = 0, times = 1;
        while (before < i && !is_same_ending(&set->endings[before], ending))
            before++;
        if (before < i || (report->options->verbosity == 0 && ending->how != CONDITION_FORGOTTEN))
            continue;
        for (size_t later = i + 1; later < count; later++)
            times += is_same_ending(&set->endings[later], ending);
        struct text *note = add_note(notes);
        text_addf(note, "ended: %s %s: %s", ending->package + (ending->package[0] == REPLICATION_SUBJECT),
                  condition_kind_name(ending->kind), ending_words(ending->how));
        if (times > 1)
            text_addf(note, " (%zu times)", times);
    }
}

static void note_logs(const struct stallreport *report, struct stallreport_notes *notes)
{
    for (size_t i = 0; i < report->logs->count; i++) {
        const struct logset_log *log = &report->logs->logs[i];
        if (log->status.loss[0] != '\0')
            text_addf(add_note(notes), "%s: %s", location_name(log->location), log->status.loss);
        if (report->options->verbosity > 0 && log->shifted)
            text_addf(add_note(notes),
                      "%s: stamps are local time, UTC%+" PRId64 " min by the file's own time",
                      location_name(log->location), log->offset_s / 60);
    }
}

static void note_candidates(const struct stallreport *report, struct stallreport_notes *notes)
{
    for (size_t i = 0; report->options->verbosity > 0 && i < report->logs->conditions.count; i++) {
        const struct condition *condition = &report->logs->conditions.items[i];
        for (int kind = 0; kind < CONDITION_KINDS && !condition_open(condition); kind++)
            if (condition->sign[kind].last_s != 0)
                text_addf(add_note(notes), "%s: %s: %s",
                          condition->sign[kind].repeats == 0 ? "seen once" : "no longer repeated",
                          condition->package, condition_line(condition, (enum condition_kind)kind));
    }
}

static void note_known(const struct stallreport *report, struct stallreport_notes *notes)
{
    struct text ended = {0};
    if (report->options->verbosity > 0)
        known_list_add_ended(&report->options->known, report->now, &ended);
    if (ended.length > 0)
        text_add(add_note(notes), text_string(&ended));
    text_free(&ended);
}

void stallreport_make_notes(const struct stallreport *report, struct stallreport_notes *notes)
{
    note_known(report, notes);
    note_logs(report, notes);
    note_endings(report, notes);
    note_candidates(report, notes);
    if (report->logs->conditions.refused > 0)
        text_addf(add_note(notes),
                  "%zu events are of more packages than are believed: are these logs of one site?",
                  report->logs->conditions.refused);
    for (size_t i = 0; i < notes->count; i++)
        notes->strings[i] = text_string(&notes->texts[i]);
}

void stallreport_free_notes(struct stallreport_notes *notes)
{
    for (size_t i = 0; i < sizeof notes->texts / sizeof *notes->texts; i++)
        text_free(&notes->texts[i]);
}
