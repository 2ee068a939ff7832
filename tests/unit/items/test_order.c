// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOUR INT64_C(3600)
#define MB   (INT64_C(1) << 20)

/* A time at which the cases begin: hour 0. */
enum { START = 1700000000, PACKAGES = 5, MOST_EVENTS = 16, MOST_ITEMS = 64, MOST_SITES = 8 };

/* ---- the memory between runs, kept by hand */

struct world {
    struct order_item items[MOST_ITEMS];
    size_t item_count;
    struct order_site sites[MOST_SITES];
    size_t site_count;
    char keys[MOST_ITEMS][32];
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct order_item *)a)->key, ((const struct order_item *)b)->key);
}

static void keep(struct world *world, const struct order_run *run, const struct order_result *result)
{
    char keys[MOST_ITEMS][32];
    for (size_t i = 0; i < run->pair_count; i++)
        snprintf(keys[i], sizeof keys[i], "%s", run->pairs[i].key);
    memcpy(world->keys, keys, sizeof keys);
    for (size_t i = 0; i < run->pair_count; i++) {
        world->items[i] = result->items[i];
        world->items[i].key = world->keys[i];
    }
    world->item_count = run->pair_count;
    qsort(world->items, world->item_count, sizeof *world->items, by_key);
    memcpy(world->sites, result->sites, run->hop_count * sizeof *world->sites);
    world->site_count = run->hop_count;
}

/* ---- cases of one site */

struct row {
    int64_t status, version, wanted, size_mb, priority;
};

struct event {
    int64_t hour;
    const char *packages; /* one letter each */
    struct row row;
};

#define OK_ROW                                                                                               \
    {                                                                                                        \
        2, 1, 1, 10, 2                                                                                       \
    }
#define SENT                                                                                                 \
    {                                                                                                        \
        1, 1, 2, 10, 2                                                                                       \
    }
#define ARRIVED                                                                                              \
    {                                                                                                        \
        2, 2, 2, 10, 2                                                                                       \
    }
#define HIGH                                                                                                 \
    {                                                                                                        \
        1, 1, 2, 10, 1                                                                                       \
    }
#define HIGH_IN                                                                                              \
    {                                                                                                        \
        2, 2, 2, 10, 1                                                                                       \
    }
#define ALL "XYZWV"
#define CALM                                                                                                 \
    {                                                                                                        \
        0, ALL, OK_ROW                                                                                       \
    }

