/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_EVENT_H
#define SMS_REPLICATION_EVENT_H

#include "logs/record.h"
#include "replication/subject.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Log record -> replication event: what a line of distmgr.log or despool.log says about a package version.
 * The wordings, each with its source, are one table in templates.c.
 */

/* Order of replication_components[], so of log_reader_options.components and log_progress.watched. */
enum replication_component {
    REPLICATION_DISTMGR,
    REPLICATION_DESPOOL,
    REPLICATION_STORY_COMPONENTS, /* those two tell what is stalled; the others only why */
    REPLICATION_SCHEDULER = REPLICATION_STORY_COMPONENTS,
    REPLICATION_SENDER,
    REPLICATION_TRANSFER,
    REPLICATION_COMPONENTS
};
extern const char *const replication_components[REPLICATION_COMPONENTS];

#define REPLICATION_LINE 301 /* a log line as shown to the operator, cut at a character boundary */

enum replication_kind {
    REPLICATION_NOTHING,
    REPLICATION_WAITING, /* wanted, held (0: unknown): newer version required, contents or information not
                            arrived */
    REPLICATION_BASE_MISSING, /* wanted (of the version being merged; 0: unknown): the delta's base is gone */
    REPLICATION_SUPERSEDED,   /* held: the version called arrived; wanted: the version thrown away */
    REPLICATION_STORED,   /* held: the version stored at this site; wanted: the source version, 0: not said */
    REPLICATION_RECEIVED, /* wanted: the version whose compressed file came in; no success yet */
    REPLICATION_WANTED,   /* wanted: the source version; opens nothing, raises what is open */
    REPLICATION_FAILURE, /* a failure; the package may come from the thread's tie, see `tied`; where nothing tells
                             it, @despooler or @distmgr */
    REPLICATION_SUCCESS,  /* a whole pass over the package went well: ends failures */
    REPLICATION_DELETED,  /* the package was deleted here: nothing of it is wanted or stored any more */
    REPLICATION_PROGRESS, /* something happened for the package */
    REPLICATION_PASS, /* distmgr looks at the package once more: what failed and does not now is over in time */
    /* Of the site as a whole: `package` holds a subject that begins with REPLICATION_SUBJECT. */
    REPLICATION_REFUSED,  /* instructions of the site @CODE are refused */
    REPLICATION_ACCEPTED, /* ... or were found in order */
    REPLICATION_BUSY,     /* held of wanted threads of @threads or @despooling are busy; wanted 0: all */
    REPLICATION_STARTED,  /* one of them took up new work or is free again, so they are not stuck */
    REPLICATION_EXECUTED, /* the same of @despooling; `package` is the thread's where that is known: its
                             instruction went well; held: the version that the thread received, 0: not known */
    REPLICATION_PUT_OFF, /* an instruction @FILE waits for a date; wanted: how many seconds from now, negative in the past */
    /* Of the logs that only tell why: nothing opens or ends by them. */
    REPLICATION_ON_ITS_WAY, /* why the package is not sent, or how far it is */
    REPLICATION_SENT,       /* it was sent as a whole */
    REPLICATION_LINK_DOWN,  /* nothing is sent to a site: REPLICATION_LINK and its code */
    /* Of templates alone: another thread is at the package. A failure where that one has said nothing for hours, else
     * nothing. */
    REPLICATION_HELD
};

struct replication_event {
    enum replication_kind kind;
    enum replication_component component;
    uint32_t thread;
    char package[REPLICATION_PACKAGE]; /* upper and lower case as printed; "" never */
    int64_t wanted, held;              /* as the kind says; 0: unknown */
    bool tied;                         /* the package was not in the line but is the one its thread was at */
    bool
        denied; /* of WAITING: the versions that its pass began with call the wanted one stored, and the line says no */
    bool library;     /* the line is of 2012 and later, where a content library holds what is stored */
    bool definition;  /* of WAITING: the content is here, its definition is not; else it is the reverse */
    int64_t time_s;   /* UTC seconds */
    int64_t start;    /* byte offset of the record in its log */
    int64_t newest_s; /* newest record of the log before this one; 0: none */
    int64_t written_before_s[REPLICATION_COMPONENTS]; /* the log's writing clocks before this record ... */
    int64_t written_s;                                /* ... and this component's with it */
    bool here[REPLICATION_COMPONENTS]; /* this log holds records of that component (before this one) */
    char line[REPLICATION_LINE]; /* the message: UTF-8, one line, no control characters; "" for kinds that
                                                       say that something went well */
};

/*
 * Which package a thread is at, for lines that name none ("Error occurred."). Plain, no pointers; stored with
 * the position of its log. Start with zeros. A thread has its place in one of 32 rows; in a full row the tie
 * that was used longest ago goes.
 */
#define REPLICATION_TIES    256
#define REPLICATION_TIE_ROW 8

struct replication_tie {
    uint32_t thread;
    uint8_t component;                 /* enum replication_component */
    char package[REPLICATION_PACKAGE]; /* "": no tie */
    bool processing;                   /* the thread was started for the package, and has not ended */
    int64_t wanted, held;              /* 0: unknown */
    int64_t time_s; /* of its newest line; a tie older than a day is none (thread IDs are used again) */
    int64_t used;   /* replication_ties.uses then */
};

struct replication_ties {
    int64_t uses;
    struct replication_tie tie[REPLICATION_TIES];
};

/*
 * The order of two logs must not depend on where a run ends: what a component writes that is no event moves its clock by
 * whole steps of this many seconds of its writing, each of which is an event of its own.
 */
enum { REPLICATION_TICK_S = 600 };

/**
 * Does its component's writing pass such a step with this record?
 *
 * @return true with an event of kind REPLICATION_NOTHING
 */
bool replication_tick(const struct log_record *record, int64_t time_s, struct replication_event *event);

/**
 * Read one record of a watched component.
 *
 * @param time_s  the record's time as UTC seconds: its stamp, or the caller's conversion of a local one
 * @return true with an event, false when the record says nothing about a package (it may have moved a tie)
 */
bool replication_read(struct replication_ties *ties, const struct log_record *record, int64_t time_s,
                      struct replication_event *event);

#endif
