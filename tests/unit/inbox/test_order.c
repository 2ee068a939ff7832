// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 24 * HOUR, NOON = 1800000000 };

/* A box through several runs. */
struct world {
    const struct inbox_kind *kind;
    struct inbox_memory memory;
    struct inbox_verdict verdict;
    struct inbox_limits limits;
    struct string_list match;
    const char *known; /* a name that --known mutes, or NULL */
    int64_t changed;   /* of the folder; 0: at each run the newest file's date */
    int64_t files, known_count, writing, future;
};

struct file {
    const char *name;
    int64_t mtime;
};

static bool is_known(const void *context, const char *name)
{
    const struct world *world = context;
    return world->known != NULL && strcmp(world->known, name) == 0;
}

static void look_many(struct world *world, int64_t now, const struct file *files, size_t count)
{
    struct inbox_memory before = world->memory;
    bool clock_back = inbox_memory_clamp(&before, now);
    const struct inbox_selection selection = {.match = &world->match, .is_known = is_known, .context = world};
    struct inbox_listing listing = {.kind = world->kind,
                                    .selection = &selection,
                                    .memory = &before,
                                    .folder = {.changed = world->changed},
                                    .now = now};
    inbox_verdict_free(&world->verdict);
    assert_int_equal(inbox_listing_begin(&listing), 0);
    for (size_t i = 0; i < count; i++) {
        const struct bytestore_entry entry = {
            .name = files[i].name, .regular = true, .size_bytes = 100, .mtime = files[i].mtime};
        assert_true(inbox_listing_visit(&listing, &entry));
    }
    assert_int_equal(inbox_judge(&listing, &world->limits, clock_back, &world->verdict, &world->memory), 0);
    world->files = listing.files;
    world->known_count = listing.known;
    world->writing = listing.writing;
    world->future = listing.future;
    inbox_listing_free(&listing);
    inbox_memory_free(&before);
}

/* Files up to one without a name. */
static void look(struct world *world, int64_t now, const struct file *files)
{
    size_t count = 0;
    while (files[count].name != NULL)
        count++;
    look_many(world, now, files, count);
}

#define LOOK(world, now, ...) look(world, now, (const struct file[]){__VA_ARGS__{NULL, 0}})

static struct world begin(const char *location)
{
    return (struct world){.kind = inbox_kind_of(location)};
}

static void end(struct world *world)
{
    inbox_verdict_free(&world->verdict);
    inbox_memory_free(&world->memory);
}

/* "silent 7 h WARNING; left a.SRQ 2 h OK" */
static void expect(const struct world *world, const char *what, enum status silent, int64_t silence_s,
                   size_t stragglers, enum status worst)
{
    const struct inbox_verdict *verdict = &world->verdict;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < verdict->straggler_count; i++)
        status = status_worse(status, verdict->stragglers[i].status);
    if (verdict->silent != silent || verdict->silence_s != silence_s ||
        verdict->straggler_count != stragglers || status != worst)
        fail_msg("%s: silent for %lld s is %s, %zu stragglers are %s", what, (long long)verdict->silence_s,
                 status_name(verdict->silent), verdict->straggler_count, status_name(status));
}

static void test_a_hung_despooler(void **state)
{
    (void)state;
    struct world w = begin("/m/despoolr.box/receive");
    const int64_t t = NOON;
    LOOK(&w, t, );
    expect(&w, "empty", STATUS_OK, 0, 0, STATUS_OK);
    LOOK(&w, t + HOUR, {"A.SNI", t + HOUR - 2 * MINUTE}, );
    expect(&w, "one came", STATUS_OK, 2 * MINUTE, 0, STATUS_OK);
    LOOK(&w, t + 3 * HOUR, {"A.SNI", t + HOUR - 2 * MINUTE}, {"B.SNI", t + 2 * HOUR}, );
    expect(&w, "2 h", STATUS_WARNING, 2 * HOUR + 2 * MINUTE, 0, STATUS_OK);
    LOOK(&w, t + 8 * HOUR, {"A.SNI", t + HOUR - 2 * MINUTE}, {"B.SNI", t + 2 * HOUR},
         {"C.SNI", t + 7 * HOUR}, );
    expect(&w, "7 h", STATUS_CRITICAL, 7 * HOUR + 2 * MINUTE, 0, STATUS_OK);
    /* One leaves: the clock begins anew. */
    LOOK(&w, t + 9 * HOUR, {"B.SNI", t + 2 * HOUR}, {"C.SNI", t + 7 * HOUR}, );
    expect(&w, "one left", STATUS_OK, 0, 0, STATUS_OK);
    assert_string_equal(w.memory.moved_name, "A.SNI");
    LOOK(&w, t + 10 * HOUR, );
    expect(&w, "all left", STATUS_OK, 0, 0, STATUS_OK);
    assert_int_equal(w.verdict.gone, 2);
    end(&w);
}

