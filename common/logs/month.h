/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_MONTH_H
#define SMS_LOGS_MONTH_H

#include <stddef.h>

/*
 * Months as a Windows server abbreviates them in its own language and code page. Only the English ones were ever seen in
 * a stamp; KB2794136 has a German weekday in a status message, so the others are to be expected. Names: the National
 * Language Support tables of Windows 2000 to Server 2012, and CLDR where it differs.
 */

/* Croatian writes lip, srp and lis for June, July and October, Polish and Czech for July, August and November. */
struct log_month {
    int number; /* 1 to 12; 0: no month */
    int other;  /* what it may be in another language; 0: nothing else */
};

/**
 * @param name  in any 8-bit code page of Windows or in UTF-8; a number (`11`, also with a sign for "month" behind it, as in
 * East Asia) and Roman numbers (Czech, Slovak) are names, too
 */
struct log_month log_month_read(const char *name, size_t length);

/**
 * Which of two months is meant: the one in which the day is that day of the week. Where the weekday is not known, the first.
 *
 * @param weekday  as it stands in the stamp
 * @return 1 to 12
 */
int log_month_choose(const struct log_month *month, const char *weekday, size_t length, int year, int day);

#endif
