// SPDX-License-Identifier: GPL-3.0-or-later
#include "logrecord.h"

#include "logdelivery.h"
#include "logtail.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/*
 * All offsets count bytes of the file. The bytes that are worked on are those of the file, or UTF-8 for a
 * UTF-16 file; `size_in_file` tells how many bytes of the file they are.
 *
 *     position          line_start
 *     | joined lines    | partial (or, beyond LOG_JOIN_BYTES: head ... window)
 *     v                 v
 *     ..................##########
 */
struct log_reader {
    struct log_encoding encoding;
    bool utf16;
    struct log_delivery delivery;
    struct log_counts counts;
    bool failed; /* memory ran out */

    int64_t position;   /* first byte that is not finished with */
    struct text joined; /* lines without tail, waiting for the record's last line; '\n' behind each */
    int joined_lines;
    int64_t line_start;   /* first byte of the line that is being read */
    int64_t nul_bytes;    /* NULs at line_start that no text follows yet */
    struct text partial;  /* the line so far */
    bool is_long;         /* it is longer than LOG_JOIN_BYTES, without a tail so far: */
    char *head;           /* its first LOG_MESSAGE_KEEP bytes */
    size_t long_bytes;    /* bytes worked on since line_start and not in partial any more */
    int64_t window_start; /* file offset of partial's first byte */

    char undecided[4]; /* first bytes of the file while `auto` waits for four */
    size_t undecided_length;
    char units[4]; /* an odd byte or a high surrogate of UTF-16 that waits */
    size_t units_length;
};

/* What is kept of a window's end, so that a tail across two windows is found. */
#define OVERLAP 4096
_Static_assert(OVERLAP >= LOG_TAIL_LONGEST, "a tail must fit into the overlap");

static int64_t size_in_file(const struct log_reader *reader, const char *bytes, size_t length)
{
    return (int64_t)(reader->utf16 ? log_utf16_size(bytes, length) : length);
}

struct log_reader *log_reader_new(const struct log_reader_options *options, int64_t position,
                                  struct log_progress *progress, struct failure *failure)
{
    struct log_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL || (reader->head = malloc(LOG_MESSAGE_KEEP)) == NULL) {
        free(reader);
        fail(failure, "out of memory");
        return NULL;
    }
    reader->encoding = options->encoding;
    if (position != 0 && options->encoding.kind == LOG_ENCODING_AUTO)
        log_encoding_decide("", 0, true, &reader->encoding);
    reader->utf16 =
        reader->encoding.kind == LOG_ENCODING_UTF16LE || reader->encoding.kind == LOG_ENCODING_UTF16BE;
    log_delivery_init(&reader->delivery, options, progress);
    reader->position = reader->line_start = position;
    return reader;
}

void log_reader_free(struct log_reader *reader)
{
    if (reader == NULL)
        return;
    text_free(&reader->joined);
    text_free(&reader->partial);
    log_delivery_free(&reader->delivery);
    free(reader->head);
    free(reader);
}

static void drop_joined(struct log_reader *reader)
{
    if (reader->joined_lines == 0)
        return;
    reader->counts.garbage_bytes += reader->line_start - reader->position;
    reader->counts.lines += reader->joined_lines;
    reader->position = reader->line_start;
    reader->joined_lines = 0;
    text_cut(&reader->joined, 0);
}

static const char ccm_open[] = "<![LOG[";

/* Cut off what stands before the message of a CCM record that was joined from lines. */
static void to_ccm_message(struct log_found *found)
{
    const char *open = memmem(found->message, found->length, ccm_open, sizeof ccm_open - 1);
    if (open != NULL) {
        open += sizeof ccm_open - 1;
        found->length -= (size_t)(open - found->message);
        found->message = open;
    }
}

static void hand_over(struct log_reader *reader, struct log_found *found)
{
    log_delivery_record(&reader->delivery, found);
    reader->counts.records++;
    reader->counts.lines += reader->joined_lines;
    reader->joined_lines = 0;
    text_cut(&reader->joined, 0);
}

/* A tail was found; the bytes before it, behind those of the joined lines or of the long line's head, are its
 * message. */
