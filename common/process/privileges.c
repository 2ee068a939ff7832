// SPDX-License-Identifier: GPL-3.0-or-later
#include "process/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int take_groups(const struct passwd *owner, gid_t gid)
{
    if (owner != NULL)
        return initgroups(owner->pw_name, gid);
    return setgroups(0, NULL);
}

static bool taken_for_good(uid_t uid, gid_t gid)
{
    uid_t real_uid, effective_uid, saved_uid;
    gid_t real_gid, effective_gid, saved_gid;
    return getresuid(&real_uid, &effective_uid, &saved_uid) == 0 && real_uid == uid && effective_uid == uid &&
           saved_uid == uid && getresgid(&real_gid, &effective_gid, &saved_gid) == 0 && real_gid == gid &&
           effective_gid == gid && saved_gid == gid && setuid(0) != 0;
}

static int take_environment(const struct passwd *owner)
{
    if (owner == NULL)
        return unsetenv("HOME") | unsetenv("USER") | unsetenv("LOGNAME");
    return setenv("HOME", owner->pw_dir, 1) | setenv("USER", owner->pw_name, 1) |
           setenv("LOGNAME", owner->pw_name, 1);
}

int identity_take_owner(const char *state_directory, struct failure *failure)
{
    struct stat status;
    if (geteuid() != 0 || lstat(state_directory, &status) != 0 || !S_ISDIR(status.st_mode) ||
        status.st_uid == 0)
        return 0;
    uid_t uid = status.st_uid;
    const struct passwd *owner = getpwuid(uid);
    gid_t gid = owner != NULL ? owner->pw_gid : status.st_gid;

    /* A change of credentials clears the signal that ends a worker with its parent: prctl(2). */
    int death_signal = 0;
    prctl(PR_GET_PDEATHSIG, &death_signal);
    if (take_groups(owner, gid) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0 ||
        take_environment(owner) != 0)
        return fail(failure, "cannot become uid %u, the owner of the state directory %s: %s", (unsigned)uid,
                    state_directory, strerror(errno));
    if (death_signal != 0)
        prctl(PR_SET_PDEATHSIG, death_signal);
    if (!taken_for_good(uid, gid))
        return fail(failure, "cannot become uid %u, the owner of the state directory %s", (unsigned)uid,
                    state_directory);
    return 0;
}
