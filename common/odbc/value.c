// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/value.h"

#include <ctype.h>
#include <string.h>

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

bool odbc_integer_parse(const char *string, int64_t *integer)
{
    const char *at = skip_blanks(string);
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if (!isdigit((unsigned char)*at))
        return false;
    int64_t value = 0; /* kept negative: INT64_MIN has no positive */
    for (; isdigit((unsigned char)*at); at++)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, *at - '0', &value))
            return false;
    if (*at == '.')
        for (at++; isdigit((unsigned char)*at); at++)
            ;
    if (*skip_blanks(at) != '\0')
        return false;
    if (!negative && value == INT64_MIN)
        return false;
    *integer = negative ? value : -value;
    return true;
}

static bool read_digits(const char **at, int count, int least, int most, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (!isdigit((unsigned char)**at))
            return false;
        *number = *number * 10 + (**at - '0');
    }
    return *number >= least && *number <= most;
}

static bool read_character(const char **at, char character)
{
    if (**at != character)
        return false;
    (*at)++;
    return true;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 0001-01-01 to the first of January of a year. */
static int64_t days_before_year(int year)
{
    int64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

enum { DAYS_BEFORE_1970 = 719162, SECONDS_A_DAY = 86400 };

static bool read_time(const char **at, int *seconds)
{
    int hour, minute, second = 0;
    if (!read_digits(at, 2, 0, 23, &hour) || !read_character(at, ':') || !read_digits(at, 2, 0, 59, &minute))
        return false;
    if (read_character(at, ':')) {
        if (!read_digits(at, 2, 0, 59, &second))
            return false;
        if (read_character(at, '.')) {
            if (!isdigit((unsigned char)**at))
                return false;
            *at += strspn(*at, "0123456789");
        }
    }
    read_character(at, 'Z');
    *seconds = hour * 3600 + minute * 60 + second;
    return true;
}

bool odbc_instant_parse(const char *string, int64_t *instant)
{
    const char *at = skip_blanks(string);
    int year, month, day, seconds = 0;
    if (!read_digits(&at, 4, 1, 9999, &year) || !read_character(&at, '-') ||
        !read_digits(&at, 2, 1, 12, &month) || !read_character(&at, '-') ||
        !read_digits(&at, 2, 1, days_of_month(year, month), &day))
        return false;
    if ((*at == 'T' || *at == ' ') && isdigit((unsigned char)at[1])) {
        at++;
        if (!read_time(&at, &seconds))
            return false;
    }
    if (*skip_blanks(at) != '\0')
        return false;
    int64_t days = days_before_year(year) - DAYS_BEFORE_1970;
    for (int earlier = 1; earlier < month; earlier++)
        days += days_of_month(year, earlier);
    *instant = (days + day - 1) * SECONDS_A_DAY + seconds;
    return true;
}

bool odbc_moment_of(int64_t instant, struct odbc_moment *moment)
{
    int64_t days = instant / SECONDS_A_DAY, seconds = instant % SECONDS_A_DAY;
    if (seconds < 0) {
        seconds += SECONDS_A_DAY;
        days--;
    }
    days += DAYS_BEFORE_1970;
    if (days < 0 || days >= days_before_year(10000))
        return false;
    int year = (int)(days / 366) + 1; /* never too late; at most 7 years too early */
    while (year < 9999 && days_before_year(year + 1) <= days)
        year++;
    days -= days_before_year(year);
    int month = 1;
    while (days >= days_of_month(year, month))
        days -= days_of_month(year, month++);
    *moment = (struct odbc_moment){.year = year,
                                   .month = month,
                                   .day = (int)days + 1,
                                   .hour = (int)(seconds / 3600),
                                   .minute = (int)(seconds / 60 % 60),
                                   .second = (int)(seconds % 60)};
    return true;
}
