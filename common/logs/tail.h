/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_TAIL_H
#define SMS_LOGS_TAIL_H

#include "logs/stamp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What stands behind a message and makes it a record: component, stamp and thread, in the three forms of
 * record.h. All slices are borrowed from the text that was searched.
 */
struct log_tail {
    const char *start, *end; /* the tail; its message lies before `start` */
    const char *message;     /* where the message begins: what was given as `from`, or behind `<![LOG[` */
    const char *component;
    size_t component_length;
    const char *stamp_text; /* server form: as printed, not parsed yet; NULL: `stamp` is filled */
    size_t stamp_length;
    struct log_stamp stamp;
    uint32_t thread;
    int slot;       /* set by log_delivery_stamp: the component's place there ... */
    bool same_hour; /* ... and whether its stamp is of the hour that was parsed last */
};

#define LOG_TAIL_LONGEST 2048 /* bytes from the first to the last of a tail */

/**
 * Find the first complete tail of the server form in [from, end). Blanks and line breaks are allowed between
 * its three parts, because articles wrap them. The stamp is not parsed.
 *
 * @return false when there is none
 */
bool log_tail_server(const char *from, const char *end, struct log_tail *tail);

/** Read a thread, `4844 (0x12EC)>` or `E0>`. @return behind the `>`, NULL when it is none */
const char *log_tail_thread(const char *at, const char *end, uint32_t *thread);

/** Like log_tail_server for `]LOG]!><time=...>`. The stamp is parsed; a tail without a readable one is none.
 */
bool log_tail_ccm(const char *from, const char *end, struct log_tail *tail);

/** Read a whole line as a log viewer copies it: MESSAGE, COMPONENT, DATE TIME, THREAD (0xHEX), separated by
 * TABs. */
bool log_tail_viewer(const char *from, const char *end, struct log_tail *tail);

#endif
