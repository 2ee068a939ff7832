// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/itemline.h"

#include "base/sanitize.h"
#include "base/units.h"
#include "items/minrate.h"

void itemline_begin(const struct item *item, const char *package_name, struct text *line)
{
    if (item->known) {
        char until[32];
        text_add(line, "known");
        if (item->known_until != 0)
            text_addf(line, " until %.10s", instant_format(item->known_until - 1, until, sizeof until));
    } else {
        text_add(line, status_name(item->status));
    }
    text_addf(line, ": %s", item->package);
    if (package_name[0] != '\0') {
        text_add(line, " \"");
        text_add_clean(line, package_name, 80);
        text_add(line, "\"");
    }
}

static void add_allowance(const struct item *item, const struct rate_list *rates, struct text *line)
{
    char allowed[32], rate[32], queue[32];
    if (item->queue_bytes > item->size_bytes)
        text_addf(line, ", the queue up to it, %s, allows ",
                  size_format(item->queue_bytes, queue, sizeof queue));
    else
        text_add(line, ", size allows ");
    text_addf(line, "%s at %s/h", duration_format(item->allowance_s, allowed, sizeof allowed),
              size_format(rate_list_bytes_per_hour(rates, item->site), rate, sizeof rate));
}

/* Where the age does not tell it: a later attempt, or a failure of what had waited before. */
static int64_t in_trouble_since(const struct item *item)
{
    if (item->attempt_since != item->first_seen)
        return item->first_seen;
    const bool waited = item->start == ITEM_START_ATTEMPT && item->item_class == ITEM_FAILED &&
                        item->failed_since > item->told_since;
    return waited ? item->told_since : 0;
}

void itemline_add_ages(const struct item *item, const struct rate_list *rates, struct text *line)
{
    char age[32], moved[32], instant[32];
    text_addf(line, ", for %s", duration_format(item->age_s, age, sizeof age));
    if (item->away_s > 0)
        text_addf(line, " (not counting %s while its site was not active)",
                  duration_format(item->away_s, age, sizeof age));
    if (item->excused_s > 0)
        text_addf(line, " (not counting %s of maintenance or of waiting for somebody)",
                  duration_format(item->excused_s, age, sizeof age));
    const int64_t trouble_since = in_trouble_since(item);
    if (trouble_since != 0)
        text_addf(line, ", in trouble since %s", instant_format(trouble_since, instant, sizeof instant));
    if (item->future_s > 0)
        text_addf(line, ", dated %s in the future: is the database's clock right, or its zone (--db-clock)?",
                  duration_format(item->future_s, moved, sizeof moved));
    else if (item->moved_age_s < 0)
        text_add(line, ", never seen moving");
    else
        text_addf(line, ", last moved %s ago", duration_format(item->moved_age_s, moved, sizeof moved));
    if (item->allowance_s > 0)
        add_allowance(item, rates, line);
    itemline_add_ended(item, line);
}

void itemline_add_ended(const struct item *item, struct text *line)
{
    char until[32];
    if (!item->known && item->known_until != 0)
        text_addf(line, ", known until %.10s, which is over",
                  instant_format(item->known_until - 1, until, sizeof until));
}
