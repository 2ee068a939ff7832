// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stuck_boxes.h"

#include "base/array.h"
#include "base/sanitize.h"
#include "base/units.h"
#include "check/place_site.h"
#include "inbox/filename.h"
#include "inbox/kind.h"
#include "inbox/store.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TOLD_BYTES = 220, WORTH_A_WORD_S = 2 * 3600 };

/* ---- what the memories hold */

/* One thing that is stuck: a box, or a file in it. */
struct thing {
    struct stuck_box box;
    char *location, *file; /* owned */
};

struct search {
    const struct sitedb *db;
    int64_t now;
    struct thing *things; /* owned */
    size_t count;
};

static void put_upper(const char *string, size_t size, char *upper)
{
    snprintf(upper, size, "%s", string);
    for (char *at = upper; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
}

static void free_thing(struct thing *thing)
{
    free(thing->box.told);
    free(thing->location);
    free(thing->file);
}

static char *clean(const char *told)
{
    struct text text = {0};
    text_add_clean(&text, told, TOLD_BYTES);
    if (!text.failed)
        return text.bytes;
    text_free(&text);
    return NULL;
}

static void add_thing(struct search *search, const char *location, const struct inbox_conclusion *one,
                      const struct site *site)
{
    struct thing *larger = array_grow(search->things, search->count, sizeof *larger);
    if (larger == NULL)
        return;
    search->things = larger;
    struct thing *thing = &larger[search->count];
    *thing = (struct thing){
        .box = {.status = one->status, .since = one->since, .at = one->at, .told = clean(one->told)},
        .location = strdup(location),
        .file = strdup(one->file)};
    const struct inbox_filename name = inbox_filename_read(one->file);
    put_upper(site->code, sizeof thing->box.site, thing->box.site);
    put_upper(name.work == INBOX_WORK_PACKAGE ? name.id : "", sizeof thing->box.package, thing->box.package);
    if (thing->box.told == NULL || thing->location == NULL || thing->file == NULL)
        free_thing(thing);
    else
        search->count++;
}

static bool take(void *context, const char *location, const struct inbox_conclusion *one)
{
    struct search *search = context;
    const int64_t age_s = search->now - one->at;
    if ((one->status != STATUS_WARNING && one->status != STATUS_CRITICAL) || age_s > STATEFILE_FRESH_S ||
        age_s < -INBOX_CLOCK_STEP_S || !inbox_kind_of(location)->carries_packages)
        return true;
    const struct site *site = place_site(search->db, location);
    if (site != NULL)
        add_thing(search, location, one, site);
    return true;
}

static void look_into(void *context, struct statefile *file)
{
    struct failure none;
    inbox_store_conclusions(file, take, context, &none);
}

/* ---- the worst of each site and package */

static int by_key(const struct stuck_box *a, const struct stuck_box *b)
{
    const int order = strcmp(a->site, b->site);
    return order != 0 ? order : strcmp(a->package, b->package);
}

/* The same thing in two memories stands together, seen last first. */
static int by_thing(const void *a, const void *b)
{
    const struct thing *one = a, *other = b;
    int order = by_key(&one->box, &other->box);
    if (order == 0)
        order = strcmp(one->location, other->location);
    if (order == 0)
        order = strcmp(one->file, other->file);
    return order != 0 ? order : (one->box.at < other->box.at) - (one->box.at > other->box.at);
}

/* @return whether `a` is to be told before `b`: worse, of this very package, older */
static bool is_worse(const struct stuck_box *a, const struct stuck_box *b)
{
    if (a->status != b->status)
        return status_worse(a->status, b->status) == a->status;
    const bool a_package = a->package[0] != '\0', b_package = b->package[0] != '\0';
    return a_package != b_package ? a_package : a->since < b->since;
}

static bool is_same(const struct thing *a, const struct thing *b)
{
    return strcmp(a->location, b->location) == 0 && strcmp(a->file, b->file) == 0;
}

/* Take what a thing tells into its site's and package's entry. */
static void fold(struct stuck_boxes *stuck, struct thing *thing)
{
    struct stuck_box *last = stuck->count > 0 ? &stuck->boxes[stuck->count - 1] : NULL;
    if (last == NULL || by_key(last, &thing->box) != 0) {
        struct stuck_box *larger = array_grow(stuck->boxes, stuck->count, sizeof *larger);
        if (larger == NULL)
            return;
        stuck->boxes = larger;
        last = &larger[stuck->count++];
        *last = thing->box;
        last->count = 1;
        thing->box.told = NULL;
        return;
    }
    last->count++;
    if (is_worse(&thing->box, last)) {
        thing->box.count = last->count;
        const struct stuck_box other = *last;
        *last = thing->box;
        thing->box = other; /* freed with it */
    }
}

void stuck_boxes_look(struct stuck_boxes *stuck, const char *directory, const struct sitedb *db, int64_t now,
                      const struct trace *trace)
{
    static const struct statefile_look_kind kind = {"check_sms_inbox", &inbox_schema};
    struct search search = {.db = db, .now = now};
    *stuck = (struct stuck_boxes){.now = now};
    if (statefile_look_all(directory, &kind, now, look_into, &search, trace) != 0)
        trace_note(trace, 1, "%s cannot be read: inboxes that are stuck are not named here", directory);
    if (search.count > 1)
        qsort(search.things, search.count, sizeof *search.things, by_thing);
    for (size_t i = 0; i < search.count; i++)
        if (i == 0 || !is_same(&search.things[i - 1], &search.things[i]))
            fold(stuck, &search.things[i]);
    for (size_t i = 0; i < search.count; i++)
        free_thing(&search.things[i]);
    free(search.things);
}

/* ---- in words */

static int by_wanted(const void *a, const void *b)
{
    return by_key(a, b);
}

/* Add what is stuck at one site to the worst of the way. */
static void look_at(const struct stuck_boxes *stuck, const char *package, const char *code,
                    const struct stuck_box **worst, size_t *count)
{
    struct stuck_box wanted = {.package = ""};
    put_upper(code, sizeof wanted.site, wanted.site);
    for (int of_package = 0; stuck->count > 0 && of_package < (package != NULL ? 2 : 1); of_package++) {
        put_upper(of_package ? package : "", sizeof wanted.package, wanted.package);
        const struct stuck_box *found =
            bsearch(&wanted, stuck->boxes, stuck->count, sizeof *stuck->boxes, by_wanted);
        if (found == NULL)
            continue;
        *count += found->count;
        if (*worst == NULL ||
            !is_worse(*worst, found)) /* of two that are alike the one nearer to the source */
            *worst = found;
    }
}

void stuck_boxes_add_words(const struct stuck_boxes *stuck, const struct sitedb *db, const char *package,
                           const char *from, const char *to, struct text *line)
{
    const struct stuck_box *worst = NULL;
    const char *code = to;
    size_t count = 0, steps = 0;
    /* A database that is changed meanwhile may show a circle. */
    do {
        const struct site *site = sitedb_site(db, code);
        look_at(stuck, package, code, &worst, &count);
        code = site != NULL && strcasecmp(code, from) != 0 ? site->parent : "";
    } while (code[0] != '\0' && strcasecmp(code, to) != 0 && ++steps < db->site_count);
    if (worst == NULL)
        return;
    char age[32];
    text_addf(line, "; check_sms_inbox on this host: at %s %s", worst->site, worst->told);
    if (stuck->now - worst->at > WORTH_A_WORD_S)
        text_addf(line, " (seen %s ago)", duration_format(stuck->now - worst->at, age, sizeof age));
    if (count > 1)
        text_addf(line, ", and %zu more on the way", count - 1);
}

void stuck_boxes_free(struct stuck_boxes *stuck)
{
    for (size_t i = 0; i < stuck->count; i++)
        free(stuck->boxes[i].told);
    free(stuck->boxes);
    *stuck = (struct stuck_boxes){0};
}
