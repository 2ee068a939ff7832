/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_STATE_STATEFILE_H
#define SMS_STATE_STATEFILE_H

#include "base/failure.h"
#include "base/trace.h"
#include "base/units.h"

#include <stdbool.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;

/*
 * What a check must remember between runs: one SQLite file per plugin and identity below the state directory.
 * This room knows files, damage, locks and transactions; what lies in the tables is the matter of itemstore.h
 * (items) and store.h (log positions and conditions).
 */

struct statefile;

enum statefile_health {
    STATEFILE_KEPT, /* opened as an earlier run left it */
    STATEFILE_NEW,  /* there was none, or none that a run has committed to */
    STATEFILE_LOST, /* damaged, empty, not ours: set aside, a new one begun; `failure` says what and where */
    STATEFILE_UNUSABLE /* not to be opened or written: this run's store is in memory; `failure` says why */
};

/* The tables that a plugin's memory needs. */
struct statefile_schema {
    int version;     /* of these tables; a file with a higher one is of a newer program: UNUSABLE */
    const char *ddl; /* CREATE TABLE statements of that version; the names `state` and `digest` are taken */
    const char *const
        *upgrades; /* upgrades[n - 1] is the SQL from version n to n + 1; NULL while version is 1 */
};

/**
 * Take the plugin's lock for this identity and open its file. While the lock is held elsewhere this waits,
 * telling the trace "waiting for the state lock held by pid N", until `wait_ms` is over.
 *
 * @param directory  state directory; must exist, owned by us (or us root), not a symlink, not writable by
 * others
 * @param plugin     "check_sms_packages"
 * @param identity   what is watched; its hash goes into the file's name, its text into the file, so that two
 *                   identities never share a file by accident
 * @param[out] health   how it went; also filled on NULL
 * @param[out] failure  the operator's text for LOST and UNUSABLE
 * @return the open store, owned (statefile_close); NULL only when the lock was not got (failure names the
 * holder) or memory ran out
 */
struct statefile *statefile_open(const char *directory, const char *plugin, const char *identity,
                                 const struct statefile_schema *schema, int64_t wait_ms,
                                 const struct trace *trace, enum statefile_health *health,
                                 struct failure *failure);

/**
 * Look into another program's memory: nothing is set aside, and nothing can be committed. No lock is taken but where a
 * run is writing, which is waited for a second at most, or was killed while it wrote, which is taken back as its next run
 * would.
 * Never one that this process has open itself: it would lose the lock.
 *
 * @return the open store, owned (statefile_close), or NULL with why it is not at hand
 */
struct statefile *statefile_look(const char *directory, const char *plugin, const char *identity,
                                 const struct statefile_schema *schema, struct failure *failure);

/**
 * Look into one's own memory before statefile_open: as statefile_look does, but it waits for a run that is writing as
 * statefile_open does, and brings one of an older version up to date for the moment. What statefile_open will set aside
 * or cannot use is none.
 *
 * @param wait_ms    as for statefile_open
 * @param[out] file  owned (statefile_close); NULL: there is none
 * @return 0, or -1 when the lock was not got (failure names the holder) or memory ran out
 */
int statefile_look_own(const char *directory, const char *plugin, const char *identity,
                       const struct statefile_schema *schema, int64_t wait_ms, const struct trace *trace,
                       struct statefile **file, struct failure *failure);

/** The same of a file whose identity is not known: it is the one that it bears. */
struct statefile *statefile_look_at(const char *path, const struct statefile_schema *schema,
                                    struct failure *failure);

enum { STATEFILE_FRESH_S = DAILY_RUN_S }; /* what no run has kept for longer says nothing of today */

/** @return whether a run has kept this memory within STATEFILE_FRESH_S */
bool statefile_is_fresh(struct statefile *file, int64_t now);

/** @return the identity that the file bears: what is watched; owned (free), NULL: memory ran out */
char *statefile_identity(struct statefile *file);

