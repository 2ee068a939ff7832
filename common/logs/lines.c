// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/lines.h"

#include "logs/tail.h"

#include <stdlib.h>
#include <string.h>

/* What is kept of a window's end, so that a tail across two windows is found. */
#define OVERLAP 4096
_Static_assert(OVERLAP >= LOG_TAIL_LONGEST, "a tail must fit into the overlap");

static int64_t size_in_file(const struct log_lines *lines, const char *bytes, size_t length)
{
    return (int64_t)(lines->utf16 ? log_utf16_size(bytes, length) : length);
}

static void drop_joined(struct log_lines *lines)
{
    if (lines->joined_lines == 0)
        return;
    lines->counts.garbage_bytes += lines->line_start - lines->position;
    lines->counts.lines += lines->joined_lines;
    lines->position = lines->line_start;
    lines->joined_lines = 0;
    text_cut(&lines->joined, 0);
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

static void hand_over(struct log_lines *lines, struct log_found *found)
{
    log_delivery_record(&lines->delivery, found);
    lines->counts.records++;
    lines->counts.lines += lines->joined_lines;
    lines->joined_lines = 0;
    text_cut(&lines->joined, 0);
}

/* A tail was found; the bytes before it, behind those of the joined lines or of the long line's head, are its
 * message. */
static void deliver(struct log_lines *lines, struct log_tail *tail, int64_t start, int64_t end)
{
    struct log_found found = {.tail = tail, .encoding = lines->encoding, .start = start, .end = end};
    found.message = tail->message;
    found.length = (size_t)(tail->start - tail->message);
    if (lines->is_long) {
        found.message = lines->head;
        found.length = LOG_MESSAGE_KEEP;
        found.cut = true;
    } else if (lines->joined_lines > 0) {
        text_add_bytes(&lines->joined, found.message, found.length);
        lines->failed |= lines->joined.failed;
        found.message = text_string(&lines->joined);
        found.length = lines->joined.length;
        found.several_lines = true;
    }
    if ((found.cut || found.several_lines) && tail->stamp_text == NULL)
        to_ccm_message(&found);
    hand_over(lines, &found);
}

static void note_undated(struct log_lines *lines, const char *stamp, size_t length)
{
    lines->counts.undated++;
    if (lines->undated.length == 0)
        log_encoding_convert(lines->encoding, stamp, length, &lines->undated);
    lines->failed |= lines->undated.failed;
}

/* The first tail in [from, end) of any form that may stand several times on a line. */
static bool next_tail(struct log_lines *lines, const char *from, const char *end, struct log_tail *tail)
{
    const char *undated = NULL;
    size_t undated_length = 0;
    for (const char *at = from; log_tail_server(at, end, tail); at = tail->start + 3) {
        if (log_delivery_stamp(&lines->delivery, tail)) {
            struct log_tail earlier;
            tail->message = from;
            if (*from == '<' && log_tail_ccm(from, tail->start, &earlier) &&
                log_delivery_stamp(&lines->delivery, &earlier))
                *tail = earlier;
            return true;
        }
        undated = tail->stamp_text;
        undated_length = tail->stamp_length;
    }
    const bool found = log_tail_ccm(from, end, tail) && log_delivery_stamp(&lines->delivery, tail);
    if (!found && undated != NULL)
        note_undated(lines, undated, undated_length);
    return found;
}

/*
 * Deliver every record that ends in these bytes, which begin at the file's offset `start`.
 *
 * @return bytes behind the last tail, where the next record begins; 0: there was no tail
 */
static size_t records_in(struct log_lines *lines, const char *bytes, size_t length, int64_t start)
{
    const char *from = bytes, *end = bytes + length;
    struct log_tail tail;
    while (from < end && next_tail(lines, from, end, &tail)) {
        int64_t begin = lines->is_long || lines->joined_lines > 0 ? lines->position : start;
        int64_t after = start + size_in_file(lines, from, (size_t)(tail.end - from));
        deliver(lines, &tail, begin, after);
        lines->is_long = false;
        lines->position = start = after;
        from = tail.end;
    }
    return (size_t)(from - bytes);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\r' || c == '\t' || c == '\0';
}

/* A record whose tail was wrapped over lines: `$$<COMPONENT>` here, stamp and thread on the next. */
static bool wrapped_record(struct log_lines *lines, const char *line, size_t length, int64_t end)
{
    struct text *joined = &lines->joined;
    struct log_tail tail;
    if (length == 0 || line[length - 1] != '>' || length > LOG_TAIL_LONGEST)
        return false;
    size_t before = joined->length;
    text_add_bytes(joined, line, length);
    size_t window = joined->length < LOG_TAIL_LONGEST ? joined->length : LOG_TAIL_LONGEST;
    const char *stop = joined->bytes + joined->length;
    bool found = !joined->failed && log_tail_server(stop - window, stop, &tail) && tail.end == stop &&
                 log_delivery_stamp(&lines->delivery, &tail);
    if (found) {
        struct log_found record = {.tail = &tail, .encoding = lines->encoding, .several_lines = true};
        record.start = lines->position;
        record.end = end;
        record.message = joined->bytes;
        record.length = (size_t)(tail.start - joined->bytes);
        hand_over(lines, &record);
        before = 0;
    }
    text_cut(joined, before);
    return found;
}

/* Leading NULs are no text: the line begins behind them. */
static void pass_nuls(struct log_lines *lines, int64_t size)
{
    lines->line_start += size;
    if (lines->joined_lines == 0)
        lines->position = lines->line_start;
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
static void line_without_tail(struct log_lines *lines, const char *rest, const char *end, int64_t after)
{
    struct log_tail tail;
    while (rest < end && (is_blank(*rest) || *rest == '~'))
        rest++;
    bool finished = false;
    if (rest == end) {
        if (lines->joined_lines == LOG_JOIN_LINES)
            drop_joined(lines);
        finished = lines->joined_lines == 0;
    } else if (end[-1] == ')' && log_tail_viewer(rest, end, &tail) &&
               log_delivery_stamp(&lines->delivery, &tail)) {
        drop_joined(lines);
        deliver(lines, &tail, lines->line_start, after);
        finished = true;
    } else if (lines->joined_lines > 0) {
        finished = wrapped_record(lines, rest, (size_t)(end - rest), after);
    }
    if (finished) {
        lines->position = after;
        lines->counts.lines++;
        return;
    }
    if (lines->joined_lines == LOG_JOIN_LINES)
        drop_joined(lines);
    text_add_bytes(&lines->joined, rest, (size_t)(end - rest));
    text_add_bytes(&lines->joined, "\n", 1);
    lines->failed |= lines->joined.failed;
    lines->joined_lines++;
}

/* A whole line of at most LOG_JOIN_BYTES has come. `after` is the file's offset behind its line end. */
static void whole_line(struct log_lines *lines, const char *line, size_t length, int64_t after)
{
    if (length > 0 && *line == '\0') {
        size_t nuls = count_nuls(line, length);
        pass_nuls(lines, size_in_file(lines, line, nuls));
        line += nuls;
        length -= nuls;
    }
    if (lines->joined_lines > 0 && lines->joined.length + length > LOG_JOIN_BYTES)
        drop_joined(lines);
    const char *end = line + length;
    while (end > line && is_blank(end[-1]))
        end--;
    size_t done = records_in(lines, line, (size_t)(end - line), lines->line_start);
    if (done > 0 && line + done == end) {
        lines->position = after;
        lines->counts.lines++;
    } else {
        lines->line_start += size_in_file(lines, line, done);
        size_t nuls = count_nuls(line + done, (size_t)(end - line) - done);
        if (nuls > 0)
            pass_nuls(lines, size_in_file(lines, line + done, nuls));
        line_without_tail(lines, line + done + nuls, end, after);
    }
    lines->line_start = after;
}

/* partial grew to LOG_JOIN_BYTES without a line end. */
static void full_window(struct log_lines *lines)
{
    struct text *partial = &lines->partial;
    int64_t start = lines->is_long ? lines->window_start : lines->line_start;
    size_t done = records_in(lines, partial->bytes, partial->length, start);
    if (done > 0) {
        lines->line_start = start + size_in_file(lines, partial->bytes, done);
        lines->long_bytes = 0;
        size_t nuls = count_nuls(partial->bytes + done, partial->length - done);
        if (nuls > 0 && nuls == partial->length - done)
            lines->nul_bytes = size_in_file(lines, partial->bytes + done, nuls);
        else
            pass_nuls(lines, size_in_file(lines, partial->bytes + done, nuls));
        done += nuls;
    } else {
        if (!lines->is_long)
            memcpy(lines->head, partial->bytes, LOG_MESSAGE_KEEP);
        lines->is_long = true;
        done = partial->length - OVERLAP;
        lines->long_bytes += done;
        if (lines->long_bytes >= LOG_LONGEST)
            done = partial->length;
        lines->window_start = start + size_in_file(lines, partial->bytes, done);
        if (lines->long_bytes >= LOG_LONGEST) {
            lines->counts.garbage_bytes += lines->window_start - lines->position;
            lines->position = lines->line_start = lines->window_start;
            lines->is_long = false;
            lines->long_bytes = 0;
        }
    }
    log_delivery_settle(&lines->delivery);
    size_t rest = partial->length - done;
    memmove(partial->bytes, partial->bytes + done, rest);
    text_cut(partial, rest);
}

/* The line in `partial` has ended; `end_bytes` is the size of its line end in the file. */
static void end_line(struct log_lines *lines, int64_t end_bytes)
{
    struct text *partial = &lines->partial;
    int64_t start = lines->is_long ? lines->window_start : lines->line_start;
    int64_t after = start + size_in_file(lines, partial->bytes, partial->length) + end_bytes;
    size_t done = 0;
    if (lines->is_long)
        done = records_in(lines, partial->bytes, partial->length, start);
    if (lines->is_long) {
        lines->counts.garbage_bytes += after - lines->position;
        lines->counts.lines++;
        lines->position = lines->line_start = after;
    } else {
        if (done > 0)
            lines->line_start = start + size_in_file(lines, partial->bytes, done);
        whole_line(lines, text_string(partial) + done, partial->length - done, after);
    }
    log_delivery_settle(&lines->delivery);
    lines->is_long = false;
    lines->long_bytes = 0;
    text_cut(partial, 0);
}

/* Take bytes of a line that is not whole yet, at most up to its end. @return bytes taken */
static size_t piece_of_line(struct log_lines *lines, const char *bytes, size_t length)
{
    if (lines->partial.length == 0 && !lines->is_long) {
        size_t nuls = count_nuls(bytes, length);
        int64_t each = lines->utf16 ? 2 : 1;
        if (lines->nul_bytes + (int64_t)nuls * each > LOG_LONGEST)
            nuls = (size_t)((LOG_LONGEST - lines->nul_bytes) / each);
        lines->nul_bytes += (int64_t)nuls * each;
        if (lines->nul_bytes >= LOG_LONGEST) {
            drop_joined(lines);
            lines->counts.garbage_bytes += lines->nul_bytes;
        } else if (nuls == length) {
            return nuls;
        }
        pass_nuls(lines, lines->nul_bytes);
        lines->nul_bytes = 0;
        if (nuls > 0)
            return nuls;
    }
    size_t room = LOG_JOIN_BYTES - lines->partial.length;
    const char *line_end = memchr(bytes, '\n', length > room ? room + 1 : length);
    if (line_end != NULL) {
        size_t taken = (size_t)(line_end - bytes);
        text_add_bytes(&lines->partial, bytes, taken);
        end_line(lines, lines->utf16 ? 2 : 1);
        return taken + 1;
    }
    if (length <= room)
        room = length;
    text_add_bytes(&lines->partial, bytes, room);
    lines->failed |= lines->partial.failed;
    if (room < length) {
        drop_joined(lines);
        full_window(lines);
    }
    return room;
}

bool log_lines_init(struct log_lines *lines, const struct log_reader_options *options,
                    const struct log_encoding *encoding, int64_t position, struct log_progress *progress)
{
    *lines = (struct log_lines){.encoding = encoding, .position = position, .line_start = position};
    log_delivery_init(&lines->delivery, options, progress);
    lines->head = malloc(LOG_MESSAGE_KEEP);
    return lines->head != NULL;
}

void log_lines_free(struct log_lines *lines)
{
    text_free(&lines->joined);
    text_free(&lines->partial);
    text_free(&lines->undated);
    log_delivery_free(&lines->delivery);
    free(lines->head);
}

void log_lines_take(struct log_lines *lines, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    while (bytes < end && !lines->failed) {
        if (lines->partial.length == 0 && !lines->is_long && lines->nul_bytes == 0) {
            const char *line_end = memchr(bytes, '\n', (size_t)(end - bytes));
            if (line_end != NULL && line_end - bytes <= LOG_JOIN_BYTES) {
                size_t line = (size_t)(line_end - bytes);
                whole_line(lines, bytes, line, lines->line_start + size_in_file(lines, bytes, line + 1));
                bytes = line_end + 1;
                continue;
            }
        }
        bytes += piece_of_line(lines, bytes, (size_t)(end - bytes));
    }
}

void log_lines_finish(struct log_lines *lines)
{
    pass_nuls(lines, lines->nul_bytes);
    lines->nul_bytes = 0;
    if (lines->partial.length > 0 || lines->is_long)
        end_line(lines, 0);
    drop_joined(lines);
}
