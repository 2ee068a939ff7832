// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/user.h"
#include "files/backend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct localfile {
    struct bytefile file;
    int descriptor;
    char location[];
};

static const char *kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFIFO:
        return "a FIFO (named pipe)";
    case S_IFSOCK:
        return "a socket";
    case S_IFCHR:
    case S_IFBLK:
        return "a device";
    default:
        return "no regular file";
    }
}

/* The first folder on the way that this process may not enter; "" when none, then it is the object itself. */
static void find_closed_folder(const char *path, char *folder, size_t size)
{
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        if ((size_t)(slash - path) >= size)
            break;
        memcpy(folder, path, (size_t)(slash - path));
        folder[slash - path] = '\0';
        if (faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) != 0 && errno == EACCES)
            return;
    }
    folder[0] = '\0';
}

static int fail_permission(const char *path, const char *right, struct failure *failure)
{
    char user[64];
    uid_t uid = geteuid();
    user_name(uid, user, sizeof user);
    char folder[1024];
    find_closed_folder(path, folder, sizeof folder);
    if (folder[0] != '\0')
        return fail(failure,
                    "%s: permission denied: user %s (uid %ld) may not enter "
                    "the folder %s; give the right with 'setfacl -m u:%s:x %s'",
                    path, user, (long)uid, folder, user, folder);
    return fail(failure,
                "%s: permission denied: user %s (uid %ld) may not "
                "read it; give the right with 'setfacl -m u:%s:%s %s'",
                path, user, (long)uid, user, right, path);
}

/* Errors that a network file system gives when its server is gone. */
static bool is_mount_trouble(int error)
{
    return error == EIO || error == ESTALE || error == EHOSTDOWN || error == EHOSTUNREACH ||
           error == ENOTCONN || error == ETIMEDOUT || error == ECONNABORTED || error == ECONNRESET;
}

static int fail_errno(const char *path, const char *doing, int error, struct failure *failure)
{
    if (is_mount_trouble(error))
        return fail(failure,
                    "%s: %s failed: %s; if it lies on a mounted share, its server is gone: check the mount",
                    path, doing, strerror(error));
    return fail(failure, "%s: %s failed: %s", path, doing, strerror(error));
}

static int fail_open(const char *path, const char *right, int error, bool *missing, struct failure *failure)
{
    if (error == EACCES || error == EPERM)
        return fail_permission(path, right, failure);
    if (error == ENOENT) {
        if (missing != NULL)
            *missing = true;
        return fail(failure, "%s: no such file; check the path and that the share or disk is mounted", path);
    }
    return fail_errno(path, "opening it", error, failure);
}

