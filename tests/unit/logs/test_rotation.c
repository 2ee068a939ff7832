// SPDX-License-Identifier: GPL-3.0-or-later
#include "../logworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A log written in random pieces, rotated at random points (at most once between two runs) and read at random
 * moments gives every byte exactly once, in order.
 */

enum { STORIES = 300, STEPS = 60 };

static uint64_t random_state;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % limit;
}

/* Whole lines and half ones; some lines are all alike, so that content alone is no proof. */
static void write_piece(struct logworld *world, struct text *written, unsigned *line)
{
    struct text piece = {0};
    for (unsigned i = random_below(6) + 1; i > 0; i--) {
        text_addf(&piece, "line %u ", (*line)++);
        for (unsigned filler = random_below(8) == 0 ? random_below(3000) : random_below(40); filler > 0;
             filler--)
            text_add(&piece, "x");
        text_add(&piece, random_below(10) == 0 ? "" : "\n"); /* the end may come with the next piece */
    }
    logworld_append(world, text_string(&piece));
    text_add_bytes(written, piece.bytes, piece.length);
    text_free(&piece);
}

static void rotate(struct logworld *world)
{
    switch (random_below(3)) {
    case 0:
        logworld_rename(world);
        break; /* the new log comes with the next line */
    case 1:
        logworld_rename(world);
        logworld_write(world->log, "", 0, "w");
        break;
    default:
        logworld_copy(world);
        logworld_truncate(world);
    }
}

static void tell_story(uint64_t seed)
{
    random_state = seed * 7919 + 1;
    struct logworld world;
    struct text written = {0}, read = {0};
    unsigned line = 0;
    logworld_begin(&world);
    world.buffer = 1 + random_below(5000);
    bool may_rotate = true;
    write_piece(&world, &written, &line);
    for (unsigned step = 0; step <= STEPS; step++) {
        unsigned choice = step == STEPS ? 9 : random_below(10);
        if (choice < 5) {
            write_piece(&world, &written, &line);
        } else if (choice < 7) {
            if (may_rotate) {
                rotate(&world);
                write_piece(&world, &written, &line);
                may_rotate = false;
            }
        } else {
            if (step == STEPS) {
                logworld_append(&world, "end\n");
                text_add(&written, "end\n");
            }
            world.max_bytes = step < STEPS && random_below(4) == 0 ? 1 + random_below(8000) : 0;
            enum log_outcome outcome = logworld_run(&world);
            text_add_bytes(&read, text_string(&world.given), world.given.length);
            if (outcome != LOG_POSITION_READY || world.status.loss[0] != '\0')
                fail_msg("story %llu step %u: outcome %d, %s", (unsigned long long)seed, step, (int)outcome,
                         world.status.loss);
            /* A run that is catching up in X.lo_ must be followed by one that ends it before the next
             * rotation. */
            may_rotate = !world.status.catching_up;
        }
    }
    if (read.length != written.length || memcmp(read.bytes, written.bytes, read.length) != 0)
        fail_msg("story %llu: %zu bytes read, %zu written", (unsigned long long)seed, read.length,
                 written.length);
    text_free(&written);
    text_free(&read);
    logworld_end(&world);
}

static void test_stories(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= STORIES; seed++)
        tell_story(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stories)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
