/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ODBC_PRIVATE_H
#define SMS_ODBC_PRIVATE_H

#include "odbc/diagnose.h"

#include <sql.h>
#include <sqlext.h>
#include <stdint.h>

/* Shared by odbc.c (connections) and query.c (statements); nobody else includes it. */

struct odbc_connection {
    SQLHENV environment;
    SQLHDBC handle;
    bool connected;
    bool transaction; /* autocommit is off */
    bool wide;        /* the driver has UTF-16 functions; else texts are UTF-8 bytes */
    double elapsed_s;
    const char *hint;                /* borrowed; NULL none: odbc_expect */
    const struct trace *trace;       /* borrowed */
    struct odbc_situation situation; /* its texts are owned by `texts` */
    struct text place, user, database, driver, tls_ca, password;
    char dbms_name[64];
    char database_name[256];
    char versions[512];
};

_Static_assert(sizeof(SQLWCHAR) == sizeof(uint16_t), "unixODBC's SQLWCHAR is UTF-16");

/** Start the clock that odbc_elapsed_s adds up. */
double odbc_clock_s(void);

/** Add the time since `begin`. @return that time */
double odbc_clock_add(struct odbc_connection *connection, double begin);

/** Read a handle's diagnostic records. @return their number, at most `room` */
size_t odbc_records(bool wide, SQLSMALLINT type, SQLHANDLE handle, struct odbc_record *records, size_t room);

/**
 * Fill the error of a failed call from its handle's records.
 *
 * @param what      the statement's name, or NULL
 * @param waited_s  how long the call took
 * @return always -1
 */
int odbc_diagnose(const struct odbc_connection *connection, enum odbc_stage stage, const char *what,
                  double waited_s, SQLSMALLINT type, SQLHANDLE handle, struct odbc_error *error);

/** Fill an error that comes from no driver. @return always -1 */
int odbc_error_plain(struct odbc_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
