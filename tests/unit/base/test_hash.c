// SPDX-License-Identifier: GPL-3.0-or-later
/* The values are stored in state files and in their names: a change would lose every memory. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

/* FNV-1a of nothing: a hash here is the distance to it, so that HASH_START is 0. */
static const uint64_t nothing = 0xcbf29ce484222325;

static void bytes_are_hashed_as_published(void **state)
{
    (void)state;
    assert_int_equal(hash_add(HASH_START, "", 0), HASH_START);
    assert_int_equal(hash_add(HASH_START, "a", 1) ^ nothing, 0xaf63dc4c8601ec8c);
    assert_int_equal(hash_add(HASH_START, "foobar", 6) ^ nothing, 0x85944171f73967e8);
    assert_int_equal(hash_add(hash_add(HASH_START, "foo", 3), "bar", 3), hash_add(HASH_START, "foobar", 6));
}

static uint64_t byte_by_byte(uint64_t before, int64_t integer)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)integer >> (8 * i));
    return hash_add(before, bytes, sizeof bytes);
}

static void a_number_is_its_eight_bytes(void **state)
{
    (void)state;
    static const int64_t odd[] = {0, -1, INT64_MAX, INT64_MIN, 0x0100, 0x01000000000000, 0x00ff00ff00ff00ff};
    const uint64_t starts[] = {HASH_START, hash_add(HASH_START, "log", 3), UINT64_MAX};
    for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
            assert_int_equal(hash_add_integer(starts[s], odd[i]), byte_by_byte(starts[s], odd[i]));
        for (int bit = 0; bit < 64; bit++)
            for (int64_t near = -2; near <= 2; near++) {
                int64_t number = (int64_t)(((uint64_t)1 << bit) + (uint64_t)near);
                assert_int_equal(hash_add_integer(starts[s], number), byte_by_byte(starts[s], number));
            }
    }
}

static uint64_t whole(const unsigned char *bytes, size_t length)
{
    struct hash_stream stream;
    hash_stream_begin(&stream);
    hash_stream_add(&stream, bytes, length);
    return hash_stream_end(&stream);
}

static void a_stream_may_be_cut_anywhere(void **state)
{
    (void)state;
    unsigned char bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7 + 3);
    for (size_t length = 0; length <= sizeof bytes; length++)
        for (size_t piece = 1; piece <= 70; piece++) {
            struct hash_stream stream;
            hash_stream_begin(&stream);
            for (size_t at = 0; at < length; at += piece)
                hash_stream_add(&stream, bytes + at, length - at < piece ? length - at : piece);
            assert_int_equal(hash_stream_end(&stream), whole(bytes, length));
        }
}

static void each_bit_and_each_length_makes_another_hash(void **state)
{
    (void)state;
    unsigned char bytes[100] = {0};
    for (size_t length = 1; length <= sizeof bytes; length++) {
        const uint64_t zeros = whole(bytes, length);
        assert_true(zeros != whole(bytes, length - 1));
        for (size_t bit = 0; bit < length * 8; bit++) {
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
            assert_true(whole(bytes, length) != zeros);
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
    }
    /* Blocks that change their places. */
    for (size_t i = 0; i < 64; i++)
        bytes[i] = i < 32;
    const uint64_t before = whole(bytes, 64);
    for (size_t i = 0; i < 64; i++)
        bytes[i] = i >= 32;
    assert_true(whole(bytes, 64) != before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_hashed_as_published),
        cmocka_unit_test(a_number_is_its_eight_bytes),
        cmocka_unit_test(a_stream_may_be_cut_anywhere),
        cmocka_unit_test(each_bit_and_each_length_makes_another_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
