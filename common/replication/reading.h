/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_READING_H
#define SMS_REPLICATION_READING_H

#include "logs/clock.h"
#include "logs/record.h"
#include "logs/source.h"
#include "replication/component.h"
#include "replication/event.h"
#include "replication/logset.h"
#include "replication/merge.h"
#include "state/statefile.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One log of a set while it is read: bytes to records to events, a block at a time, so that several logs can
 * be read in turns. A log that fails is told in its logset_log and is over; the others go on.
 */

/* What the parser hands to the next run, stored as bytes beside the position. After a change of it, or of what
 * it holds, the bytes of the version before are to be taken over (reading.c); others are not taken. */
struct log_parser {
    uint32_t size; /* of this struct */
    struct log_encoding encoding;
    struct log_progress progress;
    struct log_clock clock; /* by which newest_s was read */
    bool local;             /* its stamps are local time */
    int64_t newest_s;       /* newest record ever, UTC; 0 none */
    struct replication_ties ties;
    struct component_pauses pauses[REPLICATION_STORY_COMPONENTS];
};

/* As version 1.0.0 left it: four components could be watched, pauses were not kept. */
struct log_parser_1 {
    uint32_t size;
    struct log_encoding encoding;
    struct {
        struct log_activity any, watched[4];
    } progress;
    struct log_clock clock;
    bool local;
    int64_t newest_s;
    struct replication_ties ties;
};

/* Where the last block began and what the parser knew then. */
struct log_block {
    const char *location; /* NULL: no block was kept */
    int64_t position;
    struct log_encoding encoding;
    struct log_progress progress;
    struct replication_ties ties;
};

struct log_reading {
    struct logset_log *log;
    const struct logset_options *options;
    struct bytestore *store;
    struct log_merge *merge;
    int index; /* in the merge */
    struct log_source *source;
    const struct log_segment *segment; /* NULL: between segments */
    int64_t given;                     /* bytes of the segment */
    struct log_reader *reader;
    struct log_parser parser;
    struct log_clock clock;
    bool clock_asked, clock_failed, out_of_memory;
    bool began;         /* its first bytes were looked at */
    bool told;          /* gave events: a failure now takes them back by reading the others anew */
    size_t block_most;  /* bytes of a block at most; at most LOG_BUFFER_BYTES */
    size_t block_bytes; /* of the next block: as many as the link brings in a fraction of a second */
    int64_t block_ms;   /* what the last one took ... */
    int64_t least_ms;   /* ... and one of LOG_READING_LEAST bytes */
    bool keeps_blocks;  /* the run may end before the logs do: log_reading_rewind will be needed */
    struct log_block block;
};

enum { LOG_READING_LEAST = 512 }; /* bytes of a block */

/** @return milliseconds of the monotonic clock */
int64_t log_reading_clock_ms(void);

/** @return milliseconds that the end of the run may need for this log, by what its last block took */
int64_t log_reading_end_ms(const struct log_reading *reading);

/** Take over what the last run left. @return 0 or -1: the state cannot be read, or --timezone is no zone */
int log_reading_begin(struct log_reading *reading, struct statefile *state, const struct trace *trace,
                      struct failure *failure);

/** Read the next block. @return bytes read */
int64_t log_reading_block(struct log_reading *reading, char *buffer, int64_t *lines);

/** @return whether all bytes so far are of one record that is not complete: a run that ended here would stand
 * still */
bool log_reading_stands(const struct log_reading *reading);

/** The run ends here, before the log does. */
void log_reading_stop(struct log_reading *reading);

/**
 * Put the next run back to the first event that the merge still holds, with the parser as it was before it.
 *
 * @return 0 or -1 with the operator's text
 */
int log_reading_rewind(struct log_reading *reading, struct failure *failure);

/** Store position and parser. @return 0; 1 when the log was rotated under the reader; -1 */
int log_reading_store(struct log_reading *reading, struct statefile *state, struct failure *failure);

/** Free what it owns; the struct may begin again. */
void log_reading_end(struct log_reading *reading);

#endif
