/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ODBC_FREETDS_H
#define SMS_ODBC_FREETDS_H

#include "odbc/odbc.h"

#include <stdbool.h>

/*
 * A private freetds.conf for --tls-ca: FreeTDS 1.3 takes a CA from there only, its connection strings have no
 * key for it. It lives in memory and is seen by this process alone, through FREETDSCONF; that changes the
 * environment, so only a process with one thread may use it.
 */
struct freetdsconf {
    int file; /* -1: none */
};

/* The section to name as Servername. */
#define FREETDSCONF_SERVER "sms"

/**
 * Write the file and point FREETDSCONF to it.
 *
 * @param[out] conf  freetdsconf_close after the connection is made or has failed
 * @return 0 or -1
 */
int freetdsconf_open(const struct odbc_settings *settings, struct freetdsconf *conf, struct failure *failure);

/** Forget the file and FREETDSCONF. */
void freetdsconf_close(struct freetdsconf *conf);

/** Append what the file says. @return 0, or -1 when the file could not say it */
int freetdsconf_text(const struct odbc_settings *settings, struct text *text, struct failure *failure);

/**
 * @return whether a data source of odbc.ini uses FreeTDS and leaves the TDS version to its detection, which
 * can loop for ever (FreeTDS issue 733); false also where odbc.ini cannot be read or a freetds.conf decides
 * (Servername)
 */
bool dsn_detects_tds_version(const char *dsn);

#endif
