// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Any bytes as a log. The first byte chooses the encoding, the second where it is cut into two runs and into
 * pieces: the records must be those of one run.
 */
#include "logs/record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct seen {
    uint64_t hash;
    int64_t end; /* of the last record */
    int64_t length;
};

static void mix(struct seen *seen, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        seen->hash = (seen->hash ^ at[i]) * 0x100000001B3u;
}

static void hear(void *listener, const struct log_record *record)
{
    struct seen *seen = listener;
    int64_t numbers[] = {record->stamp.ms,  record->thread, record->cut,
                         record->stamp.utc, record->end,    record->watched};
    if (record->end <= seen->end || record->start > record->end || record->end > seen->length)
        abort();
    seen->end = record->end;
    mix(seen, numbers, sizeof numbers);
    mix(seen, record->component, record->component_length);
    mix(seen, record->message, record->message_length);
}

static const char *const watched[] = {"SMS_DESPOOLER", "C"};

static int64_t run(struct log_encoding *encoding, const char *log, int64_t from, int64_t to, size_t piece,
                   struct log_progress *progress, struct seen *seen)
{
    struct failure failure;
    struct log_reader_options options = {.encoding = *encoding};
    if (piece % 2 != 0) {
        options.components = watched;
        options.component_count = 2;
    }
    struct log_reader *reader = log_reader_new(&options, from, progress, &failure);
    if (reader == NULL)
        abort();
    for (int64_t at = from; at < to;) {
        size_t length = to - at < (int64_t)piece ? (size_t)(to - at) : piece;
        char *copy = malloc(length);
        if (copy == NULL)
            abort();
        memcpy(copy, log + at, length);
        if (log_reader_push(reader, copy, length, hear, seen) != 0)
            abort();
        free(copy);
        at += (int64_t)length;
    }
    int64_t position = log_reader_position(reader);
    if (position < from || position > to)
        abort();
    *encoding = *log_reader_encoding(reader);
    struct log_stamp last, newest;
    log_reader_last(reader, &last, &newest);
    log_reader_free(reader);
    return position;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"auto",  "utf-8",  "utf-16le",     "utf-16be",
                                        "cp932", "cp1252", "utf-8/cp1252", "auto"};
    struct log_encoding one_encoding, cut_encoding;
    struct log_progress one_progress = {0}, cut_progress = {0};
    struct failure failure;
    if (size < 2)
        return 0;
    if (log_encoding_parse(names[bytes[0] % 8], &one_encoding, &failure) != 0)
        return 0; /* no such code page here */
    cut_encoding = one_encoding;
    const char *log = (const char *)bytes + 2;
    int64_t length = (int64_t)size - 2, cut = length * bytes[1] / 255;
    struct seen one = {.length = length}, two = {.length = length};
    size_t flavour = bytes[0] / 8 % 2;
    int64_t position = run(&one_encoding, log, 0, length, 100000 + flavour, &one_progress, &one);
    int64_t middle = run(&cut_encoding, log, 0, cut, 2 * (bytes[0] / 16) + 2 + flavour, &cut_progress, &two);
    if (run(&cut_encoding, log, middle, length, 10 + flavour, &cut_progress, &two) != position ||
        one.hash != two.hash || memcmp(&one_progress, &cut_progress, sizeof one_progress) != 0)
        abort();
    return 0;
}
