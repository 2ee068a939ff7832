/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGSTORY_H
#define SMS_LOGSTORY_H

#include "base/text.h"
#include "replication/conditions.h"
#include "replication/merge.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the tests of the log rooms share: logs in memory, read in runs as a check would, and told as one text.
 */

#define STORY_LOGS 4

/* One log, and what a check keeps of it between runs. */
struct story_log {
    const char *bytes; /* borrowed */
    size_t length;
    int64_t offset; /* where `bytes` begins in its file (a file that was rotated begins at 0 again) */
    int64_t position;
    struct log_encoding encoding;
    struct log_progress progress;
    struct replication_ties ties;
    bool ended; /* the file will not grow: log_reader_finish */
};

struct story {
    int logs;
    struct story_log log[STORY_LOGS];
    struct conditions set;
    int64_t lines, records, garbage_bytes;
    int64_t shift_s;    /* added to local stamps to get UTC */
    struct text events; /* every event, a line each, as story_tell_event */
};

void story_begin(struct story *story, int logs, const char *encoding);

/** Give a log its bytes from the file's begin; also how it "grows". */
void story_grow(struct story *story, int log, const char *bytes, size_t length);

/** One run of the check over what is new, in pieces of at most `piece` bytes (0: whole). */
void story_run(struct story *story, size_t piece);

/** The file of a log was rotated: the next bytes are of a new file. The rest must have been read. */
void story_rotate(struct story *story, int log);

void story_tell_event(const struct replication_event *event, struct text *out);

/** All that survives of the story: conditions and stored versions. */
void story_tell(const struct story *story, struct text *out);

void story_end(struct story *story);

/** @return the file's bytes, owned; fails the test when it cannot be read */
char *story_file(const char *path, size_t *length);

#endif
