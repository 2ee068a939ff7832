// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/listing.h"

#include "inbox/filename.h"

#include <stdlib.h>
#include <string.h>

int inbox_listing_begin(struct inbox_listing *listing)
{
    listing->seen = calloc(listing->memory->count + 1, sizeof *listing->seen);
    listing->judged.files = calloc(INBOX_KEPT, sizeof *listing->judged.files);
    listing->aside.files = calloc(INBOX_KEPT, sizeof *listing->aside.files);
    return listing->seen != NULL && listing->judged.files != NULL && listing->aside.files != NULL ? 0 : -1;
}

/* Nobody can put a file into a folder before the folder's own date says so. */
int64_t inbox_listing_now(const struct inbox_listing *listing)
{
    const int64_t changed = listing->folder.changed, now = listing->now;
    return changed > now && changed <= now + INBOX_AHEAD_MOST_S ? changed : now;
}

/* Before 1990 there was no such product: a date of 1980 or 1601 is what a copy or a server writes that knows none. */
static bool is_date(int64_t mtime, int64_t now)
{
    const int64_t first = 631152000;
    return mtime >= first && mtime <= now;
}

/* ---- the longest waiting */

static void swap(struct inbox_file *a, struct inbox_file *b)
{
    struct inbox_file other = *a;
    *a = *b;
    *b = other;
}

static void rise(struct inbox_heap *heap, size_t at)
{
    for (; at > 0 && heap->files[(at - 1) / 2].start < heap->files[at].start; at = (at - 1) / 2)
        swap(&heap->files[(at - 1) / 2], &heap->files[at]);
}

static void sink(struct inbox_heap *heap)
{
    for (size_t at = 0;;) {
        size_t youngest = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < heap->count && heap->files[child].start > heap->files[youngest].start)
                youngest = child;
        if (youngest == at)
            return;
        swap(&heap->files[at], &heap->files[youngest]);
        at = youngest;
    }
}

/* @return 0, or -1 when memory ran out */
static int keep(struct inbox_heap *heap, const struct inbox_file *file, const char *name)
{
    if (heap->count == INBOX_KEPT && file->start >= heap->files[0].start)
        return 0;
    char *copy = strdup(name);
    if (copy == NULL)
        return -1;
    const bool full = heap->count == INBOX_KEPT;
    const size_t at = full ? 0 : heap->count++;
    if (full)
        free(heap->files[0].name);
    heap->files[at] = *file;
    heap->files[at].name = copy;
    if (full)
        sink(heap);
    else
        rise(heap, at);
    return 0;
}

/* ---- one name */

static void take_subfolder(struct inbox_listing *listing, const char *name)
{
    if (inbox_glob_list_matches(listing->kind->skipped, name))
        return;
    if (!listing->selection->recursive) {
        listing->folders++;
        return;
    }
    if (listing->subfolder_count == INBOX_SUBFOLDERS) {
        listing->more_subfolders = true;
        return;
    }
    if (listing->subfolders == NULL)
        listing->subfolders = calloc(INBOX_SUBFOLDERS, sizeof *listing->subfolders);
    char *copy = listing->subfolders != NULL ? strdup(name) : NULL;
    if (copy != NULL)
        listing->subfolders[listing->subfolder_count++] = copy;
    else
        listing->out_of_memory = true;
}

/*
 * Since when a file that the memory does not know waits. A file brings its date along when it is moved or copied; but
 * one that was not there at the last look came after it, and one that was not among the longest waiting came after
 * these. Without a date it is since now.
 */
static int64_t start_of_new(const struct inbox_listing *listing, int64_t age_s)
{
    int64_t start = listing->now - age_s;
    return start < listing->memory->floor ? listing->memory->floor : start;
}

/*
 * Components rewrite what they cannot finish: the scheduler a job's status, a sender a request that it gives back. A
 * larger file of a job is one that is still being written.
 */
static bool is_same_work(const struct inbox_file *remembered, const struct bytestore_entry *entry)
{
    const struct inbox_filename name = inbox_filename_read(entry->name);
    const bool grows = name.work == INBOX_WORK_INSTRUCTION || name.work == INBOX_WORK_PACKAGE_FILE;
    return inbox_filename_is_unique(&name) && !(grows && entry->size_bytes > remembered->size_bytes);
}

