// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/mark.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

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
    char head[LOG_FINGERPRINT_BYTES];
    size_t length = at_most_fingerprint(offset > 0 ? offset : log->facts.size_bytes);
    bool short_read;
    *mark = (struct log_mark){.offset = offset,
                              .size_bytes = log->facts.size_bytes,
                              .mtime = log->facts.mtime,
                              .inode = log->facts.inode,
                              .head_length = (int64_t)length};
    int64_t got = bytefile_read_at(log->file, 0, head, length, failure);
    if (got < 0 || tail_fingerprint(log, offset, &mark->tail_fingerprint, &short_read, failure) != 0)
        return -1;
    mark->head_fingerprint = log_fingerprint(head, (size_t)got);
    return (size_t)got < length || short_read;
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
