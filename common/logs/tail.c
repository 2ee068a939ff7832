// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/tail.h"

#include "base/ascii.h"

#include <string.h>

#define COMPONENT_LONGEST 260 /* SMS 2.0 printed a whole path here (KB Q308945) */
#define STAMP_LONGEST     160
#define ATTRIBUTE_LONGEST 512

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

static const char *hex(const char *at, const char *end, uint64_t *value)
{
    *value = 0;
    for (; at < end && ascii_in(&ascii_hex_digits, *at) && *value <= UINT32_MAX; at++)
        *value = *value * 16 + ascii_hex_value(*at);
    return at;
}

static const char *decimal(const char *at, const char *end, uint64_t *value)
{
    *value = 0;
    for (; at < end && ascii_is_digit(*at) && *value <= UINT32_MAX; at++)
        *value = *value * 10 + (uint64_t)(*at - '0');
    return at;
}

/* `4844 (0x12EC)`; bare hex (`DB`) in SMS 1.x. */
static const char *thread_number(const char *at, const char *end, uint32_t *thread)
{
    uint64_t value;
    const char *start = at;
    at = decimal(start, end, &value);
    const char *behind = skip_blanks(at, end);
    if (at > start && behind < end && *behind == '(') {
        if (end - behind < 5 || behind[1] != '0' || (behind[2] != 'x' && behind[2] != 'X'))
            return NULL;
        for (at = behind + 3; at < end && ascii_in(&ascii_hex_digits, *at);) /* the same number once more */
            at++;
        if (at == end || *at++ != ')')
            return NULL;
    } else {
        at = hex(start, end, &value);
        if (at == start)
            return NULL;
    }
    if (value > UINT32_MAX)
        return NULL;
    *thread = (uint32_t)value;
    return at;
}

const char *log_tail_thread(const char *at, const char *end, uint32_t *thread)
{
    at = thread_number(at, end, thread);
    return at != NULL && at < end && *at == '>' ? at + 1 : NULL;
}

/* The end of a `<...>` part that begins behind `at`; NULL when another `<` or nothing comes. */
static const char *closing(const char *at, const char *end, size_t longest)
{
    const size_t room = (size_t)(end - at);
    const char *close = memchr(at, '>', room < longest ? room : longest);
    return close != NULL && memchr(at, '<', (size_t)(close - at)) == NULL ? close : NULL;
}

/* Localised zone names may hold nearly anything, but hardly a `>`. */
static const char *stamp_end(const char *at, const char *end)
{
    size_t room = (size_t)(end - at);
    return memchr(at, '>', room < STAMP_LONGEST ? room : STAMP_LONGEST);
}

/* `at` points to `$$<`. */
static bool server_parts(const char *at, const char *end, struct log_tail *tail)
{
    tail->start = at;
    tail->component = at + 3;
    at = closing(tail->component, end, COMPONENT_LONGEST);
    if (at == NULL)
        return false;
    tail->component_length = (size_t)(at - tail->component);
    at = skip_blanks(at + 1, end);
    if (at == end || *at != '<')
        return false;
    tail->stamp_text = at + 1;
    at = stamp_end(tail->stamp_text, end);
    if (at == NULL)
        return false;
    tail->stamp_length = (size_t)(at - tail->stamp_text);
    at = skip_blanks(at + 1, end);
    if (end - at < 10 || memcmp(at, "<thread=", 8) != 0)
        return false;
    tail->end = log_tail_thread(at + 8, end, &tail->thread);
    return tail->end != NULL;
}

bool log_tail_server(const char *from, const char *end, struct log_tail *tail)
{
    tail->message = from;
    for (const char *at = from; (at = memchr(at, '$', (size_t)(end - at))) != NULL; at++)
        if (end - at > 3 && at[1] == '$' && at[2] == '<' && server_parts(at, end, tail))
            return true;
    return false;
}

/* `name="value"` and a blank behind it. */
static const char *attribute(const char *at, const char *end, const char *name, const char **value,
                             size_t *length)
{
    size_t name_length = strlen(name);
    if ((size_t)(end - at) < name_length + 2 || memcmp(at, name, name_length) != 0)
        return NULL;
    *value = at + name_length;
    size_t room = (size_t)(end - *value);
    const char *quote = memchr(*value, '"', room < ATTRIBUTE_LONGEST ? room : ATTRIBUTE_LONGEST);
    if (quote == NULL)
        return NULL;
    *length = (size_t)(quote - *value);
    return skip_blanks(quote + 1, end);
}

static bool ccm_parts(const char *at, const char *end, struct log_tail *tail)
{
    const char *time, *date, *thread, *other;
    size_t time_length, date_length, thread_length, length;
    uint64_t number = 0;
    if ((at = attribute(at, end, "<time=\"", &time, &time_length)) == NULL ||
        (at = attribute(at, end, "date=\"", &date, &date_length)) == NULL ||
        (at = attribute(at, end, "component=\"", &tail->component, &tail->component_length)) == NULL ||
        (at = attribute(at, end, "context=\"", &other, &length)) == NULL ||
        (at = attribute(at, end, "type=\"", &other, &length)) == NULL ||
        (at = attribute(at, end, "thread=\"", &thread, &thread_length)) == NULL ||
        (at = attribute(at, end, "file=\"", &other, &length)) == NULL || at == end || *at != '>')
        return false;
    decimal(thread, thread + thread_length, &number);
    tail->thread = (uint32_t)number;
    tail->end = at + 1;
    tail->stamp_text = NULL;
    return log_stamp_ccm(time, time_length, date, date_length, &tail->stamp);
}

bool log_tail_ccm(const char *from, const char *end, struct log_tail *tail)
{
    static const char open[] = "<![LOG[", close[] = "]LOG]!>";
    for (const char *at = from; (at = memmem(at, (size_t)(end - at), close, 7)) != NULL; at += 7)
        if (ccm_parts(at + 7, end, tail)) {
            tail->start = at;
            const char *begin = memmem(from, (size_t)(at - from), open, 7);
            tail->message = begin != NULL ? begin + 7 : from;
            return true;
        }
    return false;
}

bool log_tail_viewer(const char *from, const char *end, struct log_tail *tail)
{
    const char *tabs[3];
    const char *at = end;
    for (int i = 2; i >= 0; i--) {
        tabs[i] = at = memrchr(from, '\t', (size_t)(at - from));
        if (at == NULL || end - at > LOG_TAIL_LONGEST)
            return false;
    }
    *tail = (struct log_tail){.start = tabs[0], .message = from, .component = tabs[0] + 1, .end = end};
    tail->component_length = (size_t)(tabs[1] - tail->component);
    const char *behind = thread_number(tabs[2] + 1, end, &tail->thread);
    return behind != NULL && skip_blanks(behind, end) == end && end[-1] == ')' &&
           tail->component_length > 0 &&
           log_stamp_viewer(tabs[1] + 1, (size_t)(tabs[2] - tabs[1]) - 1, &tail->stamp);
}
