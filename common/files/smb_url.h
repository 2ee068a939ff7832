/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_FILES_SMB_URL_H
#define SMS_FILES_SMB_URL_H

#include "base/failure.h"

/* The parts of smb://host[:port]/share[/path] that messages and connections are about. */
struct smburl {
    char host[256];
    int port;         /* 0: libsmbclient's default, 445 then 139 */
    char server[300]; /* smb://host[:port] */
    char share[600];  /* smb://host[:port]/share */
};

/**
 * Take a URL apart. One with a user or password is refused, and so is one that might hide a part of one;
 * neither is repeated in the failure.
 *
 * @return 0 or -1
 */
int smburl_parse(const char *url, struct smburl *parts, struct failure *failure);

#endif
