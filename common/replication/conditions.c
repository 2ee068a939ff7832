// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/conditions.h"

#include "base/number.h"
#include "replication/condition_line.h"
#include "replication/condition_set.h"

#include <stdio.h>
#include <string.h>

#define HOUR_S 3600

/* An instruction that is put off for longer waits for no retry. */
#define PUT_OFF_S (38 * HOUR_S)
/* To the minute, as the progress of a log is kept: so it does not matter at which record a run ended. */
static void come_to(struct conditions *set, int64_t newest_s)
{
    set->newest_s = larger(set->newest_s, newest_s - newest_s % 60);
}

/* ---- of the logs that tell why */

static void on_its_way(struct conditions *set, const struct replication_event *event)
{
    static const char *const names[REPLICATION_COMPONENTS] = {[REPLICATION_SCHEDULER] = "scheduler",
                                                              [REPLICATION_SENDER] = "sender",
                                                              [REPLICATION_TRANSFER] =
                                                                  "package transfer manager"};
    const char *name = names[event->component];
    const bool link = event->kind == REPLICATION_LINK_DOWN;
    const struct condition *known = conditions_find(set, event->package);
    if ((known == NULL && !link) || name == NULL || (known != NULL && event->time_s < known->way_last_s))
        return;
    struct condition *condition = condition_set_take(set, event->package);
    if (condition == NULL)
        return;
    const bool over = link && event->time_s - condition->way_last_s > CONDITION_LINK_S;
    const bool same = !over && condition->way != NULL && condition->way_count > 0 &&
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

const struct condition *conditions_link(const struct conditions *set, const char *site)
{
    char subject[REPLICATION_PACKAGE];
    snprintf(subject, sizeof subject, REPLICATION_LINK "%s", site);
    const struct condition *any = conditions_find(set, REPLICATION_LINK),
                           *own = conditions_find(set, subject);
    const struct condition *link =
        any == NULL || (own != NULL && own->way_last_s >= any->way_last_s) ? own : any;
    return link != NULL && set->newest_s - link->way_last_s <= CONDITION_LINK_S ? link : NULL;
}

/* ---- of the site as a whole */

static void site_trouble(struct conditions *set, const struct replication_event *event)
{
    struct condition *condition = condition_set_take(set, event->package);
    if (condition == NULL)
        return;
    condition_set_text(set, &condition->failure, event->line);
    condition_set_see(set, condition, CONDITION_SITE, event);
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

static void executed(struct conditions *set, const struct replication_event *event)
{
    set->executed_lines = true;
    site_relief(set, REPLICATION_DESPOOLING, event->time_s);
    condition_line_despooled(set, event);
    condition_line_executed(set, event);
}

/* HELD and NOTHING say nothing: replication_read makes a failure of the first, or nothing. */
static void apply_to_site(struct conditions *set, const struct replication_event *event)
{
    switch (event->kind) {
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
    default:
        break;
    }
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
        condition_line_waiting(set, event);
        break;
    case REPLICATION_BASE_MISSING:
        condition_line_base_missing(set, event);
        break;
    case REPLICATION_SUPERSEDED:
        condition_line_superseded(set, event);
        break;
    case REPLICATION_STORED:
        condition_line_stored(set, event);
        if (event->wanted >
            0) /* "Processing package": a pass begins; versions alone are printed behind a failure, too */
            condition_line_pass(set, event);
        break;
    case REPLICATION_PASS:
        condition_line_pass(set, event);
        break;
    case REPLICATION_RECEIVED:
        condition_line_received(set, event);
        break;
    case REPLICATION_WANTED:
        condition_line_wanted(set, event);
        break;
    case REPLICATION_FAILURE:
        condition_line_failure(set, event);
        break;
    case REPLICATION_SUCCESS:
        set->success_lines = true;
        condition_line_success(set, event);
        break;
    case REPLICATION_DELETED:
        condition_line_deleted(set, event);
        break;
    case REPLICATION_EXECUTED:
        executed(set, event);
        break;
    case REPLICATION_ON_ITS_WAY:
    case REPLICATION_SENT:
    case REPLICATION_LINK_DOWN:
        on_its_way(set, event);
        break;
    case REPLICATION_PROGRESS:
        if ((condition = condition_set_find(set, event->package)) != NULL)
            condition->last_progress_s = larger(condition->last_progress_s, event->time_s);
        break;
    default:
        apply_to_site(set, event);
        break;
    }
    set->has_library = set->has_library || event->library;
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
    char subject[REPLICATION_PACKAGE];
    subject_set(package, strlen(package), subject);
    struct condition *condition = condition_set_find(set, package);
    if (condition == NULL && (condition = condition_set_find(set, subject)) == NULL)
        return false;
    bool was_open = condition_open(condition);
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        condition_set_end(set, condition, kind, CONDITION_BY_HAND, 0, now_s);
    condition_set_drop_empty(set, condition);
    return was_open;
}
