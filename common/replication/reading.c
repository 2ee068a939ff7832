// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/reading.h"

#include "base/sanitize.h"
#include "base/text.h"
#include "replication/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- one record */

/* The offset is asked anew in every run that finds something new: it changes with daylight saving. */
static bool know_clock(struct log_reading *reading, const struct log_segment *segment,
                       const struct log_stamp *stamp)
{
    if (stamp->utc || reading->clock.by_zone)
        return true;
    reading->parser.local = true;
    if (reading->clock_asked)
        return !reading->clock_failed;
    reading->clock_asked = true;
    struct log_clock asked = reading->clock;
    struct failure failure;
    if (log_clock_measure(&asked, reading->store, segment->location, segment->mtime,
                          log_reader_encoding(reading->reader), &failure) == 0) {
        reading->clock = asked;
    } else if (!reading->clock.measured) {
        reading->clock_failed = true;
        reading->log->failure = failure;
    }
    return !reading->clock_failed;
}

static int64_t time_of(struct log_reading *reading, const struct log_record *record)
{
    return log_clock_utc(&reading->clock, record->stamp.ms, record->stamp.utc);
}

static void hear(void *listener, const struct log_record *record)
{
    struct log_reading *reading = listener;
    struct replication_event event;
    if (record->watched >= 0 && record->watched < REPLICATION_STORY_COMPONENTS)
        component_pauses_add(&reading->parser.pauses[record->watched],
                             record->before->watched[record->watched].newest_ms, record->stamp.ms);
    if (!know_clock(reading, reading->segment, &record->stamp))
        return;
    const int64_t time_s = time_of(reading, record);
    if (replication_read(&reading->parser.ties, record, time_s, &event))
        reading->told = true;
    else if (!replication_tick(record, time_s, &event))
        return;
    if (log_merge_add(reading->merge, reading->index, &event) != 0)
        reading->out_of_memory = true;
}

/* ---- one block */

static void end(struct log_reading *reading)
{
    if (log_merge_ended(reading->merge, reading->index) != 0)
        reading->out_of_memory = true;
}

static void fail_log(struct log_reading *reading)
{
    reading->log->failed = true;
    end(reading);
}

/* How far the log has come; kept over runs, for a run that finds nothing new. */
static void note_newest(struct log_reading *reading)
{
    struct log_stamp last, newest;
    if (!log_reader_last(reading->reader, &last, &newest) || !know_clock(reading, reading->segment, &newest))
        return;
    int64_t newest_s = log_clock_utc(&reading->clock, newest.ms, newest.utc);
    if (newest_s > reading->parser.newest_s)
        reading->parser.newest_s = newest_s;
    if (log_merge_reached(reading->merge, reading->index, newest_s) != 0)
        reading->out_of_memory = true;
}

static void begin_segment(struct log_reading *reading)
{
    struct failure *failure = &reading->log->failure;
    int more = log_source_next(reading->source, &reading->segment, failure);
    if (more <= 0) {
        reading->segment = NULL;
        if (more < 0)
            fail_log(reading);
        else
            end(reading);
        return;
    }
    reading->given = 0;
    if (reading->segment->offset == 0) {
        reading->parser.encoding = reading->options->encoding;
        reading->clock =
            (struct log_clock){.by_zone = reading->clock.by_zone}; /* another file, another time */
        reading->clock_asked = false;
    }
    if (!reading->segment->continues)
        reading->parser.ties = (struct replication_ties){0};
    struct log_reader_options options = {.components = replication_components,
                                         .component_count = REPLICATION_COMPONENTS,
                                         .encoding = reading->parser.encoding};
    reading->reader = log_reader_new(&options, reading->segment->offset, &reading->parser.progress, failure);
    if (reading->reader == NULL) {
        reading->segment = NULL;
        fail_log(reading);
    }
}

static void copy_clean(const char *bytes, size_t length, char *copy, size_t size)
{
    struct text raw = {0}, clean = {0};
    text_add_bytes(&raw, bytes, length);
    text_add_clean(&clean, text_string(&raw), size - 1);
    snprintf(copy, size, "%s", text_string(&clean));
    text_free(&raw);
    text_free(&clean);
}

static void note_counts(struct log_reading *reading)
{
    struct logset_log *log = reading->log;
    const struct log_counts counts = log_reader_counts(reading->reader);
    const char *stamp = log_reader_undated(reading->reader);
    log->records += counts.records;
    if (log->undated == 0 && counts.undated > 0)
        copy_clean(stamp, strlen(stamp), log->stamp, sizeof log->stamp);
    log->undated += counts.undated;
}

static void leave_segment(struct log_reading *reading)
{
    note_newest(reading);
    note_counts(reading);
    log_source_consumed(reading->source, log_reader_position(reading->reader));
    reading->parser.encoding = *log_reader_encoding(reading->reader);
    log_reader_free(reading->reader);
    reading->reader = NULL;
    reading->segment = NULL;
    if (reading->clock_failed)
        fail_log(reading);
}

