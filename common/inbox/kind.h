/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_INBOX_KIND_H
#define SMS_INBOX_KIND_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What each folder below a site server's `inboxes` is for: whose work waits there, what may wait for days by
 * design, what never leaves, and where to look next. Every row names its public sources.
 */

/* How long work may wait before it alerts, seconds. */
struct inbox_patience {
    int64_t silent_warning_s, silent_critical_s; /* nothing has left */
    int64_t left_warning_s, left_critical_s;     /* one was left behind by younger ones */
};

struct inbox_kind {
    const char *folder;    /* the end of its location; parts may be globs: "schedule.box/outboxes/?*" */
    const char *component; /* who works through it: "SMS_LAN_SENDER" */
    const char *log;       /* "sender.log" */
    const char *meaning;   /* "send requests for the LAN sender" */
    const char *next;      /* the next steps, words that stand behind ';' */
    const char
        *ignored; /* globs of names that are no waiting work: half-written, or there for good; or NULL */
    const char *skipped;            /* globs of subfolders that hold no waiting work; or NULL */
    const char *slow;               /* globs of names that may wait for days by design; or NULL */
    const char *slow_reason;        /* "its address may be closed by a schedule"; NULL without `slow` */
    struct inbox_patience patience; /* for all but `slow` */
    bool carries_packages;          /* packages pass through it on their way to another site */
    const char *sources;
};

/** What names that match `slow` get: longer than a weekend behind a closed address. */
extern const struct inbox_patience inbox_slow_patience;

/** @return the row for a location (path or URL, without regard to case); the general one where none fits */
const struct inbox_kind *inbox_kind_of(const char *location);

/** @return the index-th row, NULL behind the last; the last row is the general one */
const struct inbox_kind *inbox_kind_at(int index);

/** @return whether a name fits one of a comma list of globs, without regard to case; false for NULL */
bool inbox_glob_list_matches(const char *globs, const char *name);

/** @return whether a name fits a glob, without regard to case */
bool inbox_glob_matches(const char *glob, const char *name);

/** @return whether a name is a half-written file that no table has to name: *.TMP */
bool inbox_is_temporary(const char *name);

#endif
