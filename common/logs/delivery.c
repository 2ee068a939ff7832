// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/delivery.h"

#include "base/ascii.h"
#include "base/unicode.h"
#include "logs/scan.h"

#include <string.h>
#include <strings.h>

void log_delivery_init(struct log_delivery *delivery, const struct log_reader_options *options,
                       struct log_progress *progress)
{
    *delivery = (struct log_delivery){.own = *options, .progress = progress, .component_slot = LOG_WATCHED};
    delivery->options = &delivery->own;
    if (options->beginning != NULL)
        log_beginnings_init(&delivery->beginnings, options->beginning);
}

void log_delivery_free(struct log_delivery *delivery)
{
    text_free(&delivery->decoded);
}

static int slot_of(struct log_delivery *delivery, const char *component, size_t length)
{
    if (length == delivery->component_length && memcmp(component, delivery->component, length) == 0)
        return delivery->component_slot;
    int slot = LOG_WATCHED;
    for (size_t i = 0; i < delivery->own.component_count && i < LOG_WATCHED; i++)
        if (strlen(delivery->own.components[i]) == length &&
            strncasecmp(delivery->own.components[i], component, length) == 0)
            slot = (int)i;
    if (length > 0 && length <= sizeof delivery->component) {
        memcpy(delivery->component, component, length);
        delivery->component_length = length;
        delivery->component_slot = slot;
    }
    return slot;
}

/* Lengths of `MM:`, behind which log_stamp.seconds_at points, of `MM:SS` and of `MM:SS.mmm`. A log has one of
 * the two. */
enum { MINUTES = 3, CLOCK = MINUTES + 2, CLOCK_MS = CLOCK + 4 };

static uint64_t eight(const char *text)
{
    uint64_t bytes;
    memcpy(&bytes, text, sizeof bytes);
    return bytes;
}

/* `MM:SS.mm` in one step: a byte of the sum has its high bit set where the difference to `00:00.00` is larger
 * than its place allows. */
static bool is_clock_word(const char *text)
{
    static const unsigned char most[8] = {5, 9, 0, 5, 9, 0, 9, 9};
    uint64_t room = 0, difference = eight(text) ^ eight("00:00.00");
    for (unsigned i = 0; i < sizeof most; i++)
        ((unsigned char *)&room)[i] = (unsigned char)(0x7F - most[i]);
    return (((difference + room) | difference) & UINT64_C(0x8080808080808080)) == 0;
}

static inline bool is_clock(const char *text, size_t length)
{
    if (length == CLOCK_MS)
        return is_clock_word(text) && ascii_is_digit(text[CLOCK_MS - 1]);
    return text[0] >= '0' && text[0] <= '5' && ascii_is_digit(text[1]) && text[2] == ':' && text[3] >= '0' &&
           text[3] <= '5' && ascii_is_digit(text[4]);
}

static size_t clock_length(const char *stamp, size_t length, size_t seconds)
{
    return length >= seconds + 6 && stamp[seconds + 2] == '.' ? CLOCK_MS : CLOCK;
}

static int64_t clock_ms(const char *text, size_t length)
{
    int64_t seconds = ((text[0] - '0') * 10 + (text[1] - '0')) * 60 + (text[3] - '0') * 10 + (text[4] - '0');
    if (length == CLOCK)
        return seconds * 1000;
    return seconds * 1000 + (text[6] - '0') * 100 + (text[7] - '0') * 10 + (text[8] - '0');
}

/* Does the stamp differ from the slot's only in minutes and seconds? */
static bool same_hour(const struct log_hour *hour, const char *text, size_t length)
{
    if (length == 0 || length != hour->length)
        return false;
    size_t clock = hour->stamp.seconds_at - MINUTES, size = hour->clock_length, behind = clock + size;
    return memcmp(text, hour->text, clock) == 0 && is_clock(text + clock, size) &&
           memcmp(text + behind, hour->text + behind, length - behind) == 0;
}

/* The stamp of a text that is of the slot's hour. */
static void stamp_of_hour(const struct log_hour *hour, const char *text, struct log_stamp *stamp)
{
    *stamp = hour->stamp;
    stamp->ms += clock_ms(text + stamp->seconds_at - MINUTES, hour->clock_length);
    stamp->zone = stamp->zone_length > 0 ? text + hour->zone_at : NULL;
}

