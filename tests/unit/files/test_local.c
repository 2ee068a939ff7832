// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.h"
#include "files/files.h"
#include "files/smb_auth.h"
#include "files/smb_library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[64];
static char path[128];

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *content, mode_t mode)
{
    int descriptor = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(fchmod(descriptor, mode), 0);
    close(descriptor);
}

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/test_localfile.XXXXXX");
    return mkdtemp(folder) != NULL ? chmod(folder, 0755) : -1;
}

static int end(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", folder, folder);
    return system(command);
}

static void expect_refused(const char *location, const char *words)
{
    struct failure failure = {""};
    bool missing;
    struct bytestore *store = bytestore_new(NULL, NULL);
    struct bytefile *file = bytestore_find(store, location, NULL, &missing, &failure);
    if (file != NULL || strstr(failure.text, words) == NULL)
        fail_msg("%s: '%s' instead of '%s'", location, file != NULL ? "opened" : failure.text, words);
    bytefile_close(file);
    bytestore_close(store);
}

static void test_read(void **state)
{
    (void)state;
    write_file("a.log", "0123456789", 0600);
    struct failure failure = {""};
    bool missing;
    char buffer[16];
    struct bytestore *store = bytestore_new(NULL, NULL);
    struct bytefile *file = bytestore_open(store, in_folder("a.log"), &missing, &failure);
    assert_non_null(file);
    struct bytefile_facts facts;
    assert_int_equal(bytefile_facts(file, &facts, &failure), 0);
    assert_int_equal(facts.size_bytes, 10);
    /* the kernel may stamp finer than time() counts */
    assert_true(facts.mtime <= time(NULL) + 1 && facts.mtime > time(NULL) - 60);
    assert_int_equal(bytefile_read_at(file, 3, buffer, 4, &failure), 4);
    assert_memory_equal(buffer, "3456", 4);
    assert_int_equal(bytefile_read_at(file, 8, buffer, 16, &failure), 2);
    assert_int_equal(bytefile_read_at(file, 99, buffer, 16, &failure), 0);
    assert_int_equal(bytestore_bytes_read(store), 6);
    bytefile_close(file);
    bytestore_close(store);
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    mkdir(in_folder("folder"), 0700);
    mkfifo(in_folder("fifo"), 0600);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    alarm(5); /* nothing of this may block */
    expect_refused(in_folder("folder"), "is a directory, not a regular file");
    expect_refused(in_folder("fifo"), "is a FIFO (named pipe), not a regular file");
    expect_refused(address.sun_path, "is a socket, not a regular file");
    expect_refused("/dev/null", "is a device, not a regular file");
    expect_refused(in_folder("missing.log"), "no such file");
    expect_refused(in_folder("missing/x.log"), "no such file");
    expect_refused("", "location is empty");
    alarm(0);
    close(descriptor);
}

/* Run as an ordinary user: root may read everything. */
static void expect_refused_to_nobody(const char *location, const char *words)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct failure failure = {""};
        bool missing;
        if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(2);
        struct bytestore *store = bytestore_new(NULL, NULL);
        const struct bytefile *file = bytestore_find(store, location, NULL, &missing, &failure);
        if (file == NULL && !missing && strstr(failure.text, words) != NULL)
            _exit(0);
        fprintf(stderr, "'%s' instead of '%s'\n", failure.text, words);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_permission(void **state)
{
    (void)state;
    char words[256];
    write_file("secret.log", "x", 0000);
    expect_refused_to_nobody(in_folder("secret.log"), "permission denied: user ");
    expect_refused_to_nobody(in_folder("secret.log"), "may not read it; give the right with 'setfacl -m u:");
    mkdir(in_folder("closed"), 0700);
    write_file("closed/a.log", "x", 0644);
    chmod(in_folder("closed"), 0000);
    snprintf(words, sizeof words, "may not enter the folder %s/closed;", folder);
    expect_refused_to_nobody(in_folder("closed/a.log"), words);
}

