/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_STORE_H
#define SMS_REPLICATION_STORE_H

#include "base/failure.h"
#include "logs/source.h"
#include "replication/conditions.h"
#include "state/statefile.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What check_sms_despool remembers, in the state file's open transaction: for every log the position and the
 * parser's state, and the conditions. Nothing is kept before statefile_commit, so positions and conditions
 * are always of the same run. Rows that did not change are not written.
 */

extern const struct statefile_schema logmemory_schema;

/* Lines of text to a row; see store_conditions.c. */
#define LOGMEMORY_CONDITIONS_A_ROW 32
#define LOGMEMORY_VERSIONS_A_ROW   256

/* Of one log. */
struct logmemory_log {
    struct log_position position;
    void *parser; /* owned (logmemory_log_free): the parser's own bytes, opaque here; NULL when none */
    size_t parser_length;
};

/**
 * @param log          the location as the user gave it: what is watched
 * @param[out] memory  all zero when there is nothing
 * @return 1 found, 0 never read, -1 with the operator's text
 */
int logmemory_load_log(struct statefile *file, const char *log, struct logmemory_log *memory,
                       struct failure *failure);

/** Insert or replace. @return 0 or -1 */
int logmemory_store_log(struct statefile *file, const char *log, const struct logmemory_log *memory,
                        struct failure *failure);

void logmemory_log_free(struct logmemory_log *memory);

/** Remember which site's logs these are, for checks that tell one story of the site. @return 0 or -1 */
int logmemory_store_site(struct statefile *file, const char *code, struct failure *failure);

/**
 * Put what earlier runs stored into a set that conditions_init began: items, stored versions, stored_lines,
 * stored_since_s, newest_s, written_s.
 *
 * @return 0, or -1 with the operator's text (unreadable, or rows that make no sense); the set is then to be
 * freed
 */
int logmemory_load_conditions(struct statefile *file, struct conditions *set, struct failure *failure);

/** Make the tables say what the set says. @return 0 or -1 */
int logmemory_store_conditions(struct statefile *file, const struct conditions *set, struct failure *failure);

#endif
