/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_STATE_PRIVATE_H
#define SMS_STATE_PRIVATE_H

#include "state/statefile.h"

#include <sqlite3.h>

/* An open store, between open.c (health), look.c (read-only) and statefile.c (its life). Codes are SQLite's. */

#define STATEFILE_ENDING      ".sqlite3"
#define STATEFILE_LOCK_ENDING ".lock"

enum {
    /* How every connection is opened: no symbolic link is followed, and no program here has threads. */
    STATEFILE_OPEN = SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX,
    MOST_STATEMENTS = 16,
    MOST_TOUCHED = 8,
    LOST_FOR_S = 24 * 3600 /* so long a loss is told */
};

struct statefile {
    sqlite3 *database;
    char *path; /* owned; NULL for a store in memory */
    int lock;
    bool may_commit;
    bool schema_changed;
    int changes;     /* of the connection, before this run's own */
    uint64_t digest; /* of all tables but `state`, before this run's changes */
    bool unproven;   /* what stands in the lock file is not, or no longer, the proof of this file */
    struct {
        char name[32];
        uint64_t before;     /* its share in the digest */
    } touched[MOST_TOUCHED]; /* tables that statements of this run may have changed */
    int touched_count;       /* MOST_TOUCHED + 1: too many to keep account */
    int accounted;           /* changes by them */
    int64_t runs;
    int64_t lost_at;
    int64_t opened_at;
    int64_t last_run;               /* by the host's clock then */
    int64_t behind_s, behind_since; /* this run stands still; the first such run */
    struct {
        const char *sql;
        sqlite3_stmt *statement;
        char writes[32]; /* the table that it changes, "" none */
    } statements[MOST_STATEMENTS];
};

/** @return the file's path without its ending, for its identity: DIRECTORY/PLUGIN-HASH; owned (free); NULL: no memory */
char *statefile_base(const char *directory, const char *plugin, const char *identity);

/** @return the file of an identity, owned (free); NULL: there is none, or no memory, with why */
char *statefile_path(const char *directory, const char *plugin, const char *identity,
                     struct failure *failure);

/** What every connection needs, once its database is open. @return a code */
int statefile_set_up(struct statefile *file);

/** @return a code */
int statefile_execute(struct statefile *file, const char *sql);

/** The first column of a statement's first row. @return a code; SQLITE_CORRUPT without a row */
int statefile_integer(struct statefile *file, const char *sql, int64_t *integer);

/** Keep the digest of everything but `state`, whose row changes with every run. @param all  of all tables @return a
 * code */
int statefile_keep_digest(struct statefile *file, uint64_t all);

/** Take back what this run did, and keep that its clock is behind, in a transaction that is still open. @return 0 or -1 */
int statefile_keep_behind(struct statefile *file, struct failure *failure);

/** Close the database alone, which rolls back; the lock stays. */
void statefile_close_database(struct statefile *file);

#endif
