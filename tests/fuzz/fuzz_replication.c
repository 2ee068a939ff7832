// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Any bytes as messages: each line of the input is one, its first byte says component, thread and how much
 * time has passed. What the conditions keep must be sound, and loading it must give it back.
 */
#include "base/ascii.h"
#include "base/packageid.h"
#include "base/unicode.h"
#include "replication/conditions.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A site's code, the name of a file, or what is busy: also printed. */
static bool all_words(const char *subject)
{
    for (; *subject != '\0'; subject++)
        if (!ascii_in(&ascii_words, *subject))
            return false;
    return true;
}

static void check_event(const struct replication_event *event)
{
    size_t length = strnlen(event->line, sizeof event->line);
    if (length == sizeof event->line || !utf8_valid(event->line, length) ||
        strpbrk(event->line, "|\n\r\t") != NULL)
        abort();
    const char *id = event->package;
    size_t id_length = strnlen(id, sizeof event->package);
    if (id_length == 0 || id_length == sizeof event->package)
        abort();
    if (id[0] == REPLICATION_SUBJECT) {
        if (id_length == 1 || !all_words(id + 1))
            abort();
    } else if (package_id_length(id, id_length) != id_length) {
        abort();
    }
    /* The date for which an instruction waits may lie in the past. */
    if ((event->wanted < 0 && event->kind != REPLICATION_PUT_OFF) || event->held < 0)
        abort();
}

static bool same_text(const char *one, const char *other)
{
    return (one == NULL) == (other == NULL) && (one == NULL || strcmp(one, other) == 0);
}

static bool same(const struct condition *one, const struct condition *other)
{
    bool same = other != NULL && one->wanted == other->wanted && one->held == other->held &&
                one->last_progress_s == other->last_progress_s && one->received_s == other->received_s &&
                one->definition_s == other->definition_s && one->cause.family == other->cause.family &&
                one->cause.code == other->cause.code && one->way_first_s == other->way_first_s &&
                one->way_last_s == other->way_last_s && one->way_count == other->way_count &&
                same_text(one->way, other->way) && same_text(one->failure, other->failure);
    for (int kind = 0; same && kind < CONDITION_KINDS; kind++) {
        const struct condition_sign *a = &one->sign[kind], *b = &other->sign[kind];
        same = a->open == b->open && a->first_s == b->first_s && a->last_s == b->last_s &&
               a->repeats == b->repeats && a->longest_gap_s == b->longest_gap_s &&
               a->written_s == b->written_s && a->component == b->component &&
               strcmp(condition_line(one, kind), condition_line(other, kind)) == 0;
    }
    return same;
}

static void check_conditions(const struct conditions *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct condition *it = &set->items[i];
        bool any = false;
        if (conditions_find(set, it->package) != it)
            abort();
        for (int kind = 0; kind < CONDITION_KINDS; kind++) {
            const struct condition_sign *sign = &it->sign[kind];
            any |= sign->last_s != 0;
            if (sign->first_s > sign->last_s || sign->longest_gap_s < 0 || (sign->open && sign->last_s == 0))
                abort();
        }
        if (!any)
            abort();
    }
    struct conditions again;
    conditions_init(&again, set->forget_s);
    if (conditions_load(&again, set->items, set->count, set->stored, set->stored_count) != 0 ||
        again.count != set->count || again.stored_count != set->stored_count)
        abort();
    for (size_t i = 0; i < set->count; i++)
        if (!same(&set->items[i], conditions_find(&again, set->items[i].package)))
            abort();
    conditions_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const int64_t steps_s[] = {0, 1, 60, 3600, 7200, 86400, -1, -3600};
    static struct replication_ties ties;
    struct log_progress progress = {0};
    struct conditions set;
    int64_t now_s = INT64_C(1465948800);
    ties = (struct replication_ties){0};
    conditions_init(&set, 14 * 86400);
    const char *at = (const char *)bytes, *end = at + size;
    while (at < end) {
        unsigned how = (unsigned char)*at++;
        const char *line_end = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        if (line_end == NULL)
            line_end = end;
        now_s += steps_s[how / 8 % 8];
        struct log_record record = {
            .message = at, .message_length = (size_t)(line_end - at), .before = &progress};
        struct replication_event event;
        record.watched = how < 64 ? (int)(how % 2) : (int)(how / 64) + REPLICATION_STORY_COMPONENTS - 1;
        record.thread = how / 2 % 4;
        record.stamp.ms = now_s * 1000;
        if (utf8_valid(record.message, record.message_length) &&
            replication_read(&ties, &record, now_s, &event)) {
            check_event(&event);
            conditions_apply(&set, &event);
        }
        log_activity_add(&progress.any, record.stamp.ms);
        log_activity_add(&progress.watched[record.watched], record.stamp.ms);
        at = line_end < end ? line_end + 1 : end;
    }
    conditions_settle(&set, now_s, &progress);
    check_conditions(&set);
    conditions_free(&set);
    return 0;
}
