// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/stamp.h"

#include "base/ascii.h"
#include "logs/month.h"

#include <string.h>

/* A place in the text of a stamp. */
struct scan {
    const char *at, *end;
};

/* Read `least` to `most` digits. */
static bool number(struct scan *scan, int least, int most, int *value)
{
    int digits = 0, sum = 0;
    while (digits < most && scan->at < scan->end && ascii_is_digit(*scan->at)) {
        sum = sum * 10 + (*scan->at++ - '0');
        digits++;
    }
    *value = sum;
    return digits >= least;
}

static bool letter(struct scan *scan, char wanted)
{
    if (scan->at == scan->end || *scan->at != wanted)
        return false;
    scan->at++;
    return true;
}

static void blanks(struct scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r'))
        scan->at++;
}

/* Days since 1970-01-01 of a Gregorian date (H. Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_from_civil(int year, int month, int day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int64_t log_stamp_ms(int year, int month, int day, int hour, int minute, int second, int ms)
{
    static const signed char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 59 || ms < 0 || ms > 999)
        return -1;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > lengths[month - 1] + (month == 2 && leap))
        return -1;
    return ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60000 + second * 1000 + ms;
}

struct clock {
    int hour, minute, second, ms;
};

/* `HH:MM:SS`, with a fraction of any number of digits behind a dot. */
static bool clock_time(struct scan *scan, struct clock *clock, const char **seconds)
{
    *clock = (struct clock){0};
    if (!number(scan, 1, 2, &clock->hour) || !letter(scan, ':') || !number(scan, 2, 2, &clock->minute) ||
        !letter(scan, ':'))
        return false;
    *seconds = scan->at;
    if (!number(scan, 2, 2, &clock->second))
        return false;
    if (letter(scan, '.')) {
        int scale = 100;
        if (scan->at == scan->end || !ascii_is_digit(*scan->at))
            return false;
        for (; scan->at < scan->end && ascii_is_digit(*scan->at); scan->at++, scale /= 10)
            clock->ms += (*scan->at - '0') * scale;
    }
    return true;
}

/* `-60`, `+00`, `+420`: minutes to add to get UTC, at most a day. */
static bool offset(struct scan *scan, int *minutes)
{
    if (scan->at == scan->end || (*scan->at != '+' && *scan->at != '-'))
        return false;
    bool minus = *scan->at++ == '-';
    if (!number(scan, 1, 4, minutes) || *minutes > 24 * 60)
        return false;
    if (minus)
        *minutes = -*minutes;
    return true;
}

static bool set(struct log_stamp *stamp, int year, int month, int day, const struct clock *clock)
{
    stamp->ms = log_stamp_ms(year, month, day, clock->hour, clock->minute, clock->second, clock->ms);
    return stamp->ms >= 0;
}

/* `MM-DD-YYYY` */
static bool numeric_date(struct scan *scan, int *year, int *month, int *day)
{
    return number(scan, 1, 2, month) && letter(scan, '-') && number(scan, 1, 2, day) && letter(scan, '-') &&
           number(scan, 4, 4, year);
}

/* `HH:MM:SS.mmm` up to the end, or up to the minutes to add; `text` is where the stamp begins */
static bool time_and_offset(struct scan scan, const char *text, int year, int month, int day,
                            struct log_stamp *stamp)
{
    const char *seconds;
    struct clock clock;
    int minutes;
    if (!clock_time(&scan, &clock, &seconds) || !set(stamp, year, month, day, &clock))
        return false;
    stamp->seconds_at = (size_t)(seconds - text);
    if (scan.at == scan.end)
        return true;
    if (!offset(&scan, &minutes) || scan.at != scan.end)
        return false;
    stamp->ms += (int64_t)minutes * 60000;
    stamp->utc = true;
    return true;
}

static bool numeric_form(struct scan scan, struct log_stamp *stamp)
{
    const char *start = scan.at;
    int year, month, day;
    if (!numeric_date(&scan, &year, &month, &day) || !letter(&scan, ' '))
        return false;
    blanks(&scan);
    return time_and_offset(scan, start, year, month, day, stamp);
}

