// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/rotation.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- one file, and a place in it */

static uint64_t log_fingerprint(const void *bytes, size_t length)
{
    return hash_end(hash_add(HASH_START, bytes, length));
}

static size_t at_most_fingerprint(int64_t length)
{
    return length < LOG_FINGERPRINT_BYTES ? (size_t)length : LOG_FINGERPRINT_BYTES;
}

int log_file_open(struct bytestore *store, const char *location, struct log_file *log, bool *missing,
                  struct failure *failure)
{
    memset(log, 0, sizeof *log);
    log->file = bytestore_find(store, location, &log->location, missing, failure);
    if (log->file == NULL)
        return -1;
    int64_t got = -1;
    if (bytefile_facts(log->file, &log->facts, failure) == 0)
        got = bytefile_read_at(log->file, 0, log->head, at_most_fingerprint(log->facts.size_bytes), failure);
    if (got < 0) {
        log_file_close(log);
        return -1;
    }
    log->head_length = (size_t)got;
    return 0;
}

void log_file_close(struct log_file *log)
{
    bytefile_close(log->file);
    free(log->location);
    *log = (struct log_file){0};
}

/* Fingerprint of the last bytes before the offset; `short_read` tells that the file has no longer so many. */
static int tail_fingerprint(const struct log_file *log, int64_t offset, uint64_t *fingerprint,
                            bool *short_read, struct failure *failure)
{
    char tail[LOG_FINGERPRINT_BYTES];
    size_t length = at_most_fingerprint(offset);
    int64_t got = bytefile_read_at(log->file, offset - (int64_t)length, tail, length, failure);
    if (got < 0)
        return -1;
    *short_read = (size_t)got < length;
    *fingerprint = log_fingerprint(tail, (size_t)got);
    return 0;
}

int log_mark_matches(const struct log_file *log, const struct log_mark *mark, struct failure *failure)
{
    size_t length = at_most_fingerprint(mark->head_length);
    if (mark->head_length <= 0 || log->facts.size_bytes < mark->offset || log->head_length < length ||
        log_fingerprint(log->head, length) != mark->head_fingerprint)
        return 0;
    if (mark->offset <= LOG_FINGERPRINT_BYTES)
        return 1;
    uint64_t fingerprint;
    bool short_read;
    if (tail_fingerprint(log, mark->offset, &fingerprint, &short_read, failure) != 0)
        return -1;
    return !short_read && fingerprint == mark->tail_fingerprint;
}

int log_mark_make(const struct log_file *log, int64_t offset, struct log_mark *mark, struct failure *failure)
{
    size_t length = at_most_fingerprint(offset > 0 ? offset : log->facts.size_bytes);
    if (length > log->head_length)
        return 1;
    bool short_read;
    *mark = (struct log_mark){.offset = offset,
                              .size_bytes = log->facts.size_bytes,
                              .mtime = log->facts.mtime,
                              .inode = log->facts.inode,
                              .head_length = (int64_t)length,
                              .head_fingerprint = log_fingerprint(log->head, length)};
    if (tail_fingerprint(log, offset, &mark->tail_fingerprint, &short_read, failure) != 0)
        return -1;
    return short_read;
}

int log_file_unchanged(const struct log_file *log, struct failure *failure)
{
    char head[LOG_FINGERPRINT_BYTES];
    int64_t got = bytefile_read_at(log->file, 0, head, log->head_length, failure);
    if (got < 0)
        return -1;
    return (size_t)got == log->head_length && memcmp(head, log->head, log->head_length) == 0;
}

int log_file_is_beginning(const struct log_file *old, const struct log_file *log, struct failure *failure)
{
    if (old->facts.inode != 0 && old->facts.inode == log->facts.inode)
        return 1;
    if (old->facts.size_bytes == 0 || old->facts.size_bytes > log->facts.size_bytes ||
        old->head_length > log->head_length || memcmp(old->head, log->head, old->head_length) != 0)
        return 0;
    uint64_t old_tail, tail;
    bool short_read, old_short_read;
    if (tail_fingerprint(old, old->facts.size_bytes, &old_tail, &old_short_read, failure) != 0 ||
        tail_fingerprint(log, old->facts.size_bytes, &tail, &short_read, failure) != 0)
        return -1;
    return !short_read && !old_short_read && old_tail == tail;
}

/* ---- X.log and X.lo_ */

