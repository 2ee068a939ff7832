/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_FILES_SMB_AUTH_H
#define SMS_FILES_SMB_AUTH_H

#include "base/failure.h"

/*
 * The authentication file of smbclient -A (smbclient(1)): lines `username = `, `password = `, `domain = `.
 * Values reach to the line's end; blanks before them do not count, blanks behind them do.
 */
struct smbauth {
    char username[256]; /* the sizes are those of libsmbclient's callback buffers */
    char password[256];
    char domain[256];
};

/**
 * Read the file. Refused: readable or writable by others, not a regular file, no username, values that
 * libsmbclient would cut. `username = DOMAIN\name` is taken apart. No value is ever part of a failure's text.
 *
 * @param[out] auth  wipe it (smbauth_wipe) when it is no longer needed
 * @return 0 or -1
 */
int smbauth_read(const char *path, struct smbauth *auth, struct failure *failure);

/** Overwrite the secrets. */
void smbauth_wipe(struct smbauth *auth);

#endif
