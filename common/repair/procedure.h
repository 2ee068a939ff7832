/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_PROCEDURE_H
#define SMS_REPAIR_PROCEDURE_H

#include "repair/repairquery.h"

/*
 * A repair from the question to the last word. The parent has the journal, the terminal and the deadline;
 * what touches the database runs in supervised workers: one looks, one changes, and where the changing one
 * does not come back with a clear answer, further ones read the row over a new connection.
 */

struct repair_request {
    const struct odbc_settings *settings; /* borrowed, as all below */
    const char *owner;                    /* owning site or NULL */
    const char *state_directory, *journal_directory;
    struct repair_target target; /* for an undo: filled from the entry */
    struct repair_rules rules;   /* recent and left are filled here */
    bool apply;
    int64_t undo_entry; /* 0: a repair */
    int64_t timeout_s;  /* of each worker */
    int verbosity;
    /* Show what will be done and ask a person; NULL: nobody is asked. @return whether it may be done */
    bool (*confirm)(const struct repair_request *request, const struct repair_view *view);
};

enum repair_result {
    REPAIR_RESULT_SHOWN,
    REPAIR_RESULT_REFUSED,
    REPAIR_RESULT_DONE,
    REPAIR_RESULT_ROLLED_BACK,
    REPAIR_RESULT_UNKNOWN /* the outcome is not known, or it could not look */
};

struct repair_report {
    enum repair_result result;
    bool has_view, asked; /* was the person asked, and so has seen the view? */
    bool barred;          /* refused, and no --force lifts it: what would be done is not shown */
    struct repair_view view;
    struct failure message; /* why, what is known of the database, what an undo put back; else "" */
    int64_t entry;          /* of the journal, 0 none was written */
    struct failure
        journal; /* what had to be said about the journal or entries in it that were open; "" nothing */
};

/** @return "shown", "refused", "done", "rolled back", "unknown"; static */
const char *repair_result_name(enum repair_result result);

/** @return the exit code: 0 shown or done, 1 refused, 2 tried and rolled back, 3 unknown or could not look */
int repair_exit_code(enum repair_result result);

void repair_run(const struct repair_request *request, struct repair_report *report);

#endif
