/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_WORKERS_H
#define SMS_REPAIR_WORKERS_H

#include "repair/repair.h"
#include "repair/transaction.h"

/* The three kinds of supervised work of a repair, as functions of the parent. Only procedure.c includes this.
 */

/** Read the view. @return 0, or -1 with the operator's text */
int repair_worker_look(const struct repair_request *request, struct repair_view *view,
                       struct failure *failure);

/**
 * Look again, judge again, and do it.
 *
 * @param shown         what the person has agreed to
 * @param[out] failure  the text for every end but REPAIR_COMMITTED
 * @return REPAIR_IN_DOUBT when the worker died or ran out of time while COMMIT may have been sent,
 * REPAIR_LOST when before
 */
enum repair_end repair_worker_change(const struct repair_request *request, const struct repair_view *shown,
                                     struct failure *failure);

/** Read the row over a new connection, behind whatever transaction still holds it. @return 0, or -1 not
 * readable */
int repair_worker_verify(const struct repair_request *request, const struct repair_view *shown,
                         struct row_image *row, int64_t *count, struct failure *failure);

#endif
