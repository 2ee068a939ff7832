/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ODBC_CAUSE_H
#define SMS_ODBC_CAUSE_H

#include "odbc/diagnose.h"

/* What a record means, in rising order of how much it tells: of several records the highest decides. */
enum odbc_cause {
    ODBC_CAUSE_NOISE,   /* "changed database context", "unable to connect to data source" */
    ODBC_CAUSE_OTHER,   /* its own text is all we know */
    ODBC_CAUSE_REFUSED, /* FreeTDS gave up after the TCP connection was made, without a reason */
    ODBC_CAUSE_LOST,
    ODBC_CAUSE_UNREACHABLE,
    ODBC_CAUSE_DRIVER,
    ODBC_CAUSE_LOCKED,
    ODBC_CAUSE_NO_COLUMN,
    ODBC_CAUSE_NO_OBJECT,
    ODBC_CAUSE_DENIED,
    ODBC_CAUSE_LOGIN,
    ODBC_CAUSE_NO_DATABASE /* 4060 comes with an 18456 behind it */
};

/** @param connecting  whether the call was one that connects: a closed port and a lost connection share
 * numbers */
enum odbc_cause odbc_cause(const struct odbc_record *record, bool connecting);

/** @return how a caller has to take it */
enum odbc_reason odbc_cause_reason(enum odbc_cause cause);

/** @return whether sqliteodbc wrote it: its native numbers are SQLite's result codes, not SQL Server's
 * messages */
bool odbc_record_is_sqlite(const struct odbc_record *record);

/** @return what to do about a refused login, for a SQL Server message number or 0 */
const char *odbc_login_remedy(int native, bool user_given);

/** @return what to install or register for a driver, by its name or its library's */
const char *odbc_driver_remedy(const char *driver);

#endif
