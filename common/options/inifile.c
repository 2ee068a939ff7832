// SPDX-License-Identifier: GPL-3.0-or-later
#include "options/inifile.h"

#include "base/secretfile.h"
#include "base/user.h"
#include "options/typo.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the reader that feeds inih and the handler that it calls share. */
struct reading {
    const char *rest; /* of the bytes not yet handed to inih */
    const char *end;
    int line;        /* that inih is looking at; Debian's inih does not tell it */
    bool in_line;    /* the last piece handed out had no line end */
    bool in_section; /* the last heading was the wanted one */
    bool heading_seen;
    bool found;
    struct nearest nearest;
    struct arena *arena;
    struct ini_section *section;
    struct ini_entry **last;
    struct failure *failure;
    bool failed;
};

static bool is_blank(char character)
{
    return character == ' ' || (character >= '\t' && character <= '\r');
}

static int no_memory(struct failure *failure)
{
    return fail(failure, "out of memory while reading an ini file");
}

/* inih tells a section's name only together with a key, so empty sections and near misses are found here. */
static void look_at_heading(struct reading *reading)
{
    const char *from = reading->rest;
    if (reading->line == 1 && reading->end - from >= 3 && memcmp(from, "\xEF\xBB\xBF", 3) == 0)
        from += 3;
    while (from < reading->end && *from != '\n' && is_blank(*from))
        from++;
    if (from == reading->end || *from != '[')
        return;
    from++;
    const char *to = from;
    while (to < reading->end && *to != '\n' && *to != ']')
        to++;
    if (to == reading->end || *to != ']')
        return;
    while (from < to && is_blank(*from))
        from++;
    while (to > from && is_blank(to[-1]))
        to--;

    reading->heading_seen = true;
    const char *name = reading->section->name;
    reading->in_section = strlen(name) == (size_t)(to - from) && memcmp(name, from, (size_t)(to - from)) == 0;
    if (reading->in_section) {
        reading->found = true;
        return;
    }
    char *heading = arena_copy(reading->arena, from, (size_t)(to - from));
    if (heading != NULL)
        nearest_offer(&reading->nearest, heading);
}

/* An ini_reader: fgets over memory. */
static char *read_line(char *buffer, int size, void *stream)
{
    struct reading *reading = stream;
    if (size < 2 || reading->rest == reading->end || reading->failed)
        return NULL;
    if (!reading->in_line) {
        reading->line++;
        look_at_heading(reading);
    }
    size_t length = 0;
    do {
        buffer[length++] = *reading->rest++;
    } while (buffer[length - 1] != '\n' && length + 1 < (size_t)size && reading->rest < reading->end);
    buffer[length] = '\0';
    reading->in_line = buffer[length - 1] != '\n';
    return buffer;
}

/* An ini_handler: called for every key. */
static int take_entry(void *user, const char *heading, const char *key, const char *value)
{
    struct reading *reading = user;
    const char *path = reading->section->path;
    (void)heading; /* cut at 49 bytes and with its blanks; look_at_heading knows better */

    if (!reading->heading_seen) {
        reading->failed = true;
        fail(reading->failure, "%s:%d: a key stands before the first [section]", path, reading->line);
        return 0;
    }
    if (!reading->in_section)
        return 1;
    if (*key == '\0') {
        reading->failed = true;
        fail(reading->failure, "%s:%d: no key stands before the '='", path, reading->line);
        return 0;
    }
    struct ini_entry *entry = arena_allocate(reading->arena, sizeof *entry);
    const char *key_copy = arena_copy(reading->arena, key, strlen(key));
    const char *value_copy = value != NULL ? arena_copy(reading->arena, value, strlen(value)) : NULL;
    if (entry == NULL || key_copy == NULL || (value != NULL && value_copy == NULL)) {
        reading->failed = true;
        no_memory(reading->failure);
        return 0;
    }
    *entry = (struct ini_entry){.key = key_copy, .value = value_copy, .line = reading->line};
    *reading->last = entry;
    reading->last = &entry->next;
    return 1;
}

/* Refuse what inih would cut unsaid. @param[out] longest  line, with its end */
static int check_lines(const char *bytes, size_t length, const char *path, size_t *longest,
                       struct failure *failure)
{
    int line = 1;
    size_t line_length = 0;
    *longest = 0;
    if (length >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0))
        return fail(failure, "%s:1: this is UTF-16 text: save the file as UTF-8", path);
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\0')
            return fail(failure, "%s:%d: there is a NUL byte: save the file as plain UTF-8 text", path, line);
        if (++line_length > *longest)
            *longest = line_length;
        if (line_length > INI_LINE_MAX)
            return fail(failure, "%s:%d: the line is longer than 64 KiB", path, line);
        if (bytes[i] == '\n') {
            line++;
            line_length = 0;
        }
    }
    return 0;
}

