// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stalls_verdict.h"

#include "base/sanitize.h"
#include "base/units.h"
#include "check/stall_words.h"
#include "check/stalls_unread.h"
#include "files/location.h"
#include "items/age.h"

#include <inttypes.h>
#include <string.h>

/* The first line has a budget: a few names stand for many. */
enum { SHOWN_NAMES = 5, NAME_BYTES = 64 };

/* The logs of the parent only tell why: that nothing is stalled was not looked for in them. */
static void add_logs(const struct stallreport *report, struct text *text)
{
    const unsigned story = (1u << REPLICATION_STORY_COMPONENTS) - 1;
    const char *names[LOG_MERGE_LOGS];
    size_t count = 0;
    for (size_t i = 0; i < report->logs->count && count < LOG_MERGE_LOGS; i++)
        if (!logset_is_unread(&report->logs->logs[i]) && (report->logs->logs[i].components & story) != 0)
            names[count++] = location_name(report->logs->logs[i].location);
    text_add_clean_list(text, names, count, SHOWN_NAMES, NAME_BYTES);
}

/* Nothing is said of what was not selected. */
static void add_selection(const struct stallreport *report, struct text *text)
{
    const struct string_list *packages = report->packages, *excluded = report->exclude_packages;
    if (packages->count > 0) {
        text_add(text, " of ");
        text_add_clean_list(text, packages->strings, packages->count, SHOWN_NAMES, NAME_BYTES);
    }
    if (excluded->count > 0) {
        text_add(text, packages->count > 0 ? " except " : " of all packages except ");
        text_add_clean_list(text, excluded->strings, excluded->count, SHOWN_NAMES, NAME_BYTES);
    }
}

static void add_state_of_reading(const struct stallreport *report, struct text *verdict)
{
    char size[32], until[32];
    for (size_t i = 0; i < report->logs->count; i++) {
        const struct logset_log *log = &report->logs->logs[i];
        if (!log->status.catching_up)
            continue;
        text_addf(verdict, "; catching up with %s", location_name(log->location));
        if (log->newest_s > 0)
            text_addf(verdict, ", read up to %s", instant_format(log->newest_s, until, sizeof until));
        text_addf(verdict, ", %s left for the next runs (%s)",
                  size_format(log->status.bytes_left, size, sizeof size),
                  report->logs->out_of_time ? "--timeout" : "--max-bytes");
    }
}

static void add_silent_component(const struct log_silence *silent, struct text *verdict)
{
    static const char *const names[REPLICATION_STORY_COMPONENTS] = {
        [REPLICATION_DISTMGR] = "distribution manager", [REPLICATION_DESPOOL] = "despooler"};
    enum { SHOWN = 120 };
    char age[32];
    text_addf(verdict, "; the %s is silent for %s while the %s writes: does it hang?",
              names[silent->component], duration_format(silent->hang_s, age, sizeof age),
              names[REPLICATION_STORY_COMPONENTS - 1 - silent->component]);
    if (silent->line.length == 0)
        return;
    text_add(verdict, " its last line: \"");
    text_add_clean(verdict, text_string(&silent->line), SHOWN);
    text_add(verdict, "\"");
}

static void add_silence(const struct stallreport *report, struct text *verdict)
{
    char age[32];
    if (report->silence->hang != STATUS_OK)
        add_silent_component(report->silence, verdict);
    if (report->silence->logs != STATUS_OK)
        text_addf(verdict,
                  "; no log was written for %s: is SMS_EXECUTIVE running, do the despooler and the "
                  "distribution manager hang?",
                  duration_format(report->silence->age_s, age, sizeof age));
}

/* The logs of one set may be of both kinds: the one with the newest record is meant. */
static void add_future(const struct stallreport *report, struct text *verdict)
{
    const struct logset *set = report->logs;
    char ahead[32];
    bool by_zone = false;
    if (report->silence->future_s <= 0)
        return;
    for (size_t i = 0; i < set->count; i++)
        by_zone = by_zone || (set->logs[i].by_zone && set->logs[i].newest_s == set->newest_s);
    text_addf(verdict, "; the newest record lies %s in the future: %s",
              duration_format(report->silence->future_s, ahead, sizeof ahead),
              by_zone ? "is --timezone right?" : "compare the site server's clock with this host's");
}

_Static_assert(offsetof(struct stall, item) == 0, "a tally's worst item is its stall");

