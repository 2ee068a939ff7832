/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_HOSTNAME_H
#define SMS_BASE_HOSTNAME_H

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/** @return whether two names are of one host, without case: "S021" and "S021.corp.example" are */
static inline bool hostname_same(const char *a, const char *b)
{
    if (strchr(a, '.') != NULL && strchr(b, '.') != NULL)
        return strcasecmp(a, b) == 0;
    const size_t length = strcspn(a, ".");
    return length == strcspn(b, ".") && strncasecmp(a, b, length) == 0;
}

#endif
