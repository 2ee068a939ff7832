/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_LOGSET_H
#define SMS_REPLICATION_LOGSET_H

#include "base/failure.h"
#include "base/text.h"
#include "base/trace.h"
#include "files/files.h"
#include "logs/encoding.h"
#include "logs/source.h"
#include "replication/conditions.h"
#include "replication/merge.h"
#include "state/statefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which logs make a set: each once, sorted. */
struct logset_places {
    const char *places[LOG_MERGE_LOGS]; /* owned; absolute paths, and smb:// URLs as they were given */
    size_t count;
};

/**
 * Find the set that is meant, in whatever order and however relative to the working directory it is given.
 *
 * @param count  at most LOG_MERGE_LOGS
 * @return 0 or -1
 */
int logset_places_find(struct logset_places *places, const char *const *given, size_t count,
                       struct failure *failure);

/** Append what the memory of this set is known by. */
void logset_places_identity(const struct logset_places *places, struct text *identity);

void logset_places_free(struct logset_places *places);

/*
 * The logs of one child site as a whole, since the last run: every log is read from its position, in turns by
 * time, its records become events and these move the conditions. Nothing is kept before the caller commits
 * the state file.
 */
struct logset_options {
    const char *const *logs; /* places, at most LOG_MERGE_LOGS; borrowed while the set lives */
    size_t count;
    struct log_encoding encoding;
    const char *timezone; /* AREA/CITY, NULL: each file's own time tells the offset */
    int64_t max_bytes;    /* of this run, over all logs */
    int64_t until_ms;     /* of the monotonic clock: reading must have ended then; 0: no end */
    int64_t forget_s;
};

/* What is known of one log after the run. */
struct logset_log {
    const char *location;     /* its place; borrowed */
    struct log_status status; /* all zero when `failed` */
    char encoding[32];
    int64_t newest_s; /* newest record ever read of it, UTC; 0: none in the grammar */
    bool by_zone;     /* its stamps are local and were read by --timezone */
    bool shifted;     /* its stamps are local and its own time told the offset ... */
    int64_t offset_s; /* ... local time minus UTC */
    bool failed;      /* could not be read in this run */
    struct failure failure;
    int64_t records, undated; /* of this run: complete records, and those whose stamp cannot be read */
    char stamp[96]; /* the first such stamp, cleaned; never of the message, which is nobody's business */
    char beginning
        [128]; /* of a log without a record that looks like one: its first stamp and what stands behind it,
                                 cleaned */
    unsigned components; /* 1 << enum replication_component: whose records it ever held */
    char others[192];    /* of a log that tells nothing of replication: whose records it holds, cleaned */
};

/* How one of the two that tell the story writes, over all logs. */
struct logset_component {
    int64_t newest_s; /* its newest record, UTC; 0: none ever, or a log of it could not be read now */
    int64_t pause_s;  /* its longest pause of two weeks */
    size_t log;       /* that holds its newest record */
};

struct logset {
    struct conditions conditions; /* owned */
    struct logset_log *logs;      /* owned */
    size_t count;
    int64_t newest_s;     /* over all logs, UTC; 0 none */
    int64_t lines, bytes; /* read in this run */
    bool out_of_time;     /* until_ms ended the run before the logs did, not max_bytes */
    struct logset_component component[REPLICATION_STORY_COMPONENTS];
};

/**
 * Load what earlier runs stored, read what is new, settle the conditions at each log's end, and store
 * positions and conditions in the state file's open transaction.
 *
 * A log that fails is as if it had not been given: its position stays, nothing of it is applied. A run that
 * ends at max_bytes or until_ms applies only what no unread record can come before, so that any number of such runs gives
 * the conditions of one.
 *
 * @return 0, also when single logs failed (logs[i].failed); -1 when nothing can be said
 */
int logset_read(struct logset *set, const struct logset_options *options, struct bytestore *store,
                struct statefile *state, const struct trace *trace, struct failure *failure);

/** @return whether nothing can be said of this log: it could not be read, never held a record, none since the last
 * run whose stamp can be read, or is another component's */
bool logset_is_unread(const struct logset_log *log);

/** @return whether records of one of the two that tell the story may never have been read; of the logs that only tell
 * why it costs no alarm */
bool logset_has_lost(const struct logset_log *log);

/** Append the last line that a component wrote, cleaned; nothing where it cannot be read. */
void logset_last_line(const struct logset *set, enum replication_component component, struct bytestore *store,
                      struct text *line);

/** Store the conditions once more, after a change by hand. */
int logset_store(const struct logset *set, struct statefile *state, struct failure *failure);

void logset_free(struct logset *set);

#endif
