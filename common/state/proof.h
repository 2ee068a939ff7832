/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_STATE_PROOF_H
#define SMS_STATE_PROOF_H

#include <stdbool.h>

/*
 * A hash of all bytes of a state file, as the run that kept it last left them, stands in its lock file. A file that has
 * these bytes still is sound, so that its rows need not be read to know. Anything else (a run that was killed, another
 * program, a damaged byte, an older release) proves nothing, and then the rows decide, as they do without it.
 */

/** @return whether the file is proven. @param lock  its open lock file. Not while SQLite has the file open (POSIX locks) */
bool stateproof_holds(const char *path, int lock);

/** The same for who only looks: the lock file is opened and closed. Not while this process holds that lock. */
bool stateproof_look(const char *path);

/** Keep the proof of a file that a run has closed; where that cannot be, there is none. */
void stateproof_keep(const char *path, int lock);

#endif
