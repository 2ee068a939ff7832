// SPDX-License-Identifier: GPL-3.0-or-later
#include "options/typo.h"

#include <string.h>
#include <strings.h>

/* Words beyond this are no typing errors of an option name. */
enum { LONGEST = 63 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter + ('a' - 'A')) : letter;
}

/* Letters to insert, delete, exchange or swap with their neighbour (optimal string alignment), case aside. */
static size_t edit_distance(const char *from, const char *to)
{
    size_t from_length = strlen(from), to_length = strlen(to);
    if (from_length > LONGEST || to_length > LONGEST)
        return LONGEST;

    size_t rows[3][LONGEST + 1];
    size_t *before_last = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= to_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= from_length; i++) {
        size_t *reused = before_last;
        before_last = last;
        last = row;
        row = reused;
        row[0] = i;
        for (size_t j = 1; j <= to_length; j++) {
            char a = lower(from[i - 1]), b = lower(to[j - 1]);
            row[j] = smaller(last[j - 1] + (a != b), smaller(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a == lower(to[j - 2]) && b == lower(from[i - 2]))
                row[j] = smaller(row[j], before_last[j - 2] + 1);
        }
    }
    return row[to_length];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
    size_t length = strlen(nearest->word);
    size_t distance = edit_distance(nearest->word, candidate);

    /* An abbreviation is as good as one wrong letter. */
    if (length >= 3 && strncasecmp(nearest->word, candidate, length) == 0)
        distance = smaller(distance, 1);
    if (distance > 1 + length / 4)
        return;
    if (nearest->best == NULL || distance < nearest->distance) {
        nearest->best = candidate;
        nearest->distance = distance;
    }
}