static const struct order_case {
    const char *name;
    struct event events[MOST_EVENTS];
    int64_t until;
    const char *expected; /* "X overtaken 22": what becomes CRITICAL, why and when */
    int64_t every;        /* hours between runs; 0: 1 */
    int64_t off, on;      /* the site is not active from, until */
} cases[] = {
    {"1 lost: Y and Z sent later arrive; page at 6 h + 2 h, with proof Z",
     {CALM, {10, "X", SENT}, {12, "Y", SENT}, {13, "Y", ARRIVED}, {20, "Z", SENT}, {22, "Z", ARRIVED}},
     40,
     "X overtaken 22",
     0,
     0,
     0},
    {"1b the same where the row names the version that was sent, as the product writes it",
     {CALM,
      {10, "X", {1, 2, 2, 10, 2}},
      {12, "Y", {1, 2, 2, 10, 2}},
      {13, "Y", ARRIVED},
      {20, "Z", {1, 2, 2, 10, 2}},
      {22, "Z", ARRIVED}},
     40,
     "X overtaken 22",
     0,
     0,
     0},
    {"2 overtaken once, then the link falls silent: no page before 72 h",
     {CALM, {10, "X", SENT}, {12, "Y", SENT}, {13, "Y", ARRIVED}},
     80,
     "",
     0,
     0,
     0},
    {"3 the same, for ever: the silence pages (13 + 72)",
     {CALM, {10, "X", SENT}, {12, "Y", SENT}, {13, "Y", ARRIVED}},
     120,
     "X silent 85",
     0,
     0,
     0},
    {"4 slow, not lost: nothing sent later arrives; X arrives after 60 h",
     {CALM, {10, "X", SENT}, {70, "X", ARRIVED}},
     120,
     "",
     0,
     0,
     0},
    {"5 an item sent before X arrives after it: no overtaking",
     {CALM, {8, "Y", SENT}, {10, "X", SENT}, {14, "Y", ARRIVED}, {30, "X", ARRIVED}},
     80,
     "",
     0,
     0,
     0},
    {"6 higher priority overtakes: not before 72 h of a moving link",
     {CALM,
      {10, "X", {1, 1, 2, 10, 3}},
      {12, "Y", HIGH},
      {13, "Y", HIGH_IN},
      {40, "Z", HIGH},
      {41, "Z", HIGH_IN},
      {89, "W", HIGH_IN}},
     95,
     "X overtaken 89",
     0,
     0,
     0},
    {"7 X moves (version 2 of 3 came): the order starts anew",
     {CALM,
      {10, "X", SENT},
      {12, "Y", SENT},
      {13, "Y", ARRIVED},
      {15, "X", {1, 1, 3, 10, 2}},
      {16, "X", {2, 2, 3, 10, 2}},
      {22, "Z", SENT},
      {23, "Z", ARRIVED}},
     60,
     "",
     0,
     0,
     0},
    {"8 sent again daily, never arrives: the first sending counts",
     {CALM,
      {10, "X", SENT},
      {12, "Y", SENT},
      {13, "Y", ARRIVED},
      {20, "X", {1, 1, 3, 10, 2}},
      {21, "Z", SENT},
      {22, "Z", ARRIVED}},
     40,
     "X overtaken 22",
     0,
     0,
     0},
    {"9 six packages behind an outage of 60 h, then all arrive: no page",
     {CALM, {10, ALL, SENT}, {70, ALL, ARRIVED}},
     100,
     "",
     0,
     0,
     0},
    {"10 a hung site, five packages: one page", {CALM, {10, ALL, SENT}}, 140, "V silent 82", 0, 0, 0},
    {"11 full copy of 8 GB: silence explained for 72 h + 8192/12 h",
     {CALM,
      {10, "X", {1, 0, 1, 8192, 3}},
      {12, "Y", SENT},
      {400, "X", {2, 1, 1, 8192, 3}},
      {401, "Y", ARRIVED}},
     500,
     "",
     0,
     0,
     0},
    {"12 reset by the repair: the order starts anew, no page",
     {CALM,
      {10, "X", SENT},
      {12, "Y", SENT},
      {13, "Y", ARRIVED},
      {14, "X", {2, 0, 2, 10, 2}},
      {15, "X", {1, 0, 2, 10, 2}},
      {22, "X", ARRIVED},
      {22, "Z", SENT},
      {23, "Z", ARRIVED}},
     60,
     "",
     0,
     0,
     0},
    {"13 came and went between two runs: Y counts although never seen",
     {CALM, {4, "X", SENT}, {11, "Y", ARRIVED}, {30, "Z", ARRIVED}},
     40,
     "X overtaken 32",
     4,
     0,
     0},
    {"14 Y sent and arrived in the run in which X is first seen: no order",
     {CALM, {4, "X", SENT}, {4, "Y", ARRIVED}, {30, "Z", OK_ROW}},
     60,
     "",
     4,
     0,
     0},
    {"15 site not active from 12 to 300: nothing of it counts",
     {CALM, {10, "X", SENT}, {302, "X", ARRIVED}},
     320,
     "",
     0,
     12,
     300},
    {"16 runs missed from 11 to 40 (every 29 h): the gap pages nothing",
     {CALM, {10, "X", SENT}, {30, "X", ARRIVED}, {30, "Y", ARRIVED}},
     90,
     "",
     29,
     0,
     0},
    /* the same judgement without what the cases above have */
    {"17 no priorities: 24 h + 2 x 3 h of a moving link",
     {{0, ALL, {2, 1, 1, 10, 0}},
      {10, "X", {1, 1, 2, 10, 0}},
      {12, "Y", {1, 1, 2, 10, 0}},
      {13, "Y", {2, 2, 2, 10, 0}},
      {42, "Z", {2, 2, 2, 10, 0}},
      {43, "W", {2, 2, 2, 10, 0}}},
     60,
     "X overtaken 43",
     0,
     0,
     0},
    {"18 overtaken, then it arrives in the run that would page it: no page",
     {CALM, {10, "X", SENT}, {12, "Y", SENT}, {13, "Y", ARRIVED}, {22, "XZ", ARRIVED}},
     60,
     "",
     0,
     0,
     0},
    {"19 the order stays: overtaken until it moves",
     {CALM, {10, "X", SENT}, {12, "Y", SENT}, {13, "Y", ARRIVED}, {22, "Z", ARRIVED}},
     200,
     "X overtaken 22",
     0,
     0,
     0},
    {"20 silent, an arrival ends it, and the next silence pages anew",
     {CALM, {10, "XY", SENT}, {90, "Y", ARRIVED}},
     200,
     "X silent 82",
     0,
     0,
     0},
    {"21 never sent is no silence", {CALM, {10, "X", {6, 1, 2, 10, 2}}}, 200, "", 0, 0, 0},
};

