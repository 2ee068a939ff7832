// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"

#include "base/ascii.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY };

/* Read digits. @return the first character behind them, or NULL when the number does not fit */
static const char *digits_parse(const char *string, int64_t *number)
{
    *number = 0;
    for (; ascii_is_digit(*string); string++) {
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, *string - '0', number))
            return NULL;
    }
    return string;
}

static int64_t duration_unit(char letter)
{
    switch (letter | 0x20) {
    case 's':
        return 1;
    case 'm':
        return MINUTE;
    case 'h':
        return HOUR;
    case 'd':
        return DAY;
    case 'w':
        return WEEK;
    default:
        return 0;
    }
}

int duration_parse(const char *string, int64_t *seconds, struct failure *failure)
{
    int64_t total = 0;
    int64_t last_unit = INT64_MAX;
    const char *rest = string;

    if (*string == '\0')
        return fail(failure, "the duration is empty");
    if (*string == '-')
        return fail(failure, "'%.64s' is negative, and a duration cannot be", string);
    while (*rest != '\0') {
        int64_t number;
        if (!ascii_is_digit(*rest))
            return fail(failure, "'%.64s' is not a duration such as 90s, 15m, 24h, 3d, 2w or 1d12h", string);
        rest = digits_parse(rest, &number);
        if (rest == NULL)
            return fail(failure, "'%.64s' is too long a duration", string);
        if (*rest == '.' || *rest == ',')
            return fail(failure, "'%.64s' has a fraction; durations are whole numbers, so write 90m for 1.5h",
                        string);

        int64_t unit = duration_unit(*rest);
        if (*rest == '\0' && last_unit != INT64_MAX)
            return fail(failure, "'%.64s' ends without a unit (s, m, h, d or w)", string);
        /* 24 read as seconds would page for everything. */
        if (*rest == '\0' && number != 0)
            return fail(failure, "%.64s has no unit: %.64sh or %.64ss?", string, string, string);
        if (*rest != '\0' && unit == 0)
            return fail(failure, "'%.64s' has an unknown unit; the units are s, m, h, d and w", string);
        if (*rest == '\0')
            unit = 1;
        else
            rest++;
        if (unit >= last_unit)
            return fail(failure, "'%.64s' has its units out of order; write the largest first, as in 1d12h",
                        string);
        last_unit = unit;
        if (__builtin_mul_overflow(number, unit, &number) || __builtin_add_overflow(total, number, &total))
            return fail(failure, "'%.64s' is too long a duration", string);
    }
    *seconds = total;
    return 0;
}

static int64_t size_unit(const char *unit)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } units[] = {
        {"", 1},
        {"B", 1},
        {"K", 1000},
        {"KB", 1000},
        {"M", 1000000},
        {"MB", 1000000},
        {"G", 1000000000},
        {"GB", 1000000000},
        {"T", 1000000000000},
        {"TB", 1000000000000},
        {"KiB", INT64_C(1) << 10},
        {"MiB", INT64_C(1) << 20},
        {"GiB", INT64_C(1) << 30},
        {"TiB", INT64_C(1) << 40},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcasecmp(unit, units[i].name) == 0)
            return units[i].bytes;
    }
    return 0;
}

int size_parse(const char *string, int64_t *bytes, struct failure *failure)
{
    int64_t whole, fraction = 0, scale = 1;

    if (*string == '-')
        return fail(failure, "'%.64s' is negative, and a size cannot be", string);
    if (!ascii_is_digit(*string))
        return fail(failure, "'%.64s' is not a size such as 4096, 10k, 64MiB or 2GB", string);
    const char *rest = digits_parse(string, &whole);
    if (rest == NULL)
        return fail(failure, "'%.64s' is too large a size", string);
    if (*rest == '.') {
        /* Six digits keep fraction * unit below 2^63 for the largest unit. */
        for (rest++; ascii_is_digit(*rest) && scale < 1000000; rest++) {
            fraction = fraction * 10 + (*rest - '0');
            scale *= 10;
        }
        if (scale == 1 || ascii_is_digit(*rest) || *rest == '\0')
            return fail(failure,
                        "'%.64s' is not a size; a fraction needs one to six digits and a unit, as in 1.5GB",
                        string);
    }
    int64_t unit = size_unit(rest);
    if (unit == 0)
        return fail(failure,
                    "'%.64s' has an unknown unit; the units are k M G T, kB MB GB TB and KiB MiB GiB TiB",
                    string);
    if (__builtin_mul_overflow(whole, unit, &whole) ||
        __builtin_add_overflow(whole, fraction * unit / scale, bytes))
        return fail(failure, "'%.64s' is too large a size", string);
    return 0;
}

const char *duration_format(int64_t seconds, char *buffer, int size)
{
    const char *sign = seconds < 0 ? "-" : "";
    uint64_t length = seconds < 0 ? -(uint64_t)seconds : (uint64_t)seconds;

    if (length < 2 * MINUTE)
        snprintf(buffer, (size_t)size, "%s%" PRIu64 " s", sign, length);
    else if (length < 2 * HOUR)
        snprintf(buffer, (size_t)size, "%s%" PRIu64 " min", sign, length / MINUTE);
    else if (length < 3 * DAY)
        snprintf(buffer, (size_t)size, "%s%" PRIu64 " h", sign, length / HOUR);
    else if (length % DAY < HOUR)
        snprintf(buffer, (size_t)size, "%s%" PRIu64 " d", sign, length / DAY);
    else
        snprintf(buffer, (size_t)size, "%s%" PRIu64 " d %" PRIu64 " h", sign, length / DAY,
                 length % DAY / HOUR);
    return buffer;
}

const char *size_format(int64_t bytes, char *buffer, int size)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    const char *sign = bytes < 0 ? "-" : "";
    uint64_t amount = bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes;

    if (amount < 1000) {
        snprintf(buffer, (size_t)size, "%s%" PRIu64 " B", sign, amount);
        return buffer;
    }
    /* Each form is rounded once from the exact number: 999,960 bytes are 1 MB, not 1000 kB. */
    size_t unit = 0;
    uint64_t tenth = 100;
    while ((amount + tenth * 5) / (tenth * 10) >= 1000) {
        unit++;
        tenth *= 1000;
    }
    uint64_t whole = (amount + tenth * 5) / (tenth * 10);
    uint64_t tenths = (amount + tenth / 2) / tenth;
    if (tenths >= 1000)
        snprintf(buffer, (size_t)size, "%s%" PRIu64 " %s", sign, whole, units[unit]);
    else if (tenths % 10 == 0)
        snprintf(buffer, (size_t)size, "%s%" PRIu64 " %s", sign, tenths / 10, units[unit]);
    else
        snprintf(buffer, (size_t)size, "%s%" PRIu64 ".%" PRIu64 " %s", sign, tenths / 10, tenths % 10,
                 units[unit]);
    return buffer;
}

const char *instant_format(int64_t utc, char *buffer, int size)
{
    time_t when = (time_t)utc;
    struct tm broken_down;

    if (gmtime_r(&when, &broken_down) == NULL ||
        strftime(buffer, (size_t)size, "%Y-%m-%d %H:%M UTC", &broken_down) == 0)
        snprintf(buffer, (size_t)size, "no date");
    return buffer;
}
