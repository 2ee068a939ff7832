/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_UNITS_H
#define SMS_BASE_UNITS_H

#include "base/failure.h"

#include <stdint.h>

/* From one run to the next of a check that runs once a day, also on the day of 25 hours and a little late. What lies
 * further apart is a gap in which nobody looked. */
enum { DAILY_RUN_S = 26 * 3600 };

/**
 * Parse a duration: `90s`, `15m`, `24h`, `3d`, `2w`, `1d12h`, units in either case. Blanks are not allowed, and a
 * number without a unit is refused, unless it is 0.
 *
 * @return 0, or -1 with a failure; overflow and negative values are refused
 */
int duration_parse(const char *string, int64_t *seconds, struct failure *failure);

/**
 * Parse a size: `4096`, `64MiB`, `2GB`, `10k`, units in either case; k M G T and kB MB GB TB are powers of 1000, KiB
 * MiB GiB TiB of 1024.
 */
int size_parse(const char *string, int64_t *bytes, struct failure *failure);

/** Write a duration for a person: "45 s", "12 min", "31 h", "4 d 2 h". @param[out] buffer at least 32 bytes
 */
const char *duration_format(int64_t seconds, char *buffer, int size);

/** Write a size for a person: "512 B", "1.5 MB", "4.2 GB" (powers of 1000). @param[out] buffer at least 32
 * bytes */
const char *size_format(int64_t bytes, char *buffer, int size);

/** Write UTC seconds as "2026-11-19 08:15 UTC". @param[out] buffer at least 32 bytes */
const char *instant_format(int64_t utc, char *buffer, int size);

#endif
