// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/beginning.h"

#include "base/ascii.h"

#include <stdbool.h>
#include <string.h>

_Static_assert(sizeof(uint64_t) == LOG_BEGINNING, "the bytes that every message begins with are one word");
_Static_assert(LOG_BEGINNING_WORDS == 2 * LOG_BEGINNING, "two words are looked at");
_Static_assert(LOG_BEGINNINGS < UINT8_MAX, "a slot holds a number");

/* At most a word; what lies behind is 0. */
static uint64_t word_of(const char *bytes, size_t length)
{
    uint64_t word = 0;
    memcpy(&word, bytes, length < sizeof word ? length : sizeof word);
    return word;
}

/* The slot of this first word, or the free one where it belongs, at `slot` or behind it. */
static unsigned find_slot(const struct log_beginnings *beginnings, unsigned slot, uint64_t first)
{
    while (beginnings->slot[slot] != 0 && beginnings->of[beginnings->slot[slot] - 1].first != first)
        slot = (slot + 1) % LOG_BEGINNING_SLOTS;
    return slot;
}

void log_beginnings_init(struct log_beginnings *beginnings, struct log_words (*words)(size_t i))
{
    static const char all[sizeof(uint64_t)] = {-1, -1, -1, -1, -1, -1, -1, -1};
    *beginnings = (struct log_beginnings){0};
    for (size_t i = 0; i < LOG_BEGINNINGS; i++) {
        struct log_words message = words(i);
        if (message.bytes == NULL)
            break;
        struct log_beginning *of = &beginnings->of[beginnings->count++];
        of->first = word_of(message.bytes, message.length);
        of->second = word_of(message.bytes + LOG_BEGINNING, message.length - LOG_BEGINNING);
        of->mask = word_of(all, message.length - LOG_BEGINNING);
        if (message.length <= LOG_BEGINNING_WORDS)
            of->words = message;
        unsigned slot = find_slot(beginnings, log_beginnings_slot(of->first), of->first);
        if (beginnings->slot[slot] == 0)
            beginnings->slot[slot] = (uint8_t)(i + 1);
    }
}

/* Does the message go on behind its number as it must? */
static bool goes_on(const struct log_words *words, const char *message, size_t length)
{
    size_t at = words->length;
    while (at < length && ascii_is_digit(message[at]))
        at++;
    return at < length && length - at >= words->behind_length &&
           memcmp(message + at, words->behind, words->behind_length) == 0;
}

unsigned log_beginnings_look(const struct log_beginnings *beginnings, unsigned slot, const char *message,
                             size_t length)
{
    uint64_t first = word_of(message, LOG_BEGINNING);
    unsigned number = beginnings->slot[find_slot(beginnings, slot, first)];
    if (number == 0)
        return 0;
    uint64_t second = word_of(message + LOG_BEGINNING, length - LOG_BEGINNING);
    const struct log_beginning *end = beginnings->of + beginnings->count;
    for (const struct log_beginning *of = &beginnings->of[number - 1]; of < end && of->first == first;
         of++, number++)
        if ((second & of->mask) == of->second &&
            (of->words.behind_length == 0 || goes_on(&of->words, message, length)))
            return number;
    return 0;
}
