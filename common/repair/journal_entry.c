// SPDX-License-Identifier: GPL-3.0-or-later
#include "repair/journal_entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *journal_result_name(enum journal_result result)
{
    static const char *const names[] = {[JOURNAL_OPEN] = "open",
                                        [JOURNAL_DONE] = "done",
                                        [JOURNAL_ROLLED_BACK] = "rolled back",
                                        [JOURNAL_UNKNOWN] = "unknown"};
    return names[result];
}

bool row_image_equal(const struct row_image *a, const struct row_image *b)
{
    return a->has_status == b->has_status && (!a->has_status || a->status == b->status) &&
           a->has_version == b->has_version && (!a->has_version || a->version == b->version) &&
           a->has_updated == b->has_updated && (!a->has_updated || strcmp(a->updated, b->updated) == 0) &&
           strcmp(a->pkg_server, b->pkg_server) == 0;
}

static void write_time(int64_t utc, struct text *line)
{
    time_t seconds = (time_t)utc;
    struct tm parts;
    char stamp[32] = "1970-01-01T00:00:00Z";
    if (gmtime_r(&seconds, &parts) != NULL)
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &parts);
    text_add(line, stamp);
}

static void write_quoted(const char *key, const char *value, struct text *line)
{
    text_addf(line, " %s=\"", key);
    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;
        if (byte == '"' || byte == '\\')
            text_addf(line, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7F)
            text_addf(line, "\\x%02x", byte);
        else
            text_add_bytes(line, value, 1);
    }
    text_add(line, "\"");
}

static void write_integer(const char *key, bool known, int64_t value, struct text *text)
{
    if (known)
        text_addf(text, "%s=%" PRId64, key, value);
    else
        text_addf(text, "%s=NULL", key);
}

void row_image_write(const struct row_image *image, struct text *text)
{
    write_integer("status", image->has_status, image->status, text);
    write_integer(" version", image->has_version, image->version, text);
    text_addf(text, " updated=%s", image->has_updated ? image->updated : "NULL");
}

static void write_image(const char *key, const struct row_image *image, struct text *line)
{
    struct text words = {0};
    row_image_write(image, &words);
    line->failed = line->failed || words.failed;
    write_quoted(key, text_string(&words), line);
    text_free(&words);
}

void journal_line_write_begin(const struct journal_entry *entry, struct text *line)
{
    write_time(entry->time, line);
    text_addf(line, " begin id=%" PRId64, entry->id);
    write_quoted("user", entry->user, line);
    write_quoted("host", entry->host, line);
    write_quoted("server", entry->server, line);
    write_quoted("database", entry->database, line);
    write_quoted("package", entry->package, line);
    write_quoted("site", entry->site, line);
    write_quoted("pkg_server", entry->before.pkg_server, line);
    write_image("before", &entry->before, line);
    write_image("after", &entry->after, line);
    text_addf(line, " undo_of=%" PRId64 "\n", entry->undo_of);
}

void journal_line_write_end(int64_t id, enum journal_result result, int64_t now, struct text *line)
{
    write_time(now, line);
    text_addf(line, " end id=%" PRId64, id);
    write_quoted("result", journal_result_name(result), line);
    text_add(line, "\n");
}

/* ---- reading: each step takes what it expects off the front, or fails */

static int read_time(const char **at, int64_t *utc)
{
    struct tm parts = {0};
    const char *end = strptime(*at, "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == NULL)
        return -1;
    *utc = timegm(&parts);
    *at = end;
    return 0;
}

static int read_word(const char **at, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0)
        return -1;
    *at += length;
    return 0;
}

static int read_number(const char **at, const char *key, int64_t *value)
{
    char *end;
    if (read_word(at, key) != 0 || **at < '0' || **at > '9')
        return -1;
    *value = strtoll(*at, &end, 10);
    *at = end;
    return 0;
}

static int hexadecimal(char digit)
{
    return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static int read_quoted(const char **at, const char *key, char *value, size_t size)
{
    if (read_word(at, " ") != 0 || read_word(at, key) != 0 || read_word(at, "=\"") != 0)
        return -1;
    const char *from = *at;
    size_t length = 0;
    for (; *from != '"'; from++) {
        char byte = *from;
        if (byte == '\\' && from[1] == 'x' && hexadecimal(from[2]) >= 0 && hexadecimal(from[3]) >= 0) {
            byte = (char)(hexadecimal(from[2]) * 16 + hexadecimal(from[3]));
            from += 3;
        } else if (byte == '\\') {
            byte = *++from;
        }
        if (byte == '\0' || length + 1 >= size)
            return -1;
        value[length++] = byte;
    }
    value[length] = '\0';
    *at = from + 1;
    return 0;
}

static int read_nullable(const char **at, const char *key, bool *known, int64_t *value)
{
    if (read_word(at, key) != 0)
        return -1;
    *known = read_word(at, "NULL") != 0;
    if (!*known)
        return 0;
    char *end;
    *value = strtoll(*at, &end, 10);
    if (end == *at)
        return -1;
    *at = end;
    return 0;
}

static int read_image(const char **at, const char *key, struct row_image *image)
{
    char words[128];
    const char *word = words;
    if (read_quoted(at, key, words, sizeof words) != 0 ||
        read_nullable(&word, "status=", &image->has_status, &image->status) != 0 ||
        read_nullable(&word, " version=", &image->has_version, &image->version) != 0 ||
        read_word(&word, " updated=") != 0 || strlen(word) >= sizeof image->updated)
        return -1;
    image->has_updated = strcmp(word, "NULL") != 0;
    strcpy(image->updated, image->has_updated ? word : "");
    return 0;
}

int journal_line_read_begin(const char *line, struct journal_entry *entry)
{
    *entry = (struct journal_entry){.result = JOURNAL_OPEN};
    const char *at = line;
    if (read_time(&at, &entry->time) != 0 || read_word(&at, " begin") != 0 ||
        read_number(&at, " id=", &entry->id) != 0 ||
        read_quoted(&at, "user", entry->user, sizeof entry->user) != 0 ||
        read_quoted(&at, "host", entry->host, sizeof entry->host) != 0 ||
        read_quoted(&at, "server", entry->server, sizeof entry->server) != 0 ||
        read_quoted(&at, "database", entry->database, sizeof entry->database) != 0 ||
        read_quoted(&at, "package", entry->package, sizeof entry->package) != 0 ||
        read_quoted(&at, "site", entry->site, sizeof entry->site) != 0 ||
        read_quoted(&at, "pkg_server", entry->before.pkg_server, sizeof entry->before.pkg_server) != 0 ||
        read_image(&at, "before", &entry->before) != 0 || read_image(&at, "after", &entry->after) != 0 ||
        read_number(&at, " undo_of=", &entry->undo_of) != 0 || *at != '\0')
        return -1;
    memcpy(entry->after.pkg_server, entry->before.pkg_server, sizeof entry->after.pkg_server);
    return 0;
}

int journal_line_read_end(const char *line, int64_t *id, enum journal_result *result)
{
    int64_t time;
    char name[32];
    const char *at = line;
    if (read_time(&at, &time) != 0 || read_word(&at, " end") != 0 || read_number(&at, " id=", id) != 0 ||
        read_quoted(&at, "result", name, sizeof name) != 0 || *at != '\0')
        return -1;
    for (int i = JOURNAL_DONE; i <= JOURNAL_UNKNOWN; i++)
        if (strcmp(name, journal_result_name((enum journal_result)i)) == 0) {
            *result = (enum journal_result)i;
            return 0;
        }
    return -1;
}
