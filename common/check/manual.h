/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_MANUAL_H
#define SMS_CHECK_MANUAL_H

#include "options/options.h"

/* The parts of the man page that all checks share. */
extern const struct manual_section check_manual_sections[];
extern const size_t check_manual_section_count;

#endif
