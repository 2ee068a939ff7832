/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_JOURNAL_ENTRY_H
#define SMS_REPAIR_JOURNAL_ENTRY_H

#include "base/text.h"
#include "repair/journal.h"

/*
 * The two kinds of lines of the journal, to be read by people as well. Each is one line, "begin" is only folded here:
 *
 *   2026-11-23T09:05:12Z begin id=17 user="jdoe" host="mon1" server="sql01:1433" database="SMS_CEN"
 *     package="CEN00012" site="S02" pkg_server="S021"
 *     before="status=1 version=2 updated=2026-11-19 08:15:00.000" after="..." undo_of=0
 *   2026-11-23T09:05:13Z end id=17 result="done"
 *
 * In quotes, `"` and `\` carry a backslash, and control characters are \xNN.
 */

void journal_line_write_begin(const struct journal_entry *entry, struct text *line);
void journal_line_write_end(int64_t id, enum journal_result result, int64_t now, struct text *line);

/** @return 0 when the line (without its line end) begins an entry, -1 when it does not or is damaged */
int journal_line_read_begin(const char *line, struct journal_entry *entry);

/** @return 0 when the line ends an entry, -1 when it does not or is damaged */
int journal_line_read_end(const char *line, int64_t *id, enum journal_result *result);

/** Append an image as a person reads it: "status=1 version=2 updated=2026-11-19 08:15:00.000", NULL for what is NULL. */
void row_image_write(const struct row_image *image, struct text *text);

#endif
