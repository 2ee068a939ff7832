// SPDX-License-Identifier: GPL-3.0-or-later
#include "statetest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

char state_directory[64];

static int root_helper = -1; /* socket to a process that stays root */

struct gift {
    uid_t owner;
    char path[NAME_MAX + 128];
};

static _Noreturn void help(int requests)
{
    struct gift gift;
    while (read(requests, &gift, sizeof gift) == sizeof gift) {
        int outcome = lchown(gift.path, gift.owner, (gid_t)-1);
        if (write(requests, &outcome, sizeof outcome) != sizeof outcome)
            break;
    }
    _exit(0);
}

int statetest_become_nobody(void **state)
{
    (void)state;
    if (geteuid() != 0)
        return 0;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    pid_t helper = fork();
    if (helper == 0) {
        close(ends[0]);
        if (fork() != 0) /* an orphan is none of those that a test waits for */
            _exit(0);
        help(ends[1]);
    }
    waitpid(helper, NULL, 0);
    close(ends[1]);
    root_helper = ends[0];
    if (helper < 0 || setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        return -1;
    prctl(PR_SET_DUMPABLE, 1); /* the leak sanitizer traces its own process */
    return 0;
}

bool statetest_can_be_root(void)
{
    return root_helper >= 0;
}

void statetest_give(const char *path, uid_t owner)
{
    struct gift gift = {.owner = owner};
    int outcome = -1;
    snprintf(gift.path, sizeof gift.path, "%s", path);
    assert_int_equal(write(root_helper, &gift, sizeof gift), sizeof gift);
    assert_int_equal(read(root_helper, &outcome, sizeof outcome), sizeof outcome);
    assert_int_equal(outcome, 0);
}

int statetest_make_directory(void **state)
{
    (void)state;
    /* In memory where there is such a place: the tests make thousands of files, each synchronised to disk. */
    strcpy(state_directory,
           access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm/test_state.XXXXXX" : "/tmp/test_state.XXXXXX");
    return mkdtemp(state_directory) != NULL ? 0 : -1;
}

int statetest_remove_directory(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "chmod -Rf u+rwx %s; rm -rf %s", state_directory, state_directory);
    return system(command);
}

const char *statetest_path(const char *end)
{
    static char paths[4][NAME_MAX + 128];
    static char base[NAME_MAX + 1];
    static int next;
    /* The name is asked of a state in a directory of its own, once: its hash is none of the tests' business.
     */
    if (base[0] == '\0') {
        char saved[sizeof state_directory];
        strcpy(saved, state_directory);
        statetest_make_directory(NULL);
        statetest_run(1, false);
        DIR *directory = opendir(state_directory);
        assert_non_null(directory);
        for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
            size_t length = strlen(entry->d_name);
            if (length > 8 && strcmp(entry->d_name + length - 8, ".sqlite3") == 0)
                snprintf(base, sizeof base, "%s", entry->d_name);
        }
        closedir(directory);
        statetest_remove_directory(NULL);
        strcpy(state_directory, saved);
        assert_true(base[0] != '\0');
    }
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s%s", state_directory, base, end);
    return path;
}

void statetest_put(struct statefile *file, const char *key, int64_t first_seen)
{
    char key_copy[64], kind[] = "sent", progress[] = "2/3/1700000000";
    snprintf(key_copy, sizeof key_copy, "%s", key);
    struct remembered item = {.key = key_copy, .kind = kind, .progress = progress, .first_seen = first_seen};
    struct failure failure = {""};
    if (memory_put(file, &item, &failure) != 0)
        fail_msg("put: %s", failure.text);
}

struct opening statetest_run(int64_t first_seen, bool look_only)
{
    struct opening opening = {0};
    struct statefile *file = statefile_open(state_directory, PLUGIN, IDENTITY, &memory_schema, 5000, NULL,
                                            &opening.health, &opening.failure);
    if (file == NULL)
        fail_msg("no store: %s", opening.failure.text);
    struct remembered *items;
    struct failure failure = {""};
    if (memory_load(file, "", &items, &opening.count, &failure) != 0)
        fail_msg("load: %s", failure.text);
    for (size_t i = 0; i < opening.count; i++) {
        if (strcmp(items[i].key, "a") == 0)
            opening.first_seen = items[i].first_seen;
    }
    memory_free(items, opening.count);
    opening.lost_at = statefile_lost_at(file);
    if (first_seen != 0)
        statetest_put(file, "a", first_seen);
    if (!look_only && statefile_commit(file, 1700000000, &failure) != 0) {
        opening.commit_failed = true;
        opening.failure = failure;
    }
    statefile_close(file);
    return opening;
}

void statetest_make_state(void)
{
    enum statefile_health health;
    struct failure failure = {""};
    struct statefile *file =
        statefile_open(state_directory, PLUGIN, IDENTITY, &memory_schema, 0, NULL, &health, &failure);
    if (file == NULL || health != STATEFILE_NEW)
        fail_msg("not new: %d %s", (int)health, failure.text);
    statetest_put(file, "a", 1000);
    for (int i = 0; i < 40; i++) {
        char key[32];
        snprintf(key, sizeof key, "version/CEN%05d@S01", i);
        statetest_put(file, key, 2000 + i);
    }
    assert_int_equal(statefile_commit(file, 1700000000, &failure), 0);
    statefile_close(file);
}

void statetest_expect(const char *name, const struct opening *got, enum statefile_health health,
                      const char *words)
{
    if (got->health != health || strstr(got->failure.text, words) == NULL)
        fail_msg("%s: health %d instead of %d, text '%s' instead of '%s'", name, (int)got->health,
                 (int)health, got->failure.text, words);
}

char *statetest_read(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s: %s", path, strerror(errno));
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*length + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

void statetest_write(const char *path, const void *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
        fail_msg("%s: %s", path, strerror(errno));
    close(fd);
}

int statetest_count_files(const char *part)
{
    DIR *directory = opendir(state_directory);
    assert_non_null(directory);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += strstr(entry->d_name, part) != NULL;
    closedir(directory);
    return count;
}

void statetest_sql(const char *path, const char *sql)
{
    sqlite3 *database;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(database);
}
