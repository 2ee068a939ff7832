// SPDX-License-Identifier: GPL-3.0-or-later
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/*
 * A mount whose server is gone: with LD_PRELOAD every pread of a file whose path holds $SHIM_READ_HANGS
 * blocks for ever. And a slow link: what is read of a file whose path holds $SHIM_READ_SLOWS comes with
 * $SHIM_READ_RATE bytes a second.
 */

static int path_holds(int descriptor, const char *variable)
{
    const char *wanted = getenv(variable);
    char link[64] = "/proc/self/fd/", path[4096];
    if (wanted == NULL)
        return 0;
    char *digits = link + strlen(link);
    int divisor = 1;
    while (descriptor / divisor >= 10)
        divisor *= 10;
    for (; divisor > 0; divisor /= 10)
        *digits++ = (char)('0' + descriptor / divisor % 10);
    *digits = '\0';
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    return strstr(path, wanted) != NULL;
}

typedef ssize_t pread_function(int, void *, size_t, off_t);

static ssize_t hang_or_read(const char *name, int descriptor, void *buffer, size_t size, off_t offset)
{
    while (path_holds(descriptor, "SHIM_READ_HANGS"))
        pause();
    void *symbol = dlsym(RTLD_NEXT, name);
    pread_function *real;
    memcpy(&real, &symbol, sizeof real);
    ssize_t got = real(descriptor, buffer, size, offset);
    const char *rate = getenv("SHIM_READ_RATE");
    if (got > 0 && rate != NULL && path_holds(descriptor, "SHIM_READ_SLOWS")) {
        const long long microseconds = got * 1000000LL / atoll(rate);
        nanosleep(&(struct timespec){microseconds / 1000000, microseconds % 1000000 * 1000}, NULL);
    }
    return got;
}

ssize_t pread(int descriptor, void *buffer, size_t size, off_t offset)
{
    return hang_or_read("pread", descriptor, buffer, size, offset);
}

ssize_t pread64(int descriptor, void *buffer, size_t size, off_t offset)
{
    return hang_or_read("pread64", descriptor, buffer, size, offset);
}
