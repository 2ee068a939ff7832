// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/boxes.h"

#include "base/array.h"
#include "base/sanitize.h"
#include "base/units.h"
#include "inbox/filename.h"
#include "inbox/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 100 };

static struct box_item *add_item(struct box_list *list, const struct inbox_box *box,
                                 const struct inbox_straggler *straggler)
{
    struct text key = {0};
    if (straggler != NULL)
        text_addf(&key, "file/%s/%s", box->location, straggler->file.name);
    else
        text_addf(&key, "box/%s", box->location);
    struct box_item *items = key.failed ? NULL : array_grow(list->items, list->count, sizeof *items);
    if (items == NULL) {
        text_free(&key);
        return NULL;
    }
    list->items = items;
    struct box_item *one = &items[list->count++];
    *one = (struct box_item){.box = box,
                             .straggler = straggler,
                             .key = key.bytes,
                             .item = {.key = key.bytes,
                                      .package = straggler != NULL ? straggler->file.name : "",
                                      .place = box->name,
                                      .site = box->name,
                                      .progress = ""}};
    return one;
}

static const char *kind_of(const struct inbox_verdict *verdict)
{
    const bool silent = verdict->silent != STATUS_OK, full = verdict->full != STATUS_OK;
    return silent && full ? "silent+full" : silent ? "silent" : full ? "full" : "waiting";
}

static int add_box(struct box_list *list, const struct inbox_box *box, int64_t now)
{
    const struct inbox_verdict *verdict = &box->verdict;
    if (box->files == 0)
        return 0;
    struct box_item *one = add_item(list, box, NULL);
    if (one == NULL)
        return -1;
    one->item.kind = kind_of(verdict);
    one->item.item_class = ITEM_PENDING;
    one->item.age_s = verdict->silence_s;
    one->item.size_bytes = box->bytes;
    one->item.first_seen = verdict->silent != STATUS_OK ? now - verdict->silence_s : 0;
    one->item.status = status_worse(verdict->silent, verdict->full);
    one->item.stuck = verdict->silent_stuck || verdict->full_stuck;
    return 0;
}

static int add_stragglers(struct box_list *list, const struct inbox_box *box)
{
    for (size_t i = 0; i < box->verdict.straggler_count; i++) {
        const struct inbox_straggler *straggler = &box->verdict.stragglers[i];
        struct box_item *one = add_item(list, box, straggler);
        if (one == NULL)
            return -1;
        one->item.kind = straggler->reason == INBOX_OLD ? "old" : "left_behind";
        one->item.item_class = ITEM_PENDING;
        one->item.first_seen = straggler->file.start;
        one->item.age_s = straggler->age_s;
        one->item.size_bytes = straggler->file.size_bytes;
        one->item.status = straggler->status;
        one->item.stuck = straggler->stuck;
    }
    return 0;
}

/* Of two in the same state the box that does not move, or is too full, before a file: it holds up all its files. */
static int compare(const void *a, const void *b)
{
    const struct box_item *one = a, *other = b;
    const struct item *first = &one->item, *second = &other->item;
    const bool alike = first->folded == second->folded && first->known == second->known &&
                       first->told == second->told && first->status == second->status &&
                       first->status != STATUS_OK;
    if (alike && (one->straggler == NULL) != (other->straggler == NULL))
        return one->straggler == NULL ? -1 : 1;
    return item_compare(first, second);
}

int boxes_items(const struct inbox_boxes *boxes, struct announcements *announcements, int64_t now,
                struct box_list *list)
{
    int result = 0;
    *list = (struct box_list){0};
    for (size_t i = 0; i < boxes->count && result == 0; i++) {
        const struct inbox_box *box = &boxes->boxes[i];
        if (!box->failed && (add_box(list, box, now) != 0 || add_stragglers(list, box) != 0))
            result = -1;
    }
    for (size_t i = 0; i < list->count && result == 0; i++) {
        struct box_item *one = &list->items[i];
        one->item.moved_age_s = one->box->memory.moved > 0 ? now - one->box->memory.moved : -1;
        result = announcements_judge(announcements, &one->item);
    }
    if (result != 0)
        boxes_items_free(list);
    else if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare);
    return result;
}

static void tally_items_of(const struct box_list *list, struct tally *tally)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct item *item = &list->items[i].item;
        tally->stuck += item->stuck;
        tally->fresh += item->is_new;
        if (!item->told)
            tally->status = status_worse(tally->status, item->status);
    }
}

void boxes_tally(const struct inbox_boxes *boxes, const struct box_list *list, struct box_tally *tally)
{
    *tally = (struct box_tally){.items = {.status = STATUS_OK}};
    for (size_t i = 0; i < boxes->count; i++) {
        const struct inbox_box *box = &boxes->boxes[i];
        tally->more_subfolders |= box->more_subfolders;
        if (box->failed) {
            tally->unlooked++;
            continue;
        }
        tally->boxes++;
        tally->files += box->files;
        tally->bytes += box->bytes;
        tally->known += box->known;
        tally->largest = box->files > tally->largest ? box->files : tally->largest;
        if (box->verdict.oldest != NULL &&
            (tally->oldest == NULL || box->verdict.oldest_s > tally->oldest_s)) {
            tally->oldest_s = box->verdict.oldest_s;
            tally->oldest = box;
        }
    }
    tally_items_of(list, &tally->items);
    tally->status = tally->items.status;
    if (tally->unlooked > 0 || tally->more_subfolders)
        tally->status = status_worse(tally->status, STATUS_UNKNOWN);
}

