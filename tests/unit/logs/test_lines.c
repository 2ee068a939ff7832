// SPDX-License-Identifier: GPL-3.0-or-later
/* Where each record begins and ends, what is counted, and where the next run reads on: with long lines, joined lines and NULs. */
#include "logs/record.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TAIL " $$<C><06-15-2016 02:00:01.000-120><thread=3816 (0xEE8)>"
#define CCM                                                                                                  \
    "<![LOG[c]LOG]!><time=\"02:00:01.034-120\" date=\"06-15-2016\" component=\"C\" context=\"\" type=\"1\" thread=\"7\" file=\"\">"
#define WRAPPED "w $$<C>\n<06-15-2016 02:00:01.000-120><thread=3816 (0xEE8)>\n"

#define SIZE(bytes) ((int64_t)sizeof(bytes) - 1)
#define TAIL_SIZE   SIZE(TAIL)

enum { PARTS = 8, RECORDS = 4, JOIN = LOG_JOIN_BYTES };

struct part {
    const char *bytes;
    int64_t size, times;
};

#define ONCE(bytes)                                                                                          \
    {                                                                                                        \
        bytes, SIZE(bytes), 1                                                                                \
    }
#define TIMES(bytes, much)                                                                                   \
    {                                                                                                        \
        bytes, SIZE(bytes), much                                                                             \
    }

struct expected {
    int64_t start, end;
    const char *begins; /* the message; with '/' for a line break */
    unsigned how;
};

enum { WHOLE, SEVERAL, CUT }; /* on one line; on several lines; cut to its first bytes */

static const struct one {
    const char *name;
    struct part parts[PARTS];
    struct expected records[RECORDS];
    int64_t lines, garbage, waits; /* waits: bytes at the end that the next run reads again */
    bool final;
} cases[] = {
    {"what was joined is used up",
     {ONCE("x\na" TAIL "\n"), ONCE("b" TAIL "\n"), ONCE("y\nc" TAIL "\n")},
     {{0, 3 + TAIL_SIZE, "x/a ", SEVERAL},
      {4 + TAIL_SIZE, 5 + 2 * TAIL_SIZE, "b ", WHOLE},
      {6 + 2 * TAIL_SIZE, 9 + 3 * TAIL_SIZE, "y/c ", SEVERAL}},
     .lines = 5},
    {"64 lines wait for a tail, and no more",
     {TIMES("garbage\n", 65), ONCE("a" TAIL "\n")},
     {{512, 521 + TAIL_SIZE, "garbage/a ", SEVERAL}},
     .lines = 66,
     .garbage = 512},
    {"lines without a tail at the end of a file that was rotated",
     {ONCE("a" TAIL "\n"), ONCE("x\ny\n")},
     {{0, 1 + TAIL_SIZE, "a ", WHOLE}},
     .lines = 3,
     .garbage = 4,
     .final = true},
    {"... and of one that grows",
     {ONCE("a" TAIL "\n"), ONCE("x\ny\n")},
     {{0, 1 + TAIL_SIZE, "a ", WHOLE}},
     .lines = 1,
     .waits = 4},
    {"joined lines have a size",
     {TIMES("g", 40000), ONCE("\n"), TIMES("h", 40000), ONCE("\n"), ONCE("a" TAIL "\n")},
     {{40001, 80003 + TAIL_SIZE, "hhhh", SEVERAL}},
     .lines = 3,
     .garbage = 40001},
    {"a long line is joined with nothing",
     {ONCE("g\n"), TIMES("x", JOIN + 9), ONCE("a" TAIL "\n")},
     {{2, 2 + JOIN + 10 + TAIL_SIZE, "xxxx", CUT}},
     .lines = 2,
     .garbage = 2},
    {"a long line goes on behind its record",
     {TIMES("x", JOIN + 9), ONCE("a" TAIL), ONCE("rest\n"), ONCE("b" TAIL "\n")},
     {{0, JOIN + 10 + TAIL_SIZE, "xxxx", CUT},
      {JOIN + 10 + TAIL_SIZE, JOIN + 16 + 2 * TAIL_SIZE, "rest/b ", SEVERAL}},
     .lines = 2},
    {"two long records on a line of 20 MB",
     {TIMES("x", 10 << 20), ONCE("a" TAIL), TIMES("y", 10 << 20), ONCE("b" TAIL "\n")},
     {{0, (10 << 20) + 1 + TAIL_SIZE, "xxxx", CUT},
      {(10 << 20) + 1 + TAIL_SIZE, (20 << 20) + 2 + 2 * TAIL_SIZE, "yyyy", CUT}},
     .lines = 1},
    {"a wrapped tail that is none stands once",
     {ONCE("a\nb>\nc" TAIL "\n")},
     {{0, 6 + TAIL_SIZE, "a/b>/c ", SEVERAL}},
     .lines = 3},
    {"a wrapped tail uses up what was joined",
     {ONCE(WRAPPED), ONCE("x\ny" TAIL "\n")},
     {{0, SIZE(WRAPPED), "w ", SEVERAL}, {SIZE(WRAPPED), SIZE(WRAPPED) + 3 + TAIL_SIZE, "x/y ", SEVERAL}},
     .lines = 4},
    {"both forms on one line",
     {ONCE(CCM "b" TAIL "\n")},
     {{0, SIZE(CCM), "c", WHOLE}, {SIZE(CCM), SIZE(CCM) + 1 + TAIL_SIZE, "b ", WHOLE}},
     .lines = 1},
    {"NULs between two records of a line",
     {ONCE("a" TAIL "\0\0\0b" TAIL "\n")},
     {{0, 1 + TAIL_SIZE, "a ", WHOLE}, {1 + TAIL_SIZE, 5 + 2 * TAIL_SIZE, "\0\0\0b ", WHOLE}},
     .lines = 1},
    {"NULs before what belongs to the next line",
     {ONCE("a" TAIL "\0\0rest\n"), ONCE("b" TAIL "\n")},
     {{0, 1 + TAIL_SIZE, "a ", WHOLE}, {3 + TAIL_SIZE, 9 + 2 * TAIL_SIZE, "rest/b ", SEVERAL}},
     .lines = 2},
    {"NULs that fill the window behind a record wait for text",
     {ONCE("a" TAIL), TIMES("\0", JOIN + 100)},
     {{0, 1 + TAIL_SIZE, "a ", WHOLE}},
     .waits = JOIN + 100},
    {"... and the text has come",
     {ONCE("a" TAIL), TIMES("\0", JOIN + 100), ONCE("b" TAIL "\n")},
     {{0, 1 + TAIL_SIZE, "a ", WHOLE}, {1 + TAIL_SIZE + JOIN + 100, JOIN + 102 + 2 * TAIL_SIZE, "b ", WHOLE}},
     .lines = 1},
    {"NULs behind a record, then a long line",
     {ONCE("a" TAIL), TIMES("\0", 100), TIMES("x", JOIN + 9), ONCE("b" TAIL "\n")},
     {{0, 1 + TAIL_SIZE, "a ", WHOLE}, {101 + TAIL_SIZE, 111 + JOIN + 2 * TAIL_SIZE, "xxxx", CUT}},
     .lines = 1},
    {"NULs at the end of a file that was rotated",
     {ONCE("a" TAIL "\n\0\0\0")},
     {{0, 1 + TAIL_SIZE, "a ", WHOLE}},
     .lines = 1,
     .final = true},
    {"NULs do not wait for ever, nor what stands before them",
     {ONCE("g\n"), TIMES("\0", LOG_LONGEST), ONCE("a" TAIL "\n")},
     {{2 + LOG_LONGEST, 3 + LOG_LONGEST + TAIL_SIZE, "a ", WHOLE}},
     .lines = 2,
     .garbage = 2 + LOG_LONGEST},
};

