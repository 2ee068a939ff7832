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

/* A pass over it is no proof, for it may have nothing to do; but then it no longer fails only by what no line tells. */
void condition_line_pass(struct conditions *set, const struct replication_event *event)
{
    const struct condition *known = conditions_find(set, event->package);
    if (known == NULL || known->sign[CONDITION_FAILING].last_s == 0 ||
        event->component != REPLICATION_DISTMGR || event->time_s <= known->last_pass_s)
        return;
    struct condition *condition = condition_set_find(set, event->package);
    condition->last_pass_s = event->time_s;
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

/* Has it a cause of its own? A wait alone is told as a lack of memory (8, 12 of the despooler), or without a reason. */
static bool tells_itself(enum cause_family family)
{
    return family != CAUSE_UNKNOWN && family != CAUSE_MEMORY;
}

/* Does the line only tell more of a trouble that has a line of its own? */
static bool is_detail(const struct conditions *set, const struct replication_event *event, struct cause cause)
{
    static const enum condition_kind kinds[] = {CONDITION_WAITING, CONDITION_BASE_MISSING};
    const struct condition *condition = conditions_find(set, event->package);
    if (event->package[0] ==
        REPLICATION_SUBJECT) /* of some package: perhaps of one that tells its trouble itself */
        return !tells_itself(cause.family) && event->time_s - set->trouble_s <= HOUR_S;
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
    const bool detail = is_detail(set, event, cause);
    const bool of_any = event->package[0] == REPLICATION_SUBJECT;
    struct condition *condition = of_any && detail ? NULL : condition_set_take(set, event->package);
    if (condition == NULL)
        return;
    condition_set_text(set, &condition->failure, event->line);
    if (cause.family != CAUSE_UNKNOWN || (cause.code != 0 && condition->cause.family == CAUSE_UNKNOWN)) {
        condition->cause = cause;
        condition->cause_s = event->time_s;
    }
    if (!detail)
        condition_set_see(set, condition, CONDITION_FAILING, event);
}
