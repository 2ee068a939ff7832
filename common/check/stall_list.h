/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_STALL_LIST_H
#define SMS_CHECK_STALL_LIST_H

#include "check/stalls.h"

/* How stalls.c and stalls_folder.c fill a list; others read it (stalls.h). */

/** @return whether the options select the package */
bool stall_selected(const struct stall_options *options, const char *package);

/** @return a new stall at the end, its texts not tied yet; NULL without memory. Others may have moved. */
struct stall *stall_list_add(struct stall_list *list, const char *package, const char *site);

/** The array may have moved and been sorted: let each item's texts follow its stall. */
void stall_list_tie_texts(struct stall_list *list);

/** One more kind of trouble of the same package. */
void stall_add_kind(struct stall *stall, enum condition_kind kind);

#endif