static struct bytefile *local_open(void *self, const char *location, bool *missing, struct failure *failure)
{
    (void)self;
    struct stat facts;
    /* Looked at before it is opened: opening some devices has effects (a tape rewinds, a watchdog starts). */
    if (stat(location, &facts) != 0) {
        fail_open(location, "r", errno, missing, failure);
        return NULL;
    }
    int descriptor = -1;
    if (S_ISREG(facts.st_mode)) {
        descriptor = open(location, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (descriptor < 0) {
            fail_open(location, "r", errno, missing, failure);
            return NULL;
        }
        if (fstat(descriptor, &facts) != 0) {
            fail_errno(location, "looking at it", errno, failure);
            close(descriptor);
            return NULL;
        }
    }
    if (!S_ISREG(facts.st_mode)) {
        fail(failure, "%s is %s, not a regular file; name the file itself", location, kind_of(facts.st_mode));
        if (descriptor >= 0)
            close(descriptor);
        return NULL;
    }
    size_t length = strlen(location) + 1;
    struct localfile *file = malloc(sizeof *file + length);
    if (file == NULL) {
        fail(failure, "%s: out of memory", location);
        close(descriptor);
        return NULL;
    }
    file->file.transport = &localfile_transport;
    file->descriptor = descriptor;
    memcpy(file->location, location, length);
    return &file->file;
}

static int local_facts(struct bytefile *base, struct bytefile_facts *facts, struct failure *failure)
{
    struct localfile *file = (struct localfile *)base;
    struct stat stat;
    if (fstat(file->descriptor, &stat) != 0)
        return fail_errno(file->location, "looking at it", errno, failure);
    *facts = (struct bytefile_facts){stat.st_size, stat.st_mtime, stat.st_ino};
    return 0;
}

static int64_t local_read_at(struct bytefile *base, int64_t offset, void *buffer, size_t size,
                             struct failure *failure)
{
    struct localfile *file = (struct localfile *)base;
    size_t got = 0;
    while (got < size) {
        ssize_t n = pread(file->descriptor, (char *)buffer + got, size - got, offset + (int64_t)got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(file->location, "reading it", errno, failure);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (int64_t)got;
}

static void local_close_file(struct bytefile *base)
{
    struct localfile *file = (struct localfile *)base;
    close(file->descriptor);
    free(file);
}

enum look { LOOK_SEEN, LOOK_GONE, LOOK_REFUSED };

/* A link to a file is a file, as for a reader; a link to a folder is no folder to walk into. What was deleted meanwhile
 * and a link that leads nowhere are gone; what may not be looked at is no such thing (errno says why). */
static enum look look_at(int folder, const char *name, struct stat *stat, bool *link)
{
    if (fstatat(folder, name, stat, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? LOOK_GONE : LOOK_REFUSED;
    *link = S_ISLNK(stat->st_mode);
    return !*link || fstatat(folder, name, stat, 0) == 0 ? LOOK_SEEN : LOOK_GONE;
}

static void take_facts(int folder, struct bytestore_folder *facts)
{
    struct stat stat;
    if (fstat(folder, &stat) != 0)
        return;
    facts->changed = stat.st_mtime;
    facts->device = (int64_t)stat.st_dev;
    facts->inode = (int64_t)stat.st_ino;
}

static int local_list(void *self, const char *folder, bytestore_visitor *visitor, void *context,
                      struct bytestore_folder *facts, struct failure *failure)
{
    (void)self;
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
    DIR *listing = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    if (listing == NULL) {
        int error = errno;
        if (descriptor >= 0)
            close(descriptor);
        facts->missing = error == ENOENT || error == ENOTDIR;
        if (error == ENOENT)
            return fail(failure, "%s: no such folder; check the path and that the share or disk is mounted",
                        folder);
        if (error == ENOTDIR)
            return fail(failure, "%s is not a folder", folder);
        return fail_open(folder, "rx", error, NULL, failure);
    }
    take_facts(descriptor, facts);
    bool more = true;
    int result = 0;
    while (more) {
        errno = 0;
        const struct dirent *name = readdir(listing);
        if (name == NULL) {
            if (errno != 0)
                result = fail_errno(folder, "listing it", errno, failure);
            break;
        }
        struct stat stat;
        bool link = false;
        if (strcmp(name->d_name, ".") == 0 || strcmp(name->d_name, "..") == 0)
            continue;
        const enum look look = look_at(descriptor, name->d_name, &stat, &link);
        if (look == LOOK_REFUSED) {
            result = fail_open(folder, "rx", errno, NULL, failure);
            break;
        }
        if (look == LOOK_GONE)
            continue;
        struct bytestore_entry entry = {.name = name->d_name,
                                        .regular = S_ISREG(stat.st_mode),
                                        .folder = S_ISDIR(stat.st_mode) && !link,
                                        .size_bytes = stat.st_size,
                                        .mtime = stat.st_mtime};
        more = visitor(context, &entry);
    }
    closedir(listing);
    return result;
}

static void local_close(void *self)
{
    (void)self;
}

const struct byte_transport localfile_transport = {
    .open = local_open,
    .list = local_list,
    .facts = local_facts,
    .read_at = local_read_at,
    .close_file = local_close_file,
    .close = local_close,
};
