/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ODBC_PARAMETERS_H
#define SMS_ODBC_PARAMETERS_H

#include "odbc/private.h"

/* Bound parameters in the form that the driver reads while it executes; texts as UTF-16. */
struct odbc_parameters;

/** @return owned (odbc_parameters_free), or NULL with the error: out of memory, a moment outside the years 1
 * to 9999 */
struct odbc_parameters *odbc_parameters_bind(const struct odbc_connection *connection, SQLHSTMT statement,
                                             const char *what, const struct odbc_value *values, size_t count,
                                             struct odbc_error *error);

void odbc_parameters_free(struct odbc_parameters *parameters);

#endif
