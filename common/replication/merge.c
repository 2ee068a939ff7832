// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/merge.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

/* The events of a log that wait for the other logs, in the order of the file. */
struct waiting_line {
    struct replication_event *events; /* owned; [first, last) wait */
    size_t first, last;
    int64_t *keys; /* owned, beside events: the newest time up to there, so that it never goes back */
    int64_t newest_s;
    bool ended;
};

struct log_merge {
    struct conditions *conditions;
    int logs;
    struct waiting_line line[LOG_MERGE_LOGS];
};

struct log_merge *log_merge_new(struct conditions *conditions, int logs)
{
    struct log_merge *merge = calloc(1, sizeof *merge);
    if (merge == NULL)
        return NULL;
    merge->conditions = conditions;
    merge->logs = logs < LOG_MERGE_LOGS ? logs : LOG_MERGE_LOGS;
    return merge;
}

void log_merge_free(struct log_merge *merge)
{
    if (merge == NULL)
        return;
    for (int log = 0; log < merge->logs; log++) {
        free(merge->line[log].events);
        free(merge->line[log].keys);
    }
    free(merge);
}

/* Up to where no log can bring an earlier event any more. */
static int64_t all_came_to(const struct log_merge *merge)
{
    int64_t least = INT64_MAX;
    for (int log = 0; log < merge->logs; log++)
        if (!merge->line[log].ended && merge->line[log].newest_s < least)
            least = merge->line[log].newest_s;
    return least;
}

static void apply_until(struct log_merge *merge, int64_t until_s)
{
    for (;;) {
        struct waiting_line *next = NULL;
        for (int log = 0; log < merge->logs; log++) {
            struct waiting_line *line = &merge->line[log];
            if (line->first < line->last &&
                (next == NULL || line->keys[line->first] < next->keys[next->first]))
                next = line;
        }
        if (next == NULL || next->keys[next->first] > until_s)
            return;
        conditions_apply(merge->conditions, &next->events[next->first++]);
        if (next->first == next->last)
            next->first = next->last = 0;
    }
}

/* An event of this very moment may still come from a log that has come exactly here: both orders are right
 * then. */
static int apply_due(struct log_merge *merge)
{
    apply_until(merge, all_came_to(merge));
    return merge->conditions->failed ? -1 : 0;
}

static bool make_room(struct waiting_line *line)
{
    enum { WORTH_MOVING = 32 };
    const size_t waiting = line->last - line->first;
    if (line->first > WORTH_MOVING && line->first > waiting) {
        memmove(line->events, line->events + line->first, waiting * sizeof *line->events);
        memmove(line->keys, line->keys + line->first, waiting * sizeof *line->keys);
        line->first = 0;
        line->last = waiting;
    }
    struct replication_event *events = array_grow(line->events, line->last, sizeof *events);
    if (events == NULL)
        return false;
    line->events = events;
    int64_t *keys = array_grow(line->keys, line->last, sizeof *keys);
    if (keys == NULL)
        return false;
    line->keys = keys;
    return true;
}

int log_merge_add(struct log_merge *merge, int log, const struct replication_event *event)
{
    struct waiting_line *line = &merge->line[log];
    if (event->time_s > line->newest_s)
        line->newest_s = event->time_s;
    bool alone = line->first == line->last && line->newest_s <= all_came_to(merge);
    if (alone) {
        apply_until(merge, line->newest_s - 1);
        conditions_apply(merge->conditions, event);
        return merge->conditions->failed ? -1 : 0;
    }
    if (!make_room(line))
        return -1;
    line->keys[line->last] = line->newest_s;
    line->events[line->last++] = *event;
    return apply_due(merge);
}

int log_merge_reached(struct log_merge *merge, int log, int64_t newest_s)
{
    if (newest_s > merge->line[log].newest_s)
        merge->line[log].newest_s = newest_s;
    return apply_due(merge);
}

int log_merge_ended(struct log_merge *merge, int log)
{
    merge->line[log].ended = true;
    return apply_due(merge);
}

int log_merge_next(const struct log_merge *merge)
{
    int next = -1;
    for (int log = 0; log < merge->logs; log++)
        if (!merge->line[log].ended && (next < 0 || merge->line[log].newest_s < merge->line[next].newest_s))
            next = log;
    return next;
}

int64_t log_merge_held(const struct log_merge *merge, int log)
{
    const struct waiting_line *line = &merge->line[log];
    return line->first < line->last ? line->events[line->first].start : -1;
}
