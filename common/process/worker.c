// SPDX-License-Identifier: GPL-3.0-or-later
#include "process/worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct worker {
    int pipe;
    int back;
    bool confirm;
    int64_t deadline_ms;
    struct trace trace;
};

int64_t worker_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int write_all(int fd, const void *bytes, size_t length)
{
    const char *next = bytes;
    while (length > 0) {
        ssize_t written = write(fd, next, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        next += written;
        length -= (size_t)written;
    }
    return 0;
}

static int send_frame(struct worker *worker, enum frame_kind kind, const char *bytes, size_t length)
{
    struct frame frame = {.kind = kind, .length = (uint32_t)length};
    if (write_all(worker->pipe, &frame, sizeof frame) != 0)
        return -1;
    return write_all(worker->pipe, bytes, length);
}

static void send_step(void *listener, const char *step)
{
    send_frame(listener, FRAME_STEP, step, strlen(step));
}

static void send_note(void *listener, const char *note)
{
    send_frame(listener, FRAME_NOTE, note, strlen(note));
}

const struct trace *worker_trace(struct worker *worker)
{
    return &worker->trace;
}

int64_t worker_time_left_ms(const struct worker *worker)
{
    int64_t left = worker->deadline_ms - worker_clock_ms();
    return left > 0 ? left : 0;
}

int worker_result(struct worker *worker, int exit_code, const char *output, size_t length)
{
    int32_t code = exit_code;
    if (length > MOST_FRAME_BYTES - sizeof code)
        length = MOST_FRAME_BYTES - sizeof code;
    struct frame frame = {.kind = FRAME_RESULT, .length = (uint32_t)(sizeof code + length)};
    if (write_all(worker->pipe, &frame, sizeof frame) != 0 ||
        write_all(worker->pipe, &code, sizeof code) != 0)
        return -1;
    return write_all(worker->pipe, output, length);
}

void worker_confirm(struct worker *worker)
{
    worker->confirm = send_frame(worker, FRAME_CONFIRM, "", 0) == 0;
}

bool worker_delivered(struct worker *worker)
{
    char byte;
    ssize_t got = -1;
    while (worker->confirm && (got = read(worker->back, &byte, 1)) < 0 && errno == EINTR)
        ;
    return got == 1;
}

void worker_kept(struct worker *worker)
{
    send_frame(worker, FRAME_KEPT, "", 0);
}

static void close_each(int first, int last)
{
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd >= first && fd <= last && fd != dirfd(directory))
            close(fd);
    }
    closedir(directory);
}

/* NRPE leaves its client socket and a pipe open; a worker that cannot die must not keep them. */
static void close_between(int first, int last)
{
    if (first > last)
        return;
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0) == 0)
        return;
#endif
    close_each(first, last); /* kernels before 5.9 */
}

static void reset_signals(void)
{
    for (int number = 1; number < NSIG; number++) {
        if (number != SIGKILL && number != SIGSTOP)
            signal(number, SIG_DFL);
    }
    signal(SIGPIPE, SIG_IGN); /* a server that hangs up is a driver's error, not the worker's death */
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is a failed write, not the worker's death */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void worker_run(worker_function *work, void *context, int pipe, int back, int null, pid_t parent,
                int64_t deadline_ms, int verbosity)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* the parent died before prctl could tell us */
    reset_signals();

    /* Where the plugin was started with closed stdio, the pipe itself can be one of 0, 1, 2. */
    int out = fcntl(pipe, F_DUPFD_CLOEXEC, 3), in = fcntl(back, F_DUPFD_CLOEXEC, 3);
    if (out < 0 || in < 0)
        _exit(1);
    for (int fd = 0; fd <= 2; fd++) {
        if (dup2(null, fd) < 0)
            _exit(1);
        fcntl(fd, F_SETFD, 0);
    }
    const int low = out < in ? out : in, high = out < in ? in : out;
    close_between(3, low - 1);
    close_between(low + 1, high - 1);
    close_between(high + 1, INT32_MAX);

    struct worker worker = {.pipe = out, .back = in, .deadline_ms = deadline_ms};
    worker.trace =
        (struct trace){.step = send_step, .note = send_note, .listener = &worker, .verbosity = verbosity};
    work(&worker, context);
    _exit(0); /* without the handlers and the buffers that the parent will run and flush */
}
