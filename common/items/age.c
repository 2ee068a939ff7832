// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/age.h"

#include "base/units.h"

#include <stdlib.h>
#include <string.h>

/* A dirty read may skip an item: it is kept for this many runs and this long. */
enum { ABSENT_RUNS = 2, ABSENT_SECONDS = 2 * 3600 };

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

/* How much of an age that ends now passed while the item's site was away. */
static int64_t away_in(const struct item *item, int64_t age_s, const struct clocks *clocks)
{
    return away_seconds(clocks->away, item->site, clocks->host - age_s, clocks->host);
}

bool history_age(struct item *item, const struct remembered *remembered, const struct clocks *clocks,
                 struct remembered *updated)
{
    *updated = (struct remembered){
        .key = (char *)item->key, .kind = (char *)item->kind, .progress = (char *)item->progress};
    bool changed = remembered == NULL || remembered->absent_runs > 0;
    bool moved = remembered != NULL && strcmp(remembered->progress, item->progress) != 0;
    if (remembered == NULL || (moved && item->forget_on_progress)) {
        updated->first_seen = updated->attempt_since = updated->last_progress = clocks->host;
        changed = true;
    } else {
        updated->first_seen = remembered->first_seen;
        updated->attempt_since = remembered->attempt_since;
        updated->last_progress = moved ? clocks->host : remembered->last_progress;
        bool other_kind = strcmp(remembered->kind, item->kind) != 0;
        if (other_kind && item->restart)
            updated->attempt_since = clocks->host;
        changed = changed || moved || other_kind;
    }
    item->first_seen = updated->first_seen;
    item->attempt_since = updated->attempt_since;
    item->last_progress = updated->last_progress;

    item->age_s = since(item->attempt_since, clocks->host);
    item->away_s = away_in(item, item->age_s, clocks);
    item->age_s -= item->away_s;
    if (item->start == ITEM_START_BOTH) {
        int64_t database_age = since(item->database_start, clocks->database);
        int64_t away_s = away_in(item, database_age, clocks);
        if (database_age - away_s > item->age_s) {
            item->age_s = database_age - away_s;
            item->away_s = away_s;
        }
    }
    /* What the memory saw move itself, or the database's own word, whichever is later. */
    bool seen_moving = item->last_progress != item->first_seen;
    item->moved_age_s = seen_moving ? since(item->last_progress, clocks->host) : -1;
    if (item->moved > 0) {
        int64_t told = since(item->moved, clocks->database);
        if (!seen_moving || told < item->moved_age_s)
            item->moved_age_s = told;
    }
    return changed;
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
