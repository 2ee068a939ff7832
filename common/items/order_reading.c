// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/private.h"

#include "base/number.h"

#include <stdlib.h>
#include <strings.h>

/* A site that a run looks at, and how far arrivals at it were read. */
struct marked {
    const char *code;
    int64_t mark;
};

static int by_mark(const void *a, const void *b)
{
    const struct marked *one = a, *other = b;
    return one->mark < other->mark ? -1 : one->mark > other->mark;
}

/*
 * How many of the sites, the quietest first, have a date of their own: so many that the time that is read again, over all
 * sites, is least. (Arrivals are taken to come to all of them alike.)
 */
static size_t best_cut(const struct marked *marked, size_t count)
{
    const int64_t top = marked[count - 1].mark;
    int64_t least = INT64_MAX;
    size_t best = 0;
    for (size_t cut = 0; cut < count && cut <= ORDER_QUIET_MOST; cut++) {
        int64_t read =
            (int64_t)cut * (top - marked[0].mark) + (int64_t)(count - cut) * (top - marked[cut].mark);
        if (read < least) {
            least = read;
            best = cut;
        }
    }
    return best;
}

static int by_code(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

static int part(struct order_reading *reading, struct marked *marked, size_t count)
{
    if (count == 0)
        return 0;
    qsort(marked, count, sizeof *marked, by_mark);
    const size_t cut = best_cut(marked, count);
    reading->since = larger(marked[cut].mark, 1);
    reading->quiet_since = larger(marked[0].mark, 1);
    reading->quiet.strings = calloc(cut + 1, sizeof *reading->quiet.strings);
    if (reading->quiet.strings == NULL)
        return -1;
    for (; reading->quiet.count < cut; reading->quiet.count++)
        reading->quiet.strings[reading->quiet.count] = marked[reading->quiet.count].code;
    qsort(reading->quiet.strings, reading->quiet.count, sizeof *reading->quiet.strings, by_code);
    return 0;
}

int order_reading_find(struct order_reading *reading, const struct order_hop *hops, size_t hop_count,
                       const struct order_site *sites, size_t site_count, int64_t now)
{
    *reading = (struct order_reading){0};
    struct marked *marked = calloc(hop_count + 1, sizeof *marked);
    if (marked == NULL)
        return -1;
    size_t count = 0;
    for (size_t i = 0; i < hop_count; i++) {
        const struct order_site *site = order_find_site(sites, site_count, hops[i].code);
        if (hops[i].covered && hops[i].active && site != NULL && site->prev != 0)
            marked[count++] = (struct marked){hops[i].code, larger(site->mark, now - ORDER_LOOK_BACK_S)};
    }
    int result = part(reading, marked, count);
    free(marked);
    return result;
}

bool order_reading_covers(const struct order_reading *reading, const struct order_site *site, int64_t now)
{
    if (reading == NULL)
        return true;
    const bool quiet =
        reading->quiet.count > 0 && bsearch(&site->code, reading->quiet.strings, reading->quiet.count,
                                            sizeof *reading->quiet.strings, by_code) != NULL;
    const int64_t since = quiet ? reading->quiet_since : reading->since;
    return since != 0 && since <= larger(larger(site->mark, now - ORDER_LOOK_BACK_S), 1);
}

void order_reading_free(struct order_reading *reading)
{
    free(reading->quiet.strings);
    *reading = (struct order_reading){0};
}
