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
    {"22 two versions of Y were on their way before X: the second is no proof",
     {CALM,
      {8, "Y", SENT},
      {9, "Y", {1, 1, 3, 10, 2}},
      {9, "Z", SENT},
      {10, "X", SENT},
      {14, "Y", {2, 2, 3, 10, 2}},
      {15, "Y", {2, 3, 3, 10, 2}},
      {30, "Z", ARRIVED}},
     60,
     "",
     0,
     0,
     0},
    {"23 the second version of Y was made after X was sent: proof",
     {CALM,
      {8, "Y", SENT},
      {9, "Z", SENT},
      {10, "X", SENT},
      {12, "Y", {1, 1, 3, 10, 2}},
      {14, "Y", {2, 2, 3, 10, 2}},
      {15, "Y", {2, 3, 3, 10, 2}},
      {30, "Z", ARRIVED}},
     60,
     "X overtaken 30",
     0,
     0,
     0},
    {"24 Y is made anew every 4 h and behind by one version for ever: what was made after X is proof",
     {CALM,
      {4, "Y", SENT},
      {8, "Y", {1, 1, 3, 10, 2}},
      {9, "X", SENT},
      {10, "Y", {2, 2, 3, 10, 2}},
      {12, "Y", {1, 2, 4, 10, 2}},
      {14, "Y", {2, 3, 4, 10, 2}},
      {16, "Y", {1, 3, 5, 10, 2}},
      {18, "Y", {2, 4, 5, 10, 2}},
      {34, "Z", ARRIVED}},
     60,
     "X overtaken 34",
     0,
     0,
     0},
    {"25 of three versions of Y on their way the one made before X is no proof, however the others move",
     {CALM,
      {4, "Y", SENT},
      {6, "Y", {1, 1, 3, 10, 2}},
      {8, "Y", {1, 1, 4, 10, 2}},
      {9, "X", SENT},
      {12, "Y", {2, 2, 4, 10, 2}},
      {14, "Y", {2, 3, 4, 10, 2}},
      {18, "Y", {2, 4, 4, 10, 2}},
      {40, "Z", ARRIVED}},
     60,
     "",
     0,
     0,
     0},
    {"27 the site is not active for three hours: its items keep their order",
     {CALM, {10, "X", SENT}, {12, "Y", SENT}, {14, "Y", ARRIVED}, {16, "Z", SENT}, {40, "Z", ARRIVED}},
     60,
     "X overtaken 40",
     0,
     18,
     21},
    {"26 made and arrived between two runs, of a package that was on its way: proof",
     {CALM, {4, "XY", SENT}, {10, "Y", {2, 3, 4, 10, 2}}, {30, "Z", ARRIVED}},
     60,
     "X overtaken 32",
     4,
     0,
     0},
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

/* ---- a hierarchy */

struct pair_row {
    const char *package, *site;
    int64_t status, held, wanted;
};

