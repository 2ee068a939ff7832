// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/parameters.h"

#include "base/unicode.h"
#include "odbc/value.h"

#include <stdlib.h>
#include <string.h>

enum { NVARCHAR_UNITS = 4000 }; /* SQL Server: longer ones are ntext or nvarchar(max) */

struct parameter {
    SQLLEN indicator;
    SQLBIGINT integer;
    SQL_TIMESTAMP_STRUCT moment;
    SQLWCHAR *units; /* owned */
    size_t count;
};

struct odbc_parameters {
    size_t count;
    struct parameter parameters[];
};

static SQLRETURN bind_integer(SQLHSTMT statement, SQLUSMALLINT number, struct parameter *parameter,
                              int64_t integer)
{
    parameter->integer = integer;
    return SQLBindParameter(statement, number, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 0, 0,
                            &parameter->integer, 0, &parameter->indicator);
}

static SQLRETURN bind_text(SQLHSTMT statement, SQLUSMALLINT number, struct parameter *parameter)
{
    SQLULEN size =
        parameter->count > 0 ? parameter->count : 1; /* a column size of 0 is refused by some drivers */
    SQLSMALLINT type = parameter->count > NVARCHAR_UNITS ? SQL_WLONGVARCHAR : SQL_WVARCHAR;
    SQLLEN bytes = (SQLLEN)(parameter->count * sizeof(SQLWCHAR));
    if (parameter->indicator != SQL_NULL_DATA)
        parameter->indicator = bytes;
    return SQLBindParameter(statement, number, SQL_PARAM_INPUT, SQL_C_WCHAR, type, size, 0, parameter->units,
                            bytes, &parameter->indicator);
}

static SQLRETURN bind_instant(SQLHSTMT statement, SQLUSMALLINT number, struct parameter *parameter)
{
    return SQLBindParameter(statement, number, SQL_PARAM_INPUT, SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, 23,
                            3, &parameter->moment, sizeof parameter->moment, &parameter->indicator);
}

/* Put a value into the form that is bound. @return 0, or -1 with the reason */
static int convert(struct parameter *parameter, const struct odbc_value *value, const char **reason)
{
    parameter->indicator = value->null ? SQL_NULL_DATA : 0;
    *reason = "out of memory";
    if (value->type == ODBC_TEXT) {
        const char *text = value->null || value->text == NULL ? "" : value->text;
        parameter->units = calloc(strlen(text) + 1, sizeof *parameter->units);
        if (parameter->units == NULL)
            return -1;
        parameter->count = utf16_from_utf8(text, strlen(text), parameter->units);
    } else if (value->type == ODBC_INSTANT && !value->null) {
        struct odbc_moment moment;
        *reason = "a date outside the years 1 to 9999 as parameter";
        if (!odbc_moment_of(value->integer, &moment))
            return -1;
        parameter->moment = (SQL_TIMESTAMP_STRUCT){.year = (SQLSMALLINT)moment.year,
                                                   .month = (SQLUSMALLINT)moment.month,
                                                   .day = (SQLUSMALLINT)moment.day,
                                                   .hour = (SQLUSMALLINT)moment.hour,
                                                   .minute = (SQLUSMALLINT)moment.minute,
                                                   .second = (SQLUSMALLINT)moment.second};
    }
    return 0;
}

struct odbc_parameters *odbc_parameters_bind(const struct odbc_connection *connection, SQLHSTMT statement,
                                             const char *what, const struct odbc_value *values, size_t count,
                                             struct odbc_error *error)
{
    struct odbc_parameters *parameters =
        calloc(1, sizeof *parameters + count * sizeof parameters->parameters[0]);
    if (parameters == NULL) {
        odbc_error_plain(error, "out of memory");
        return NULL;
    }
    parameters->count = count;
    for (size_t i = 0; i < count; i++) {
        struct parameter *parameter = &parameters->parameters[i];
        SQLUSMALLINT number = (SQLUSMALLINT)(i + 1);
        const char *reason;
        if (convert(parameter, &values[i], &reason) != 0) {
            odbc_error_plain(error, "%s: %s", what, reason);
            odbc_parameters_free(parameters);
            return NULL;
        }
        SQLRETURN code = values[i].type == ODBC_INTEGER
                             ? bind_integer(statement, number, parameter, values[i].integer)
                         : values[i].type == ODBC_TEXT ? bind_text(statement, number, parameter)
                                                       : bind_instant(statement, number, parameter);
        if (!SQL_SUCCEEDED(code)) {
            odbc_diagnose(connection, ODBC_STAGE_QUERY, what, 0, SQL_HANDLE_STMT, statement, error);
            odbc_parameters_free(parameters);
            return NULL;
        }
    }
    return parameters;
}

void odbc_parameters_free(struct odbc_parameters *parameters)
{
    if (parameters == NULL)
        return;
    for (size_t i = 0; i < parameters->count; i++)
        free(parameters->parameters[i].units);
    free(parameters);
}
