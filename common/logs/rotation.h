/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_ROTATION_H
#define SMS_LOGS_ROTATION_H

#include "base/failure.h"
#include "files/files.h"
#include "logs/dated.h"
#include "logs/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One file as it was when it was opened: facts, and the first bytes, by which its content is known again. */
struct log_file {
    struct bytefile *file; /* owned; NULL when there is none */
    char *location;        /* owned */
    struct bytefile_facts facts;
    size_t head_length; /* min(size, 1024) */
    char head[LOG_FINGERPRINT_BYTES];
};

/**
 * Open, ask for facts, read the head.
 *
 * @param[out] log      log_file_close it; `file` is NULL when this fails
 * @param[out] missing  as bytestore_find
 * @return 0 or -1
 */
int log_file_open(struct bytestore *store, const char *location, struct log_file *log, bool *missing,
                  struct failure *failure);

void log_file_close(struct log_file *log);

/** Does the mark lie in this file? @return 1 yes, 0 no, -1 with the operator's text */
int log_mark_matches(const struct log_file *log, const struct log_mark *mark, struct failure *failure);

/**
 * Mark an offset of the file, not above its size when it was opened. What stands before the offset is asked
 * anew: log_file_unchanged afterwards tells whether that was still the same file.
 *
 * @return 0; 1 when the file no longer has these bytes; -1 with the operator's text
 */
int log_mark_make(const struct log_file *log, int64_t offset, struct log_mark *mark, struct failure *failure);

/** Does the file still begin as when it was opened? @return 1 yes, 0 no, -1 with the operator's text */
int log_file_unchanged(const struct log_file *log, struct failure *failure);

/**
 * Are both the same file, or is `old` a copy of the beginning of `log`? True while a rotation is under way:
 * X.log was opened before it was renamed to X.lo_, or is being copied to it.
 *
 * @return 1 yes, 0 no, -1 with the operator's text
 */
int log_file_is_beginning(const struct log_file *old, const struct log_file *log, struct failure *failure);

/*
 * X.log and X.lo_, opened so that they belong together although the component may rotate at any moment, and
 * the answer to where the last run's position lies. Where it lies in neither, the files that bear a date in their
 * names are looked for.
 */
enum log_place {
    LOG_PLACE_NOWHERE, /* first run, or the content is gone */
    LOG_PLACE_LOG,     /* in X.log; X.lo_ was perhaps not even looked for */
    LOG_PLACE_OLD,     /* in X.lo_ */
    LOG_PLACE_DATED    /* in dated[0] */
};

struct log_pair {
    struct log_file log; /* `file` NULL: missing */
    struct log_file old; /* `file` NULL: missing, not needed, or still a copy of X.log's beginning */
    struct log_file
        dated[LOG_DATED_MOST]; /* the oldest first; of those that may be new all, in a first run the newest */
    size_t dated_count;
    enum log_place place;
};

/**
 * Open what a run needs, waiting up to 120 ms for a rotation to end that is under way.
 *
 * @param at         position.at of the last run
 * @param[out] pair  log_pair_close it, after a failure too
 * @return 0; -1 when none of the files is there, or one cannot be read
 */
int log_pair_open(struct bytestore *store, const char *location, const struct log_mark *at,
                  const struct trace *trace, struct log_pair *pair, struct failure *failure);

void log_pair_close(struct log_pair *pair);

#endif
