// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/condition_line.h"

#include "base/number.h"
#include "replication/condition_set.h"

#define HOUR_S 3600

/* Threads write unordered and from what they read before: a waiting line so soon after the proof is stale. */
#define STALE_S HOUR_S
/* Several versions may be waited for at once, each said in every pass: one that is not said for so long is wanted no more. */
#define TAKEN_BACK_S (6 * HOUR_S)
/* How often and for how long a site must throw away what its database calls stored, before that is a trouble. */
#define AGAIN_LEAST 3
#define AGAIN_S     (24 * HOUR_S)

/*
 * It rises, as a rule. An owning site that was restored from a backup begins again with lower versions: what was wanted
 * before is said no more.
 */
static void want(struct condition *condition, int64_t wanted, int64_t time_s)
{
    const bool taken_back = wanted < condition->wanted && condition->wanted_last_s != 0 &&
                            time_s > condition->wanted_last_s + TAKEN_BACK_S;
    if (wanted <= 0 || (wanted < condition->wanted && !taken_back))
        return;
    condition->wanted_last_s = larger(condition->wanted_last_s, time_s);
    if (wanted == condition->wanted)
        return;
    if (condition->wanted != 0 && !taken_back)
        condition->last_progress_s = larger(condition->last_progress_s, time_s);
    if (taken_back && wanted <= condition->began_with)
        condition->began_with = 0; /* it is here since before: that is no reason to doubt it */
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

/* A sign of this kind begins now: what is stored already is no proof against it. */
static void begin(struct condition *condition, enum condition_kind kind, const struct stored_version *stored)
{
    if (condition->sign[kind].last_s == 0)
        condition->began_with = stored != NULL ? stored->version : 0;
    condition->clean_s = 0;
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
    if (stored != NULL && !event->denied && event->wanted <= stored->version &&
        event->time_s <= stored->time_s + (event->wanted > 0 ? STALE_S : 0))
        return;
    struct condition *condition = condition_set_take(set, event->package);
    if (condition == NULL)
        return;
    if (!condition->sign[CONDITION_WAITING].open && event->wanted > condition->wanted)
        condition_set_end(set, condition, CONDITION_WAITING, CONDITION_NOT_REPEATED, 0, event->time_s);
    begin(condition, CONDITION_WAITING, stored);
    want(condition, event->wanted, event->time_s);
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
    want(condition, event->wanted, event->time_s);
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
    if (stored != NULL && stored->despooled && stored->version >= event->held)
        return;
    struct condition *condition = condition_set_take(set, event->package);
    if (condition == NULL)
        return;
    const struct condition_sign *sign = &condition->sign[CONDITION_SUPERSEDED];
    const bool was_open = sign->open;
    begin(condition, CONDITION_SUPERSEDED, stored);
    want(condition, event->held, event->time_s);
    if (stored != NULL)
        raise_held(set, condition, stored->version, event->time_s);
    condition_set_see(set, condition, CONDITION_SUPERSEDED, event);
    /* Of what is stored by the database's word a copy may come late, by another way; not the whole day. */
    if (stored != NULL && stored->version >= event->held && !was_open &&
        (sign->repeats < AGAIN_LEAST || sign->last_s - sign->first_s < AGAIN_S))
        condition->sign[CONDITION_SUPERSEDED].open = false;
    condition_time_ask(set, condition);
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

/*
 * The despooler's word is a proof. The distribution manager reads the database, and a content that was deleted is stored
 * there all the same: against what was said after that version was known, only a higher one counts.
 */
static bool ends_by(const struct condition *condition, int kind, int64_t version,
                    enum replication_component component)
{
    if (kind == CONDITION_WAITING || kind == CONDITION_SUPERSEDED)
        return component == REPLICATION_DESPOOL || condition->began_with == 0 ||
               version > condition->began_with;
    return kind != CONDITION_FAILING;
}

/* That version is here. */
static void end_by_proof(struct conditions *set, struct condition *condition, int64_t version, int64_t time_s,
                         enum replication_component component)
{
    for (int kind = 0; kind < CONDITION_KINDS; kind++) {
        struct condition_sign *sign = &condition->sign[kind];
        if (sign->last_s == 0 || !ends_by(condition, kind, version, component))
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
    condition_set_stored(set, event->package, 0, event->time_s, false);
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
    const struct stored_version *before = conditions_stored(set, event->package);
    if (before != NULL && event->held > before->version)
        condition_line_arrived(set, event);
    if (!set->stored_lines)
        set->stored_since_s = event->time_s;
    set->stored_lines = true;
    condition_set_stored(set, event->package, event->held, event->time_s,
                         event->component == REPLICATION_DESPOOL);
    struct condition *condition = condition_set_find(set, event->package);
    if (condition == NULL)
        return;
    want(condition, event->wanted, event->time_s);
    if (event->held < condition->began_with) /* set right by hand: what comes now is a proof */
        condition->began_with = event->held;
    if (!proves(condition, event)) {
        raise_held(set, condition, event->held, event->time_s);
        return;
    }
    end_by_proof(set, condition, event->held, event->time_s, event->component);
}

void condition_line_executed(struct conditions *set, const struct replication_event *event)
{
    struct condition *condition = condition_set_find(set, event->package);
    if (condition != NULL && event->held > 0 && condition->wanted > 0 && event->held >= condition->wanted)
        end_by_proof(set, condition, event->held, event->time_s, event->component);
}

/* The source version, printed behind the stored one at the end of a pass: where no waiting line said what is
 * wanted, it is what makes the stored version a proof. */
void condition_line_wanted(struct conditions *set, const struct replication_event *event)
{
    struct condition *condition = condition_set_find(set, event->package);
    if (condition == NULL || !condition_open(condition))
        return;
    want(condition, event->wanted, event->time_s);
    const struct stored_version *stored = conditions_stored(set, event->package);
    const int64_t missed_s =
        larger(condition->sign[CONDITION_WAITING].last_s, condition->sign[CONDITION_BASE_MISSING].last_s);
    if (missed_s != 0 && condition->wanted == event->wanted && stored != NULL &&
        stored->version >= event->wanted && stored->time_s >= missed_s)
        end_by_proof(set, condition, stored->version, stored->time_s, event->component);
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