/* One run over CEN - P1 - C1, C2 (below P1), D1: what `expected` says of each site and pair that is CRITICAL. */
static void run_hierarchy(struct world *world, int64_t hour, const struct pair_row *rows, size_t count,
                          const struct order_arrival *arrivals, size_t arrival_count, char *told, size_t size)
{
    struct order_pair pairs[MOST_ITEMS];
    char keys[MOST_ITEMS][32];
    for (size_t i = 0; i < count; i++) {
        snprintf(keys[i], sizeof keys[i], "%s@%s", rows[i].package, rows[i].site);
        pairs[i] = (struct order_pair){.package = rows[i].package,
                                       .site = rows[i].site,
                                       .key = keys[i],
                                       .has_status = true,
                                       .status = rows[i].status,
                                       .held = rows[i].held,
                                       .wanted = rows[i].wanted,
                                       .size_bytes = 10 * MB,
                                       .priority = 2};
    }
    const struct order_hop hops[] = {{"C1", "P1", true, true, 0, START},
                                     {"C2", "p1", true, true, 0, START},
                                     {"D1", "", true, true, 0, START},
                                     {"P1", "CEN", true, true, 0, START}};
    const struct range failed = {.set = true, .end = 24 * HOUR};
    const struct order_run run = {.now = START + hour * HOUR,
                                  .database_now = START + hour * HOUR,
                                  .silent_critical_s = 72 * HOUR,
                                  .failed_critical = &failed,
                                  .pairs = pairs,
                                  .pair_count = count,
                                  .arrivals = arrivals,
                                  .arrival_count = arrival_count,
                                  .hops = hops,
                                  .hop_count = 4};
    struct order_result result;
    assert_int_equal(
        order_judge(&run, world->items, world->item_count, world->sites, world->site_count, &result), 0);
    told[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const struct order_verdict *verdict = &result.verdicts[i];
        const struct order_silence *silence = &result.silences[verdict->hop];
        if (verdict->status == STATUS_CRITICAL)
            snprintf(told + strlen(told), size - strlen(told), "%s%s %s", told[0] != '\0' ? ", " : "",
                     keys[i], verdict->silent ? "silent" : order_reason_name(verdict->reason));
        if (verdict->status == STATUS_CRITICAL && verdict->silent)
            snprintf(told + strlen(told), size - strlen(told), " %" PRId64 "+%" PRId64, silence->waiting,
                     silence->below);
        if (verdict->folded >= 0)
            assert_true(verdict->status == STATUS_OK);
    }
    keep(world, &run, &result);
    order_result_free(&result);
}

static void expect_told(const char *what, const char *told, const char *expected)
{
    if (strcmp(told, expected) != 0)
        fail_msg("%s: '%s' instead of '%s'", what, told, expected);
}

/* A site below a silent one, or whose package is missing above as well, is none of its own. */
static void test_the_first_broken_hop(void **state)
{
    (void)state;
    static struct world world;
    char told[256];
    static const struct pair_row below[] = {
        {"X", "P1", 1, 1, 2}, {"Y", "P1", 1, 1, 2}, {"Y", "C1", 1, 1, 2}, {"Z", "C2", 1, 1, 2}};
    memset(&world, 0, sizeof world);
    run_hierarchy(&world, 0, NULL, 0, NULL, 0, told, sizeof told);
    for (int64_t hour = 1; hour < 73; hour++)
        run_hierarchy(&world, hour, below, 4, NULL, 0, told, sizeof told);
    expect_told("before", told, "");
    run_hierarchy(&world, 73, below, 4, NULL, 0, told, sizeof told);
    expect_told("silent with those below", told, "X@P1 silent 2+2");
    for (int64_t hour = 74; hour < 80; hour++)
        run_hierarchy(&world, hour, below, 4, NULL, 0, told, sizeof told);
    /* The parent's packages arrive: those below begin to wait now. */
    const struct order_arrival came[] = {{"X", "P1", 2, START + 80 * HOUR, 2},
                                         {"Y", "P1", 2, START + 80 * HOUR, 2}};
    run_hierarchy(&world, 80, below + 2, 2, came, 2, told, sizeof told);
    expect_told("the parent is back", told, "");
    for (int64_t hour = 81; hour < 150; hour++)
        run_hierarchy(&world, hour, below + 2, 2, NULL, 0, told, sizeof told);
    expect_told("patience anew below", told, "");
    run_hierarchy(&world, 152, below + 2, 2, NULL, 0, told, sizeof told);
    expect_told("each by itself", told, "Y@C1 silent 1+0, Z@C2 silent 1+0");
}

/* What waits above is not overtaken below. */
static void test_no_order_below_a_missing_package(void **state)
{
    (void)state;
    static struct world world;
    char told[256];
    static const struct pair_row rows[] = {{"X", "C1", 1, 1, 2}, {"X", "P1", 1, 1, 2}};
    memset(&world, 0, sizeof world);
    run_hierarchy(&world, 0, NULL, 0, NULL, 0, told, sizeof told);
    for (int64_t hour = 1; hour < 60; hour++) {
        const struct order_arrival came = {hour % 2 ? "Y" : "Z", "C1", 2, START + hour * HOUR, 2};
        run_hierarchy(&world, hour, rows, 2, &came, 1, told, sizeof told);
        expect_told("other packages arrive below", told, "");
    }
    for (int64_t hour = 60; hour < 80; hour++) {
        const struct order_arrival came = {hour % 2 ? "Y" : "Z", "C1", 2, START + hour * HOUR, 2};
        run_hierarchy(&world, hour, rows, 1, &came, 1, told, sizeof told);
        expect_told("it starts below", told, hour < 70 ? "" : "X@C1 overtaken");
    }
}

