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
/* So long is a pass: a line that it prints stands by then. */
#define PASS_S 600
/* The despooler tries an instruction 100 times and drops it (KB Q140374); some of the lines may be of an older log. */
#define GIVEN_UP_REPEATS 90
#define RETRY_S          600 /* every five minutes, and the work between */
/* A base_missing condition whose package came again is over when no failure followed for so long. */
#define RECEIVED_S HOUR_S

/* Was distmgr at the package since it failed last? A pass that has nothing to do ends without a line of success. */
static bool has_passed(const struct condition *condition)
{
    const struct condition_sign *sign = &condition->sign[CONDITION_FAILING];
    return sign->component == REPLICATION_DISTMGR && condition->last_pass_s > sign->last_s;
}

/* Did distmgr look at the package since, and did not say it again? While it waits for content every pass says so. */
static bool is_clean(const struct conditions *set, const struct condition *condition)
{
    return condition->clean_s != 0 && set->newest_s >= condition->clean_s + PASS_S;
}

/* Twice in a day is no rhythm of failures, and is over the day after; who waits has one. */
static int64_t pause_s(int kind, const struct condition_sign *sign)
{
    const bool twice = sign->repeats <= 1 && (kind == CONDITION_FAILING || kind == CONDITION_SUPERSEDED);
    return twice ? sign->longest_gap_s * 3 / 2 : 3 * sign->longest_gap_s;
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
    return larger(least_s, pause_s(kind, sign));
}

static bool is_quiet(const struct conditions *set, const struct condition *condition, int kind)
{
    const struct condition_sign *sign = &condition->sign[kind];
    return set->written_s[sign->component] >= sign->written_s + quiet_s(set, condition, kind, sign);
}

/* The lines of 100 tries at the despooler's pace? Of a component that has stopped saying it. */
static bool is_given_up(const struct condition_sign *sign)
{
    return sign->repeats >= GIVEN_UP_REPEATS && sign->last_s - sign->first_s <= sign->repeats * RETRY_S;
}

/* Does this kind end by a line that says so, and by nothing else? No pass ends what fails before its package is known. */
static bool needs_proof(const struct conditions *set, const struct condition *condition, int kind)
{
    const struct condition_sign *sign = &condition->sign[kind];
    const bool despool = sign->component == REPLICATION_DESPOOL;
    if (subject_is_site(condition->package)) /* its instructions are refused, tried 100 times and dropped */
        return true;
    if (condition->package[0] == REPLICATION_SUBJECT || kind == CONDITION_SITE)
        return false;
    if (despool && is_given_up(sign))
        return true;
    if (kind == CONDITION_FAILING)
        return despool ? set->executed_lines : set->success_lines && !has_passed(condition);
    if (despool)
        return set->stored_lines || set->executed_lines;
    if (kind == CONDITION_SUPERSEDED && (!sign->open || sign->repeats <= 1)) /* late copies by two ways */
        return false;
    return set->stored_lines && !is_clean(set, condition);
}

bool condition_given_up(const struct conditions *set, const struct condition *condition)
{
    enum { TRIED_S = 2 * HOUR_S }; /* every five minutes; late by a busy server */
    for (int kind = 0; kind < CONDITION_KINDS; kind++) {
        const struct condition_sign *sign = &condition->sign[kind];
        if (sign->open && sign->component == REPLICATION_DESPOOL && is_given_up(sign) &&
            (kind == CONDITION_WAITING || kind == CONDITION_FAILING) &&
            condition->package[0] != REPLICATION_SUBJECT && set->newest_s > sign->last_s + TRIED_S)
            return true;
    }
    return false;
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
        else if (condition->clean_s != 0 && !is_clean(set, condition))
            condition_due_at(set, condition, CONDITION_NEWEST, condition->clean_s + PASS_S);
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
