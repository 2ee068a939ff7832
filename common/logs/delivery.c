// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/delivery.h"

#include "base/ascii.h"
#include "base/unicode.h"

#include <string.h>
#include <strings.h>

void log_delivery_init(struct log_delivery *delivery, const struct log_reader_options *options,
                       struct log_progress *progress)
{
    *delivery =
        (struct log_delivery){.options = *options, .progress = progress, .component_slot = LOG_WATCHED};
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
    for (size_t i = 0; i < delivery->options.component_count && i < LOG_WATCHED; i++)
        if (strlen(delivery->options.components[i]) == length &&
            strncasecmp(delivery->options.components[i], component, length) == 0)
            slot = (int)i;
    if (length > 0 && length <= sizeof delivery->component) {
        memcpy(delivery->component, component, length);
        delivery->component_length = length;
        delivery->component_slot = slot;
    }
    return slot;
}

/* Lengths of `MM:`, behind which log_stamp.seconds_at points, and of `MM:SS.mmm`. */
enum { MINUTES = 3, CLOCK = MINUTES + 6 };

static bool is_clock(const char *text)
{
    return text[0] >= '0' && text[0] <= '5' && ascii_is_digit(text[1]) && text[2] == ':' && text[3] >= '0' &&
           text[3] <= '5' && ascii_is_digit(text[4]) && text[5] == '.' && ascii_is_digit(text[6]) &&
           ascii_is_digit(text[7]) && ascii_is_digit(text[8]);
}

static int64_t clock_ms(const char *text)
{
    int64_t seconds = ((text[0] - '0') * 10 + (text[1] - '0')) * 60 + (text[3] - '0') * 10 + (text[4] - '0');
    return seconds * 1000 + (text[6] - '0') * 100 + (text[7] - '0') * 10 + (text[8] - '0');
}

/* Does the stamp differ from the slot's only in minutes and seconds? */
static bool same_hour(const struct log_hour *hour, const char *text, size_t length)
{
    if (length == 0 || length != hour->length)
        return false;
    size_t clock = hour->stamp.seconds_at - MINUTES, behind = clock + CLOCK;
    return memcmp(text, hour->text, clock) == 0 && is_clock(text + clock) &&
           memcmp(text + behind, hour->text + behind, length - behind) == 0;
}

/* The stamp of a text that is of the slot's hour. */
static void stamp_of_hour(const struct log_hour *hour, const char *text, struct log_stamp *stamp)
{
    *stamp = hour->stamp;
    stamp->ms += clock_ms(text + stamp->seconds_at - MINUTES);
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

/* A stamp without milliseconds, or with a fraction of another length, is parsed each time. */
static void remember_hour(struct log_hour *hour, const struct log_tail *tail)
{
    hour->length = 0;
    if (tail->stamp_text == NULL || tail->stamp_length > sizeof hour->text)
        return;
    size_t clock = tail->stamp.seconds_at - MINUTES;
    if (clock + CLOCK > tail->stamp_length || !is_clock(tail->stamp_text + clock))
        return;
    memcpy(hour->text, tail->stamp_text, tail->stamp_length);
    hour->length = tail->stamp_length;
    hour->zone_at = tail->stamp.zone != NULL ? (size_t)(tail->stamp.zone - tail->stamp_text) : 0;
    hour->stamp = tail->stamp;
    hour->stamp.zone = NULL;
    hour->stamp.ms -= clock_ms(hour->text + clock);
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

static void deliver(struct log_delivery *delivery, const struct log_found *found)
{
    const struct log_tail *tail = found->tail;
    struct log_record record = {.stamp = tail->stamp,
                                .component = tail->component,
                                .component_length = tail->component_length,
                                .watched = tail->slot < LOG_WATCHED ? tail->slot : -1,
                                .thread = tail->thread,
                                .several_lines = found->several_lines,
                                .cut = found->cut,
                                .start = found->start,
                                .end = found->end,
                                .before = delivery->progress};
    decode(delivery, found->encoding, found->message, found->length, &record);
    delivery->callback(delivery->listener, &record);
}

void log_activity_add(struct log_activity *activity, int64_t stamp_ms)
{
    int64_t minute = stamp_ms - stamp_ms % 60000;
    if (minute <= activity->newest_ms)
        return;
    if (activity->newest_ms != 0) {
        int64_t step = minute - activity->newest_ms, longest = LOG_WRITING_STEP * 1000;
        activity->written_ms += step < longest ? step : longest;
    }
    activity->newest_ms = minute;
}

void log_delivery_record(struct log_delivery *delivery, const struct log_found *found)
{
    struct log_tail *tail = found->tail;
    struct log_hour *hour = &delivery->hour[tail->slot];
    if (tail->same_hour)
        stamp_of_hour(hour, tail->stamp_text, &tail->stamp);
    else
        remember_hour(hour, tail);
    delivery->any = true;
    delivery->last_text = tail->stamp_text;
    delivery->last_length = tail->stamp_length;
    delivery->last = tail->stamp;
    if (delivery->callback != NULL && (delivery->options.component_count == 0 || tail->slot < LOG_WATCHED))
        deliver(delivery, found);
    log_activity_add(&delivery->progress->any, tail->stamp.ms);
    if (tail->slot < LOG_WATCHED)
        log_activity_add(&delivery->progress->watched[tail->slot], tail->stamp.ms);
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
