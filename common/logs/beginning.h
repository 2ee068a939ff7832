/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_BEGINNING_H
#define SMS_LOGS_BEGINNING_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Which of a few dozen messages can this one be? Asked for every record of a log, nearly always answered with
 * "none", after one multiplication and one comparison, whatever the number of messages.
 */

#define LOG_BEGINNING       8  /* bytes that every message must begin with */
#define LOG_BEGINNING_WORDS 16 /* bytes that are looked at, where the message has so many words */

enum { LOG_BEGINNING_SLOTS = 256, LOG_BEGINNINGS = LOG_BEGINNING_SLOTS / 2 };

/** A message's words: what stands in it before anything that differs; and if that is a decimal number, what
 * stands behind it. */
struct log_words {
    const char *bytes; /* NULL: there are no more messages */
    size_t length;     /* at least LOG_BEGINNING */
    const char *behind;
    size_t behind_length; /* 0: nothing is known */
};

struct log_beginnings {
    size_t count;
    uint8_t slot[LOG_BEGINNING_SLOTS]; /* by the first word: 1 + the number of the first message with it, 0:
                                          free */
    struct log_beginning {
        uint64_t first, second; /* the message's words ... */
        uint64_t mask;          /* ... and the bytes of the second one that count */
        struct log_words words;
    } of[LOG_BEGINNINGS];
};

/**
 * @param words  gives the i-th message's words; those with the same first LOG_BEGINNING bytes follow each
 * other. No more than LOG_BEGINNINGS.
 */
void log_beginnings_init(struct log_beginnings *beginnings, struct log_words (*words)(size_t i));

/* Multiplicative hashing (Knuth, The Art of Computer Programming 3, 6.4): the upper bits are the good ones.
 */
static inline unsigned log_beginnings_slot(uint64_t first)
{
    return (unsigned)((first * UINT64_C(0x9E3779B97F4A7C15)) >> 56) % LOG_BEGINNING_SLOTS;
}

/** What log_beginnings_find does once a message's first word is in this slot or a neighbour's. */
unsigned log_beginnings_look(const struct log_beginnings *beginnings, unsigned slot, const char *message,
                             size_t length);

/** @return 1 + the number of the first message that begins like this, 0: none does. Where a message has a
 * number within its first LOG_BEGINNING_WORDS bytes, what stands behind that is looked at too. */
static inline unsigned log_beginnings_find(const struct log_beginnings *beginnings, const char *message,
                                           size_t length)
{
    uint64_t first;
    if (length < sizeof first)
        return 0;
    memcpy(&first, message, sizeof first);
    unsigned slot = log_beginnings_slot(first);
    return beginnings->slot[slot] != 0 ? log_beginnings_look(beginnings, slot, message, length) : 0;
}

#endif
