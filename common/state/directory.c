// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "state/directory.h"

#include "base/user.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { KEPT_FILES = 5 };

/* What SQLite may leave beside a database. */
static const char *const companions[] = {"-journal", "-wal", "-shm"};
enum { COMPANIONS = sizeof companions / sizeof companions[0] };

static void explain_missing(const char *directory, const char *user, const char *group,
                            struct failure *failure)
{
    char usual_group[64], hint[128] = "";
    /* A directory of root's would lock out the checks' user, whose name can only be guessed. */
    if (geteuid() == 0) {
        const struct passwd *usual = getpwnam(NAGIOS_USER);
        user = usual != NULL ? NAGIOS_USER : "USER";
        group = usual != NULL ? group_name(usual->pw_gid, usual_group, sizeof usual_group) : "GROUP";
        snprintf(hint, sizeof hint, " (%s: the user of the checks)", user);
    }
    fail(failure, "the state directory %s does not exist; as root: install -d -o %s -g %s -m 0750 %s%s",
         directory, user, group, directory, hint);
}

static void explain(const char *directory, const struct stat *status, struct failure *failure)
{
    int error = errno; /* the names of users may cost a look into files */
    char user[64], group[64], owner[64];
    user_name(geteuid(), user, sizeof user);
    group_name(getegid(), group, sizeof group);
    if (status == NULL && error == ENOENT)
        explain_missing(directory, user, group, failure);
    else if (status == NULL)
        fail(failure, "cannot look at the state directory %s: %s", directory, strerror(error));
    else if (S_ISLNK(status->st_mode))
        fail(failure, "the state directory %s is a symbolic link; name the directory itself", directory);
    else if (!S_ISDIR(status->st_mode))
        fail(failure, "the state directory %s is not a directory", directory);
    else if (status->st_uid != geteuid() && status->st_uid != 0 && geteuid() != 0)
        fail(failure, "the state directory %s belongs to %s, and this check runs as %s; as root: chown %s %s",
             directory, user_name(status->st_uid, owner, sizeof owner), user, user, directory);
    else if (status->st_mode & S_IWOTH)
        fail(failure, "the state directory %s can be written by everybody; chmod o-w %s", directory,
             directory);
    else if (error == EROFS)
        fail(failure, "the state directory %s is on a read-only file system", directory);
    else
        fail(failure,
             "the state directory %s cannot be written by %s: %s; as root: install -d -o %s -g %s -m 0750 %s",
             directory, user, strerror(error), user, group, directory);
}

char *statedir_check(const char *directory, struct failure *failure)
{
    /* "link/" would be looked through. */
    size_t length = strlen(directory);
    while (length > 1 && directory[length - 1] == '/')
        length--;
    char *plain = strndup(directory, length);
    if (plain == NULL) {
        fail(failure, "out of memory");
        return NULL;
    }
    char *real = NULL;
    struct stat status;
    if (lstat(plain, &status) != 0)
        explain(plain, NULL, failure);
    else if (!S_ISDIR(status.st_mode) ||
             (status.st_uid != geteuid() && status.st_uid != 0 && geteuid() != 0) ||
             (status.st_mode & S_IWOTH) || faccessat(AT_FDCWD, plain, R_OK | W_OK | X_OK, AT_EACCESS) != 0)
        explain(plain, &status, failure);
    else if ((real = realpath(plain, NULL)) == NULL)
        explain(plain, NULL, failure);
    free(plain);
    return real;
}

