/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_INBOX_STORE_H
#define SMS_INBOX_STORE_H

#include "base/failure.h"
#include "inbox/memory.h"
#include "state/statefile.h"

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

/* What a run concluded of a box, for other programs on this host. */
struct inbox_conclusion {
    int64_t at;       /* when, UTC by this host's clock */
    int status;       /* enum status */
    const char *told; /* "schedule.box\requests: nothing has left for 3 d although 14 files wait"; borrowed */
};

/** Keep the conclusion beside the box. @return 0 or -1 */
int inbox_store_conclude(struct statefile *file, const char *location,
                         const struct inbox_conclusion *conclusion, struct failure *failure);

/** Visit what was concluded of all boxes, worst first, until the visitor returns false. @return 0 or -1 */
int inbox_store_conclusions(struct statefile *file,
                            bool (*visit)(void *context, const char *location,
                                          const struct inbox_conclusion *one),
                            void *context, struct failure *failure);

/** Forget a box and its files that were not looked at since. @param before  UTC @return 0 or -1 */
int inbox_store_forget(struct statefile *file, int64_t before, struct failure *failure);

#endif
