// SPDX-License-Identifier: GPL-3.0-or-later
#include "files/smb_library.h"

#include <dlfcn.h>
#include <string.h>

/* ISO C has no conversion from an object pointer to a function pointer; POSIX (dlsym) has. */
#define FUNCTION(library, handle, name)                                                                      \
    do {                                                                                                     \
        void *symbol = dlsym(handle, #name);                                                                 \
        memcpy(&(library)->name, &symbol, sizeof symbol);                                                    \
    } while (0)

int smb_library_load(const char *name, struct smb_library *library, struct failure *failure)
{
    memset(library, 0, sizeof *library);
    void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *reason = dlerror();
        return fail(
            failure,
            "smb:// needs libsmbclient, which cannot be loaded (%s); install Debian's package libsmbclient",
            reason != NULL ? reason : name);
    }
#define LOAD(name)                                                                                           \
    FUNCTION(library, handle, name);                                                                         \
    if (library->name == NULL)                                                                               \
        return fail(failure, "smb:// needs a newer libsmbclient: this one lacks " #name);
    SMB_FUNCTIONS(LOAD)
#undef LOAD
    FUNCTION(library, handle, smbc_setLogCallback);
    return 0;
}