static char *joined(const char *left, const char *right)
{
    char *both;
    return asprintf(&both, "%s%s", left, right) < 0 ? NULL : both;
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static bool ends_with(const char *string, const char *end)
{
    size_t length = strlen(string), end_length = strlen(end);
    return length >= end_length && strcmp(string + length - end_length, end) == 0;
}

/* The copies of one file: how many, and the names of the first and the last by their stamps. */
struct copies {
    int count;
    char oldest[NAME_MAX + 1];
    char newest[NAME_MAX + 1];
};

static void count_copy(struct copies *copies, const char *name)
{
    for (int i = 0; i < COMPANIONS; i++) {
        if (ends_with(name, companions[i]))
            return;
    }
    if (copies->count == 0 || strverscmp(name, copies->oldest) < 0)
        snprintf(copies->oldest, sizeof copies->oldest, "%s", name);
    if (copies->count == 0 || strverscmp(name, copies->newest) > 0)
        snprintf(copies->newest, sizeof copies->newest, "%s", name);
    copies->count++;
}

static struct copies damaged_copies(DIR *directory, const char *prefix)
{
    struct copies copies = {0};
    rewinddir(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            count_copy(&copies, entry->d_name);
    }
    return copies;
}

/* @return the directory of `file`, open, and in `prefix` how the names of its copies begin */
static DIR *open_folder(const char *file, char prefix[NAME_MAX + 1])
{
    const char *slash = strrchr(file, '/');
    snprintf(prefix, NAME_MAX + 1, "%s.damaged-", slash + 1);
    char *folder = strndup(file, (size_t)(slash - file));
    DIR *directory = folder != NULL ? opendir(folder) : NULL;
    free(folder);
    return directory;
}

static void remove_oldest(const char *file)
{
    char prefix[NAME_MAX + 1];
    DIR *directory = open_folder(file, prefix);
    if (directory == NULL)
        return;
    struct copies copies;
    while ((copies = damaged_copies(directory, prefix)).count > KEPT_FILES) {
        if (unlinkat(dirfd(directory), copies.oldest, 0) != 0 &&
            unlinkat(dirfd(directory), copies.oldest, AT_REMOVEDIR) != 0)
            break;
        for (int i = 0; i < COMPANIONS; i++) {
            char *companion = joined(copies.oldest, companions[i]);
            if (companion != NULL)
                unlinkat(dirfd(directory), companion, 0);
            free(companion);
        }
    }
    closedir(directory);
}

int64_t statedir_newest_damage(const char *file)
{
    char prefix[NAME_MAX + 1];
    DIR *directory = open_folder(file, prefix);
    if (directory == NULL)
        return 0;
    struct copies copies = damaged_copies(directory, prefix);
    closedir(directory);
    struct tm stamp = {0};
    if (copies.count == 0 || strptime(copies.newest + strlen(prefix), "%Y%m%dT%H%M%SZ", &stamp) == NULL)
        return 0;
    return timegm(&stamp);
}

static char *free_name(const char *file, int64_t now)
{
    char stamp[32];
    time_t seconds = (time_t)now;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL)
        return NULL;
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    for (int n = 1; n < 1000; n++) {
        char *name;
        if ((n == 1 ? asprintf(&name, "%s.damaged-%s", file, stamp)
                    : asprintf(&name, "%s.damaged-%s-%d", file, stamp, n)) < 0)
            return NULL;
        if (!exists(name))
            return name;
        free(name);
    }
    return NULL;
}

int statedir_set_aside(const char *file, int64_t now, char **aside, struct failure *failure)
{
    *aside = free_name(file, now);
    if (*aside == NULL)
        return fail(failure, "cannot set %s aside: no free name", file);
    /* The journal first: without it the file is still damaged for the next run; alone it would be nobody's.
     */
    for (int i = 0; i < COMPANIONS; i++) {
        char *from = joined(file, companions[i]);
        char *to = joined(*aside, companions[i]);
        if (from != NULL && to != NULL && exists(from))
            rename(from, to);
        free(from);
        free(to);
    }
    if (rename(file, *aside) != 0) {
        fail(failure, "cannot set %s aside: %s", file, strerror(errno));
        free(*aside);
        *aside = NULL;
        return -1;
    }
    remove_oldest(file);
    return 0;
}

static int make_empty(const char *path, struct failure *failure)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || fchmod(fd, 0600) != 0) {
        fail(failure, "cannot create the state file %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    close(fd);
    return 0;
}

/* What an earlier run or database left at this name would be taken for a part of the new one. */
static int remove_leftovers(const char *path, struct failure *failure)
{
    static const char *const ends[] = {"-journal", "-wal", "-shm", ".new", ".new-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char *leftover;
        if (asprintf(&leftover, "%s%s", path, ends[i]) < 0)
            return fail(failure, "out of memory");
        int outcome = unlink(leftover);
        if (outcome != 0 && errno != ENOENT)
            fail(failure, "cannot remove %s: %s", leftover, strerror(errno));
        else
            outcome = 0;
        free(leftover);
        if (outcome != 0)
            return -1;
    }
    return 0;
}

static int keep_rename(const char *path)
{
    char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
    int fd = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int outcome = fd >= 0 ? fsync(fd) : -1;
    int error = errno;
    if (fd >= 0)
        close(fd);
    free(folder);
    errno = error;
    return outcome;
}

int statedir_begin_file(const char *path, char **making, struct failure *failure)
{
    *making = NULL;
    if (remove_leftovers(path, failure) != 0)
        return -1;
    *making = joined(path, ".new");
    if (*making == NULL)
        return fail(failure, "out of memory");
    if (make_empty(*making, failure) == 0)
        return 0;
    free(*making);
    *making = NULL;
    return -1;
}

int statedir_finish_file(const char *making, const char *path, struct failure *failure)
{
    if (rename(making, path) == 0 && keep_rename(path) == 0)
        return 0;
    return fail(failure, "cannot create the state file %s: %s", path, strerror(errno));
}
