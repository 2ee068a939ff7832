// SPDX-License-Identifier: GPL-3.0-or-later
#include "logworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void logworld_begin(struct logworld *world)
{
    memset(world, 0, sizeof *world);
    strcpy(world->folder, "/tmp/test_logsource.XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->log, sizeof world->log, "%s/despool.log", world->folder);
    snprintf(world->old, sizeof world->old, "%s/despool.lo_", world->folder);
    world->buffer = 4096;
}

void logworld_end(struct logworld *world)
{
    DIR *folder = opendir(world->folder);
    assert_non_null(folder);
    const struct dirent *name;
    while ((name = readdir(folder)) != NULL)
        if (unlinkat(dirfd(folder), name->d_name, 0) != 0 && name->d_name[0] != '.')
            unlinkat(dirfd(folder), name->d_name, AT_REMOVEDIR);
    closedir(folder);
    assert_int_equal(rmdir(world->folder), 0);
    text_free(&world->given);
    text_free(&world->segments);
}

void logworld_write(const char *path, const char *bytes, size_t length, const char *mode)
{
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

void logworld_append(struct logworld *world, const char *bytes)
{
    logworld_write(world->log, bytes, strlen(bytes), "a");
}

void logworld_rename(struct logworld *world)
{
    assert_int_equal(rename(world->log, world->old), 0);
}

void logworld_copy(struct logworld *world)
{
    FILE *from = fopen(world->log, "r"), *to = fopen(world->old, "w");
    assert_true(from != NULL && to != NULL);
    char block[4096];
    size_t n;
    while ((n = fread(block, 1, sizeof block, from)) > 0)
        assert_int_equal(fwrite(block, 1, n, to), n);
    fclose(from);
    fclose(to);
}

void logworld_truncate(struct logworld *world)
{
    assert_int_equal(truncate(world->log, 0), 0);
}

/* Finish whole lines; everything in a final segment. */
static void take(struct logworld *world, struct log_source *source, const struct log_segment *segment)
{
    struct failure failure = {""};
    char *buffer = malloc(world->buffer);
    assert_non_null(buffer);
    struct text pending = {0};
    int64_t finished = segment->offset, n;
    while ((n = log_source_read(source, buffer, world->buffer, &failure)) > 0) {
        text_add_bytes(&pending, buffer, (size_t)n);
        const char *end = memrchr(pending.bytes, '\n', pending.length);
        if (end == NULL)
            continue;
        size_t whole = (size_t)(end + 1 - pending.bytes);
        text_add_bytes(&world->given, pending.bytes, whole);
        memmove(pending.bytes, pending.bytes + whole, pending.length - whole);
        text_cut(&pending, pending.length - whole);
        finished += (int64_t)whole;
        log_source_consumed(source, finished);
    }
    if (n < 0)
        fail_msg("%s", failure.text);
    if (segment->final)
        text_add_bytes(&world->given, text_string(&pending), pending.length);
    text_free(&pending);
    free(buffer);
}

enum log_outcome logworld_run_while(struct logworld *world, void (*meanwhile)(struct logworld *))
{
    struct failure failure = {""};
    struct bytestore *store = bytestore_new(NULL, NULL);
    struct log_source *source =
        log_source_open(store, world->log, &world->position, world->max_bytes, NULL, &failure);
    if (source == NULL)
        fail_msg("%s", failure.text);
    if (meanwhile != NULL)
        meanwhile(world);
    text_cut(&world->given, 0);
    text_cut(&world->segments, 0);
    const struct log_segment *segment;
    int more;
    while ((more = log_source_next(source, &segment, &failure)) > 0) {
        text_addf(&world->segments, "%s%s@%lld+%lld%s ", segment->continues ? "" : "~",
                  strrchr(segment->location, '.') + 1, (long long)segment->offset, (long long)segment->length,
                  segment->final ? "!" : "");
        take(world, source, segment);
    }
    assert_int_equal(more, 0);
    enum log_outcome outcome = log_source_position(source, &world->position, &failure);
    world->status = *log_source_status(source);
    world->bytes_read = bytestore_bytes_read(store);
    log_source_close(source);
    bytestore_close(store);
    return outcome;
}

enum log_outcome logworld_run(struct logworld *world)
{
    return logworld_run_while(world, NULL);
}
