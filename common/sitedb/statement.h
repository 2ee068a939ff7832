/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_STATEMENT_H
#define SMS_SITEDB_STATEMENT_H

#include "base/stringlist.h"
#include "base/text.h"
#include "odbc/odbc.h"

/* A statement while it is put together: its text and its bound parameters, in step. Start with {0}. */
struct statement {
    struct text sql;
    struct odbc_value *parameters; /* owned */
    size_t count;
    bool failed; /* out of memory */
};

/** Append SQL. @param sql  a literal of the program, never text from elsewhere */
void statement_text(struct statement *statement, const char *sql);

/** Append `?` and bind a text to it. @param value  borrowed until the statement has run */
void statement_bind(struct statement *statement, const char *value);

/** Append `?` and bind an integer to it, or NULL. */
void statement_bind_integer(struct statement *statement, bool known, int64_t value);

/** Append `?` and bind a date to it. @param value  seconds since 1970, as if the stored clock were UTC */
void statement_bind_instant(struct statement *statement, int64_t value);

/** Append a comparison: later than this second. The server stores fractions and the program reads whole seconds, so all
 * that happened within the second of `since` is not later: else a thousand rows of one second were read in every run. */
void statement_later(struct statement *statement, int64_t since);

/**
 * Append the statement as a person would type it, its values in place of the `?`. For display only: what runs
 * has its values bound. The statement's own text must hold no `?` in quotes.
 *
 * @param unicode  texts as N'...'
 */
void statement_show(const struct statement *statement, bool unicode, struct text *shown);

/** Append " AND column IN (?, ...)" and " AND column NOT IN (?, ...)" for lists that are not empty. */
void statement_filter(struct statement *statement, const char *column, const struct string_list *include,
                      const struct string_list *exclude);

void statement_free(struct statement *statement);

#endif
