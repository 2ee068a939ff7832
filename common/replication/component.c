// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/component.h"

#include "base/sanitize.h"
#include "logs/record.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DAY_MS = 24 * 3600 * 1000 };

static void come_to_day(struct component_pauses *pauses, int64_t day)
{
    while (pauses->day < day) {
        if (day - pauses->day > COMPONENT_PAUSE_DAYS) {
            *pauses = (struct component_pauses){.day = day};
            return;
        }
        memmove(&pauses->longest_s[1], &pauses->longest_s[0],
                (COMPONENT_PAUSE_DAYS - 1) * sizeof pauses->longest_s[0]);
        pauses->longest_s[0] = 0;
        pauses->day++;
    }
}

void component_pauses_add(struct component_pauses *pauses, int64_t before_ms, int64_t stamp_ms)
{
    enum { MINUTE_MS = 60000 };
    if (before_ms == 0 || stamp_ms - before_ms < MINUTE_MS)
        return;
    const int64_t pause_s = (stamp_ms - before_ms) / 1000, day = stamp_ms / DAY_MS;
    come_to_day(pauses, day);
    const int64_t back = pauses->day - day;
    if (back < COMPONENT_PAUSE_DAYS && pause_s > pauses->longest_s[back])
        pauses->longest_s[back] = pause_s < INT32_MAX ? (int32_t)pause_s : INT32_MAX;
}

int64_t component_pauses_longest(const struct component_pauses *pauses)
{
    int64_t longest = 0;
    for (int i = 0; i < COMPONENT_PAUSE_DAYS; i++)
        if (pauses->longest_s[i] > longest)
            longest = pauses->longest_s[i];
    return longest;
}

void component_pauses_assume(struct component_pauses *pauses, int64_t day, int32_t pause_s)
{
    *pauses = (struct component_pauses){.day = day, .longest_s = {pause_s}};
}

/* ---- a look into the file itself, where its log has something to be told */

enum { PIECE = 64 * 1024, FAR_PIECE = 1024 * 1024 };

/* Read records of a stretch of the file. */
static void read_stretch(struct bytefile *file, int64_t from, size_t length,
                         const struct log_encoding *encoding, const char *const *component,
                         log_record_callback *callback, void *listener)
{
    struct failure failure;
    struct log_progress progress = {0};
    struct log_reader_options options = {
        .components = component, .component_count = component != NULL ? 1 : 0, .encoding = *encoding};
    char *bytes = malloc(length);
    struct log_reader *reader = log_reader_new(&options, from, &progress, &failure);
    int64_t got = bytes != NULL && reader != NULL ? bytefile_read_at(file, from, bytes, length, &failure) : 0;
    if (got > 0 && log_reader_push(reader, bytes, (size_t)got, callback, listener) == 0)
        log_reader_finish(reader, callback, listener);
    log_reader_free(reader);
    free(bytes);
}

static struct bytefile *open_file(struct bytestore *store, const char *location, int64_t *size)
{
    struct failure failure;
    struct bytefile_facts facts;
    bool missing;
    struct bytefile *file = bytestore_open(store, location, &missing, &failure);
    if (file != NULL && bytefile_facts(file, &facts, &failure) != 0) {
        bytefile_close(file);
        return NULL;
    }
    *size = file != NULL ? facts.size_bytes : 0;
    return file;
}

static int64_t near_end(int64_t size, int64_t length)
{
    return size > length ? (size - length) & ~INT64_C(1) : 0; /* a character of UTF-16 is not torn */
}

static void keep_line(void *listener, const struct log_record *record)
{
    struct text *line = listener;
    text_cut(line, 0);
    text_add_bytes(line, record->message, record->message_length < 512 ? record->message_length : 512);
}

void component_last_line(struct bytestore *store, const char *location, const struct log_encoding *encoding,
                         const char *component, struct text *line)
{
    static const int64_t lengths[] = {PIECE, FAR_PIECE};
    int64_t size;
    struct text found = {0};
    struct bytefile *file = open_file(store, location, &size);
    for (size_t i = 0; file != NULL && found.length == 0 && i < sizeof lengths / sizeof *lengths; i++)
        read_stretch(file, near_end(size, lengths[i]), (size_t)lengths[i], encoding, &component, keep_line,
                     &found);
    if (file != NULL)
        bytefile_close(file);
    if (found.length > 0)
        text_add_clean(line, text_string(&found), REPLICATION_LINE - 1);
    text_free(&found);
}

bool component_is_idle(const char *line)
{
    /* MS Learn, understanding package actions: it wakes up when files arrive in despoolr.box\receive; Q153246 */
    static const char *const lines[] = {"Waiting for ready instruction file",
                                        "Despooler successfully executed one instruction"};
    const char *words = line + strspn(line, "~ ");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strncmp(words, lines[i], strlen(lines[i])) == 0)
            return true;
    return false;
}

static void keep_name(void *listener, const struct log_record *record)
{
    enum { MOST_BYTES = 160 };
    struct text *names = listener;
    struct text name = {0}, clean = {0};
    text_add_bytes(&name, record->component, record->component_length < 64 ? record->component_length : 64);
    text_add_clean(&clean, text_string(&name), 64);
    if (clean.length > 0 && names->length + clean.length < MOST_BYTES &&
        strstr(text_string(names), text_string(&clean)) == NULL)
        text_addf(names, "%s%s", names->length > 0 ? ", " : "", text_string(&clean));
    text_free(&name);
    text_free(&clean);
}

void component_names(struct bytestore *store, const char *location, const struct log_encoding *encoding,
                     struct text *names)
{
    int64_t size;
    struct bytefile *file = open_file(store, location, &size);
    if (file == NULL)
        return;
    read_stretch(file, 0, PIECE, encoding, NULL, keep_name, names);
    if (size > PIECE)
        read_stretch(file, near_end(size, PIECE), PIECE, encoding, NULL, keep_name, names);
    bytefile_close(file);
}
