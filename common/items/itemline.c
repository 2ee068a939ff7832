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

void itemline_add_ages(const struct item *item, const struct rate_list *rates, struct text *line)
{
    char age[32], moved[32], instant[32], size[32];
    text_addf(line, ", for %s", duration_format(item->age_s, age, sizeof age));
    if (item->away_s > 0)
        text_addf(line, " (not counting %s while its site was not active)",
                  duration_format(item->away_s, age, sizeof age));
    if (item->attempt_since != item->first_seen)
        text_addf(line, ", in trouble since %s", instant_format(item->first_seen, instant, sizeof instant));
    if (item->moved_age_s < 0)
        text_add(line, ", never seen moving");
    else
        text_addf(line, ", last moved %s ago", duration_format(item->moved_age_s, moved, sizeof moved));
    if (item->allowance_s > 0)
        text_addf(line, ", size allows %s at %s/h", duration_format(item->allowance_s, age, sizeof age),
                  size_format(rate_list_bytes_per_hour(rates, item->site), size, sizeof size));
}
