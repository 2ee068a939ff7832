// SPDX-License-Identifier: GPL-3.0-or-later
/* Any bytes as UTF-16: decoded in pieces as in one, each character finds its bytes again, and what comes out
 * is UTF-8. */
#include "base/unicode.h"
#include "logs/encoding.h"
#include "logs/record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void hear(void *listener, const struct log_record *record)
{
    (void)listener;
    if (!utf8_valid(record->message, record->message_length))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2)
        return 0;
    bool big = bytes[0] % 2 != 0;
    size_t piece = (size_t)bytes[1] + 4, used, length, at = 0, pieced_length = 0;
    const char *units = (const char *)bytes + 2;
    size -= 2;
    char *whole = malloc(size / 2 * 3 + 1), *pieced = malloc(size / 2 * 3 + 16);
    if (whole == NULL || pieced == NULL)
        abort();
    length = log_utf16_decode(big, units, size, whole, &used);
    if (!utf8_valid(whole, length) || used > size || size - used > 3 || log_utf16_size(whole, length) != used)
        abort();
    while (at < size) {
        size_t there = size - at < piece ? size - at : piece, taken;
        pieced_length += log_utf16_decode(big, units + at, there, pieced + pieced_length, &taken);
        if (taken == 0)
            break;
        at += taken;
    }
    if (at != used || pieced_length != length || memcmp(whole, pieced, length) != 0)
        abort();
    free(whole);
    free(pieced);

    struct log_reader_options options = {0};
    struct log_progress progress = {0};
    struct failure failure;
    if (log_encoding_parse(big ? "utf-16be" : "utf-16le", &options.encoding, &failure) != 0)
        abort();
    struct log_reader *reader = log_reader_new(&options, 0, &progress, &failure);
    if (reader == NULL || log_reader_push(reader, units, size, hear, NULL) != 0 ||
        log_reader_finish(reader, hear, NULL) != 0)
        abort();
    log_reader_free(reader);
    return 0;
}
