// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/statement.h"

#include "base/array.h"
#include "base/units.h"

#include <inttypes.h>
#include <stdlib.h>

void statement_text(struct statement *statement, const char *sql)
{
    text_add(&statement->sql, sql);
}

static void bind(struct statement *statement, const struct odbc_value *value)
{
    text_add(&statement->sql, "?");
    struct odbc_value *parameters = array_grow(statement->parameters, statement->count, sizeof *parameters);
    if (parameters == NULL) {
        statement->failed = true;
        return;
    }
    statement->parameters = parameters;
    parameters[statement->count++] = *value;
}

void statement_bind(struct statement *statement, const char *value)
{
    bind(statement, &(struct odbc_value){.type = ODBC_TEXT, .text = value});
}

void statement_bind_integer(struct statement *statement, bool known, int64_t value)
{
    bind(statement, &(struct odbc_value){.type = ODBC_INTEGER, .null = !known, .integer = value});
}

void statement_bind_instant(struct statement *statement, int64_t value)
{
    bind(statement, &(struct odbc_value){.type = ODBC_INSTANT, .integer = value});
}

void statement_later(struct statement *statement, int64_t since)
{
    statement_text(statement, " >= ");
    statement_bind_instant(statement, since + 1);
}

static void show_value(const struct odbc_value *value, bool unicode, struct text *shown)
{
    if (value->null) {
        text_add(shown, "NULL");
    } else if (value->type == ODBC_INTEGER) {
        text_addf(shown, "%" PRId64, value->integer);
    } else if (value->type == ODBC_INSTANT) {
        char instant[32];
        text_addf(shown, "'%.16s'", instant_format(value->integer, instant, sizeof instant));
    } else {
        text_add(shown, unicode ? "N'" : "'");
        for (const char *c = value->text; *c != '\0'; c++)
            text_add_bytes(shown, *c == '\'' ? "''" : c, *c == '\'' ? 2 : 1);
        text_add(shown, "'");
    }
}

void statement_show(const struct statement *statement, bool unicode, struct text *shown)
{
    size_t next = 0;
    for (const char *c = text_string(&statement->sql); *c != '\0'; c++)
        if (*c == '?' && next < statement->count)
            show_value(&statement->parameters[next++], unicode, shown);
        else
            text_add_bytes(shown, c, 1);
}

static void add_list(struct statement *statement, const char *column, const char *operator,
                     const struct string_list * list)
{
    if (list->count == 0)
        return;
    text_addf(&statement->sql, " AND %s %s (", column, operator);
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            statement_text(statement, ", ");
        statement_bind(statement, list->strings[i]);
    }
    statement_text(statement, ")");
}

void statement_filter(struct statement *statement, const char *column, const struct string_list *include,
                      const struct string_list *exclude)
{
    add_list(statement, column, "IN", include);
    add_list(statement, column, "NOT IN", exclude);
}

void statement_free(struct statement *statement)
{
    text_free(&statement->sql);
    free(statement->parameters);
    *statement = (struct statement){0};
}
