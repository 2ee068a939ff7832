/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_INBOX_STORE_H
#define SMS_INBOX_STORE_H

#include "base/failure.h"
#include "base/status.h"
#include "inbox/memory.h"
#include "state/statefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What check_sms_inbox remembers of its boxes, in the state file's open transaction, by the box's location. Rows that
 * did not change are not written.
 */

extern const struct statefile_schema inbox_schema;

/** @param[out] memory  all zero when there is nothing @return 0, or -1 with the operator's text */
int inbox_store_load(struct statefile *file, const char *location, struct inbox_memory *memory,
                     struct failure *failure);

/** Replace what is remembered of a box. @return 0 or -1 */
int inbox_store_save(struct statefile *file, const char *location, const struct inbox_memory *before,
                     const struct inbox_memory *memory, struct failure *failure);

/* What a run found stuck, for other programs on this host: a box, or a file in it. */
struct inbox_conclusion {
    const char *file;   /* "": the box itself; borrowed, as all */
    enum status status; /* never OK */
    int64_t at;         /* when it was found, UTC by this host's clock */
    int64_t since;      /* since when it is stuck, as far as is known */
    const char *told;   /* "schedule.box\requests stands still since 2026-11-24 03:10 UTC, 14 files, ..." */
};

/** Replace what was found stuck in a box. @return 0 or -1 */
int inbox_store_conclude(struct statefile *file, const char *location,
                         const struct inbox_conclusion *conclusions, size_t count, struct failure *failure);

/** Visit what was found stuck in all boxes, box by box, until the visitor returns false. @return 0 or -1 */
int inbox_store_conclusions(struct statefile *file,
                            bool (*visit)(void *context, const char *location,
                                          const struct inbox_conclusion *one),
                            void *context, struct failure *failure);

/** Forget a box, its files and conclusions that were not looked at since. @param before  UTC @return 0 or -1 */
int inbox_store_forget(struct statefile *file, int64_t before, struct failure *failure);

#endif
