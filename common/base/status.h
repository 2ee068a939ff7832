/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_STATUS_H
#define SMS_BASE_STATUS_H

/* The service states of the plugin API; the values are the exit codes (Monitoring Plugins guidelines, "Plugin
 * Return Codes"). */
enum status { STATUS_OK = 0, STATUS_WARNING = 1, STATUS_CRITICAL = 2, STATUS_UNKNOWN = 3 };

/** @return "OK", "WARNING", "CRITICAL" or "UNKNOWN"; static */
const char *status_name(enum status status);

/** @return the one an operator must see of two: CRITICAL before WARNING before UNKNOWN before OK */
enum status status_worse(enum status a, enum status b);

#endif
