// SPDX-License-Identifier: GPL-3.0-or-later
#include "logset.h"

#include "clean.h"
#include "logclock.h"
#include "logmemory.h"
#include "logmerge.h"
#include "logrecord.h"
#include "replication.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the parser hands to the next run, stored as bytes beside the position. */
struct parser_state {
    uint32_t size; /* of this struct: another build's bytes are not taken */
    struct log_encoding encoding;
    struct log_progress progress;
    struct log_clock clock; /* by which `progress` and newest_s were read */
    bool local;             /* its stamps are local time */
    int64_t newest_s;
    struct replication_ties ties;
};

/* One log while it is read. */
struct reading {
    struct logset_log *log;
    const struct logset_options *options;
    struct bytestore *store;
    struct log_merge *merge;
    int index;
    struct log_source *source;
    const struct log_segment *segment; /* NULL: between segments */
    struct log_reader *reader;
    struct parser_state parser;
    struct log_clock clock;
    bool clock_failed, out_of_memory;
    bool started;  /* the first bytes of the log were looked at */
    bool ended;
};

/* ---- one record */

static bool know_clock(struct reading *reading, const struct log_stamp *stamp)
{
    if (!log_clock_lacks(&reading->clock, stamp))
        return true;
    if (!reading->clock_failed &&
        log_clock_measure(&reading->clock, reading->store, reading->segment->location, reading->segment->mtime,
                          log_reader_encoding(reading->reader), &reading->log->failure) == 0)
        return true;
    reading->clock_failed = true;
    return false;
}

static void hear(void *listener, const struct log_record *record)
{
    struct reading *reading = listener;
    struct replication_event event;
    if (!know_clock(reading, &record->stamp))
        return;
    reading->parser.local = reading->parser.local || !record->stamp.utc;
    int64_t time_s = log_clock_utc(&reading->clock, record->stamp.ms, record->stamp.utc);
    if (replication_read(&reading->parser.ties, record, time_s, &event) &&
        log_merge_add(reading->merge, reading->index, &event) != 0)
        reading->out_of_memory = true;
}

/* ---- one block */

static int fail_log(struct reading *reading)
{
    reading->log->failed = true;
    reading->ended = true;
    log_merge_ended(reading->merge, reading->index);
    return 0;
}

/* How far the log has come; the newest minute is kept over runs, for a run that finds nothing new. */
static void note_newest(struct reading *reading)
{
    struct log_stamp last, newest;
    if (!log_reader_last(reading->reader, &last, &newest) || !know_clock(reading, &newest))
        return;
    reading->parser.local = reading->parser.local || !newest.utc;
    int64_t newest_s = log_clock_utc(&reading->clock, newest.ms, newest.utc);
    if (newest_s > reading->parser.newest_s)
        reading->parser.newest_s = newest_s;
    log_merge_reached(reading->merge, reading->index, reading->parser.newest_s);
}

static int begin_segment(struct reading *reading)
{
    struct failure *failure = &reading->log->failure;
    int more = log_source_next(reading->source, &reading->segment, failure);
    if (more <= 0) {
        reading->segment = NULL;
        reading->ended = true;
        log_merge_ended(reading->merge, reading->index);
        return more < 0 ? fail_log(reading) : 0;
    }
    if (reading->segment->offset == 0) {
        reading->parser.encoding = reading->options->encoding;
        reading->clock = (struct log_clock){.by_zone = reading->clock.by_zone}; /* another file, another time */
    }
    if (!reading->segment->continues)
        reading->parser.ties = (struct replication_ties){0};
    struct log_reader_options options = {.components = replication_components,
                                         .component_count = REPLICATION_COMPONENTS,
                                         .relevant = replication_relevant,
                                         .encoding = reading->parser.encoding};
    reading->reader = log_reader_new(&options, reading->segment->offset, &reading->parser.progress, failure);
    return reading->reader != NULL ? 0 : fail_log(reading);
}

static int end_segment(struct reading *reading)
{
    if (reading->segment->final && log_reader_finish(reading->reader, hear, reading) != 0)
        reading->out_of_memory = true;
    note_newest(reading);
    log_source_consumed(reading->source, log_reader_position(reading->reader));
    reading->parser.encoding = *log_reader_encoding(reading->reader);
    log_reader_free(reading->reader);
    reading->reader = NULL;
    reading->segment = NULL;
    return 0;
}