static void test_one_held_while_the_rest_flows(void **state)
{
    (void)state;
    struct world w = begin("/m/schedule.box/requests");
    int64_t t = NOON;
    const struct file held = {"202AAS02.SRQ", t - 5 * MINUTE};
    LOOK(&w, t - 10 * MINUTE, );
    LOOK(&w, t, held, {"202AB001.SRQ", t - 2 * MINUTE}, );
    LOOK(&w, t += HOUR, held, {"202AB002.SRQ", t - 2 * MINUTE}, );
    LOOK(&w, t += HOUR, held, {"202AB003.SRQ", t - 2 * MINUTE}, {"202AB004.JOB", t - 2 * MINUTE}, );
    expect(&w, "two have overtaken", STATUS_OK, 0, 0, STATUS_OK);
    LOOK(&w, t += HOUR, held, );
    expect(&w, "three, a file of another extension does not count", STATUS_OK, 0, 1, STATUS_OK);
    assert_int_equal(w.verdict.stragglers[0].file.overtaken, 3);
    const int64_t over = t;
    for (; t < over + 13 * HOUR; t += HOUR)
        LOOK(&w, t, held, );
    LOOK(&w, over + 13 * HOUR, held, );
    expect(&w, "quiet night: the one without a reason is not silent", STATUS_OK, 0, 1, STATUS_WARNING);
    for (t = over + 14 * HOUR; t <= over + 25 * HOUR; t += HOUR)
        LOOK(&w, t, held, );
    expect(&w, "a day", STATUS_OK, 0, 1, STATUS_CRITICAL);
    LOOK(&w, t, );
    expect(&w, "let go", STATUS_OK, 0, 0, STATUS_OK);
    end(&w);
}

/* A probe, a backup, a broken transfer: what was never seen to wait has not left either. */
static void test_what_comes_and_goes_between_two_looks_is_no_work(void **state)
{
    (void)state;
    struct world w = begin("/m/despoolr.box/receive");
    int64_t t = NOON;
    const struct file held = {"202AAS02.SNI", t - 5 * MINUTE};
    LOOK(&w, t - 6 * MINUTE, );
    for (; t < NOON + 6 * HOUR; t += 5 * MINUTE) {
        w.changed = t - MINUTE; /* x.TMP has come and gone */
        LOOK(&w, t, held, );
        expect(&w, "the folder changes", t - held.mtime <= 2 * HOUR ? STATUS_OK : STATUS_WARNING,
               t - held.mtime, 0, STATUS_OK);
    }
    LOOK(&w, t, held, {"C.TMP", t - 10}, );
    LOOK(&w, t += MINUTE, held, );
    expect(&w, "a .TMP that was seen is none either", STATUS_CRITICAL, t - held.mtime, 0, STATUS_OK);
    end(&w);
}

/* The scheduler rewrites a job's status, a sender gives a request back: the work is the same. */
static void test_what_is_rewritten_is_no_newcomer(void **state)
{
    (void)state;
    struct world w = begin("/m/schedule.box/requests");
    int64_t t = NOON;
    LOOK(&w, t - 10 * MINUTE, );
    for (int i = 0; i < 40; i++, t += HOUR) {
        char name[16];
        snprintf(name, sizeof name, "2%03dAS03.SRQ", i);
        LOOK(&w, t, {"202AAS05.SRQ", t - 4 * MINUTE}, {name, t - 2 * MINUTE}, );
    }
    expect(&w, "requests pass it", STATUS_OK, 0, 1, STATUS_CRITICAL);
    assert_int_equal(w.verdict.stragglers[0].file.rewritten, 39);
    assert_int_equal(w.verdict.stragglers[0].file.start, NOON - 4 * MINUTE);
    end(&w);
    w = begin("/m/schedule.box");
    LOOK(&w, NOON - MINUTE, );
    for (t = NOON; t <= NOON + 97 * HOUR; t += HOUR)
        LOOK(&w, t, {"00000391.JOB", t - 3 * MINUTE}, {"S05.STA", t - 3 * MINUTE}, );
    expect(&w, "a job of a dead site", STATUS_CRITICAL, 97 * HOUR + MINUTE, 0, STATUS_OK);
    end(&w);
}

