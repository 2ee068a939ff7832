// SPDX-License-Identifier: GPL-3.0-or-later
#include "process/supervise.h"

#include "process/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    GRACE_MS = 100, /* for a graceful end after the result, and for the kernel after SIGKILL */
    KEEP_MS = 1000, /* for a worker that keeps what was delivered */
    SLICE_MS = 100  /* how late the end of a worker is seen whose own child keeps the pipe open */
};

/* The parent's view of a running worker. */
struct watch {
    pid_t pid;
    int pipe; /* non-blocking; -1 after its end was read */
    int back; /* to the worker: one byte when the result was delivered; -1 closed */
    delivery_function *deliver;
    bool confirm; /* the worker wants to know */
    bool kept;
    int64_t started_ms;
    int64_t waited_ms; /* sum of the waits that passed in full: a deadline even where a faked clock stands */
    int verbosity;
    bool dead;
    int wait_status;
    struct text unread; /* bytes of a frame that is not yet whole */
    bool spoilt;        /* what was read is no frame: a worker that writes over its own memory */
    bool answered;
    struct supervision *supervision;
};

/* Never waits: a reader that does not read must not cost the deadline. Notes that find no room are dropped.
 */
static void write_note(const char *note, size_t length)
{
    struct text line = {0};
    text_add_bytes(&line, note, length);
    text_add(&line, "\n");
    for (size_t sent = 0; sent < line.length;) {
        struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
        if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT))
            break;
        /* A pipe that polls as writable takes this many bytes without blocking. */
        size_t piece = line.length - sent < 4096 ? line.length - sent : 4096;
        ssize_t written = write(STDERR_FILENO, line.bytes + sent, piece);
        if (written <= 0)
            break;
        sent += (size_t)written;
    }
    text_free(&line);
}

static void keep_step(struct supervision *supervision, const char *step, size_t length)
{
    size_t room = sizeof supervision->step - 1;
    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)step[length] & 0xC0) == 0x80)
            length--;
    }
    memcpy(supervision->step, step, length);
    supervision->step[length] = '\0';
}

static void take_frame(struct watch *watch, const struct frame *frame, const char *bytes)
{
    int32_t code;
    switch (frame->kind) {
    case FRAME_STEP:
        if (!watch->answered)
            keep_step(watch->supervision, bytes, frame->length);
        break;
    case FRAME_NOTE:
        write_note(bytes, frame->length);
        break;
    case FRAME_CONFIRM:
        watch->confirm = true;
        break;
    case FRAME_KEPT:
        watch->kept = true;
        break;
    case FRAME_RESULT:
        if (frame->length < sizeof code || watch->answered) {
            watch->spoilt = true;
            break;
        }
        memcpy(&code, bytes, sizeof code);
        watch->supervision->exit_code = code;
        text_add_bytes(&watch->supervision->output, bytes + sizeof code, frame->length - sizeof code);
        watch->answered = true;
        break;
    default:
        watch->spoilt = true;
    }
}

static void take_frames(struct watch *watch)
{
    size_t used = 0;
    struct frame frame;
    while (!watch->spoilt && watch->unread.length - used >= sizeof frame) {
        memcpy(&frame, watch->unread.bytes + used, sizeof frame);
        if (frame.kind < FRAME_STEP || frame.kind > FRAME_KEPT || frame.length > MOST_FRAME_BYTES)
            watch->spoilt = true;
        else if (watch->unread.length - used - sizeof frame < frame.length)
            break;
        else {
            take_frame(watch, &frame, watch->unread.bytes + used + sizeof frame);
            used += sizeof frame + frame.length;
        }
    }
    if (used > 0) {
        memmove(watch->unread.bytes, watch->unread.bytes + used, watch->unread.length - used);
        text_cut(&watch->unread, watch->unread.length - used);
    }
}

static void close_pipe(struct watch *watch)
{
    if (watch->pipe >= 0)
        close(watch->pipe);
    watch->pipe = -1;
}

/* Read what is there, at most as much as a pipe can hold, so that a babbling grandchild cannot keep us here.
 */
static void read_pipe(struct watch *watch)
{
    static const int most_reads = 32;
    char bytes[32 * 1024];
    for (int i = 0; i < most_reads && watch->pipe >= 0 && !watch->spoilt; i++) {
        ssize_t got = read(watch->pipe, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            close_pipe(watch);
            return;
        }
        text_add_bytes(&watch->unread, bytes, (size_t)got);
        take_frames(watch);
    }
}

static void look_for_end(struct watch *watch)
{
    if (!watch->dead && waitpid(watch->pid, &watch->wait_status, WNOHANG) == watch->pid)
        watch->dead = true;
}

static int64_t elapsed_ms(const struct watch *watch)
{
    int64_t elapsed = worker_clock_ms() - watch->started_ms;
    return elapsed > watch->waited_ms ? elapsed : watch->waited_ms;
}

/* Wait until something happens on the pipe, the slice is over or `until_ms` (elapsed) has come; then look. */
static void wait_slice(struct watch *watch, int64_t until_ms)
{
    int64_t wait_ms = until_ms - elapsed_ms(watch);
    /* After the pipe's end the worker is nearly dead: nothing but its exit is left to wait for. */
    int64_t slice_ms = watch->pipe >= 0 ? SLICE_MS : 1;
    if (wait_ms > slice_ms)
        wait_ms = slice_ms;
    if (wait_ms < 0)
        wait_ms = 0;
    struct pollfd ready = {.fd = watch->pipe, .events = POLLIN};
    if (poll(&ready, 1, (int)wait_ms) == 0)
        watch->waited_ms += wait_ms;
    look_for_end(watch); /* before the pipe is read: what a dead worker wrote is then all there */
    read_pipe(watch);
}

