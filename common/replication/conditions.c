// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/conditions.h"

#include "base/number.h"
#include "replication/condition_set.h"

#include <stdio.h>
#include <string.h>

#define HOUR_S 3600

/* `superseded` and `failing` open when they are repeated this much later. */
#define APART_S HOUR_S
/* An instruction that is put off for longer waits for no retry. */
#define PUT_OFF_S (38 * HOUR_S)
/* Threads write unordered and from what they read before: a waiting line so soon after the proof is stale. */
#define STALE_S HOUR_S

/* To the minute, as the progress of a log is kept: so it does not matter at which record a run ended. */
static void come_to(struct conditions *set, int64_t newest_s)
{
    set->newest_s = larger(set->newest_s, newest_s - newest_s % 60);
}

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

/* One more line of a kind. */
static void see(struct conditions *set, struct condition *condition, enum condition_kind kind,
                const struct replication_event *event)
{
    struct condition_sign *sign = &condition->sign[kind];
    bool old = set->forget_s > 0 && event->time_s > sign->last_s + set->forget_s;
    if (sign->last_s != 0 && kind != CONDITION_BASE_MISSING && old)
        condition_set_end(set, condition, kind, CONDITION_FORGOTTEN, 0, event->time_s);
    if (sign->last_s == 0) {
        sign->first_s = sign->last_s = event->time_s;
        condition_set_text(set, &sign->line, event->line);
    } else {
        sign->repeats++;
        if (sign->component == event->component)
            sign->longest_gap_s = larger(sign->longest_gap_s, event->written_s - sign->written_s);
        const bool older = event->time_s < sign->first_s;
        if (older)
            sign->first_s = event->time_s;
        if (older || sign->line == NULL)
            condition_set_text(set, &sign->line, event->line);
        sign->last_s = larger(sign->last_s, event->time_s);
    }
    if (condition->package[0] != REPLICATION_SUBJECT)
        set->trouble_s = larger(set->trouble_s, event->time_s);
    sign->component = event->component;
    sign->written_s = larger(event->written_s, set->written_s[event->component]);
    bool at_once = kind != CONDITION_SUPERSEDED && kind != CONDITION_FAILING;
    if (at_once || sign->last_s - sign->first_s >= APART_S)
        sign->open = true;
    condition_time_ask(set, condition);
}

static void waiting(struct conditions *set, const struct replication_event *event)
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
    see(set, condition, CONDITION_WAITING, event);
}

static void base_missing(struct conditions *set, const struct replication_event *event)
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
    see(set, condition, CONDITION_BASE_MISSING, event);
}

static void superseded(struct conditions *set, const struct replication_event *event)
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
    see(set, condition, CONDITION_SUPERSEDED, event);
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

/* Ends what fails; a line from before the newest failure is no news. */
static void succeeded(struct conditions *set, const struct replication_event *event)
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
static void passed(struct conditions *set, const struct replication_event *event)
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
static void despooled(struct conditions *set, const struct replication_event *event)
{
    const struct condition *known = conditions_find(set, event->package);
    if (known != NULL && event->component == REPLICATION_DESPOOL &&
        known->sign[CONDITION_FAILING].component == REPLICATION_DESPOOL)
        succeeded(set, event);
}

/* Nothing is wanted of it any more. A site that prints this and did not delete it (Q244405) repeats its
 * complaint, and that opens it again. */
static void deleted(struct conditions *set, const struct replication_event *event)
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

static void stored_version(struct conditions *set, const struct replication_event *event)
{
    /* The distribution manager prints versions after a failure, too. */
    despooled(set, event);
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
static void wanted_version(struct conditions *set, const struct replication_event *event)
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

static void received(struct conditions *set, const struct replication_event *event)
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

static void failure(struct conditions *set, const struct replication_event *event)
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
        see(set, condition, CONDITION_FAILING, event);
}

/* ---- of the logs that tell why */

static void on_its_way(struct conditions *set, const struct replication_event *event)
{
    static const char *const names[REPLICATION_COMPONENTS] = {[REPLICATION_SCHEDULER] = "scheduler",
                                                              [REPLICATION_SENDER] = "sender",
                                                              [REPLICATION_TRANSFER] =
                                                                  "package transfer manager"};
    const char *name = names[event->component];
    const struct condition *known = conditions_find(set, event->package);
    if (known == NULL || name == NULL || event->time_s < known->way_last_s)
        return;
    struct condition *condition = condition_set_find(set, event->package);
    const bool same = condition->way != NULL && condition->way_count > 0 &&
                      strncmp(condition->way, name, strlen(name)) == 0 && event->kind != REPLICATION_SENT;
    if (!same) {
        condition->way_first_s = event->time_s;
        condition->way_count = 0;
    }
    condition->way_count += event->kind != REPLICATION_SENT;
    condition->way_last_s = event->time_s;
    char line[REPLICATION_LINE];
    snprintf(line, sizeof line, "%s: %.*s", name, (int)(sizeof line - 32), event->line);
    condition_set_text(set, &condition->way, line);
}

