// SPDX-License-Identifier: GPL-3.0-or-later
#include "logstory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

void story_begin(struct story *story, int logs, const char *encoding)
{
    struct failure failure;
    *story = (struct story){.logs = logs};
    conditions_init(&story->set, 14 * 86400);
    for (int log = 0; log < logs; log++)
        assert_int_equal(log_encoding_parse(encoding, &story->log[log].encoding, &failure), 0);
}

void story_grow(struct story *story, int log, const char *bytes, size_t length)
{
    story->log[log].bytes = bytes;
    story->log[log].length = length;
}

void story_rotate(struct story *story, int log)
{
    struct story_log *it = &story->log[log];
    it->bytes = NULL;
    it->length = 0;
    it->position = 0;
    it->ended = false;
}

static void add_name(struct text *out, const char *name, int64_t value)
{
    if (value != 0)
        text_addf(out, " %s %lld", name, (long long)value);
}

void story_tell_event(const struct replication_event *event, struct text *out)
{
    static const char *const names[] = {
        "nothing", "waiting", "base_missing", "superseded", "stored",     "received", "wanted",
        "failure", "success", "deleted",      "progress",   "pass",       "refused",  "accepted",
        "busy",    "started", "executed",     "put_off",    "on_its_way", "sent",     "link_down"};
    text_addf(out, "%s %s", names[event->kind], event->package);
    add_name(out, "wanted", event->wanted);
    add_name(out, "held", event->held);
    if (event->tied)
        text_add(out, " tied");
}

/* The listener of one log's reader. */
struct listener {
    struct story *story;
    struct log_merge *merge;
    int log;
};

static void hear(void *listener, const struct log_record *record)
{
    struct listener *it = listener;
    struct replication_event event;
    int64_t time_s = record->stamp.ms / 1000 + (record->stamp.utc ? 0 : it->story->shift_s);
    if (!replication_read(&it->story->log[it->log].ties, record, time_s, &event))
        return;
    story_tell_event(&event, &it->story->events);
    text_add(&it->story->events, "\n");
    assert_int_equal(log_merge_add(it->merge, it->log, &event), 0);
}

static int64_t newest_of(const struct story *story, const struct log_progress *progress,
                         const struct log_reader *reader)
{
    struct log_stamp last, newest;
    if (!log_reader_last(reader, &last, &newest))
        return 0;
    return progress->any.newest_ms / 1000 + (newest.utc ? 0 : story->shift_s);
}

void story_run(struct story *story, size_t piece)
{
    struct log_merge *merge = log_merge_new(&story->set, story->logs);
    struct log_reader *reader[STORY_LOGS];
    struct listener listener[STORY_LOGS];
    size_t at[STORY_LOGS];
    struct failure failure;
    int64_t newest[STORY_LOGS] = {0};
    assert_non_null(merge);
    for (int i = 0; i < story->logs; i++) {
        struct log_reader_options options = {.components = replication_components,
                                             .component_count = REPLICATION_COMPONENTS,
                                             .encoding = story->log[i].encoding};
        reader[i] = log_reader_new(&options, story->log[i].position, &story->log[i].progress, &failure);
        assert_non_null(reader[i]);
        listener[i] = (struct listener){story, merge, i};
        at[i] = (size_t)story->log[i].position;
    }
    for (int i; (i = log_merge_next(merge)) >= 0;) {
        struct story_log *log = &story->log[i];
        size_t length = log->length - at[i];
        if (piece != 0 && length > piece)
            length = piece;
        if (length > 0)
            assert_int_equal(log_reader_push(reader[i], log->bytes + at[i], length, hear, &listener[i]), 0);
        at[i] += length;
        int64_t newer = newest_of(story, &log->progress, reader[i]);
        newest[i] = newer > newest[i] ? newer : newest[i];
        if (at[i] == log->length) {
            if (log->ended)
                assert_int_equal(log_reader_finish(reader[i], hear, &listener[i]), 0);
            assert_int_equal(log_merge_ended(merge, i), 0);
        } else {
            assert_int_equal(log_merge_reached(merge, i, newest[i]), 0);
        }
    }
    for (int i = 0; i < story->logs; i++) {
        struct log_counts counts = log_reader_counts(reader[i]);
        newest[i] = newest_of(story, &story->log[i].progress, reader[i]);
        story->log[i].position = log_reader_position(reader[i]);
        story->log[i].encoding = *log_reader_encoding(reader[i]);
        story->lines += counts.lines;
        story->records += counts.records;
        story->garbage_bytes += counts.garbage_bytes;
        conditions_settle(&story->set, newest[i], &story->log[i].progress);
        log_reader_free(reader[i]);
    }
    log_merge_free(merge);
}

/* Packages begin the elements of both arrays. */
static int by_package(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **sorted(const void *items, size_t count, size_t size)
{
    const char **packages = calloc(count + 1, sizeof *packages);
    assert_non_null(packages);
    for (size_t i = 0; i < count; i++)
        packages[i] = (const char *)items + i * size;
    qsort(packages, count, sizeof *packages, by_package);
    return packages;
}

void story_tell(const struct story *story, struct text *out)
{
    const struct conditions *set = &story->set;
    const char **packages = sorted(set->items, set->count, sizeof *set->items);
    const char **stored = sorted(set->stored, set->stored_count, sizeof *set->stored);
    for (size_t i = 0; i < set->count; i++) {
        const struct condition *it = conditions_find(set, packages[i]);
        text_addf(out, "%s", it->package);
        add_name(out, "wanted", it->wanted);
        add_name(out, "held", it->held);
        add_name(out, "progress", it->last_progress_s);
        add_name(out, "received", it->received_s);
        if (it->failure != NULL)
            text_addf(out, " failure \"%s\"", it->failure);
        for (int kind = 0; kind < CONDITION_KINDS; kind++) {
            const struct condition_sign *sign = &it->sign[kind];
            if (sign->last_s == 0)
                continue;
            text_addf(out, "\n  %s %s %lld..%lld", condition_kind_name((enum condition_kind)kind),
                      sign->open ? "open" : "seen", (long long)sign->first_s, (long long)sign->last_s);
            add_name(out, "repeats", sign->repeats);
            add_name(out, "gap", sign->longest_gap_s);
            add_name(out, "written", sign->written_s);
            text_addf(out, " \"%s\"", condition_line(it, (enum condition_kind)kind));
        }
        text_add(out, "\n");
    }
    for (size_t i = 0; i < set->stored_count; i++) {
        const struct stored_version *it = conditions_stored(set, stored[i]);
        text_addf(out, "stored %s %lld at %lld\n", it->package, (long long)it->version,
                  (long long)it->time_s);
    }
    free(packages);
    free(stored);
    text_addf(out, "newest %lld\n", (long long)story->set.newest_s);
}

void story_end(struct story *story)
{
    conditions_free(&story->set);
    text_free(&story->events);
}

char *story_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be opened", path);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*length + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *length, file), *length);
    bytes[*length] = '\0';
    fclose(file);
    return bytes;
}
