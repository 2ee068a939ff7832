// SPDX-License-Identifier: GPL-3.0-or-later
#include "templates.h"

#include <string.h>
#include <strings.h>

/* A stretch of the message. */
struct reach {
    const char *at, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_id(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool replication_package_valid(const char *text, size_t length)
{
    bool digit = false;
    if (length < 8 || length > 10)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_id(text[i]))
            return false;
        digit |= text[i] >= '0' && text[i] <= '9';
    }
    return digit;
}

static bool read_id(struct reach *text, char package[REPLICATION_PACKAGE])
{
    const char *start = text->at;
    while (text->at < text->end && is_id(*text->at))
        text->at++;
    size_t length = (size_t)(text->at - start);
    if (!replication_package_valid(start, length))
        return false;
    memcpy(package, start, length);
    package[length] = '\0';
    return true;
}

static bool read_package(struct reach *text, char package[REPLICATION_PACKAGE])
{
    char quote = '\0';
    if (text->at < text->end && (*text->at == '\'' || *text->at == '"'))
        quote = *text->at++;
    if (!read_id(text, package))
        return false;
    const char *behind = text->at;
    while (behind < text->end && *behind == ' ')
        behind++;
    if (behind < text->end && (*behind == ']' || *behind == '\'' || *behind == '"'))
        text->at = behind; /* `[P  ]`: the blanks belong to the ID */
    if (quote != '\0' && text->at < text->end && *text->at == quote)
        text->at++;
    return true;
}

/* `X:\SMSPKG\P`, `\\SERVER\SMSPKGE$\P.PCK`: in a folder of compressed packages, and neither a delta nor a new
 * version's file. */
static bool read_base(struct reach *text, char package[REPLICATION_PACKAGE])
{
    const char *folder = NULL;
    for (const char *at = text->at; at < text->end && *at != '\n'; at++)
        if ((*at == '\\' || *at == '/') && text->end - at > 7 && strncasecmp(at + 1, "SMSPKG", 6) == 0)
            folder = at + 7;
    if (folder == NULL)
        return false;
    while (folder < text->end && *folder != '\\' && *folder != '/' && !is_blank(*folder))
        folder++;
    if (folder == text->end || is_blank(*folder))
        return false;
    text->at = folder + 1;
    if (!read_id(text, package))
        return false;
    if (text->end - text->at >= 4 && strncasecmp(text->at, ".PCK", 4) == 0)
        text->at += 4;
    return text->at == text->end || is_blank(*text->at) || *text->at == '(' || *text->at == '\'' ||
           *text->at == '"' || (*text->at == '.' && (text->at + 1 == text->end || is_blank(text->at[1])));
}

static bool read_number(struct reach *text, int64_t *value)
{
    const char *start = text->at;
    *value = 0;
    while (text->at < text->end && *text->at >= '0' && *text->at <= '9' && *value <= INT32_MAX)
        *value = *value * 10 + (*text->at++ - '0');
    return text->at > start && *value <= INT32_MAX;
}

static bool read_hex(struct reach *text, uint32_t *value)
{
    if (text->end - text->at > 2 && text->at[0] == '0' && (text->at[1] == 'x' || text->at[1] == 'X'))
        text->at += 2;
    const char *start = text->at;
    *value = 0;
    for (; text->at < text->end && text->at - start < 8; text->at++) {
        char c = *text->at;
        if (c >= '0' && c <= '9')
            *value = *value * 16 + (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            *value = *value * 16 + (uint32_t)((c | 32) - 'a' + 10);
        else
            break;
    }
    return text->at > start;
}

static bool read_field(char field, struct reach *text, struct template_match *match)
{
    int64_t number;
    switch (field) {
    case 'P':
        return read_package(text, match->package);
    case 'B':
        return read_base(text, match->package);
    case 'w':
        return read_number(text, &match->wanted);
    case 'h':
        return read_number(text, &match->held);
    case 'n':
        return read_number(text, &number);
    case 'x':
        match->other_thread = true;
        return read_hex(text, &match->thread);
    default:
        return false;
    }
}

/* A pattern's piece up to the next `{*}` or its end, at exactly this place. */
static bool read_piece(const char **pattern, struct reach *text, struct template_match *match)
{
    const char *at = *pattern;
    for (; *at != '\0'; at++) {
        if (*at == '{') {
            if (at[1] == '*')
                break;
            if (!read_field(at[1], text, match))
                return false;
            at += 2;
        } else if (text->at == text->end) {
            return false;
        } else if (*at == ' ') {
            if (!is_blank(*text->at))
                return false;
            while (text->at < text->end && is_blank(*text->at))
                text->at++;
        } else if (*at != *text->at++) {
            return false;
        }
    }
    *pattern = at;
    return true;
}

bool template_matches(const struct message_template *template, const char *message, size_t length,
                      struct template_match *match)
{
    const char *pattern = template->pattern;
    struct reach text = {message, message + length};
    *match = (struct template_match){.template = template};
    if (!read_piece(&pattern, &text, match))
        return false;
    while (*pattern != '\0') {
        pattern += 3; /* {*} */
        for (;; text.at++) {
            if (*pattern != ' ' && *pattern != '{' && text.at < text.end)
                text.at = memchr(text.at, *pattern, (size_t)(text.end - text.at));
            if (text.at == NULL || text.at >= text.end)
                return false;
            const char *piece = pattern;
            struct reach there = text;
            if (read_piece(&piece, &there, match)) {
                pattern = piece;
                text = there;
                break;
            }
        }
    }
    return true;
}

/* The first template whose pattern begins with `first` or a higher character. */
static size_t first_of(char first)
{
    size_t low = 0, high = template_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (templates[middle].pattern[0] < first)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool template_find(enum replication_component component, const char *message, size_t length,
                   struct template_match *match)
{
    if (length == 0)
        return false;
    for (size_t i = first_of(*message); i < template_count && templates[i].pattern[0] == *message; i++)
        if ((templates[i].components & 1u << component) != 0 &&
            template_matches(&templates[i], message, length, match))
            return true;
    return false;
}
