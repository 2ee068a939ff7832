// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The logs of a site, put together by chance from every message that is known, read by any number of runs that
 * end anywhere, with rotations and byte limits and in any encoding, give the conditions of one run over the
 * whole; and a log that fails takes nothing of the others with it.
 */
#include "replication/logset.h"

#include "../dice.h"
#include "../logstory.h"
#include "replication/reading.h"
#include "replication/store.h"
#include "replication/templates.h"

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static uint64_t seed;

static uint32_t any(uint32_t below)
{
    return dice_throw(&seed, below);
}

enum { LOGS = 2, LINES = 600 };
static const char *const names[LOGS] = {"despool", "distmgr"};

/* What the site writes, in the order of time. */
struct line {
    int log;
    char *text;  /* owned; UTF-8 */
    char *bytes; /* owned; in the encoding of the log */
    size_t length;
};

struct site {
    char folder[48];
    char log[LOGS][80], old[LOGS][80];
    const char *locations[LOGS];
    struct line lines[LINES];
    const char *encoding;
};

static bool written[1000]; /* which templates */

static const char *any_package(void)
{
    static const char *const packages[] = {"CEN00001", "61000012", "CAS0000F"};
    return packages[any(3)];
}

static void any_field(char field, struct text *out)
{
    const unsigned number = any(5);
    switch (field) {
    case 'P':
        text_add(out, any_package());
        break;
    case 'B':
        text_addf(out, "E:\\SMSPKG\\%s%s", any_package(), any(2) ? ".PCK" : "");
        break;
    case 'w':
    case 'h':
    case 'n':
        text_addf(out, "%u", number);
        break;
    case 'x':
        text_addf(out, "%X", 1000 + 4 * any(3));
        break;
    case 't':
        text_addf(out, "%u", 1000 + 4 * any(3));
        break;
    case 'S':
        text_addf(out, "S0%u", number);
        break;
    case 'F':
        text_addf(out, "D:\\despoolr.box\\receive\\ds_%u.ist", number);
        break;
    case 'D':
        text_addf(out, "%u/16/202%u 12:29:11 PM", number + 1, number + 3);
        break;
    case 'N':
        text_addf(out, "%s %s", any(2) ? " the package" : " x content ID =", any_package());
        break;
    case '*':
        text_add(out, any(2)   ? " \xC3\x9C ber\xE2\x80\x99s "
                      : any(2) ? " \\\\Server7\\share "
                               : " any thing ");
        break;
    default:
        fail_msg("no example for the field {%c} of a template", field);
    }
}

/* A message of a template that this log may hold. */
static void any_message(int log, bool old, struct text *out)
{
    const unsigned component = 1u << (log == 0 ? REPLICATION_DESPOOL : REPLICATION_DISTMGR);
    size_t i;
    if (any(6) == 0) {
        text_add(out, any(2) ? "Sleep 3600 seconds..." : "\xC3\x9C.");
        return;
    }
    assert_true(template_count <= sizeof written);
    do
        i = any((uint32_t)template_count);
    while ((templates[i].components & component) == 0 ||
           (old && (templates[i].kind == REPLICATION_STORED || templates[i].kind == REPLICATION_SUCCESS ||
                    templates[i].kind == REPLICATION_DELETED)));
    written[i] = true;
    if (any(4) == 0)
        text_add(out, "~");
    for (const char *at = templates[i].pattern; *at != '\0'; at++)
        if (*at == '{') {
            any_field(at[1], out);
            at += 2;
        } else {
            text_add_bytes(out, at, 1);
        }
    if (any(3) == 0)
        text_add(out, ", and more");
}

static void encode(struct line *line, const char *encoding)
{
    iconv_t conversion = iconv_open(encoding, "utf-8");
    assert_true(conversion != (iconv_t)-1);
    char *from = line->text, *to = line->bytes = malloc(2000);
    size_t from_left = strlen(from), to_left = 2000;
    assert_non_null(to);
    assert_true(iconv(conversion, &from, &from_left, &to, &to_left) != (size_t)-1);
    line->length = 2000 - to_left;
    iconv_close(conversion);
}

static void write_site(struct site *site, bool local)
{
    int64_t now = 1700000000;
    bool old = any(2);
    for (int i = 0; i < LINES; i++) {
        struct text text = {0};
        char stamp[64];
        int log = (int)any(LOGS);
        any_message(log, old, &text);
        now += 1 + any(any(6) == 0 ? 20000 : 900);
        time_t seconds = (time_t)now;
        struct tm tm;
        gmtime_r(&seconds, &tm);
        strftime(stamp, sizeof stamp,
                 local ? "%a %b %d %H:%M:%S.000 %Y Local Time" : "%m-%d-%Y %H:%M:%S.000+00", &tm);
        unsigned thread = 1000 + 4 * any(3);
        text_addf(&text, "  $$<%s><%s><thread=%u (0x%X)>\r\n",
                  log == 0 ? "SMS_DESPOOLER" : "SMS_DISTRIBUTION_MANAGER", stamp, thread, thread);
        site->lines[i] = (struct line){.log = log, .text = text.bytes};
        encode(&site->lines[i], site->encoding);
    }
}

