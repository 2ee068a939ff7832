/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_INBOX_MEMORY_H
#define SMS_INBOX_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of one box between two runs. Times are UTC seconds by this host's clock unless said otherwise. */

/* How many files of a box are remembered one by one: the ones that have waited longest. */
enum { INBOX_KEPT = 1000 };

struct inbox_file {
    char *name;    /* owned; bytes as the server gave them */
    int64_t mtime; /* by the server's clock: another one is another file */
    int64_t size_bytes;
    int64_t start;     /* since when it waits */
    int64_t rewritten; /* how often the same work was seen with another date or size since */
    bool inherited;    /* it was there at the first look at this box: `start` is what the file says */
    int64_t overtaken; /* how many younger ones of its group were seen to have left since */
    /* Since when it has a reason of its own: when the third of these was seen; or `start`, where it was there at the
     * first look and is too old by its date. 0 none. */
    int64_t over_since;
    int64_t over_last; /* when the last was seen */
    /* Since when younger ones of other groups were seen to leave, and none of its own; 0: one of its own has */
    int64_t passed_since;
};

/* A box as the last look left it. */
struct inbox_memory {
    int64_t looked; /* when it was last listed to the end; 0 never */
    int64_t moved;  /* when something was last seen to have left; 0 never */
    int64_t
        quiet; /* from when its silence counts: `moved` or the first look, later by long gaps between runs */
    int64_t device, inode; /* bytestore_folder's then; 0 unknown */
    int64_t entries;       /* how many names it held, of any kind */
    int64_t waiting;       /* how many of these were waiting work, whether selected or not */
    bool complete;         /* every one of these is in `files` */
    int64_t floor;    /* what is judged and not in `files` came then at the earliest; 0: nothing is known */
    char *moved_name; /* owned: what left then; NULL unknown */
    struct inbox_file *files; /* owned, sorted by name (bytewise) */
    size_t count;
};

/** @return the remembered file of this name, or NULL; borrowed */
struct inbox_file *inbox_memory_find(const struct inbox_memory *memory, const char *name);

/** Bring files into the order of inbox_memory_find. */
void inbox_files_sort(struct inbox_file *files, size_t count);

enum { INBOX_CLOCK_STEP_S = 60 }; /* a clock that is kept by NTP is set back by less */

/**
 * Take what a clock that ran ahead has dated in the future back to now, and what no run would have kept into bounds.
 *
 * @return whether the clock ran backwards by more than a step since the last look
 */
bool inbox_memory_clamp(struct inbox_memory *memory, int64_t now);

void inbox_memory_free(struct inbox_memory *memory);

#endif
