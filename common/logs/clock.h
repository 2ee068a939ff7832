/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_CLOCK_H
#define SMS_LOGS_CLOCK_H

#include "base/failure.h"
#include "files/files.h"
#include "logs/encoding.h"
#include "logs/stamp.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * From a stamp to UTC. A stamp with an offset carries its own answer; one with a zone's name or nothing is
 * the server's local time, and the name cannot be trusted (KB Q303279). Then either --timezone decides, or
 * the file itself: its modification time minus its last stamp, rounded to 15 minutes, is the zone's offset.
 */
struct log_clock {
    bool by_zone;                      /* --timezone was given and set by log_clock_use_zone */
    bool measured;                     /* offset_s is the file's */
    int64_t offset_s;                  /* local time minus UTC */
    int64_t quarter, quarter_offset_s; /* by_zone: the quarter of an hour that was converted last; 0 none */
};

/**
 * Make this process read local times by an IANA zone ("Europe/Berlin").
 *
 * @return 0, or -1: there is no such zone on this machine (Debian's package tzdata)
 */
int log_clock_use_zone(struct log_clock *clock, const char *zone, struct failure *failure);

/**
 * Measure a file's offset from its last record and its modification time.
 *
 * @param mtime  of the file, UTC seconds
 * @return 0; -1 with a text that asks for --timezone, when the two do not fit together
 */
int log_clock_measure(struct log_clock *clock, struct bytestore *store, const char *location, int64_t mtime,
                      const struct log_encoding *encoding, struct failure *failure);

/** @return whether a stamp needs a zone or a measured offset that the clock does not have yet */
bool log_clock_lacks(const struct log_clock *clock, const struct log_stamp *stamp);

/** @return UTC seconds of a stamp's milliseconds; the clock must not lack what they need */
int64_t log_clock_utc(struct log_clock *clock, int64_t ms, bool utc);

#endif
