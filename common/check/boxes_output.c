// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/boxes_output.h"

#include "base/sanitize.h"
#include "base/units.h"
#include "inbox/filename.h"
#include "items/age.h"
#include "items/itemline.h"
#include "items/output.h"

#include <inttypes.h>
#include <string.h>

enum { NAME_BYTES = 100 };

/* A name, and what is known of the work in it. */
static void add_name(const char *name, struct text *text)
{
    const struct inbox_filename read = inbox_filename_read(name);
    text_add_clean(text, name, NAME_BYTES);
    if (read.work != INBOX_WORK_UNKNOWN) {
        text_add(text, " (");
        inbox_filename_tell(&read, text);
        text_add(text, ")");
    }
}

static void add_count(int64_t files, const char *verb, struct text *text)
{
    text_addf(text, files == 1 ? "%" PRId64 " file %ss" : "%" PRId64 " files %s", files, verb);
}

/* What left last; of a box that was never seen to move, since when it is looked at. */
static void add_last_left(const struct inbox_box *box, int64_t now, struct text *line)
{
    char age[32];
    if (box->verdict.first) {
        text_add(line, "; what leaves it is not known before the next run");
    } else if (box->memory.moved == 0) {
        text_add(line, ", none was seen to leave");
    } else {
        text_add(line, ", last left ");
        if (box->memory.moved_name != NULL) {
            text_add_clean(line, box->memory.moved_name, NAME_BYTES);
            text_add(line, " ");
        }
        text_addf(line, "%s ago", duration_format(now - box->memory.moved, age, sizeof age));
    }
}

static void add_box(const struct inbox_box *box, int64_t now, struct text *line)
{
    char age[32], size[32];
    add_count(box->files, "wait", line);
    text_addf(line, " (%s), oldest ", size_format(box->bytes, size, sizeof size));
    add_name(box->verdict.oldest != NULL ? box->verdict.oldest : "", line);
    text_addf(line, " for %s", duration_format(box->verdict.oldest_s, age, sizeof age));
    add_last_left(box, now, line);
    if (box->verdict.silence_is_slow && box->verdict.silent == STATUS_OK)
        text_addf(line, "; may wait for days: %s", box->kind->slow_reason);
}

static void add_straggler(const struct box_item *item, int64_t now, struct text *line)
{
    const struct inbox_straggler *straggler = item->straggler;
    char age[32], last[32];
    add_name(straggler->file.name, line);
    text_addf(line, " waits for %s", duration_format(now - straggler->file.start, age, sizeof age));
    if (straggler->file.rewritten > 0)
        text_addf(line, ", rewritten %" PRId64 " time%s", straggler->file.rewritten,
                  straggler->file.rewritten == 1 ? "" : "s");
    if (straggler->reason == INBOX_OLD) {
        text_add(line, " by its date; it was there at the first look");
        return;
    }
    if (straggler->reason == INBOX_PASSED) {
        text_addf(line, ", none of its kind has left for %s, though younger ones of other kinds have",
                  duration_format(item->item.age_s, age, sizeof age));
        return;
    }
    text_addf(line, ", %" PRId64 " younger have left since, last %s ago; left behind for %s",
              straggler->file.overtaken, duration_format(now - straggler->file.over_last, last, sizeof last),
              duration_format(item->item.age_s, age, sizeof age));
}

static void item_line(void *context, size_t index, struct text *line)
{
    const struct boxreport *report = context;
    const struct box_item *one = &report->list->items[index];
    const struct inbox_kind *kind = one->box->kind;
    text_addf(line, "%s: %s: %s, ", status_name(one->item.status), one->box->name, one->item.kind);
    if (one->straggler != NULL)
        add_straggler(one, report->now, line);
    else
        add_box(one->box, report->now, line);
    if (one->item.status != STATUS_OK)
        text_addf(line, "; the box holds %s, the work of %s; %s", kind->meaning, kind->component, kind->next);
}

/* ---- the first line */