/* An older version of Y is on its way to C1 when a newer one is wanted that P1 lacks: its arrival is no later sending. */
static void test_an_older_version_on_its_way_below(void **state)
{
    (void)state;
    for (int version = 2; version <= 3; version++) {
        static struct world world;
        char told[256];
        memset(&world, 0, sizeof world);
        for (int64_t hour = 0; hour < 50; hour++) {
            struct pair_row rows[3];
            size_t count = 0;
            if (hour >= 2)
                rows[count++] = (struct pair_row){"Y", "C1", hour < 12 ? 1 : 2, hour < 12 ? 1 : version,
                                                  hour < 5 ? 2 : 4};
            if (hour >= 5 && hour < 10)
                rows[count++] = (struct pair_row){"Y", "P1", 1, version, 4};
            if (hour >= 8)
                rows[count++] = (struct pair_row){"X", "C1", 1, 1, 2};
            const struct order_arrival came[] = {{"Y", "C1", hour < 40 ? version : 4, START + hour * HOUR, 2},
                                                 {"Z", "C1", 2, START + 20 * HOUR, 2}};
            const size_t arrivals = hour == 12 || hour == 40;
            run_hierarchy(&world, hour, rows, count, came, arrivals, told, sizeof told);
            /* What P1 had only at 10 was sent to C1 after X. */
            expect_told("Y comes to C1", told, "");
        }
        const struct order_arrival last = {"Z", "C1", 2, START + 90 * HOUR, 2};
        const struct pair_row alone = {"X", "C1", 1, 1, 2};
        run_hierarchy(&world, 90, &alone, 1, &last, 1, told, sizeof told);
        expect_told("version 4 was sent after X", told, "X@C1 overtaken");
    }
}

/*
 * X is made every day and C1 never gets it. P1 has each version 3 h later, or (`behind`) always the one before. Another package,
 * sent to C1 before P1 has it, comes there every day, or (`dead`) nothing.
 */
static void run_daily(bool behind, bool dead, char *first, size_t size)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    first[0] = '\0';
    run_hierarchy(&world, -1, NULL, 0, NULL, 0, first, size);
    for (int64_t hour = 0; hour < 10 * 24 && first[0] == '\0'; hour++) {
        const int64_t wanted = 2 + hour / 24, made = hour % 24;
        struct pair_row rows[3] = {{"X", "C1", 1, wanted, wanted}};
        size_t count = 1;
        if (made < 3)
            rows[count++] = (struct pair_row){"X", "P1", 1, wanted, wanted};
        else if (behind)
            rows[count++] = (struct pair_row){"X", "P1", 2, wanted - 1, wanted};
        if (made >= 1 && made < 5 && !dead)
            rows[count++] = (struct pair_row){"Y", "C1", 1, wanted, wanted};
        const struct order_arrival came[] = {
            {"X", "P1", behind ? wanted - 1 : wanted, START + hour * HOUR, 2},
            {"Y", "C1", wanted, START + hour * HOUR, 2}};
        const bool other = made == 5 && !dead;
        run_hierarchy(&world, hour, rows, count, made == 3 ? came : came + 1, made == 3 || other, first,
                      size);
        if (first[0] != '\0')
            snprintf(first + strlen(first), size - strlen(first), " on day %" PRId64, hour / 24);
    }
}

static void test_what_never_comes_below_a_hub_that_gets_a_newer_version_every_day(void **state)
{
    (void)state;
    char told[256];
    run_daily(false, false, told, sizeof told);
    expect_told("the hub has each", told, "X@C1 overtaken on day 4");
    run_daily(true, false, told, sizeof told);
    expect_told("the hub is always one behind", told, "X@C1 overtaken on day 4");
    run_daily(false, true, told, sizeof told);
    expect_told("a dead link", told, "X@C1 silent 1+0 on day 4");
}