static void deliver(struct log_reader *reader, struct log_tail *tail, int64_t start, int64_t end)
{
    struct log_found found = {.tail = tail, .encoding = &reader->encoding, .start = start, .end = end};
    found.message = tail->message;
    found.length = (size_t)(tail->start - tail->message);
    if (reader->is_long) {
        found.message = reader->head;
        found.length = LOG_MESSAGE_KEEP;
        found.cut = true;
    } else if (reader->joined_lines > 0) {
        text_add_bytes(&reader->joined, found.message, found.length);
        reader->failed |= reader->joined.failed;
        found.message = text_string(&reader->joined);
        found.length = reader->joined.length;
        found.several_lines = true;
    }
    if ((found.cut || found.several_lines) && tail->stamp_text == NULL)
        to_ccm_message(&found);
    hand_over(reader, &found);
}

/* The first tail in [from, end) of any form that may stand several times on a line. */
static bool next_tail(struct log_reader *reader, const char *from, const char *end, struct log_tail *tail)
{
    for (const char *at = from; log_tail_server(at, end, tail); at = tail->start + 3)
        if (log_delivery_stamp(&reader->delivery, tail)) {
            struct log_tail earlier;
            tail->message = from;
            if (*from == '<' && log_tail_ccm(from, tail->start, &earlier) &&
                log_delivery_stamp(&reader->delivery, &earlier))
                *tail = earlier;
            return true;
        }
    return log_tail_ccm(from, end, tail) && log_delivery_stamp(&reader->delivery, tail);
}

/*
 * Deliver every record that ends in these bytes, which begin at the file's offset `start`.
 *
 * @return bytes behind the last tail, where the next record begins; 0: there was no tail
 */
static size_t records_in(struct log_reader *reader, const char *bytes, size_t length, int64_t start)
{
    const char *from = bytes, *end = bytes + length;
    struct log_tail tail;
    while (from < end && next_tail(reader, from, end, &tail)) {
        int64_t begin = reader->is_long || reader->joined_lines > 0 ? reader->position : start;
        int64_t after = start + size_in_file(reader, from, (size_t)(tail.end - from));
        deliver(reader, &tail, begin, after);
        reader->is_long = false;
        reader->position = start = after;
        from = tail.end;
    }
    return (size_t)(from - bytes);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\r' || c == '\t' || c == '\0';
}

/* A record whose tail was wrapped over lines: `$$<COMPONENT>` here, stamp and thread on the next. */
static bool wrapped_record(struct log_reader *reader, const char *line, size_t length, int64_t end)
{
    struct text *joined = &reader->joined;
    struct log_tail tail;
    if (length == 0 || line[length - 1] != '>' || length > LOG_TAIL_LONGEST)
        return false;
    size_t before = joined->length;
    text_add_bytes(joined, line, length);
    size_t window = joined->length < LOG_TAIL_LONGEST ? joined->length : LOG_TAIL_LONGEST;
    const char *stop = joined->bytes + joined->length;
    bool found = !joined->failed && log_tail_server(stop - window, stop, &tail) && tail.end == stop &&
                 log_delivery_stamp(&reader->delivery, &tail);
    if (found) {
        struct log_found record = {.tail = &tail, .encoding = &reader->encoding, .several_lines = true};
        record.start = reader->position;
        record.end = end;
        record.message = joined->bytes;
        record.length = (size_t)(tail.start - joined->bytes);
        hand_over(reader, &record);
        before = 0;
    }
    text_cut(joined, before);
    return found;
}

/* Leading NULs are no text: the line begins behind them. */
static void pass_nuls(struct log_reader *reader, int64_t size)
{
    reader->line_start += size;
    if (reader->joined_lines == 0)
        reader->position = reader->line_start;
}

static size_t count_nuls(const char *bytes, size_t length)
{
    size_t nuls = 0;
    while (nuls < length && bytes[nuls] == '\0')
        nuls++;
    return nuls;
}

/* What no tail follows yet on its line: wait for the record's next line, unless the line is a record of its
 * own form. */
static void line_without_tail(struct log_reader *reader, const char *rest, const char *end, int64_t after)
{
    struct log_tail tail;
    while (rest < end && (is_blank(*rest) || *rest == '~'))
        rest++;
    bool finished = false;
    if (rest == end) {
        finished = reader->joined_lines == 0;
    } else if (end[-1] == ')' && log_tail_viewer(rest, end, &tail) &&
               log_delivery_stamp(&reader->delivery, &tail)) {
        drop_joined(reader);
        deliver(reader, &tail, reader->line_start, after);
        finished = true;
    } else if (reader->joined_lines > 0) {
        finished = wrapped_record(reader, rest, (size_t)(end - rest), after);
    }
    if (finished) {
        reader->position = after;
        reader->counts.lines++;
        return;
    }
    if (reader->joined_lines == LOG_JOIN_LINES)
        drop_joined(reader);
    text_add_bytes(&reader->joined, rest, (size_t)(end - rest));
    text_add_bytes(&reader->joined, "\n", 1);
    reader->failed |= reader->joined.failed;
    reader->joined_lines++;
}

