/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_CONDITION_LINE_H
#define SMS_REPLICATION_CONDITION_LINE_H

#include "replication/conditions.h"

/*
 * What one line means for the condition of its package. conditions.c takes the events and knows the logs and the site
 * as a whole; condition_version.c knows which version is waited for and which one is here, condition_failing.c what
 * goes wrong with a package and what ends that.
 */

/** A version is waited for; its base is missing; it is not the one that is current: conditions open or are repeated,
 * unless the version is known to be stored here. */
void condition_line_waiting(struct conditions *set, const struct replication_event *event);
void condition_line_base_missing(struct conditions *set, const struct replication_event *event);
void condition_line_superseded(struct conditions *set, const struct replication_event *event);

/** A version is stored here: the proof that ends what waits for it, or progress. */
void condition_line_stored(struct conditions *set, const struct replication_event *event);

/** The despooler executed the instruction with which a version came: it is here. */
void condition_line_executed(struct conditions *set, const struct replication_event *event);

/** The source's version, printed behind the stored one: with it the stored one may be the proof. */
void condition_line_wanted(struct conditions *set, const struct replication_event *event);

/** A version came, and is not stored yet. */
void condition_line_received(struct conditions *set, const struct replication_event *event);

/** The package was deleted at this site: everything ends, and what was stored is forgotten. */
void condition_line_deleted(struct conditions *set, const struct replication_event *event);

/** Something failed for the package, or tells more of a trouble that has a line of its own. */
void condition_line_failure(struct conditions *set, const struct replication_event *event);

/** A whole pass over the package went well: what failed ends. */
void condition_line_success(struct conditions *set, const struct replication_event *event);

/** The distribution manager passed over the package, which proves nothing. */
void condition_line_pass(struct conditions *set, const struct replication_event *event);

/** A higher version is stored here than before: what failed in the despooler's log ends. */
void condition_line_arrived(struct conditions *set, const struct replication_event *event);

/** The despooler did its work for the package: what failed in its log ends. */
void condition_line_despooled(struct conditions *set, const struct replication_event *event);

#endif
