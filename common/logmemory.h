/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGMEMORY_H
#define SMS_LOGMEMORY_H

#include "failure.h"
#include "logsource.h"
#include "statefile.h"

#include <stddef.h>
#include <stdint.h>

struct sqlite3;

/*
 * What check_sms_despool remembers, as tables in its state file: for every log the position and the parser's
 * state, and the conditions. All functions work in the transaction of statefile_open; nothing is kept before
 * statefile_commit, so that positions and conditions are always of the same run.
 */

extern const struct statefile_schema logmemory_schema;

/* Of one log. */
struct logmemory_log {
    struct log_position position;
    void *parser; /* owned (logmemory_log_free): the parser's own bytes, opaque here */
    size_t parser_length;
};

/**
 * @param log  the location as the user gave it: what is watched
 * @return 1 found, 0 never read (all zero), -1 with the operator's text
 */
int logmemory_load_log(struct sqlite3 *database, const char *log, struct logmemory_log *memory,
                       struct failure *failure);

/** Store or replace. @return 0 or -1 */
int logmemory_store_log(struct sqlite3 *database, const char *log, const struct logmemory_log *memory,
                        struct failure *failure);

void logmemory_log_free(struct logmemory_log *memory);

#endif