/* One service's run over X, sent to S01 at hour 0, 30,000 MB of it. @return it is CRITICAL */
static bool run_service(struct world *world, int64_t hour, int64_t rate_mb, int64_t version, bool moves)
{
    const struct order_pair pair = {.package = "X",
                                    .site = "S01",
                                    .key = "X@S01",
                                    .has_status = true,
                                    .status = 1,
                                    .held = version,
                                    .wanted = version,
                                    .size_bytes = 30000 * MB,
                                    .priority = 2};
    const struct order_arrival came = {"Y", "S01", 2, START + hour * HOUR, 2};
    const struct order_hop hop = {"S01", "", true, true, rate_mb * MB, START};
    const struct range failed = {.set = true, .end = 24 * HOUR};
    const struct order_run run = {.now = START + hour * HOUR,
                                  .database_now = START + hour * HOUR,
                                  .silent_critical_s = 72 * HOUR,
                                  .failed_critical = &failed,
                                  .pairs = &pair,
                                  .pair_count = hour < 0 ? 0 : 1,
                                  .arrivals = &came,
                                  .arrival_count = moves && hour % 6 == 0 && hour > 0,
                                  .hops = &hop,
                                  .hop_count = 1};
    struct order_result result;
    assert_int_equal(
        order_judge(&run, world->items, world->item_count, world->sites, world->site_count, &result), 0);
    const bool critical = hour >= 0 && result.verdicts[0].status == STATUS_CRITICAL;
    keep(world, &run, &result);
    order_result_free(&result);
    return critical;
}

/* @return the hour at which the service with a rate becomes CRITICAL, 0 never */
static int64_t first_critical(int64_t rate_mb, bool beside_another, int64_t version, bool moves)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    run_service(&world, -1, rate_mb, version, moves);
    for (int64_t hour = 0; hour < 400; hour++) {
        if (beside_another)
            run_service(&world, hour, 0, version, moves);
        if (run_service(&world, hour, rate_mb, version, moves))
            return hour;
    }
    return 0;
}

/* --min-rate says how long a package may take, whatever passes it and whoever else judges by the same memory. */
static void test_the_rate_of_the_operator(void **state)
{
    (void)state;
    assert_int_equal(first_critical(0, false, 2, true), 18);
    assert_int_equal(first_critical(0, false, 2, false), 72);
    for (int beside = 0; beside < 2; beside++) {
        assert_int_equal(first_critical(300, beside, 2, true), 114); /* 100 h, 6 h and what it had waited */
        assert_int_equal(first_critical(300, beside, 2, false), 172);
    }
    /* Version 1 is sent whole, whatever its row says: at 12 MB/h. */
    assert_int_equal(first_critical(0, false, 1, false), 0);
}

/* A first run folds into the hub only what may wait for the version that the hub waits for. */
static void test_what_was_sent_before_the_hub_began_to_wait_is_not_folded(void **state)
{
    (void)state;
    for (int64_t version = 2; version <= 5; version += 3) {
        const struct order_pair pairs[] = {{.package = "X",
                                            .site = "C1",
                                            .key = "X@C1",
                                            .has_status = true,
                                            .status = 1,
                                            .held = version,
                                            .wanted = 5},
                                           {.package = "X",
                                            .site = "P1",
                                            .key = "X@P1",
                                            .has_status = true,
                                            .status = 1,
                                            .held = 5,
                                            .wanted = 5}};
        const struct order_hop hops[] = {{"C1", "P1", true, true, 0, START},
                                         {"P1", "", true, true, 0, START}};
        const struct range failed = {.set = true, .end = 24 * HOUR};
        const struct order_run run = {.now = START,
                                      .database_now = START,
                                      .silent_critical_s = 72 * HOUR,
                                      .failed_critical = &failed,
                                      .pairs = pairs,
                                      .pair_count = 2,
                                      .hops = hops,
                                      .hop_count = 2};
        struct order_result result;
        assert_int_equal(order_judge(&run, NULL, 0, NULL, 0, &result), 0);
        assert_int_equal(result.verdicts[0].folded, version == 2 ? -1 : 1);
        order_result_free(&result);
    }
}