static void begin(struct site *site, bool local, const char *encoding)
{
    *site = (struct site){.encoding = encoding};
    strcpy(site->folder, "/tmp/test_logset-XXXXXX");
    assert_non_null(mkdtemp(site->folder));
    for (int log = 0; log < LOGS; log++) {
        snprintf(site->log[log], sizeof site->log[log], "%s/%s.log", site->folder, names[log]);
        snprintf(site->old[log], sizeof site->old[log], "%s/%s.lo_", site->folder, names[log]);
        site->locations[log] = site->log[log];
    }
    write_site(site, local);
}

static void empty(const struct site *site)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'/*", site->folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s/state", site->folder);
    assert_int_equal(mkdir(command, 0700), 0);
}

static void finish(struct site *site)
{
    empty(site);
    for (int i = 0; i < LINES; i++) {
        free(site->lines[i].text);
        free(site->lines[i].bytes);
    }
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", site->folder);
    assert_int_equal(system(command), 0);
}

static void append(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

/* One run, as the check does it. @return whether a log is not read to its end */
static bool run(const struct site *site, int64_t max_bytes, const char *timezone, struct logset *set)
{
    char state[80];
    struct failure failure = {0};
    enum statefile_health health;
    snprintf(state, sizeof state, "%s/state", site->folder);
    struct statefile *file =
        statefile_open(state, "test_logset", "site", &logmemory_schema, 0, NULL, &health, &failure);
    if (file == NULL || health == STATEFILE_LOST || health == STATEFILE_UNUSABLE)
        fail_msg("%s", failure.text);
    struct bytestore *store = bytestore_new(NULL, NULL);
    struct logset_options options = {.logs = site->locations,
                                     .count = LOGS,
                                     .max_bytes = max_bytes,
                                     .forget_s = 3 * 86400,
                                     .timezone = timezone};
    assert_int_equal(log_encoding_parse(site->encoding, &options.encoding, &failure), 0);
    if (logset_read(set, &options, store, file, NULL, &failure) != 0 ||
        statefile_commit(file, 1800000000, &failure) != 0)
        fail_msg("%s", failure.text);
    bytestore_close(store);
    statefile_close(file);
    bool more = false;
    for (int log = 0; log < LOGS; log++)
        more |= set->logs[log].status.catching_up;
    return more;
}

static void tell(const struct logset *set, struct text *out)
{
    struct story story = {.set = set->conditions};
    story_tell(&story, out);
}

static void run_whole(const struct site *site, const char *timezone, struct text *out)
{
    struct logset set;
    empty(site);
    for (int i = 0; i < LINES; i++)
        append(site->log[site->lines[i].log], site->lines[i].text, strlen(site->lines[i].text));
    struct site plain = *site;
    plain.encoding = "utf-8";
    assert_false(run(&plain, 1 << 30, timezone, &set));
    tell(&set, out);
    logset_free(&set);
}

/* A server rotates a log that is full. (After an empty one the file that was read is gone, and what a thread worked on
 * with it: a gap cannot be excluded then.) */
static void rotate(const struct site *site, int log, bool copy)
{
    char command[256];
    struct stat status;
    if (stat(site->log[log], &status) == 0 && status.st_size == 0)
        return;
    if (copy)
        snprintf(command, sizeof command, "cp '%s' '%s' && : >'%s'", site->log[log], site->old[log],
                 site->log[log]);
    else
        snprintf(command, sizeof command, "mv '%s' '%s' && : >'%s'", site->log[log], site->old[log],
                 site->log[log]);
    assert_int_equal(system(command), 0);
}

static void run_in_pieces(const struct site *site, const char *timezone, struct text *out)
{
    struct logset set;
    empty(site);
    for (int log = 0; log < LOGS; log++)
        append(site->log[log], "", 0);
    for (int at = 0; at < LINES;) {
        if (any(4) == 0)
            rotate(site, (int)any(LOGS), any(2));
        for (int more = 1 + (int)any(LINES / 4); more > 0 && at < LINES; more--, at++)
            append(site->log[site->lines[at].log], site->lines[at].bytes, site->lines[at].length);
        size_t half = 0;
        const struct line *next = at < LINES && any(2) ? &site->lines[at] : NULL;
        if (next != NULL)
            append(site->log[next->log], next->bytes, half = 1 + any((uint32_t)next->length));
        int64_t limit = any(2) ? 1 << 30 : 1200 + any(20000);
        for (int runs = 0; run(site, limit, timezone, &set); runs++) {
            if (runs > 2000)
                fail_msg("seed %llu: no end with %lld bytes a run", (unsigned long long)seed,
                         (long long)limit);
            logset_free(&set);
        }
        text_cut(out, 0);
        tell(&set, out);
        logset_free(&set);
        if (next != NULL) {
            append(site->log[next->log], next->bytes + half, next->length - half);
            at++;
        }
    }
    run(site, 1 << 30, timezone, &set);
    text_cut(out, 0);
    tell(&set, out);
    logset_free(&set);
}

static void cut_anywhere(uint64_t start, const char *timezone, const char *encoding)
{
    struct site site;
    struct text whole = {0}, pieces = {0};
    seed = start * 0x9E3779B97F4A7C15u + 1;
    begin(&site, timezone != NULL, encoding);
    run_whole(&site, timezone, &whole);
    run_in_pieces(&site, timezone, &pieces);
    const char *one = text_string(&whole), *other = text_string(&pieces);
    if (strcmp(one, other) != 0) {
        size_t same = 0, line = 0;
        while (one[same] == other[same])
            line = one[same++] == '\n' ? same : line;
        fail_msg("seed %llu, %s: one run \"%.300s\", in pieces \"%.300s\"", (unsigned long long)start,
                 encoding, one + line, other + line);
    }
    text_free(&whole);
    text_free(&pieces);
    finish(&site);
}

static void any_runs(void **state)
{
    (void)state;
    static const char *const encodings[] = {"utf-8", "utf-16le", "cp1252", "utf-16be"};
    for (uint64_t i = 1; i <= 16; i++)
        cut_anywhere(i, NULL, encodings[i % 4]);
    for (size_t i = 0; i < template_count; i++)
        if (!written[i] && (templates[i].components & ((1u << REPLICATION_STORY_COMPONENTS) - 1)) != 0)
            fail_msg("\"%s\" was in no log", templates[i].pattern);
}

static void any_runs_of_local_time(void **state)
{
    (void)state;
    for (uint64_t i = 100; i < 106; i++)
        cut_anywhere(i, "UTC", "utf-8");
}

/* distmgr.log fails after it gave events: its last stamp is local time and does not fit its modification
 * time. */
static void a_log_that_fails(void **state)
{
    (void)state;
    static const char despool[] = "CCompress::Open: Failed to open E:\\SMSPKG\\CEN00001 (2)  "
                                  "$$<SMS_DESPOOLER><11-14-2023 22:13:20.000+00><thread=4 (0x4)>\r\n";
    static const char distmgr[] =
        "Package CEN00002 requires a newer version (3) of source files and the new "
        "compressed files haven't arrived yet, current version is 2.  "
        "$$<SMS_DISTRIBUTION_MANAGER><11-14-2023 22:13:20.000+00><thread=4 (0x4)>\r\n";
    static const char stamp[] =
        "x  $$<SMS_DISTRIBUTION_MANAGER><Tue Nov 14 22:13:21.000 2023 Zone><thread=4 (0x4)>\r\n";
    struct site site;
    struct logset set;
    seed = 1;
    begin(&site, false, "utf-8");
    empty(&site);
    append(site.log[0], despool, sizeof despool - 1);
    append(site.log[1], distmgr, sizeof distmgr - 1);
    append(site.log[1], stamp, sizeof stamp - 1);
    for (int i = 0; i < 3; i++) {
        run(&site, 1 << 30, NULL, &set);
        assert_false(set.logs[0].failed);
        assert_true(set.logs[1].failed);
        assert_non_null(strstr(set.logs[1].failure.text, "--timezone"));
        assert_int_equal(set.conditions.count, 1);
        assert_string_equal(set.conditions.items[0].package, "CEN00001");
        logset_free(&set);
    }
    run(&site, 1 << 30, "UTC",
        &set); /* the operator gave the option: nothing is lost, nothing counted twice */
    assert_int_equal(set.conditions.count, 2);
    assert_int_equal(condition_repeats(&set.conditions.items[0]), 0);
    assert_int_equal(condition_repeats(&set.conditions.items[1]), 0);
    logset_free(&set);
    unlink(site.log[0]);
    run(&site, 1 << 30, "UTC", &set); /* missing */
    assert_true(set.logs[0].failed);
    assert_false(set.logs[1].failed);
    assert_int_equal(set.conditions.count, 2);
    logset_free(&set);
    finish(&site);
}

/* What version 1.0.0 kept of a log, made of what this one keeps. */
static void make_old(struct statefile *file, const char *log)
{
    struct failure failure;
    struct logmemory_log memory;
    assert_int_equal(logmemory_load_log(file, log, &memory, &failure), 1);
    assert_int_equal(memory.parser_length, sizeof(struct log_parser));
    const struct log_parser *now = memory.parser;
    struct log_parser_1 *old = calloc(1, sizeof *old);
    assert_non_null(old);
    old->size = sizeof *old;
    old->encoding = now->encoding;
    old->progress.any = now->progress.any;
    memcpy(old->progress.watched, now->progress.watched, sizeof old->progress.watched);
    old->clock = now->clock;
    old->local = now->local;
    old->newest_s = now->newest_s;
    old->ties = now->ties;
    free(memory.parser);
    memory.parser = old;
    memory.parser_length = sizeof *old;
    assert_int_equal(logmemory_store_log(file, log, &memory, &failure), 0);
    logmemory_log_free(&memory);
}

static void the_memory_of_the_first_version(void **state)
{
    (void)state;
    struct site site;
    struct logset before, after;
    struct text expected = {0}, got = {0};
    struct failure failure;
    enum statefile_health health;
    char folder[80];
    begin(&site, false, "utf-8");
    empty(&site);
    for (int i = 0; i < LINES; i++)
        append(site.log[site.lines[i].log], site.lines[i].text, strlen(site.lines[i].text));
    assert_false(run(&site, 1 << 30, NULL, &before));
    tell(&before, &expected);
    snprintf(folder, sizeof folder, "%s/state", site.folder);
    struct statefile *file =
        statefile_open(folder, "test_logset", "site", &logmemory_schema, 0, NULL, &health, &failure);
    assert_non_null(file);
    for (int log = 0; log < LOGS; log++)
        make_old(file, site.log[log]);
    assert_int_equal(statefile_commit(file, 1800000000, &failure), 0);
    statefile_close(file);
    assert_false(run(&site, 1 << 30, NULL, &after));
    tell(&after, &got);
    assert_string_equal(text_string(&got), text_string(&expected));
    assert_int_equal(after.lines, 0);
    assert_int_equal(after.newest_s, before.newest_s);
    for (int one = 0; one < REPLICATION_STORY_COMPONENTS; one++) {
        assert_int_equal(after.component[one].newest_s, before.component[one].newest_s);
        assert_int_equal(after.component[one].pause_s, 8 * 3600); /* nobody knows */
    }
    text_free(&expected);
    text_free(&got);
    logset_free(&before);
    logset_free(&after);
    finish(&site);
}

static void pauses_of_two_weeks(void **state)
{
    (void)state;
    enum { HOUR_MS = 3600 * 1000 };
    const int64_t start = INT64_C(1700000000000);
    struct component_pauses pauses = {0};
    component_pauses_add(&pauses, 0, start); /* the first record ends no pause */
    assert_int_equal(component_pauses_longest(&pauses), 0);
    component_pauses_add(&pauses, start, start + 30000);
    assert_int_equal(component_pauses_longest(&pauses), 0);
    component_pauses_add(&pauses, start, start + 9 * HOUR_MS);
    component_pauses_add(&pauses, start + 9 * HOUR_MS, start + 11 * HOUR_MS);
    assert_int_equal(component_pauses_longest(&pauses), 9 * 3600);
    int64_t at = start + 11 * HOUR_MS;
    for (int hour = 0; hour < 13 * 24; hour++, at += HOUR_MS)
        component_pauses_add(&pauses, at, at + HOUR_MS);
    assert_int_equal(component_pauses_longest(&pauses), 9 * 3600);
    for (int hour = 0; hour < 2 * 24; hour++, at += HOUR_MS)
        component_pauses_add(&pauses, at, at + HOUR_MS);
    assert_int_equal(component_pauses_longest(&pauses), 3600);
    component_pauses_add(&pauses, at, at - HOUR_MS); /* the clock was set back */
    assert_int_equal(component_pauses_longest(&pauses), 3600);
    component_pauses_add(&pauses, at, at + INT64_C(400) * 24 * HOUR_MS);
    assert_int_equal(component_pauses_longest(&pauses), 400 * 24 * 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_runs),
        cmocka_unit_test(any_runs_of_local_time),
        cmocka_unit_test(a_log_that_fails),
        cmocka_unit_test(the_memory_of_the_first_version),
        cmocka_unit_test(pauses_of_two_weeks),
    };
    return cmocka_run_group_tests_name("logset", tests, NULL, NULL);
}
