// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/box.h"

#include "base/array.h"
#include "base/text.h"
#include "files/location.h"
#include "inbox/missing.h"
#include "inbox/store.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEPT_UNSEEN_S = 30 * 24 * 3600 }; /* a box that nobody looks at any more is forgotten then */

/* ---- which boxes */

/* Where the part that ends in ".box" begins; else the last part. */
static const char *shown_part(const char *path)
{
    const char *shown = location_name(path);
    for (const char *part = path; *part != '\0'; part += part[0] == '/') {
        const size_t length = strcspn(part, "/");
        if (length > 4 && strncasecmp(part + length - 4, ".box", 4) == 0)
            return part;
        part += length;
    }
    return shown;
}

char *inbox_box_name(const char *location)
{
    char *path = location_decode(location);
    for (size_t length = path != NULL ? strlen(path) : 0; length > 1 && path[length - 1] == '/'; length--)
        path[length - 1] = '\0';
    char *name = path != NULL ? strdup(shown_part(path)) : NULL;
    for (char *at = name; at != NULL && *at != '\0'; at++)
        if (*at == '/')
            *at = '\\';
    free(path);
    return name;
}

/* Takes both texts over; a box that is there already stays one. @return 0, or -1 when memory ran out */
static int add_box(struct inbox_boxes *boxes, char *location, char *name)
{
    struct inbox_box *larger = NULL;
    for (size_t i = 0; i < boxes->count && location != NULL; i++)
        if (strcmp(boxes->boxes[i].location, location) == 0) {
            free(location);
            free(name);
            return 0;
        }
    if (location != NULL && name != NULL)
        larger = array_grow(boxes->boxes, boxes->count, sizeof *larger);
    if (larger == NULL) {
        free(location);
        free(name);
        return -1;
    }
    boxes->boxes = larger;
    larger[boxes->count++] =
        (struct inbox_box){.location = location, .name = name, .kind = inbox_kind_of(location)};
    return 0;
}

static int add_places(struct inbox_boxes *boxes, const struct inbox_look *look)
{
    for (size_t i = 0; i < look->place_count; i++) {
        const struct inbox_place *place = &look->places[i];
        char *name = place->name != NULL ? strdup(place->name) : inbox_box_name(place->location);
        if (add_box(boxes, strdup(place->location), name) != 0)
            return -1;
    }
    return 0;
}

static int add_subfolders(struct inbox_boxes *boxes, size_t parent, const struct inbox_listing *listing)
{
    for (size_t i = 0; i < listing->subfolder_count; i++) {
        struct text name = {0};
        if (boxes->count >= INBOX_SUBFOLDERS) {
            boxes->boxes[parent].more_subfolders = true;
            break;
        }
        text_addf(&name, "%s\\%s", boxes->boxes[parent].name, listing->subfolders[i]);
        if (name.failed ||
            add_box(boxes, location_join(boxes->boxes[parent].location, listing->subfolders[i]),
                    name.bytes) != 0)
            return -1;
    }
    return 0;
}

/* ---- one box */

struct known_file {
    const struct inbox_look *look;
    const struct inbox_box *box;
};

static bool is_known(const void *context, const char *name)
{
    const struct known_file *known = context;
    return known->look->is_known(known->look->known_context, known->box, name);
}

static void note_counts(struct inbox_box *box, const struct inbox_listing *listing)
{
    box->files = listing->files;
    box->bytes = listing->bytes;
    box->known = listing->known;
    box->writing = listing->writing;
    box->folders = listing->folders;
    box->future = listing->future;
    box->ahead_s = inbox_listing_now(listing) - listing->now;
    box->more_subfolders = listing->more_subfolders;
}

static void note_not_kept(struct inbox_boxes *boxes, const struct failure *why)
{
    if (!boxes->not_kept)
        boxes->not_kept_why = *why;
    boxes->not_kept = true;
}

/* List it, judge it, remember it. @return 0, also when the box or its memory failed; -1: out of memory */
static int look_at(struct inbox_boxes *boxes, size_t index, const struct inbox_look *look,
                   struct bytestore *store, struct statefile *state, struct failure *failure)
{
    struct inbox_box *box = &boxes->boxes[index];
    struct inbox_memory before;
    struct failure problem;
    if (inbox_store_load(state, box->location, &before, &problem) != 0)
        note_not_kept(boxes, &problem);
    const bool clock_back = inbox_memory_clamp(&before, look->now);
    const struct known_file known = {.look = look, .box = box};
    const struct inbox_selection selection = {.match = look->match,
                                              .is_known = look->is_known != NULL ? is_known : NULL,
                                              .context = &known,
                                              .recursive = look->recursive};
    struct inbox_listing listing = {
        .kind = box->kind, .selection = &selection, .memory = &before, .now = look->now};
    int result = inbox_listing_begin(&listing);
    if (result == 0) {
        box->failed = bytestore_list(store, box->location, inbox_listing_visit, &listing, &listing.folder,
                                     &box->failure) != 0;
        if (box->failed && listing.folder.missing)
            inbox_fail_missing(store, box->location, &box->failure);
        result = listing.out_of_memory ? -1 : 0;
    }
    if (result == 0 && !box->failed && inbox_listing_is_elsewhere(&listing))
        box->failed =
            fail(&box->failure,
                 "%s is empty and another folder than at the last run, on another file system: is the "
                 "share mounted? what was seen there stays remembered",
                 box->name) != 0;
    if (result == 0 && !box->failed) {
        note_counts(box, &listing);
        result = inbox_judge(&listing, look->limits, clock_back, &box->verdict, &box->memory);
    }
    if (result != 0)
        fail(failure, "out of memory");
    else if (!box->failed && !boxes->not_kept &&
             inbox_store_save(state, box->location, &before, &box->memory, &problem) != 0)
        note_not_kept(boxes, &problem);
    if (result == 0 && !box->failed && add_subfolders(boxes, index, &listing) != 0)
        result = fail(failure, "out of memory");
    inbox_listing_free(&listing);
    inbox_memory_free(&before);
    return result;
}

int inbox_boxes_look(struct inbox_boxes *boxes, const struct inbox_look *look, struct bytestore *store,
                     struct statefile *state, struct failure *failure)
{
    *boxes = (struct inbox_boxes){0};
    if (add_places(boxes, look) != 0)
        return fail(failure, "out of memory");
    for (size_t i = 0; i < boxes->count; i++)
        if (look_at(boxes, i, look, store, state, failure) != 0)
            return -1;
    struct failure problem;
    if (!boxes->not_kept && inbox_store_forget(state, look->now - KEPT_UNSEEN_S, &problem) != 0)
        note_not_kept(boxes, &problem);
    return 0;
}

void inbox_boxes_free(struct inbox_boxes *boxes)
{
    for (size_t i = 0; i < boxes->count; i++) {
        struct inbox_box *box = &boxes->boxes[i];
        inbox_verdict_free(&box->verdict);
        inbox_memory_free(&box->memory);
        free(box->location);
        free(box->name);
    }
    free(boxes->boxes);
    *boxes = (struct inbox_boxes){0};
}
