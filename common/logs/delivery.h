/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_DELIVERY_H
#define SMS_LOGS_DELIVERY_H

#include "base/text.h"
#include "logs/record.h"
#include "logs/tail.h"

/*
 * The half of the log reader that looks at a record once its bytes are together: whose it is, of which
 * hour, and whether anybody wants to hear of it. Nearly all records of a log are nobody's interest, so a
 * stamp is parsed only where the hour changes and a message is decoded only when it is delivered.
 */

#define LOG_DELIVERY_THREADS 64
#define LOG_DELIVERY_SLOTS   (LOG_WATCHED + 1) /* the last one: every component that is not watched */

struct log_delivery {
    const struct log_reader_options *options; /* points to `own` */
    struct log_reader_options own;
    struct log_beginnings beginnings; /* of own.beginning */
    struct log_progress *progress;
    log_record_callback *callback;
    void *listener;
    struct text decoded;
    bool failed;
    char component[64]; /* the one that was looked up last */
    size_t component_length;
    int component_slot;
    struct log_hour {
        char text[96]; /* the stamp that was parsed last; length 0: none */
        size_t length;
        struct log_stamp stamp; /* of its minute 0; zone is not used */
        size_t zone_at;
        char noted[2];    /* the minute whose activity was noted last */
        char before[224]; /* a whole tail of this component and hour: `$$<COMPONENT><...HH:` ... */
        char behind[80];  /* ... and what stands behind minutes and seconds, `-60><thread=` */
        size_t before_length, clock_length, behind_length, component_length;
    } hour[LOG_DELIVERY_SLOTS];
    int latest; /* slot of the last record */
    struct log_thread {
        char text[32]; /* `3136 (0xC40)>` */
        size_t length; /* 0: none */
        uint32_t thread;
    } thread[LOG_DELIVERY_THREADS]; /* that were read lately */
    uint8_t last_thread;            /* place of the last one there */
    uint32_t matched;               /* thread of the tail that log_delivery_match found */
    const char *last_text;          /* stamp of the last record: borrowed from the bytes being pushed ... */
    char last_copy[160];            /* ... until log_delivery_settle copies it */
    size_t last_length;
    struct log_stamp last; /* when last_text is NULL and `any` */
    bool any;
};

struct log_found {
    struct log_tail *tail;
    const struct log_encoding *encoding;
    const char *message; /* in the encoding of the file (UTF-8 for UTF-16 files) */
    size_t length;
    bool several_lines, cut;
    int64_t start, end;
};

void log_delivery_init(struct log_delivery *delivery, const struct log_reader_options *options,
                       struct log_progress *progress);

/** Fill slot and same_hour, and stamp where it had to be parsed. @return false: the stamp cannot be read,
 * so this is no tail */
bool log_delivery_stamp(struct log_delivery *delivery, struct log_tail *tail);

/**
 * Is this a tail like the last record's, but for minutes, seconds and thread? `at` points to `$$<`.
 *
 * @return behind the tail, NULL: look closely (log_tail_server)
 */
const char *log_delivery_match(struct log_delivery *delivery, const char *at, const char *end);

/** A record on a line of its own; log_delivery_match found its tail. Does what log_delivery_record does,
 * sooner. */
struct log_again {
    const struct log_encoding *encoding;
    const char *message, *tail, *end; /* in the bytes being pushed */
    int64_t start;                    /* offset in the file */
};
void log_delivery_again(struct log_delivery *delivery, const struct log_again *again);

/** Count a record whose tail passed log_delivery_stamp, and deliver it when it matters. */
void log_delivery_record(struct log_delivery *delivery, const struct log_found *found);

/** The bytes that were pushed go away. */
void log_delivery_settle(struct log_delivery *delivery);

bool log_delivery_last(const struct log_delivery *delivery, struct log_stamp *last, struct log_stamp *newest);

void log_delivery_free(struct log_delivery *delivery);

#endif
