// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/range.h"
#include "base/units.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_range(const char *string, bool durations)
{
    struct range range;
    struct failure failure = {""};
    char perfdata[24];
    if (range_parse(string, durations, &range, &failure) != 0) {
        if (failure.text[0] == '\0')
            abort();
        return;
    }
    if (!range.start_open && !range.end_open && range.start > range.end)
        abort();
    range_perfdata(&range, perfdata, sizeof perfdata);
    struct range extended = range_extended(&range, 3600);
    if (!range.end_open && extended.end < range.end)
        abort();
    /* Both ends belong to the range. */
    if (!range.end_open && range_alerts(&range, range.end) != range.inside)
        abort();
    if (!range.start_open && range_alerts(&range, range.start) != range.inside)
        abort();
}

static void check_quantity(int (*parse)(const char *, int64_t *, struct failure *),
                           const char *(*format)(int64_t, char *, int), const char *string)
{
    int64_t number;
    struct failure failure = {""};
    char text[32];
    if (parse(string, &number, &failure) != 0) {
        if (failure.text[0] == '\0')
            abort();
    } else if (number < 0 || strlen(format(number, text, sizeof text)) < 3) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *string = malloc(length + 1);
    if (string == NULL)
        return 0;
    if (length > 0)
        memcpy(string, bytes, length);
    string[length] = '\0';
    check_range(string, true);
    check_range(string, false);
    check_quantity(duration_parse, duration_format, string);
    check_quantity(size_parse, size_format, string);
    free(string);
    return 0;
}
