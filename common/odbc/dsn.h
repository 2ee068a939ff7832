/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ODBC_DSN_H
#define SMS_ODBC_DSN_H

#include <stdbool.h>

/**
 * @return whether a data source of odbc.ini uses FreeTDS and leaves the TDS version to its detection, which
 * can loop for ever (FreeTDS issue 733); false also where odbc.ini cannot be read or a freetds.conf decides
 * (Servername)
 */
bool dsn_detects_tds_version(const char *dsn);

#endif
