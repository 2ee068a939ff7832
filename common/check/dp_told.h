/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_DP_TOLD_H
#define SMS_CHECK_DP_TOLD_H

#include "base/status.h"
#include "check/dp_words.h"

/* What is no finding of check_sms_dps, and no "all is installed" either. */

/** Append "; 1 waits for prestaged content: CEN00111 on S021", and the like for each kind that is told, and that messages
 * could not be read where something is in trouble.
 * @param missing_s  for how long a status row is missing, where that is worth a word; else 0 */
void dp_told_add(const struct dp_list *list, const struct dp_sources *sources,
                 const struct dp_evidence *evidence, int64_t missing_s, bool strict, struct text *verdict);

/** Append "; 1 DP with packages is not active: S021 (14 packages)". @return WARNING where there is one, else OK */
enum status dp_told_add_inactive(const struct dp_list *list, struct text *verdict);

/** Append lines, each with its line break, for -v: what is told, by name, and which views cannot be read for want of a
 * right. */
void dp_told_add_lines(const struct dp_words *words, const struct dp_list *list,
                       const struct dp_sources *sources, struct text *lines);

#endif
