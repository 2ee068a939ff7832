// SPDX-License-Identifier: GPL-3.0-or-later
#include "repair/journal.h"

#include "base/array.h"
#include "base/text.h"
#include "repair/journal_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { END_LINE_BYTES = 128, MOST_BYTES = 64 * 1024 * 1024 };

struct journal {
    int file;
    char *path;                    /* owned */
    struct journal_entry *entries; /* owned */
    size_t count;
    off_t size; /* of what was read and written whole */
    bool look;  /* read-only */
};

/* A directory that others can write would let them forge before-images. */
static int check_directory(const char *directory, struct failure *failure)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return fail(failure, "cannot make the journal's directory %s: %s", directory, strerror(errno));
    struct stat status;
    if (lstat(directory, &status) != 0)
        return fail(failure, "cannot look at the journal's directory %s: %s", directory, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return fail(failure, "the journal's directory %s is no directory (a symbolic link is not followed)",
                    directory);
    if (status.st_uid != geteuid())
        return fail(failure,
                    "the journal's directory %s belongs to user %u: "
                    "run the repair as that user, or give --journal-dir",
                    directory, (unsigned)status.st_uid);
    if ((status.st_mode & 077) != 0)
        return fail(failure, "the journal's directory %s is open to others: chmod 0700 %s", directory,
                    directory);
    return 0;
}

static int open_file(struct journal *journal, struct failure *failure)
{
    journal->file =
        open(journal->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    struct stat status;
    if (journal->file < 0 || fstat(journal->file, &status) != 0)
        return fail(failure, "cannot open the journal %s: %s", journal->path, strerror(errno));
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077) != 0 ||
        status.st_nlink != 1)
        return fail(failure, "the journal %s is not a file of ours with mode 0600 and one name",
                    journal->path);
    return 0;
}

/* Was it moved away or deleted since it was opened? What is written into it then nobody finds. */
static int check_in_place(const struct journal *journal, struct failure *failure)
{
    struct stat ours, there;
    if (fstat(journal->file, &ours) == 0 && lstat(journal->path, &there) == 0 &&
        ours.st_dev == there.st_dev && ours.st_ino == there.st_ino && ours.st_nlink == 1)
        return 0;
    return fail(failure, "the journal %s was moved away or deleted while this repair ran: put it back",
                journal->path);
}

static int lock(struct journal *journal, int64_t wait_ms, struct failure *failure)
{
    for (int64_t waited = 0;; waited += 50) {
        if (flock(journal->file, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail(failure, "cannot lock the journal %s: %s", journal->path, strerror(errno));
        if (waited >= wait_ms)
            return fail(failure, "another repair is under way on this host: it holds the journal %s",
                        journal->path);
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
}

static int add_entry(struct journal *journal, const struct journal_entry *entry)
{
    struct journal_entry *entries = array_grow(journal->entries, journal->count, sizeof *entries);
    if (entries == NULL)
        return -1;
    journal->entries = entries;
    entries[journal->count++] = *entry;
    return 0;
}

static struct journal_entry *find(const struct journal *journal, int64_t id)
{
    for (size_t i = 0; i < journal->count; i++)
        if (journal->entries[i].id == id)
            return &journal->entries[i];
    return NULL;
}

static int take_line(struct journal *journal, const char *line)
{
    struct journal_entry entry;
    enum journal_result result;
    int64_t id;
    if (journal_line_read_begin(line, &entry) == 0)
        return find(journal, entry.id) == NULL ? add_entry(journal, &entry) : -1;
    if (journal_line_read_end(line, &id, &result) != 0 || find(journal, id) == NULL)
        return -1;
    find(journal, id)->result = result;
    return 0;
}

/* A last line without its end is what a kill in mid-write leaves: it was never acted on, and is taken off. */
static int read_lines(struct journal *journal, char *bytes, size_t length, struct failure *failure)
{
    size_t start = 0, number = 1;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != '\n')
            continue;
        bytes[i] = '\0';
        if (strlen(bytes + start) != i - start ||
            (bytes[start] != '#' && take_line(journal, bytes + start) != 0))
            return fail(
                failure,
                "line %zu of the journal %s is none of ours: nothing is changed before that is understood",
                number, journal->path);
        start = i + 1;
        number++;
    }
    journal->size = (off_t)start;
    if (start < length && !journal->look && ftruncate(journal->file, (off_t)start) != 0)
        return fail(failure, "cannot take a half-written line off the journal %s: %s", journal->path,
                    strerror(errno));
    return 0;
}

static int read_file(struct journal *journal, struct failure *failure)
{
    struct stat status;
    if (fstat(journal->file, &status) != 0 || status.st_size > MOST_BYTES)
        return fail(failure,
                    "the journal %s cannot be read or is larger than 64 MiB: move it away after a look",
                    journal->path);
    char *bytes = malloc((size_t)status.st_size + 1);
    if (bytes == NULL)
        return fail(failure, "out of memory");
    ssize_t got = pread(journal->file, bytes, (size_t)status.st_size, 0);
    int result = got == status.st_size
                     ? read_lines(journal, bytes, (size_t)got, failure)
                     : fail(failure, "cannot read the journal %s: %s", journal->path, strerror(errno));
    free(bytes);
    return result;
}

struct journal *journal_open(const char *directory, int64_t wait_ms, struct failure *failure)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL) {
        fail(failure, "out of memory");
        return NULL;
    }
    journal->file = -1;
    if (asprintf(&journal->path, "%s/journal", directory) < 0) {
        journal->path = NULL;
        fail(failure, "out of memory");
    } else if (check_directory(directory, failure) == 0 && open_file(journal, failure) == 0 &&
               lock(journal, wait_ms, failure) == 0 && check_in_place(journal, failure) == 0 &&
               read_file(journal, failure) == 0) {
        return journal;
    }
    journal_close(journal);
    return NULL;
}

