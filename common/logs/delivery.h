/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_DELIVERY_H
#define SMS_LOGS_DELIVERY_H

#include "base/text.h"
#include "logs/record.h"
#include "logs/tail.h"

/*
 * The half of the log reader that looks at a record once its bytes are together: whose it is, of which
 * hour, and whether anybody wants to hear of it. A stamp is parsed only where the hour changes.
 */

#define LOG_DELIVERY_SLOTS (LOG_WATCHED + 1) /* the last one: every component that is not watched */

struct log_delivery {
    struct log_reader_options options;
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
    } hour[LOG_DELIVERY_SLOTS];
    const char *last_text; /* stamp of the last record: borrowed from the bytes being pushed ... */
    char last_copy[160];   /* ... until log_delivery_settle copies it */
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

/** Begin. @param progress  borrowed until log_delivery_free; counts on from what it holds */
void log_delivery_init(struct log_delivery *delivery, const struct log_reader_options *options,
                       struct log_progress *progress);

/** Fill slot and same_hour, and stamp where it had to be parsed. @return false: the stamp cannot be read,
 * so this is no tail */
bool log_delivery_stamp(struct log_delivery *delivery, struct log_tail *tail);

/** Count a record whose tail passed log_delivery_stamp, and deliver it when it matters. */
void log_delivery_record(struct log_delivery *delivery, const struct log_found *found);

/** The bytes that were pushed go away. */
void log_delivery_settle(struct log_delivery *delivery);

/** As log_reader_last has it (logs/record.h). */
bool log_delivery_last(const struct log_delivery *delivery, struct log_stamp *last, struct log_stamp *newest);

void log_delivery_free(struct log_delivery *delivery);

#endif
