// SPDX-License-Identifier: GPL-3.0-or-later
#include "files/smb_error.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

bool smbtrouble_is_of_server(int error)
{
    switch (error) {
    case ETIMEDOUT:
    case ECONNREFUSED:
    case ECONNABORTED:
    case ECONNRESET:
    case ENOTCONN:
    case EPIPE:
    case EIO:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENETRESET:
    case ENOSYS:
        return true;
    default:
        return false;
    }
}

static int fail_login(const struct smb_attempt *attempt, struct failure *failure)
{
    if (attempt->auth_file != NULL)
        return fail(
            failure,
            "%s: the server refused the login of user %s: %s Check username, password and domain in %s, and"
            " whether the account is locked or expired",
            attempt->url->share, attempt->user, attempt->login, attempt->auth_file);
    return fail(
        failure,
        "%s: no login with a Kerberos ticket: %s; get a ticket for the user that runs the check (kinit,"
        " KRB5CCNAME) and name the server as in its service principal, or give --smb-auth=FILE",
        attempt->url->share, attempt->login[0] != '\0' ? attempt->login : "the server refused it");
}

/* NULL when the name resolves, or the resolver's reason. */
static const char *resolver_trouble(const char *host)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    int error = getaddrinfo(host, NULL, &hints, &addresses);
    if (error != 0)
        return error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error);
    freeaddrinfo(addresses);
    return NULL;
}

static int fail_unreachable(const struct smb_attempt *attempt, int error, struct failure *failure)
{
    const char *reason = resolver_trouble(attempt->url->host);
    if (reason != NULL)
        return fail(failure, "%s: the name %s does not resolve (%s); check the name and this host's DNS",
                    attempt->url->share, attempt->url->host, reason);
    char port[32] = "port 445 or 139";
    if (attempt->url->port != 0)
        snprintf(port, sizeof port, "port %d", attempt->url->port);
    return fail(
        failure,
        "%s: no SMB server answers on %s of %s (%s); check that it runs, and the firewalls on the way",
        attempt->url->share, port, attempt->url->host, strerror(error));
}

int smbtrouble_connect(const struct smb_attempt *attempt, int error, struct failure *failure)
{
    const struct smburl *url = attempt->url;
    switch (error) {
    case EACCES:
    case EPERM:
        if (attempt->login[0] != '\0' || attempt->auth_file == NULL)
            return fail_login(attempt, failure);
        return fail(
            failure,
            "%s: user %s may not use this share; give it the right to read in the share's permissions",
            url->share, attempt->user);
    case ENOENT:
    case ENODEV:
        return fail(failure, "%s: %s has no such share; check the share's name (hidden ones end in '$')",
                    url->share, url->host);
    case ETIMEDOUT:
        return fail(
            failure,
            "%s: %s did not answer within %.3g s; the server hangs, or a firewall drops what is sent to it",
            url->share, url->host, attempt->timeout_ms / 1000.0);
    case ENOSYS:
    case ECONNABORTED:
    case ECONNRESET:
    case EPIPE:
    case ENOTCONN:
        /* A server that knows no SMB2 answers its greeting so (ENOSYS), or hangs up. */
        return fail(failure,
                    "%s: %s ended the conversation at its beginning (%s): it is "
                    "restarting, or no SMB server, or one with SMB1 only (Windows 2003 and "
                    "older; these need 'client min protocol = NT1' in this host's smb.conf)",
                    url->share, url->host, strerror(error));
    default:
        return fail_unreachable(attempt, error, failure);
    }
}

int smbtrouble_file(const struct smb_attempt *attempt, const char *doing, int error, struct failure *failure)
{
    const char *location = attempt->location;
    switch (error) {
    case EACCES:
    case EPERM:
        return fail(
            failure, "%s: %s failed: the server denies it to %s%s; give it the right to read on the server",
            location, doing, attempt->user[0] != '\0' ? "user " : "the ticket's owner", attempt->user);
    case ENOENT:
    case ENOTDIR:
        return fail(failure, "%s: there is no such file or folder on %s; check the path", location,
                    attempt->url->share);
    case EISDIR:
        return fail(failure, "%s is a directory, not a regular file; name the file itself", location);
    case EBUSY:
    case ETXTBSY:
        return fail(failure,
                    "%s: %s failed: another program holds the file exclusively; the next run tries again",
                    location, doing);
    case ETIMEDOUT:
        return fail(failure,
                    "%s: %s failed: %s did not answer within %.3g s; the "
                    "server hangs, or a firewall drops what is sent to it",
                    location, doing, attempt->url->host, attempt->timeout_ms / 1000.0);
    default:
        if (smbtrouble_is_of_server(error))
            return fail(
                failure,
                "%s: %s failed: the connection to %s was lost (%s); the server stopped or the network broke,"
                " the next run tries again",
                location, doing, attempt->url->host, strerror(error));
        return fail(failure, "%s: %s failed: %s", location, doing, strerror(error));
    }
}