/* ---- edges */

static void test_odd_rows(void **state)
{
    (void)state;
    static struct world world;
    char told[256];
    static const struct pair_row rows[] = {{"X", "D1", 1, 1, 2}};
    memset(&world, 0, sizeof world);
    run_hierarchy(&world, 0, NULL, 0, NULL, 0, told, sizeof told);
    for (int64_t hour = 1; hour < 60; hour++) {
        /* Dates of the far future, of sites that are not there, without a package: none is an arrival. */
        const struct order_arrival odd[] = {{"Y", "D1", 2, START + 9000 * HOUR, 2},
                                            {"Y", "XX", 2, START + hour * HOUR, 2},
                                            {"Y", "D1", 2, START, 2},
                                            {"", "", 2, START + hour * HOUR, -3}};
        run_hierarchy(&world, hour, rows, 1, odd, 4, told, sizeof told);
        expect_told("odd rows", told, "");
    }
    /* Of an unknown site: judged by nobody, and nothing breaks. */
    const struct order_pair pair = {
        .package = "X", .site = "??", .key = "X@??", .has_status = true, .status = 1, .wanted = 2};
    const struct range failed = {.set = true, .end = 24 * HOUR};
    const struct order_run run = {.now = START, .pairs = &pair, .pair_count = 1, .failed_critical = &failed};
    struct order_result result;
    assert_int_equal(order_judge(&run, NULL, 0, NULL, 0, &result), 0);
    assert_true(result.verdicts[0].status == STATUS_OK && result.verdicts[0].hop == -1);
    order_result_free(&result);
}

/* 10,000 findings at one site and 10,000 arrivals there: sorted and merged, never one by the other. */
static void test_it_costs_by_findings_and_arrivals(void **state)
{
    (void)state;
    enum { MANY = 10000 };
    struct order_pair *pairs = calloc(MANY, sizeof *pairs);
    struct order_arrival *arrivals = calloc(MANY, sizeof *arrivals);
    struct order_item *items = calloc(MANY, sizeof *items);
    char(*keys)[24] = calloc(MANY, sizeof *keys), (*names)[16] = calloc(MANY, sizeof *names);
    const struct order_hop hops[] = {{"CEN", "", true, true, 0, 0}, {"S01", "CEN", true, true, 0, START}};
    const struct order_site sites[] = {{.code = "CEN", .prev = START},
                                       {.code = "S01", .prev = START + HOUR, .mark = START, .last = START}};
    const struct range failed = {.set = true, .end = 24 * HOUR};
    assert_true(pairs != NULL && arrivals != NULL && items != NULL && keys != NULL && names != NULL);
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "CEN%05d", i);
        snprintf(keys[i], sizeof keys[i], "CEN%05d@S01", i);
        pairs[i] = (struct order_pair){.package = names[i],
                                       .site = "S01",
                                       .key = keys[i],
                                       .has_status = true,
                                       .status = 1,
                                       .held = 1,
                                       .wanted = 2,
                                       .size_bytes = i,
                                       .priority = 2};
        items[i] = (struct order_item){.key = keys[i], .since = START, .sent = START + i % 977, .held = 1};
        arrivals[i] = (struct order_arrival){names[MANY - 1 - i], "S01", 1, START + 1 + i, 1 + i % 3};
    }
    const struct order_run run = {.now = START + 2 * HOUR,
                                  .database_now = START + 9 * HOUR,
                                  .silent_critical_s = 72 * HOUR,
                                  .failed_critical = &failed,
                                  .pairs = pairs,
                                  .pair_count = MANY,
                                  .arrivals = arrivals,
                                  .arrival_count = MANY,
                                  .hops = hops,
                                  .hop_count = 2};
    struct order_result result;
    struct timespec begin, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    assert_int_equal(order_judge(&run, items, MANY, sites, 2, &result), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    print_message("10,000 findings and 10,000 arrivals at one site: %.1f ms\n", seconds * 1e3);
    /* 100 million comparisons would take longer, even without a sanitizer. */
    assert_true(seconds < 0.5);
    assert_int_equal(result.sites[1].arrived, MANY);
    int64_t overtaken = 0;
    for (int i = 0; i < MANY; i++)
        overtaken += result.items[i].any != 0;
    assert_true(overtaken > MANY * 9 / 10 && overtaken < MANY);
    order_result_free(&result);
    free(pairs);
    free(arrivals);
    free(items);
    free(keys);
    free(names);
}

