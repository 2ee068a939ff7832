/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_STATETEST_H
#define SMS_STATETEST_H

#include "items/itemstore.h"
#include "state/statefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the tests of the state rooms share: a private directory, and one way to look into and to write a
 * state. */

/** The plugin name and the identity of the state that the tests use. */
#define PLUGIN   "check_test"
#define IDENTITY "sql01:1433/SMS_CEN/CEN"

/** Where the state lies; made anew for each test. */
extern char state_directory[64];

/** cmocka set-up of the group: gives up root, because root may write what nobody may. */
int statetest_become_nobody(void **state);

/** cmocka set-up and tear-down of each test. */
int statetest_make_directory(void **state);
int statetest_remove_directory(void **state);

/** @return whether the test program was started as root, so that it can make what belongs to others */
bool statetest_can_be_root(void);

/** Change the owner of a path, as root; links are not followed. */
void statetest_give(const char *path, uid_t owner);

/** @return the path of the state file of IDENTITY with `end` behind it; in one of four static buffers */
const char *statetest_path(const char *end);

/** What an opening gave. */
struct opening {
    enum statefile_health health;
    struct failure failure;
    size_t count;       /* of items */
    int64_t first_seen; /* of the item "a", 0 without */
    int64_t lost_at;
    bool commit_failed;
};

/** Open, load, put item "a" with `first_seen` unless 0, commit unless `look_only`, close. */
struct opening statetest_run(int64_t first_seen, bool look_only);

/** A state with item "a" of first_seen 1000 and 40 others, committed. */
void statetest_make_state(void);

/** Fail unless the health is this and the text has `words` in it. */
void statetest_expect(const char *name, const struct opening *got, enum statefile_health health,
                      const char *words);

/** Whole files. @return the bytes, owned */
char *statetest_read(const char *path, size_t *length);
void statetest_write(const char *path, const void *bytes, size_t length);

/** @return how many files in the state directory have `part` in their names */
int statetest_count_files(const char *part);

/** Run a statement on a database file by SQLite alone. */
void statetest_sql(const char *path, const char *sql);

void statetest_put(struct statefile *file, const char *key, int64_t first_seen);

#endif
