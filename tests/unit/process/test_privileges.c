// SPDX-License-Identifier: GPL-3.0-or-later
#include "process/privileges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/test_identity.XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

/* What a process is after it took the owner of `path`. */
struct identity {
    int outcome;
    uid_t uid[3];
    gid_t gid[3];
    int groups;
    int death_signal;
    bool can_return;
    char home[128], user[128];
    char text[256];
};

static struct identity take(const char *path, uid_t start_as)
{
    struct identity got = {.outcome = -2};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct failure failure = {""};
        if (start_as != 0 && (setgid(start_as) != 0 || setuid(start_as) != 0))
            _exit(1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setenv("HOME", "/root", 1);
        setenv("USER", "root", 1);
        got.outcome = identity_take_owner(path, &failure);
        getresuid(&got.uid[0], &got.uid[1], &got.uid[2]);
        getresgid(&got.gid[0], &got.gid[1], &got.gid[2]);
        got.groups = getgroups(0, NULL);
        prctl(PR_GET_PDEATHSIG, &got.death_signal);
        got.can_return = seteuid(0) == 0;
        snprintf(got.home, sizeof got.home, "%s", getenv("HOME") != NULL ? getenv("HOME") : "(none)");
        snprintf(got.user, sizeof got.user, "%s", getenv("USER") != NULL ? getenv("USER") : "(none)");
        snprintf(got.text, sizeof got.text, "%.255s", failure.text);
        _exit(write(ends[1], &got, sizeof got) != sizeof got);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &got, sizeof got), sizeof got);
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return got;
}

static void expect(const char *name, const struct identity *got, uid_t uid, gid_t gid, const char *home)
{
    for (int i = 0; i < 3; i++) {
        if (got->outcome != 0 || got->uid[i] != uid || got->gid[i] != gid || strcmp(got->home, home) != 0 ||
            got->death_signal != SIGKILL || got->can_return != (uid == 0))
            fail_msg("%s: outcome %d '%s', uid %d, gid %d, home %s, signal %d, can return %d", name,
                     got->outcome, got->text, (int)got->uid[i], (int)got->gid[i], got->home,
                     got->death_signal, got->can_return);
    }
}

static bool not_root(void)
{
    if (geteuid() == 0)
        return false;
    print_message("only root can take another identity\n");
    return true;
}

static void test_named_owner(void **state)
{
    (void)state;
    const struct passwd *nobody = getpwuid(65534);
    if (not_root() || nobody == NULL)
        skip();
    char home[128];
    snprintf(home, sizeof home, "%s", nobody->pw_dir);
    gid_t gid = nobody->pw_gid;
    assert_int_equal(chown(directory, 65534, 0), 0);
    struct identity got = take(directory, 0);
    expect("nobody's", &got, 65534, gid, home);
    assert_string_not_equal(got.user, "root");
}

static void test_owner_without_a_name(void **state)
{
    (void)state;
    if (not_root() || getpwuid(54321) != NULL)
        skip();
    assert_int_equal(chown(directory, 54321, 12345), 0);
    struct identity got = take(directory, 0);
    expect("54321's", &got, 54321, 12345, "(none)");
    assert_int_equal(got.groups, 0);
}

static void test_nothing_to_take(void **state)
{
    (void)state;
    if (not_root())
        skip();
    char path[128];
    struct identity got = take(directory, 0);
    expect("root's", &got, 0, 0, "/root");
    got = take("/nonexistent/state", 0);
    expect("missing", &got, 0, 0, "/root");
    assert_int_equal(chown(directory, 65534, 65534), 0);
    snprintf(path, sizeof path, "%s.link", directory);
    assert_int_equal(symlink(directory, path), 0);
    got = take(path, 0);
    unlink(path);
    expect("a link", &got, 0, 0, "/root"); /* refused later, with a text */
}

static void test_not_root(void **state)
{
    (void)state;
    uid_t uid = geteuid() == 0 ? 65534 : geteuid();
    struct identity got = take(directory, geteuid() == 0 ? uid : 0);
    if (got.outcome != 0 || got.uid[0] != uid || strcmp(got.home, "/root") != 0)
        fail_msg("outcome %d '%s', uid %d, home %s", got.outcome, got.text, (int)got.uid[0], got.home);
    assert_int_equal(take("/", geteuid() == 0 ? uid : 0).outcome, 0);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)
    const struct CMUnitTest tests[] = {
        EACH(test_named_owner),
        EACH(test_owner_without_a_name),
        EACH(test_nothing_to_take),
        EACH(test_not_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
