// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/condition_line.h"

#include "base/number.h"
#include "replication/condition_set.h"

#define HOUR_S 3600

/* Threads write unordered and from what they read before: a waiting line so soon after the proof is stale. */
#define STALE_S HOUR_S

static void raise_wanted(struct condition *condition, int64_t wanted, int64_t time_s)
{
    if (wanted <= condition->wanted)
        return;
    if (condition->wanted != 0)
        condition->last_progress_s = larger(condition->last_progress_s, time_s);
    condition->wanted = wanted;
    condition->wanted_s = time_s;
    condition->wanted_repeats = condition->sign[CONDITION_WAITING].repeats;
}

/*
 * A version came, though not the wanted one: what was waited for before is here, and the wait for what is missing
 * now began when that was said first. Else a package that is updated daily and takes longer than a day grew old for
 * ever.
 */
static void wait_anew(struct conditions *set, struct condition *condition)
{
    struct condition_sign *sign = &condition->sign[CONDITION_WAITING];
    if (sign->last_s == 0 || condition->wanted_s <= sign->first_s || condition->held >= condition->wanted)
        return;
    sign->first_s = condition->wanted_s;
    sign->last_s = larger(sign->last_s, sign->first_s);
    sign->repeats = larger(sign->repeats - condition->wanted_repeats - 1, 0);
    condition->wanted_repeats = 0;
    condition_set_text(set, &sign->line, NULL); /* the next one tells what is waited for */
}

static void raise_held(struct conditions *set, struct condition *condition, int64_t held, int64_t time_s)
{
    if (held <= condition->held)
        return;
    const bool known = condition->held != 0;
    condition->held = held;
    if (!known)
        return;
    condition->last_progress_s = larger(condition->last_progress_s, time_s);
    wait_anew(set, condition);
}

void condition_line_waiting(struct conditions *set, const struct replication_event *event)
{
    const struct stored_version *stored = conditions_stored(set, event->package);
    if (stored != NULL && event->wanted <= stored->version &&
        event->time_s <= stored->time_s + (event->wanted > 0 ? STALE_S : 0))
        return;
    struct condition *condition = condition_set_take(set, event->package);
    if (condition == NULL)
        return;
    if (!condition->sign[CONDITION_WAITING].open && event->wanted > condition->wanted)
        condition_set_end(set, condition, CONDITION_WAITING, CONDITION_NOT_REPEATED, 0, event->time_s);
    raise_wanted(condition, event->wanted, event->time_s);
    raise_held(set, condition, event->held, event->time_s);
    if (condition->held == 0 && stored != NULL)
        condition->held = stored->version;
    if (event->definition)
        condition->definition_s = larger(condition->definition_s, event->time_s);
    condition_set_see(set, condition, CONDITION_WAITING, event);
}

void condition_line_base_missing(struct conditions *set, const struct replication_event *event)
{
    const struct stored_version *stored = conditions_stored(set, event->package);
    if (stored != NULL && event->wanted > 0 && event->wanted <= stored->version &&
        event->time_s <= stored->time_s)
        return;
    struct condition *condition = condition_set_take(set, event->package);
    if (condition == NULL)
        return;
    raise_wanted(condition, event->wanted, event->time_s);
    if (event->time_s >= condition->received_s)
        condition->received_s = 0;
    if (event->time_s > condition->cause_s) { /* a cause of its own; what fails for it comes behind it */
        condition->cause = (struct cause){CAUSE_UNKNOWN, 0};
        condition->cause_s = 0;
    }
    if (condition->held == 0 && stored != NULL)
        condition->held = stored->version;
    condition_set_see(set, condition, CONDITION_BASE_MISSING, event);
}

void condition_line_superseded(struct conditions *set, const struct replication_event *event)
{
    const struct stored_version *stored = conditions_stored(set, event->package);
    if (stored != NULL && stored->version >= event->held)
        return;
    struct condition *condition = condition_set_take(set, event->package);
    if (condition == NULL)
        return;
    raise_wanted(condition, event->held, event->time_s);
    if (stored != NULL)
        raise_held(set, condition, stored->version, event->time_s);
    condition_set_see(set, condition, CONDITION_SUPERSEDED, event);
}