/* A whole line of at most LOG_JOIN_BYTES has come. `after` is the file's offset behind its line end. */
static void whole_line(struct log_reader *reader, const char *line, size_t length, int64_t after)
{
    if (length > 0 && *line == '\0') {
        size_t nuls = count_nuls(line, length);
        pass_nuls(reader, size_in_file(reader, line, nuls));
        line += nuls;
        length -= nuls;
    }
    if (reader->joined_lines > 0 && reader->joined.length + length > LOG_JOIN_BYTES)
        drop_joined(reader);
    const char *end = line + length;
    while (end > line && is_blank(end[-1]))
        end--;
    size_t done = records_in(reader, line, (size_t)(end - line), reader->line_start);
    if (done > 0 && line + done == end) {
        reader->position = after;
        reader->counts.lines++;
    } else {
        reader->line_start += size_in_file(reader, line, done);
        line_without_tail(reader, line + done, end, after);
    }
    reader->line_start = after;
}

/* partial grew to LOG_JOIN_BYTES without a line end. */
static void full_window(struct log_reader *reader)
{
    struct text *partial = &reader->partial;
    int64_t start = reader->is_long ? reader->window_start : reader->line_start;
    size_t done = records_in(reader, partial->bytes, partial->length, start);
    if (done > 0) {
        reader->line_start = start + size_in_file(reader, partial->bytes, done);
        reader->long_bytes = 0;
        size_t nuls = count_nuls(partial->bytes + done, partial->length - done);
        if (nuls > 0 && nuls == partial->length - done)
            reader->nul_bytes = size_in_file(reader, partial->bytes + done, nuls);
        else
            pass_nuls(reader, size_in_file(reader, partial->bytes + done, nuls));
        done += nuls;
    } else {
        if (!reader->is_long)
            memcpy(reader->head, partial->bytes, LOG_MESSAGE_KEEP);
        reader->is_long = true;
        done = partial->length - OVERLAP;
        reader->long_bytes += done;
        if (reader->long_bytes >= LOG_LONGEST)
            done = partial->length;
        reader->window_start = start + size_in_file(reader, partial->bytes, done);
        if (reader->long_bytes >= LOG_LONGEST) {
            reader->counts.garbage_bytes += reader->window_start - reader->position;
            reader->position = reader->line_start = reader->window_start;
            reader->is_long = false;
            reader->long_bytes = 0;
        }
    }
    log_delivery_settle(&reader->delivery);
    size_t rest = partial->length - done;
    memmove(partial->bytes, partial->bytes + done, rest);
    text_cut(partial, rest);
}

/* The line in `partial` has ended; `end_bytes` is the size of its line end in the file. */
static void end_line(struct log_reader *reader, int64_t end_bytes)
{
    struct text *partial = &reader->partial;
    int64_t start = reader->is_long ? reader->window_start : reader->line_start;
    int64_t after = start + size_in_file(reader, partial->bytes, partial->length) + end_bytes;
    size_t done = 0;
    if (reader->is_long)
        done = records_in(reader, partial->bytes, partial->length, start);
    if (reader->is_long) {
        reader->counts.garbage_bytes += after - reader->position;
        reader->counts.lines++;
        reader->position = reader->line_start = after;
    } else {
        if (done > 0)
            reader->line_start = start + size_in_file(reader, partial->bytes, done);
        whole_line(reader, text_string(partial) + done, partial->length - done, after);
    }
    log_delivery_settle(&reader->delivery);
    reader->is_long = false;
    reader->long_bytes = 0;
    text_cut(partial, 0);
}

