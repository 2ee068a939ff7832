/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_INBOX_LISTING_H
#define SMS_INBOX_LISTING_H

#include "base/stringlist.h"
#include "files/files.h"
#include "inbox/kind.h"
#include "inbox/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One box as it is listed: a stream of names, of which counts are kept and the files that have waited longest. A
 * folder of any size costs the same memory.
 */

/* Which files count: borrowed. */
struct inbox_selection {
    const struct string_list *match; /* globs (--match); empty: all */
    /* Is this file one that the team has accepted (--known)? NULL: none is. */
    bool (*is_known)(const void *context, const char *name);
    const void *context;
    bool recursive; /* collect the subfolders */
};

/* The longest waiting of one sort: a heap with the youngest on top. */
struct inbox_heap {
    struct inbox_file *files; /* owned until inbox_listing_take */
    size_t count;
};

struct inbox_listing {
    /* To be set before. */
    const struct inbox_kind *kind;
    const struct inbox_selection *selection;
    const struct inbox_memory *memory; /* clamped to now */
    struct bytestore_folder folder;    /* filled by the listing */
    int64_t now;                       /* by this host's clock */

    /* What was seen. */
    int64_t entries;          /* names of any kind */
    int64_t waiting;          /* of these, waiting work, whether selected or not */
    int64_t files;            /* of these, selected and not known ... */
    int64_t bytes;            /* ... and their sizes */
    int64_t known;            /* selected and known */
    int64_t writing;          /* younger than a minute: may still be written */
    int64_t future;           /* dated after the server's now: their age is the memory's alone */
    int64_t folders;          /* subfolders that are not walked into, without a recursive selection */
    bool *seen;               /* owned: which of the memory's files are still there */
    struct inbox_heap judged; /* selected and not known */
    struct inbox_heap
        aside; /* the others: remembered, so that an end of --known or another --match ages nothing, and that a
                        * busy box is seen to move */
    char **subfolders; /* owned, only of a recursive selection; at most INBOX_SUBFOLDERS */
    size_t subfolder_count;
    bool more_subfolders; /* than that */
    bool out_of_memory;
};

enum {
    INBOX_SUBFOLDERS = 256,
    INBOX_WRITING_S = 60,          /* younger files may still be written */
    INBOX_AHEAD_MOST_S = 24 * 3600 /* a folder whose date is further ahead tells no clock */
};

/** @return 0, or -1 when memory ran out */
int inbox_listing_begin(struct inbox_listing *listing);

/** A bytestore_visitor: take one name in. Ends the listing when memory runs out. */
bool inbox_listing_visit(void *listing, const struct bytestore_entry *entry);

/** @return now by the clock of the server that holds the folder: this host's, or later where the folder says so */
int64_t inbox_listing_now(const struct inbox_listing *listing);

/**
 * Is it the empty place where the share was mounted? A remount gives the same folder another device number but no other
 * inode; and a folder in which work waits is accepted as the box, wherever it lies now.
 */
bool inbox_listing_is_elsewhere(const struct inbox_listing *listing);

void inbox_listing_free(struct inbox_listing *listing);

#endif