/* Where a share was mounted lies an empty folder of the host itself. */
static void test_an_empty_folder_that_is_another_one(void **state)
{
    (void)state;
    struct inbox_memory memory = {.looked = NOON, .device = 5, .inode = 128};
    const struct {
        int64_t device, inode, waiting;
        bool elsewhere;
        const char *what;
    } cases[] = {{5, 128, 0, false, "the same, empty"},
                 {6, 128, 0, false, "mounted anew"},
                 {5, 129, 0, false, "made anew on the same file system"},
                 {6, 129, 0, true, "the place of the mount"},
                 {6, 129, 1, false, "moved to another disk, work waits"},
                 {0, 0, 0, false, "not known (SMB)"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct inbox_listing listing = {.memory = &memory,
                                              .folder = {.device = cases[i].device, .inode = cases[i].inode},
                                              .waiting = cases[i].waiting};
        if (inbox_listing_is_elsewhere(&listing) != cases[i].elsewhere)
            fail_msg("%s", cases[i].what);
    }
    memory.inode = 0;
    assert_false(inbox_listing_is_elsewhere(
        &(struct inbox_listing){.memory = &memory, .folder = {.device = 6, .inode = 129}}));
}

/* Everything waits for an address that opens at 22:00, also over a weekend. */
static void test_a_closed_address(void **state)
{
    (void)state;
    struct world w = begin("smb://cen/SMS_CEN/inboxes/schedule.box/outboxes/LAN");
    const int64_t friday = NOON + 5 * HOUR, monday_night = friday + 3 * DAY + 5 * HOUR;
    LOOK(&w, friday - HOUR, );
    int64_t t = friday;
    for (; t < monday_night; t += HOUR) {
        LOOK(&w, t, {"202AAS02.SRQ", friday - MINUTE - 5}, {"202AAS03.SRQ", friday - MINUTE - 4}, );
        expect(&w, "the weekend", STATUS_OK, t - (friday - MINUTE - 5), 0, STATUS_OK);
    }
    LOOK(&w, t, );
    expect(&w, "22:00", STATUS_OK, 0, 0, STATUS_OK);
    /* A sender that hangs. */
    LOOK(&w, t += HOUR, {"202AAS04.SRQ", t - HOUR + 1}, );
    for (int i = 0; i < 97; i++)
        LOOK(&w, t += HOUR, {"202AAS04.SRQ", t - HOUR - i * HOUR}, );
    end(&w);
    w = begin("/m/schedule.box/outboxes/LAN");
    for (t = NOON; t <= NOON + 85 * HOUR; t += HOUR)
        LOOK(&w, t, {"202AAS04.SRQ", NOON - HOUR / 2}, );
    expect(&w, "the sender hangs, a warning", STATUS_WARNING, 85 * HOUR, 0, STATUS_OK);
    for (; t <= NOON + 97 * HOUR; t += HOUR)
        LOOK(&w, t, {"202AAS04.SRQ", NOON - HOUR / 2}, );
    expect(&w, "the sender hangs", STATUS_OK, 0, 1, STATUS_CRITICAL);
    end(&w);
    /* What the operator gives counts for every name. */
    w = begin("/m/schedule.box/outboxes/LAN");
    w.limits.silent_critical = w.limits.left_critical = (struct range){.set = true, .end = 6 * HOUR};
    LOOK(&w, NOON, );
    LOOK(&w, NOON + HOUR, {"202AAS05.SRQ", NOON + MINUTE}, );
    LOOK(&w, NOON + 7 * HOUR, {"202AAS05.SRQ", NOON + MINUTE}, );
    expect(&w, "-c 6h", STATUS_CRITICAL, 7 * HOUR - MINUTE, 0, STATUS_OK);
    end(&w);
}

static void test_the_first_look(void **state)
{
    (void)state;
    struct world w = begin("/m/despoolr.box/receive");
    const int64_t t = NOON;
    LOOK(&w, t, {"A.SNI", t - 4 * DAY}, {"B.SNI", t - 3 * HOUR}, );
    expect(&w, "old at the first look", STATUS_OK, 0, 1, STATUS_CRITICAL);
    assert_true(w.verdict.first && w.verdict.stragglers[0].reason == INBOX_OLD);
    /* The others flow: it stays until it leaves. */
    LOOK(&w, t + HOUR, {"A.SNI", t - 4 * DAY}, );
    expect(&w, "the others flow", STATUS_OK, 0, 1, STATUS_CRITICAL);
    LOOK(&w, t + 9 * HOUR, {"A.SNI", t - 4 * DAY}, );
    expect(&w, "a quiet night", STATUS_OK, 0, 1, STATUS_CRITICAL);
    LOOK(&w, t + 10 * HOUR, );
    expect(&w, "it left", STATUS_OK, 0, 0, STATUS_OK);
    end(&w);
    /* Nothing leaves: the box is silent, and stays so. */
    w = begin("/m/despoolr.box/receive");
    LOOK(&w, t, {"A.SNI", t - HOUR}, );
    LOOK(&w, t + 3 * HOUR, {"A.SNI", t - HOUR}, );
    expect(&w, "3 h", STATUS_WARNING, 3 * HOUR, 0, STATUS_OK);
    for (int hour = 7; hour < 30; hour++) {
        LOOK(&w, t + hour * HOUR, {"A.SNI", t - HOUR}, );
        expect(&w, "silent for a day", STATUS_CRITICAL, hour * HOUR, 0, STATUS_OK);
    }
    LOOK(&w, t + 30 * HOUR, {"A.SNI", t - HOUR}, {"B.SNI", t + 29 * HOUR}, );
    LOOK(&w, t + 31 * HOUR, {"A.SNI", t - HOUR}, );
    expect(&w, "one flows, the first does not", STATUS_OK, 0, 1, STATUS_CRITICAL);
    end(&w);
}

/* Moved and copied files bring their dates along: what was not there at the last look is younger than that. */
static void test_old_dates_of_new_files(void **state)
{
    (void)state;
    struct world w = begin("/m/despoolr.box/receive");
    const int64_t t = NOON;
    LOOK(&w, t, );
    LOOK(&w, t + HOUR, {"A.SNI", t - 9 * DAY}, );
    expect(&w, "came since the last look", STATUS_OK, HOUR, 0, STATUS_OK);
    /* The same name with another date is another file. */
    LOOK(&w, t + 5 * HOUR, {"A.SNI", t + 4 * HOUR}, );
    expect(&w, "replaced", STATUS_OK, HOUR, 0, STATUS_OK);
    /* Emptied and filled between two looks. */
    LOOK(&w, t + 12 * HOUR, {"B.SNI", t + 6 * HOUR}, );
    expect(&w, "emptied and filled", STATUS_OK, 0, 0, STATUS_OK);
    end(&w);
}

static void test_clocks(void **state)
{
    (void)state;
    struct world w = begin("/m/despoolr.box/receive");
    const int64_t t = NOON;
    /* The server is two hours ahead: the folder's own date says so. */
    w.changed = t + 2 * HOUR;
    LOOK(&w, t, {"A.SNI", t + HOUR}, {"B.SNI", t + 2 * HOUR - 30}, {"C.SNI", t + 9 * DAY}, );
    expect(&w, "the server is ahead", STATUS_OK, 0, 0, STATUS_OK);
    assert_int_equal(w.verdict.oldest_s, HOUR);
    assert_int_equal(w.writing, 1);
    assert_int_equal(w.future, 1);
    assert_int_equal(w.files, 2);
    end(&w);
    /* This host's clock runs backwards. */
    w = begin("/m/despoolr.box/receive");
    LOOK(&w, t - HOUR, );
    LOOK(&w, t, {"A.SNI", t - 10 * MINUTE}, );
    LOOK(&w, t - 5 * HOUR, {"A.SNI", t - 10 * MINUTE}, );
    assert_true(w.verdict.clock_back);
    expect(&w, "the clock went back", STATUS_OK, 0, 0, STATUS_OK);
    LOOK(&w, t + 2 * HOUR, {"A.SNI", t - 10 * MINUTE}, );
    expect(&w, "and on", STATUS_CRITICAL, 7 * HOUR, 0, STATUS_OK);
    end(&w);
    /* Two days without a look are no silence that was seen. */
    w = begin("/m/despoolr.box/receive");
    LOOK(&w, t, );
    LOOK(&w, t + HOUR, {"A.SNI", t + 30 * MINUTE}, );
    LOOK(&w, t + 2 * DAY, {"A.SNI", t + 30 * MINUTE}, );
    expect(&w, "a gap", STATUS_OK, 30 * MINUTE, 0, STATUS_OK);
    LOOK(&w, t + 2 * DAY + 2 * HOUR, {"A.SNI", t + 30 * MINUTE}, );
    expect(&w, "after the gap", STATUS_WARNING, 2 * HOUR + 30 * MINUTE, 0, STATUS_OK);
    end(&w);
}

static void test_dates_that_tell_nothing(void **state)
{
    (void)state;
    static const int64_t dates[] = {0, -1, 631151999, INT64_MIN, INT64_C(-11644473600) /* 1601 */};
    const int64_t t = NOON;
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        /* Its age is that of our memory, at the first look and later. */
        struct world w = begin("/m/despoolr.box/receive");
        LOOK(&w, t, {"A.SNI", dates[i]}, );
        expect(&w, "first look", STATUS_OK, 0, 0, STATUS_OK);
        assert_int_equal(w.files, 1);
        assert_int_equal(w.writing + w.future, 0);
        LOOK(&w, t + 7 * HOUR, {"A.SNI", dates[i]}, );
        expect(&w, "later", STATUS_CRITICAL, 7 * HOUR, 0, STATUS_OK);
        end(&w);
    }
    struct world w = begin("/m/despoolr.box/receive");
    LOOK(&w, t, {"A.SNI", 631152000}, );
    expect(&w, "1990 is a date", STATUS_OK, 0, 1, STATUS_CRITICAL);
    end(&w);
    /* A folder that is dated two days or for ever ahead tells no clock: a file of an hour ago is an hour old. */
    static const int64_t ahead[] = {NOON + DAY + 1, NOON + 2 * DAY, INT64_MAX};
    for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++) {
        w = begin("/m/despoolr.box/receive");
        w.changed = ahead[i];
        LOOK(&w, t, {"A.SNI", t - HOUR}, {"B.SNI", t + HOUR}, {"C.SNI", INT64_MAX}, );
        assert_int_equal(w.verdict.oldest_s, HOUR);
        assert_int_equal(w.future, 2);
        end(&w);
    }
    w = begin("/m/despoolr.box/receive");
    w.changed = t + DAY;
    LOOK(&w, t, {"A.SNI", t - HOUR}, );
    assert_int_equal(w.verdict.oldest_s, DAY + HOUR);
    end(&w);
}

