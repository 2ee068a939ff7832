/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_INBOX_BOX_H
#define SMS_INBOX_BOX_H

#include "base/failure.h"
#include "base/trace.h"
#include "files/files.h"
#include "inbox/kind.h"
#include "inbox/listing.h"
#include "inbox/memory.h"
#include "inbox/order.h"
#include "state/statefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A look at the boxes: list, judge, remember. */

struct inbox_box {
    char *location; /* owned; absolute path or URL */
    char *name;     /* owned; as it is shown: "schedule.box\outboxes\LAN", or what the operator called it */
    const struct inbox_kind *kind;
    bool failed; /* it could not be listed to the end: nothing below is valid but ... */
    struct failure failure;

    /* From the listing. */
    int64_t files, bytes, known, writing, future;
    int64_t folders; /* that were not looked at */
    int64_t
        ahead_s; /* how far its server's clock is ahead of this host's, as far as the folder tells; 0 not */
    bool more_subfolders;
    struct inbox_verdict verdict;
    struct inbox_memory memory; /* what the next run will know; texts of the verdict live in it */
};

struct inbox_boxes {
    struct inbox_box *boxes; /* owned; inbox_boxes_free */
    size_t count;
    bool
        not_kept; /* the memory could not be read or written: must not be committed; the boxes are judged all the same */
    struct failure not_kept_why;
};

/* One --box as it was given. */
struct inbox_place {
    const char *location; /* absolute (files/location.h); borrowed */
    const char *name;     /* NAME= in front of it; NULL: from the location */
};

struct inbox_look {
    const struct inbox_place *places; /* borrowed, as all */
    size_t place_count;
    const struct string_list *match;
    bool recursive;
    /* --known for one file of a box; NULL: none is. */
    bool (*is_known)(const void *context, const struct inbox_box *box, const char *file);
    const void *known_context;
    const struct inbox_limits *limits;
    int64_t now;
};

/**
 * Look at every box, at the subfolders too when recursive: each is a box of its own. What could not be listed is kept
 * as it was remembered.
 *
 * @param[out] boxes  inbox_boxes_free
 * @return 0, also when boxes failed or the memory did (not_kept); -1 with the operator's text: out of memory
 */
int inbox_boxes_look(struct inbox_boxes *boxes, const struct inbox_look *look, struct bytestore *store,
                     struct statefile *state, struct failure *failure);

void inbox_boxes_free(struct inbox_boxes *boxes);

/** @return how a box is called that the operator gave no name: from its *.box on, with '\'; owned; NULL: no memory */
char *inbox_box_name(const char *location);

#endif
