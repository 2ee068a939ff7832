// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/record.h"

#include "../dice.h"
#include "base/text.h"
#include "logs/tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <cmocka.h>

#define TAIL(component, time) "  $$<" component "><06-15-2016 " time "-120><thread=3816 (0xEE8)>"

#define LINE(message, component, time) message TAIL(component, time) "\r\n"

static void hear(void *listener, const struct log_record *record)
{
    struct text *told = listener;
    text_addf(told, "%.*s|%u|%lld%s|", (int)record->component_length, record->component, record->thread,
              (long long)(record->stamp.ms / 1000), record->stamp.utc ? "Z" : "");
    for (size_t i = 0; i < record->message_length; i++)
        text_add_bytes(told, record->message[i] == '\n' ? "/" : record->message + i, 1);
    text_addf(told, "%s\n", record->cut ? "..." : "");
}

struct outcome {
    struct text told;
    int64_t position;
    struct log_counts counts;
    char encoding[32];
};

static struct outcome read_all(const char *encoding, const char *bytes, size_t length, size_t piece,
                               bool final)
{
    struct outcome outcome = {0};
    struct log_reader_options options = {0};
    struct log_progress progress = {0};
    struct failure failure;
    assert_int_equal(log_encoding_parse(encoding, &options.encoding, &failure), 0);
    struct log_reader *reader = log_reader_new(&options, 0, &progress, &failure);
    assert_non_null(reader);
    for (size_t at = 0; at < length; at += piece) {
        char *copy =
            malloc(length - at < piece ? length - at : piece); /* so that the sanitizer sees every overrun */
        assert_non_null(copy);
        memcpy(copy, bytes + at, length - at < piece ? length - at : piece);
        assert_int_equal(
            log_reader_push(reader, copy, length - at < piece ? length - at : piece, hear, &outcome.told), 0);
        free(copy);
    }
    if (final)
        assert_int_equal(log_reader_finish(reader, hear, &outcome.told), 0);
    outcome.position = log_reader_position(reader);
    outcome.counts = log_reader_counts(reader);
    memcpy(outcome.encoding, log_reader_encoding(reader)->name, sizeof outcome.encoding);
    log_reader_free(reader);
    return outcome;
}

/* Bytes with their length, for cases with NULs. */
#define B(bytes) bytes, sizeof(bytes) - 1