/* A memory that no run would have kept. */
static void test_a_memory_out_of_bounds(void **state)
{
    (void)state;
    const int64_t t = NOON;
    struct world w = begin("/m/despoolr.box/receive");
    LOOK(&w, t, {"A.SNI", t - HOUR}, {"B.SNI", t - HOUR}, {"C.SNI", t - 2 * MINUTE}, );
    w.memory.looked = w.memory.moved = w.memory.quiet = INT64_MIN;
    w.memory.files[0].start = w.memory.files[0].over_since = w.memory.files[0].over_last = INT64_MIN;
    w.memory.files[0].overtaken = INT64_MAX;
    w.memory.files[1].overtaken = -5;
    LOOK(&w, t + HOUR, {"A.SNI", t - HOUR}, {"B.SNI", t - HOUR}, );
    for (size_t i = 0; i < w.memory.count; i++) {
        const struct inbox_file *file = &w.memory.files[i];
        assert_true(file->start >= 0 && file->over_since >= 0 && file->over_last >= 0 &&
                    file->overtaken >= 0);
    }
    assert_in_range(w.verdict.oldest_s, 0, NOON + HOUR);
    end(&w);
}

static void test_sizes_without_measure(void **state)
{
    (void)state;
    struct world w = begin("/m/despoolr.box/receive");
    const struct inbox_selection selection = {.match = &w.match};
    struct inbox_listing listing = {
        .kind = w.kind, .selection = &selection, .memory = &w.memory, .now = NOON};
    static const int64_t sizes[] = {INT64_MAX, 5, INT64_MIN, INT64_MAX, -1};
    assert_int_equal(inbox_listing_begin(&listing), 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char name[16];
        snprintf(name, sizeof name, "%zu.SNI", i);
        const struct bytestore_entry entry = {
            .name = name, .regular = true, .size_bytes = sizes[i], .mtime = NOON - HOUR};
        assert_true(inbox_listing_visit(&listing, &entry));
        assert_true(listing.bytes == INT64_MAX);
    }
    inbox_listing_free(&listing);
    end(&w);
}

