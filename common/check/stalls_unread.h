/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_STALLS_UNREAD_H
#define SMS_CHECK_STALLS_UNREAD_H

#include "check/stalls_output.h"

/**
 * Append what could not be looked at, logs and the folder of base files, each with its cause and what to do; a cause
 * that several have is told once; and what may be lost. Each ends with `; `; nothing where all was read.
 */
void stallreport_add_unread(const struct stallreport *report, struct text *verdict);

#endif