void boxes_items_free(struct box_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].key);
    free(list->items);
    *list = (struct box_list){0};
}

static void add_silence(const struct inbox_box *box, struct text *text)
{
    char age[32];
    text_addf(text, "nothing has left %s for %s although ", box->name,
              duration_format(box->verdict.silence_s, age, sizeof age));
    text_addf(text, box->files == 1 ? "%" PRId64 " file waits" : "%" PRId64 " files wait", box->files);
}

void boxes_add_trouble(const struct box_item *item, struct text *text)
{
    const struct inbox_box *box = item->box;
    char age[32];
    if (item->straggler == NULL) {
        if (box->verdict.silent != STATUS_OK || box->verdict.full == STATUS_OK)
            add_silence(box, text);
        if (box->verdict.silent != STATUS_OK && box->verdict.full != STATUS_OK)
            text_add(text, ", too many");
        else if (box->verdict.full != STATUS_OK)
            text_addf(text, "%" PRId64 " files wait in %s", box->files, box->name);
        return;
    }
    text_add_clean(text, item->straggler->file.name, NAME_BYTES);
    if (item->straggler->reason != INBOX_OLD)
        text_addf(text, " was left behind in %s %s ago", box->name,
                  duration_format(item->item.age_s, age, sizeof age));
    else
        text_addf(text, " has waited in %s for %s", box->name,
                  duration_format(item->item.age_s, age, sizeof age));
}

/* The same for another program, and for longer than this run: with instants, not ages. */
static void add_conclusion(const struct box_item *item, int64_t since, struct text *told)
{
    const struct inbox_box *box = item->box;
    char instant[32];
    instant_format(since, instant, sizeof instant);
    if (item->straggler != NULL) {
        text_add_clean(told, item->straggler->file.name, NAME_BYTES);
        text_add(told, " in ");
    }
    text_add_clean(told, box->name, NAME_BYTES);
    if (item->straggler != NULL) {
        text_addf(told, " %s since %s", item->straggler->reason == INBOX_OLD ? "waits" : "is left behind",
                  instant);
        return;
    }
    if (box->verdict.silent != STATUS_OK)
        text_addf(told, " stands still since %s", instant);
    text_addf(told, "%s%" PRId64 " file%s",
              box->verdict.silent != STATUS_OK ? ", " : " is too full: ", box->files,
              box->files == 1 ? "" : "s");
    if (box->verdict.oldest != NULL) {
        text_add(told, ", oldest ");
        text_add_clean(told, box->verdict.oldest, NAME_BYTES);
    }
}

static int by_box(const void *a, const void *b)
{
    const struct inbox_box *one = (*(const struct box_item *const *)a)->box;
    const struct inbox_box *other = (*(const struct box_item *const *)b)->box;
    return (one > other) - (one < other);
}

/* Keep what is stuck in one box. @return 0 or -1 */
static int conclude(const struct inbox_box *box, const struct box_item *const *items, size_t count,
                    struct statefile *state, int64_t now, struct failure *failure)
{
    struct inbox_conclusion *conclusions = calloc(count + 1, sizeof *conclusions);
    struct text *told = calloc(count + 1, sizeof *told);
    int result = conclusions != NULL && told != NULL ? 0 : fail(failure, "out of memory");
    for (size_t i = 0; i < count && result == 0; i++) {
        const struct box_item *item = items[i];
        const bool waits = item->straggler != NULL && item->straggler->reason == INBOX_OLD;
        const int64_t since = waits ? item->straggler->file.start : now - item->item.age_s;
        add_conclusion(item, since, &told[i]);
        conclusions[i] =
            (struct inbox_conclusion){.file = item->straggler != NULL ? item->straggler->file.name : "",
                                      .status = item->item.status,
                                      .at = now,
                                      .since = since,
                                      .told = text_string(&told[i])};
        result = told[i].failed ? fail(failure, "out of memory") : 0;
    }
    if (result == 0)
        result = inbox_store_conclude(state, box->location, conclusions, count, failure);
    for (size_t i = 0; i < count && told != NULL; i++)
        text_free(&told[i]);
    free(told);
    free(conclusions);
    return result;
}

int boxes_conclude(const struct inbox_boxes *boxes, const struct box_list *list, struct statefile *state,
                   int64_t now, struct failure *failure)
{
    const struct box_item **stuck = calloc(list->count + 1, sizeof *stuck);
    int result = stuck != NULL ? 0 : fail(failure, "out of memory");
    size_t count = 0;
    for (size_t i = 0; i < list->count && result == 0; i++)
        if (list->items[i].item.status != STATUS_OK)
            stuck[count++] = &list->items[i];
    if (count > 1)
        qsort(stuck, count, sizeof *stuck, by_box);
    for (size_t i = 0, start = 0, end; i < boxes->count && result == 0; i++, start = end) {
        for (end = start; end < count && stuck[end]->box == &boxes->boxes[i];)
            end++;
        if (!boxes->boxes[i].failed)
            result = conclude(&boxes->boxes[i], &stuck[start], end - start, state, now, failure);
    }
    free(stuck);
    return result;
}
