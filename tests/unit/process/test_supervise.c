// SPDX-License-Identifier: GPL-3.0-or-later
#include "process/supervise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(int ms)
{
    poll(NULL, 0, ms);
}

/* A sanitizer would turn the signal into an exit. */
static _Noreturn void crash(int number)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(number, SIG_DFL);
    raise(number);
    _exit(99);
}

static _Noreturn void hang(void)
{
    for (;;)
        pause();
}

/* The pipe as a driver that writes over its own memory would find it: the only open file beside stdio. */
static int pipe_of_worker(void)
{
    for (int fd = 3; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            return fd;
    }
    return -1;
}

static int open_files(int first)
{
    int count = 0;
    for (int fd = first; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void step(struct worker *worker, const char *name)
{
    trace_step(worker_trace(worker), "%s", name);
}

static void answers(struct worker *worker, void *context)
{
    (void)context;
    step(worker, "answering");
    worker_result(worker, 2, "hello\n", 6);
}

static void answers_then_crashes(struct worker *worker, void *context)
{
    answers(worker, context);
    crash(SIGSEGV);
}

static void answers_then_hangs(struct worker *worker, void *context)
{
    signal(SIGTERM, SIG_IGN);
    answers(worker, context);
    hang();
}

/* Whether a first word comes through in no time at all is a matter of chance. */
static void hangs_without_a_word(struct worker *worker, void *context)
{
    (void)worker;
    (void)context;
    for (;;)
        pause();
}

static void hangs(struct worker *worker, void *context)
{
    (void)context;
    signal(SIGTERM, SIG_IGN);
    step(worker, "connecting to sql01 port 1433");
    hang();
}

static void stops_itself(struct worker *worker, void *context)
{
    (void)context;
    step(worker, "stopped");
    raise(SIGSTOP);
}

static void closes_its_pipe_and_hangs(struct worker *worker, void *context)
{
    (void)context;
    step(worker, "closing everything");
    close(pipe_of_worker());
    hang();
}

static const char *const step_names[] = {"resolving sql01", "connecting", "logging in", "querying",
                                         "fetching"};

static void crashes_at_step(struct worker *worker, void *context)
{
    for (int i = 0; i <= *(int *)context; i++)
        step(worker, step_names[i]);
    crash(SIGABRT);
}

static void crashes_at_once(struct worker *worker, void *context)
{
    (void)worker;
    (void)context;
    crash(SIGKILL);
}

static void exits_with_7(struct worker *worker, void *context)
{
    (void)context;
    step(worker, "loading the driver");
    _exit(7);
}

static void returns_without_result(struct worker *worker, void *context)
{
    (void)worker;
    (void)context;
}

static const size_t large = 1024 * 1024;

static char *large_output(void)
{
    char *output = malloc(large);
    for (size_t i = 0; i < large; i++)
        output[i] = (char)('a' + i % 23);
    return output;
}

static void answers_large(struct worker *worker, void *context)
{
    (void)context;
    char *output = large_output();
    worker_result(worker, 0, output, large);
    free(output);
}

/* Writes what a result of `*context` bytes looks like, cut after so many, and crashes. */
static void tears_its_result(struct worker *worker, void *context)
{
    char whole[8 + 4 + 6] = {0};
    uint32_t head[3] = {0x534d5301 + 2, 4 + 6, 1};
    memcpy(whole, head, sizeof head);
    memcpy(whole + 12, "hello\n", 6);
    step(worker, "tearing");
    ssize_t written = write(pipe_of_worker(), whole, (size_t) * (int *)context);
    (void)written;
    crash(SIGSEGV);
}

static void writes_rubbish_and_hangs(struct worker *worker, void *context)
{
    (void)context;
    step(worker, "writing rubbish");
    char rubbish[300];
    memset(rubbish, 0xA5, sizeof rubbish);
    ssize_t written = write(pipe_of_worker(), rubbish, sizeof rubbish);
    (void)written;
    hang();
}

static void leaves_a_grandchild(struct worker *worker, void *context)
{
    if (fork() == 0) {
        sleep_ms(2000);
        _exit(0);
    }
    if (*(int *)context)
        answers(worker, NULL);
    else
        crash(SIGSEGV);
}

static void tells_what_it_sees(struct worker *worker, void *context)
{
    const int *extra = context;
    char seen[512];
    char path[3][64] = {"", "", ""};
    for (int fd = 0; fd <= 2; fd++) {
        char name[32];
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(name, path[fd], sizeof path[fd] - 1);
        path[fd][length > 0 ? length : 0] = '\0';
    }
    struct sigaction interrupt, child;
    sigaction(SIGINT, NULL, &interrupt);
    sigaction(SIGCHLD, NULL, &child);
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    int64_t left = worker_time_left_ms(worker);
    int length =
        snprintf(seen, sizeof seen, "%s %s %s open=%d extra=%d int=%d chld=%d hup=%d left=%d group=%d",
                 path[0], path[1], path[2], open_files(3), fcntl(*extra, F_GETFD) >= 0,
                 interrupt.sa_handler == SIG_DFL, child.sa_handler == SIG_DFL, sigismember(&blocked, SIGHUP),
                 left > 4000 && left <= 5000, getpgrp() == getpgid(getppid()));
    worker_result(worker, 0, seen, (size_t)length);
}

static void babbles(struct worker *worker, void *context)
{
    (void)context;
    for (int i = 0; i < 20000; i++)
        trace_note(worker_trace(worker), 2, "note %d of a driver that has much to say, and says it at length",
                   i);
    worker_result(worker, 0, "done", 4);
}

static void notes(struct worker *worker, void *context)
{
    (void)context;
    trace_note(worker_trace(worker), 2, "at two");
    trace_note(worker_trace(worker), 3, "at three");
    worker_result(worker, 0, "done", 4);
}

struct expected {
    enum supervision_end end;
    int exit_code;
    const char *output;
    const char *step;
    int status;
    int64_t least_ms, most_ms;
};

static void expect(const char *name, worker_function *work, void *context, int64_t timeout_ms,
                   struct expected expected)
{
    struct supervision got;
    struct failure failure = {""};
    int64_t begin = now_ms();
    assert_int_equal(supervise(work, context, timeout_ms, 0, NULL, &got, &failure), 0);
    int64_t took = now_ms() - begin;
    if (got.end != expected.end || got.status != expected.status || strcmp(got.step, expected.step) != 0 ||
        strcmp(text_string(&got.output), expected.output) != 0 ||
        (got.end == SUPERVISION_RESULT && got.exit_code != expected.exit_code) || took < expected.least_ms ||
        took > expected.most_ms || got.survivor != 0 || waitpid(-1, NULL, WNOHANG) != -1)
        fail_msg("%s: end %d status %d step '%s' output '%s' exit %d after %d ms, survivor %d", name,
                 (int)got.end, got.status, got.step, text_string(&got.output), got.exit_code, (int)took,
                 (int)got.survivor);
    text_free(&got.output);
}

static void test_ends(void **state)
{
    (void)state;
    expect("result", answers, NULL, 5000,
           (struct expected){SUPERVISION_RESULT, 2, "hello\n", "answering", 0, 0, 400});
    expect("result, crash", answers_then_crashes, NULL, 5000,
           (struct expected){SUPERVISION_RESULT, 2, "hello\n", "answering", SIGSEGV, 0, 400});
    expect("result, hang", answers_then_hangs, NULL, 5000,
           (struct expected){SUPERVISION_RESULT, 2, "hello\n", "answering", SIGKILL, 95, 600});
    expect("hang", hangs, NULL, 300,
           (struct expected){SUPERVISION_TIMEOUT, 0, "", "connecting to sql01 port 1433", SIGKILL, 300, 800});
    expect("stopped", stops_itself, NULL, 200,
           (struct expected){SUPERVISION_TIMEOUT, 0, "", "stopped", SIGKILL, 200, 700});
    expect("hang without pipe", closes_its_pipe_and_hangs, NULL, 200,
           (struct expected){SUPERVISION_TIMEOUT, 0, "", "closing everything", SIGKILL, 200, 700});
    expect("no time at all", hangs_without_a_word, NULL, 0,
           (struct expected){SUPERVISION_TIMEOUT, 0, "", "", SIGKILL, 0, 500});
    expect("killed", crashes_at_once, NULL, 5000,
           (struct expected){SUPERVISION_CRASH, 0, "", "", SIGKILL, 0, 400});
    expect("exit", exits_with_7, NULL, 5000,
           (struct expected){SUPERVISION_EXIT, 0, "", "loading the driver", 7, 0, 400});
    expect("no result", returns_without_result, NULL, 5000,
           (struct expected){SUPERVISION_EXIT, 0, "", "", 0, 0, 400});
    expect("rubbish", writes_rubbish_and_hangs, NULL, 5000,
           (struct expected){SUPERVISION_CRASH, 0, "", "writing rubbish", SIGKILL, 0, 400});
}

static void test_crash_at_each_step(void **state)
{
    (void)state;
    for (int i = 0; i < (int)(sizeof step_names / sizeof step_names[0]); i++)
        expect(step_names[i], crashes_at_step, &i, 5000,
               (struct expected){SUPERVISION_CRASH, 0, "", step_names[i], SIGABRT, 0, 400});
}

static void test_torn_result(void **state)
{
    (void)state;
    for (int bytes = 0; bytes < 18; bytes++) {
        char name[32];
        snprintf(name, sizeof name, "torn after %d", bytes);
        expect(name, tears_its_result, &bytes, 5000,
               (struct expected){SUPERVISION_CRASH, 0, "", "tearing", SIGSEGV, 0, 400});
    }
    int whole = 18;
    expect("not torn", tears_its_result, &whole, 5000,
           (struct expected){SUPERVISION_RESULT, 1, "hello\n", "tearing", SIGSEGV, 0, 400});
}

static void test_grandchild_keeps_the_pipe(void **state)
{
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    int result = 1, none = 0;
    expect("result", leaves_a_grandchild, &result, 5000,
           (struct expected){SUPERVISION_RESULT, 2, "hello\n", "answering", 0, 0, 400});
    expect("crash", leaves_a_grandchild, &none, 5000,
           (struct expected){SUPERVISION_CRASH, 0, "", "", SIGSEGV, 0, 400});
}

static void test_large_result(void **state)
{
    (void)state;
    struct supervision got;
    assert_int_equal(supervise(answers_large, NULL, 5000, 0, NULL, &got, NULL), 0);
    char *output = large_output();
    assert_int_equal(got.end, SUPERVISION_RESULT);
    assert_int_equal(got.output.length, large);
    assert_memory_equal(got.output.bytes, output, large);
    free(output);
    text_free(&got.output);
}

static void test_surroundings_of_the_worker(void **state)
{
    (void)state;
    int extra = dup(STDOUT_FILENO); /* as NRPE leaves two */
    signal(SIGCHLD, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_DFL);
    sigset_t hangup, before;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigprocmask(SIG_BLOCK, &hangup, &before);
    expect("surroundings", tells_what_it_sees, &extra, 5000,
           (struct expected){SUPERVISION_RESULT, 0,
                             "/dev/null /dev/null /dev/null open=2 extra=0 int=1 chld=1 hup=0 left=1 group=1",
                             "", 0, 0, 400});
    assert_ptr_equal(signal(SIGCHLD, SIG_DFL), SIG_IGN); /* the caller's own dispositions came back */
    assert_ptr_equal(signal(SIGINT, SIG_DFL), SIG_IGN);
    assert_ptr_equal(signal(SIGPIPE, SIG_DFL), SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(extra);
}

/* A daemon may start us with closed stdio: the pipe then lies on 0, 1 or 2. */
static void test_closed_stdio(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        for (int fd = 0; fd < 64; fd++)
            close(fd);
        struct supervision got;
        int outcome = supervise(answers, NULL, 2000, 0, NULL, &got, NULL);
        _exit(outcome == 0 && got.end == SUPERVISION_RESULT &&
                      strcmp(text_string(&got.output), "hello\n") == 0
                  ? 0
                  : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

/* Run with stderr on a pipe. @return what was written, in a static buffer */
static const char *stderr_of(worker_function *work, int verbosity, bool read_end_open,
                             struct supervision *got)
{
    static char written[256 * 1024];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    if (!read_end_open)
        close(ends[0]);
    int saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    int outcome = supervise(work, NULL, 3000, verbosity, NULL, got, NULL);
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_int_equal(outcome, 0);
    written[0] = '\0';
    if (read_end_open) {
        size_t length = 0;
        for (ssize_t more; (more = read(ends[0], written + length, sizeof written - 1 - length)) > 0;)
            length += (size_t)more;
        written[length] = '\0';
        close(ends[0]);
    }
    return written;
}

static void test_notes(void **state)
{
    (void)state;
    struct supervision got;
    assert_string_equal(stderr_of(notes, 0, true, &got), "");
    text_free(&got.output);
    assert_string_equal(stderr_of(notes, 2, true, &got), "at two\n");
    text_free(&got.output);
    assert_string_equal(stderr_of(notes, 3, true, &got), "at two\nat three\n");
    text_free(&got.output);
}

/* Nobody reads stderr, or its reader has gone: the result and the deadline stand. */
static void test_notes_nobody_reads(void **state)
{
    (void)state;
    for (int open_end = 0; open_end <= 1; open_end++) {
        struct supervision got;
        int64_t begin = now_ms();
        stderr_of(babbles, 2, open_end, &got);
        assert_int_equal(got.end, SUPERVISION_RESULT);
        assert_string_equal(text_string(&got.output), "done");
        assert_true(now_ms() - begin < 2500);
        text_free(&got.output);
    }
}

/* The parent is killed, at once or in the worker's work: the worker is gone too. */
static void test_parent_killed(void **state)
{
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* so that an orphan is ours to count */
    for (int delay_us = 0; delay_us < 40000; delay_us += 997) {
        pid_t parent = fork();
        if (parent == 0) {
            struct supervision got;
            supervise(hangs, NULL, 20000, 0, NULL, &got, NULL);
            _exit(0);
        }
        usleep((useconds_t)delay_us);
        kill(parent, SIGKILL);
        int64_t begin = now_ms();
        int left;
        while ((left = waitpid(-1, NULL, WNOHANG)) >= 0 && now_ms() - begin < 2000)
            sleep_ms(1);
        if (left != -1 || errno != ECHILD)
            fail_msg("a worker lived on after its parent was killed %d us after its start", delay_us);
    }
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void test_no_run_leaves_a_file_open(void **state)
{
    (void)state;
    int before = open_files(0), step_of_crash = 2;
    for (int i = 0; i < 50; i++)
        expect("result", answers, NULL, 5000,
               (struct expected){SUPERVISION_RESULT, 2, "hello\n", "answering", 0, 0, 400});
    expect("crash", crashes_at_step, &step_of_crash, 5000,
           (struct expected){SUPERVISION_CRASH, 0, "", step_names[2], SIGABRT, 0, 400});
    expect("hang", hangs, NULL, 100,
           (struct expected){SUPERVISION_TIMEOUT, 0, "", "connecting to sql01 port 1433", SIGKILL, 100, 800});
    assert_int_equal(open_files(0), before);
}

/* What is missing for a start: the words, and that no file stays open. In a child, where the limits end with it. */
static int start_without(int free_files, const char *words)
{
    enum { FIRST = 3 };
    for (int fd = FIRST; fd < 1024; fd++)
        close(fd);
    struct rlimit files = {(rlim_t)(FIRST + free_files), (rlim_t)(FIRST + free_files)}, none = {0, 0};
    if (free_files >= 0 ? setrlimit(RLIMIT_NOFILE, &files) != 0
                        : (geteuid() == 0 && setuid(65534) != 0) || setrlimit(RLIMIT_NPROC, &none) != 0)
        return 90;
    struct supervision got;
    struct failure failure = {""};
    int outcome = supervise(answers, NULL, 2000, 0, NULL, &got, &failure);
    if ((outcome != 0) != (words != NULL) || (words != NULL && strstr(failure.text, words) == NULL)) {
        fprintf(stderr, "'%s'\n", failure.text);
        return 91;
    }
    text_free(&got.output);
    return open_files(FIRST) == 0 ? 0 : 92;
}

static void test_cannot_start(void **state)
{
    (void)state;
    static const struct {
        int free_files; /* -1: enough, but no process may be started */
        const char *words;
    } cases[] = {
        {0, "cannot start the worker: pipe: Too many open files"},
        {1, "cannot start the worker: pipe: Too many open files"},
        {2, "cannot start the worker: pipe: Too many open files"},
        {3, "cannot start the worker: pipe: Too many open files"},
        {4, "cannot start the worker: /dev/null: Too many open files"},
        {5, NULL},
        {-1,
         "cannot start the worker: fork: Resource temporarily unavailable; look at the process limit of the"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(start_without(cases[i].free_files, cases[i].words));
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (status != 0)
            fail_msg("with room for %d files: %d", cases[i].free_files, WEXITSTATUS(status));
    }
}

static void test_words_for_an_end(void **state)
{
    (void)state;
    static const struct {
        struct supervision got;
        const char *words;
    } cases[] = {
        {{.end = SUPERVISION_TIMEOUT, .step = "querying"},
         "timed out after 8 s while querying; if that is slow rather than stuck, raise --timeout"},
        {{.end = SUPERVISION_TIMEOUT, .step = "", .survivor = 77},
         "timed out after 8 s while starting; if that is slow rather than stuck, raise --timeout; "
         "its process 77 cannot be ended (a dead mount?) and keeps the lock"},
        {{.end = SUPERVISION_CRASH, .status = SIGSEGV, .step = "fetching"},
         "the worker crashed (signal 11, Segmentation fault) while fetching"},
        {{.end = SUPERVISION_EXIT, .status = 7, .step = "loading the driver"},
         "the worker ended without a result (exit status 7) while loading the driver"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct failure failure = {""};
        supervision_explain(&cases[i].got, 8, &failure);
        assert_string_equal(failure.text, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cannot_start),
        cmocka_unit_test(test_words_for_an_end),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_crash_at_each_step),
        cmocka_unit_test(test_torn_result),
        cmocka_unit_test(test_large_result),
        cmocka_unit_test(test_grandchild_keeps_the_pipe),
        cmocka_unit_test(test_surroundings_of_the_worker),
        cmocka_unit_test(test_closed_stdio),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_notes_nobody_reads),
        cmocka_unit_test(test_parent_killed),
        cmocka_unit_test(test_no_run_leaves_a_file_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