static struct inbox_file rewritten(const struct inbox_file *remembered, const struct bytestore_entry *entry)
{
    struct inbox_file file = *remembered;
    file.mtime = entry->mtime;
    file.size_bytes = entry->size_bytes;
    file.rewritten++;
    return file;
}

static struct inbox_file recognise(struct inbox_listing *listing, const struct bytestore_entry *entry,
                                   int64_t age_s)
{
    struct inbox_file *remembered = inbox_memory_find(listing->memory, entry->name);
    if (remembered != NULL)
        listing->seen[remembered - listing->memory->files] = true;
    if (remembered != NULL && remembered->mtime == entry->mtime &&
        remembered->size_bytes == entry->size_bytes)
        return *remembered;
    if (remembered != NULL && is_same_work(remembered, entry))
        return rewritten(remembered, entry);
    return (struct inbox_file){.mtime = entry->mtime,
                               .size_bytes = entry->size_bytes,
                               .start = start_of_new(listing, age_s),
                               .inherited = listing->memory->looked == 0};
}

static bool is_selected(const struct inbox_selection *selection, const char *name)
{
    for (size_t i = 0; i < selection->match->count; i++)
        if (inbox_glob_matches(selection->match->strings[i], name))
            return true;
    return selection->match->count == 0;
}

static void add_size(struct inbox_listing *listing, int64_t size_bytes)
{
    if (size_bytes > 0 && __builtin_add_overflow(listing->bytes, size_bytes, &listing->bytes))
        listing->bytes = INT64_MAX;
}

static int take_file(struct inbox_listing *listing, const struct bytestore_entry *entry)
{
    const struct inbox_selection *selection = listing->selection;
    const int64_t now = inbox_listing_now(listing);
    const bool dated = is_date(entry->mtime, now);
    const int64_t age_s = dated ? now - entry->mtime : 0;
    const struct inbox_file file = recognise(listing, entry, age_s);
    listing->waiting++;
    /* What is remembered for longer is not written any more, whatever a clock that is ahead says of its date. */
    if (dated && age_s < INBOX_WRITING_S && listing->now - file.start < INBOX_WRITING_S) {
        listing->writing++;
        return keep(&listing->aside, &file, entry->name); /* it may have left at the next look */
    }
    listing->future += entry->mtime > now;
    const bool selected = is_selected(selection, entry->name);
    const bool known =
        selected && selection->is_known != NULL && selection->is_known(selection->context, entry->name);
    listing->known += known;
    if (!selected || known)
        return keep(&listing->aside, &file, entry->name);
    listing->files++;
    add_size(listing, entry->size_bytes);
    return keep(&listing->judged, &file, entry->name);
}

bool inbox_listing_visit(void *context, const struct bytestore_entry *entry)
{
    struct inbox_listing *listing = context;
    listing->entries++;
    if (entry->folder)
        take_subfolder(listing, entry->name);
    else if (entry->regular && !inbox_is_temporary(entry->name) &&
             !inbox_glob_list_matches(listing->kind->ignored, entry->name) && take_file(listing, entry) != 0)
        listing->out_of_memory = true;
    return !listing->out_of_memory;
}

static void free_heap(struct inbox_heap *heap)
{
    for (size_t i = 0; i < heap->count; i++)
        free(heap->files[i].name);
    free(heap->files);
    *heap = (struct inbox_heap){0};
}

bool inbox_listing_is_elsewhere(const struct inbox_listing *listing)
{
    const struct inbox_memory *memory = listing->memory;
    const struct bytestore_folder *folder = &listing->folder;
    if (memory->inode == 0 || folder->inode == 0 || listing->waiting > 0)
        return false;
    return memory->device != folder->device && memory->inode != folder->inode;
}

void inbox_listing_free(struct inbox_listing *listing)
{
    free_heap(&listing->judged);
    free_heap(&listing->aside);
    for (size_t i = 0; i < listing->subfolder_count; i++)
        free(listing->subfolders[i]);
    free(listing->subfolders);
    free(listing->seen);
    *listing = (struct inbox_listing){0};
}
