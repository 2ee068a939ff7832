// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/user.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>

static const char *take_name(const char *name, unsigned number, char *buffer, size_t size)
{
    if (name != NULL)
        snprintf(buffer, size, "%s", name);
    else
        snprintf(buffer, size, "%u", number);
    return buffer;
}

const char *user_name(uid_t uid, char *buffer, size_t size)
{
    const struct passwd *user = getpwuid(uid);
    return take_name(user != NULL ? user->pw_name : NULL, (unsigned)uid, buffer, size);
}

const char *group_name(gid_t gid, char *buffer, size_t size)
{
    const struct group *group = getgrgid(gid);
    return take_name(group != NULL ? group->gr_name : NULL, (unsigned)gid, buffer, size);
}
