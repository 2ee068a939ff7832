// SPDX-License-Identifier: GPL-3.0-or-later
#include "files/files.h"
#include "logs/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * For tests: one run of a log's reader. Writes the finished lines to stdout and what happened to stderr;
 * keeps the position in a file.
 *
 *     log_cat [-a AUTH] [-p POSITION] [-t TIMEOUT_MS] [-m MAX_BYTES] [-b BUFFER] [-s SECONDS] [-v] LOCATION
 *     log_cat [-a AUTH] -l FOLDER
 *
 * -s waits after the source was opened and before it is read, saying "opened" on stderr.
 */

struct run {
    const char *position_file;
    int64_t max_bytes;
    size_t buffer;
    unsigned wait_s;
};

static void tell_step(void *listener, const char *step)
{
    fprintf(stderr, "%s: %s\n", (const char *)listener, step);
}

static bool print_entry(void *context, const struct bytestore_entry *entry)
{
    (void)context;
    printf("%s %s %lld %lld\n", entry->name, entry->regular ? "file" : "folder", (long long)entry->size_bytes,
           (long long)entry->mtime);
    return true;
}

static void load(const char *name, struct log_position *position)
{
    FILE *file = name != NULL ? fopen(name, "rb") : NULL;
    if (file != NULL) {
        if (fread(position, sizeof *position, 1, file) != 1)
            memset(position, 0, sizeof *position);
        fclose(file);
    }
}

static void keep(const char *name, const struct log_position *position)
{
    FILE *file = name != NULL ? fopen(name, "wb") : NULL;
    if (file != NULL) {
        fwrite(position, sizeof *position, 1, file);
        fclose(file);
    }
}

/* Prints whole lines; everything in a final segment. */
static int64_t print_segment(struct log_source *source, const struct log_segment *segment, char *buffer,
                             size_t size, struct failure *failure)
{
    int64_t offset = segment->offset, n;
    size_t kept = 0;
    while ((n = log_source_read(source, buffer + kept, size - kept, failure)) > 0) {
        kept += (size_t)n;
        const char *end = memrchr(buffer, '\n', kept);
        size_t whole = end != NULL ? (size_t)(end + 1 - buffer) : 0;
        if (kept == size)
            whole = kept;
        fwrite(buffer, 1, whole, stdout);
        offset += (int64_t)whole;
        kept -= whole;
        memmove(buffer, buffer + whole, kept);
        log_source_consumed(source, offset);
    }
    if (n == 0 && segment->final)
        fwrite(buffer, 1, kept, stdout);
    return n;
}

static int cat(struct bytestore *store, const char *location, const struct run *run,
               const struct trace *trace, struct failure *failure)
{
    struct log_position position = {0};
    load(run->position_file, &position);
    struct log_source *source = log_source_open(store, location, &position, run->max_bytes, trace, failure);
    if (source == NULL)
        return 1;
    if (run->wait_s > 0) {
        fprintf(stderr, "opened\n");
        sleep(run->wait_s);
    }
    const struct log_segment *segment;
    char *buffer = malloc(run->buffer);
    int64_t result = buffer != NULL ? 0 : -1;
    while (result == 0 && (result = log_source_next(source, &segment, failure)) > 0)
        result = print_segment(source, segment, buffer, run->buffer, failure);
    free(buffer);
    enum log_outcome outcome =
        result == 0 ? log_source_position(source, &position, failure) : LOG_POSITION_FAILED;
    if (outcome == LOG_POSITION_READY)
        keep(run->position_file, &position);
    const struct log_status *status = log_source_status(source);
    fprintf(stderr, "outcome=%d new=%lld read=%lld left=%lld wire=%lld loss=%s\n", (int)outcome,
            (long long)status->bytes_new, (long long)status->bytes_read, (long long)status->bytes_left,
            (long long)bytestore_bytes_read(store), status->loss);
    log_source_close(source);
    return outcome == LOG_POSITION_READY ? 0 : 1;
}

int main(int count, char **arguments)
{
    struct smb_access access = {0};
    struct run run = {.buffer = LOG_BUFFER_BYTES};
    struct trace trace = {.step = tell_step, .note = tell_step, .listener = (void *)"trace"};
    bool list = false;
    int option;
    while ((option = getopt(count, arguments, "a:p:t:m:b:s:lv")) != -1) {
        switch (option) {
        case 'a':
            access.auth_file = optarg;
            break;
        case 'p':
            run.position_file = optarg;
            break;
        case 't':
            access.timeout_ms = atoi(optarg);
            break;
        case 'm':
            run.max_bytes = atoll(optarg);
            break;
        case 'b':
            run.buffer = (size_t)atoll(optarg);
            break;
        case 's':
            run.wait_s = (unsigned)atoi(optarg);
            break;
        case 'l':
            list = true;
            break;
        case 'v':
            trace.verbosity = 3;
            break;
        default:
            return 2;
        }
    }
    if (optind + 1 != count)
        return 2;
    struct failure failure = {.text = ""};
    struct bytestore *store = bytestore_new(&access, &trace);
    if (store == NULL)
        return 2;
    int result = list ? -bytestore_list(store, arguments[optind], print_entry, NULL, NULL, &failure)
                      : cat(store, arguments[optind], &run, &trace, &failure);
    if (failure.text[0] != '\0')
        fprintf(stderr, "failure: %s\n", failure.text);
    bytestore_close(store);
    return result;
}
