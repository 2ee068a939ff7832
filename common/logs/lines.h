/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_LINES_H
#define SMS_LOGS_LINES_H

#include "base/text.h"
#include "logs/delivery.h"
#include "logs/record.h"

/*
 * The half of the log reader that puts bytes together to records: lines, joined lines, overlong lines, NULs.
 * It works on the bytes of the file, or on UTF-8 for a UTF-16 file; all offsets count bytes of the file.
 *
 *     position          line_start
 *     | joined lines    | partial (or, beyond LOG_JOIN_BYTES: head ... window)
 *     v                 v
 *     ..................##########
 */
struct log_lines {
    const struct log_encoding *encoding; /* borrowed */
    bool utf16;                          /* the bytes are decoded UTF-16 */
    bool failed;                         /* memory ran out */
    struct log_delivery delivery;
    struct log_counts counts;
    struct text undated; /* stamp of the first undated line, UTF-8 */
    int64_t position;    /* first byte that is not finished with */
    struct text joined;  /* lines without tail, waiting for the record's last line; '\n' behind each */
    int joined_lines;
    int64_t line_start;   /* first byte of the line that is being read */
    int64_t nul_bytes;    /* NULs at line_start that no text follows yet */
    struct text partial;  /* the line so far */
    bool is_long;         /* it is longer than LOG_JOIN_BYTES, without a tail so far: */
    char *head;           /* owned; its first LOG_MESSAGE_KEEP bytes */
    size_t long_bytes;    /* bytes worked on since line_start and not in partial any more */
    int64_t window_start; /* file offset of partial's first byte */
};

/** @return false without memory */
bool log_lines_init(struct log_lines *lines, const struct log_reader_options *options,
                    const struct log_encoding *encoding, int64_t position, struct log_progress *progress);

/** Take the next bytes of the file (decoded ones when utf16). */
void log_lines_take(struct log_lines *lines, const char *bytes, size_t length);

/** No more bytes will come. */
void log_lines_finish(struct log_lines *lines);

void log_lines_free(struct log_lines *lines);

#endif