/* What is read is the time since a mark, at every site. */
static void test_quiet_sites_have_a_date_of_their_own(void **state)
{
    (void)state;
    enum { SITES = 6, TOP = 1000 * HOUR };
    static const struct {
        int64_t
            age_h[SITES]; /* of the mark; -1: no run looked at the site yet, -2: not active, -3: left out */
        int64_t since_h, quiet_h;
        size_t quiet;
    } rows[] = {
        {{0, 0, 0, 0, 0, 0}, 0, 0, 0},       {{48, 0, 0, 0, 0, 0}, 0, 48, 1},
        {{0, 48, 1, 40, 0, 2}, 2, 48, 2},    {{48, 48, 48, 48, 48, 48}, 48, 48, 0},
        {{-1, 0, 0, 0, 0, 5}, 0, 5, 1},      {{-2, -3, 7, 7, 7, -1}, 7, 7, 0},
        {{48, 48, 48, 48, 48, 1}, 1, 48, 5}, {{10, -1, -1, -1, -1, -1}, 10, 10, 0},
    };
    static const char *const codes[SITES] = {"S01", "S02", "S03", "S04", "S05", "S06"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct order_hop hops[SITES];
        struct order_site sites[SITES];
        for (int s = 0; s < SITES; s++) {
            const int64_t age_h = rows[i].age_h[s];
            hops[s] = (struct order_hop){codes[s], "", age_h != -2, age_h != -3, 0, 0};
            sites[s] = (struct order_site){.code = (char *)codes[s],
                                           .prev = age_h == -1 ? 0 : TOP,
                                           .mark = TOP - (age_h < 0 ? 900 : age_h) * HOUR};
        }
        struct order_reading reading;
        assert_int_equal(order_reading_find(&reading, hops, SITES, sites, SITES, TOP), 0);
        assert_int_equal((TOP - reading.since) / HOUR, rows[i].since_h);
        assert_int_equal((TOP - reading.quiet_since) / HOUR, rows[i].quiet_h);
        assert_int_equal(reading.quiet.count, rows[i].quiet);
        for (size_t q = 0; q < reading.quiet.count; q++)
            assert_true(TOP - sites[reading.quiet.strings[q][2] - '1'].mark > rows[i].since_h * HOUR);
        order_reading_free(&reading);
    }
    /* Nobody looked for a month. */
    const struct order_hop hop = {"S01", "", true, true, 0, 0};
    const struct order_site site = {.code = "S01", .prev = TOP, .mark = TOP - 30 * 24 * HOUR};
    struct order_reading none;
    assert_int_equal(order_reading_find(&none, &hop, 1, &site, 1, TOP), 0);
    assert_true(none.since == TOP - ORDER_LOOK_BACK_S && none.quiet_since == none.since);
    order_reading_free(&none);
    assert_int_equal(order_reading_find(&none, NULL, 0, NULL, 0, 1000 * HOUR), 0);
    assert_true(none.since == 0 && none.quiet_since == 0 && none.quiet.count == 0);
    order_reading_free(&none);
}

