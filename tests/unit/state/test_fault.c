// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Every single call to the disk fails once, or is the last before a kill: what was committed before is still
 * there afterwards, and the run that met the failure told it. Runs itself under shim_io.so (SHIM_IO, or
 * one folder above the program).
 */
#include "../statetest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEPT_IN_SILENCE = 40, TOLD = 41, SILENT_WITHOUT_TEXT = 42 };

static char self[PATH_MAX], shim[PATH_MAX + 16], mark[128];

/* One run as a plugin does it, in a process of its own. @return what the verdict would tell */
static int one_run(const char *directory)
{
    snprintf(state_directory, sizeof state_directory, "%s", directory);
    enum statefile_health health;
    struct failure failure = {""};
    struct statefile *file =
        statefile_open(state_directory, PLUGIN, IDENTITY, &memory_schema, 0, NULL, &health, &failure);
    bool told = file == NULL || health == STATEFILE_LOST || health == STATEFILE_UNUSABLE;
    struct remembered *items = NULL;
    size_t count = 0;
    char key[] = "b", kind[] = "sent";
    struct remembered item = {.key = key, .kind = kind, .first_seen = 9};
    if (!told)
        told = memory_load(file, "", &items, &count, &failure) != 0;
    memory_free(items, count);
    if (!told)
        told = memory_put(file, &item, &failure) != 0;
    if (!told)
        told = statefile_commit(file, 1700000000, &failure) != 0;
    statefile_close(file);
    return !told ? KEPT_IN_SILENCE : failure.text[0] != '\0' ? TOLD : SILENT_WITHOUT_TEXT;
}

/* @return the exit status of a run whose nth call fails, or the negative number of the signal that ended it
 */
static int run_with_fault(const char *call, int nth, const char *error, bool on)
{
    unlink(mark);
    pid_t pid = fork();
    if (pid == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", nth);
        setenv("LD_PRELOAD", shim, 1);
        setenv("SHIM_PATH", state_directory, 1);
        setenv("SHIM_FAIL_CALL", call, 1);
        setenv("SHIM_FAIL_NTH", number, 1);
        setenv("SHIM_ERRNO", error, 1);
        setenv("SHIM_MARK", mark, 1);
        if (on)
            setenv("SHIM_FAIL_ON", "1", 1);
        /* A sanitizer wants to be loaded first, and looks for leaks in what is about to be killed. */
        setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
        execl(self, self, "--run", state_directory, (char *)NULL);
        _exit(127);
    }
    int status;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static const char *const calls[] = {"open",   "write",  "pwrite", "fsync", "fdatasync", "ftruncate",
                                    "rename", "unlink", "read",   "pread", "fcntl"};
static const char *const errors[] = {"ENOSPC", "EIO", "EROFS", "EACCES", "EDQUOT", "SHORT", "KILL"};

enum scenario { WITH_STATE, WITHOUT_STATE, WITH_DAMAGE };

/* What a disk cannot answer, or no disk does; and what tells no more where the file is only begun. */
static bool senseless(enum scenario scenario, const char *call, const char *error)
{
    if (scenario != WITH_STATE && strcmp(error, "EIO") != 0 && strcmp(error, "KILL") != 0)
        return true;
    bool writes = strcmp(call, "write") == 0 || strcmp(call, "pwrite") == 0;
    if (strcmp(error, "SHORT") == 0)
        return !writes;
    if (strcmp(error, "EACCES") == 0)
        return strcmp(call, "fcntl") == 0; /* means: held by another */
    return false;
}

static void prepare(enum scenario scenario)
{
    statetest_remove_directory(NULL);
    statetest_make_directory(NULL);
    if (scenario != WITHOUT_STATE)
        statetest_make_state();
    if (scenario == WITH_DAMAGE)
        statetest_write(statetest_path(""), "damage", 6);
}

static void look_afterwards(enum scenario scenario, const char *what, int status)
{
    bool killed = status == -SIGKILL;
    if (!killed && status != KEPT_IN_SILENCE && status != TOLD)
        fail_msg("%s: status %d", what, status);
    struct opening got = statetest_run(0, true);
    if (scenario == WITH_STATE) {
        statetest_expect(what, &got, STATEFILE_KEPT, "");
        if (got.first_seen != 1000 || (got.count != 41 && got.count != 42))
            fail_msg("%s: first seen %lld, %zu items", what, (long long)got.first_seen, got.count);
        if (status == KEPT_IN_SILENCE && got.count != 42)
            fail_msg("%s: not kept and not told", what);
    } else if (scenario == WITHOUT_STATE) {
        if ((got.health != STATEFILE_NEW && got.health != STATEFILE_KEPT) ||
            (status == KEPT_IN_SILENCE && got.count != 1))
            fail_msg("%s: health %d '%s', %zu items", what, (int)got.health, got.failure.text, got.count);
    } else if (status == KEPT_IN_SILENCE || (got.lost_at == 0 && got.health != STATEFILE_LOST))
        fail_msg("%s: the loss was not told: health %d '%s'", what, (int)got.health, got.failure.text);
}

static void every_call(enum scenario scenario, bool on)
{
    int runs = 0, told = 0;
    for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++) {
        for (size_t e = 0; e < sizeof errors / sizeof errors[0]; e++) {
            if (senseless(scenario, calls[c], errors[e]) || (on && strcmp(errors[e], "KILL") == 0))
                continue;
            for (int nth = 1;; nth++) {
                prepare(scenario);
                int status = run_with_fault(calls[c], nth, errors[e], on);
                bool came = access(mark, F_OK) == 0;
                char what[96];
                snprintf(what, sizeof what, "%s %d%s: %s", calls[c], nth, on ? " and later" : "", errors[e]);
                look_afterwards(scenario, what, status);
                runs++;
                told += status == TOLD;
                if (!came)
                    break;
            }
        }
    }
    unlink(mark);
    print_message("%d runs, %d told a failure\n", runs, told);
    assert_true(runs > 100 && told > 20);
}

/* Without it no call can be made to fail, and every test would pass. */
static int find_shim(void **state)
{
    (void)state;
    if (access(shim, R_OK) == 0)
        return 0;
    print_error("%s is not there: make test-programs builds it\n", shim);
    return -1;
}

static void test_with_state(void **state)
{
    (void)state;
    every_call(WITH_STATE, false);
}

static void test_with_state_for_good(void **state)
{
    (void)state;
    every_call(WITH_STATE, true);
}

static void test_without_state(void **state)
{
    (void)state;
    every_call(WITHOUT_STATE, false);
}

static void test_with_damage(void **state)
{
    (void)state;
    every_call(WITH_DAMAGE, false);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--run") == 0)
        return one_run(argv[2]);
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return 1;
    snprintf(mark, sizeof mark, "/tmp/test_statefault.%d.mark", (int)getpid());
    if (getenv("SHIM_IO") != NULL)
        snprintf(shim, sizeof shim, "%s", getenv("SHIM_IO"));
    else
        snprintf(shim, sizeof shim, "%.*s/../shim_io.so", (int)(strrchr(self, '/') - self), self);
#define EACH(test) cmocka_unit_test_setup_teardown(test, statetest_make_directory, statetest_remove_directory)
    const struct CMUnitTest tests[] = {
        EACH(test_with_state),
        EACH(test_with_state_for_good),
        EACH(test_without_state),
        EACH(test_with_damage),
    };
    return cmocka_run_group_tests(tests, find_shim, NULL);
}