static void add_unlooked(const struct boxreport *report, struct text *verdict)
{
    enum { SHOWN = 2 };
    size_t told = 0;
    for (size_t i = 0; i < report->boxes->count; i++) {
        const struct inbox_box *box = &report->boxes->boxes[i];
        bool again = false;
        for (size_t j = 0; j < i && box->failed; j++)
            again |= report->boxes->boxes[j].failed &&
                     strcmp(report->boxes->boxes[j].failure.text, box->failure.text) == 0;
        if (box->failed && !again && told++ < SHOWN)
            text_addf(verdict, "%s; ", box->failure.text);
    }
    if (told > SHOWN)
        text_addf(verdict, "and %zu more like these; ", told - SHOWN);
    if (report->tally->more_subfolders)
        text_addf(verdict, "more than %d folders: give the boxes that matter with --box; ", INBOX_SUBFOLDERS);
}

static void add_boxes(int64_t boxes, struct text *verdict)
{
    text_addf(verdict, boxes == 1 ? "%" PRId64 " box" : "%" PRId64 " boxes", boxes);
}

/* Is one of the boxes below it? */
static bool is_parent(const struct inbox_boxes *boxes, const struct inbox_box *parent)
{
    const size_t length = strlen(parent->location);
    for (size_t i = 0; i < boxes->count; i++)
        if (strncmp(boxes->boxes[i].location, parent->location, length) == 0 &&
            boxes->boxes[i].location[length] == '/')
            return true;
    return false;
}

/* A box that holds nothing but folders: its work lies in these, and nobody looks there. */
static void add_folders(const struct boxreport *report, struct text *verdict)
{
    for (size_t i = 0; i < report->boxes->count; i++) {
        const struct inbox_box *box = &report->boxes->boxes[i];
        if (box->failed || box->folders == 0 || box->folders != box->memory.entries ||
            is_parent(report->boxes, box))
            continue;
        text_addf(verdict, "; %s holds nothing but %" PRId64 " folder%s, not looked at (--recursive)",
                  box->name, box->folders, box->folders == 1 ? "" : "s");
        return;
    }
}

static void add_state(const struct boxreport *report, struct text *verdict)
{
    const struct box_tally *tally = report->tally;
    const struct box_item *worst = report->list->count > 0 ? &report->list->items[0] : NULL;
    char age[32];
    if (worst != NULL && worst->item.status != STATUS_OK) {
        int64_t others = 0;
        for (size_t i = 1; i < report->list->count; i++)
            others += report->list->items[i].item.status != STATUS_OK;
        boxes_add_trouble(worst, verdict);
        if (others > 0)
            text_addf(verdict, "; %" PRId64 " more", others);
    } else if (tally->files > 0) {
        add_boxes(tally->boxes, verdict);
        text_add(verdict, ", ");
        add_count(tally->files, "wait", verdict);
        if (tally->oldest != NULL) {
            text_add(verdict, ", oldest ");
            add_name(tally->oldest->verdict.oldest, verdict);
            text_addf(verdict, " in %s for %s", tally->oldest->name,
                      duration_format(tally->oldest_s, age, sizeof age));
        }
    } else if (tally->boxes > 0) {
        add_boxes(tally->boxes, verdict);
        text_add(verdict, tally->known > 0 ? ", nothing else waits" : ", nothing waits");
        add_folders(report, verdict);
    } else {
        text_add(verdict, "nothing was looked at");
    }
}

static void add_selection(const struct string_list *match, struct text *verdict)
{
    enum { SHOWN = 5, PATTERN_BYTES = 40 };
    if (match->count == 0)
        return;
    text_add(verdict, "; only ");
    text_add_clean_list(verdict, match->strings, match->count, SHOWN, PATTERN_BYTES);
}

static void add_memory(const struct boxreport *report, struct text *verdict)
{
    if (report->no_memory != NULL)
        text_addf(verdict, "; what left is not known: %s", report->no_memory->text);
    else
        history_add_doubts(NULL, report->memory_lost_at, report->now, verdict);
}

/* ---- notes */

