// SPDX-License-Identifier: GPL-3.0-or-later
#include "files/smb_auth.h"

#include "base/secretfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { AUTH_FILE_BYTES = 8192 };

/* Read the whole small file; -1 with the operator's text. */
static int read_private_file(const char *path, char *content, size_t size, struct failure *failure)
{
    int descriptor = secret_file_open(path, "SMB authentication file", failure);
    if (descriptor < 0)
        return -1;
    ssize_t length = 0, n = 0;
    int result = -1;
    while ((size_t)length < size - 1 &&
           (n = read(descriptor, content + length, size - 1 - (size_t)length)) > 0)
        length += n;
    content[length] = '\0';
    if (n < 0)
        fail(failure, "SMB authentication file %s: %s", path, strerror(errno));
    else if ((size_t)length == size - 1)
        fail(failure, "SMB authentication file %s is larger than %d bytes", path, AUTH_FILE_BYTES);
    else if (strlen(content) != (size_t)length)
        fail(failure, "SMB authentication file %s is not text: it holds a NUL byte", path);
    else
        result = 0;
    close(descriptor);
    return result;
}

static int take_value(char *target, size_t size, const char *key, const char *value, const char *path,
                      struct failure *failure)
{
    if (strlen(value) >= size)
        return fail(failure,
                    "SMB authentication file %s: the %s is longer than %zu bytes, libsmbclient would cut it",
                    path, key, size - 1);
    memcpy(target, value, strlen(value) + 1);
    return 0;
}

static int take_line(char *line, struct smbauth *auth, const char *path, struct failure *failure)
{
    line += strspn(line, " \t");
    char *equals = strchr(line, '=');
    if (line[0] == '#' || line[0] == ';' || equals == NULL)
        return 0;
    char *end = equals;
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    const char *value = equals + 1 + strspn(equals + 1, " \t");
    if (strcasecmp(line, "username") == 0)
        return take_value(auth->username, sizeof auth->username, "username", value, path, failure);
    if (strcasecmp(line, "password") == 0)
        return take_value(auth->password, sizeof auth->password, "password", value, path, failure);
    if (strcasecmp(line, "domain") == 0)
        return take_value(auth->domain, sizeof auth->domain, "domain", value, path, failure);
    return 0;
}

int smbauth_read(const char *path, struct smbauth *auth, struct failure *failure)
{
    memset(auth, 0, sizeof *auth);
    char content[AUTH_FILE_BYTES + 1];
    int result = read_private_file(path, content, sizeof content, failure);
    char *rest = content;
    if (result == 0 && strncmp(rest, "\xEF\xBB\xBF", 3) == 0)
        rest += 3; /* edited with Notepad */
    while (result == 0 && rest != NULL) {
        char *line = strsep(&rest, "\n");
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = '\0';
        result = take_line(line, auth, path, failure);
    }
    explicit_bzero(content, sizeof content);
    const char *backslash = strchr(auth->username, '\\');
    if (result == 0 && backslash != NULL && auth->domain[0] == '\0') {
        size_t length = (size_t)(backslash - auth->username);
        memcpy(auth->domain, auth->username, length);
        auth->domain[length] = '\0';
        memmove(auth->username, backslash + 1, strlen(backslash + 1) + 1);
    }
    if (result == 0 && auth->username[0] == '\0')
        result = fail(
            failure,
            "SMB authentication file %s has no line 'username = NAME'; the format is that of smbclient -A",
            path);
    if (result != 0)
        smbauth_wipe(auth);
    return result;
}

void smbauth_wipe(struct smbauth *auth)
{
    explicit_bzero(auth, sizeof *auth);
}