static void records(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t length;
        int64_t position; /* -1: the end */
        const char *told;
    } cases[] = {
        {"plain", B("~Stored Package X" TAIL("C", "02:00:01.000") "\r\n"), -1,
         "C|3816|1465948801Z|Stored Package X\n"},
        {"LF, no blanks", B("a$$<C><06-15-2016 02:00:01.000-120><thread=3816 (0xEE8)>\n"), -1,
         "C|3816|1465948801Z|a\n"},
        {"tilde at both ends, blank", B(" ~ ~====  Checking ... PROGRA~1~~" TAIL("C", "02:00:01.000") "\n"),
         -1, "C|3816|1465948801Z|====  Checking ... PROGRA~1\n"},
        {"empty message", B("$$<C><06-15-2016 02:00:01.000-120><thread=3816 (0xEE8)>\n"), -1,
         "C|3816|1465948801Z|\n"},
        {"component with blanks", B("a" TAIL("SMS Provider", "02:00:01.000") "\n"), -1,
         "SMS Provider|3816|1465948801Z|a\n"},
        {"component is a path", B("a" TAIL("C:\\WINDOWS\\sms_temp\\CCMBtLdr.exe", "02:00:01.000") "\n"), -1,
         "C:\\WINDOWS\\sms_temp\\CCMBtLdr.exe|3816|1465948801Z|a\n"},
        {"thread over 2^31", B("a $$<C><06-15-2016 02:00:01.000-120><thread=4199866221 (0xFA54DF6D)>\n"), -1,
         "C|4199866221|1465948801Z|a\n"},
        {"thread over 2^32", B("a $$<C><06-15-2016 02:00:01.000-120><thread=42949672960 (0xFA54DF6D0)>\n"), 0,
         ""},
        {"SMS 1.x",
         B("got access to SQL Server~   $$<SMS_DESPOOLER><Mon Dec 04 15:41:45 1995~><thread=E0>\n"), -1,
         "SMS_DESPOOLER|224|818091705|got access to SQL Server\n"},
        {"SMS 2.0",
         B("x $$<SMS_SCHEDULER><Wed Aug 28 15:46:16.365 2002 Eastern Standard Time><thread=908 (0x38C)>\n"),
         -1, "SMS_SCHEDULER|908|1030549576|x\n"},
        {"message begins with <", B("<Activating JOB 1>[$$<x]" TAIL("C", "02:00:01.000") "\n"), -1,
         "C|3816|1465948801Z|<Activating JOB 1>[$$<x]\n"},
        {"last tail counts", B("a $$<C><now><thread=1 (0x1)> b" TAIL("C", "02:00:01.000") "\n"), -1,
         "C|3816|1465948801Z|a $$<C><now><thread=1 (0x1)> b\n"},
        {"two on a line", B("a" TAIL("C", "02:00:01.000") "b" TAIL("D", "02:00:02.000") "\n"), -1,
         "C|3816|1465948801Z|a\nD|3816|1465948802Z|b\n"},
        {"one on three lines", B("SELECT\r\n a\r\nFROM b" TAIL("C", "02:00:01.000") "\r\n"), -1,
         "C|3816|1465948801Z|SELECT/a/FROM b\n"},
        {"wrapped tail",
         B("a $$<C>\n<06-15-2016 02:00:01.000-120><thread=3816 (0xEE8)>\nb $$<C><06-15-2016 "
           "02:00:01.000-120><thread=3816 \n(0xEE8)>\n"),
         -1, "C|3816|1465948801Z|a\nC|3816|1465948801Z|b\n"},
        {"half a line waits", B("a" TAIL("C", "02:00:01.000") "\r\nb" TAIL("C", "02:00:02.000")), 60,
         "C|3816|1465948801Z|a\n"},
        {"a line without tail waits", B("a" TAIL("C", "02:00:01.000") "\r\nb\r\n"), 60,
         "C|3816|1465948801Z|a\n"},
        {"blank lines are passed", B("\r\n\n ~\r\n"), -1, ""},
        {"NULs at the end wait", B("a" TAIL("C", "02:00:01.000") "\r\n\0\0\0\0\0\0"), 60,
         "C|3816|1465948801Z|a\n"},
        {"NULs inside", B("\0\0\0~a" TAIL("C", "02:00:01.000") "\r\n\0\0b" TAIL("C", "02:00:02.000") "\r\n"),
         -1, "C|3816|1465948801Z|a\nC|3816|1465948802Z|b\n"},
        {"CCM",
         B("<![LOG[Report ]LOG [LOG x]LOG]!><time=\"02:00:01.034-120\" date=\"06-15-2016\" component=\"C\" "
           "context=\"\" type=\"1\" thread=\"12172\" file=\"a.cpp:8\"> \r\n"),
         -1, "C|12172|1465948801Z|Report ]LOG [LOG x\n"},
        {"CCM .NET, two lines, two on one",
         B("<![LOG[a\nb]LOG]!><time=\"02:00:01.0341234\" date=\"6-15-2016\" component=\"C\" context=\"\" "
           "type=\"1\" "
           "thread=\"1\" file=\"\"><![LOG[]LOG]!><time=\"02:00:02.034-0\" date=\"06-15-2016\" "
           "component=\"C\" context=\"\" "
           "type=\"1\" thread=\"1\" file=\"\">\n"),
         -1, "C|1|1465956001|a/b\nC|1|1465956002Z|\n"},
        {"viewer's copy", B("a b\tSMS_DISTRIBUTION_MANAGER\t6/15/2016 2:00:01 PM\t1424 (0x0590)\r\n"), -1,
         "SMS_DISTRIBUTION_MANAGER|1424|1465999201|a b\n"},
        {"UTF-8 with mark", B("\xEF\xBB\xBF~f\xC3\xBCr" TAIL("C", "02:00:01.000") "\n"), -1,
         "C|3816|1465948801Z|f\xC3\xBCr\n"},
        {"Windows-1252", B("f\xFCr \x80" TAIL("C", "02:00:01.000") "\n"), -1,
         "C|3816|1465948801Z|f\xC3\xBCr \xE2\x82\xAC\n"},
        {"a torn tail is text", B("a $$<C><06-15-2016 02:0\r\nb" TAIL("C", "02:00:01.000") "\r\n"), -1,
         "C|3816|1465948801Z|a $$<C><06-15-2016 02:0/b\n"},
        {"seconds that are none, after a good minute",
         B("a" TAIL("C", "02:00:01.000") "\nb" TAIL("C", "02:00:7x.000") "\nc" TAIL("C",
                                                                                    "02:00:03.000") "\n"),
         -1,
         "C|3816|1465948801Z|a\nC|3816|1465948803Z|b  $$<C><06-15-2016 02:00:7x.000-120><thread=3816 "
         "(0xEE8)>/c\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece < 300; piece = piece * 3 + 1) {
            struct outcome got = read_all("auto", cases[i].bytes, cases[i].length, piece, false);
            int64_t position = cases[i].position < 0 ? (int64_t)cases[i].length : cases[i].position;
            if (strcmp(text_string(&got.told), cases[i].told) != 0 || got.position != position)
                fail_msg("%s, in pieces of %zu:\n%sat %lld instead of\n%sat %lld", cases[i].name, piece,
                         text_string(&got.told), (long long)got.position, cases[i].told, (long long)position);
            text_free(&got.told);
        }
}

