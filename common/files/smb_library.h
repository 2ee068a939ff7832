/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_FILES_SMB_LIBRARY_H
#define SMS_FILES_SMB_LIBRARY_H

#include "base/failure.h"

#include <libsmbclient.h>

/*
 * libsmbclient at run time: with its hundred libraries it costs 25-30 ms to load, which no check pays that
 * reads local files. The types come from its header, the functions from dlsym.
 */
#define SMB_FUNCTIONS(X)                                                                                     \
    X(smbc_new_context)                                                                                      \
    X(smbc_init_context)                                                                                     \
    X(smbc_free_context)                                                                                     \
    X(smbc_setDebug)                                                                                         \
    X(smbc_setTimeout)                                                                                       \
    X(smbc_setOptionDebugToStderr)                                                                           \
    X(smbc_setOptionUseKerberos)                                                                             \
    X(smbc_setOptionFallbackAfterKerberos)                                                                   \
    X(smbc_setOptionNoAutoAnonymousLogin)                                                                    \
    X(smbc_setFunctionAuthDataWithContext)                                                                   \
    X(smbc_setOptionUserData)                                                                                \
    X(smbc_getOptionUserData)                                                                                \
    X(smbc_getFunctionOpen)                                                                                  \
    X(smbc_getFunctionRead)                                                                                  \
    X(smbc_getFunctionLseek)                                                                                 \
    X(smbc_getFunctionFstat)                                                                                 \
    X(smbc_getFunctionClose)                                                                                 \
    X(smbc_getFunctionOpendir)                                                                               \
    X(smbc_getFunctionClosedir)                                                                              \
    X(smbc_getFunctionReaddirPlus)

struct smb_library {
#define SMB_MEMBER(name) __typeof__(&name) name;
    SMB_FUNCTIONS(SMB_MEMBER)
#undef SMB_MEMBER
    __typeof__(&smbc_setLogCallback) smbc_setLogCallback; /* NULL before Samba 4.8 */
};

#define SMB_LIBRARY_NAME "libsmbclient.so.0"

/**
 * Load the library; it stays loaded until the process ends (its libraries leave handlers behind).
 *
 * @param name          SMB_LIBRARY_NAME
 * @param[out] library  its functions
 * @return 0, or -1 with the package that is missing
 */
int smb_library_load(const char *name, struct smb_library *library, struct failure *failure);

#endif
