/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ODBC_VALUE_H
#define SMS_ODBC_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/** Read an integer as databases write it: "42", "-7", "42.000" (cut towards 0). @return whether it is one */
bool odbc_integer_parse(const char *string, int64_t *integer);

/**
 * Read a date or a date and time: "2026-11-23", "2026-11-23 08:15", "2026-11-23T08:15:04.123Z"; years 1 to
 * 9999.
 *
 * @param[out] instant  seconds since 1970, proleptic Gregorian, as if the clock were UTC; fractions are
 * dropped
 * @return whether it is one
 */
bool odbc_instant_parse(const char *string, int64_t *instant);

/* A moment in parts, as a parameter needs it. */
struct odbc_moment {
    int year, month, day, hour, minute, second;
};

/** @return whether the instant lies in the years 1 to 9999 */
bool odbc_moment_of(int64_t instant, struct odbc_moment *moment);

#endif
