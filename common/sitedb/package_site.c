// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/package_site.h"

#include <stdlib.h>

const char *pair_kind_name(enum pair_kind kind)
{
    static const char *const names[PAIR_KIND_COUNT] = {[PAIR_IN_SYNC] = "in_sync",
                                                       [PAIR_NEVER_SENT] = "never_sent",
                                                       [PAIR_RESEND] = "resend",
                                                       [PAIR_FAILED] = "failed",
                                                       [PAIR_SENT] = "sent",
                                                       [PAIR_BEHIND] = "behind",
                                                       [PAIR_UNEXPECTED] = "unexpected",
                                                       [PAIR_RECIPE] = "recipe"};
    return names[kind];
}

const char *pair_status_name(int64_t status)
{
    static const char *const names[] = {
        "none (0)",   "sent (1)",    "received (2)", "installed (3)",     "retry (4)",
        "failed (5)", "removed (6)", NULL,           "remove failed (8)", "retry remove (9)"};
    return status >= 0 && status < (int64_t)(sizeof names / sizeof *names) ? names[status] : NULL;
}

enum pair_kind pair_judge(const struct pair *pair)
{
    bool healthy_status =
        pair->has_status && (pair->status == PAIR_STATUS_NONE || pair->status == PAIR_STATUS_RECEIVED ||
                             pair->status == PAIR_STATUS_INSTALLED);
    if (pair->rows > 0 && healthy_status && pair->held >= pair->wanted)
        return PAIR_IN_SYNC;
    if (pair->rows == 0 || (pair->has_status && pair->status == PAIR_STATUS_REMOVED))
        return PAIR_NEVER_SENT;
    if (pair->has_status && (pair->status == PAIR_STATUS_RETRY || pair->status == PAIR_STATUS_FAILED))
        return PAIR_FAILED; /* a whole copy, too: it is not on its way */
    const bool sent = pair->has_status && pair->status == PAIR_STATUS_SENT;
    if (!sent && !healthy_status)
        return PAIR_UNEXPECTED;
    if (pair->held == 0)
        return PAIR_RESEND;
    return sent ? PAIR_SENT : PAIR_BEHIND;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t pair_database_start(const struct pair *pair)
{
    switch (pair->kind) {
    case PAIR_SENT:
    case PAIR_FAILED:
    case PAIR_BEHIND:
    case PAIR_UNEXPECTED:
        if (pair->updated == 0 && pair->source_date != 0)
            return later(pair->source_date, pair->refreshed);
        return later(pair->source_date, pair->updated);
    case PAIR_NEVER_SENT:
        return pair->refreshed == 0 ? 0 : later(pair->source_date, pair->refreshed);
    default:
        return 0;
    }
}

void pair_list_free(struct pair_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free((char *)list->pairs[i].package);
    free(list->pairs);
    *list = (struct pair_list){0};
}

void arrival_list_free(struct arrival_list *list)
{
    free(list->arrivals);
    *list = (struct arrival_list){0};
}

void pair_scan_free(struct pair_scan *scan)
{
    pair_list_free(&scan->pairs);
    arrival_list_free(&scan->arrivals);
    free(scan->sites);
    free(scan->unknown);
    *scan = (struct pair_scan){0};
}
