/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_STALLS_H
#define SMS_CHECK_STALLS_H

#include "base/failure.h"
#include "base/trace.h"
#include "items/announce.h"
#include "files/files.h"
#include "items/judge.h"
#include "options/options.h"
#include "replication/conditions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One item a package that is stalled at a site: what its logs say (replication/conditions.h), and what is
 * gone from its folder of compressed packages.
 */
struct stall {
    struct item item;                  /* texts borrowed from the stall */
    char package[REPLICATION_PACKAGE]; /* or the subject of a trouble of the whole site: "@threads" */
    char kinds[64];                    /* "waiting+base_missing" */
    unsigned kind_bits;                /* 1 << enum condition_kind */
    const char
        *line; /* the log line that tells most, borrowed from the conditions; "" for a missing file alone */
    int64_t wanted, held;    /* 0 unknown */
    int64_t repeats, last_s; /* log repeats, and the newest one's time, UTC */
    struct cause cause;      /* of its failures */
    bool definition;         /* it waits for its definition, not for its content */
    bool given_up;           /* the despooler tried it 100 times and dropped it */
    bool put_off;            /* site: an instruction that waits for a date */
    const char *way;         /* what the logs of the parent tell of it, borrowed likewise; "" nothing */
    int64_t way_first_s, way_count;
    bool pck_missing; /* its PCK file is gone, or ... */
    bool pck_empty;   /* ... has no bytes */
    int64_t pck_all_missing,
        pck_expected; /* of @SMSPKG: how many files are missing, and of how many; 0 for others */
};

#define STALL_FOLDER "@SMSPKG" /* the `package` of an item for most base files at once */

struct stall_list {
    struct stall *stalls; /* owned, stalls_free; in the order of display after stalls_judge */
    size_t count;
    bool in_trouble; /* the folder's memory was lost or not kept */
    struct failure trouble;
};

/* Which packages are items at all; borrowed. */
struct stall_options {
    struct string_list packages, exclude_packages;
    const char *site; /* label of the site, "" when not given */
};

/* Where first sights of missing files are kept: they have no log line to take an age from. Borrowed. */
struct stall_memory {
    const char *directory, *plugin, *identity;
    int64_t wait_ms;
};

/** Make an item of every open condition that the options select. @param now  UTC seconds @return 0 or -1 */
int stalls_of_conditions(struct stall_list *list, const struct conditions *conditions,
                         const struct stall_options *options, int64_t now, struct failure *failure);

/**
 * Look whether the base file of each package that is known to be stored here (a stored-version line, or
 * --package) is in the folder: `PackageID.PCK` or `PackageID.PCK.<version>` without regard to case, with more than 0
 * bytes. Those that are not are `base_missing`; where most of them are, that is one cause, and one item STALL_FOLDER, as old
 * as the time since when so many are missing. Not for a site that has a content library (conditions.has_library).
 *
 * @return 0, or -1: the folder cannot be read
 */
int stalls_of_folder(struct stall_list *list, struct bytestore *store, const char *folder,
                     const struct conditions *conditions, const struct stall_options *options,
                     const struct stall_memory *memory, int64_t now, const struct trace *trace,
                     struct failure *failure);

/**
 * Judge all of them, tell what is new of them, and bring them into the order of display.
 *
 * @param announcements  opened by the caller
 * @return 0 or -1
 */
int stalls_judge(struct stall_list *list, const struct thresholds *thresholds, const struct known_list *known,
                 struct announcements *announcements, int64_t now, struct failure *failure);

/** @return the stall at this place of the order of display; borrowed */
const struct stall *stalls_ordered(const struct stall_list *list, size_t index);

/** The same as an item. @param list  a struct stall_list */
const struct item *stalls_item(const void *list, size_t index);

/** Count them, after stalls_judge; its worst item is borrowed from the list. */
void stalls_tally(const struct stall_list *list, struct tally *tally);

void stalls_free(struct stall_list *list);

#endif
