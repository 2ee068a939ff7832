// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/record.h"

#include "logs/lines.h"

#include <stdlib.h>
#include <string.h>

struct log_reader {
    struct log_encoding encoding;
    struct log_lines lines;
    char undecided[4]; /* first bytes of the file while `auto` waits for four */
    size_t undecided_length;
    char units[4]; /* an odd byte or a high surrogate of UTF-16 that waits */
    size_t units_length;
};

static void note_utf16(struct log_reader *reader)
{
    enum log_encoding_kind kind = reader->encoding.kind;
    reader->lines.utf16 = kind == LOG_ENCODING_UTF16LE || kind == LOG_ENCODING_UTF16BE;
}

struct log_reader *log_reader_new(const struct log_reader_options *options, int64_t position,
                                  struct log_progress *progress, struct failure *failure)
{
    struct log_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL || !log_lines_init(&reader->lines, options, &reader->encoding, position, progress)) {
        free(reader);
        fail(failure, "out of memory");
        return NULL;
    }
    reader->encoding = options->encoding;
    if (position != 0 && options->encoding.kind == LOG_ENCODING_AUTO)
        log_encoding_decide("", 0, true, &reader->encoding);
    note_utf16(reader);
    return reader;
}

void log_reader_free(struct log_reader *reader)
{
    if (reader == NULL)
        return;
    log_lines_free(&reader->lines);
    free(reader);
}

static void take_utf16(struct log_reader *reader, const char *bytes, size_t length)
{
    enum { PIECE = 16384 };
    char units[PIECE + 4], decoded[(PIECE + 4) / 2 * 3];
    while (length > 0 && !reader->lines.failed) {
        size_t used, piece = length < PIECE ? length : PIECE;
        memcpy(units, reader->units, reader->units_length);
        memcpy(units + reader->units_length, bytes, piece);
        size_t there = reader->units_length + piece;
        size_t size =
            log_utf16_decode(reader->encoding.kind == LOG_ENCODING_UTF16BE, units, there, decoded, &used);
        reader->units_length = there - used;
        memcpy(reader->units, units + used, reader->units_length);
        bytes += piece;
        length -= piece;
        log_lines_take(&reader->lines, decoded, size);
        log_delivery_settle(&reader->lines.delivery);
    }
}

static void take_decided(struct log_reader *reader, const char *bytes, size_t length)
{
    if (reader->lines.utf16)
        take_utf16(reader, bytes, length);
    else
        log_lines_take(&reader->lines, bytes, length);
}

static void decide(struct log_reader *reader, bool final)
{
    if (!log_encoding_decide(reader->undecided, reader->undecided_length, final, &reader->encoding))
        return;
    note_utf16(reader);
    take_decided(reader, reader->undecided, reader->undecided_length);
}

int log_reader_push(struct log_reader *reader, const char *bytes, size_t length,
                    log_record_callback *callback, void *listener)
{
    reader->lines.delivery.callback = callback;
    reader->lines.delivery.listener = listener;
    while (length > 0 && reader->encoding.kind == LOG_ENCODING_AUTO) {
        reader->undecided[reader->undecided_length++] = *bytes++;
        length--;
        if (reader->undecided_length == sizeof reader->undecided)
            decide(reader, false);
    }
    take_decided(reader, bytes, length);
    log_delivery_settle(&reader->lines.delivery);
    return reader->lines.failed || reader->lines.delivery.failed ? -1 : 0;
}

int log_reader_finish(struct log_reader *reader, log_record_callback *callback, void *listener)
{
    reader->lines.delivery.callback = callback;
    reader->lines.delivery.listener = listener;
    if (reader->encoding.kind == LOG_ENCODING_AUTO)
        decide(reader, true);
    log_lines_finish(&reader->lines);
    log_delivery_settle(&reader->lines.delivery);
    return reader->lines.failed || reader->lines.delivery.failed ? -1 : 0;
}

int64_t log_reader_position(const struct log_reader *reader)
{
    return reader->lines.position;
}

const struct log_encoding *log_reader_encoding(const struct log_reader *reader)
{
    return &reader->encoding;
}

struct log_counts log_reader_counts(const struct log_reader *reader)
{
    return reader->lines.counts;
}

const char *log_reader_undated(const struct log_reader *reader)
{
    return text_string(&reader->lines.undated);
}

bool log_reader_last(const struct log_reader *reader, struct log_stamp *last, struct log_stamp *newest)
{
    return log_delivery_last(&reader->lines.delivery, last, newest);
}
