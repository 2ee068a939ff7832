/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_JOURNAL_H
#define SMS_REPAIR_JOURNAL_H

#include "base/failure.h"
#include "repair/journal_entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The journal of repairs: an append-only text file in a directory of its own that the checks' user cannot
 * write. One line begins an entry, with the row as it was and as it will be; it is on the disk before the
 * database is touched. A second line ends it. An entry without an end is an open question, and is shown as
 * one.
 */

struct journal;

/**
 * Open the journal below a directory (made with mode 0700 when missing), take its lock and read its entries.
 *
 * @param wait_ms  how long to wait for another repair on this host
 * @return the journal, owned (journal_close), or NULL: the directory is a symlink, foreign or open to others,
 * the file has a line that is none of ours, another repair holds the lock, ...
 */
struct journal *journal_open(const char *directory, int64_t wait_ms, struct failure *failure);

/**
 * Look at the journal without its lock and without changing anything: for --journal and for a dry run, which
 * must not wait for a repair under way. Nothing can be begun or ended in it.
 *
 * @return the journal, owned; empty when there is none yet; NULL when it cannot be read
 */
struct journal *journal_look(const char *directory, struct failure *failure);

/** @return entries in their order; borrowed until the next change */
const struct journal_entry *journal_entries(const struct journal *journal, size_t *count);

/** @return the entry with this id or NULL; borrowed */
const struct journal_entry *journal_find(const struct journal *journal, int64_t id);

/** @return how many repairs at this site began since `since` and were not rolled back */
int64_t journal_count_since(const struct journal *journal, const char *server, const char *database,
                            const char *site, int64_t since);

/**
 * Append the begin of an entry, with room on the disk for its end, and wait until both are there.
 *
 * @param[in,out] entry  its id is set
 * @return 0, or -1: nothing may be done to the database
 */
int journal_begin(struct journal *journal, struct journal_entry *entry, struct failure *failure);

/** Append the end of an entry and wait until it is on the disk. @return 0 or -1 */
int journal_end(struct journal *journal, int64_t id, enum journal_result result, int64_t now,
                struct failure *failure);

void journal_close(struct journal *journal);

#endif