bool log_delivery_stamp(struct log_delivery *delivery, struct log_tail *tail)
{
    tail->slot = slot_of(delivery, tail->component, tail->component_length);
    tail->same_hour = false;
    if (tail->stamp_text == NULL)
        return true;
    tail->same_hour = same_hour(&delivery->hour[tail->slot], tail->stamp_text, tail->stamp_length);
    return tail->same_hour || log_stamp_server(tail->stamp_text, tail->stamp_length, &tail->stamp);
}

__attribute__((noinline)) static void remember_hour(struct log_delivery *delivery,
                                                    const struct log_tail *tail)
{
    struct log_hour *hour = &delivery->hour[tail->slot];
    hour->before_length = hour->length = 0;
    if (tail->stamp_text == NULL || tail->stamp_length > sizeof hour->text)
        return;
    memcpy(hour->text, tail->stamp_text, tail->stamp_length);
    hour->stamp = tail->stamp;
    hour->stamp.zone = NULL;
    hour->length = tail->stamp_length;
    hour->zone_at = tail->stamp.zone != NULL ? (size_t)(tail->stamp.zone - tail->stamp_text) : 0;
    size_t clock = hour->stamp.seconds_at - MINUTES;
    size_t size = clock_length(hour->text, hour->length, hour->stamp.seconds_at);
    hour->clock_length = size;
    /* A fraction of another length than three digits: every stamp is parsed. */
    if (!is_clock(hour->text + clock, size)) {
        hour->length = 0;
        return;
    }
    hour->stamp.ms -= clock_ms(hour->text + clock, size);
    memcpy(hour->noted, hour->text + clock, sizeof hour->noted);
    size_t before = (size_t)(tail->stamp_text - tail->start) + clock;
    size_t behind = hour->length - clock - size;
    static const char thread[] = "><thread=";
    /* A tail that is wrapped over lines ends elsewhere: it is always looked at closely. */
    if (before > sizeof hour->before || behind + sizeof thread - 1 > sizeof hour->behind ||
        memchr(tail->start, '\n', before + size + behind) != NULL)
        return;
    memcpy(hour->before, tail->start, before);
    hour->before_length = before;
    hour->component_length = tail->component_length;
    memcpy(hour->behind, tail->stamp_text + clock + size, behind);
    memcpy(hour->behind + behind, thread, sizeof thread - 1);
    hour->behind_length = behind + sizeof thread - 1;
}

/* memcmp for a few words, at least one: of every line of a log. */
static bool same_bytes(const char *one, const char *other, size_t length)
{
    size_t last = length - sizeof(uint64_t);
    for (size_t at = 0; at < last; at += sizeof(uint64_t))
        if (eight(one + at) != eight(other + at))
            return false;
    return eight(one + last) == eight(other + last);
}

static bool is_thread(const struct log_thread *known, const char *at, const char *end)
{
    return known->length != 0 && (size_t)(end - at) >= known->length &&
           same_bytes(at, known->text, known->length);
}

/* `3136 (0xC40)>`: few threads write a log, and mostly the same one again, so what was read lately is not
 * parsed again. @return behind the `>`, NULL when this is no thread */
static const char *read_thread(struct log_delivery *delivery, const char *at, const char *end)
{
    const struct log_thread *last = &delivery->thread[delivery->last_thread];
    if (is_thread(last, at, end)) {
        delivery->matched = last->thread;
        return at + last->length;
    }
    if ((size_t)(end - at) < sizeof(uint64_t))
        return NULL;
    delivery->last_thread =
        (uint8_t)((eight(at) * UINT64_C(0x9E3779B97F4A7C15)) >> 56) % LOG_DELIVERY_THREADS;
    struct log_thread *known = &delivery->thread[delivery->last_thread];
    if (!is_thread(known, at, end)) {
        const char *behind = log_tail_thread(at, end, &known->thread);
        size_t length = behind != NULL ? (size_t)(behind - at) : 0;
        known->length = 0;
        delivery->matched = known->thread;
        if (length > 0 && memchr(at, '\n', length) != NULL)
            return NULL; /* wrapped */
        if (length < sizeof(uint64_t) || length > sizeof known->text)
            return behind;
        memcpy(known->text, at, length);
        known->length = length;
    }
    delivery->matched = known->thread;
    return at + known->length;
}

