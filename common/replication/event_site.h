/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_EVENT_SITE_H
#define SMS_REPLICATION_EVENT_SITE_H

#include "replication/templates.h"

/* Lines about the site as a whole: how many threads are busy, and for which date an instruction is put off. */

/** The subject of a component's threads; NULL: it has none that are counted. */
extern const char *const event_busy_subjects[REPLICATION_COMPONENTS];

/** Fill what an event of kind BUSY, STARTED or PUT_OFF says beyond its words; others stay as they are. */
void event_read_site(const struct replication_ties *ties, const struct log_record *record,
                     const struct template_match *match, struct replication_event *event);

#endif
