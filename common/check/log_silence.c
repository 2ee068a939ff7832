// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/log_silence.h"

#include "base/number.h"
#include "replication/component.h"

/* Is the newest record not known: not read yet, or not to be dated? */
static bool newest_is_unknown(const struct logset *logs)
{
    for (size_t i = 0; i < logs->count; i++)
        if (logs->logs[i].status.catching_up || logs->logs[i].undated > 0)
            return true;
    return false;
}

static int64_t age_of_what_is_known(const struct logset *logs, int64_t now)
{
    int64_t age_s = 0;
    for (size_t i = 0; i < logs->count; i++)
        if (logs->logs[i].status.catching_up)
            age_s = larger(age_s, now - logs->logs[i].newest_s);
    return age_s;
}

static bool anything_waits(const struct conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++)
        if (conditions->items[i].sign[CONDITION_WAITING].open)
            return true;
    return false;
}

/* A despooler with nothing to do writes nothing, for days at a small site; unless something ought to have come. */
static bool is_idle(const struct log_silence *silence, const struct logset *set)
{
    return silence->component == REPLICATION_DESPOOL && component_is_idle(text_string(&silence->line)) &&
           !anything_waits(&set->conditions);
}

static enum status judge_age(const struct log_silence *silence)
{
    if (silence->critical_s > 0 && silence->age_s > silence->critical_s)
        return STATUS_CRITICAL;
    return silence->warning_s > 0 && silence->age_s > silence->warning_s ? STATUS_WARNING : STATUS_OK;
}

/* One component has stopped while the other writes: it hangs. */
static void judge_component(struct log_silence *silence, const struct logset *set,
                            enum replication_component one, int64_t now)
{
    enum { LIVELY_S = 3600, LEAST_S = 4 * 3600 };
    const struct logset_component *component = &set->component[one];
    const struct logset_component *other = &set->component[REPLICATION_STORY_COMPONENTS - 1 - one];
    const int64_t age_s = now - component->newest_s;
    if (silence->warning_s <= 0 || component->newest_s <= 0 || other->newest_s <= 0 ||
        now - other->newest_s > LIVELY_S || age_s <= larger(3 * component->pause_s, LEAST_S))
        return;
    silence->hang = age_s > silence->warning_s ? STATUS_CRITICAL : STATUS_WARNING;
    silence->component = one;
    silence->hang_s = age_s;
}

static enum status judge_told(const struct log_silence *silence, const struct logset *set,
                              struct announcements *announcements)
{
    static const char *const hangs[REPLICATION_STORY_COMPONENTS] = {
        [REPLICATION_DISTMGR] = "silent distribution manager", [REPLICATION_DESPOOL] = "silent despooler"};
    enum status all = announcements_judge_other(announcements, "silent logs", silence->logs, set->newest_s);
    enum status one = announcements_judge_other(announcements, hangs[silence->component], silence->hang,
                                                set->component[silence->component].newest_s);
    return status_worse(all, one);
}

void log_silence_judge(struct log_silence *silence, const struct logset *set, struct bytestore *store,
                       struct announcements *announcements, int64_t now)
{
    enum { CLOCKS_DIFFER_S = 30 * 60 }; /* and a write may wait: beyond it ages cannot be told */
    if (set->newest_s > now + CLOCKS_DIFFER_S)
        silence->future_s = set->newest_s - now;
    if (set->newest_s > 0)
        silence->age_s = larger(now - set->newest_s, 0);
    /* While old records are still being read, the newest one is not known. */
    if (set->newest_s > 0 && !newest_is_unknown(set)) {
        silence->logs = judge_age(silence);
        for (int one = 0; one < REPLICATION_STORY_COMPONENTS; one++)
            judge_component(silence, set, (enum replication_component)one, now);
    }
    if (silence->hang != STATUS_OK)
        logset_last_line(set, silence->component, store, &silence->line);
    if (silence->hang != STATUS_OK && is_idle(silence, set))
        silence->hang = STATUS_OK;
    silence->behind_s = age_of_what_is_known(set, now);
    silence->told = judge_told(silence, set, announcements);
}

void log_silence_free(struct log_silence *silence)
{
    text_free(&silence->line);
}