enum {
    OPEN_ATTEMPTS = 4,
    RETRY_MS = 40 /* a rename is over in less; a long copy is not waited for */
};

/* X.log -> X.lo_, X.LOG -> X.LO_; owned; NULL when the name ends otherwise. */
static char *old_location(const char *location)
{
    size_t length = strlen(location);
    if (length < 4 || strcasecmp(location + length - 4, ".log") != 0)
        return NULL;
    char *old = strdup(location);
    if (old != NULL)
        old[length - 1] = '_';
    return old;
}

/* The doubt that content alone cannot settle: a young file whose few bytes are those of its predecessor. */
static bool is_doubtful(const struct log_file *log, const struct log_mark *at)
{
    return log->facts.size_bytes < at->size_bytes ||
           (at->inode != 0 && log->facts.inode != 0 && log->facts.inode != at->inode);
}

static bool is_rather_old(const struct log_pair *pair, const struct log_mark *at)
{
    return pair->log.facts.size_bytes < at->size_bytes ||
           (at->inode != 0 && pair->old.facts.inode == at->inode && pair->log.facts.inode != at->inode);
}

/* Did X.log become shorter since it was opened? @return 1, 0, -1 */
static int shrank(const struct log_file *log, struct failure *failure)
{
    struct bytefile_facts now;
    if (bytefile_facts(log->file, &now, failure) != 0)
        return -1;
    return now.size_bytes < log->facts.size_bytes;
}

/* @return 1 opened, 0 missing, -1 */
static int open_old(struct bytestore *store, const char *location, struct log_file *old,
                    struct failure *failure)
{
    char *name = old_location(location);
    if (name == NULL)
        return 0;
    bool missing = false;
    struct failure trouble = {.text = ""};
    int result = log_file_open(store, name, old, &missing, &trouble);
    free(name);
    if (result == 0)
        return 1;
    return missing ? 0 : fail(failure, "%s", trouble.text);
}

/* With both files open. @return 0; 1 when another try may see the end of a rotation; -1 */
static int judge_pair(struct log_pair *pair, const struct log_mark *at, struct failure *failure)
{
    int in_old = log_mark_matches(&pair->old, at, failure);
    int beginning = log_file_is_beginning(&pair->old, &pair->log, failure);
    int shorter = shrank(&pair->log, failure);
    if (in_old < 0 || beginning < 0 || shorter < 0)
        return -1;
    if (beginning == 1 && shorter == 0) {
        /* X.log was opened before it was renamed, or is being copied: it has all that X.lo_ has. */
        log_file_close(&pair->old);
        return pair->place == LOG_PLACE_LOG ? 0 : 1;
    }
    if (in_old == 1 && (pair->place != LOG_PLACE_LOG || is_rather_old(pair, at)))
        pair->place = LOG_PLACE_OLD;
    return shorter;
}

/* ---- X-YYYYMMDD-HHMMSS.log */

/* Only the last one opened is needed: those before it are of earlier runs. */
static void keep_last_dated(struct log_pair *pair)
{
    const struct log_file last = pair->dated[--pair->dated_count];
    while (pair->dated_count > 0)
        log_file_close(&pair->dated[--pair->dated_count]);
    pair->dated[pair->dated_count++] = last;
}

/* The oldest first, up to one that X.log was when it was opened, or is being copied to. @return 0 or -1 */
static int open_each(struct bytestore *store, const struct log_dated *dated, const struct log_mark *at,
                     struct log_pair *pair, struct failure *failure)
{
    for (size_t i = 0; i < dated->count; i++) {
        bool missing = false;
        struct log_file *file = &pair->dated[pair->dated_count];
        if (log_file_open(store, dated->locations[i], file, &missing, failure) != 0) {
            if (missing) /* deleted since it was listed */
                continue;
            return -1;
        }
        pair->dated_count++;
        const int same = pair->log.file != NULL ? log_file_is_beginning(file, &pair->log, failure) : 0;
        if (same == 1)
            log_file_close(&pair->dated[--pair->dated_count]);
        if (same != 0)
            return same < 0 ? -1 : 0;
        const int found = pair->place == LOG_PLACE_DATED ? 0 : log_mark_matches(file, at, failure);
        if (found < 0)
            return -1;
        if (found == 1) {
            pair->place = LOG_PLACE_DATED;
            keep_last_dated(pair);
        }
    }
    return 0;
}