static void expect_found(const char *wanted, const char *found_name)
{
    struct failure failure = {""};
    bool missing;
    char *found = NULL, location[128], expected[128];
    snprintf(location, sizeof location, "%s/%s", folder, wanted);
    snprintf(expected, sizeof expected, "%s/%s", folder, found_name);
    struct bytestore *store = bytestore_new(NULL, NULL);
    struct bytefile *file = bytestore_find(store, location, &found, &missing, &failure);
    if (file == NULL)
        fail_msg("%s: %s", location, failure.text);
    assert_string_equal(found, expected);
    free(found);
    bytefile_close(file);
    bytestore_close(store);
}

static void set_age(const char *name, time_t age)
{
    struct timespec times[2] = {{.tv_sec = time(NULL) - age}, {.tv_sec = time(NULL) - age}};
    assert_int_equal(utimensat(AT_FDCWD, in_folder(name), times, 0), 0);
}

static void test_names_without_case(void **state)
{
    (void)state;
    write_file("DESPOOL.LOG", "x", 0600);
    expect_found("despool.log", "DESPOOL.LOG");
    write_file("Despool.log", "x", 0600);
    set_age("DESPOOL.LOG", 100);
    expect_found("despool.log", "Despool.log");
    set_age("Despool.log", 200);
    expect_found("despool.log", "DESPOOL.LOG");
    write_file("despool.log", "x", 0600);
    set_age("despool.log", 300);
    expect_found("despool.log", "despool.log");
    mkdir(in_folder("DISTMGR.LOG"), 0700); /* a folder is no variant */
    expect_refused(in_folder("distmgr.log"), "no such file");
}

static bool add_name(void *context, const struct bytestore_entry *entry)
{
    text_addf(context, "%s:%d:%lld ", entry->name, entry->regular, (long long)entry->size_bytes);
    return true;
}

static void test_list(void **state)
{
    (void)state;
    struct failure failure = {""};
    struct text names = {0};
    write_file("CEN00001.PCK", "12345", 0600);
    mkdir(in_folder("d"), 0700);
    struct bytestore *store = bytestore_new(NULL, NULL);
    assert_int_equal(bytestore_list(store, folder, add_name, &names, NULL, &failure), 0);
    assert_non_null(strstr(text_string(&names), "CEN00001.PCK:1:5 "));
    assert_non_null(strstr(text_string(&names), "d:0:"));
    text_free(&names);
    assert_int_equal(bytestore_list(store, in_folder("none"), add_name, &names, NULL, &failure), -1);
    assert_non_null(strstr(failure.text, "no such folder"));
    assert_int_equal(bytestore_list(store, in_folder("CEN00001.PCK"), add_name, &names, NULL, &failure), -1);
    assert_non_null(strstr(failure.text, "is not a folder"));
    bytestore_close(store);
}

