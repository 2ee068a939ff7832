// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/logset.h"

#include "files/location.h"
#include "replication/reading.h"
#include "replication/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which logs */

int logset_places_find(struct logset_places *places, const char *const *given, size_t count,
                       struct failure *failure)
{
    *places = (struct logset_places){0};
    for (size_t i = 0; i < count && i < LOG_MERGE_LOGS; i++) {
        char *place = location_absolute(given[i], failure);
        if (place == NULL) {
            logset_places_free(places);
            return -1;
        }
        places->places[places->count++] = place;
    }
    places->count = location_sort(places->places, places->count);
    return 0;
}

void logset_places_identity(const struct logset_places *places, struct text *identity)
{
    location_add_identity(places->places, places->count, identity);
}

void logset_places_free(struct logset_places *places)
{
    for (size_t i = 0; i < places->count; i++)
        free((char *)places->places[i]);
    *places = (struct logset_places){0};
}

/* Everything of one run over the logs. */
struct reading_run {
    struct logset *set;
    const struct logset_options *options;
    struct statefile *state;
    const struct trace *trace;
    struct log_reading *readings; /* owned */
    struct log_merge *merge;      /* owned */
    char *buffer;                 /* owned */
    bool limited;                 /* there is more than max_bytes */
    bool stopped;                 /* at max_bytes or until_ms, before the logs ended */
};

enum { AGAIN = 1 }; /* the logs changed under the reader, or one of them failed in the middle */

/* ---- one run */

static int begin(struct reading_run *run, struct failure *failure)
{
    int64_t bytes_new = 0;
    for (size_t i = 0; i < run->set->count; i++) {
        struct log_reading *reading = &run->readings[i];
        if (log_reading_begin(reading, run->state, run->trace, failure) != 0)
            return -1;
        if (reading->source != NULL)
            bytes_new += log_source_status(reading->source)->bytes_new;
    }
    run->limited = bytes_new > run->options->max_bytes;
    for (size_t i = 0; i < run->set->count; i++)
        run->readings[i].keeps_blocks = (run->limited || run->options->until_ms > 0) && run->set->count > 1;
    return 0;
}

/* Several turns for each log, or one that is ahead of the others would use up every run. */
static size_t block_most(const struct reading_run *run)
{
    const int64_t share = run->options->max_bytes / (4 * (int64_t)run->set->count);
    const int64_t rest = run->options->max_bytes - run->set->bytes;
    int64_t most = LOG_BUFFER_BYTES;
    if (run->limited && share < most)
        most = share;
    if (run->limited && rest > 0 && rest < most)
        most = rest;
    return (size_t)(most > LOG_READING_LEAST ? most : LOG_READING_LEAST);
}

static bool used_up(const struct reading_run *run)
{
    if (!run->limited || run->set->bytes < run->options->max_bytes)
        return false;
    for (size_t i = 0; i < run->set->count; i++)
        if (log_reading_stands(&run->readings[i]))
            return false;
    return true;
}

/* Would the next block, and what is asked of the logs at the end, come too late? A first block is always read,
 * or a slow link would never get on. */
static bool out_of_time(const struct reading_run *run, const struct log_reading *next)
{
    if (run->options->until_ms == 0 || run->set->bytes == 0)
        return false;
    int64_t needed_ms = next->block_ms, left = 0;
    for (size_t i = 0; i < run->set->count; i++) {
        const struct log_reading *reading = &run->readings[i];
        needed_ms += log_reading_end_ms(reading);
        left += reading->source != NULL ? log_source_status(reading->source)->bytes_left : 0;
    }
    if (left == 0) /* all that is left to do needs no file */
        return false;
    return log_reading_clock_ms() + needed_ms >= run->options->until_ms;
}

static int read_in_turns(struct reading_run *run, struct failure *failure)
{
    struct logset *set = run->set;
    for (int next; !run->stopped && (next = log_merge_next(run->merge)) >= 0;) {
        struct log_reading *reading = &run->readings[next];
        set->out_of_time = out_of_time(run, reading);
        run->stopped = set->out_of_time || used_up(run);
        reading->block_most = block_most(run);
        if (!run->stopped)
            set->bytes += log_reading_block(reading, run->buffer, &set->lines);
        if (reading->out_of_memory || set->conditions.failed)
            return fail(failure, "out of memory while reading %s", reading->log->location);
    }
    for (size_t i = 0; i < set->count; i++)
        log_reading_stop(&run->readings[i]);
    return 0;
}

