// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/condition_line.h"

#include "base/number.h"
#include "replication/condition_set.h"

#include <string.h>

#define HOUR_S 3600

/* Ends what fails; a line from before the newest failure is no news. */
void condition_line_success(struct conditions *set, const struct replication_event *event)
{
    struct condition *condition = condition_set_find(set, event->package);
    if (condition == NULL)
        return;
    condition->last_progress_s = larger(condition->last_progress_s, event->time_s);
    if (condition->sign[CONDITION_FAILING].last_s <= event->time_s)
        condition_set_end(set, condition, CONDITION_FAILING, CONDITION_SUCCEEDED, 0, event->time_s);
    condition_set_drop_empty(set, condition);
}

static int64_t last_missed_s(const struct condition *condition)
{
    return larger(condition->sign[CONDITION_WAITING].last_s, condition->sign[CONDITION_SUPERSEDED].last_s);
}

/* A pass over it is no proof, for it may have nothing to do; but then it no longer fails, or is waited for, only by what no
 * line tells. */
void condition_line_pass(struct conditions *set, const struct replication_event *event)
{
    const struct condition *known = conditions_find(set, event->package);
    if (known == NULL || event->component != REPLICATION_DISTMGR)
        return;
    const bool failing = known->sign[CONDITION_FAILING].last_s != 0 && event->time_s > known->last_pass_s;
    const bool clean =
        last_missed_s(known) != 0 && known->clean_s == 0 && event->time_s > last_missed_s(known) + HOUR_S;
    if (!failing && !clean)
        return;
    struct condition *condition = condition_set_find(set, event->package);
    if (failing)
        condition->last_pass_s = event->time_s;
    if (clean)
        condition->clean_s = event->time_s;
    condition_time_ask(set, condition);
}

/* The despooler has done its work then: that ends what failed in its log, not in the other. */
void condition_line_despooled(struct conditions *set, const struct replication_event *event)
{
    const struct condition *known = conditions_find(set, event->package);
    if (known != NULL && event->component == REPLICATION_DESPOOL &&
        known->sign[CONDITION_FAILING].component == REPLICATION_DESPOOL)
        condition_line_success(set, event);
}

/* A higher version came to the site: what the despooler failed at was done. */
void condition_line_arrived(struct conditions *set, const struct replication_event *event)
{
    const struct condition *known = conditions_find(set, event->package);
    if (known != NULL && known->sign[CONDITION_FAILING].component == REPLICATION_DESPOOL)
        condition_line_success(set, event);
}

static bool tells_cause(struct cause cause)
{
    return cause.family != CAUSE_UNKNOWN || cause.code != 0;
}

/* Does the line only tell more of a trouble that has a line of its own? */
static bool is_detail(const struct conditions *set, const struct replication_event *event)
{
    static const enum condition_kind kinds[] = {CONDITION_WAITING, CONDITION_BASE_MISSING};
    const struct condition *condition = conditions_find(set, event->package);
    for (size_t i = 0; condition != NULL && event->tied && i < sizeof kinds / sizeof *kinds; i++) {
        const struct condition_sign *sign = &condition->sign[kinds[i]];
        if (sign->last_s != 0 && event->time_s - sign->last_s <= HOUR_S)
            return true;
    }
    return false;
}

void condition_line_failure(struct conditions *set, const struct replication_event *event)
{
    const struct cause cause = cause_of_line(event->line, strlen(event->line));
    const bool detail = is_detail(set, event);
    struct condition *condition = condition_set_take(set, event->package);
    if (condition == NULL)
        return;
    if (event->time_s >= condition->received_s) /* it was received again, and that is how it went */
        condition->received_s = 0;
    /* "Error occurred." behind the line that tells why is no news. */
    if (tells_cause(cause) || !tells_cause(condition->cause) || event->time_s - condition->cause_s > HOUR_S)
        condition_set_text(set, &condition->failure, event->line);
    if (cause.family != CAUSE_UNKNOWN || (cause.code != 0 && condition->cause.family == CAUSE_UNKNOWN)) {
        condition->cause = cause;
        condition->cause_s = event->time_s;
    }
    if (!detail)
        condition_set_see(set, condition, CONDITION_FAILING, event);
}
