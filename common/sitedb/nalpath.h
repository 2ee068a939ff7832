/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_NALPATH_H
#define SMS_SITEDB_NALPATH_H

#include "base/text.h"

#include <stdbool.h>

/*
 * A network abstraction layer path, by which the product names a distribution point (PkgStatus.PkgServer,
 * ServerNALPath of the views; SDK page SMS_DistributionPoint):
 *
 *     ["Display=\\S021\"]MSWNET:["SMS_SITE=S02"]\\S021\
 *     ["Display=\\S021\Pkgs$\"]MSWNET:["SMS_SITE=S02"]\\S021\Pkgs$\        a share instead of a whole server
 *     ["Display=\\DP1.corp.example\"]MSWNET:["SMS_SITE=S02"]\\DP1.corp.example\
 *     MSWNET:["SMS_SITE=S02"]\\S021\                                       without the words for display
 */
struct nalpath {
    bool parsed;       /* false: `place` is the whole path, cleaned, never dropped */
    char site[8];      /* of SMS_SITE, "" where the path does not name one */
    struct text place; /* owned: "S021", "S021\Pkgs$", or the whole path cleaned */
};

/** Take a path apart. Any text is allowed. Free it with nalpath_free, also where memory ran out
 * (place.failed). */
void nalpath_read(const char *string, struct nalpath *path);

void nalpath_free(struct nalpath *path);

#endif
