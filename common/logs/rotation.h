/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_ROTATION_H
#define SMS_LOGS_ROTATION_H

#include "logs/mark.h"

/*
 * X.log and X.lo_, opened so that they belong together although the component may rotate at any moment, and
 * the answer to where the last run's position lies.
 */
enum log_place {
    LOG_PLACE_NOWHERE, /* first run, or the content is gone */
    LOG_PLACE_LOG,     /* in X.log; X.lo_ was perhaps not even looked for */
    LOG_PLACE_OLD      /* in X.lo_ */
};

struct log_pair {
    struct log_file log; /* `file` NULL: missing */
    struct log_file old; /* `file` NULL: missing, not needed, or still a copy of X.log's beginning */
    enum log_place place;
};

/**
 * Open what a run needs, waiting up to 120 ms for a rotation to end that is under way.
 *
 * @param at         position.at of the last run
 * @param[out] pair  log_pair_close it, after a failure too
 * @return 0; -1 when neither file is there, or one cannot be read
 */
int log_pair_open(struct bytestore *store, const char *location, const struct log_mark *at,
                  const struct trace *trace, struct log_pair *pair, struct failure *failure);

void log_pair_close(struct log_pair *pair);

#endif