/* More quiet sites than a statement may name. */
static void test_as_many_quiet_sites_as_a_statement_takes(void **state)
{
    (void)state;
    enum { SITES = 3 * ORDER_QUIET_MOST, TOP = 1000 * HOUR };
    static struct order_hop hops[SITES];
    static struct order_site sites[SITES];
    static char codes[SITES][8];
    for (int s = 0; s < SITES; s++) {
        snprintf(codes[s], sizeof codes[s], "%04d", s);
        sites[s].code = codes[s];
        sites[s].prev = TOP;
        sites[s].mark = s % 2 == 0 ? TOP : TOP - 48 * HOUR;
        hops[s] = (struct order_hop){sites[s].code, "", true, true, 0, 0};
    }
    struct order_reading reading;
    assert_int_equal(order_reading_find(&reading, hops, SITES, sites, SITES, TOP), 0);
    assert_true(reading.quiet.count <= ORDER_QUIET_MOST);
    assert_true(reading.since == TOP - 48 * HOUR && reading.quiet_since == reading.since);
    order_reading_free(&reading);
}

/* A run that could not read what arrived since the site was looked at knows no order of it, and says nothing of silence. */
static void test_a_site_whose_arrivals_were_not_read_begins_anew(void **state)
{
    (void)state;
    const int64_t mark = START + 100 * HOUR, now = mark + HOUR;
    const char *const quiet[] = {"S01"};
    const struct {
        struct order_reading reading;
        bool anew;
    } rows[] = {
        {{0}, true},
        {{.since = mark, .quiet_since = mark}, false},
        {{.since = mark - HOUR, .quiet_since = mark - HOUR}, false},
        {{.since = mark + 1, .quiet_since = mark}, true},
        {{.since = now, .quiet_since = mark, .quiet = {(const char **)quiet, 1}}, false},
        {{.since = now, .quiet_since = mark + 1, .quiet = {(const char **)quiet, 1}}, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct order_site site = {
            .code = "S01", .last = START, .mark = mark, .prev = mark, .arrived = 7, .newest = "CEN00009"};
        const struct order_item item = {
            .key = (char *)"CEN00001@S01", .since = START, .sent = START, .held = -1};
        const struct order_pair pair = {.package = "CEN00001",
                                        .site = "S01",
                                        .key = item.key,
                                        .has_status = true,
                                        .status = 1,
                                        .held = 1,
                                        .wanted = 2,
                                        .priority = 2};
        const struct order_hop hop = {"S01", "", true, true, 0, now};
        const struct range never = {0};
        const struct order_arrival arrival = {"CEN00002", "S01", 2, now, 2};
        const struct order_run run = {.now = now,
                                      .database_now = now,
                                      .silent_critical_s = 72 * HOUR,
                                      .failed_critical = &never,
                                      .pairs = &pair,
                                      .pair_count = 1,
                                      .arrivals = &arrival,
                                      .arrival_count = 1,
                                      .reading = &rows[i].reading,
                                      .hops = &hop,
                                      .hop_count = 1};
        struct order_result result;
        assert_int_equal(order_judge(&run, &item, 1, &site, 1, &result), 0);
        assert_true(result.sites[0].mark == now && result.sites[0].last == now);
        assert_true(result.sites[0].arrived == (rows[i].anew ? 7 : 8));
        assert_true(result.sites[0].quiet == (rows[i].anew ? now : 0));
        assert_true(result.items[0].over == (rows[i].anew ? 0 : now) && result.items[0].inherited == 0);
        assert_false(result.silences[0].silent);
        order_result_free(&result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quiet_sites_have_a_date_of_their_own),
        cmocka_unit_test(test_as_many_quiet_sites_as_a_statement_takes),
        cmocka_unit_test(test_a_site_whose_arrivals_were_not_read_begins_anew),
        cmocka_unit_test(test_the_cases),
        cmocka_unit_test(test_the_first_broken_hop),
        cmocka_unit_test(test_no_order_below_a_missing_package),
        cmocka_unit_test(test_an_older_version_on_its_way_below),
        cmocka_unit_test(test_what_never_comes_below_a_hub_that_gets_a_newer_version_every_day),
        cmocka_unit_test(test_the_rate_of_the_operator),
        cmocka_unit_test(test_what_was_sent_before_the_hub_began_to_wait_is_not_folded),
        cmocka_unit_test(test_odd_rows),
        cmocka_unit_test(test_it_costs_by_findings_and_arrivals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
