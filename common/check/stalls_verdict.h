/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_STALLS_VERDICT_H
#define SMS_CHECK_STALLS_VERDICT_H

#include "check/stalls_output.h"

/**
 * Append the sentence of the first line: what is stalled, what could not be read, which component is silent, how far
 * the reading came. With --new, what is new. As long as what it tells; items/output.h cuts it.
 */
void stallreport_add_verdict(const struct stallreport *report, struct text *verdict);

#endif
