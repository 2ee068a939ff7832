// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/clock.h"
#include "logs/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const struct {
    const char *zone, *local; /* as an F2 stamp */
    int64_t utc;
} zoned[] = {
    {"UTC", "Thu Jan 01 00:00:10.000 1970", 10},
    {"Europe/Berlin", "Wed Jan 14 12:00:00.000 2009", 1231930800},
    {"Europe/Berlin", "Tue Jul 14 12:00:00.000 2009", 1247565600},
    {"Europe/Berlin", "Sun Mar 29 01:59:59.000 2009", 1238288399},
    {"Europe/Berlin", "Sun Mar 29 03:00:00.000 2009", 1238288400},
    {"Europe/Berlin", "Sun Oct 25 01:59:59.000 2009", 1256428799},
    {"Europe/Berlin", "Sun Oct 25 03:00:00.000 2009", 1256436000},
    {"America/New_York", "Wed Aug 28 14:45:56.872 2002", 1030560356},
    {"Asia/Kolkata", "Wed Jan 14 12:00:00.000 2009", 1231914600},
    {"Asia/Kathmandu", "Wed Jan 14 12:00:00.000 2009", 1231913700},
    {"Australia/Lord_Howe", "Wed Jan 14 12:00:00.000 2009", 1231894800},
};

static void zones(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof zoned / sizeof *zoned; i++) {
        struct log_clock clock = {0};
        struct log_stamp stamp;
        struct failure failure;
        assert_int_equal(log_clock_use_zone(&clock, zoned[i].zone, &failure), 0);
        assert_true(log_stamp_server(zoned[i].local, strlen(zoned[i].local), &stamp));
        for (int twice = 0; twice < 2; twice++) {
            int64_t utc = log_clock_utc(&clock, stamp.ms, stamp.utc);
            if (utc != zoned[i].utc)
                fail_msg("%s in %s is %lld, not %lld", zoned[i].local, zoned[i].zone, (long long)utc,
                         (long long)zoned[i].utc);
        }
        assert_false(log_clock_lacks(&clock, &stamp));
    }
}

static void no_zones(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",          "Europe",   "Europe/Nowhere", "/etc/passwd", "../../../etc/passwd",
        "W. Europe", "zone.tab", "leapseconds"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct log_clock clock = {0};
        struct failure failure = {0};
        if (log_clock_use_zone(&clock, wrong[i], &failure) == 0 || clock.by_zone)
            fail_msg("--timezone=%s was taken", wrong[i]);
        assert_non_null(strstr(failure.text, "AREA/CITY"));
    }
}

static char log_path[64];

/* A log whose last stamp is 2009-01-14 12:00:00, measured against a modification time that lies `east`
 * seconds before. */
static int measure(const char *bytes, size_t length, int64_t mtime, struct log_clock *clock,
                   struct failure *failure)
{
    FILE *file = fopen(log_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
    struct log_encoding encoding;
    assert_int_equal(log_encoding_parse("utf-8", &encoding, failure), 0);
    struct bytestore *store = bytestore_new(NULL, NULL);
    int result = log_clock_measure(clock, store, log_path, mtime, &encoding, failure);
    bytestore_close(store);
    return result;
}

static const char record[] = "one  $$<SMS_DESPOOLER><Tue Jan 13 12:00:00.000 2009 X><thread=4 (0x4)>\r\n"
                             "two  $$<SMS_DESPOOLER><Wed Jan 14 12:00:00.000 2009 X><thread=4 (0x4)>\r\n";
static const int64_t noon = 1231934400;

static const struct {
    int64_t east_s; /* stamp minus modification time */
    int64_t offset_s;
    int result;
} measured[] = {
    {0, 0, 0},
    {3600, 3600, 0},
    {-5 * 3600, -5 * 3600, 0},
    {5 * 3600 + 1800, 5 * 3600 + 1800, 0},
    {5 * 3600 + 2700, 5 * 3600 + 2700, 0},
    {-(3 * 3600 + 1800), -(3 * 3600 + 1800), 0},
    {14 * 3600, 14 * 3600, 0},
    {-12 * 3600, -12 * 3600, 0},
    {3600 - 100, 3600, 0}, /* written a little after its last stamp */
    {3600 + 149, 3600, 0},
    {3600 + 200, 0, -1},
    {3600 - 400, 0, -1},
    {15 * 3600, 0, -1},
    {-13 * 3600, 0, -1},
    {40 * 86400, 0, -1}, /* copied */
};

static void offsets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
        struct log_clock clock = {0};
        struct failure failure = {0};
        int result = measure(record, sizeof record - 1, noon - measured[i].east_s, &clock, &failure);
        if (result != measured[i].result || (result == 0 && clock.offset_s != measured[i].offset_s))
            fail_msg("stamp %lld s east of the file's time: result %d, offset %lld",
                     (long long)measured[i].east_s, result, (long long)clock.offset_s);
        if (result != 0)
            assert_non_null(strstr(failure.text, "give --timezone=AREA/CITY"));
        else
            assert_int_equal(log_clock_utc(&clock, noon * 1000, false), noon - clock.offset_s);
    }
}

static void last_of_a_long_log(void **state)
{
    (void)state;
    enum { LINES = 3000 };
    char *bytes = malloc(LINES * sizeof record);
    size_t length = 0;
    assert_non_null(bytes);
    for (int i = 0; i < LINES; i++, length += sizeof record - 1)
        memcpy(bytes + length, record, sizeof record - 1);
    memcpy(bytes + length - 20, "\r\nhalf a line        ", 20);
    struct log_clock clock = {0};
    struct failure failure;
    /* What is being written has no stamp yet: the last whole record is of the day before. */
    assert_int_equal(measure(bytes, length, noon - 86400 - 7200, &clock, &failure), 0);
    clock = (struct log_clock){0};
    memcpy(bytes + length - 20, record + sizeof record - 21, 20);
    assert_int_equal(measure(bytes, length, noon - 7200, &clock, &failure), 0);
    assert_int_equal(clock.offset_s, 7200);
    free(bytes);
}

static void no_record(void **state)
{
    (void)state;
    struct log_clock clock = {0};
    struct failure failure;
    assert_int_equal(measure("garbage\n", 8, noon, &clock, &failure), -1);
    assert_int_equal(measure("", 0, noon, &clock, &failure), -1);
    assert_false(clock.measured);
}

int main(void)
{
    snprintf(log_path, sizeof log_path, "/tmp/test_logclock-%d.log", (int)getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zones),     cmocka_unit_test(no_zones),           cmocka_unit_test(offsets),
        cmocka_unit_test(no_record), cmocka_unit_test(last_of_a_long_log),
    };
    int failed = cmocka_run_group_tests_name("logclock", tests, NULL, NULL);
    unlink(log_path);
    return failed;
}
