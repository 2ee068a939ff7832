/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_MINRATE_H
#define SMS_ITEMS_MINRATE_H

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

/* The rate that a link has (--min-rate=[SITE=]SIZE/h): the thresholds of a pending item grow by size
 * / rate. */
struct rate {
    char place[8]; /* site code, "" for all sites */
    int64_t bytes_per_hour;
};

struct rate_list {
    struct rate *rates; /* owned; rate_list_free */
    size_t count;
};

/** An OPTION_CUSTOM parser: adds a comma list of rates ("2GB/h,S02=300MB/h") to a struct rate_list. */
int rate_list_parse(void *list, const char *value, struct failure *failure);

/** @return the rate for a site, the one that names it before the general one; 0 without any */
int64_t rate_list_bytes_per_hour(const struct rate_list *list, const char *place);

/** @return seconds that the size may take at the site's rate, 0 without a rate */
int64_t rate_list_allowance_s(const struct rate_list *list, const char *place, int64_t size_bytes);

void rate_list_free(struct rate_list *list);

#endif
