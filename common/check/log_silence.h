/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_LOG_SILENCE_H
#define SMS_CHECK_LOG_SILENCE_H

#include "base/status.h"
#include "base/text.h"
#include "items/announce.h"
#include "replication/logset.h"

#include <stdint.h>

/*
 * What the ages of the newest records tell: logs that nobody writes, a component that hangs while the other one writes,
 * dates in the future.
 */
struct log_silence {
    int64_t warning_s, critical_s; /* --silent-warning, --silent-critical; 0 switched off */
    int64_t age_s;                 /* of the newest record; 0 without any, or when it lies in the future */
    int64_t future_s; /* how far it lies in the future, beyond what clocks may differ by; else 0 */
    enum status logs; /* what its age means */
    enum status hang; /* of a component that has stopped while the other one writes; STATUS_OK: none has */
    enum replication_component component; /* that one */
    int64_t
        behind_s; /* age of the last record that was read of a log that is still being caught up with; 0: of none */
    int64_t hang_s;   /* age of its newest record */
    struct text line; /* its last line, cleaned; owned; empty where it is not known */
    enum status
        told; /* what logs and hang mean to the service: with --new nothing once the team knows of it */
};

/**
 * Judge, by the thresholds that are set.
 *
 * @param store          to read the last line of a component that hangs
 * @param announcements  opened by the caller
 * @param now            UTC seconds
 */
void log_silence_judge(struct log_silence *silence, const struct logset *set, struct bytestore *store,
                       struct announcements *announcements, int64_t now);

void log_silence_free(struct log_silence *silence);

#endif
