/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_PACKAGE_MEMORY_H
#define SMS_CHECK_PACKAGE_MEMORY_H

#include "check/sitecheck.h"
#include "items/age.h"
#include "items/itemstore.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What check_sms_packages remembers of the same site database on this host, so that a check of distribution points can
 * say that the site itself lacks a package. What is not remembered proves nothing: that check may have filters.
 */
struct package_memory {
    struct remembered *items; /* owned, by key; package_memory_free */
    size_t count;
};

/** Look, without a lock and without a trace when there is nothing: none, damaged, or no run for a day. */
void package_memory_look(const struct siterun *run, struct package_memory *memory);

/** @return what is remembered of the pair, NULL for nothing; borrowed */
const struct remembered *package_memory_find(const struct package_memory *memory, const char *package,
                                             const char *site);

void package_memory_free(struct package_memory *memory);

#endif
