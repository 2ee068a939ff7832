// SPDX-License-Identifier: GPL-3.0-or-later
#include "files/backend.h"

#include "files/smb_auth.h"
#include "files/smb_error.h"
#include "files/smb_library.h"
#include "files/smb_url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    DEFAULT_TIMEOUT_MS = 5000,
    DOS_DIRECTORY = 0x10, /* FILE_ATTRIBUTE_DIRECTORY, [MS-FSCC] 2.6 */
    DOS_LINK = 0x400,     /* FILE_ATTRIBUTE_REPARSE_POINT: a junction, a mounted volume */
    CAPTURE_LEVEL = 3     /* Samba's debug level that says why a login failed; the lines go to our callback */
};

/* What this run learned of a server or share, by its smb://host[:port][/share]. */
struct smb_place {
    struct smb_place *next;
    bool good;
    struct failure trouble; /* of a server; "" when none. It is not tried again: every wrong login brings the
                               account's lock nearer, and every hanging server costs a time-out */
    char key[];
};

struct smb_transport {
    SMBCCTX *context;
    const struct trace *trace;
    const char *auth_file;
    struct smbauth auth;
    char user[520];  /* DOMAIN\name for messages; "" with Kerberos */
    char login[256]; /* what Samba said of the last login */
    int timeout_ms;
    bool hung; /* a server did not answer; to close its handles would wait for it again */
    struct smb_place *places;
};

struct smbfile {
    struct bytefile file;
    struct smb_transport *transport;
    SMBCFILE *handle;
    struct smburl url;
    char location[];
};

/* Of the process, as the loaded library itself: libsmbclient's callbacks need its functions too. */
static struct smb_library smb;

static void put(char *buffer, int size, const char *value)
{
    if (size > 0)
        snprintf(buffer, (size_t)size, "%s", value);
}

static void give_credentials(SMBCCTX *context, const char *server, const char *share, char *domain,
                             int domain_size, char *user, int user_size, char *password, int password_size)
{
    (void)server, (void)share;
    const struct smb_transport *transport = smb.smbc_getOptionUserData(context);
    if (transport->auth_file == NULL)
        return;
    put(user, user_size, transport->auth.username);
    put(password, password_size, transport->auth.password);
    if (transport->auth.domain[0] != '\0')
        put(domain, domain_size, transport->auth.domain);
}

static void take_debug_line(void *private_pointer, int level, const char *line)
{
    struct smb_transport *transport = private_pointer;
    const char *said = strstr(line, "login failed: ");
    if (said != NULL)
        said += strlen("login failed: ");
    else if (strstr(line, "Kerberos auth with ") != NULL)
        said = line;
    if (said != NULL) {
        snprintf(transport->login, sizeof transport->login, "%s", said);
        transport->login[strcspn(transport->login, "\r\n")] = '\0';
    }
    trace_note(transport->trace, 3, "libsmbclient (%d): %.*s", level, (int)strcspn(line, "\r\n"), line);
}

/* Without a callback libsmbclient would print, down to its unloading at the process' end. */
static void drop_debug_line(void *private_pointer, int level, const char *line)
{
    (void)private_pointer, (void)level, (void)line;
}

static struct smb_place *find_place(struct smb_transport *transport, const char *key)
{
    for (struct smb_place *place = transport->places; place != NULL; place = place->next)
        if (strcmp(place->key, key) == 0)
            return place;
    struct smb_place *place = calloc(1, sizeof *place + strlen(key) + 1);
    if (place == NULL)
        return NULL;
    memcpy(place->key, key, strlen(key) + 1);
    place->next = transport->places;
    transport->places = place;
    return place;
}

static struct smb_attempt attempt_of(const struct smb_transport *transport, const struct smburl *url,
                                     const char *location)
{
    return (struct smb_attempt){.url = url,
                                .location = location,
                                .auth_file = transport->auth_file,
                                .user = transport->user,
                                .login = transport->login,
                                .timeout_ms = transport->timeout_ms};
}

static void note_trouble(struct smb_transport *transport, const struct smburl *url, int error,
                         const struct failure *failure)
{
    transport->hung = transport->hung || error == ETIMEDOUT;
    struct smb_place *server = find_place(transport, url->server);
    if (server != NULL && failure != NULL)
        server->trouble = *failure;
}

/*
 * Say why `location` could not be opened. A share that answered before is not asked again; of one that did
 * not, its root is opened to tell the way to it from the way in it.
 */
