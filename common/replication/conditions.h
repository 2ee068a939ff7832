/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_CONDITIONS_H
#define SMS_REPLICATION_CONDITIONS_H

#include "replication/cause.h"
#include "replication/event.h"
#include "replication/package_index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Replication events -> conditions: which package versions are stalled at a site, since when and why. One
 * condition a package, with the kinds of trouble that hold for it. All times are UTC seconds of the log. The
 * structs are plain, to be stored as they are.
 *
 * A log cut into any number of runs gives the same conditions as one run: nothing here depends on when a run
 * ended, because every event carries how far its log had come before it.
 */

enum condition_kind {
    CONDITION_WAITING,
    CONDITION_BASE_MISSING,
    CONDITION_SUPERSEDED,
    CONDITION_FAILING, /* the same package is named by lines of failure, again and again */
    CONDITION_SITE,    /* of no package: its `package` is a subject, see REPLICATION_SUBJECT */
    CONDITION_KINDS
};

struct condition_sign {
    bool open; /* false while last_s is set: a candidate. Seen (superseded, failing), but not yet an
                                hour apart, or not repeated for long, and not long enough to be over */
    int64_t first_s, last_s; /* its oldest and newest line; 0: never seen */
    int64_t repeats;         /* lines after the first */
    int64_t longest_gap_s;   /* between repeats, on the component's writing clock */
    int64_t written_s;       /* the component's writing clock at last_s */
    enum replication_component component;
    char *line; /* the log line that opened it, NULL: none; owned by the set */
};

/* What the end of a condition can wait for: the newest record of all logs, or a component's writing clock. */
enum condition_clock {
    CONDITION_NEWEST,
    CONDITION_WRITTEN,
    CONDITION_CLOCKS = CONDITION_WRITTEN + REPLICATION_COMPONENTS
};

struct condition {
    char package[REPLICATION_PACKAGE];
    int64_t wanted, held;    /* highest versions said while it is open; 0: unknown */
    int64_t wanted_s;        /* when the wanted one was said first, */
    int64_t wanted_repeats;  /* and how many waiting lines had been repeats before */
    int64_t wanted_last_s;   /* when it was said last */
    int64_t began_with;      /* the version stored here when it began; 0: unknown, none */
    int64_t last_progress_s; /* newest sign of movement: received, stored, a version changed; 0: none. A
                                repeat is none */
    int64_t last_pass_s;     /* newest pass of distmgr over the package; 0: none since the condition began */
    int64_t clean_s;    /* first pass of distmgr an hour after the last waiting line and more; 0: none yet */
    int64_t received_s; /* newest `Received package` of a version >= wanted after the last base_missing line;
                           0: none */
    char *failure; /* newest detail ("Despooler failed to execute the instruction, ..."), NULL: none; owned by
                      the set */
    struct cause
        cause;       /* of the newest failure whose line tells it; a newer line of a missing base ends it */
    int64_t cause_s; /* that failure's time; 0: no cause */
    char *way; /* newest line of the logs that tell why, NULL: none; owned by the set; begins with the word
                  for its component: "sender: Finished sending ..." */
    int64_t way_first_s, way_last_s, way_count; /* of lines of its like; count 0: it was sent then */
    int64_t definition_s; /* newest line that the content is here and its definition is not; 0: none */
    struct condition_sign sign[CONDITION_KINDS];
    bool changed;                         /* since it was loaded */
    uint32_t due_place[CONDITION_CLOCKS]; /* its entry in the set's heap, + 1; 0: none */
};

/* A condition is to be looked at when a clock has come to at_s. */
struct condition_due {
    int64_t at_s;
    uint32_t item;
};

struct condition_heap {
    struct condition_due *entries; /* owned; room for every item; the earliest first */
    size_t count;
};

/* The newest line that names the version stored at this site; kept for every package (also for --pck). */
struct stored_version {
    char package[REPLICATION_PACKAGE];
    int64_t version;
    int64_t time_s;
    bool despooled; /* the despooler said that it stored it; else only the database says that it is here */
    bool changed;   /* since it was loaded */
};

enum condition_end {
    CONDITION_STORED,       /* proof: a stored version >= wanted */
    CONDITION_NOT_REPEATED, /* "no longer repeated, not proven" */
    CONDITION_RECEIVED,     /* base_missing: received again, no failure within an hour */
    CONDITION_FORGOTTEN,    /* pending class, no repeat for --forget */
    CONDITION_SUCCEEDED,    /* failing: a whole pass went well; site: the trouble is over by its own line */
    CONDITION_DELETED,      /* the package was deleted at this site */
    CONDITION_BY_HAND
};