/* Take bytes of a line that is not whole yet, at most up to its end. @return bytes taken */
static size_t piece_of_line(struct log_reader *reader, const char *bytes, size_t length)
{
    if (reader->partial.length == 0 && !reader->is_long) {
        size_t nuls = count_nuls(bytes, length);
        int64_t each = reader->utf16 ? 2 : 1;
        if (reader->nul_bytes + (int64_t)nuls * each > LOG_LONGEST)
            nuls = (size_t)((LOG_LONGEST - reader->nul_bytes) / each);
        reader->nul_bytes += (int64_t)nuls * each;
        if (reader->nul_bytes >= LOG_LONGEST) {
            drop_joined(reader);
            reader->counts.garbage_bytes += reader->nul_bytes;
        } else if (nuls == length) {
            return nuls;
        }
        pass_nuls(reader, reader->nul_bytes);
        reader->nul_bytes = 0;
        if (nuls > 0)
            return nuls;
    }
    size_t room = LOG_JOIN_BYTES - reader->partial.length;
    const char *line_end = memchr(bytes, '\n', length > room ? room + 1 : length);
    if (line_end != NULL) {
        size_t taken = (size_t)(line_end - bytes);
        text_add_bytes(&reader->partial, bytes, taken);
        end_line(reader, reader->utf16 ? 2 : 1);
        return taken + 1;
    }
    if (length <= room)
        room = length;
    text_add_bytes(&reader->partial, bytes, room);
    reader->failed |= reader->partial.failed;
    if (room < length) {
        drop_joined(reader);
        full_window(reader);
    }
    return room;
}

static void take(struct log_reader *reader, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    while (bytes < end && !reader->failed) {
        if (reader->partial.length == 0 && !reader->is_long && reader->nul_bytes == 0) {
            const char *line_end = memchr(bytes, '\n', (size_t)(end - bytes));
            if (line_end != NULL && line_end - bytes <= LOG_JOIN_BYTES) {
                size_t line = (size_t)(line_end - bytes);
                whole_line(reader, bytes, line, reader->line_start + size_in_file(reader, bytes, line + 1));
                bytes = line_end + 1;
                continue;
            }
        }
        bytes += piece_of_line(reader, bytes, (size_t)(end - bytes));
    }
}

static void take_utf16(struct log_reader *reader, const char *bytes, size_t length)
{
    enum { PIECE = 16384 };
    char units[PIECE + 4], decoded[(PIECE + 4) / 2 * 3];
    while (length > 0 && !reader->failed) {
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
        take(reader, decoded, size);
        log_delivery_settle(&reader->delivery);
    }
}

static void take_decided(struct log_reader *reader, const char *bytes, size_t length)
{
    if (reader->utf16)
        take_utf16(reader, bytes, length);
    else
        take(reader, bytes, length);
}

static void decide(struct log_reader *reader, bool final)
{
    if (!log_encoding_decide(reader->undecided, reader->undecided_length, final, &reader->encoding))
        return;
    reader->utf16 =
        reader->encoding.kind == LOG_ENCODING_UTF16LE || reader->encoding.kind == LOG_ENCODING_UTF16BE;
    take_decided(reader, reader->undecided, reader->undecided_length);
}

int log_reader_push(struct log_reader *reader, const char *bytes, size_t length,
                    log_record_callback *callback, void *listener)
{
    reader->delivery.callback = callback;
    reader->delivery.listener = listener;
    while (length > 0 && reader->encoding.kind == LOG_ENCODING_AUTO) {
        reader->undecided[reader->undecided_length++] = *bytes++;
        length--;
        if (reader->undecided_length == sizeof reader->undecided)
            decide(reader, false);
    }
    take_decided(reader, bytes, length);
    log_delivery_settle(&reader->delivery);
    return reader->failed || reader->delivery.failed ? -1 : 0;
}

int log_reader_finish(struct log_reader *reader, log_record_callback *callback, void *listener)
{
    reader->delivery.callback = callback;
    reader->delivery.listener = listener;
    if (reader->encoding.kind == LOG_ENCODING_AUTO)
        decide(reader, true);
    pass_nuls(reader, reader->nul_bytes);
    reader->nul_bytes = 0;
    if (reader->partial.length > 0 || reader->is_long)
        end_line(reader, 0);
    drop_joined(reader);
    log_delivery_settle(&reader->delivery);
    return reader->failed || reader->delivery.failed ? -1 : 0;
}

int64_t log_reader_position(const struct log_reader *reader)
{
    return reader->position;
}

const struct log_encoding *log_reader_encoding(const struct log_reader *reader)
{
    return &reader->encoding;
}

struct log_counts log_reader_counts(const struct log_reader *reader)
{
    return reader->counts;
}

bool log_reader_last(const struct log_reader *reader, struct log_stamp *last, struct log_stamp *newest)
{
    return log_delivery_last(&reader->delivery, last, newest);
}
