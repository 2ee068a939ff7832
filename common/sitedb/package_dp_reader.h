/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_PACKAGE_DP_READER_H
#define SMS_SITEDB_PACKAGE_DP_READER_H

#include "sitedb/package_dp_parts.h"

/* Reads the rows of a statement of package_dp_parts.h, those of one DP after another, and judges each DP. */
struct dp_reader {
    const struct sitedb *db;
    const struct dp_selection *selection;
    struct dp_list *list;
    enum dp_kind as; /* what the statement proves of its rows; DP_INSTALLED: their State decides */
    struct lookup *const
        *lookups; /* NULL: every DP is kept that is in trouble; else those of these keys, sorted by
                                      package and place, without case */
    size_t lookup_count;
    /* Private to the reader. */
    struct dp dp; /* the one whose rows are being read; package NULL before the first */
    bool ended, ended_unknown;
    struct text place; /* of a lookup's key, while it is compared */
};

/** @return 0 or -1; findings are appended to list->dps, what is only told to list->told */
int dp_read_rows(struct dp_reader *reader, const char *what, struct statement *statement,
                 struct failure *failure);

#endif