/* What stands behind the message in a log whose dates are not known, for a report. Anything else may be a file of
 * credentials, given by mistake, and is not shown. */
static void keep_beginning(struct log_reading *reading, const char *bytes, size_t length)
{
    static const char tail[] = "$$<", tag[] = "<![LOG[", time[] = "]LOG]!>";
    enum { SHOWN = 96 };
    if (reading->began)
        return;
    reading->began = true;
    const char *at = memmem(bytes, length, tail, strlen(tail));
    if (at == NULL && memmem(bytes, length, tag, strlen(tag)) != NULL)
        at = memmem(bytes, length, time, strlen(time));
    if (at == NULL)
        return;
    const char *line_end = memchr(at, '\n', length - (size_t)(at - bytes));
    size_t rest = (size_t)((line_end != NULL ? line_end : bytes + length) - at);
    copy_clean(at, rest < SHOWN ? rest : SHOWN, reading->log->beginning, sizeof reading->log->beginning);
}

static void keep_block(struct log_reading *reading)
{
    reading->block = (struct log_block){.location = reading->segment->location,
                                        .position = log_reader_position(reading->reader),
                                        .encoding = *log_reader_encoding(reading->reader),
                                        .progress = reading->parser.progress,
                                        .ties = reading->parser.ties};
}

int64_t log_reading_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A few requests of 1 KiB for the position, and the last block once more where the merge may hold some of it. */
int64_t log_reading_end_ms(const struct log_reading *reading)
{
    enum { REQUESTS = 4 };
    return reading->least_ms * REQUESTS * LOG_FINGERPRINT_BYTES / LOG_READING_LEAST +
           (reading->keeps_blocks ? reading->block_ms : 0);
}

/* Small blocks first: a link may bring a few hundred bytes a second, and a block that is asked for is waited for. */
static int64_t read_block(struct log_reading *reading, char *buffer)
{
    enum { GROWS_MS = 250, SHRINKS_MS = 1000 };
    if (reading->block_bytes == 0)
        reading->block_bytes = LOG_READING_LEAST;
    if (reading->block_bytes > reading->block_most)
        reading->block_bytes = reading->block_most;
    const int64_t began_ms = log_reading_clock_ms();
    int64_t got = log_source_read(reading->source, buffer, reading->block_bytes, &reading->log->failure);
    reading->block_ms = log_reading_clock_ms() - began_ms;
    if (reading->block_bytes == LOG_READING_LEAST)
        reading->least_ms = reading->block_ms;
    if (reading->block_ms < GROWS_MS)
        reading->block_bytes *= 2;
    else if (reading->block_ms > SHRINKS_MS)
        reading->block_bytes /= 2;
    if (reading->block_bytes < LOG_READING_LEAST)
        reading->block_bytes = LOG_READING_LEAST;
    return got;
}

int64_t log_reading_block(struct log_reading *reading, char *buffer, int64_t *lines)
{
    if (reading->segment == NULL) {
        begin_segment(reading);
        return 0;
    }
    if (reading->keeps_blocks)
        keep_block(reading);
    int64_t got = read_block(reading, buffer);
    if (got < 0) {
        fail_log(reading);
        return 0;
    }
    if (got == 0) {
        if (log_reading_stands(reading) && log_source_status(reading->source)->catching_up &&
            log_source_extend(reading->source, LOG_BUFFER_BYTES) > 0)
            return 0;
        if (reading->segment->final && log_reader_finish(reading->reader, hear, reading) != 0)
            reading->out_of_memory = true;
        leave_segment(reading);
        return 0;
    }
    keep_beginning(reading, buffer, (size_t)got);
    reading->given += got;
    int64_t before = log_reader_counts(reading->reader).lines;
    if (log_reader_push(reading->reader, buffer, (size_t)got, hear, reading) != 0)
        reading->out_of_memory = true;
    *lines += log_reader_counts(reading->reader).lines - before;
    note_newest(reading);
    if (reading->clock_failed)
        fail_log(reading);
    return got;
}

bool log_reading_stands(const struct log_reading *reading)
{
    return reading->segment != NULL && reading->given > 0 &&
           log_reader_position(reading->reader) <= reading->segment->offset;
}

void log_reading_stop(struct log_reading *reading)
{
    if (reading->segment != NULL && !reading->log->failed)
        leave_segment(reading);
}

/* ---- back to an event */

static void hear_again(void *listener, const struct log_record *record)
{
    struct log_reading *reading = listener;
    struct replication_event event;
    (void)replication_read(&reading->parser.ties, record, time_of(reading, record), &event);
}