struct journal *journal_look(const char *directory, struct failure *failure)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL) {
        fail(failure, "out of memory");
        return NULL;
    }
    journal->look = true;
    journal->file = -1;
    int result = 0;
    if (asprintf(&journal->path, "%s/journal", directory) < 0) {
        journal->path = NULL;
        result = fail(failure, "out of memory");
    } else {
        journal->file = open(journal->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (journal->file >= 0)
            result = read_file(journal, failure);
        else if (errno != ENOENT)
            result = fail(failure, "cannot read the journal %s: %s", journal->path, strerror(errno));
    }
    if (result == 0)
        return journal;
    journal_close(journal);
    return NULL;
}

const struct journal_entry *journal_entries(const struct journal *journal, size_t *count)
{
    *count = journal->count;
    return journal->entries;
}

const struct journal_entry *journal_find(const struct journal *journal, int64_t id)
{
    return find(journal, id);
}

int64_t journal_count_since(const struct journal *journal, const char *server, const char *database,
                            const char *site, int64_t since)
{
    int64_t count = 0;
    for (size_t i = 0; i < journal->count; i++) {
        const struct journal_entry *entry = &journal->entries[i];
        count += entry->time >= since && entry->result != JOURNAL_ROLLED_BACK && entry->undo_of == 0 &&
                 strcasecmp(entry->site, site) == 0 && strcmp(entry->server, server) == 0 &&
                 strcasecmp(entry->database, database) == 0;
    }
    return count;
}

/* Whole or not at all: a part that a full disk let through is taken off again. */
static int append(struct journal *journal, const struct text *line, struct failure *failure)
{
    if (line->failed)
        return fail(failure, "out of memory");
    ssize_t written = write(journal->file, text_string(line), line->length);
    if (written == (ssize_t)line->length && fsync(journal->file) == 0) {
        journal->size += written;
        return 0;
    }
    int error = written < 0 || written == (ssize_t)line->length ? errno : ENOSPC;
    if (ftruncate(journal->file, journal->size) != 0 && error == 0)
        error = errno;
    return fail(failure, "cannot write the journal %s: %s", journal->path, strerror(error));
}

int journal_begin(struct journal *journal, struct journal_entry *entry, struct failure *failure)
{
    int64_t last = 0;
    if (check_in_place(journal, failure) != 0)
        return -1;
    for (size_t i = 0; i < journal->count; i++)
        if (journal->entries[i].id > last)
            last = journal->entries[i].id;
    entry->id = last + 1;
    entry->result = JOURNAL_OPEN;
    struct text line = {0};
    journal_line_write_begin(entry, &line);
    /* A disk that is full must be noticed now, not when the database has changed. File systems that cannot
     * reserve room are taken as they are. */
    int result = 0;
    if (fallocate(journal->file, FALLOC_FL_KEEP_SIZE, journal->size, (off_t)line.length + END_LINE_BYTES) !=
            0 &&
        errno != EOPNOTSUPP && errno != ENOSYS)
        result = fail(failure, "no room for an entry in the journal %s: %s", journal->path, strerror(errno));
    if (result == 0)
        result = append(journal, &line, failure);
    if (result == 0 && add_entry(journal, entry) != 0)
        result = fail(failure, "out of memory");
    text_free(&line);
    return result;
}

int journal_end(struct journal *journal, int64_t id, enum journal_result result, int64_t now,
                struct failure *failure)
{
    struct journal_entry *entry = find(journal, id);
    if (entry == NULL)
        return fail(failure, "the journal %s has no entry %" PRId64, journal->path, id);
    struct text line = {0};
    journal_line_write_end(id, result, now, &line);
    int appended = append(journal, &line, failure);
    if (appended == 0)
        entry->result = result;
    text_free(&line);
    return appended;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->file >= 0)
        close(journal->file);
    free(journal->path);
    free(journal->entries);
    free(journal);
}