/* Which of them may hold something new: a first run takes the newest, if that is not older than X.lo_ and no archive of
 * another time: what it tells of a base would never be forgotten. */
static int open_dated(struct bytestore *store, const char *location, const struct log_mark *at,
                      struct log_pair *pair, struct failure *failure)
{
    enum { TIMES_DIFFER_S = 60 /* file systems round them */, ARCHIVED_S = 14 * 24 * 3600 };
    const bool first_run = at->head_length == 0;
    int64_t since = at->mtime - TIMES_DIFFER_S;
    if (first_run) {
        since = pair->log.file != NULL ? pair->log.facts.mtime - ARCHIVED_S : INT64_MIN;
        if (pair->old.file != NULL && pair->old.facts.mtime > since)
            since = pair->old.facts.mtime;
    }
    struct log_dated dated;
    int result = log_dated_find(store, location, since, first_run ? 1 : LOG_DATED_MOST, &dated, failure);
    if (result == 0)
        result = open_each(store, &dated, at, pair, failure);
    log_dated_free(&dated);
    return result;
}

/* Neither X.log nor X.lo_ holds the position. A folder that cannot be listed is as one that holds no other files. */
static void look_for_dated(struct bytestore *store, const char *location, const struct log_mark *at,
                           const struct trace *trace, struct log_pair *pair)
{
    struct failure trouble = {.text = ""};
    if (open_dated(store, location, at, pair, &trouble) == 0)
        return;
    trace_note(trace, 1, "%s: older files are not read: %s", location, trouble.text);
    while (pair->dated_count > 0)
        log_file_close(&pair->dated[--pair->dated_count]);
    pair->place = LOG_PLACE_NOWHERE;
}

/* ---- all of them */

/* X.log and X.lo_. @return as judge_pair; -1 with `missing`: neither is there */
static int open_two(struct bytestore *store, const char *location, const struct log_mark *at,
                    struct log_pair *pair, bool *missing, struct failure *failure)
{
    *missing = false;
    if (log_file_open(store, location, &pair->log, missing, failure) != 0 && !*missing)
        return -1;
    if (pair->log.file != NULL) {
        int found = log_mark_matches(&pair->log, at, failure);
        if (found < 0)
            return -1;
        pair->place = found == 1 ? LOG_PLACE_LOG : LOG_PLACE_NOWHERE;
        if (found == 1 && !is_doubtful(&pair->log, at))
            return 0;
    }
    int opened = open_old(store, *missing ? location : pair->log.location, &pair->old, failure);
    if (opened <= 0) {
        *missing = *missing && opened == 0;
        return opened < 0 || *missing ? -1 : 0; /* the failure is that of X.log */
    }
    if (!*missing)
        return judge_pair(pair, at, failure);
    *missing = false;
    int found = log_mark_matches(&pair->old, at, failure);
    pair->place = found == 1 ? LOG_PLACE_OLD : LOG_PLACE_NOWHERE;
    return found < 0 ? -1 : 1;
}

static int open_once(struct bytestore *store, const char *location, const struct log_mark *at,
                     const struct trace *trace, struct log_pair *pair, struct failure *failure)
{
    memset(pair, 0, sizeof *pair);
    bool missing;
    const int result = open_two(store, location, at, pair, &missing, failure);
    if ((result < 0 && (!missing || at->head_length == 0)) || pair->place != LOG_PLACE_NOWHERE)
        return result;
    look_for_dated(store, pair->log.file != NULL ? pair->log.location : location, at, trace, pair);
    return missing && pair->place == LOG_PLACE_DATED ? 1 : result;
}

int log_pair_open(struct bytestore *store, const char *location, const struct log_mark *at,
                  const struct trace *trace, struct log_pair *pair, struct failure *failure)
{
    for (int attempt = 1;; attempt++) {
        int result = open_once(store, location, at, trace, pair, failure);
        if (result <= 0)
            return result;
        if (attempt == OPEN_ATTEMPTS)
            return 0;
        log_pair_close(pair);
        trace_note(trace, 2, "%s: a rotation is under way, looking again", location);
        nanosleep(&(struct timespec){.tv_nsec = RETRY_MS * 1000000L}, NULL);
    }
}

void log_pair_close(struct log_pair *pair)
{
    log_file_close(&pair->log);
    log_file_close(&pair->old);
    while (pair->dated_count > 0)
        log_file_close(&pair->dated[--pair->dated_count]);
}