/* What was told of a log that failed later would be told again by the next run: read the others without it.
 */
static bool must_read_again(const struct reading_run *run)
{
    for (size_t i = 0; i < run->set->count; i++)
        if (run->set->logs[i].failed && run->readings[i].told)
            return true;
    return false;
}

/*
 * A run that stopped early keeps the order between the logs for the next one: nothing is applied or ended by
 * time that an unread record of another log may come before.
 */
static int settle(struct reading_run *run, struct failure *failure)
{
    for (size_t i = 0; i < run->set->count; i++) {
        struct log_reading *reading = &run->readings[i];
        if (reading->log->failed)
            continue;
        if (!run->stopped)
            conditions_settle(&run->set->conditions, reading->parser.newest_s, &reading->parser.progress);
        else if (log_reading_rewind(reading, failure) != 0)
            return -1;
    }
    return 0;
}

static int store(struct reading_run *run, struct failure *failure)
{
    for (size_t i = 0; i < run->set->count; i++) {
        struct log_reading *reading = &run->readings[i];
        /* The zone's clock was asked: kept for the runs that find nothing new. */
        if (reading->clock.by_zone && reading->clock.quarter != 0)
            reading->parser.local = true;
        int stored = reading->log->failed ? 0 : log_reading_store(reading, run->state, failure);
        if (stored != 0)
            return stored;
    }
    return logset_store(run->set, run->state, failure);
}

static bool tells_only_why(const struct log_progress *progress)
{
    bool why = false;
    for (int one = 0; one < REPLICATION_COMPONENTS; one++) {
        if (one < REPLICATION_STORY_COMPONENTS && progress->watched[one].newest_ms != 0)
            return false;
        why |= progress->watched[one].newest_ms != 0;
    }
    return why;
}

static void describe(struct reading_run *run)
{
    for (size_t i = 0; i < run->set->count; i++) {
        const struct log_reading *reading = &run->readings[i];
        struct logset_log *log = reading->log;
        log->newest_s = reading->parser.newest_s;
        log->by_zone = reading->parser.local && reading->clock.by_zone;
        log->shifted = reading->parser.local && !reading->clock.by_zone && reading->clock.measured;
        log->offset_s = reading->clock.offset_s;
        snprintf(log->encoding, sizeof log->encoding, "%s", reading->parser.encoding.name);
        if (!log->failed)
            log->status = *log_source_status(reading->source);
        log->status.catching_up = run->stopped && log->status.bytes_left > 0;
        /* A sender that writes is no sign of life of the two that tell the story. */
        if (log->newest_s > run->set->newest_s && !tells_only_why(&reading->parser.progress))
            run->set->newest_s = log->newest_s;
    }
}

static void describe_components(struct reading_run *run)
{
    struct logset *set = run->set;
    bool unread = false;
    memset(set->component, 0, sizeof set->component);
    for (size_t i = 0; i < set->count; i++) {
        const struct log_parser *parser = &run->readings[i].parser;
        unread |= set->logs[i].failed;
        set->logs[i].components = 0;
        for (int one = 0; one < REPLICATION_COMPONENTS; one++) {
            if (parser->progress.watched[one].newest_ms == 0)
                continue;
            set->logs[i].components |= 1u << one;
            if (one >= REPLICATION_STORY_COMPONENTS)
                continue;
            /* As far from the newest record in UTC as the stamps are apart */
            struct logset_component *component = &set->component[one];
            const int64_t newest_s =
                parser->newest_s -
                (parser->progress.any.newest_ms - parser->progress.watched[one].newest_ms) / 1000;
            const int64_t pause_s = component_pauses_longest(&parser->pauses[one]);
            component->pause_s = pause_s > component->pause_s ? pause_s : component->pause_s;
            if (newest_s > component->newest_s) {
                component->newest_s = newest_s;
                component->log = i;
            }
        }
    }
    for (int one = 0; one < REPLICATION_STORY_COMPONENTS && unread; one++)
        set->component[one].newest_s = 0;
}

/* A log of another component was given by mistake: one of those that tell only why is no mistake beside those
 * that tell the story. */