static void test_selection(void **state)
{
    (void)state;
    struct world w = begin("/m/despoolr.box/receive");
    const int64_t t = NOON;
    const char *globs[] = {"*.sni"};
    w.match = (struct string_list){globs, 1};
    w.known = "A.SNI";
    LOOK(&w, t - HOUR, );
    LOOK(&w, t, {"A.SNI", t - 5 * MINUTE}, {"B.SNI", t - 5 * MINUTE}, {"X.IST", t - 5 * MINUTE},
         {"Y.TMP", t - DAY}, );
    assert_int_equal(w.files, 1);
    assert_int_equal(w.known_count, 1);
    LOOK(&w, t + 7 * HOUR, {"A.SNI", t - 5 * MINUTE}, {"X.IST", t - 5 * MINUTE}, );
    expect(&w, "only what is muted or not selected waits", STATUS_OK, 0, 0, STATUS_OK);
    /* The end of --known, and another --match: their ages were kept. */
    w.known = NULL;
    w.match.count = 0;
    LOOK(&w, t + 14 * HOUR, {"A.SNI", t - 5 * MINUTE}, {"X.IST", t - 5 * MINUTE}, );
    expect(&w, "no longer muted", STATUS_CRITICAL, 7 * HOUR, 0, STATUS_OK);
    assert_int_equal(w.verdict.oldest_s, 14 * HOUR + 5 * MINUTE);
    end(&w);
}

