/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ODBC_DIAGNOSE_H
#define SMS_ODBC_DIAGNOSE_H

#include "odbc/odbc.h"

#include <stdbool.h>
#include <stddef.h>

/* From a driver's diagnostic records to what an operator can act on. */

/* One record as SQLGetDiagRec gives it; the text is untrusted. */
struct odbc_record {
    char sqlstate[6];
    int native;
    char text[1024]; /* any bytes, NUL-terminated */
};

enum odbc_stage { ODBC_STAGE_CONNECT, ODBC_STAGE_QUERY, ODBC_STAGE_FETCH, ODBC_STAGE_TRANSACTION };

/* What was being done when the records came up. All borrowed; NULL where unknown. */
struct odbc_situation {
    enum odbc_stage stage;
    const char *what;   /* the statement's name */
    const char *place;  /* "sql01:1433/SMS_CEN" (odbc_settings_identity) */
    const char *user;   /* as given; NULL: Kerberos */
    const char *driver; /* name of the driver */
    const char *database;
    const char *tls_ca;
    bool server; /* a server with a port, named by --hostname */
    bool encryption_required;
    bool dead; /* the driver says that the connection is dead (it may give "Unknown error" as reason) */
    long login_timeout_s;
    double waited_s;      /* how long the driver took to say so */
    const char *password; /* to be kept out of the text */
};

/**
 * Fill an error from the records of a failed call, of which there may be none.
 *
 * The deciding record is the first that names a cause we know (login failed), not the first (SQLSTATE 01000).
 */
void odbc_error_fill(const struct odbc_situation *situation, const struct odbc_record *records, size_t count,
                     struct odbc_error *error);

/** Append a driver's text without the "[FreeTDS][SQL Server]" in front, in one clean line, the password
 * replaced. */
void odbc_record_text(const struct odbc_record *record, const char *password, struct text *text);

#endif
