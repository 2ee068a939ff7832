/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_STATE_INTEGRITY_H
#define SMS_STATE_INTEGRITY_H

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

struct sqlite3;

/* Is a state file what an earlier run left? Of statefile.h's concern, kept apart from opening and writing. */

enum statecheck_verdict {
    STATECHECK_SOUND,
    STATECHECK_ABSENT,
    STATECHECK_DAMAGED, /* the failure says how, as words that fit behind "the state file F " */
    STATECHECK_NEWER,   /* of a newer version of the program */
    STATECHECK_TROUBLE  /* cannot be read or locked now; nothing is said about its contents */
};

enum {
    STATECHECK_APPLICATION = 0x534d5331, /* PRAGMA application_id, "SMS1" */
    STATECHECK_PAGE_BYTES = 4096
};

/**
 * What the file system and the file's first 100 bytes tell, before SQLite touches the file. Must not be
 * called while SQLite has the file open (POSIX locks).
 *
 * @param version  the newest schema version that this program knows
 */
enum statecheck_verdict statecheck_file(const char *path, int version, struct failure *failure);

/**
 * Read the whole file: SQLite calls a disk that gives EIO a corrupt database. Not while SQLite has the file
 * open.
 * @return 0, or -1 with what the disk says
 */
int statecheck_readable(const char *path, struct failure *failure);

/**
 * Structure, identity and the digest over all rows; inside a transaction.
 *
 * @param proven       its bytes are those that a run has left (proof.h): its identity alone is looked at
 * @param[out] digest  of a sound one
 */
enum statecheck_verdict statecheck_contents(struct sqlite3 *database, const char *identity, bool proven,
                                            uint64_t *digest, struct failure *failure);

/** @return what an SQLite result code says about the file */
enum statecheck_verdict statecheck_code(int code);

/**
 * Sum of a hash for each row of every table but `digest`, and of the schema: SQLite itself does not notice a
 * changed byte in a stored value. The order of rows does not matter.
 *
 * @return 0, or an SQLite result code
 */
int statecheck_digest(struct sqlite3 *database, uint64_t *digest);

/** The share of one table in the digest. */
int statecheck_digest_table(struct sqlite3 *database, const char *table, uint64_t *digest);

/** Replace the digest in the file. @return 0, or an SQLite result code */
int statecheck_write_digest(struct sqlite3 *database, uint64_t digest);

/**
 * The operator's text for a database's last error: "cannot write the state file F: No space left on device;
 * ...".
 * @return always -1
 */
int statecheck_fail(struct sqlite3 *database, const char *path, const char *verb, struct failure *failure);

#endif