const char *log_delivery_match(struct log_delivery *delivery, const char *at, const char *end)
{
    const struct log_hour *hour = &delivery->hour[delivery->latest];
    size_t clock = hour->before_length, size = hour->clock_length;
    if (clock == 0 || (size_t)(end - at) < clock + size + hour->behind_length ||
        !log_same_bytes(at, hour->before, clock) || !is_clock(at + clock, size) ||
        !same_bytes(at + clock + size, hour->behind, hour->behind_length))
        return NULL;
    return read_thread(delivery, at + clock + size + hour->behind_length, end);
}

static bool edge(char c)
{
    return c == '~' || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* Where the message's text begins: a byte order mark is no text. */
static size_t edge_before(const char *text, size_t length)
{
    size_t at = 0;
    if (length > 0 && *text > ' ' && *text < '~') /* nearly always */
        return 0;
    for (;;)
        if (at < length && edge(text[at]))
            at++;
        else if (length - at >= 3 && memcmp(text + at, "\xEF\xBB\xBF", 3) == 0)
            at += 3;
        else
            return at;
}

static bool is_ascii(const char *text, size_t length)
{
    uint64_t words[8], high = 0;
    for (; length >= sizeof words; text += sizeof words, length -= sizeof words) {
        memcpy(words, text, sizeof words);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            high |= words[i];
    }
    for (; length >= sizeof *words; text += sizeof *words, length -= sizeof *words) {
        memcpy(words, text, sizeof *words);
        high |= words[0];
    }
    for (; length > 0; text++, length--)
        high |= (unsigned char)*text;
    return (high & 0x8080808080808080u) == 0;
}

/* The message as valid UTF-8 without its edges. */
static void decode(struct log_delivery *delivery, const struct log_encoding *encoding, const char *text,
                   size_t length, struct log_record *record)
{
    bool plain =
        is_ascii(text, length) || (encoding->kind != LOG_ENCODING_CODEPAGE && utf8_valid(text, length));
    if (!plain) {
        text_cut(&delivery->decoded, 0);
        log_encoding_convert(encoding, text, length, &delivery->decoded);
        delivery->failed |= delivery->decoded.failed;
        text = text_string(&delivery->decoded);
        length = delivery->decoded.length;
    }
    size_t before = edge_before(text, length);
    while (length > before && edge(text[length - 1]))
        length--;
    record->message = text + before;
    record->message_length = length - before;
}

enum { UNWANTED = -1 };

/* @return the record's beginning, or UNWANTED */
static inline int look_at(const struct log_delivery *delivery, int slot, const char *message, size_t length,
                          bool several_lines)
{
    if (delivery->callback == NULL || (delivery->own.component_count > 0 && slot == LOG_WATCHED))
        return UNWANTED;
    if (delivery->own.beginning == NULL || several_lines)
        return 0;
    size_t before = edge_before(message, length);
    unsigned beginning = log_beginnings_find(&delivery->beginnings, message + before, length - before);
    return beginning != 0 ? (int)beginning : UNWANTED;
}

/* Not inline, as remember_hour: what is done for every line of a log shall stay small. */
__attribute__((noinline)) static void deliver(struct log_delivery *delivery, const struct log_found *found,
                                              unsigned beginning)
{
    const struct log_tail *tail = found->tail;
    struct log_record record = {.component = tail->component,
                                .component_length = tail->component_length,
                                .watched = tail->slot < LOG_WATCHED ? tail->slot : -1,
                                .thread = tail->thread,
                                .several_lines = found->several_lines,
                                .beginning = beginning,
                                .cut = found->cut,
                                .start = found->start,
                                .end = found->end,
                                .before = delivery->progress};
    if (tail->same_hour)
        stamp_of_hour(&delivery->hour[tail->slot], tail->stamp_text, &record.stamp);
    else
        record.stamp = tail->stamp;
    decode(delivery, found->encoding, found->message, found->length, &record);
    delivery->callback(delivery->listener, &record);
}

static void add_activity(struct log_delivery *delivery, int slot, int64_t ms)
{
    log_activity_add(&delivery->progress->any, ms);
    if (slot < LOG_WATCHED)
        log_activity_add(&delivery->progress->watched[slot], ms);
}

/* A record of the slot's hour; every minute is noted once. */
static inline void note_minute(struct log_delivery *delivery, int slot, const char *clock)
{
    struct log_hour *hour = &delivery->hour[slot];
    if (memcmp(clock, hour->noted, sizeof hour->noted) == 0)
        return;
    memcpy(hour->noted, clock, sizeof hour->noted);
    add_activity(delivery, slot, hour->stamp.ms + clock_ms(clock, hour->clock_length));
}

__attribute__((noinline)) static void deliver_again(struct log_delivery *delivery,
                                                    const struct log_again *again, unsigned beginning)
{
    const struct log_hour *hour = &delivery->hour[delivery->latest];
    struct log_record record; /* every member is set below: clearing it first would cost as much */
    record.component = again->tail + 3;
    record.component_length = hour->component_length;
    record.watched = delivery->latest < LOG_WATCHED ? delivery->latest : -1;
    record.thread = delivery->matched;
    record.several_lines = record.cut = false;
    record.beginning = beginning;
    record.start = again->start;
    record.end = again->start + (again->end - again->message);
    record.before = delivery->progress;
    stamp_of_hour(hour, delivery->last_text, &record.stamp);
    decode(delivery, again->encoding, again->message, (size_t)(again->tail - again->message), &record);
    delivery->callback(delivery->listener, &record);
}

void log_delivery_again(struct log_delivery *delivery, const struct log_again *again)
{
    const struct log_hour *hour = &delivery->hour[delivery->latest];
    const char *clock = again->tail + hour->before_length;
    delivery->last_text = clock - (hour->stamp.seconds_at - MINUTES);
    delivery->last_length = hour->length;
    int beginning =
        look_at(delivery, delivery->latest, again->message, (size_t)(again->tail - again->message), false);
    if (beginning != UNWANTED)
        deliver_again(delivery, again, (unsigned)beginning);
    note_minute(delivery, delivery->latest, clock);
}

void log_delivery_record(struct log_delivery *delivery, const struct log_found *found)
{
    const struct log_tail *tail = found->tail;
    delivery->any = true;
    if (tail->stamp_text != NULL) {
        delivery->last_text = tail->stamp_text;
        delivery->last_length = tail->stamp_length;
    } else {
        delivery->last_text = NULL;
        delivery->last = tail->stamp;
    }
    int beginning = look_at(delivery, tail->slot, found->message, found->length, found->several_lines);
    if (beginning != UNWANTED)
        deliver(delivery, found, (unsigned)beginning);
    if (tail->same_hour) {
        note_minute(delivery, tail->slot,
                    tail->stamp_text + delivery->hour[tail->slot].stamp.seconds_at - MINUTES);
    } else {
        remember_hour(delivery, tail);
        add_activity(delivery, tail->slot, tail->stamp.ms);
    }
    delivery->latest = tail->slot;
    /* Text of a line that lies in the reader's own buffers goes away before the next one comes */
    if (found->cut || found->several_lines)
        log_delivery_settle(delivery);
}

void log_delivery_settle(struct log_delivery *delivery)
{
    if (delivery->last_text == NULL || delivery->last_text == delivery->last_copy)
        return;
    if (delivery->last_length > sizeof delivery->last_copy)
        delivery->last_length = sizeof delivery->last_copy;
    memcpy(delivery->last_copy, delivery->last_text, delivery->last_length);
    delivery->last_text = delivery->last_copy;
}

bool log_delivery_last(const struct log_delivery *delivery, struct log_stamp *last, struct log_stamp *newest)
{
    if (!delivery->any)
        return false;
    *last = delivery->last;
    if (delivery->last_text != NULL)
        log_stamp_server(delivery->last_text, delivery->last_length, last);
    *newest = *last;
    if (delivery->progress->any.newest_ms > last->ms)
        newest->ms = delivery->progress->any.newest_ms;
    return true;
}
