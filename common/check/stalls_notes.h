/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_STALLS_NOTES_H
#define SMS_CHECK_STALLS_NOTES_H

#include "check/stalls_output.h"

/* Lines that are not items: what ended, what was lost, what is only a candidate. */
struct stallreport_notes {
    struct text texts[65]; /* owned; the last one takes what has no room, and is not shown */
    const char *strings[64];
    size_t count;
};

/** Make them, into notes that are zero. */
void stallreport_make_notes(const struct stallreport *report, struct stallreport_notes *notes);

void stallreport_free_notes(struct stallreport_notes *notes);

#endif