static void test_urls(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *words; /* NULL: fine */
        const char *never; /* must not be repeated */
    } cases[] = {
        {"smb://host/share/a.log", NULL, NULL},
        {"SMB://host:1445/SMSPKGC$", NULL, NULL},
        {"smb://host/share/mail@box/a.log", NULL, NULL},
        {"smb://joe:hunter2@host/share/a.log", "carries a user or password", "hunter2"},
        {"smb://joe@host/share/a.log", "carries a user or password", "joe"},
        {"smb://DOM;joe:hunter2@host/share/a.log", "carries a user or password", "hunter2"},
        {"smb://joe:hun/ter2@host/share/a.log", "carries a user or password", "hun"},
        {"smb://host:abc/share/a.log", "no port number", "abc"},
        {"smb://joe:1/ter2@host/share/a.log", "carries a user or password", "ter2"},
        {"smb://host:0/share/a.log", "no port number", NULL},
        {"smb://host:65536/share/a.log", "no port number", NULL},
        {"smb://host:/share/a.log", "no port number", NULL},
        {"smb:///share/a.log", "names no host", NULL},
        {"smb://host", "names no share", NULL},
        {"smb://host/", "names no share", NULL},
        {"\\\\S021\\SMS_S02\\Logs\\despool.log", "write smb://S021/SMS_S02/Logs/despool.log", NULL},
        {"\\\\S021.corp.example\\SMS_S02", "write smb://S021.corp.example/SMS_S02", NULL},
        {"D:\\SMS\\Logs", "smb://SERVER/SHARE/PATH", NULL},
        {"\\odd", NULL, NULL},
        {"D:", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct failure failure = {""};
        int result = bytestore_check(cases[i].url, &failure);
        if ((cases[i].words == NULL) != (result == 0) ||
            (cases[i].words != NULL && strstr(failure.text, cases[i].words) == NULL) ||
            (cases[i].never != NULL && strstr(failure.text, cases[i].never) != NULL))
            fail_msg("%s: %d '%s'", cases[i].url, result, failure.text);
    }
}

static void expect_auth(const char *content, mode_t mode, const char *user, const char *domain,
                        const char *words)
{
    struct failure failure = {""};
    struct smbauth auth;
    write_file("auth", content, mode);
    int result = smbauth_read(in_folder("auth"), &auth, &failure);
    if (words != NULL) {
        if (result == 0 || strstr(failure.text, words) == NULL || strstr(failure.text, "hunter2") != NULL)
            fail_msg("'%s': '%s' instead of '%s'", content, failure.text, words);
        assert_string_equal(auth.password, "");
        return;
    }
    if (result != 0)
        fail_msg("'%s': %s", content, failure.text);
    assert_string_equal(auth.username, user);
    assert_string_equal(auth.domain, domain);
    assert_string_equal(auth.password, "hunter2 = x ");
    smbauth_wipe(&auth);
    assert_string_equal(auth.password, "");
}

static void test_auth_file(void **state)
{
    (void)state;
    expect_auth("username = joe\npassword = hunter2 = x \ndomain = CORP\n", 0600, "joe", "CORP", NULL);
    expect_auth("\xEF\xBB\xBFUserName=joe\r\nPASSWORD =hunter2 = x \r\n", 0640, "joe", "", NULL);
    expect_auth("# comment\n\nusername = CORP\\joe\npassword =\thunter2 = x ", 0600, "joe", "CORP", NULL);
    expect_auth("username = joe\npassword = hunter2", 0644, NULL, NULL,
                "can be read or written by every user");
    expect_auth("username = joe\npassword = hunter2", 0602, NULL, NULL,
                "can be read or written by every user");
    expect_auth("password = hunter2\n", 0600, NULL, NULL, "has no line 'username");
    expect_auth("", 0600, NULL, NULL, "has no line 'username");
    char long_line[400];
    snprintf(long_line, sizeof long_line, "username = joe\npassword = hunter2%0300d\n", 0);
    expect_auth(long_line, 0600, NULL, NULL, "longer than 255 bytes");
    struct failure failure = {""};
    struct smbauth auth;
    assert_int_equal(smbauth_read(in_folder("none"), &auth, &failure), -1);
    assert_int_equal(smbauth_read(folder, &auth, &failure), -1);
    assert_non_null(strstr(failure.text, "not a regular file"));
}

static void test_library_missing(void **state)
{
    (void)state;
    struct failure failure = {""};
    struct smb_library library;
    assert_int_equal(smb_library_load("libsmbclient-of-nobody.so.0", &library, &failure), -1);
    assert_non_null(strstr(failure.text, "install Debian's package libsmbclient"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_read),       TEST(test_what_is_no_file),
        TEST(test_permission), TEST(test_names_without_case),
        TEST(test_list),       TEST(test_urls),
        TEST(test_auth_file),  TEST(test_library_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
