// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/activity.h"

void log_activity_add(struct log_activity *activity, int64_t stamp_ms)
{
    int64_t minute = stamp_ms - stamp_ms % 60000;
    if (minute <= activity->newest_ms)
        return;
    if (activity->newest_ms != 0) {
        int64_t step = minute - activity->newest_ms, longest = LOG_WRITING_STEP * 1000;
        activity->written_ms += step < longest ? step : longest;
    }
    activity->newest_ms = minute;
}
