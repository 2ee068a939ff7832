/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_SOURCE_H
#define SMS_LOGS_SOURCE_H

#include "base/failure.h"
#include "base/trace.h"
#include "files/files.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is new of one log, X.log with its rotated predecessor X.lo_, since the run that stored a position.
 *
 * A position is known again by content: fingerprints of the file's head and of the bytes before the position.
 * Inode and size only settle the rare doubt, because a remounted CIFS share renumbers its files. So it is
 * found in X.log (grown), in X.lo_ (rotated by rename or by copy and truncate: the rest of X.lo_ first, then
 * X.log from 0), in X-YYYYMMDD-HHMMSS.log (its rest, the later ones, then X.log), or nowhere (rotated twice, truncated
 * without a copy, replaced): then what is there is read whole, except what was read before, and `log_status.loss` says
 * what may be missing.
 *
 *     source = log_source_open(store, location, &position, max_bytes, trace, &failure);
 *     while ((more = log_source_next(source, &segment, &failure)) > 0)
 *         while ((n = log_source_read(source, buffer, size, &failure)) > 0)
 *             ... parse; log_source_consumed(source, offset behind the last finished record);
 *     log_source_position(source, &position, &failure);   then store it and commit
 */

enum {
    LOG_BUFFER_BYTES = 128 * 1024, /* a good size for log_source_read: few round trips, little memory */
    LOG_FINGERPRINT_BYTES = 1024
};

#define LOG_DEFAULT_MAX_BYTES (INT64_C(64) * 1024 * 1024)

/* A place in a file, and by what the file is known again. head_length 0: no place. */
struct log_mark {
    int64_t offset;            /* bytes before it are finished */
    int64_t size_bytes;        /* of the file then */
    int64_t mtime;             /* of the file then, UTC seconds */
    uint64_t inode;            /* hint; 0 unknown */
    int64_t head_length;       /* min(offset, 1024); at offset 0 min(size, 1024): only unfinished bytes yet */
    uint64_t head_fingerprint; /* of the first head_length bytes */
    uint64_t tail_fingerprint; /* of the last min(offset, 1024) bytes before the offset */
};

/* What a run hands to the next one. All zero: never read. */
struct log_position {
    struct log_mark at; /* behind the last finished record, in X.log or a rotated one */
    struct log_mark
        rotated; /* the end of the rotated file that was read last, so that it is not read again */
};

/* Consecutive bytes of one file. */
struct log_segment {
    const char *location; /* as found, borrowed until log_source_close */
    int64_t offset; /* of the first byte; 0: a byte order mark may stand here and the decoder starts anew */
    int64_t length; /* bytes that this run will give at most */
    int64_t mtime;  /* of the file, UTC seconds */
    bool rotated;   /* X.lo_, or one with a date in its name */
    bool continues; /* no gap before it: what the parser remembers of earlier records is still valid */
    bool final;     /* at its end the file ends for ever: a last line without line end is whole */
};

/* What was found; complete after log_source_open, `bytes_read` and `bytes_left` after the last read. */
struct log_status {
    bool first_run;     /* there was no position */
    bool log_missing;   /* only rotated ones are there: a rotation is under way or the component stopped */
    bool catching_up;   /* max_bytes ended the run before the end of the log */
    int64_t bytes_new;  /* between the position and the end of X.log at the start */
    int64_t bytes_read; /* given so far */
    int64_t bytes_left; /* of bytes_new, for the next run */
    int64_t size_bytes; /* of X.log at the start */
    int64_t mtime;      /* of X.log, UTC seconds; of the newest rotated one when X.log is missing */
    char loss[512];     /* "" or a sentence: the position was not found, what may be missing */
};

struct log_source;

/**
 * Open the log and find the position in it. X.log and X.lo_ are found without regard to case. A location that
 * does not end in ".log" has no predecessor. The folder is listed only where neither holds the position, and in a
 * first run, which takes the newest of X.lo_ and those with a date.
 *
 * @param store      borrowed, must outlive the source
 * @param position   where the last run ended; NULL or all zero for the first run
 * @param max_bytes  bytes to give in this run; 0: LOG_DEFAULT_MAX_BYTES
 * @return owned (log_source_close); NULL with the operator's text when neither X.log nor X.lo_ can be read
 */
struct log_source *log_source_open(struct bytestore *store, const char *location,
                                   const struct log_position *position, int64_t max_bytes,
                                   const struct trace *trace, struct failure *failure);

/** @return what was found; borrowed */
const struct log_status *log_source_status(const struct log_source *source);

/**
 * Go to the next segment (rotated ones, then X.log). A final segment that is left counts as consumed whole.
 *
 * @param[out] segment  borrowed until the next call
 * @return 1, 0 when there is none, -1 with the operator's text
 */
int log_source_next(struct log_source *source, const struct log_segment **segment, struct failure *failure);

/**
 * Read on in the current segment.
 *
 * @return bytes read, 0 at the segment's end (also when the file shrank below it), -1 with the operator's
 * text
 */
int64_t log_source_read(struct log_source *source, void *buffer, size_t size, struct failure *failure);

/**
 * Tell how far the parser has finished records in the current segment. What is not told is given again by the
 * next run.
 *
 * @param offset  byte offset in the segment's file (log_reader_position); not above what was read, never less
 * than told before
 */
void log_source_consumed(struct log_source *source, int64_t offset);

/**
 * Put the next run back to a place of this run, although more is finished behind it: for a merge of several
 * logs that still holds an event from there. Overrides log_source_consumed.
 *
 * @param location  of the segment in which the place is (log_segment.location)
 */
void log_source_hold(struct log_source *source, const char *location, int64_t offset);

/**
 * Read on in the last segment although max_bytes is used up, for a parser that has not finished a single
 * record yet: it would stand still before one long line for ever.
 *
 * @param bytes  more to give
 * @return bytes that the segment now has left, 0 at the end of the file; `length` and `final` of the segment
 * change
 */
int64_t log_source_extend(struct log_source *source, int64_t bytes);

enum log_outcome {
    LOG_POSITION_FAILED = -1, /* could not be read again; keep the old position */
    LOG_POSITION_READY = 0,
    LOG_POSITION_CHANGED =
        1 /* the file was rotated under the reader and the bytes given may be a mixture: drop what
             was parsed, open again with the old position (at most three times) */
};

/**
 * The position for the next run, to be stored in the transaction that stores what was parsed. Reads the
 * file's head and the bytes before the position again (2 KiB) when anything was consumed.
 */
enum log_outcome log_source_position(struct log_source *source, struct log_position *position,
                                     struct failure *failure);

/** NULL is allowed. */
void log_source_close(struct log_source *source);

#endif
