/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_BOXES_H
#define SMS_CHECK_BOXES_H

#include "base/text.h"
#include "inbox/box.h"
#include "items/announce.h"
#include "items/judge.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One item a box in which files wait, and one for each file in it with a reason of its own: left behind by younger
 * ones, or old at the first look.
 */
struct box_item {
    struct item item;                        /* texts borrowed from this and the box */
    const struct inbox_box *box;             /* borrowed */
    const struct inbox_straggler *straggler; /* NULL: the item is the box itself; borrowed */
    char *key;                               /* owned: "box/LOCATION" or "file/LOCATION/NAME" */
};

struct box_list {
    struct box_item *items; /* owned, boxes_items_free; in the order of display */
    size_t count;
};

/* The numbers of a run. Files that --known names are in `known` alone. */
struct box_tally {
    enum status status;
    struct tally items; /* of the items alone: stuck, fresh */
    int64_t files, known, oldest_s, largest, bytes, boxes;
    size_t unlooked; /* boxes that could not be listed */
    bool more_subfolders;
    const struct inbox_box *oldest; /* NULL: nothing waits */
};

/**
 * Make the items of all boxes that were looked at, tell what is new of them, and bring them into the order of display.
 *
 * @param announcements  opened by the caller
 * @return 0, or -1 when memory ran out
 */
int boxes_items(const struct inbox_boxes *boxes, struct announcements *announcements, int64_t now,
                struct box_list *list);

/** Count them. @param list  judged, in the order of display; the tally borrows from the boxes */
void boxes_tally(const struct inbox_boxes *boxes, const struct box_list *list, struct box_tally *tally);

void boxes_items_free(struct box_list *list);

/** Append what is wrong with an item: "nothing has left despoolr.box\receive for 7 h although 14 files wait". */
void boxes_add_trouble(const struct box_item *item, struct text *text);

/** Keep in the memory what is stuck, for other programs on this host (check/stuck_boxes.h). @return 0 or -1 */
int boxes_conclude(const struct inbox_boxes *boxes, const struct box_list *list, struct statefile *state,
                   int64_t now, struct failure *failure);

#endif
