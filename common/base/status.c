// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/status.h"

const char *status_name(enum status status)
{
    static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    return names[(unsigned)status <= STATUS_UNKNOWN ? status : STATUS_UNKNOWN];
}

enum status status_worse(enum status a, enum status b)
{
    static const int weight[] = {0, 2, 3, 1};
    return weight[a] >= weight[b] ? a : b;
}
