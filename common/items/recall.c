// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/recall.h"

#include <stdlib.h>

/* The first trouble is the cause, later ones follow from it. */
static void note_trouble(struct recall *recall, const struct failure *failure)
{
    if (!recall->in_trouble)
        recall->trouble = *failure;
    recall->in_trouble = true;
}

int recall_open(struct recall *recall, const char *directory, const char *plugin, const char *identity,
                const char *prefix, int64_t wait_ms, const struct trace *trace, struct failure *failure)
{
    *recall = (struct recall){0};
    enum statefile_health health;
    struct failure problem = {0};
    recall->file =
        statefile_open(directory, plugin, identity, &memory_schema, wait_ms, trace, &health, &problem);
    if (recall->file == NULL) {
        *failure = problem;
        return -1;
    }
    if (health == STATEFILE_LOST || health == STATEFILE_UNUSABLE)
        note_trouble(recall, &problem);
    recall->lost_at = statefile_lost_at(recall->file);
    if (memory_load(recall->file, prefix, &recall->memory, &recall->count, &problem) != 0)
        note_trouble(recall, &problem);
    if (away_load(recall->file, &recall->away, &problem) != 0)
        note_trouble(recall, &problem);
    recall->found = calloc(recall->count + 1, sizeof *recall->found);
    if (recall->found == NULL) {
        recall_close(recall);
        return fail(failure, "out of memory");
    }
    return 0;
}

void recall_note_site(struct recall *recall, const char *site, bool active, int64_t now)
{
    struct failure problem;
    if (away_note(recall->file, &recall->away, site, active, now, &problem) != 0)
        note_trouble(recall, &problem);
}

void recall_mark(struct recall *recall, const struct item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct remembered *remembered = history_find(recall->memory, recall->count, items[i].key);
        if (remembered != NULL)
            recall->found[remembered - recall->memory] = true;
    }
}

struct remembered *recall_next_missing(struct recall *recall, size_t *at)
{
    while (*at < recall->count) {
        size_t index = (*at)++;
        if (!recall->found[index])
            return &recall->memory[index];
    }
    return NULL;
}

void recall_age(struct recall *recall, struct item *items, size_t count, const struct clocks *clocks)
{
    struct clocks counting = *clocks;
    counting.away = &recall->away;
    for (size_t i = 0; i < count; i++) {
        struct remembered updated;
        struct failure problem;
        bool changed = history_age(&items[i], history_find(recall->memory, recall->count, items[i].key),
                                   &counting, &updated);
        if (changed && memory_put(recall->file, &updated, &problem) != 0)
            note_trouble(recall, &problem);
    }
}

void recall_settle(struct recall *recall, struct remembered *remembered, enum absence absence, int64_t now)
{
    struct failure problem;
    enum absent_action action = history_absent(remembered, absence, now);
    if ((action == ABSENT_REMOVE && memory_remove(recall->file, remembered->key, &problem) != 0) ||
        (action == ABSENT_UPDATE && memory_put(recall->file, remembered, &problem) != 0))
        note_trouble(recall, &problem);
}

void recall_commit(struct recall *recall, int64_t now)
{
    struct failure problem;
    if (statefile_commit(recall->file, now, &problem) != 0)
        note_trouble(recall, &problem);
}

void recall_close(struct recall *recall)
{
    statefile_close(recall->file);
    memory_free(recall->memory, recall->count);
    away_list_free(&recall->away);
    free(recall->found);
    recall->file = NULL;
    recall->memory = NULL;
    recall->found = NULL;
    recall->count = 0;
}
