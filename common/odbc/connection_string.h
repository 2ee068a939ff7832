/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ODBC_CONNECTION_STRING_H
#define SMS_ODBC_CONNECTION_STRING_H

#include "odbc/odbc.h"

/* From odbc_settings to a connection string, and what may be told of it. */

/* Whose connection string it is: each driver has its own parser. */
enum connection_dialect {
    CONNECTION_FREETDS, /* "{value}", which ends at "};" and nowhere else; nothing is doubled */
    CONNECTION_SQLITE,  /* no quoting at all: a value ends at ';' */
    CONNECTION_OTHER
};

/** @return the dialect of the driver that these settings name; CONNECTION_OTHER for a DSN, whose driver they do not tell */
enum connection_dialect connection_dialect(const struct odbc_settings *settings);

/**
 * Get the password: given, or the first line of the password file.
 *
 * @param[out] password  appended; stays empty when there is none
 * @return 0, or -1: unreadable, readable by others, empty, no UTF-8, ...
 */
int connection_password(const struct odbc_settings *settings, struct text *password, struct failure *failure);

/**
 * Build the connection string. The settings must have passed odbc_settings_check.
 *
 * @param servername  section of a freetds.conf to take host, port and TLS from, or NULL
 * @param[out] string  appended; a secret
 */
int connection_string(const struct odbc_settings *settings, const char *password, const char *servername,
                      struct text *string);

#endif
