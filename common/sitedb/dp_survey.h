/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_DP_SURVEY_H
#define SMS_SITEDB_DP_SURVEY_H

#include "sitedb/package_dp.h"

/**
 * What a site database holds about distribution points, in numbers and without names of packages, servers or people, so
 * that the page can be sent to others: States against message states, messages by number, kinds of DPs, what is told
 * without being judged, and which views, columns and rights are missing.
 *
 * @param[in,out] selection  dps_probe has filled its sources; it lists
 * @param[out] output        many lines; the first one says what it is
 * @return 0 or -1
 */
int dp_survey_write(const struct sitedb *db, const struct dp_selection *selection, struct text *output,
                    struct failure *failure);

#endif