static void explain(struct smb_transport *transport, const struct smburl *url, const char *location,
                    int error, bool *missing, struct failure *failure)
{
    struct smb_attempt attempt = attempt_of(transport, url, location);
    struct smb_place *share = find_place(transport, url->share);
    bool reached = share != NULL && share->good;
    int connect_error = reached ? 0 : error;
    if (!reached && !smbtrouble_is_of_server(error) && transport->login[0] == '\0') {
        SMBCFILE *root = smb.smbc_getFunctionOpendir(transport->context)(transport->context, url->share);
        connect_error = root != NULL ? 0 : errno;
        if (root != NULL)
            smb.smbc_getFunctionClosedir(transport->context)(transport->context, root);
    }
    if (connect_error != 0) {
        struct failure trouble;
        smbtrouble_connect(&attempt, connect_error, &trouble);
        if (smbtrouble_is_of_server(connect_error) || transport->login[0] != '\0')
            note_trouble(transport, url, connect_error, &trouble);
        fail(failure, "%s", trouble.text);
        return;
    }
    if (share != NULL)
        share->good = true;
    if (missing != NULL)
        *missing = error == ENOENT || error == ENOTDIR;
    struct failure trouble;
    smbtrouble_file(&attempt, "opening it", error, &trouble);
    if (smbtrouble_is_of_server(error))
        note_trouble(transport, url, error, &trouble);
    fail(failure, "%s", trouble.text);
}

/* Before a share is used: what is known of its server, and the step told. */
static int approach(struct smb_transport *transport, const char *location, struct smburl *url,
                    struct failure *failure)
{
    if (smburl_parse(location, url, failure) != 0)
        return -1;
    const struct smb_place *server = find_place(transport, url->server);
    const struct smb_place *share = find_place(transport, url->share);
    if (server == NULL || share == NULL)
        return fail(failure, "%s: out of memory", location);
    if (server->trouble.text[0] != '\0')
        return fail(failure, "%s", server->trouble.text);
    transport->login[0] = '\0';
    if (share->good)
        trace_step(transport->trace, "opening %s", location);
    else
        trace_step(transport->trace, "connecting to %s", url->share);
    return 0;
}

static void arrived(struct smb_transport *transport, const struct smburl *url)
{
    struct smb_place *share = find_place(transport, url->share);
    if (share != NULL)
        share->good = true;
}

static struct bytefile *smb_open(void *self, const char *location, bool *missing, struct failure *failure)
{
    struct smb_transport *transport = self;
    size_t length = strlen(location) + 1;
    struct smbfile *file = calloc(1, sizeof *file + length);
    if (file == NULL) {
        fail(failure, "%s: out of memory", location);
        return NULL;
    }
    file->file.transport = &smbfile_transport;
    file->transport = transport;
    memcpy(file->location, location, length);
    if (approach(transport, location, &file->url, failure) == 0) {
        file->handle =
            smb.smbc_getFunctionOpen(transport->context)(transport->context, location, O_RDONLY, 0);
        if (file->handle == NULL)
            explain(transport, &file->url, location, errno, missing, failure);
    }
    if (file->handle == NULL) {
        free(file);
        return NULL;
    }
    arrived(transport, &file->url);
    return &file->file;
}

static int fail_file(struct smbfile *file, const char *doing, int error, struct failure *failure)
{
    struct failure trouble;
    struct smb_attempt attempt = attempt_of(file->transport, &file->url, file->location);
    smbtrouble_file(&attempt, doing, error, &trouble);
    if (smbtrouble_is_of_server(error))
        note_trouble(file->transport, &file->url, error, &trouble);
    return fail(failure, "%s", trouble.text);
}

static int smb_facts(struct bytefile *base, struct bytefile_facts *facts, struct failure *failure)
{
    struct smbfile *file = (struct smbfile *)base;
    SMBCCTX *context = file->transport->context;
    struct stat stat;
    memset(&stat, 0, sizeof stat);
    if (smb.smbc_getFunctionFstat(context)(context, file->handle, &stat) != 0)
        return fail_file(file, "looking at it", errno, failure);
    *facts = (struct bytefile_facts){stat.st_size, stat.st_mtime, stat.st_ino};
    return 0;
}