static void keep_beginning(struct reading *reading, const char *bytes, size_t length)
{
    if (reading->started)
        return;
    reading->started = true;
    char head[97];
    snprintf(head, sizeof head, "%.*s", (int)(length < 96 ? length : 96), bytes);
    struct text clean = {0};
    text_add_clean(&clean, head, sizeof reading->log->beginning - 1);
    snprintf(reading->log->beginning, sizeof reading->log->beginning, "%s", text_string(&clean));
    text_free(&clean);
}

/* The byte budget ended inside one long line: without more the next run would stand at the same place. */
static bool go_on(struct reading *reading)
{
    return !reading->segment->final && log_reader_position(reading->reader) <= reading->segment->offset &&
           log_source_status(reading->source)->catching_up && log_source_extend(reading->source, LOG_BUFFER_BYTES) > 0;
}

/* Read a block, so that the logs can be read in turns. */
static int read_block(struct reading *reading, char *buffer, struct logset *set)
{
    if (reading->segment == NULL)
        return begin_segment(reading);
    int64_t got = log_source_read(reading->source, buffer, LOG_BUFFER_BYTES, &reading->log->failure);
    if (got < 0)
        return fail_log(reading);
    if (got == 0)
        return go_on(reading) ? 0 : end_segment(reading);
    keep_beginning(reading, buffer, (size_t)got);
    int64_t lines = log_reader_counts(reading->reader).lines;
    if (log_reader_push(reading->reader, buffer, (size_t)got, hear, reading) != 0)
        reading->out_of_memory = true;
    set->lines += log_reader_counts(reading->reader).lines - lines;
    set->bytes += got;
    note_newest(reading);
    if (reading->clock_failed)
        return fail_log(reading);
    return 0;
}

/* ---- the set */

static int load(struct reading *reading, struct statefile *state, struct logmemory_log *memory, struct failure *failure)
{
    int found = logmemory_load_log(state, reading->log->location, memory, failure);
    if (found < 0)
        return -1;
    if (memory->parser != NULL && memory->parser_length == sizeof reading->parser)
        memcpy(&reading->parser, memory->parser, sizeof reading->parser);
    if (reading->parser.size != sizeof reading->parser)
        reading->parser = (struct parser_state){.size = sizeof reading->parser, .encoding = reading->options->encoding};
    reading->clock = reading->parser.clock;
    reading->clock.by_zone = false;
    return reading->options->timezone == NULL
               ? 0
               : log_clock_use_zone(&reading->clock, reading->options->timezone, failure);
}

static int open_log(struct reading *reading, struct statefile *state, const struct trace *trace, struct failure *failure)
{
    struct logmemory_log memory = {0};
    if (load(reading, state, &memory, failure) != 0) {
        logmemory_log_free(&memory);
        return -1;
    }
    int64_t budget = reading->options->max_bytes / (int64_t)reading->options->count;
    reading->source = log_source_open(reading->store, reading->log->location, &memory.position, budget > 0 ? budget : 1, trace,
                                      &reading->log->failure);
    logmemory_log_free(&memory);
    return reading->source != NULL ? 0 : fail_log(reading);
}

/* @return 0; 1 when the log was rotated under the reader; -1 */
static int store_log(struct reading *reading, struct statefile *state, struct failure *failure)
{
    struct logmemory_log memory = {.parser = &reading->parser, .parser_length = sizeof reading->parser};
    enum log_outcome outcome = log_source_position(reading->source, &memory.position, failure);
    if (outcome != LOG_POSITION_READY)
        return outcome == LOG_POSITION_CHANGED ? 1 : -1;
    reading->parser.clock = reading->clock;
    return logmemory_store_log(state, reading->log->location, &memory, failure);
}

static void describe_log(struct reading *reading, struct logset *set)
{
    struct logset_log *log = reading->log;
    log->newest_s = reading->parser.newest_s;
    log->shifted = reading->parser.local && !reading->clock.by_zone && reading->clock.measured;
    log->offset_s = reading->clock.offset_s;
    snprintf(log->encoding, sizeof log->encoding, "%s", reading->parser.encoding.name);
    if (reading->source != NULL)
        log->status = *log_source_status(reading->source);
    if (log->newest_s > set->newest_s)
        set->newest_s = log->newest_s;
}

