/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_DATED_H
#define SMS_LOGS_DATED_H

#include "base/failure.h"
#include "files/files.h"

#include <stddef.h>
#include <stdint.h>

/*
 * X-YYYYMMDD-HHMMSS.log beside X.log: "Some components establish a log file history by appending a date and time stamp
 * to the log file name and by keeping the .log extension" (Microsoft, About log files).
 */
enum { LOG_DATED_MOST = 16 /* of one run; LogMaxHistory is 1 where nobody changed it */ };

struct log_dated {
    char *locations[LOG_DATED_MOST]; /* owned; the oldest first, by the date in the name */
    size_t count;
};

/**
 * List them, in one request for the folder, whatever else it holds.
 *
 * @param location    of X.log
 * @param since       only those that were written at this time (UTC seconds) or later
 * @param most        only the newest, at most LOG_DATED_MOST
 * @param[out] dated  log_dated_free it, after a failure too; empty where the name does not end in ".log"
 * @return 0 or -1 with the operator's text
 */
int log_dated_find(struct bytestore *store, const char *location, int64_t since, size_t most,
                   struct log_dated *dated, struct failure *failure);

void log_dated_free(struct log_dated *dated);

#endif
