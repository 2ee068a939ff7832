// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Any log, cut into any number of runs at any bytes, read in pieces of any size, with rotations at any
 * record, gives the same conditions as one run over the whole.
 */
#include "../dice.h"
#include "../logstory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static uint64_t seed;

static uint32_t any(uint32_t below)
{
    return dice_throw(&seed, below);
}

enum form { NUMERIC, NAMED, CCM, FORMS };

struct writer {
    struct text bytes;
    enum form form;
    int64_t now_ms;
    bool old;          /* SMS 2003: no line names a stored version */
    size_t ends[4096]; /* where a rotation may come: behind a record's line */
    size_t end_count;
};

static void tail(struct writer *log, const char *component, uint32_t thread)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(log->now_ms / 1000);
    int ms = (int)(log->now_ms % 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    switch (log->form) {
    case NUMERIC:
        text_addf(&log->bytes, "  $$<%s><%02d-%02d-%d %02d:%02d:%02d.%03d+00><thread=%u (0x%X)>", component,
                  tm.tm_mon + 1, tm.tm_mday, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, ms, thread,
                  thread);
        break;
    case NAMED:
        text_addf(&log->bytes,
                  "  $$<%s><%s %s %d %d:%02d:%02d.%03d %d Central Standard Time><thread=%u (0x%X)>",
                  component, days[tm.tm_wday], months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min,
                  tm.tm_sec, ms, tm.tm_year + 1900, thread, thread);
        break;
    default:
        text_addf(&log->bytes,
                  "]LOG]!><time=\"%02d:%02d:%02d.%03d+00\" date=\"%d-%d-%d\" "
                  "component=\"%s\" context=\"\" type=\"1\" thread=\"%u\" file=\"a.cpp:1\">",
                  tm.tm_hour, tm.tm_min, tm.tm_sec, ms, tm.tm_mon + 1, tm.tm_mday, tm.tm_year + 1900,
                  component, thread);
    }
}

static void record(struct writer *log, const char *component, uint32_t thread, const char *message)
{
    text_add(&log->bytes, log->form == CCM ? "<![LOG[" : any(3) == 0 ? "~" : any(5) == 0 ? " ~" : "");
    text_add(&log->bytes, message);
    tail(log, component, thread);
}

static void line_end(struct writer *log)
{
    text_add(&log->bytes, any(4) == 0 ? "\n" : "\r\n");
    if (log->end_count < sizeof log->ends / sizeof *log->ends)
        log->ends[log->end_count++] = log->bytes.length;
}

static void any_message(char *out, size_t size, const char **component)
{
    static const char *const packages[] = {"CEN00001", "61000012", "CAS0000F", "PS1000B6"};
    const char *package = packages[any(4)];
    unsigned version = any(6), other = any(6);
    *component = "SMS_DISTRIBUTION_MANAGER";
    switch (any(22)) {
    case 0:
    case 1:
    case 2:
    case 3:
        snprintf(
            out, size,
            "Package %s requires a newer version (%u) of source files and the new compressed files haven't "
            "arrived yet, current version is %u%s",
            package, version + 1, other, any(2) ? "." : ", skip E:\\SMS\\X.PKG");
        return;
    case 4:
        snprintf(out, size, "Processing package %s (SourceVersion:%u;StoredVersion:%u)", package, version,
                 other);
        return;
    case 5:
        snprintf(out, size,
                 "The contents for the package %s hasn't arrived from site CEN yet, will retry later.",
                 package);
        return;
    case 6:
        if (any(3) == 0)
            snprintf(out, size, "StoredPkgVersion (%u) of package %s. StoredPkgVersion in database is 1.",
                     version, package);
        else
            snprintf(out, size, "Sleep 3600 seconds...");
        return;
    case 7:
        snprintf(out, size, "SourceVersion (%u) of package %s. SourceVersion in database is 1.", version,
                 package);
        return;
    case 8:
        snprintf(out, size,
                 "A newer version (%u) of package %s has already arrived, "
                 "delete the replication file X.PKG for version %u .",
                 version + 2, package, other);
        return;
    case 9:
        if (any(4) == 0)
            snprintf(out, size, "Successfully deleted the package %s", package);
        else
            snprintf(out, size, "Error occurred.");
        return;
    case 10:
        snprintf(out, size, "Started package processing thread for package '%s', thread ID = 0x%X (0)",
                 package, 1000 + any(3));
        return;
    default:
        break;
    }
    *component = "SMS_DESPOOLER";
    switch (any(12)) {
    case 0:
    case 1:
    case 2:
        snprintf(out, size, "Received package %s version %u", package, version);
        return;
    case 3:
    case 4:
        snprintf(out, size, "CCompress::Open: Failed to open E:\\SMSPKG\\%s (2)", package);
        return;
    case 5:
        if (any(3) == 0)
            snprintf(out, size, "Stored Package %s. Stored Package Version = %u", package, version);
        else
            snprintf(out, size, "Waiting for ready instruction file....");
        return;
    case 6:
        snprintf(out, size,
                 "This package[%s]'s information hasn't arrived yet for this version [%u]. Retry later ...",
                 package, version);
        return;
    case 7:
        snprintf(out, size, "Despooler failed to execute the instruction, error code = 12");
        return;
    case 8:
        snprintf(out, size, "Waiting for ready instruction file....");
        return;
    case 9:
        *component = "SMS_SCHEDULER";
        snprintf(out, size, "Received package %s version %u", package, version);
        return;
    default:
        snprintf(out, size,
                 "No branch cache $$<registry> entries $ found for \xC3\xA9\xE2\x82\xAC\xF0\x9F\x8E\x89.");
        return;
    }
}