/* Whose memories statefile_look_all looks into. */
struct statefile_look_kind {
    const char *plugin; /* "check_sms_inbox" */
    const struct statefile_schema *schema;
};

/**
 * Look into every fresh memory of a program in a directory, as statefile_look does. One that is damaged, foreign, of
 * another version or older is passed over; the trace is told why it cannot be read.
 *
 * @param now  UTC seconds
 * @return 0, or -1: the directory cannot be read
 */
int statefile_look_all(const char *directory, const struct statefile_look_kind *kind, int64_t now,
                       void (*visit)(void *context, struct statefile *file), void *context,
                       const struct trace *trace);

/**
 * @return the database handle, inside an open transaction that only statefile_commit can commit; borrowed.
 * Rows changed by any other way than a run's statements count as damage: a digest over all rows is kept.
 */
struct sqlite3 *statefile_database(struct statefile *file);

/**
 * Prepare a statement once and give it again on later calls.
 *
 * @param sql  a literal: it is compared by its text and not copied
 * @return the statement, reset, borrowed; or NULL with the operator's text
 */
struct sqlite3_stmt *statefile_statement(struct statefile *file, const char *sql, struct failure *failure);

/**
 * Run a statement that gives no rows, its parameters bound, and make it ready for the next time.
 *
 * @return 0, or -1 with the operator's text
 */
int statefile_write(struct statefile *file, struct sqlite3_stmt *statement, struct failure *failure);

/**
 * End reading the rows of a statement, and make it ready for the next time.
 *
 * @param code  of the last sqlite3_step; that of a row where the caller needs no more
 * @param room  false: there was no memory for a row
 * @return 0, or -1 with the operator's text
 */
int statefile_end_rows(struct statefile *file, struct sqlite3_stmt *rows, int code, bool room,
                       struct failure *failure);

/**
 * The operator's text for the database's last error: "cannot write the state file F: No space left on
 * device".
 * @return always -1
 */
int statefile_fail(struct statefile *file, const char *verb, struct failure *failure);

/**
 * Commit what this run learned. Writes the run's row even when nothing else changed, so that a store that can
 * no longer be written is noticed.
 *
 * @param now  UTC seconds
 * @return 0, or -1 with the operator's text (disk full, read-only, ...); 0 also for an in-memory store, whose
 * trouble statefile_open told
 */
int statefile_commit(struct statefile *file, int64_t now, struct failure *failure);

/**
 * Hold the host's clock against that of the last run. Where it is behind by more than ten minutes, one of the two was
 * wrong: the last run's where another clock agrees with the host's; else today's (a machine that starts before it has
 * asked for the time), and a run under such a clock must learn nothing: of what it commits only this is kept. After three
 * hours of such runs the clock of today is the right one all the same.
 *
 * @param now    UTC seconds, as for statefile_commit
 * @param other  of another machine, UTC seconds; `now` where there is none
 * @return seconds by which it is behind, 0: it is not, and this run learns
 */
int64_t statefile_stand_still(struct statefile *file, int64_t now, int64_t other);

/**
 * Begin a further transaction after a commit, for what is only known then; without effect while one is open.
 *
 * @return 0 or -1
 */
int statefile_begin(struct statefile *file, struct failure *failure);

/**
 * Make a table where it is missing that any program's memory may have, so that it is no part of their
 * schemas. In the open transaction.
 *
 * @param columns  as in CREATE TABLE, with its parentheses and what follows; literals of the program
 * @return 0 or -1
 */
int statefile_table(struct statefile *file, const char *name, const char *columns, struct failure *failure);

/** Roll back what is not committed, close, free the lock. NULL is allowed. */
void statefile_close(struct statefile *file);

/**
 * When this identity's memory was last lost (damaged file set aside), for 24 h of "memory lost" in the
 * verdict.
 * @return UTC seconds, 0 when never or more than 24 h before the file was opened
 */
int64_t statefile_lost_at(const struct statefile *file);

#endif
