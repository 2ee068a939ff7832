/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_STAMP_H
#define SMS_LOGS_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The moment that a log line prints about itself. Server logs since ConfigMgr 2012 carry the offset in force
 * as the minutes to ADD to get UTC (the opposite of ISO 8601: "-60" is summer in London); those before carry
 * the Windows name of a zone, which cannot be trusted for the offset (KB Q303279: "Central Standard Time" in
 * July) and is only passed on.
 */
struct log_stamp {
    int64_t ms;       /* since 1970-01-01 00:00; UTC when `utc`, else the server's local clock */
    bool utc;         /* the stamp had an offset */
    const char *zone; /* name of the zone as printed, in the file's encoding; borrowed from the text; NULL
                         when none */
    size_t zone_length;
    size_t seconds_at; /* where "SS" stands in the text, behind "MM:" */
};

/**
 * Read what stands between `<` and `>` behind the component of a `$$<` line. Three forms:
 * `MM-DD-YYYY HH:MM:SS.mmm-60` (2012 and later), `Wed Aug 28 14:45:56.872 2002 Eastern Standard Time`
 * (SMS 2.0 to 2003; the zone may be missing, day and hour may have one digit, names may be localised) and
 * `Mon Dec 04 15:41:45 1995~` (SMS 1.x).
 *
 * @return false when it is none of them
 */
bool log_stamp_server(const char *text, size_t length, struct log_stamp *stamp);

/**
 * Read the attributes of a `<![LOG[` line: time `HH:MM:SS.mmm-120` or `HH:MM:SS.fffffff` (.NET code: no
 * offset), date `MM-DD-YYYY`, padded or not.
 */
bool log_stamp_ccm(const char *time, size_t time_length, const char *date, size_t date_length,
                   struct log_stamp *stamp);

/**
 * Read the date and time of a line copied from a log viewer: `10/9/2018 3:36:30 PM`, `29-01-2010 12:56:47`,
 * `07.08.2012 00:12:55`: the order of the viewer's locale, which is guessed (AM/PM: month first; else day
 * first, unless a number above 12 says otherwise). Never stands in a live log.
 */
bool log_stamp_viewer(const char *text, size_t length, struct log_stamp *stamp);

/** Milliseconds since 1970-01-01 of a Gregorian date; -1 when it does not exist (month 13, 30 February,
 * before 1970). */
int64_t log_stamp_ms(int year, int month, int day, int hour, int minute, int second, int ms);

#endif
