/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_RECORD_H
#define SMS_LOGS_RECORD_H

#include "base/failure.h"
#include "logs/encoding.h"
#include "logs/stamp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How far the writers of a log came. "The component went on writing without repeating" is what closes a
 * condition when no line proves it, so a stopped service must not count as writing: the clock runs from
 * record to record, and a longer pause counts as LOG_WRITING_STEP. An idle SMS_DISTRIBUTION_MANAGER wakes
 * every 3600 seconds ("Sleep 3600 seconds...").
 */
#define LOG_WATCHED      5          /* components that can be watched */
#define LOG_WRITING_STEP (2 * 3600) /* seconds */

/* To the minute, so that it matters little at which record a run ended. Times as in log_stamp.ms; 0: no
 * record yet. */
struct log_activity {
    int64_t newest_ms;  /* the highest minute of any of its records */
    int64_t written_ms; /* its writing clock */
};

/* Plain; stored with the position. Start with zeros. It goes on from `.lo_` to `.log` of the same log. */
struct log_progress {
    struct log_activity any;                  /* records of every component */
    struct log_activity watched[LOG_WATCHED]; /* in the order of log_reader_options.components */
};

/** Move on by a record. Records of the same or an earlier minute change nothing. */
void log_activity_add(struct log_activity *activity, int64_t stamp_ms);

/*
 * Bytes of one log -> its records, incrementally. Bytes are pushed in pieces of any size; a record is
 * delivered once its tail and its line end have come. What survives between two runs is plain: the byte
 * position behind the last record that is complete (log_reader_position), the decided encoding and the
 * log_progress. The next run reads the file from that position again. Which records are found, and their
 * fields, depends only on the bytes, never on how they were cut into pieces and runs.
 *
 * Line forms: `MESSAGE $$<COMPONENT><STAMP><thread=DEC (0xHEX)>` (every server log),
 * `<![LOG[MESSAGE]LOG]!><time=...` and the TAB separated copy of a log viewer. A `$$<` that is not the
 * beginning of a complete tail is text. Several records may stand on a line. A line without a tail belongs to
 * the record whose tail comes next, up to LOG_JOIN_LINES lines and LOG_JOIN_BYTES; then it is garbage and
 * counted. Messages beyond LOG_JOIN_BYTES are cut to LOG_MESSAGE_KEEP. A line longer than LOG_LONGEST is
 * judged in pieces of that size. Leading NUL bytes wait (a file being extended) until text follows.
 */

#define LOG_JOIN_LINES   64
#define LOG_JOIN_BYTES   65536
#define LOG_MESSAGE_KEEP 16384
#define LOG_LONGEST      (16 << 20)

/* All text is borrowed until the callback returns. */
struct log_record {
    struct log_stamp stamp;
    const char *component; /* as in the file */
    size_t component_length;
    int watched;         /* index of the component in the options, -1 when it is not watched */
    uint32_t thread;     /* unsigned 32 bit (KB Q246974) */
    const char *message; /* UTF-8, `~`, blanks, line ends and NULs taken off at both ends; line breaks inside
                            are '\n' */
    size_t message_length;
    bool several_lines; /* there may be line breaks inside */
    bool cut;           /* the message was longer and stands here with its first LOG_MESSAGE_KEEP bytes */
    int64_t start, end; /* byte offsets in the file: its first byte, the byte after its tail */
    const struct log_progress *before; /* as it was before this record; borrowed */
};

struct log_reader_options {
    const char *const *components; /* borrowed; records of others are counted, not delivered */
    size_t component_count;        /* at most LOG_WATCHED; 0: every record is delivered, `watched` is -1 */
    struct log_encoding encoding;  /* the option's value, or the stored decision when position is not 0 */
};

struct log_counts {
    int64_t lines;   /* line ends passed */
    int64_t records; /* complete records, delivered or not */
    int64_t undated; /* lines with a whole tail of the server form whose stamp cannot be read, and no other */
    int64_t garbage_bytes; /* given up: lines that no tail followed in time */
};

struct log_reader;

typedef void log_record_callback(void *listener, const struct log_record *record);

/**
 * @param position  byte offset in the file of the first byte that will be pushed
 * @param progress  read and moved on while records pass; borrowed until log_reader_free
 * @return owned (log_reader_free), or NULL with the operator's text
 */
struct log_reader *log_reader_new(const struct log_reader_options *options, int64_t position,
                                  struct log_progress *progress, struct failure *failure);

/**
 * Take the next bytes. Memory stays below 1 MB whatever comes.
 *
 * @return 0, or -1 when memory ran out
 */
int log_reader_push(struct log_reader *reader, const char *bytes, size_t length,
                    log_record_callback *callback, void *listener);

/** The file will not grow any more (it was rotated): a last record that lacks only its line end is complete.
 */
int log_reader_finish(struct log_reader *reader, log_record_callback *callback, void *listener);

/**
 * @return byte offset of the first byte that is not part of a finished record or given-up garbage: where the
 * next run reads on. A caller with a byte budget below LOG_LONGEST must read on until this moved, or it could
 * stand still before one long line for ever.
 */
int64_t log_reader_position(const struct log_reader *reader);

/** @return the encoding, decided or not; store it with the position */
const struct log_encoding *log_reader_encoding(const struct log_reader *reader);

/** @return what was read so far */
struct log_counts log_reader_counts(const struct log_reader *reader);

/** @return the stamp of the first undated line, UTF-8 as it stands there; "" without one; borrowed */
const char *log_reader_undated(const struct log_reader *reader);

/**
 * Stamps of this reader's bytes, exact to the millisecond: the last complete record of any component, and the
 * newest one (which differs when the clock was set back; then to the minute).
 *
 * @return false when there was no record; `zone` is borrowed from the reader
 */
bool log_reader_last(const struct log_reader *reader, struct log_stamp *last, struct log_stamp *newest);

void log_reader_free(struct log_reader *reader);

#endif
