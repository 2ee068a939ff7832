/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_COMPONENT_H
#define SMS_REPLICATION_COMPONENT_H

#include "base/text.h"
#include "files/files.h"
#include "logs/encoding.h"
#include "replication/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a component of the server writes: its pauses, its last line, and whose log a file is. */

#define COMPONENT_PAUSE_DAYS 14

/* The longest pause that ended on each of the last days. Plain; stored with the position of the log. Start
 * with zeros. */
struct component_pauses {
    int64_t day;                             /* the newest one, since 1970 */
    int32_t longest_s[COMPONENT_PAUSE_DAYS]; /* of day - i at i */
};

/** A record came at `stamp_ms` after one of `before_ms` (0: there was none). */
void component_pauses_add(struct component_pauses *pauses, int64_t before_ms, int64_t stamp_ms);

/** @return the longest of all days that are kept, seconds */
int64_t component_pauses_longest(const struct component_pauses *pauses);

/** The memory of before pauses were kept: as if the component had paused for so long on that day. */
void component_pauses_assume(struct component_pauses *pauses, int64_t day, int32_t pause_s);

/** Append the last message that this component wrote, cleaned; nothing where the end of the file has none or
 * cannot be read. */
void component_last_line(struct bytestore *store, const char *location, const struct log_encoding *encoding,
                         const char *component, struct text *line);

/** @return does this last line of the despooler say that it has nothing to do? It sleeps until a file comes */
bool component_is_idle(const char *line);

/** Append the names of the components whose records stand at the beginning and the end of a file: "A, B". */
void component_names(struct bytestore *store, const char *location, const struct log_encoding *encoding,
                     struct text *names);

#endif
