// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/range.h"

#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number of a range is at most a handful of digits and units; what is longer is no number. */
enum { BOUND_SIZE = 64 };

static const char *examples(bool durations)
{
    return durations ? "24h, 30m:, 1h:3d or @1h:3d" : "10, 10:, ~:10, 5:10 or @1:2";
}

static int bound_parse(const char *bound, bool durations, int64_t *value, struct failure *failure)
{
    if (durations)
        return duration_parse(bound, value, failure);
    const char *digits = bound + (*bound == '-');
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return fail(failure, "'%s' is not a whole number", bound);
    errno = 0;
    intmax_t number = strtoimax(bound, NULL, 10);
    if (errno != 0 || number > INT64_MAX || number < INT64_MIN)
        return fail(failure, "%s is too large a number", bound);
    *value = number;
    return 0;
}

int range_parse(const char *string, bool durations, struct range *range, struct failure *failure)
{
    struct range parsed = {.set = true, .inside = string[0] == '@'};
    const char *bounds = string + parsed.inside;
    const char *colon = strchr(bounds, ':');
    const char *upper = colon != NULL ? colon + 1 : bounds;
    char lower[BOUND_SIZE] = "";

    if (*bounds == '\0' || strcmp(bounds, ":") == 0)
        return fail(failure, "'%.64s' is not a range: it has no number; write for example %s", string,
                    examples(durations));
    if (strlen(bounds) >= BOUND_SIZE)
        return fail(failure, "'%.64s...' is not a range: it is too long; write for example %s", string,
                    examples(durations));
    if (colon != NULL)
        snprintf(lower, sizeof lower, "%.*s", (int)(colon - bounds), bounds);

    if (strcmp(lower, "~") == 0)
        parsed.start_open = true;
    else if (lower[0] != '\0' && bound_parse(lower, durations, &parsed.start, failure) != 0)
        goto bad_bound;
    if (colon != NULL && *upper == '\0')
        parsed.end_open = true;
    else if (bound_parse(upper, durations, &parsed.end, failure) != 0)
        goto bad_bound;

    if (!parsed.start_open && !parsed.end_open && parsed.start > parsed.end)
        return fail(failure, "'%s' is not a range: its start lies above its end; write the smaller one first",
                    string);
    *range = parsed;
    return 0;

bad_bound:
    if (failure != NULL) {
        struct failure reason = *failure;
        if (strcmp(string, upper) == 0)
            fail(failure, "%s; write for example %s", reason.text, examples(durations));
        else
            fail(failure, "'%s' is not a range: %s; write for example %s", string, reason.text,
                 examples(durations));
    }
    return -1;
}

bool range_alerts(const struct range *range, int64_t value)
{
    if (!range->set)
        return false;
    bool within = (range->start_open || value >= range->start) && (range->end_open || value <= range->end);
    return within == range->inside;
}

void range_perfdata(const struct range *range, char *buffer, int size)
{
    if (size <= 0)
        return;
    buffer[0] = '\0';
    if (range->set && !range->inside && !range->start_open && !range->end_open && range->start == 0)
        snprintf(buffer, (size_t)size, "%" PRId64, range->end);
}

static int64_t moved_up(int64_t bound, int64_t more)
{
    return bound > INT64_MAX - more ? INT64_MAX : bound + more;
}

struct range range_extended(const struct range *range, int64_t more)
{
    struct range extended = *range;
    if (!range->set || range->inside || more <= 0)
        return extended;
    if (!range->end_open)
        extended.end = moved_up(range->end, more);
    else if (!range->start_open)
        extended.start = moved_up(range->start, more);
    return extended;
}
