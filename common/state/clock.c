// SPDX-License-Identifier: GPL-3.0-or-later
/* The part of statefile.h that holds the host's clock against that of the last run. */
#include "state/private.h"

#include <stddef.h>

enum { BEHIND_S = 10 * 60, BEHIND_FOR_S = 3 * 3600 };

static bool has_mark(struct statefile *file)
{
    return sqlite3_table_column_metadata(file->database, NULL, "behind", NULL, NULL, NULL, NULL, NULL,
                                         NULL) == SQLITE_OK;
}

static bool are_near(int64_t a, int64_t b)
{
    return (a > b ? a - b : b - a) <= BEHIND_S;
}

int64_t statefile_stand_still(struct statefile *file, int64_t now, int64_t other)
{
    file->behind_s = 0;
    if (file->last_run - now <= BEHIND_S || are_near(now, other))
        return 0;
    int64_t since = 0;
    if (!has_mark(file) ||
        statefile_integer(file,
                          "SELECT since FROM behind WHERE last_run = "
                          "(SELECT last_run FROM state)",
                          &since) != SQLITE_OK ||
        now < since)
        since = now;
    if (now - since >= BEHIND_FOR_S)
        return 0;
    file->behind_since = since;
    return file->behind_s = file->last_run - now;
}

int statefile_keep_behind(struct statefile *file, struct failure *failure)
{
    if (statefile_execute(file, "ROLLBACK; BEGIN IMMEDIATE; DROP TABLE IF EXISTS behind") != SQLITE_OK)
        return statefile_fail(file, "write", failure);
    if (statefile_table(file, "behind", "(last_run INTEGER NOT NULL, since INTEGER NOT NULL)", failure) != 0)
        return -1;
    sqlite3_stmt *put = statefile_statement(file, "INSERT INTO behind VALUES (?, ?)", failure);
    if (put == NULL)
        return -1;
    sqlite3_bind_int64(put, 1, file->last_run);
    sqlite3_bind_int64(put, 2, file->behind_since);
    return statefile_write(file, put, failure);
}