struct condition_ending {
    char package[REPLICATION_PACKAGE];
    enum condition_kind kind;
    enum condition_end how;
    int64_t wanted, stored; /* stored: the proof's version, 0 without proof */
    int64_t first_s, time_s;
};

#define CONDITIONS_MOST    8192  /* conditions; a log that opens more is not believed, see `refused` */
#define CONDITIONS_STORED  32768 /* stored versions; the oldest goes */
#define CONDITIONS_ENDINGS 256

struct conditions {
    /* What is stored between runs */
    struct condition *items; /* owned; in no order; also `superseded` candidates: see condition_open */
    size_t count;
    struct stored_version *stored; /* owned; in no order */
    size_t stored_count;
    bool stored_lines;      /* this log set shows stored versions: waiting conditions close by proof only */
    bool success_lines;     /* ... passes that went well: failing ones close by proof only */
    bool executed_lines;    /* ... instructions that the despooler executed well: so do its failures */
    bool has_library;       /* ... lines of 2012 and later: no PCK file is a base there */
    int64_t stored_since_s; /* time of the first such line */
    int64_t newest_s;       /* newest record of the set */
    int64_t written_s[REPLICATION_COMPONENTS];
    /* Set by the caller before the first event */
    int64_t forget_s; /* --forget */
    /* Of this run */
    struct condition_ending endings[CONDITIONS_ENDINGS];
    size_t ending_count;          /* may be above CONDITIONS_ENDINGS: the rest was not kept */
    size_t refused;               /* events for packages beyond CONDITIONS_MOST */
    bool failed;                  /* memory ran out: the result is not complete */
    bool removed, stored_removed; /* an item that was loaded may be gone */
    struct package_index index, stored_index;
    struct condition_heap due[CONDITION_CLOCKS];
    bool due_known; /* every item has its entries; not so right after loading */
};

/* The sender says at least hourly that it cannot reach a site (Q235753); older lines tell of another time. */
#define CONDITION_LINK_S (6 * 3600)

/**
 * What the sender says of the link to a site: the newer of what it says of this site and of what it says without a site's
 * code. An item without signs, of which only `way` counts.
 *
 * @param site  its code; "" when it is not known
 * @return NULL when it says nothing, or nothing that is younger than CONDITION_LINK_S in the time of the logs; borrowed
 */
const struct condition *conditions_link(const struct conditions *set, const char *site);

/** @param forget_s  --forget in seconds; 0: never forget */
void conditions_init(struct conditions *set, int64_t forget_s);

/** Put back what an earlier run stored, in any order; texts are copied. @return 0, or -1 (out of memory, or
 * more than the bounds) */
int conditions_load(struct conditions *set, const struct condition *items, size_t count,
                    const struct stored_version *stored, size_t stored_count);

/** Take one event. Events come in the order of time as far as that is known (replication/merge.h); late ones
 * do no harm. */
void conditions_apply(struct conditions *set, const struct replication_event *event);

/**
 * A log of the set was read up to here, at the end of a run: close what is not repeated any more, forget what
 * is old.
 *
 * @param newest_s   newest record of that log (UTC seconds)
 * @param progress   its log_progress
 */
void conditions_settle(struct conditions *set, int64_t newest_s, const struct log_progress *progress);

/** --close: end every kind of a package, or of what the item's line names instead, by hand. @return false when nothing is open for it */
bool conditions_close(struct conditions *set, const char *package, int64_t now_s);

/** @return the package's condition or candidate, NULL when there is none; borrowed until the next change */
const struct condition *conditions_find(const struct conditions *set, const char *package);

/** @return the version that is known to be stored at this site, NULL when none is; borrowed until the next change */
const struct stored_version *conditions_stored(const struct conditions *set, const char *package);

/** @return is any kind open? Others are candidates, to be shown at -v only */
bool condition_open(const struct condition *condition);

/** @return has the despooler dropped it? It tried about 100 times, and tries no more (KB Q140374) */
bool condition_given_up(const struct conditions *set, const struct condition *condition);

/** @return bit (1 << kind) for every kind that is open */
unsigned condition_kinds(const struct condition *condition);

/** @return the oldest first_s, newest last_s, sum of repeats over the open kinds */
int64_t condition_first_s(const struct condition *condition);
int64_t condition_last_s(const struct condition *condition);
int64_t condition_repeats(const struct condition *condition);

/** @return the line that opened this kind; "" when it is not there */
const char *condition_line(const struct condition *condition, enum condition_kind kind);

/** @return the newest detail of a failure, "" when there is none */
const char *condition_failure(const struct condition *condition);

/** @return "waiting", "base_missing", ...; static */
const char *condition_kind_name(enum condition_kind kind);

/** Free what the set owns; endings and counters go too. */
void conditions_free(struct conditions *set);

#endif