/* Does a stored version prove that the wanted one is here? */
static bool proves(const struct condition *condition, const struct replication_event *event)
{
    if (condition->wanted > 0)
        return event->held >= condition->wanted;
    /* Wanted is unknown: despool's line means that something came just now, distmgr's only when it is more
     * than before */
    if (event->component == REPLICATION_DESPOOL)
        return event->held > 0;
    return condition->held > 0 && event->held > condition->held;
}

/* That version is here. */
static void end_by_proof(struct conditions *set, struct condition *condition, int64_t version, int64_t time_s)
{
    for (int kind = 0; kind < CONDITION_KINDS; kind++) {
        struct condition_sign *sign = &condition->sign[kind];
        if (sign->last_s == 0 || kind == CONDITION_FAILING)
            continue;
        if (sign->last_s <= time_s + (kind == CONDITION_BASE_MISSING ? 0 : STALE_S))
            condition_set_end(set, condition, kind, CONDITION_STORED, version, time_s);
        else /* the proof comes late, from the other log: what was said after it stands, and began after it */
            sign->first_s = larger(sign->first_s, time_s);
    }
    condition_set_drop_empty(set, condition);
}

/* Nothing is wanted of it any more. A site that prints this and did not delete it (Q244405) repeats its
 * complaint, and that opens it again. */
void condition_line_deleted(struct conditions *set, const struct replication_event *event)
{
    condition_set_stored(set, event->package, 0, event->time_s);
    struct condition *condition = condition_set_find(set, event->package);
    if (condition == NULL)
        return;
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (condition->sign[kind].last_s != 0 && condition->sign[kind].last_s <= event->time_s)
            condition_set_end(set, condition, kind, CONDITION_DELETED, 0, event->time_s);
    condition_set_drop_empty(set, condition);
}

void condition_line_stored(struct conditions *set, const struct replication_event *event)
{
    /* The distribution manager prints versions after a failure, too. */
    condition_line_despooled(set, event);
    if (!set->stored_lines)
        set->stored_since_s = event->time_s;
    set->stored_lines = true;
    condition_set_stored(set, event->package, event->held, event->time_s);
    struct condition *condition = condition_set_find(set, event->package);
    if (condition == NULL)
        return;
    raise_wanted(condition, event->wanted, event->time_s);
    if (!proves(condition, event)) {
        raise_held(set, condition, event->held, event->time_s);
        return;
    }
    end_by_proof(set, condition, event->held, event->time_s);
}

/* The source version, printed behind the stored one at the end of a pass: where no waiting line said what is
 * wanted, it is what makes the stored version a proof. */
void condition_line_wanted(struct conditions *set, const struct replication_event *event)
{
    struct condition *condition = condition_set_find(set, event->package);
    if (condition == NULL || !condition_open(condition))
        return;
    raise_wanted(condition, event->wanted, event->time_s);
    const struct stored_version *stored = conditions_stored(set, event->package);
    const struct condition_sign *waiting = &condition->sign[CONDITION_WAITING];
    if (waiting->last_s != 0 && condition->wanted == event->wanted && stored != NULL &&
        stored->version >= event->wanted && stored->time_s >= waiting->last_s)
        end_by_proof(set, condition, stored->version, stored->time_s);
}

void condition_line_received(struct conditions *set, const struct replication_event *event)
{
    struct condition *condition = condition_set_find(set, event->package);
    if (condition == NULL)
        return;
    condition->last_progress_s = larger(condition->last_progress_s, event->time_s);
    const struct condition_sign *sign = &condition->sign[CONDITION_BASE_MISSING];
    if (sign->open && event->wanted >= condition->wanted && event->time_s >= sign->last_s) {
        condition->received_s = larger(condition->received_s, event->time_s);
        condition_time_ask(set, condition);
    }
}