struct heard {
    const struct one *expected;
    int64_t piece;
    size_t count;
};

static bool begins(const struct log_record *record, const char *words)
{
    size_t length = strlen(words);
    if (length > 0 && words[length - 1] == ' ') /* the whole message */
        length = record->message_length > length - 1 ? SIZE_MAX : length - 1;
    if (length == SIZE_MAX || record->message_length < length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (record->message[i] != (words[i] == '/' ? '\n' : words[i]))
            return false;
    return true;
}

static void hear(void *listener, const struct log_record *record)
{
    struct heard *heard = listener;
    const struct expected *one =
        heard->count < RECORDS ? &heard->expected->records[heard->count] : &(struct expected){0};
    heard->count++;
    if (one->begins == NULL || record->start != one->start || record->end != one->end ||
        (record->cut             ? CUT
         : record->several_lines ? SEVERAL
                                 : WHOLE) != (int)one->how ||
        !begins(record, one->begins))
        fail_msg("%s, in pieces of %lld, record %zu: %lld-%lld%s%s '%.*s'", heard->expected->name,
                 (long long)heard->piece, heard->count, (long long)record->start, (long long)record->end,
                 record->several_lines ? " several" : "", record->cut ? " cut" : "",
                 record->message_length < 60 ? (int)record->message_length : 60, record->message);
}

static void read_in_pieces(const struct one *one, const struct text *log, size_t piece)
{
    struct log_reader_options options = {0};
    struct log_progress progress = {0};
    struct failure failure;
    struct heard heard = {.expected = one, .piece = (int64_t)piece};
    assert_int_equal(log_encoding_parse("utf-8", &options.encoding, &failure), 0);
    struct log_reader *reader = log_reader_new(&options, 0, &progress, &failure);
    assert_non_null(reader);
    for (size_t at = 0; at < log->length; at += piece)
        assert_int_equal(log_reader_push(reader, log->bytes + at,
                                         log->length - at < piece ? log->length - at : piece, hear, &heard),
                         0);
    if (one->final)
        assert_int_equal(log_reader_finish(reader, hear, &heard), 0);
    size_t records = 0;
    while (records < RECORDS && one->records[records].begins != NULL)
        records++;
    const struct log_counts counts = log_reader_counts(reader);
    const int64_t waits = (int64_t)log->length - log_reader_position(reader);
    if (heard.count != records || counts.records != (int64_t)records || counts.lines != one->lines ||
        counts.garbage_bytes != one->garbage || waits != one->waits)
        fail_msg(
            "%s, in pieces of %zu: %zu records, counted %lld, %lld lines, %lld bytes of garbage, %lld wait",
            one->name, piece, heard.count, (long long)counts.records, (long long)counts.lines,
            (long long)counts.garbage_bytes, (long long)waits);
    log_reader_free(reader);
}

static void every_byte_has_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text log = {0};
        for (const struct part *part = cases[i].parts; part < cases[i].parts + PARTS && part->size > 0;
             part++)
            for (int64_t n = 0; n < part->times; n++)
                text_add_bytes(&log, part->bytes, (size_t)part->size);
        assert_false(log.failed);
        static const size_t pieces[] = {1, 7, 4096, 65536, SIZE_MAX / 2};
        for (size_t p = log.length > 1 << 20 ? 2 : 0; p < sizeof pieces / sizeof *pieces; p++)
            read_in_pieces(&cases[i], &log, pieces[p]);
        text_free(&log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_has_its_place),
    };
    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
