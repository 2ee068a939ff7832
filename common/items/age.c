// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/age.h"

#include "base/number.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>

/* A dirty read may skip an item: it is kept for this many runs and this long. */
enum { ABSENT_RUNS = 2, ABSENT_SECONDS = 2 * 3600 };

/* Two starts that are no further apart are one. */
enum { SAME_S = 60 };

static int by_key(const void *key, const void *element)
{
    return strcmp(key, ((const struct remembered *)element)->key);
}

struct remembered *history_find(struct remembered *memory, size_t count, const char *key)
{
    return count == 0 ? NULL : bsearch(key, memory, count, sizeof *memory, by_key);
}

static int64_t since(int64_t start, int64_t now)
{
    return start > 0 && start < now ? now - start : 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A date of the database by the host's clock. @return 0 where it is none, or lies in the future */
static int64_t by_host(int64_t date, const struct clocks *clocks)
{
    return date > 0 && date <= clocks->database ? clocks->host - (clocks->database - date) : 0;
}

/* The older of the memory's start and the database's. */
static int64_t older_start(const struct item *item, int64_t start, const struct clocks *clocks)
{
    const int64_t told = item->start == ITEM_START_MEMORY ? 0 : by_host(item->database_start, clocks);
    return told > 0 ? earlier(start, told) : start;
}

static int64_t oldest_start(const struct remembered *remembered)
{
    return remembered->told_since != 0 ? remembered->told_since : remembered->attempt_since;
}

/* @return when a new attempt began, 0: the one that is remembered goes on */
static int64_t new_attempt(const struct item *item, const struct remembered *remembered,
                           const struct clocks *clocks)
{
    const int64_t renewed = by_host(item->renewed, clocks);
    if ((item->restart && strcmp(remembered->kind, item->kind) != 0) ||
        (remembered->held >= 0 && item->held > remembered->held))
        return clocks->host;
    return renewed > oldest_start(remembered) + SAME_S ? renewed : 0;
}

static void begin_attempt(struct remembered *updated, int64_t start)
{
    updated->attempt_since = start;
    updated->told_since = updated->failed_since = updated->excused_since = updated->excused_s = 0;
}

/* The two clocks are never read at once: a start that wavers is the same. */
static void keep_start(struct remembered *updated, const struct item *item, const struct clocks *clocks)
{
    const int64_t start = older_start(item, oldest_start(updated), clocks);
    if (updated->told_since == 0 || start < updated->told_since - SAME_S)
        updated->told_since = start;
}

/* A memory that knew no failures has the kind: it failed before. */
static void note_failure(struct remembered *updated, const struct item *item, bool failed_before,
                         const struct clocks *clocks)
{
    if (item->item_class == ITEM_FAILED && updated->failed_since == 0)
        updated->failed_since = failed_before ? updated->told_since : older_start(item, clocks->host, clocks);
}

static void note_excuse(struct remembered *updated, const struct item *item, int64_t now)
{
    if (item->excused && updated->excused_since == 0)
        updated->excused_since = now;
    if (item->excused || updated->excused_since == 0)
        return;
    const int64_t excused_s = since(updated->excused_since, now);
    updated->excused_s += excused_s;
    if (updated->failed_since != 0)
        updated->failed_since += earlier(excused_s, since(updated->failed_since, now));
    updated->excused_since = 0;
}

static bool differs(const struct remembered *a, const struct remembered *b)
{
    return strcmp(a->kind, b->kind) != 0 || strcmp(a->progress, b->progress) != 0 ||
           a->first_seen != b->first_seen || a->attempt_since != b->attempt_since ||
           a->last_progress != b->last_progress || a->absent_runs != b->absent_runs ||
           a->told_since != b->told_since || a->failed_since != b->failed_since || a->held != b->held ||
           a->excused_since != b->excused_since || a->excused_s != b->excused_s;
}

/* How much of an age that ends now passed while the item's site was away. */
static int64_t away_in(const struct item *item, int64_t age_s, const struct clocks *clocks)
{
    return away_seconds(clocks->away, item->site, clocks->host - age_s, clocks->host);
}

/* @param[out] away_s  what is not in it, because its site was away @return the age of what began then */
static int64_t age_of(const struct item *item, int64_t start, const struct clocks *clocks, int64_t *away_s)
{
    const int64_t age_s = since(start, clocks->host);
    *away_s = away_in(item, age_s, clocks);
    return age_s - *away_s;
}

static void fill_ages(struct item *item, const struct remembered *updated, const struct clocks *clocks)
{
    const bool by_failure = item->start == ITEM_START_ATTEMPT, fails = item->item_class == ITEM_FAILED;
    int64_t failed_away_s;
    item->first_seen = updated->first_seen;
    item->attempt_since = updated->attempt_since;
    item->last_progress = updated->last_progress;
    item->told_since = older_start(item, oldest_start(updated), clocks);
    item->failed_since = updated->failed_since;
    item->excused_s = updated->excused_s;
    item->age_s = larger(0, age_of(item, item->told_since, clocks, &item->away_s) - item->excused_s);
    item->failed_age_s = by_failure ? age_of(item, item->failed_since, clocks, &failed_away_s) : item->age_s;
    if (by_failure && fails) {
        item->age_s = item->failed_age_s;
        item->away_s = failed_away_s;
        item->excused_s = 0;
    }
    /* What the memory saw move itself, or the database's own word, whichever is later. */
    bool seen_moving = item->last_progress != item->first_seen;
    item->moved_age_s = seen_moving ? since(item->last_progress, clocks->host) : -1;
    if (item->moved > 0) {
        int64_t told = since(item->moved, clocks->database);
        if (!seen_moving || told < item->moved_age_s)
            item->moved_age_s = told;
    }
}

bool history_age(struct item *item, const struct remembered *remembered, const struct clocks *clocks,
                 struct remembered *updated)
{
    const bool moved = remembered != NULL && strcmp(remembered->progress, item->progress) != 0;
    const bool first = remembered == NULL || (moved && item->forget_on_progress);
    const int64_t attempt = first ? clocks->host : new_attempt(item, remembered, clocks);
    *updated = first ? (struct remembered){.first_seen = clocks->host, .held = -1} : *remembered;
    updated->key = (char *)item->key;
    updated->kind = (char *)item->kind;
    updated->progress = (char *)item->progress;
    updated->absent_runs = updated->absent_since = 0;
    if (first || moved)
        updated->last_progress = clocks->host;
    if (attempt != 0)
        begin_attempt(updated, attempt);
    updated->held = larger(updated->held, item->held);
    item->began_anew = attempt != 0 && !first;
    item->excused = item->excused || (item->blind && updated->excused_since != 0);
    if (item->start == ITEM_START_ATTEMPT) {
        keep_start(updated, item, clocks);
        note_failure(updated, item, attempt == 0 && strcmp(remembered->kind, item->kind) == 0, clocks);
    }
    note_excuse(updated, item, clocks->host);
    fill_ages(item, updated, clocks);
    return first || differs(updated, remembered);
}

enum absent_action history_absent(struct remembered *remembered, enum absence absence, int64_t now)
{
    if (absence == ABSENCE_NOT_LOOKED)
        return ABSENT_KEEP;
    if (absence == ABSENCE_HEALTHY)
        return ABSENT_REMOVE;
    if (remembered->absent_runs == 0 || remembered->absent_since > now)
        remembered->absent_since = now;
    remembered->absent_runs++;
    if (remembered->absent_runs > ABSENT_RUNS && now - remembered->absent_since >= ABSENT_SECONDS)
        return ABSENT_REMOVE;
    return ABSENT_UPDATE;
}

void history_add_doubts(const char *trouble, int64_t lost_at, int64_t now, struct text *verdict)
{
    char age[32];
    if (trouble != NULL)
        text_addf(verdict, "; ages may be too young: %s", trouble);
    else if (lost_at > 0)
        text_addf(verdict, "; ages may be too young: the memory was lost %s ago",
                  duration_format(now - lost_at, age, sizeof age));
}