static void message_of(const struct writer *log, char *out, size_t size, const char **component)
{
    do
        any_message(out, size, component);
    while (log->old && (strstr(out, "Stored") != NULL || strstr(out, "deleted") != NULL ||
                        strstr(out, "Package CAS0000F requires") != NULL));
}

static void step_time(struct writer *log)
{
    switch (any(12)) {
    case 0:
        log->now_ms -= any(40);
        break;
    case 1:
        log->now_ms += (int64_t)any(3600) * 1000;
        break;
    case 2:
        log->now_ms += (int64_t)any(5 * 3600) * 1000;
        break;
    case 3:
        if (any(30) == 0)
            log->now_ms -= 3600 * 1000; /* the hour that summer time gives back */
        else if (any(40) == 0)
            log->now_ms += (int64_t)any(20) * 86400 * 1000;
        break;
    default:
        log->now_ms += any(90000);
    }
}

/* What a live file may hold besides records. */
static void disturb(struct writer *log)
{
    static const char zeros[300];
    char message[600];
    const char *component;
    switch (any(9)) {
    case 0:
        text_add_bytes(&log->bytes, zeros, 1 + any(300));
        break;
    case 1:
        text_add(&log->bytes, "SELECT a\r\nFROM b\r\n");
        break;
    case 2:
        for (uint32_t lines = any(150); lines > 0; lines--)
            text_add(&log->bytes, "a line without tail\n");
        break;
    case 3:
        for (uint32_t parts = any(9000); parts > 0; parts--)
            text_add(&log->bytes, "0123456789abcdef");
        text_add(&log->bytes, any(2) ? "\n" : "  ");
        break;
    case 4:
        record(log, "SMS_DESPOOLER", 77, "Two on a line");
        break;
    case 5:
        message_of(log, message, sizeof message, &component);
        record(log, component, 1000 + any(3), message);
        break;
    case 6:
        text_add(&log->bytes, "\r\n\n~\n");
        break;
    case 7:
        text_add(&log->bytes, "torn $$<SMS_DESPOOLER><01-02-20\n");
        break;
    default:
        for (uint32_t parts = any(1500); parts > 0; parts--)
            record(log, "SMS_SCHEDULER", 9, "no line end between these");
    }
}

static void write_log(struct writer *log, uint32_t records, bool wild)
{
    log->form = (enum form)any(FORMS);
    log->old = any(2) == 0;
    log->now_ms = INT64_C(1700000000000) + any(1000000);
    while (records-- > 0) {
        char message[600];
        const char *component;
        message_of(log, message, sizeof message, &component);
        record(log, component, 1000 + any(3), message);
        line_end(log);
        step_time(log);
        if (wild && any(25) == 0)
            disturb(log);
    }
}

static void to_utf16(struct text *bytes, size_t *ends, size_t end_count, bool big)
{
    struct text wide = {0};
    size_t next = 0;
    for (size_t i = 0; i < bytes->length;) {
        const unsigned char *b = (const unsigned char *)bytes->bytes + i;
        uint32_t c = *b;
        size_t taken = 1;
        if (c >= 0xF0) {
            c = (c & 7u) << 18 | (b[1] & 63u) << 12 | (b[2] & 63u) << 6 | (b[3] & 63u);
            taken = 4;
        } else if (c >= 0xE0) {
            c = (c & 15u) << 12 | (b[1] & 63u) << 6 | (b[2] & 63u);
            taken = 3;
        } else if (c >= 0xC0) {
            c = (c & 31u) << 6 | (b[1] & 63u);
            taken = 2;
        }
        uint32_t units[2] = {c, 0};
        if (c >= 0x10000) {
            units[0] = 0xD800 + ((c - 0x10000) >> 10);
            units[1] = 0xDC00 + ((c - 0x10000) & 0x3FF);
        }
        for (int u = 0; u < (c >= 0x10000 ? 2 : 1); u++) {
            char pair[2] = {(char)(units[u] & 255), (char)(units[u] >> 8)};
            char swapped[2] = {pair[1], pair[0]};
            text_add_bytes(&wide, big ? swapped : pair, 2);
        }
        i += taken;
        while (next < end_count && ends[next] == i)
            ends[next++] = wide.length;
    }
    text_free(bytes);
    *bytes = wide;
}