static void add_items(const struct stallreport *report, struct text *verdict)
{
    char age[32];
    const struct tally *tally = report->tally;
    int64_t items = tally->pending + tally->failed;
    const struct item *worst = tally->worst;
    text_addf(verdict, tally->stuck > 0 ? "%" PRId64 " stalled: " : "%" PRId64 " open, none too long: ",
              tally->stuck > 0 ? tally->stuck : items);
    struct text why = {0};
    stall_add_why((const struct stall *)worst, &why); /* its item is its first member */
    text_addf(verdict, "%s %s for %s%s%s%s; %" PRId64 " broken, %" PRId64 " only waiting", worst->package,
              worst->kind, duration_format(worst->age_s, age, sizeof age), why.length > 0 ? ", " : "",
              text_string(&why), items > 1 ? " and others" : "", tally->failed, tally->pending);
    text_free(&why);
    add_selection(report, verdict);
}

/* What alerts besides the items: every form of the line says it. */
static void add_doubts(const struct stallreport *report, struct text *verdict)
{
    add_future(report, verdict);
    add_state_of_reading(report, verdict);
    if (report->folder_in_vain)
        text_add(verdict,
                 "; --pck does not apply: this site has a content library (ConfigMgr 2012 and later)");
    history_add_doubts(report->no_memory != NULL ? report->no_memory->text : NULL, report->memory_lost_at,
                       report->now, verdict);
}

/* "the despooler is silent for ..."; "" where nothing is. */
static const char *silence_words(const struct stallreport *report, struct text *silence)
{
    add_silence(report, silence);
    return silence->length > 0 ? text_string(silence) + strlen("; ") : "";
}

static void add_calm(const struct stallreport *report, struct text *verdict)
{
    char age[32];
    text_add(verdict, report->tally->known > 0 ? "nothing else stalled" : "nothing stalled");
    add_selection(report, verdict);
    text_add(verdict, " in ");
    add_logs(report, verdict);
    if (report->silence->future_s <= 0 && report->silence->behind_s == 0)
        text_addf(verdict, ", last written %s ago", duration_format(report->silence->age_s, age, sizeof age));
}

/* What alerts stands first: a pager shows the beginning. */
static void add_verdict(const struct stallreport *report, struct text *verdict)
{
    const struct tally *tally = report->tally;
    struct text silence = {0};
    const char *silent = silence_words(report, &silence);
    bool any_read = false;
    for (size_t i = 0; i < report->logs->count; i++)
        any_read = any_read || !logset_is_unread(&report->logs->logs[i]);
    if (report->close != NULL)
        text_addf(verdict,
                  report->closed ? "closed %s by hand; " : "nothing was open for %s, nothing was closed; ",
                  report->close);
    if (silent[0] != '\0' && tally->stuck == 0)
        text_addf(verdict, "%s; ", silent);
    if (tally->worst != NULL)
        add_items(report, verdict);
    else if (any_read)
        add_calm(report, verdict);
    else
        text_add(verdict, "whether anything is stalled is not known");
    if (tally->known > 0)
        text_addf(verdict, "; %" PRId64 " known", tally->known);
    if (silent[0] != '\0' && tally->stuck > 0)
        text_addf(verdict, "; %s", silent);
    add_doubts(report, verdict);
    text_free(&silence);
}

/* --new: what is new stands first, a silence too; one that the team knows of stands behind. */
static void add_new(const struct stallreport *report, struct text *verdict)
{
    struct text silence = {0};
    const char *words = silence_words(report, &silence);
    if (words[0] != '\0' && report->silence->told != STATUS_OK)
        text_addf(verdict, "new: %s; ", words);
    if (report->silence->told != STATUS_OK && report->tally->fresh == 0)
        text_addf(verdict, "%" PRId64 " stuck in all", report->tally->stuck);
    else
        announce_verdict(stalls_item, report->stalls, report->stalls->count, report->tally, verdict);
    if (words[0] != '\0' && report->silence->told == STATUS_OK)
        text_addf(verdict, "; %s", words);
    text_free(&silence);
    add_doubts(report, verdict);
}

static void add_own_verdict(const struct stallreport *report, struct text *verdict)
{
    if (report->announcements->only_new && report->status != STATUS_UNKNOWN)
        add_new(report, verdict);
    else
        add_verdict(report, verdict);
}

/* A pager shows the beginning: what is stalled stands before what could not be looked at, and that before
 * what is well. */
void stallreport_add_verdict(const struct stallreport *report, struct text *verdict)
{
    struct text unread = {0};
    if (report->site != NULL)
        text_addf(verdict, "site %s: ", report->site);
    stallreport_add_unread(report, &unread);
    if (report->tally->stuck > 0 && unread.length > 0) {
        add_own_verdict(report, verdict);
        text_cut(&unread, unread.length - strlen("; "));
        text_addf(verdict, "; %s", text_string(&unread));
    } else {
        text_add(verdict, text_string(&unread));
        add_own_verdict(report, verdict);
    }
    text_free(&unread);
}