static void note_clocks(const struct boxreport *report, struct text *note)
{
    enum { WORTH_A_WORD_S = 5 * 60 };
    char age[32];
    int64_t ahead_s = 0, future = 0;
    bool back = false;
    for (size_t i = 0; i < report->boxes->count; i++) {
        const struct inbox_box *box = &report->boxes->boxes[i];
        ahead_s = box->ahead_s > ahead_s ? box->ahead_s : ahead_s;
        future += box->future;
        back |= box->verdict.clock_back;
    }
    if (ahead_s > WORTH_A_WORD_S)
        text_addf(note, "the server's clock is %s ahead of this host's; ",
                  duration_format(ahead_s, age, sizeof age));
    if (future > 0)
        text_addf(note, "%" PRId64 " file%s dated in the future: age from the first sight; ", future,
                  future == 1 ? " is" : "s are");
    if (back)
        text_add(note,
                 "this host's clock ran backwards since the last run: what left in between tells no order; ");
    if (note->length > 2)
        text_cut(note, note->length - 2);
}

static const struct item *item_of(const void *context, size_t index)
{
    return &((const struct boxreport *)context)->list->items[index].item;
}

static void add_clean_name(const char *key, const char *name, struct json *json)
{
    struct text clean = {0};
    if (name != NULL)
        text_add_clean(&clean, name, 4 * NAME_BYTES);
    json_string(json, key, name != NULL ? text_string(&clean) : NULL);
    text_free(&clean);
}

static void item_fields(void *context, size_t index, struct json *json)
{
    const struct box_item *one = &((const struct boxreport *)context)->list->items[index];
    const struct inbox_box *box = one->box;
    add_clean_name("location", box->location, json);
    json_string(json, "component", box->kind->component);
    json_integer(json, "files", true, box->files);
    json_integer(json, "bytes", true, box->bytes);
    add_clean_name("oldest", box->verdict.oldest, json);
    json_integer(json, "oldest_s", box->verdict.oldest != NULL, box->verdict.oldest_s);
    json_integer(json, "last_left", box->memory.moved > 0, box->memory.moved);
    add_clean_name("last_left_name", box->memory.moved_name, json);
    json_integer(json, "overtaken_by", one->straggler != NULL,
                 one->straggler != NULL ? one->straggler->file.overtaken : 0);
}

void boxreport_finish(const struct boxreport *report, struct worker *worker)
{
    const struct box_tally *tally = report->tally;
    struct text verdict = {0}, clocks = {0}, ended = {0};
    add_unlooked(report, &verdict);
    if (report->announcements->only_new && report->status != STATUS_UNKNOWN)
        announce_verdict(item_of, report, report->list->count, &tally->items, &verdict);
    else
        add_state(report, &verdict);
    if (tally->known > 0)
        text_addf(&verdict, "; %" PRId64 " known", tally->known);
    add_selection(report->match, &verdict);
    add_memory(report, &verdict);
    note_clocks(report, &clocks);
    if (report->verbose)
        known_list_add_ended(report->known, report->now, &ended);
    const struct perfdatum perfdata[] = {
        {.label = "files", .unit = "", .value = tally->files},
        {.label = "stuck", .unit = "", .value = tally->items.stuck},
        {.label = "known", .unit = "", .value = tally->known},
        {.label = "oldest", .unit = "s", .value = tally->oldest_s},
        {.label = "largest",
         .unit = "",
         .value = tally->largest,
         .warning = &report->limits->files_warning,
         .critical = &report->limits->files_critical},
        {.label = "bytes", .unit = "B", .value = tally->bytes},
        {.label = "boxes", .unit = "", .value = tally->boxes},
        announce_perfdatum(&tally->items),
    };
    const char *notes[2];
    size_t note_count = 0;
    if (clocks.length > 0)
        notes[note_count++] = text_string(&clocks);
    if (ended.length > 0)
        notes[note_count++] = text_string(&ended);
    const struct report lines = {.format = report->format,
                                 .label = report->label,
                                 .status = report->status,
                                 .verdict = text_string(&verdict),
                                 .perfdata = perfdata,
                                 .perfdata_count = sizeof perfdata / sizeof *perfdata,
                                 .notes = notes,
                                 .note_count = note_count,
                                 .item_line = item_line,
                                 .item = item_of,
                                 .item_fields = item_fields,
                                 .context = (void *)report,
                                 .item_count = report->list->count,
                                 .max_items = report->max_items,
                                 .all = report->verbose};
    check_finish(worker, &lines, report->announcements, NULL, NULL);
    text_free(&ended);
    text_free(&clocks);
    text_free(&verdict);
}
