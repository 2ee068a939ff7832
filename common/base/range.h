/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_RANGE_H
#define SMS_BASE_RANGE_H

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A threshold range of the plugin guidelines ("Threshold and Ranges"): alert when the value is outside
 * [start, end], or inside with a leading '@'. Bounds are whole base units (seconds, bytes, items).
 */
struct range {
    bool set;        /* false: no threshold, nothing alerts */
    bool inside;     /* '@' */
    bool start_open; /* '~': no lower bound */
    bool end_open;   /* "10:": no upper bound */
    bool by_default; /* of an option that was not given */
    int64_t start;
    int64_t end;
};

/**
 * Parse `10`, `10:`, `~:10`, `5:10`, `@1:2`; with `durations`, numbers may carry s m h d w ("36h", "1d12h").
 *
 * @return 0, or -1 with a failure that says what is wrong and what would be right
 */
int range_parse(const char *string, bool durations, struct range *range, struct failure *failure);

/** @return whether the value alerts */
bool range_alerts(const struct range *range, int64_t value);

/**
 * The range as it stands in perfdata: `x` for `0:x`, empty for any other range or none.
 *
 * @param[out] buffer  at least 24 bytes
 */
void range_perfdata(const struct range *range, char *buffer, int size);

/**
 * The range with its finite upper (or, without one, lower) bounds moved up by `more`: a slow link's
 * allowance. A range with '@' is not changed.
 */
struct range range_extended(const struct range *range, int64_t more);

#endif