/* ---- of the site as a whole */

static void site_trouble(struct conditions *set, const struct replication_event *event)
{
    struct condition *condition = condition_set_take(set, event->package);
    if (condition == NULL)
        return;
    condition_set_text(set, &condition->failure, event->line);
    see(set, condition, CONDITION_SITE, event);
}

static void site_relief(struct conditions *set, const char *subject, int64_t time_s)
{
    const struct condition *known = conditions_find(set, subject);
    if (known == NULL || known->sign[CONDITION_SITE].last_s > time_s)
        return;
    struct condition *condition = condition_set_find(set, subject);
    condition_set_end(set, condition, CONDITION_SITE, CONDITION_SUCCEEDED, 0, time_s);
    condition_set_drop_empty(set, condition);
}

void conditions_apply(struct conditions *set, const struct replication_event *event)
{
    struct condition *condition;
    come_to(set, event->newest_s);
    for (int i = 0; i < REPLICATION_COMPONENTS; i++)
        if (event->here[i])
            set->written_s[i] = larger(set->written_s[i], event->written_before_s[i]);
    condition_time_end(set);
    switch (event->kind) {
    case REPLICATION_WAITING:
        waiting(set, event);
        break;
    case REPLICATION_BASE_MISSING:
        base_missing(set, event);
        break;
    case REPLICATION_SUPERSEDED:
        superseded(set, event);
        break;
    case REPLICATION_STORED:
        stored_version(set, event);
        passed(set, event);
        break;
    case REPLICATION_PASS:
        passed(set, event);
        break;
    case REPLICATION_RECEIVED:
        received(set, event);
        break;
    case REPLICATION_WANTED:
        wanted_version(set, event);
        break;
    case REPLICATION_FAILURE:
        failure(set, event);
        break;
    case REPLICATION_SUCCESS:
        set->success_lines = true;
        succeeded(set, event);
        break;
    case REPLICATION_DELETED:
        deleted(set, event);
        break;
    case REPLICATION_EXECUTED:
        site_relief(set, REPLICATION_DESPOOLING, event->time_s);
        despooled(set, event);
        break;
    case REPLICATION_ON_ITS_WAY:
    case REPLICATION_SENT:
        on_its_way(set, event);
        break;
    case REPLICATION_REFUSED:
        site_trouble(set, event);
        break;
    case REPLICATION_ACCEPTED:
    case REPLICATION_STARTED:
        site_relief(set, event->package, event->time_s);
        break;
    case REPLICATION_BUSY:
        event->held >= event->wanted ? site_trouble(set, event)
                                     : site_relief(set, event->package, event->time_s);
        break;
    case REPLICATION_PUT_OFF:
        event->wanted > PUT_OFF_S ? site_trouble(set, event)
                                  : site_relief(set, event->package, event->time_s);
        break;
    case REPLICATION_PROGRESS:
        if ((condition = condition_set_find(set, event->package)) != NULL)
            condition->last_progress_s = larger(condition->last_progress_s, event->time_s);
        break;
    case REPLICATION_NOTHING:
        break;
    }
    come_to(set, event->time_s);
    set->written_s[event->component] = larger(set->written_s[event->component], event->written_s);
}

static int64_t in_ticks(int64_t written_s)
{
    return written_s - written_s % REPLICATION_TICK_S;
}

void conditions_settle(struct conditions *set, int64_t newest_s, const struct log_progress *progress)
{
    come_to(set, newest_s);
    for (int i = 0; i < REPLICATION_COMPONENTS; i++)
        if (progress->watched[i].newest_ms != 0)
            set->written_s[i] = larger(set->written_s[i], in_ticks(progress->watched[i].written_ms / 1000));
    condition_time_end(set);
}

bool conditions_close(struct conditions *set, const char *package, int64_t now_s)
{
    struct condition *condition = condition_set_find(set, package);
    if (condition == NULL)
        return false;
    bool was_open = condition_open(condition);
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        condition_set_end(set, condition, kind, CONDITION_BY_HAND, 0, now_s);
    condition_set_drop_empty(set, condition);
    return was_open;
}