/* A .PKG may wait for its compressed files; the rest of its box may not. */
static void test_slow_names(void **state)
{
    (void)state;
    struct world w = begin("/m/distmgr.box/INCOMING");
    const int64_t t = NOON;
    LOOK(&w, t, );
    LOOK(&w, t + HOUR, {"U2J0GVIQ.PKG", t + MINUTE}, );
    LOOK(&w, t + 23 * HOUR, {"U2J0GVIQ.PKG", t + MINUTE}, );
    expect(&w, "a .PKG", STATUS_OK, 23 * HOUR - MINUTE, 0, STATUS_OK);
    assert_true(w.verdict.silence_is_slow);
    LOOK(&w, t + 30 * HOUR, {"U2J0GVIQ.PKG", t + MINUTE}, {"A.STA", t + 23 * HOUR + MINUTE}, );
    expect(&w, "and a .STA", STATUS_CRITICAL, 7 * HOUR - MINUTE, 0, STATUS_OK);
    assert_false(w.verdict.silence_is_slow);
    end(&w);
}

/* More files than are kept: the longest waiting are. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    struct world w = begin("/m/despoolr.box/receive");
    struct file *files = calloc(MANY, sizeof *files);
    const int64_t t = NOON;
    for (int i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof name, "%08X.SNI", i);
        files[i] = (struct file){strdup(name), t - HOUR - (i * 7919 % MANY)};
    }
    w.limits.files_critical = (struct range){.set = true, .end = 1000};
    look_many(&w, t, files, MANY);
    assert_int_equal(w.files, MANY);
    assert_int_equal(w.memory.count, INBOX_KEPT);
    assert_false(w.memory.complete);
    assert_int_equal(w.verdict.oldest_s, HOUR + MANY - 1);
    assert_int_equal(w.verdict.full, STATUS_CRITICAL);
    for (size_t i = 0; i < w.memory.count; i++)
        assert_true(w.memory.files[i].start < t - HOUR - (MANY - INBOX_KEPT) + 1);
    /* Of those that are not kept one leaves: there are fewer. */
    look_many(&w, t + HOUR, files, MANY);
    assert_int_equal(w.memory.moved, 0);
    for (int i = 0; i < MANY; i++)
        if (files[i].mtime == t - HOUR) {
            struct file last = files[MANY - 1];
            files[MANY - 1] = files[i];
            files[i] = last;
            break;
        }
    look_many(&w, t + 2 * HOUR, files, MANY - 1);
    assert_int_equal(w.memory.moved, t + 2 * HOUR);
    assert_null(w.memory.moved_name);
    for (int i = 0; i < MANY; i++)
        free((char *)files[i].name);
    free(files);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hung_despooler),
        cmocka_unit_test(test_one_held_while_the_rest_flows),
        cmocka_unit_test(test_what_comes_and_goes_between_two_looks_is_no_work),
        cmocka_unit_test(test_what_is_rewritten_is_no_newcomer),
        cmocka_unit_test(test_an_empty_folder_that_is_another_one),
        cmocka_unit_test(test_a_closed_address),
        cmocka_unit_test(test_the_first_look),
        cmocka_unit_test(test_old_dates_of_new_files),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_dates_that_tell_nothing),
        cmocka_unit_test(test_a_memory_out_of_bounds),
        cmocka_unit_test(test_sizes_without_measure),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_slow_names),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
