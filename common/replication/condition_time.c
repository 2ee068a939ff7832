// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/condition_set.h"

#include "base/number.h"

#define HOUR_S 3600

/* What no line would say to be over ends after this much writing, and three times its longest gap. */
#define QUIET_S (4 * HOUR_S)
/*
 * The server tries again after 5 to 30 minutes, but an administrator may set up to a day. So a candidate is kept for
 * longer: what is repeated then was never over, and its gap is known from then on. Not so long where the next line may as
 * well be of the next day's version.
 */
#define QUIET_SEEN_S    (26 * HOUR_S)
#define QUIET_WAITING_S (12 * HOUR_S)
/* A base_missing condition whose package came again is over when no failure followed for so long. */
#define RECEIVED_S HOUR_S

/* Was distmgr at the package since it failed last? A pass that has nothing to do ends without a line of success. */
static bool has_passed(const struct condition *condition)
{
    const struct condition_sign *sign = &condition->sign[CONDITION_FAILING];
    return sign->component == REPLICATION_DISTMGR && condition->last_pass_s > sign->last_s;
}

static int64_t quiet_s(const struct conditions *set, const struct condition *condition, int kind,
                       const struct condition_sign *sign)
{
    if (kind == CONDITION_FAILING && condition->package[0] == REPLICATION_SUBJECT)
        return QUIET_S; /* of no package: two failures of two days have nothing in common */
    const int64_t least_s =
        kind == CONDITION_SITE ? QUIET_SEEN_S /* a site may have nothing to do for a night */
        : kind == CONDITION_FAILING && set->success_lines && has_passed(condition) ? QUIET_SEEN_S
        : sign->open                                                               ? QUIET_S
        : kind == CONDITION_WAITING                                                ? QUIET_WAITING_S
                                                                                   : QUIET_SEEN_S;
    return larger(least_s, 3 * sign->longest_gap_s);
}

static bool is_quiet(const struct conditions *set, const struct condition *condition, int kind)
{
    const struct condition_sign *sign = &condition->sign[kind];
    return set->written_s[sign->component] >= sign->written_s + quiet_s(set, condition, kind, sign);
}

/* Does this kind end by a line that says so, and by nothing else? No pass ends what fails before its package is known. */
static bool needs_proof(const struct conditions *set, const struct condition *condition, int kind)
{
    if (condition->package[0] == REPLICATION_SUBJECT)
        return false;
    if (kind == CONDITION_FAILING)
        return set->success_lines && !has_passed(condition);
    return kind != CONDITION_SITE && set->stored_lines;
}

static int64_t clock_s(const struct conditions *set, enum condition_clock clock)
{
    return clock == CONDITION_NEWEST ? set->newest_s : set->written_s[clock - CONDITION_WRITTEN];
}

void condition_time_ask(struct conditions *set, struct condition *condition)
{
    if (!set->due_known)
        return;
    for (int kind = 0; kind < CONDITION_KINDS; kind++) {
        const struct condition_sign *sign = &condition->sign[kind];
        if (sign->last_s == 0)
            continue;
        if (kind == CONDITION_BASE_MISSING) {
            if (condition->received_s != 0)
                condition_due_at(set, condition, CONDITION_NEWEST, condition->received_s + RECEIVED_S);
            continue;
        }
        if (set->forget_s > 0)
            condition_due_at(set, condition, CONDITION_NEWEST, sign->last_s + set->forget_s + 1);
        if (!needs_proof(set, condition, kind))
            condition_due_at(set, condition, CONDITION_WRITTEN + sign->component,
                             sign->written_s + quiet_s(set, condition, kind, sign));
    }
}

static void end_by_time(struct conditions *set, struct condition *condition)
{
    for (int kind = 0; kind < CONDITION_KINDS; kind++) {
        const struct condition_sign *sign = &condition->sign[kind];
        if (sign->last_s == 0)
            continue;
        if (kind == CONDITION_BASE_MISSING) {
            if (condition->received_s != 0 && set->newest_s >= condition->received_s + RECEIVED_S)
                condition_set_end(set, condition, kind, CONDITION_RECEIVED, 0, set->newest_s);
        } else if (!needs_proof(set, condition, kind) && is_quiet(set, condition, kind)) {
            condition_set_rest(set, condition, kind, set->newest_s);
            if (sign->last_s != 0 && is_quiet(set, condition, kind)) /* for longer than a candidate is kept */
                condition_set_end(set, condition, kind, CONDITION_NOT_REPEATED, 0, set->newest_s);
        } else if (set->forget_s > 0 && set->newest_s > sign->last_s + set->forget_s) {
            condition_set_end(set, condition, kind, CONDITION_FORGOTTEN, 0, set->newest_s);
        }
    }
}

/* Look at all of them once, after they were loaded. */
static void look_at_all(struct conditions *set)
{
    set->due_known = true;
    for (size_t i = 0; i < set->count;) {
        end_by_time(set, &set->items[i]);
        if (condition_set_drop_empty(set, &set->items[i]))
            continue;
        condition_time_ask(set, &set->items[i]);
        i++;
    }
}

void condition_time_end(struct conditions *set)
{
    if (!set->due_known)
        look_at_all(set);
    for (enum condition_clock clock = CONDITION_NEWEST; clock < CONDITION_CLOCKS; clock++) {
        struct condition *due;
        for (size_t most = set->due[clock].count;
             most > 0 && (due = condition_due_next(set, clock, clock_s(set, clock))) != NULL; most--) {
            end_by_time(set, due);
            if (!condition_set_drop_empty(set, due))
                condition_time_ask(set, due);
        }
    }
}
