// SPDX-License-Identifier: GPL-3.0-or-later
#include "logdelivery.h"

#include "utf.h"

#include <string.h>
#include <strings.h>

void log_delivery_init(struct log_delivery *delivery, const struct log_reader_options *options,
                       struct log_progress *progress)
{
    *delivery = (struct log_delivery){.own = *options, .progress = progress};
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

/* Does the stamp differ from the slot's only in its seconds (`SS` or `SS.mmm`)? */
static bool same_minute(const struct log_delivery *delivery, int slot, const char *text, size_t length)
{
    size_t seconds = delivery->minute[slot].seconds_at;
    const char *known = delivery->minute[slot].text;
    if (length != delivery->minute[slot].length || memcmp(text, known, seconds) != 0)
        return false;
    const char *s = text + seconds;
    if (s[0] < '0' || s[0] > '5' || !is_digit(s[1]))
        return false;
    size_t behind = seconds + 2;
    if (known[behind] == '.' && length >= behind + 4) {
        if (s[2] != '.' || !is_digit(s[3]) || !is_digit(s[4]) || !is_digit(s[5]))
            return false;
        behind += 4;
    }
    return memcmp(text + behind, known + behind, length - behind) == 0;
}

bool log_delivery_stamp(struct log_delivery *delivery, struct log_tail *tail)
{
    tail->slot = slot_of(delivery, tail->component, tail->component_length);
    tail->same_minute = false;
    if (tail->stamp_text == NULL)
        return true;
    tail->same_minute = same_minute(delivery, tail->slot, tail->stamp_text, tail->stamp_length);
    return tail->same_minute || log_stamp_server(tail->stamp_text, tail->stamp_length, &tail->stamp);
}

static void remember_minute(struct log_delivery *delivery, const struct log_tail *tail)
{
    if (tail->stamp_text != NULL && tail->stamp_length <= sizeof delivery->minute[0].text) {
        memcpy(delivery->minute[tail->slot].text, tail->stamp_text, tail->stamp_length);
        delivery->minute[tail->slot].length = tail->stamp_length;
        delivery->minute[tail->slot].seconds_at = tail->stamp.seconds_at;
    }
    log_activity_add(&delivery->progress->any, tail->stamp.ms);
    if (tail->slot < LOG_WATCHED)
        log_activity_add(&delivery->progress->watched[tail->slot], tail->stamp.ms);
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

/* The message as valid UTF-8 without its edges. */
static void decode(struct log_delivery *delivery, const struct log_found *found, struct log_record *record)
{
    const char *text = found->message;
    size_t length = found->length;
    bool plain = found->encoding->kind != LOG_ENCODING_CODEPAGE && utf8_valid(text, length);
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
            log_stamp_server(tail->stamp_text, tail->stamp_length, &record.stamp);
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
    if (!tail->same_minute)
        remember_minute(delivery, tail);
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
