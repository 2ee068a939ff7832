// SPDX-License-Identifier: GPL-3.0-or-later
#include "state/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SLICE_MS = 20 };

static int open_lock(const char *path, struct failure *failure)
{
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0)
        return fail(failure, "cannot open the state lock %s: %s", path,
                    errno == ELOOP ? "it is a symbolic link; remove it" : strerror(errno));
    struct stat status;
    const char *wrong = NULL;
    if (fstat(fd, &status) != 0)
        wrong = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        wrong = "it is not a regular file; remove it";
    else if (status.st_uid != geteuid())
        wrong = "it belongs to another user; remove it";
    if (wrong != NULL) {
        close(fd);
        return fail(failure, "cannot use the state lock %s: %s", path, wrong);
    }
    fchmod(fd, 0600); /* whatever the umask made of it */
    return fd;
}

/* A lock on a file that was meanwhile removed or replaced would keep nobody out. */
static bool still_there(const char *path, int fd)
{
    struct stat there, ours;
    return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_ino == there.st_ino &&
           ours.st_dev == there.st_dev;
}

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static pid_t holder_of(int fd)
{
    struct flock lock = whole_file();
    if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK || lock.l_pid <= 0)
        return 0;
    return lock.l_pid;
}

enum statelock_outcome statelock_take(const char *path, int64_t wait_ms, const struct trace *trace, int *fd,
                                      struct failure *failure)
{
    int64_t started_ms = clock_ms();
    int64_t waited_ms = 0; /* counted too, for where a faked clock stands still */
    pid_t told = 0;
    pid_t holder = 0;
    *fd = open_lock(path, failure);
    while (*fd >= 0) {
        struct flock lock = whole_file();
        if (fcntl(*fd, F_SETLK, &lock) == 0) {
            if (still_there(path, *fd))
                return STATELOCK_TAKEN;
            close(*fd);
            *fd = open_lock(path, failure);
            continue;
        }
        if (errno != EACCES && errno != EAGAIN) {
            fail(failure, "cannot lock %s: %s; the state directory needs a file system with locks", path,
                 strerror(errno));
            statelock_free(*fd);
            *fd = -1;
            return STATELOCK_UNUSABLE;
        }
        pid_t found = holder_of(*fd);
        if (found != 0)
            holder = found;
        if (holder != told) {
            trace_step(trace, "waiting for the state lock held by pid %d", (int)holder);
            told = holder;
        }
        if (waited_ms >= wait_ms || clock_ms() - started_ms >= wait_ms) {
            if (holder != 0)
                fail(failure, "the state is locked by pid %d, an earlier run that has not ended (lock %s)",
                     (int)holder, path);
            else
                fail(failure, "the state is locked by another process (lock %s)", path);
            statelock_free(*fd);
            *fd = -1;
            return STATELOCK_HELD;
        }
        int64_t left_ms = wait_ms - waited_ms;
        int slice_ms = left_ms < SLICE_MS ? (int)left_ms : SLICE_MS;
        poll(NULL, 0, slice_ms);
        waited_ms += slice_ms;
    }
    return STATELOCK_UNUSABLE;
}

void statelock_free(int fd)
{
    if (fd >= 0)
        close(fd);
}

pid_t statelock_holder(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return 0;
    pid_t holder = holder_of(fd);
    close(fd);
    return holder;
}
