/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_PLACE_SITE_H
#define SMS_CHECK_PLACE_SITE_H

#include "sitedb/sitedb.h"

#include <stdbool.h>

/* What the path or the URL of logs and folders tells of the site that they belong to. */

/**
 * @param places  locations, one a line
 * @param name    a site's code or its server; "" is in none
 * @return whether it is a part of one of them, with or without a domain: "S02" in ".../S02/...", "//S02/", "/SMS_S02/"
 */
bool place_has_part(const char *places, const char *name);

/**
 * @return the site that a box belongs to as far as its location tells: the last part in front of the folder that ends
 * in ".box" which is a site's code, SMS_ and that code, or a site's server. The first part of a path is this host's
 * own (/srv, /mnt) and names a site only as SMS_xxx. NULL where none does; borrowed
 */
const struct site *place_site(const struct sitedb *db, const char *location);

#endif
