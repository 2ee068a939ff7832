// SPDX-License-Identifier: GPL-3.0-or-later
#include "files/smb_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char scheme[] = "smb://";

static int refuse_credentials(struct failure *failure)
{
    return fail(failure,
                "an smb:// location carries a user or password: everybody can read it in the process list;"
                " write them into a file and give --smb-auth=FILE");
}

int smburl_parse(const char *url, struct smburl *parts, struct failure *failure)
{
    memset(parts, 0, sizeof *parts);
    const char *authority = url + strlen(scheme);
    size_t length = strcspn(authority, "/");
    size_t host_length = strcspn(authority, ":/");
    const char *share = authority + length + (authority[length] == '/');
    size_t share_length = strcspn(share, "/");
    /* A password with a slash puts its '@' behind the authority. */
    if (memchr(authority, '@', length) != NULL || memchr(share, '@', share_length) != NULL ||
        memchr(authority, ';', length) != NULL)
        return refuse_credentials(failure);
    if (host_length < length) {
        const char *digits = authority + host_length + 1;
        size_t count = length - host_length - 1;
        long port =
            count > 0 && count <= 5 && strspn(digits, "0123456789") >= count ? strtol(digits, NULL, 10) : 0;
        if (port < 1 || port > 65535)
            return fail(
                failure,
                "an smb:// location has no port number behind the ':'; give smb://host[:port]/share/path,"
                " and users and passwords in the file of --smb-auth");
        parts->port = (int)port;
    }
    if (host_length == 0)
        return fail(failure, "%s names no host; give smb://host[:port]/share/path", url);
    if (share_length == 0)
        return fail(failure, "%s names no share; give smb://host[:port]/share/path", url);
    if (host_length >= sizeof parts->host || share_length > 256)
        return fail(failure, "the host or share of an smb:// location is longer than 255 bytes");
    memcpy(parts->host, authority, host_length);
    snprintf(parts->server, sizeof parts->server, "%s%.*s", scheme, (int)length, authority);
    snprintf(parts->share, sizeof parts->share, "%s/%.*s", parts->server, (int)share_length, share);
    return 0;
}
