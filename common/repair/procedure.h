/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_PROCEDURE_H
#define SMS_REPAIR_PROCEDURE_H

#include "repair/repair.h"

/*
 * A repair from the question to the last word. The parent has the journal, the terminal and the deadline;
 * what touches the database runs in supervised workers: one looks, one changes, and where the changing one
 * does not come back with a clear answer, further ones read the row over a new connection.
 */

/** @return "shown", "refused", "done", "rolled back", "unknown"; static */
const char *repair_result_name(enum repair_result result);

/** @return the exit code: 0 shown or done, 1 refused, 2 tried and rolled back, 3 not known, or the database could not be read */
int repair_exit_code(enum repair_result result);

/**
 * Look, ask (request->confirm), change and look again, as far as the request goes, with the journal around the change.
 * Prints nothing.
 *
 * @param[out] report  what was seen and done, and why; plain, nothing in it is to be freed
 */
void repair_run(const struct repair_request *request, struct repair_report *report);

#endif
