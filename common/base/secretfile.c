// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/secretfile.h"

#include "base/unicode.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_BYTES = 4096 };

void text_wipe(struct text *secret)
{
    if (secret->bytes != NULL)
        explicit_bzero(secret->bytes, secret->capacity);
    text_free(secret);
}

int secret_file_closed(mode_t mode, const char *path, const char *what, struct failure *failure)
{
    if ((mode & S_IRWXO) == 0)
        return 0;
    return fail(failure, "%s %s can be read or written by every user (mode %04o): chmod o-rwx %s", what, path,
                (unsigned)mode & 07777, path);
}

int secret_file_open(const char *path, const char *what, struct failure *failure)
{
    /* Without O_NONBLOCK a named pipe would hang the check before its deadline is watched. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return fail(failure, "%s %s: %s; it must be readable for the user that runs the check", what, path,
                    strerror(errno));
    struct stat status;
    int result = 0;
    if (fstat(file, &status) != 0)
        result = fail(failure, "%s %s: %s", what, path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        result = fail(failure, "%s %s is not a regular file", what, path);
    else
        result = secret_file_closed(status.st_mode, path, what, failure);
    if (result == 0)
        return file;
    close(file);
    return -1;
}

static int read_line(int file, const char *path, struct text *password, struct failure *failure)
{
    char line[LINE_BYTES];
    size_t length = 0;
    for (ssize_t got; length < sizeof line && (got = read(file, line + length, sizeof line - length)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(failure, "password file %s: %s", path, strerror(errno));
        length += (size_t)got;
        if (memchr(line, '\n', length) != NULL)
            break;
    }
    const char *end = memchr(line, '\n', length);
    if (end != NULL)
        length = (size_t)(end - line);
    if (length > 0 && line[length - 1] == '\r')
        length--;
    const char *begin = line;
    if (length >= 3 && memcmp(begin, "\xEF\xBB\xBF", 3) == 0) { /* Windows editors write one */
        begin += 3;
        length -= 3;
    }
    int result = 0;
    if (length == 0)
        result = fail(failure, "password file %s: its first line is empty", path);
    else if (memchr(begin, '\0', length) != NULL || !utf8_valid(begin, length))
        result = fail(failure, "password file %s: its first line is not UTF-8 text: save it as UTF-8", path);
    else
        text_add_bytes(password, begin, length);
    explicit_bzero(line, sizeof line);
    return result;
}

int password_file_read(const char *path, struct text *password, struct failure *failure)
{
    int file = secret_file_open(path, "password file", failure);
    if (file < 0)
        return -1;
    int result = read_line(file, path, password, failure);
    close(file);
    if (result == 0 && password->failed)
        result = fail(failure, "out of memory");
    return result;
}
