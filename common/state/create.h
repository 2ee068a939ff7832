/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_STATE_CREATE_H
#define SMS_STATE_CREATE_H

#include "base/failure.h"
#include "state/statefile.h"

#include <sqlite3.h>
#include <stdint.h>

/* How a new state begins; a part of statefile. */

struct statemake {
    const struct statefile_schema *schema;
    const char *identity;
    int64_t created; /* UTC */
    int64_t lost_at; /* UTC: when the state before this one was lost, 0 never */
};

/** Make the tables and the one row of `state` in an open database, inside the caller's transaction.
 *
 * @return SQLite's result code */
int statemake_tables(sqlite3 *database, const struct statemake *make);

/**
 * Make the state file: under another name until it is whole and synchronised, so that a run that is killed
 * leaves none or a sound one.
 *
 * @return 0, or -1 with the operator's text
 */
int statemake_file(const char *path, const struct statemake *make, struct failure *failure);

#endif