static int64_t smb_read_at(struct bytefile *base, int64_t offset, void *buffer, size_t size,
                           struct failure *failure)
{
    struct smbfile *file = (struct smbfile *)base;
    SMBCCTX *context = file->transport->context;
    char doing[64];
    snprintf(doing, sizeof doing, "reading it at byte %lld", (long long)offset);
    if (smb.smbc_getFunctionLseek(context)(context, file->handle, offset, SEEK_SET) < 0)
        return fail_file(file, doing, errno, failure);
    size_t got = 0;
    while (got < size) {
        ssize_t n =
            smb.smbc_getFunctionRead(context)(context, file->handle, (char *)buffer + got, size - got);
        if (n < 0)
            return fail_file(file, doing, errno, failure);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (int64_t)got;
}

static void smb_close_file(struct bytefile *base)
{
    struct smbfile *file = (struct smbfile *)base;
    SMBCCTX *context = file->transport->context;
    if (!file->transport->hung)
        smb.smbc_getFunctionClose(context)(context, file->handle);
    free(file);
}

static int smb_list(void *self, const char *folder, bytestore_visitor *visitor, void *context,
                    struct bytestore_folder *facts, struct failure *failure)
{
    struct smb_transport *transport = self;
    SMBCCTX *smb_context = transport->context;
    struct smburl url;
    if (approach(transport, folder, &url, failure) != 0)
        return -1;
    SMBCFILE *listing = smb.smbc_getFunctionOpendir(smb_context)(smb_context, folder);
    if (listing == NULL) {
        explain(transport, &url, folder, errno, &facts->missing, failure);
        return -1;
    }
    arrived(transport, &url);
    trace_step(transport->trace, "listing %s", folder);
    const struct libsmb_file_info *info;
    bool more = true;
    errno = 0;
    while (more && (info = smb.smbc_getFunctionReaddirPlus(smb_context)(smb_context, listing)) != NULL) {
        if (strcmp(info->name, ".") == 0)
            facts->changed = info->mtime_ts.tv_sec;
        if (strcmp(info->name, ".") == 0 || strcmp(info->name, "..") == 0)
            continue;
        const bool directory = (info->attrs & DOS_DIRECTORY) != 0;
        struct bytestore_entry entry = {.name = info->name,
                                        .regular = !directory,
                                        .folder = directory && (info->attrs & DOS_LINK) == 0,
                                        .size_bytes = (int64_t)info->size,
                                        .mtime = info->mtime_ts.tv_sec};
        more = visitor(context, &entry);
    }
    smb.smbc_getFunctionClosedir(smb_context)(smb_context, listing);
    return 0;
}

static void smb_close(void *self)
{
    struct smb_transport *transport = self;
    if (transport->context != NULL) {
        smb.smbc_setDebug(transport->context, 0);
        if (smb.smbc_setLogCallback != NULL)
            smb.smbc_setLogCallback(transport->context, NULL, drop_debug_line);
        if (!transport->hung)
            smb.smbc_free_context(transport->context, 1);
    }
    while (transport->places != NULL) {
        struct smb_place *next = transport->places->next;
        free(transport->places);
        transport->places = next;
    }
    smbauth_wipe(&transport->auth);
    free(transport);
}

static int begin_context(struct smb_transport *transport, struct failure *failure)
{
    SMBCCTX *context = smb.smbc_new_context();
    if (context == NULL)
        return fail(failure, "libsmbclient cannot begin: %s", strerror(errno));
    transport->context = context;
    bool kerberos = transport->auth_file == NULL;
    if (smb.smbc_setLogCallback != NULL) {
        smb.smbc_setLogCallback(context, transport, take_debug_line);
        smb.smbc_setDebug(context, CAPTURE_LEVEL);
    } else {
        smb.smbc_setDebug(context, 0);
    }
    smb.smbc_setOptionDebugToStderr(context, 1);
    smb.smbc_setOptionUserData(context, transport);
    smb.smbc_setFunctionAuthDataWithContext(context, give_credentials);
    smb.smbc_setOptionUseKerberos(context, kerberos);
    smb.smbc_setOptionFallbackAfterKerberos(context, 0);
    smb.smbc_setOptionNoAutoAnonymousLogin(context,
                                           1); /* else a refused login could read on as guest, unnoticed */
    smb.smbc_setTimeout(context, transport->timeout_ms);
    if (smb.smbc_init_context(context) == NULL)
        return fail(failure, "libsmbclient cannot begin: %s", strerror(errno));
    return 0;
}

void *smbfile_new(const struct smb_access *access, const struct trace *trace, struct failure *failure)
{
    struct smb_transport *transport = calloc(1, sizeof *transport);
    if (transport == NULL) {
        fail(failure, "smb://: out of memory");
        return NULL;
    }
    transport->trace = trace;
    transport->timeout_ms = DEFAULT_TIMEOUT_MS;
    if (access != NULL && access->timeout_ms > 0)
        transport->timeout_ms = access->timeout_ms;
    transport->auth_file = access != NULL ? access->auth_file : NULL;
    int result = 0;
    if (transport->auth_file != NULL) {
        result = smbauth_read(transport->auth_file, &transport->auth, failure);
        snprintf(transport->user, sizeof transport->user, "%s%s%s", transport->auth.domain,
                 transport->auth.domain[0] != '\0' ? "\\" : "", transport->auth.username);
    }
    if (result == 0) {
        trace_step(trace, "loading libsmbclient");
        result = smb_library_load(SMB_LIBRARY_NAME, &smb, failure);
    }
    if (result == 0)
        result = begin_context(transport, failure);
    if (result != 0) {
        smb_close(transport);
        return NULL;
    }
    return transport;
}

int smbfile_check(const char *url, struct failure *failure)
{
    struct smburl parts;
    return smburl_parse(url, &parts, failure);
}

const struct byte_transport smbfile_transport = {
    .open = smb_open,
    .list = smb_list,
    .facts = smb_facts,
    .read_at = smb_read_at,
    .close_file = smb_close_file,
    .close = smb_close,
};