static void close_reading(struct reading *reading)
{
    log_reader_free(reading->reader);
    log_source_close(reading->source);
}

static int read_in_turns(struct logset *set, struct reading *readings, struct log_merge *merge, char *buffer,
                         struct failure *failure)
{
    for (int next; (next = log_merge_next(merge)) >= 0;) {
        read_block(&readings[next], buffer, set);
        if (readings[next].out_of_memory || set->conditions.failed)
            return fail(failure, "out of memory while reading %s", readings[next].log->location);
    }
    return log_merge_flush(merge) == 0 ? 0 : fail(failure, "out of memory");
}

/* The conditions move by each log's own clock, which stands still while a log is not written. */
static void settle(struct logset *set, const struct reading *reading)
{
    struct log_progress progress = reading->parser.progress;
    conditions_settle(&set->conditions, reading->parser.newest_s, &progress);
}

static int read_once(struct logset *set, const struct logset_options *options, struct reading *readings,
                     struct log_merge *merge, char *buffer, struct statefile *state, const struct trace *trace,
                     struct failure *failure)
{
    for (size_t i = 0; i < options->count; i++)
        if (open_log(&readings[i], state, trace, failure) != 0)
            return -1;
    if (read_in_turns(set, readings, merge, buffer, failure) != 0)
        return -1;
    for (size_t i = 0; i < options->count; i++) {
        if (readings[i].log->failed)
            continue;
        settle(set, &readings[i]);
        int stored = store_log(&readings[i], state, failure);
        if (stored != 0)
            return stored;
    }
    for (size_t i = 0; i < options->count; i++)
        describe_log(&readings[i], set);
    return logset_store(set, state, failure);
}

static int prepare(struct logset *set, const struct logset_options *options, struct bytestore *store,
                   struct reading *readings, struct log_merge **merge, struct statefile *state, struct failure *failure)
{
    conditions_free(&set->conditions);
    conditions_init(&set->conditions, options->forget_s);
    set->lines = set->bytes = set->newest_s = 0;
    if (logmemory_load_conditions(state, &set->conditions, failure) != 0)
        return -1;
    *merge = log_merge_new(&set->conditions, (int)options->count);
    if (*merge == NULL)
        return fail(failure, "out of memory");
    for (size_t i = 0; i < options->count; i++) {
        set->logs[i] = (struct logset_log){.location = options->logs[i]};
        readings[i] = (struct reading){
            .log = &set->logs[i], .options = options, .store = store, .merge = *merge, .index = (int)i};
    }
    return 0;
}

int logset_read(struct logset *set, const struct logset_options *options, struct bytestore *store,
                struct statefile *state, const struct trace *trace, struct failure *failure)
{
    enum { TRIES = 3 };
    *set = (struct logset){.count = options->count};
    set->logs = calloc(options->count + 1, sizeof *set->logs);
    struct reading *readings = calloc(options->count + 1, sizeof *readings);
    char *buffer = malloc(LOG_BUFFER_BYTES);
    int result = 1;
    if (set->logs == NULL || readings == NULL || buffer == NULL)
        result = fail(failure, "out of memory");
    for (int try = 0; try < TRIES && result == 1; try++) {
        struct log_merge *merge = NULL;
        result = prepare(set, options, store, readings, &merge, state, failure);
        if (result == 0)
            result = read_once(set, options, readings, merge, buffer, state, trace, failure);
        for (size_t i = 0; i < options->count && merge != NULL; i++)
            close_reading(&readings[i]);
        log_merge_free(merge);
    }
    if (result == 1)
        result = fail(failure, "the logs were rotated again and again while they were read: look whether their component writes "
                               "far more than usual");
    free(buffer);
    free(readings);
    return result;
}

int logset_store(const struct logset *set, struct statefile *state, struct failure *failure)
{
    return logmemory_store_conditions(state, &set->conditions, failure);
}

void logset_free(struct logset *set)
{
    conditions_free(&set->conditions);
    free(set->logs);
    *set = (struct logset){0};
}
