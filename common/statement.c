// SPDX-License-Identifier: GPL-3.0-or-later
#include "statement.h"

#include <stdlib.h>

void statement_text(struct statement *statement, const char *sql)
{
    text_add(&statement->sql, sql);
}

void statement_bind(struct statement *statement, const char *value)
{
    text_add(&statement->sql, "?");
    if (statement->count % 32 == 0) {
        struct odbc_value *more = realloc(statement->parameters, (statement->count + 32) * sizeof *more);
        if (more == NULL) {
            statement->failed = true;
            return;
        }
        statement->parameters = more;
    }
    statement->parameters[statement->count++] = (struct odbc_value){.type = ODBC_TEXT, .text = value};
}

static void add_list(struct statement *statement, const char *column, const char *operator,
                     const struct string_list *list)
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