static bool broken(const struct watch *watch)
{
    return watch->spoilt || watch->unread.failed || watch->supervision->output.failed;
}

static void wait_for_end(struct watch *watch, int64_t grace_ms)
{
    int64_t until_ms = elapsed_ms(watch) + grace_ms;
    look_for_end(watch);
    while (!watch->dead && elapsed_ms(watch) < until_ms)
        wait_slice(watch, until_ms);
}

static void close_back(struct watch *watch)
{
    if (watch->back >= 0)
        close(watch->back);
    watch->back = -1;
}

static void deliver_result(struct watch *watch)
{
    bool delivered = watch->deliver != NULL && !broken(watch) && watch->deliver(&watch->supervision->output);
    /* Into a pipe that is empty: it cannot block, and a worker that is gone is no matter (SIGPIPE is ignored). */
    if (delivered && watch->confirm && write(watch->back, "", 1) == 1) {
        int64_t until_ms = elapsed_ms(watch) + KEEP_MS;
        while (!watch->dead && !watch->kept && !broken(watch) && elapsed_ms(watch) < until_ms)
            wait_slice(watch, until_ms);
    }
    close_back(watch);
}

static void follow(struct watch *watch, int64_t timeout_ms)
{
    struct supervision *supervision = watch->supervision;
    do
        wait_slice(watch, timeout_ms);
    while (!watch->answered && !watch->dead && !broken(watch) && elapsed_ms(watch) < timeout_ms);

    bool died_alone = watch->dead;
    supervision->elapsed_ms = elapsed_ms(watch);
    if (watch->answered) {
        deliver_result(watch);
        wait_for_end(watch, GRACE_MS);
    }
    if (!watch->dead) {
        kill(watch->pid, SIGKILL);
        wait_for_end(watch, GRACE_MS);
    }
    supervision->survivor = watch->dead ? 0 : watch->pid;
    if (watch->dead)
        supervision->status =
            WIFSIGNALED(watch->wait_status) ? WTERMSIG(watch->wait_status) : WEXITSTATUS(watch->wait_status);

    if (watch->answered)
        supervision->end = SUPERVISION_RESULT;
    else if (!died_alone && !watch->spoilt)
        supervision->end = SUPERVISION_TIMEOUT;
    else if (watch->dead && WIFEXITED(watch->wait_status))
        supervision->end = SUPERVISION_EXIT;
    else
        supervision->end = SUPERVISION_CRASH;
}

static int start(struct watch *watch, worker_function *work, void *context, int64_t timeout_ms,
                 struct failure *failure)
{
    int ends[2], back[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(failure, "cannot start the worker: pipe: %s", strerror(errno));
    watch->pipe = ends[0];
    if (pipe2(back, O_CLOEXEC) != 0) {
        close(ends[1]);
        return fail(failure, "cannot start the worker: pipe: %s", strerror(errno));
    }
    watch->back = back[1];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) {
        fail(failure, "cannot start the worker: /dev/null: %s", strerror(errno));
        close(ends[1]);
        close(back[0]);
        return -1;
    }
    pid_t parent = getpid();
    watch->started_ms = worker_clock_ms();
    watch->pid = fork();
    if (watch->pid == 0)
        worker_run(work, context, ends[1], back[0], null, parent, watch->started_ms + timeout_ms,
                   watch->verbosity);
    int fork_error = errno;
    close(ends[1]);
    close(back[0]);
    close(null);
    if (watch->pid < 0)
        return fail(failure,
                    "cannot start the worker: fork: %s; look at the process limit of the monitoring user",
                    strerror(fork_error));
    fcntl(watch->pipe, F_SETFL, O_NONBLOCK);
    return 0;
}

int supervise(worker_function *work, void *context, int64_t timeout_ms, int verbosity,
              delivery_function *deliver, struct supervision *supervision, struct failure *failure)
{
    *supervision = (struct supervision){0};
    struct watch watch = {
        .pipe = -1, .back = -1, .deliver = deliver, .verbosity = verbosity, .supervision = supervision};

    struct sigaction ignore = {.sa_handler = SIG_IGN}, standard = {.sa_handler = SIG_DFL}, old_pipe,
                     old_child;
    sigaction(SIGPIPE, &ignore, &old_pipe);
    sigaction(SIGCHLD, &standard,
              &old_child); /* a daemon that ignores it would take the worker's status from us */

    int outcome = start(&watch, work, context, timeout_ms, failure);
    if (outcome == 0) {
        follow(&watch, timeout_ms);
        if (watch.unread.failed || supervision->output.failed) {
            text_free(&supervision->output);
            outcome = fail(failure, "out of memory while reading the worker's result");
        }
    }
    close_pipe(&watch);
    close_back(&watch);
    text_free(&watch.unread);
    sigaction(SIGPIPE, &old_pipe, NULL);
    sigaction(SIGCHLD, &old_child, NULL);
    return outcome;
}

void supervision_explain(const struct supervision *supervision, int64_t timeout_s, struct failure *failure)
{
    const char *step = supervision->step[0] != '\0' ? supervision->step : "starting";
    if (supervision->end == SUPERVISION_TIMEOUT)
        fail(failure,
             "timed out after %" PRId64 " s while %s; if that is slow rather than stuck, raise --timeout",
             timeout_s, step);
    else if (supervision->end == SUPERVISION_CRASH)
        fail(failure, "the worker crashed (signal %d, %s) while %s", supervision->status,
             strsignal(supervision->status), step);
    else
        fail(failure, "the worker ended without a result (exit status %d) while %s", supervision->status,
             step);
    if (supervision->survivor != 0)
        failure_add(failure, "; its process %d cannot be ended (a dead mount?) and keeps the lock",
                    (int)supervision->survivor);
}
