/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_OPTIONS_TYPO_H
#define SMS_OPTIONS_TYPO_H

#include <stddef.h>

/* "did you mean": the known word that a mistyped one is closest to. Start with {.word = ...}. */
struct nearest {
    const char *word; /* borrowed */
    const char *best; /* borrowed; NULL while nothing is close */
    size_t distance;
};

/** Offer a known word. */
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