static int read_again(struct log_reading *reading, struct bytefile *file, struct log_reader *reader,
                      int64_t until, struct failure *failure)
{
    enum { PIECE = 64 * 1024 };
    char *piece = malloc(PIECE);
    if (piece == NULL)
        return fail(failure, "out of memory while reading %s", reading->block.location);
    int result = 0;
    for (int64_t at = reading->block.position; at < until && result == 0;) {
        int64_t got =
            bytefile_read_at(file, at, piece, until - at < PIECE ? (size_t)(until - at) : PIECE, failure);
        if (got > 0 && log_reader_push(reader, piece, (size_t)got, hear_again, reading) == 0)
            at += got;
        else
            result = got < 0 ? -1 : fail(failure, "%s shrank while it was read", reading->block.location);
    }
    if (result == 0 && log_reader_finish(reader, hear_again, reading) != 0)
        result = fail(failure, "out of memory while reading %s", reading->block.location);
    free(piece);
    return result;
}

int log_reading_rewind(struct log_reading *reading, struct failure *failure)
{
    const int64_t held = log_merge_held(reading->merge, reading->index);
    if (held < 0 || reading->log->failed || reading->block.location == NULL)
        return 0;
    bool missing;
    struct bytefile *file = bytestore_open(reading->store, reading->block.location, &missing, failure);
    if (file == NULL)
        return -1;
    reading->parser.ties = reading->block.ties;
    reading->parser.progress = reading->block.progress;
    struct log_reader_options options = {.components = replication_components,
                                         .component_count = REPLICATION_COMPONENTS,
                                         .encoding = reading->block.encoding};
    struct log_reader *reader =
        log_reader_new(&options, reading->block.position, &reading->parser.progress, failure);
    int result = reader != NULL ? read_again(reading, file, reader, held, failure) : -1;
    log_reader_free(reader);
    bytefile_close(file);
    log_source_hold(reading->source, reading->block.location, held);
    return result;
}

/* ---- between runs */

static void take_over(struct log_parser *parser, const struct log_parser_1 *old)
{
    enum { PAUSE_S = 8 * 3600 }; /* nobody knows; three times as long is a day */
    *parser = (struct log_parser){.size = sizeof *parser,
                                  .encoding = old->encoding,
                                  .clock = old->clock,
                                  .local = old->local,
                                  .newest_s = old->newest_s,
                                  .ties = old->ties};
    parser->progress.any = old->progress.any;
    for (int i = 0; i < REPLICATION_STORY_COMPONENTS; i++) {
        parser->progress.watched[i] = old->progress.watched[i];
        component_pauses_assume(&parser->pauses[i], old->progress.watched[i].newest_ms / 86400000, PAUSE_S);
    }
    for (size_t i = 0; i < REPLICATION_TIES; i++)
        parser->ties.tie[i].processing = false; /* was no member then */
}

static int load(struct log_reading *reading, struct statefile *state, struct logmemory_log *memory,
                struct failure *failure)
{
    if (logmemory_load_log(state, reading->log->location, memory, failure) < 0)
        return -1;
    if (memory->parser != NULL && memory->parser_length == sizeof reading->parser)
        memcpy(&reading->parser, memory->parser, sizeof reading->parser);
    if (memory->parser != NULL && memory->parser_length == sizeof(struct log_parser_1)) {
        const struct log_parser_1 *old = memory->parser;
        if (old->size == sizeof *old)
            take_over(&reading->parser, old);
    }
    if (reading->parser.size != sizeof reading->parser)
        reading->parser =
            (struct log_parser){.size = sizeof reading->parser, .encoding = reading->options->encoding};
    reading->clock = reading->parser.clock;
    reading->clock.by_zone = false;
    return reading->options->timezone == NULL
               ? 0
               : log_clock_use_zone(&reading->clock, reading->options->timezone, failure);
}

int log_reading_begin(struct log_reading *reading, struct statefile *state, const struct trace *trace,
                      struct failure *failure)
{
    struct logmemory_log memory = {0};
    int result = load(reading, state, &memory, failure);
    if (result == 0 && !reading->log->failed)
        reading->source = log_source_open(reading->store, reading->log->location, &memory.position,
                                          reading->options->max_bytes, trace, &reading->log->failure);
    logmemory_log_free(&memory);
    if (result == 0 && reading->source == NULL)
        fail_log(reading);
    return result;
}

int log_reading_store(struct log_reading *reading, struct statefile *state, struct failure *failure)
{
    struct logmemory_log memory = {.parser = &reading->parser, .parser_length = sizeof reading->parser};
    enum log_outcome outcome = log_source_position(reading->source, &memory.position, &reading->log->failure);
    if (outcome != LOG_POSITION_READY) {
        reading->log->failed = outcome == LOG_POSITION_FAILED;
        return 1;
    }
    reading->parser.clock = reading->clock;
    reading->parser.clock.quarter = 0;
    return logmemory_store_log(state, reading->log->location, &memory, failure);
}

void log_reading_end(struct log_reading *reading)
{
    log_reader_free(reading->reader);
    log_source_close(reading->source);
    reading->reader = NULL;
    reading->source = NULL;
    reading->segment = NULL;
}
