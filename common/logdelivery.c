// SPDX-License-Identifier: GPL-3.0-or-later
#include "logdelivery.h"

#include "utf.h"

#include <string.h>
#include <strings.h>

void log_delivery_init(struct log_delivery *delivery, const struct log_reader_options *options,
                       struct log_progress *progress)
{
    *delivery = (struct log_delivery){.own = *options, .progress = progress, .component_slot = LOG_WATCHED};
    delivery->options = &delivery->own;
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

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* `SS` or `SS.mmm`, of which there is one form in a log. */
static bool is_seconds(const char *text, size_t length)
{
    return text[0] >= '0' && text[0] <= '5' && is_digit(text[1]) &&
           (length == 2 || (text[2] == '.' && is_digit(text[3]) && is_digit(text[4]) && is_digit(text[5])));
}

static size_t seconds_length(const struct log_minute *minute)
{
    size_t at = minute->stamp.seconds_at;
    return minute->length >= at + 6 && minute->text[at + 2] == '.' ? 6 : 2;
}

/* Does the stamp differ from the slot's only in its seconds? */
static bool same_minute(const struct log_minute *minute, const char *text, size_t length)
{
    size_t seconds = minute->stamp.seconds_at;
    if (length == 0 || length != minute->length || memcmp(text, minute->text, seconds) != 0)
        return false;
    size_t size = seconds_length(minute), behind = seconds + size;
    return is_seconds(text + seconds, size) &&
           memcmp(text + behind, minute->text + behind, length - behind) == 0;
}

/* The stamp of a text that is of the slot's minute. */
static struct log_stamp stamp_of_minute(const struct log_minute *minute, const char *text)
{
    struct log_stamp stamp = minute->stamp;
    const char *s = text + stamp.seconds_at;
    stamp.ms += ((s[0] - '0') * 10 + (s[1] - '0')) * 1000;
    if (seconds_length(minute) == 6)
        stamp.ms += (s[3] - '0') * 100 + (s[4] - '0') * 10 + (s[5] - '0');
    stamp.zone = stamp.zone_length > 0 ? text + minute->zone_at : NULL;
    return stamp;
}

bool log_delivery_stamp(struct log_delivery *delivery, struct log_tail *tail)
{
    tail->slot = slot_of(delivery, tail->component, tail->component_length);
    tail->same_minute = false;
    if (tail->stamp_text == NULL)
        return true;
    tail->same_minute = same_minute(&delivery->minute[tail->slot], tail->stamp_text, tail->stamp_length);
    return tail->same_minute || log_stamp_server(tail->stamp_text, tail->stamp_length, &tail->stamp);
}

static void remember_minute(struct log_delivery *delivery, const struct log_tail *tail)
{
    struct log_minute *minute = &delivery->minute[tail->slot];
    minute->before_length = 0;
    if (tail->stamp_text == NULL || tail->stamp_length > sizeof minute->text) {
        minute->length = 0;
        return;
    }
    memcpy(minute->text, tail->stamp_text, tail->stamp_length);
    minute->length = tail->stamp_length;
    minute->stamp = tail->stamp;
    minute->stamp.ms -= tail->stamp.ms % 60000;
    minute->stamp.zone = NULL;
    minute->zone_at = tail->stamp.zone != NULL ? (size_t)(tail->stamp.zone - tail->stamp_text) : 0;
    size_t seconds = minute->stamp.seconds_at, size = seconds_length(minute);
    size_t before = (size_t)(tail->stamp_text - tail->start) + seconds;
    size_t behind = minute->length - seconds - size;
    static const char thread[] = "><thread=";
    if (before > sizeof minute->before || behind + sizeof thread - 1 > sizeof minute->behind)
        return;
    memcpy(minute->before, tail->start, before);
    minute->before_length = before;
    minute->component_length = tail->component_length;
    memcpy(minute->behind, tail->stamp_text + seconds + size, behind);
    memcpy(minute->behind + behind, thread, sizeof thread - 1);
    minute->behind_length = behind + sizeof thread - 1;
}

/* @return behind the closing `>` of the thread, NULL when it is none */
static const char *same_thread(struct log_delivery *delivery, const char *at, const char *end)
{
    size_t length = delivery->thread_length;
    if (length > 0 && (size_t)(end - at) >= length && memcmp(at, delivery->thread_text, length) == 0)
        return at + length;
    const char *behind = log_tail_thread(at, end, &delivery->thread);
    delivery->thread_length = 0;
    if (behind != NULL && (size_t)(behind - at) <= sizeof delivery->thread_text) {
        delivery->thread_length = (size_t)(behind - at);
        memcpy(delivery->thread_text, at, delivery->thread_length);
    }
    return behind;
}

const char *log_delivery_again(struct log_delivery *delivery, const char *at, const char *end,
                               struct log_tail *tail)
{
    const struct log_minute *minute = &delivery->minute[delivery->latest];
    size_t seconds = minute->before_length, size = seconds_length(minute);
    if (seconds == 0 || (size_t)(end - at) < seconds + size + minute->behind_length ||
        memcmp(at, minute->before, seconds) != 0 || !is_seconds(at + seconds, size) ||
        memcmp(at + seconds + size, minute->behind, minute->behind_length) != 0)
        return NULL;
    tail->start = at;
    tail->component = at + 3;
    tail->component_length = minute->component_length;
    tail->stamp_text = at + seconds - minute->stamp.seconds_at;
    tail->stamp_length = minute->length;
    tail->slot = delivery->latest;
    tail->same_minute = true;
    tail->end = same_thread(delivery, at + seconds + size + minute->behind_length, end);
    tail->thread = delivery->thread;
    return tail->end;
}

static bool edge(char c)
{
    return c == '~' || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* Where the message's text begins: a byte order mark is no text. */
static size_t edge_before(const char *text, size_t length)
{
    size_t at = 0;
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
    uint64_t eight, high = 0;
    for (; length >= 8; text += 8, length -= 8) {
        memcpy(&eight, text, 8);
        high |= eight;
    }
    for (; length > 0; text++, length--)
        high |= (unsigned char)*text;
    return (high & 0x8080808080808080u) == 0;
}

/* The message as valid UTF-8 without its edges. */
static void decode(struct log_delivery *delivery, const struct log_found *found, struct log_record *record)
{
    const char *text = found->message;
    size_t length = found->length;
    bool plain = is_ascii(text, length) ||
                 (found->encoding->kind != LOG_ENCODING_CODEPAGE && utf8_valid(text, length));
    if (!plain) {
        text_cut(&delivery->decoded, 0);
        log_encoding_convert(found->encoding, text, length, &delivery->decoded);
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

static bool wanted(const struct log_delivery *delivery, const struct log_found *found)
{
    if (delivery->own.component_count > 0 && found->tail->slot == LOG_WATCHED)
        return false;
    if (delivery->own.relevant == NULL || found->several_lines)
        return true;
    size_t before = edge_before(found->message, found->length);
    return delivery->own.relevant(found->message + before, found->length - before);
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
    if (delivery->callback != NULL && wanted(delivery, found)) {
        struct log_record record = {.stamp = tail->stamp, .component = tail->component};
        if (tail->same_minute)
            record.stamp = stamp_of_minute(&delivery->minute[tail->slot], tail->stamp_text);
        record.component_length = tail->component_length;
        record.watched = tail->slot < LOG_WATCHED ? tail->slot : -1;
        record.thread = tail->thread;
        record.cut = found->cut;
        record.start = found->start;
        record.end = found->end;
        record.before = delivery->progress;
        decode(delivery, found, &record);
        delivery->callback(delivery->listener, &record);
    }
    if (!tail->same_minute) {
        remember_minute(delivery, tail);
        log_activity_add(&delivery->progress->any, tail->stamp.ms);
        if (tail->slot < LOG_WATCHED)
            log_activity_add(&delivery->progress->watched[tail->slot], tail->stamp.ms);
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