/* @return the row's state in letters for `seen` */
static void run_once(struct world *world, const struct order_case *one, int64_t now, const struct row *rows,
                     const int64_t *updated, bool active, char *seen, size_t size)
{
    static const char letters[] = ALL;
    struct order_pair pairs[PACKAGES];
    struct order_arrival arrivals[PACKAGES];
    char names[PACKAGES][2], keys[PACKAGES][8];
    size_t pair_count = 0, arrival_count = 0;
    const struct range failed = {.set = true, .end = 24 * HOUR};
    for (size_t i = 0; i < PACKAGES && active; i++) {
        const struct row *row = &rows[i];
        bool good = row->status == 0 || row->status == 2 || row->status == 3;
        snprintf(names[i], sizeof names[i], "%c", letters[i]);
        snprintf(keys[i], sizeof keys[i], "%c@S01", letters[i]);
        if (good && row->version > 0)
            arrivals[arrival_count++] =
                (struct order_arrival){names[i], "S01", row->version, updated[i], row->priority};
        if (!good || row->version < row->wanted)
            pairs[pair_count++] = (struct order_pair){.package = names[i],
                                                      .site = "S01",
                                                      .key = keys[i],
                                                      .has_status = true,
                                                      .never_sent = row->status == 6,
                                                      .status = row->status,
                                                      .held = row->version,
                                                      .wanted = row->wanted,
                                                      .size_bytes = row->size_mb * MB,
                                                      .priority = row->priority};
    }
    const struct order_hop hops[] = {{"CEN", "", true, true, 0, 0}, {"S01", "CEN", active, true, 0, START}};
    const struct order_run run = {.now = now,
                                  .database_now = now,
                                  .silent_critical_s = 72 * HOUR,
                                  .failed_critical = &failed,
                                  .pairs = pairs,
                                  .pair_count = pair_count,
                                  .arrivals = arrivals,
                                  .arrival_count = arrival_count,
                                  .hops = hops,
                                  .hop_count = 2};
    struct order_result result;
    assert_int_equal(
        order_judge(&run, world->items, world->item_count, world->sites, world->site_count, &result), 0);
    for (size_t i = 0; i < pair_count; i++) {
        const struct order_verdict *verdict = &result.verdicts[i];
        if (verdict->status != STATUS_CRITICAL)
            continue;
        char what[32];
        snprintf(what, sizeof what, "%s %s", pairs[i].package,
                 verdict->silent   ? "silent"
                 : verdict->failed ? "failed"
                                   : order_reason_name(verdict->reason));
        if (strstr(seen, what) == NULL)
            snprintf(seen + strlen(seen), size - strlen(seen), "%s%s %" PRId64, seen[0] != '\0' ? ", " : "",
                     what, (now - START) / HOUR);
    }
    if (active)
        keep(world, &run, &result);
    else
        memcpy(world->sites, result.sites, 2 * sizeof *world->sites);
    order_result_free(&result);
    (void)one;
}

static void judge_case(const struct order_case *one, int64_t step, bool *ok)
{
    static const char letters[] = ALL;
    static struct world world;
    memset(&world, 0, sizeof world);
    struct row rows[PACKAGES] = {0};
    int64_t updated[PACKAGES] = {0}, applied = 0;
    char seen[256] = "";
    size_t next = 0;
    for (int64_t t = 0; t <= one->until * HOUR; t += step) {
        for (; next < MOST_EVENTS && one->events[next].packages != NULL && one->events[next].hour * HOUR <= t;
             next++)
            for (const char *p = one->events[next].packages; *p != '\0'; p++) {
                size_t i = (size_t)(strchr(letters, *p) - letters);
                rows[i] = one->events[next].row;
                updated[i] = START + one->events[next].hour * HOUR;
                applied++;
            }
        bool active = one->on == 0 || t < one->off * HOUR || t >= one->on * HOUR;
        run_once(&world, one, START + t, rows, updated, active, seen, sizeof seen);
    }
    if (strcmp(seen, one->expected) != 0) {
        print_error("%s, every %" PRId64 " min: '%s' instead of '%s'\n", one->name, step / 60, seen,
                    one->expected);
        *ok = false;
    }
}

static void test_the_cases(void **state)
{
    (void)state;
    bool ok = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        judge_case(&cases[i], (cases[i].every != 0 ? cases[i].every : 1) * HOUR, &ok);
        if (cases[i].every == 0)
            judge_case(&cases[i], 600, &ok);
    }
    assert_true(ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
