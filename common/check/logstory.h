/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_LOGSTORY_H
#define SMS_CHECK_LOGSTORY_H

#include "base/text.h"
#include "base/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One story, not two: what check_sms_despool found in the logs of the child sites, from the memories that it keeps on
 * this host. Read without a lock. A memory that is not there, damaged, of another version, without a site's code
 * (--site), or of which no run knows since a day says nothing.
 */

struct logstory_entry {
    char key[32];     /* "CEN00012@S02" in upper case */
    const char *kind; /* "base_missing"; static */
    const char *log;  /* "despool.log"; static */
    bool failed;      /* of the failed class */
    int rank;         /* of its kind, the worst 0 */
    int64_t since;    /* UTC: the first line that says so */
};

struct logstory {
    struct logstory_entry *entries; /* owned, sorted by key */
    size_t count;
};

/** Look into the memories below a directory. A lack of memory costs their story alone. */
void logstory_look(struct logstory *story, const char *directory, int64_t now, const struct trace *trace);

/** @return what the logs of the site say of the package, or NULL; borrowed */
const struct logstory_entry *logstory_find(const struct logstory *story, const char *package,
                                           const char *site);

/** Append "; the logs of S02 say: base_missing since 2026-11-24 03:10 UTC, despool.log" */
void logstory_add_words(const struct logstory_entry *entry, const char *site, struct text *line);

void logstory_free(struct logstory *story);

#endif
