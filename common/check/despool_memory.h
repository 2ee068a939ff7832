/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_DESPOOL_MEMORY_H
#define SMS_CHECK_DESPOOL_MEMORY_H

#include "base/trace.h"
#include "replication/conditions.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What check_sms_despool remembers of the child sites whose logs are read on this host, so that a check over the site
 * database can name the cause at the site. The memories do not tell their site: it is the one whose code, or whose
 * server, is a part of the path of the logs, as in /srv/sms-logs/S02/despool.log or smb://S021/SMS_S02/Logs/. Read-only;
 * nothing is said of a memory that is older than a day, damaged or of another version.
 */
struct despool_memories {
    struct despool_memory *memories; /* owned; despool_memories_free */
    size_t count;
};

/** What a site's logs say of a package. */
struct despool_word {
    enum condition_kind kind; /* the worst that is open */
    int64_t since;            /* UTC */
};

/** Look into all memories of a state directory. @param now  UTC seconds */
void despool_memories_look(const char *directory, int64_t now, struct despool_memories *memories,
                           const struct trace *trace);

/** @return whether an open condition is known of the package at the site; `server` may be "" */
bool despool_memories_find(const struct despool_memories *memories, const char *package, const char *site,
                           const char *server, struct despool_word *word);

/** @return "the base version (PCK file) is missing"; static */
const char *despool_word_text(const struct despool_word *word);

void despool_memories_free(struct despool_memories *memories);

#endif
