/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_JOURNAL_ENTRY_H
#define SMS_REPAIR_JOURNAL_ENTRY_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* The row of PkgStatus that a repair changes, as far as it identifies or changes it. */
struct row_image {
    bool has_status, has_version, has_updated; /* false: NULL */
    int64_t status;
    int64_t version;      /* SourceVersion */
    char updated[32];     /* UpdateTime as text, to the millisecond: compared as text */
    char pkg_server[256]; /* UTF-8 */
};

enum journal_result {
    JOURNAL_OPEN, /* begun, no end written: look at the row */
    JOURNAL_DONE,
    JOURNAL_ROLLED_BACK, /* the database is as it was */
    JOURNAL_UNKNOWN      /* the answer to COMMIT never came, and the row could not be read afterwards */
};

struct journal_entry {
    int64_t id;
    int64_t time;    /* UTC */
    int64_t undo_of; /* id of the entry that this one takes back, 0 none */
    char user[64], host[256], server[256], database[128];
    char package[16], site[8];
    struct row_image before, after;
    enum journal_result result;
};

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

/** Append a line, without its line end. @param now  UTC seconds */
void journal_line_write_begin(const struct journal_entry *entry, struct text *line);
void journal_line_write_end(int64_t id, enum journal_result result, int64_t now, struct text *line);

/** @return 0 when the line (without its line end) begins an entry, -1 when it does not or is damaged */
int journal_line_read_begin(const char *line, struct journal_entry *entry);

/** @return 0 when the line ends an entry, -1 when it does not or is damaged */
int journal_line_read_end(const char *line, int64_t *id, enum journal_result *result);

/** Append an image as a person reads it: "status=1 version=2 updated=2026-11-19 08:15:00.000", NULL for what is NULL. */
void row_image_write(const struct row_image *image, struct text *text);

/** @return "done", "rolled back", "unknown", "open"; static */
const char *journal_result_name(enum journal_result result);

/** @return whether two images are the same row in the same state */
bool row_image_equal(const struct row_image *a, const struct row_image *b);

#endif
