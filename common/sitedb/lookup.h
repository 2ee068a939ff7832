/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_LOOKUP_H
#define SMS_SITEDB_LOOKUP_H

/* A remembered item to look up by its key, and what the look found. */
struct lookup {
    const char *package, *place; /* of the key "version/PACKAGE@PLACE"; borrowed */
    enum {
        LOOKUP_ABSENT,    /* nothing of it was read */
        LOOKUP_ENDED,     /* read as healthy, or proven to be no longer targeted */
        LOOKUP_IN_TROUBLE /* a row was added (a read had skipped it) */
    } found;
};

#endif