static void find_others(struct reading_run *run, struct bytestore *store)
{
    const unsigned story = (1u << REPLICATION_STORY_COMPONENTS) - 1;
    struct logset *set = run->set;
    unsigned all = 0;
    for (size_t i = 0; i < set->count; i++)
        all |= set->logs[i].components;
    for (size_t i = 0; i < set->count; i++) {
        struct logset_log *log = &set->logs[i];
        if (log->failed || log->newest_s == 0 || (log->components & story) != 0 ||
            (log->components != 0 && (all & story) != 0))
            continue;
        struct text names = {0};
        component_names(store, log->location, &run->readings[i].parser.encoding, &names);
        snprintf(log->others, sizeof log->others, "%s",
                 names.length > 0 ? text_string(&names) : "another component");
        text_free(&names);
    }
}

static int read_once(struct reading_run *run, struct failure *failure)
{
    int result = begin(run, failure);
    if (result == 0)
        result = read_in_turns(run, failure);
    if (result == 0 && must_read_again(run))
        return AGAIN;
    if (result == 0)
        result = settle(run, failure);
    if (result == 0)
        result = store(run, failure);
    if (result == 0) {
        describe(run);
        describe_components(run);
    }
    return result;
}

/* ---- the set */

static int prepare(struct reading_run *run, struct bytestore *bytes, struct failure *failure)
{
    struct logset *set = run->set;
    conditions_free(&set->conditions);
    conditions_init(&set->conditions, run->options->forget_s);
    set->lines = set->bytes = set->newest_s = 0;
    set->out_of_time = false;
    run->stopped = false;
    if (logmemory_load_conditions(run->state, &set->conditions, failure) != 0)
        return -1;
    run->merge = log_merge_new(&set->conditions, (int)set->count);
    if (run->merge == NULL)
        return fail(failure, "out of memory");
    for (size_t i = 0; i < set->count; i++) {
        struct logset_log *log = &set->logs[i];
        log->location = run->options->logs[i];
        log->records = log->undated = 0;
        run->readings[i] = (struct log_reading){
            .log = log, .options = run->options, .store = bytes, .merge = run->merge, .index = (int)i};
    }
    return 0;
}

static void release(struct reading_run *run)
{
    for (size_t i = 0; i < run->set->count && run->merge != NULL; i++)
        log_reading_end(&run->readings[i]);
    log_merge_free(run->merge);
    run->merge = NULL;
}

int logset_read(struct logset *set, const struct logset_options *options, struct bytestore *bytes,
                struct statefile *state, const struct trace *trace, struct failure *failure)
{
    *set = (struct logset){.count = options->count};
    set->logs = calloc(options->count + 1, sizeof *set->logs);
    struct reading_run run = {.set = set,
                              .options = options,
                              .state = state,
                              .trace = trace,
                              .readings = calloc(options->count + 1, sizeof *run.readings),
                              .buffer = malloc(LOG_BUFFER_BYTES)};
    int result = AGAIN;
    if (set->logs == NULL || run.readings == NULL || run.buffer == NULL)
        result = fail(failure, "out of memory");
    /* Three rotations, and each log may fail once. */
    for (size_t tries = 3 + options->count; tries > 0 && result == AGAIN; tries--) {
        result = prepare(&run, bytes, failure);
        if (result == 0)
            result = read_once(&run, failure);
        if (result == 0)
            find_others(&run, bytes);
        release(&run);
    }
    if (result == AGAIN)
        result = fail(failure, "the logs were rotated again and again while they were read: "
                               "look whether their component writes far more than usual");
    free(run.buffer);
    free(run.readings);
    return result;
}

bool logset_is_unread(const struct logset_log *log)
{
    return log->failed || log->newest_s == 0 || (log->undated > 0 && log->records == 0) ||
           log->others[0] != '\0';
}

bool logset_has_lost(const struct logset_log *log)
{
    const unsigned story = (1u << REPLICATION_STORY_COMPONENTS) - 1;
    return log->status.loss[0] != '\0' && (log->components & story) != 0;
}

void logset_last_line(const struct logset *set, enum replication_component component, struct bytestore *store,
                      struct text *line)
{
    const struct logset_log *log = &set->logs[set->component[component].log];
    struct log_encoding encoding;
    struct failure failure;
    if (log_encoding_parse(log->encoding, &encoding, &failure) == 0 ||
        log_encoding_parse("auto", &encoding, &failure) == 0)
        component_last_line(store, log->location, &encoding, replication_components[component], line);
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
