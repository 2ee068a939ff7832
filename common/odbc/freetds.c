// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/freetds.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* FreeTDS 1.3 reads lines of at most 255 bytes; "ca file = " and the line end are part of them. */
enum { PATH_BYTES = 230 };

static int ca_path(const char *tls_ca, char **path, struct failure *failure)
{
    *path = realpath(tls_ca,
                     NULL); /* one open problem less: FreeTDS gives no reason when it cannot read the file */
    if (*path == NULL)
        return fail(failure, "CA file %s: %s", tls_ca, strerror(errno));
    int file = open(*path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return fail(failure, "CA file %s: %s", tls_ca, strerror(errno));
    static const char mark[] = "-----BEGIN CERTIFICATE-----";
    char begin[64 * 1024];
    ssize_t got = read(file, begin, sizeof begin);
    close(file);
    if (got < 0)
        return fail(failure, "CA file %s: %s", tls_ca, strerror(errno));
    if (memmem(begin, (size_t)got, mark, sizeof mark - 1) == NULL)
        return fail(failure, "CA file %s holds no PEM certificate (%s)", tls_ca, mark);
    if (strlen(*path) > PATH_BYTES || strpbrk(*path, "\r\n") != NULL)
        return fail(failure, "CA file %s: its path is longer than %d bytes, which FreeTDS cannot read",
                    tls_ca, PATH_BYTES);
    return 0;
}

int freetdsconf_text(const struct odbc_settings *settings, struct text *text, struct failure *failure)
{
    char *path = NULL;
    int result = ca_path(settings->tls_ca, &path, failure);
    if (result == 0) {
        const char *instance = strchr(settings->hostname, '\\');
        int host_length =
            instance != NULL ? (int)(instance - settings->hostname) : (int)strlen(settings->hostname);
        text_addf(text, "[%s]\nhost = %.*s\n", FREETDSCONF_SERVER, host_length, settings->hostname);
        if (instance != NULL)
            text_addf(text, "instance = %s\n", instance + 1);
        else
            text_addf(text, "port = %" PRId64 "\n", settings->port);
        text_addf(text,
                  "tds version = %s\nencryption = require\nca file = %s\ncheck certificate hostname = yes\n",
                  settings->tds_version != NULL ? settings->tds_version : "7.1", path);
        if (text->failed)
            result = fail(failure, "out of memory");
    }
    free(path);
    return result;
}

int freetdsconf_open(const struct odbc_settings *settings, struct freetdsconf *conf, struct failure *failure)
{
    conf->file = -1;
    struct text text = {0};
    int result = freetdsconf_text(settings, &text, failure);
    if (result == 0) {
        char path[48];
        conf->file = memfd_create("freetds.conf", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", conf->file);
        if (conf->file < 0 || write(conf->file, text.bytes, text.length) != (ssize_t)text.length ||
            setenv("FREETDSCONF", path, 1) != 0)
            result = fail(failure, "cannot write a private freetds.conf for --tls-ca: %s", strerror(errno));
        else if (access(path, R_OK) != 0)
            result = fail(failure, "--tls-ca needs /proc to be mounted: %s: %s", path, strerror(errno));
    }
    text_free(&text);
    if (result != 0)
        freetdsconf_close(conf);
    return result;
}

void freetdsconf_close(struct freetdsconf *conf)
{
    if (conf->file < 0)
        return;
    unsetenv("FREETDSCONF");
    close(conf->file);
    conf->file = -1;
}

/* ---- a data source's TDS version */

typedef int profile_string_function(const char *section, const char *entry, const char *fallback, char *value,
                                    int size, const char *file);

/* libodbcinst is unixODBC's reader of odbc.ini, with its search order. It is loaded, not linked: only a DSN
 * needs it. It stays loaded, because it caches what it read. */
static profile_string_function *load_reader(void)
{
    void *library = dlopen("libodbcinst.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return NULL;
    profile_string_function *reader;
    void *symbol = dlsym(library, "SQLGetPrivateProfileString");
    memcpy(&reader, &symbol, sizeof reader); /* ISO C has no conversion to a function pointer */
    return reader;
}

static bool is_set(profile_string_function *reader, const char *dsn, const char *key)
{
    char value[256] = "";
    return reader(dsn, key, "", value, sizeof value, "odbc.ini") > 0 && value[0] != '\0';
}

bool dsn_detects_tds_version(const char *dsn)
{
    profile_string_function *reader = load_reader();
    if (reader == NULL)
        return false;
    char driver[512] = "";
    reader(dsn, "Driver", "", driver, sizeof driver, "odbc.ini");
    return strcasestr(driver, "tds") != NULL && !is_set(reader, dsn, "TDS_Version") &&
           !is_set(reader, dsn, "Servername");
}