/* So that the tests cannot pass because nothing happens. */
static size_t conditions_seen, endings_seen[CONDITION_BY_HAND];

static void count_outcome(const struct story *story)
{
    conditions_seen += story->set.count;
    for (size_t i = 0; i < story->set.ending_count && i < CONDITIONS_ENDINGS; i++)
        endings_seen[story->set.endings[i].how]++;
}

static void compare(const char *how, uint64_t start, const struct story *one, const struct story *cut,
                    bool counts)
{
    struct text want = {0}, got = {0};
    story_tell(one, &want);
    story_tell(cut, &got);
    if (strcmp(text_string(&want), text_string(&got)) != 0)
        fail_msg("seed %llu, %s:\none run:\n%s\ncut:\n%s", (unsigned long long)start, how, text_string(&want),
                 text_string(&got));
    if (counts && (one->records != cut->records || one->lines != cut->lines ||
                   one->garbage_bytes != cut->garbage_bytes))
        fail_msg("seed %llu, %s: %lld records, %lld lines, %lld garbage instead of %lld, %lld, %lld",
                 (unsigned long long)start, how, (long long)cut->records, (long long)cut->lines,
                 (long long)cut->garbage_bytes, (long long)one->records, (long long)one->lines,
                 (long long)one->garbage_bytes);
    text_free(&want);
    text_free(&got);
}

static void cut_anywhere(uint64_t start, bool wild, const char *encoding)
{
    static struct writer log;
    log = (struct writer){0};
    seed = start * 0x9E3779B97F4A7C15u + 1;
    write_log(&log, 20 + any(400), wild);
    if (strncmp(encoding, "utf-16", 6) == 0)
        to_utf16(&log.bytes, log.ends, log.end_count, strcmp(encoding, "utf-16be") == 0);
    const char *option = any(2) == 0 ? encoding : "auto";

    struct story one;
    story_begin(&one, 1, option);
    story_grow(&one, 0, log.bytes.bytes, log.bytes.length);
    story_run(&one, 0);

    count_outcome(&one);
    struct story cut;
    story_begin(&cut, 1, option);
    uint32_t runs = 1 + any(30);
    size_t there = 0;
    for (uint32_t run = 0; run < runs; run++) {
        there += any((uint32_t)(log.bytes.length - there) * 2 / (runs - run) + 1);
        if (there > log.bytes.length || run + 1 == runs)
            there = log.bytes.length;
        story_grow(&cut, 0, log.bytes.bytes, there);
        story_run(&cut, any(3) == 0 ? 1 + any(50) : 1 + any(100000));
    }
    compare("cut", start, &one, &cut, true);
    story_end(&cut);

    story_begin(&cut, 1, option);
    size_t from = 0;
    uint32_t rotations = any(6);
    for (uint32_t rotation = 0; rotation <= rotations; rotation++) {
        size_t to = log.bytes.length;
        if (rotation < rotations && log.end_count > 0)
            to = log.ends[any((uint32_t)log.end_count)];
        if (to < from || (rotation < rotations && to == log.bytes.length))
            continue;
        for (size_t middle = from; middle < to;) {
            middle += 1 + any((uint32_t)(to - from));
            if (middle >= to)
                break;
            story_grow(&cut, 0, log.bytes.bytes + from, middle - from);
            story_run(&cut, 0);
        }
        story_grow(&cut, 0, log.bytes.bytes + from, to - from);
        cut.log[0].ended = to < log.bytes.length;
        story_run(&cut, 4096);
        if (to < log.bytes.length)
            story_rotate(&cut, 0);
        from = to;
    }
    compare("rotated", start, &one, &cut, false);
    story_end(&cut);
    story_end(&one);
    text_free(&log.bytes);
}

static void plain_logs(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 150; i++)
        cut_anywhere(i, false, "utf-8");
}

static void wild_logs(void **state)
{
    (void)state;
    for (uint64_t i = 1000; i < 1100; i++)
        cut_anywhere(i, true, "utf-8");
}

static void wide_logs(void **state)
{
    (void)state;
    for (uint64_t i = 2000; i < 2040; i++)
        cut_anywhere(i, i % 4 == 0, i % 2 ? "utf-16le" : "utf-16be");
}

static void something_happened(void **state)
{
    (void)state;
    assert_in_range(conditions_seen, 100, SIZE_MAX);
    for (int how = CONDITION_STORED; how < CONDITION_BY_HAND; how++)
        if (endings_seen[how] < 5)
            fail_msg("%zu endings of kind %d", endings_seen[how], how);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_logs),
        cmocka_unit_test(wild_logs),
        cmocka_unit_test(wide_logs),
        cmocka_unit_test(something_happened),
    };
    return cmocka_run_group_tests_name("logcuts", tests, NULL, NULL);
}