int inifile_parse(const char *bytes, size_t length, const char *path, const char *name, struct arena *arena,
                  struct ini_section *section, struct failure *failure)
{
    static char comment_prefixes[] = ";#";
    size_t longest;
    *section = (struct ini_section){.path = path, .name = name, .mode = section->mode};
    if (check_lines(bytes, length, path, &longest, failure) != 0)
        return -1;

    struct reading reading = {
        .rest = bytes,
        .end = bytes + length,
        .nearest = {.word = name},
        .arena = arena,
        .section = section,
        .last = &section->entries,
        .failure = failure,
    };
    /* A password may hold ';' and '#', a connection string is long, and what follows a value is no part of
       it. The buffer takes the longest line at once, so that inih neither grows nor cuts it. */
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_allow_no_value = true;
    ini_allow_bom = true;
    ini_start_comment_prefixes = comment_prefixes;
    ini_use_stack = false;
    ini_allow_realloc = true;
    ini_initial_alloc = (int)longest + 3;
    ini_max_line = (int)longest + 3;
    ini_stop_on_first_error = true;
    int outcome = ini_parse_stream(read_line, &reading, take_entry, &reading);

    if (reading.failed)
        return -1;
    if (outcome == -2)
        return no_memory(failure);
    if (outcome != 0)
        return fail(failure, "%s:%d: a section's heading lacks its ']'", path, outcome);
    if (!reading.found && reading.nearest.best != NULL)
        return fail(failure, "%s: there is no section [%s]; did you mean [%s]?", path, name,
                    reading.nearest.best);
    if (!reading.found)
        return fail(failure,
                    "%s: there is no section [%s]: add it, or name another with --extra-opts=SECTION", path,
                    name);
    return 0;
}

/* Read all of a regular file. @param[out] bytes  owned, free; wiped by the caller */
static int read_all(int file, const char *path, char **bytes, size_t *length, mode_t *mode,
                    struct failure *failure)
{
    struct stat status;
    if (fstat(file, &status) != 0)
        return fail(failure, "cannot look at the ini file %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fail(failure, "the ini file %s is not a regular file", path);
    if (status.st_size > INI_FILE_MAX)
        return fail(failure, "the ini file %s is larger than 4 MiB", path);
    *mode = status.st_mode;
    size_t size = (size_t)status.st_size + 1;
    *bytes = malloc(size);
    if (*bytes == NULL)
        return no_memory(failure);
    *length = 0;
    while (*length < size) {
        ssize_t got = read(file, *bytes + *length, size - *length);
        if (got == 0)
            return 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(failure, "cannot read the ini file %s: %s", path, strerror(errno));
        *length += (size_t)got;
    }
    return fail(failure, "the ini file %s grew while it was read", path);
}

int inifile_read(const char *path, const char *name, struct arena *arena, struct ini_section *section,
                 struct failure *failure)
{
    char *bytes = NULL;
    size_t length = 0;
    /* O_NONBLOCK: opening a FIFO must not hang before it can be refused. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0 && errno == EACCES) {
        char user[64], group[64];
        return fail(failure,
                    "cannot read the ini file %s: permission denied for user %s; chgrp %s %s; chmod 0640 %s, "
                    "and its folder must let them in",
                    path, user_name(geteuid(), user, sizeof user), group_name(getegid(), group, sizeof group),
                    path, path);
    }
    if (file < 0)
        return fail(failure, "cannot read the ini file %s: %s", path, strerror(errno));

    *section = (struct ini_section){0};
    int outcome = read_all(file, path, &bytes, &length, &section->mode, failure);
    close(file);
    if (outcome == 0)
        outcome = inifile_parse(bytes, length, path, name, arena, section, failure);
    if (bytes != NULL)
        explicit_bzero(bytes, length);
    free(bytes);
    return outcome;
}

int inifile_keeps_secret(const struct ini_section *section, const struct ini_entry *entry,
                         struct failure *failure)
{
    struct failure open;
    if (secret_file_closed(section->mode, section->path, "the file", &open) == 0)
        return 0;
    return fail(failure, "%s:%d holds a secret (%s), and %s", section->path, entry->line, entry->key,
                open.text);
}
