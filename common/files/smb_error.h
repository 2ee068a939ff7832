/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_FILES_SMB_ERROR_H
#define SMS_FILES_SMB_ERROR_H

#include "base/failure.h"
#include "files/smb_url.h"

#include <stdbool.h>

/*
 * libsmbclient's errno in the operator's words. The numbers were measured against Samba 4.17 (wrong password
 * EACCES, no share ENOENT, port closed ECONNREFUSED, name not resolved EINVAL, SMB1 only ENOSYS, server
 * stopped ETIMEDOUT, server gone in mid-read ECONNABORTED).
 */
struct smb_attempt {
    const struct smburl *url;
    const char *location;  /* as given */
    const char *auth_file; /* NULL: Kerberos */
    const char *user;      /* "DOMAIN\name"; "" with Kerberos */
    const char *login;     /* what Samba said of the login, "" when nothing */
    int timeout_ms;
};

/**
 * The way to the server or share failed. May resolve the host's name to tell a wrong name from other
 * troubles.
 *
 * @return always -1
 */
int smbtrouble_connect(const struct smb_attempt *attempt, int error, struct failure *failure);

/**
 * A file or folder on a share that works failed.
 *
 * @param doing  "opening it", "reading it at offset 4096"
 * @return always -1
 */
int smbtrouble_file(const struct smb_attempt *attempt, const char *doing, int error, struct failure *failure);

/** @return true when the error is of the server or the way to it, not of one share or file */
bool smbtrouble_is_of_server(int error);

#endif