static void encodings(void **state)
{
    (void)state;
    static const struct {
        const char *option, *bytes;
        size_t length;
        const char *message, *decided;
    } cases[] = {
        {"auto",
         B("\xFF\xFE"
           "~\0"),
         "\xE2\x82\xAC", "utf-16le"},
        {"auto", B("~\0 \0"), "\xE2\x82\xAC", "utf-16le"},
        {"utf-16le", B(""), "\xF0\x9F\x8E\x89", "utf-16le"},
        {"auto", B("\xFE\xFF\0~"), "\xE2\x82\xAC", "utf-16be"},
        {"auto", B("\0~\0 "), "\xF0\x9F\x8E\x89", "utf-16be"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool big = strcmp(cases[i].decided, "utf-16be") == 0;
        struct text log = {0};
        text_add_bytes(&log, cases[i].bytes, cases[i].length);
        static const char tail[] = TAIL("C", "02:00:01.000") "\r\n";
        static const uint16_t euro[] = {0x20AC}, party[] = {0xD83C, 0xDF89};
        const uint16_t *units = cases[i].message[0] == '\xE2' ? euro : party;
        for (int u = 0; u < (units == euro ? 1 : 2); u++) {
            char pair[2] = {(char)(units[u] & 255), (char)(units[u] >> 8)};
            text_add_bytes(&log, pair + big, 1);
            text_add_bytes(&log, pair + !big, 1);
        }
        for (const char *c = tail; *c != '\0'; c++) {
            char pair[2] = {big ? '\0' : *c, big ? *c : '\0'};
            text_add_bytes(&log, pair, 2);
        }
        text_add_bytes(&log, "x", 1); /* half a unit */
        for (size_t piece = 1; piece < 200; piece += 13) {
            struct outcome got = read_all(cases[i].option, log.bytes, log.length, piece, false);
            struct text expected = {0};
            text_addf(&expected, "C|3816|1465948801Z|%s\n", cases[i].message);
            if (strcmp(text_string(&got.told), text_string(&expected)) != 0 ||
                got.position != (int64_t)log.length - 1 || strcmp(got.encoding, cases[i].decided) != 0)
                fail_msg("case %zu: %s at %lld of %zu, %s", i, text_string(&got.told),
                         (long long)got.position, log.length, got.encoding);
            text_free(&expected);
            text_free(&got.told);
        }
        text_free(&log);
    }
}

static void code_pages(void **state)
{
    (void)state;
    static const struct {
        const char *name, *message, *expected;
    } cases[] = {
        {"cp1252", "\xE4\x80", "\xC3\xA4\xE2\x82\xAC"},
        {"cp1250", "\xB9", "\xC4\x85"},
        {"cp1251", "\xCF\xEE", "\xD0\x9F\xD0\xBE"},
        {"cp932", "\x83\x5C~", "\xE3\x82\xBD"},
        {"utf-8", "\xE4x", "\xEF\xBF\xBDx"},
        {"utf-8/cp1252", "\xE4x", "\xC3\xA4x"},
        {"cp850", "\x84", "\xC3\xA4"},
        {"iso-8859-1", "\xE4", "\xC3\xA4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text log = {0}, expected = {0};
        text_addf(&log, "%s%s\r\n", cases[i].message, TAIL("C", "02:00:01.000"));
        text_addf(&expected, "C|3816|1465948801Z|%s\n", cases[i].expected);
        struct outcome got = read_all(cases[i].name, log.bytes, log.length, 7, false);
        if (strcmp(text_string(&got.told), text_string(&expected)) != 0)
            fail_msg("%s: %s", cases[i].name, text_string(&got.told));
        text_free(&got.told);
        text_free(&log);
        text_free(&expected);
    }
    static const char *const refused[] = {"",      "utf-7",          "utf-32", "nonsense",
                                          "cp037", "UTF-16//IGNORE", "a b"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct log_encoding encoding;
        struct failure failure = {""};
        if (log_encoding_parse(refused[i], &encoding, &failure) == 0 || failure.text[0] == '\0')
            fail_msg("\"%s\" is taken", refused[i]);
    }
}

static void add_times(struct text *text, const char *what, size_t times)
{
    while (times-- > 0)
        text_add(text, what);
}

static void joins_are_bounded(void **state)
{
    (void)state;
    static const struct {
        int lines; /* of 10 bytes, before a record */
        size_t long_line;
        const char *begins; /* of the message */
    } cases[] = {
        {63, 0, "garbage/"},  {64, 0, "garbage/"},     {65, 0, "garbage/a"},
        {200, 0, "garbage/"}, {1, 60000, "garbage/x"}, {1, 65530, "x"},
        {0, 65000, "x"},      {0, 70000, "x"},         {0, 200000, "x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text log = {0};
        add_times(&log, "garbage  \n", (size_t)cases[i].lines);
        add_times(&log, "x", cases[i].long_line);
        text_add(&log, "a" TAIL("C", "02:00:01.000") "\r\nb" TAIL("C", "02:00:02.000") "\r\n");
        for (size_t piece = 999; piece < 300000; piece *= 17) {
            struct outcome got = read_all("auto", log.bytes, log.length, piece, false);
            const char *expected = "C|3816|1465948801Z|", *last = "C|3816|1465948802Z|b\n";
            const char *message = strstr(text_string(&got.told), expected);
            size_t length = got.told.length;
            if (got.counts.records != 2 || message == NULL || length < strlen(last) ||
                strncmp(message + strlen(expected), cases[i].begins, strlen(cases[i].begins)) != 0 ||
                strcmp(text_string(&got.told) + length - strlen(last), last) != 0 ||
                (cases[i].long_line + 59 > 65536) != (strstr(text_string(&got.told), "...") != NULL) ||
                length > LOG_JOIN_BYTES + 100)
                fail_msg("case %zu, pieces of %zu: %lld records, %zu bytes, %.80s", i, piece,
                         (long long)got.counts.records, length, text_string(&got.told));
            text_free(&got.told);
        }
        text_free(&log);
    }
}

/* The first run of one huge line, and its CPU time and memory. */
static void huge(void **state)
{
    (void)state;
    static const struct {
        const char *piece;
        size_t length;
        int64_t megabytes;
        int64_t records;
    } cases[] = {
        {B("no line break at all "), 256, 0},
        {B("$$<$$<$$<C><x>$$<"), 64, 0},
        {B("]LOG]!><time=\"<![LOG["), 64, 0},
        {B("\0"), 64, 0},
        {B("\n"), 64, 0},
        {B("x\n"), 64, 0},
        {B("x>\n"), 64, 0},
        {B("\t\t\t)\n"), 64, 0},
        {B("a" TAIL("C", "02:00:01.000")), 32, 32 * 1048576 / 61},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct log_reader_options options = {0};
        struct log_progress progress = {0};
        struct failure failure;
        struct text told = {0};
        struct rusage before, after;
        assert_int_equal(log_encoding_parse("auto", &options.encoding, &failure), 0);
        struct log_reader *reader = log_reader_new(&options, 0, &progress, &failure);
        struct text block = {0};
        while (block.length < 1048576 - cases[i].length)
            text_add_bytes(&block, cases[i].piece, cases[i].length);
        getrusage(RUSAGE_SELF, &before);
        clock_t began = clock();
        for (int64_t megabyte = 0; megabyte < cases[i].megabytes; megabyte++) {
            assert_int_equal(log_reader_push(reader, block.bytes, block.length, NULL, NULL), 0);
            int64_t pushed = (megabyte + 1) * (int64_t)block.length;
            if (pushed - log_reader_position(reader) > LOG_LONGEST + LOG_JOIN_BYTES)
                fail_msg("case %zu: stands at %lld", i, (long long)log_reader_position(reader));
        }
        double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
        getrusage(RUSAGE_SELF, &after);
        struct log_counts counts = log_reader_counts(reader);
        if (seconds > (double)cases[i].megabytes / 4)
            fail_msg("case %zu: %.1f s for %lld MB", i, seconds, (long long)cases[i].megabytes);
        if (counts.records < cases[i].records - cases[i].megabytes)
            fail_msg("case %zu: %lld records", i, (long long)counts.records);
        /* sanitizers have memory of their own */
        if (after.ru_maxrss - before.ru_maxrss > 16384)
            fail_msg("case %zu: %ld KB more", i, after.ru_maxrss - before.ru_maxrss);
        /* and it finds records again behind it */
        static const char good[] = "\nb" TAIL("C", "02:00:02.000") "\r\nc" TAIL("C", "02:00:03.000") "\r\n";
        assert_int_equal(log_reader_push(reader, good, sizeof good - 1, hear, &told), 0);
        if (strstr(text_string(&told), "C|3816|1465948803Z|c\n") == NULL)
            fail_msg("case %zu: lost: %.200s", i, text_string(&told));
        text_free(&told);
        text_free(&block);
        log_reader_free(reader);
    }
}

static void ten_megabytes(void **state)
{
    (void)state;
    struct text log = {0};
    add_times(&log, "~begin ", 1);
    add_times(&log, "0123456789abcdef", 655360);
    text_add(&log, TAIL("C", "02:00:01.000") "\r\nb" TAIL("C", "02:00:02.000") "\r\n");
    struct outcome got = read_all("auto", log.bytes, log.length, 65536, false);
    assert_int_equal(got.counts.records, 2);
    assert_int_equal(got.counts.garbage_bytes, 0);
    assert_int_equal(got.position, log.length);
    assert_non_null(strstr(text_string(&got.told), "C|3816|1465948801Z|begin 0123456789"));
    assert_in_range(got.told.length, LOG_MESSAGE_KEEP, LOG_MESSAGE_KEEP + 200);
    text_free(&got.told);
    text_free(&log);
}

static void a_rotated_file_needs_no_line_end(void **state)
{
    (void)state;
    static const char log[] = "a" TAIL("C", "02:00:01.000");
    struct outcome got = read_all("auto", log, sizeof log - 1, 5, true);
    assert_string_equal(text_string(&got.told), "C|3816|1465948801Z|a\n");
    assert_int_equal(got.position, sizeof log - 1);
    text_free(&got.told);
    got = read_all("auto", "a\n", 2, 5, true);
    assert_string_equal(text_string(&got.told), "");
    assert_int_equal(got.position, 2);
    text_free(&got.told);
    got = read_all("auto", "", 0, 5, true);
    assert_int_equal(got.counts.records, 0);
    text_free(&got.told);
}

static void only_the_watched_are_delivered(void **state)
{
    (void)state;
    static const char *const watched[] = {"C", "D"};
    struct log_reader_options options = {.components = watched, .component_count = 2};
    struct log_progress progress = {0};
    struct failure failure;
    struct text told = {0};
    static const char log[] = LINE("~received 1", "C", "02:00:01.000") LINE("rejected", "E", "02:00:59.000")
        LINE("received 2", "E", "03:00:01.000") LINE("ready to 3", "d", "05:00:01.000")
            LINE("receive", "F", "02:00:10.000") LINE("received 4", "C", "02:00:30.250");
    assert_int_equal(log_encoding_parse("auto", &options.encoding, &failure), 0);
    struct log_reader *reader = log_reader_new(&options, 0, &progress, &failure);
    assert_int_equal(log_reader_push(reader, log, sizeof log - 1, hear, &told), 0);
    assert_string_equal(text_string(&told), "C|3816|1465948801Z|received 1\nd|3816|1465959601Z|ready to 3\n"
                                            "C|3816|1465948830Z|received 4\n");
    assert_int_equal(log_reader_counts(reader).records, 6);
    assert_int_equal(log_reader_counts(reader).lines, 6);
    assert_int_equal(progress.any.newest_ms, INT64_C(1465959600000));
    assert_int_equal(progress.any.written_ms, (3600 + 7200) * 1000);
    assert_int_equal(progress.watched[0].newest_ms, INT64_C(1465948800000));
    assert_int_equal(progress.watched[1].newest_ms, INT64_C(1465959600000));
    struct log_stamp last, newest;
    assert_true(log_reader_last(reader, &last, &newest));
    assert_int_equal(last.ms, INT64_C(1465948830250));
    assert_int_equal(newest.ms, INT64_C(1465959600000));
    log_reader_free(reader);
    text_free(&told);
}

struct exact {
    const struct text *log;
    struct text told;
};

/* The stamp is read again, without any memory of stamps before it. */
static void hear_exactly(void *listener, const struct log_record *record)
{
    struct exact *exact = listener;
    struct log_tail tail;
    struct log_stamp stamp;
    const char *bytes = exact->log->bytes, *end = bytes + record->end, *at = bytes + record->start;
    while (end[-1] != '>') /* a record with a wrapped tail ends with its line */
        end--;
    do
        assert_true(log_tail_server(at, end, &tail));
    while (at = tail.start + 3, tail.end != end);
    assert_true(log_stamp_server(tail.stamp_text, tail.stamp_length, &stamp));
    assert_int_equal(stamp.ms, record->stamp.ms);
    assert_int_equal(tail.thread, record->thread);
    text_addf(&exact->told, "%lld-%lld %.*s ", (long long)record->start, (long long)record->end,
              (int)record->stamp.zone_length, record->stamp.zone_length > 0 ? record->stamp.zone : "");
    hear(&exact->told, record);
}

static struct text read_exactly(const struct text *log, size_t piece, struct log_progress *progress)
{
    struct log_reader_options options = {0};
    struct failure failure;
    struct exact exact = {.log = log};
    *progress = (struct log_progress){0};
    assert_int_equal(log_encoding_parse("utf-8", &options.encoding, &failure), 0);
    struct log_reader *reader = log_reader_new(&options, 0, progress, &failure);
    assert_non_null(reader);
    for (size_t at = 0; at < log->length; at += piece) {
        size_t length = log->length - at < piece ? log->length - at : piece;
        assert_int_equal(log_reader_push(reader, log->bytes + at, length, hear_exactly, &exact), 0);
    }
    text_addf(&exact.told, "%lld", (long long)log_reader_counts(reader).records);
    log_reader_free(reader);
    return exact.told;
}

/* Mostly the first, so that what follows is like what was before. */
static const char *any_of(uint64_t *dice, const char *const *of, size_t count)
{
    return of[dice_throw(dice, 8) != 0 ? 0 : dice_throw(dice, (uint32_t)count)];
}

#define ANY(...)                                                                                             \
    any_of(dice, (const char *const[]){__VA_ARGS__},                                                         \
           sizeof(const char *const[]){__VA_ARGS__} / sizeof(char *))

static void add_any_line(uint64_t *dice, struct text *log)
{
    text_add(log,
             ANY("Start updating the package CEN00001...  ", "", "~", "share \\\\S\\SMSPKGE$\\ ", "$$<",
                 "$$<C><x> ",
                 "a message that is so long that its end lies beyond the first words that are looked at ~"));
    text_addf(log, "$$<%s>%s<",
              ANY("SMS_DISTRIBUTION_MANAGER", "SMS_DISTRIBUTION_MANAGER", "SMS_DESPOOLER", "C"),
              ANY("", "", "", " ", "\n"));
    const char *minute = ANY("00", "00", "07", "59", "60", "7"), *second = ANY("00", "09", "59", "60", "5x");
    const char *fraction = ANY(".000", ".000", ".999", ".12", "", ".1234567", ".x00");
    const char *hour = ANY("02", "02", "02", "03", "2", "23");
    if (ANY("numeric", "numeric", "named")[1] == 'u')
        text_addf(log, "%s %s:%s:%s%s%s", ANY("06-15-2016", "06-15-2016", "06-16-2016"), hour, minute, second,
                  fraction, ANY("-120", "-120", "+00", "-330", ""));
    else
        text_addf(log, "Wed Aug 28 %s:%s:%s%s 2002 %s", hour, minute, second, fraction,
                  ANY("Eastern Standard Time", "Eastern Standard Time", ""));
    text_addf(log, ">%s<thread=%s>%s", ANY("", "", "", " ", "\n"),
              ANY("3816 (0xEE8)", "3816 (0xEE8)", "3820 (0xEEC)", "3816 (0xEE8", "3816 \n(0xEE8)",
                  "4294967295 (0xFFFFFFFF)", "4294967296 (0x100000000)", "DB", "8 (0x8)", "x"),
              ANY("\r\n", "\r\n", "\r\n", "\n", "\r", " \r\n", "\n\n",
                  "$$<C><06-15-2016 02:00:00.000-120><thread=8 (0x8)>\n"));
}

/* Lines that are like the one before are read on a short way. What comes out must be what the long way gives,
 * which is taken where no line lies whole in the bytes that come. */
static void the_short_way_is_the_long_way(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252, *dice = &seed;
    for (int round = 0; round < 300; round++) {
        struct text log = {0};
        for (int line = 0; line < 60; line++)
            add_any_line(dice, &log);
        struct log_progress quick_progress, slow_progress;
        struct text quick = read_exactly(&log, log.length, &quick_progress),
                    slow = read_exactly(&log, 1, &slow_progress);
        assert_string_equal(text_string(&quick), text_string(&slow));
        assert_memory_equal(&quick_progress, &slow_progress, sizeof quick_progress);
        text_free(&quick);
        text_free(&slow);
        text_free(&log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records),
        cmocka_unit_test(encodings),
        cmocka_unit_test(code_pages),
        cmocka_unit_test(joins_are_bounded),
        cmocka_unit_test(huge),
        cmocka_unit_test(ten_megabytes),
        cmocka_unit_test(a_rotated_file_needs_no_line_end),
        cmocka_unit_test(only_the_watched_are_delivered),
        cmocka_unit_test(the_short_way_is_the_long_way),
    };
    return cmocka_run_group_tests_name("logrecord", tests, NULL, NULL);
}