static void word(struct scan *scan, const char **text, size_t *length)
{
    *text = scan->at;
    while (scan->at < scan->end && *scan->at != ' ' && *scan->at != '\n' && *scan->at != '\r')
        scan->at++;
    *length = (size_t)(scan->at - *text);
    blanks(scan);
}

/* `Wed Aug 28 14:45:56.872 2002 Eastern Standard Time` and, before SMS 2.0, `Mon Dec 04 15:41:45 1995~`. */
static bool named_form(struct scan scan, struct log_stamp *stamp)
{
    const char *start = scan.at, *weekday, *name, *seconds;
    size_t weekday_length, length;
    int year, day;
    struct clock clock;
    word(&scan, &weekday, &weekday_length);
    word(&scan, &name, &length);
    const struct log_month month = log_month_read(name, length);
    if (month.number == 0 || !number(&scan, 1, 2, &day))
        return false;
    letter(&scan, '.');
    blanks(&scan);
    if (!clock_time(&scan, &clock, &seconds))
        return false;
    blanks(&scan);
    if (!number(&scan, 4, 4, &year) ||
        !set(stamp, year, log_month_choose(&month, weekday, weekday_length, year, day), day, &clock))
        return false;
    stamp->seconds_at = (size_t)(seconds - start);
    blanks(&scan);
    while (scan.end > scan.at && (scan.end[-1] == '~' || scan.end[-1] == ' '))
        scan.end--;
    if (scan.at < scan.end) {
        stamp->zone = scan.at;
        stamp->zone_length = (size_t)(scan.end - scan.at);
    }
    return true;
}

bool log_stamp_server(const char *text, size_t length, struct log_stamp *stamp)
{
    struct scan scan = {text, text + length};
    *stamp = (struct log_stamp){0};
    if (length > 0 && ascii_is_digit(*text))
        return numeric_form(scan, stamp);
    return named_form(scan, stamp);
}

bool log_stamp_ccm(const char *time, size_t time_length, const char *date, size_t date_length,
                   struct log_stamp *stamp)
{
    struct scan scan = {date, date + date_length};
    int year, month, day;
    *stamp = (struct log_stamp){0};
    if (!numeric_date(&scan, &year, &month, &day) || scan.at != scan.end)
        return false;
    return time_and_offset((struct scan){time, time + time_length}, time, year, month, day, stamp);
}

bool log_stamp_viewer(const char *text, size_t length, struct log_stamp *stamp)
{
    struct scan scan = {text, text + length};
    const char *seconds;
    int first, second, year, day, month;
    struct clock clock;
    *stamp = (struct log_stamp){0};
    if (!number(&scan, 1, 4, &first) || scan.at == scan.end)
        return false;
    char separator = *scan.at;
    if ((separator != '/' && separator != '.' && separator != '-') || !letter(&scan, separator) ||
        !number(&scan, 1, 2, &second) || !letter(&scan, separator) || !number(&scan, 1, 4, &year))
        return false;
    blanks(&scan);
    if (!clock_time(&scan, &clock, &seconds))
        return false;
    blanks(&scan);
    bool half_days = scan.end - scan.at == 2 && (scan.at[1] == 'M' || scan.at[1] == 'm');
    if (half_days) {
        bool afternoon = scan.at[0] == 'P' || scan.at[0] == 'p';
        if (clock.hour < 1 || clock.hour > 12)
            return false;
        clock.hour = clock.hour % 12 + (afternoon ? 12 : 0);
    } else if (scan.at != scan.end) {
        return false;
    }
    bool month_first = separator == '/' && half_days;
    if (first > 31) { /* ISO order: year first */
        day = year;
        year = first;
        month = second;
    } else {
        if (first > 12)
            month_first = false;
        else if (second > 12)
            month_first = true;
        month = month_first ? first : second;
        day = month_first ? second : first;
        if (year < 100)
            year += year < 70 ? 2000 : 1900;
    }
    if (!set(stamp, year, month, day, &clock))
        return false;
    stamp->seconds_at = (size_t)(seconds - text);
    return true;
}
