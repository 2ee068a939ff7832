// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A shared object for LD_PRELOAD that fails one call, to see what a program makes of a full or dying disk.
 *
 * SHIM_PATH      only files whose path begins with this are touched
 * SHIM_FAIL_CALL open write pwrite fsync fdatasync ftruncate fallocate rename unlink read pread fcntl
 * SHIM_FAIL_NTH  the how manieth of these calls fails, from 1; all later ones too with SHIM_FAIL_ON=1
 * SHIM_ERRNO     ENOSPC EIO EROFS EACCES EDQUOT ENOLCK EMFILE EOPNOTSUPP; KILL ends the process instead; SHORT halves a
 * write SHIM_MARK      this file is made when the call came
 */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum verdict { PASS, FAIL, HALVE };

static int calls;

static int wanted_errno(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EROFS", EROFS},   {"EACCES", EACCES},
                 {"EDQUOT", EDQUOT}, {"ENOLCK", ENOLCK}, {"EMFILE", EMFILE}, {"EOPNOTSUPP", EOPNOTSUPP}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i].name) == 0)
            return known[i].number;
    }
    return EIO;
}

static enum verdict judge(const char *call, const char *path)
{
    const char *under = getenv("SHIM_PATH"), *wanted = getenv("SHIM_FAIL_CALL"),
               *nth = getenv("SHIM_FAIL_NTH");
    if (under == NULL || wanted == NULL || nth == NULL || path == NULL || strcmp(call, wanted) != 0 ||
        strncmp(path, under, strlen(under)) != 0)
        return PASS;
    calls++;
    if (calls < atoi(nth) || (calls > atoi(nth) && getenv("SHIM_FAIL_ON") == NULL))
        return PASS;
    const char *mark = getenv("SHIM_MARK"), *error = getenv("SHIM_ERRNO");
    if (mark != NULL) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, mark, O_WRONLY | O_CREAT, 0600);
        if (fd >= 0)
            syscall(SYS_close, fd);
    }
    if (error != NULL && strcmp(error, "KILL") == 0)
        raise(SIGKILL);
    if (error != NULL && strcmp(error, "SHORT") == 0)
        return HALVE;
    errno = wanted_errno(error != NULL ? error : "EIO");
    return FAIL;
}

static enum verdict judge_fd(const char *call, int fd)
{
    char name[32], path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0)
        return PASS;
    path[length] = '\0';
    return judge(call, path);
}

#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))

#define OPEN(name)                                                                                           \
    int name(const char *path, int flags, ...)                                                               \
    {                                                                                                        \
        va_list more;                                                                                        \
        va_start(more, flags);                                                                               \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;                            \
        va_end(more);                                                                                        \
        if (judge("open", path) != PASS)                                                                     \
            return -1;                                                                                       \
        return REAL(int (*)(const char *, int, ...), #name)(path, flags, mode);                              \
    }

#define ON_FD(name, call)                                                                                    \
    int name(int fd)                                                                                         \
    {                                                                                                        \
        return judge_fd(call, fd) != PASS ? -1 : REAL(int (*)(int), #name)(fd);                              \
    }

#define TRUNCATE(name)                                                                                       \
    int name(int fd, off_t length)                                                                           \
    {                                                                                                        \
        return judge_fd("ftruncate", fd) != PASS ? -1 : REAL(int (*)(int, off_t), #name)(fd, length);        \
    }

#define POSITIONED(name, call, constness)                                                                    \
    ssize_t name(int fd, constness void *bytes, size_t length, off_t offset)                                 \
    {                                                                                                        \
        enum verdict verdict = judge_fd(call, fd);                                                           \
        if (verdict == FAIL)                                                                                 \
            return -1;                                                                                       \
        return REAL(ssize_t(*)(int, constness void *, size_t, off_t),                                        \
                    #name)(fd, bytes, verdict == HALVE && length > 1 ? length / 2 : length, offset);         \
    }

#define STREAMED(name, constness)                                                                            \
    ssize_t name(int fd, constness void *bytes, size_t length)                                               \
    {                                                                                                        \
        enum verdict verdict = judge_fd(#name, fd);                                                          \
        if (verdict == FAIL)                                                                                 \
            return -1;                                                                                       \
        return REAL(ssize_t(*)(int, constness void *, size_t),                                               \
                    #name)(fd, bytes, verdict == HALVE && length > 1 ? length / 2 : length);                 \
    }

#define CONTROL(name)                                                                                        \
    int name(int fd, int command, ...)                                                                       \
    {                                                                                                        \
        va_list more;                                                                                        \
        va_start(more, command);                                                                             \
        void *argument = va_arg(more, void *);                                                               \
        va_end(more);                                                                                        \
        if ((command == F_SETLK || command == F_SETLKW) && judge_fd("fcntl", fd) != PASS)                    \
            return -1;                                                                                       \
        return REAL(int (*)(int, int, ...), #name)(fd, command, argument);                                   \
    }

OPEN(open)
OPEN(open64)
ON_FD(fsync, "fsync")
ON_FD(fdatasync, "fdatasync")
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)
POSITIONED(pwrite, "pwrite", const)
POSITIONED(pwrite64, "pwrite", const)
POSITIONED(pread, "pread", )
POSITIONED(pread64, "pread", )
STREAMED(write, const)
STREAMED(read, )
CONTROL(fcntl)
CONTROL(fcntl64)

int rename(const char *from, const char *to)
{
    return judge("rename", from) != PASS ? -1 : REAL(int (*)(const char *, const char *), "rename")(from, to);
}

int unlink(const char *path)
{
    return judge("unlink", path) != PASS ? -1 : REAL(int (*)(const char *), "unlink")(path);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    return judge_fd("fallocate", fd) != PASS
               ? -1
               : REAL(int (*)(int, int, off_t, off_t), "fallocate")(fd, mode, offset, length);
}
