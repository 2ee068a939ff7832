// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/templates.h"

#include "base/ascii.h"
#include "base/packageid.h"

#include <endian.h>
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

static bool read_id(struct reach *text, char package[REPLICATION_PACKAGE])
{
    const char *start = text->at;
    size_t length = package_id_length(start, (size_t)(text->end - start));
    if (length == 0)
        return false;
    text->at += length;
    memset(package, 0, REPLICATION_PACKAGE);
    memcpy(package, start, length);
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
    while (text->at < text->end && ascii_is_digit(*text->at) && *value <= INT32_MAX)
        *value = *value * 10 + (*text->at++ - '0');
    return text->at > start && *value <= INT32_MAX;
}

static bool read_hex(struct reach *text, uint32_t *value)
{
    if (text->end - text->at > 2 && text->at[0] == '0' && (text->at[1] == 'x' || text->at[1] == 'X'))
        text->at += 2;
    const char *start = text->at;
    *value = 0;
    for (; text->at < text->end && text->at - start < 8 && ascii_in(&ascii_hex_digits, *text->at); text->at++)
        *value = *value * 16 + ascii_hex_value(*text->at);
    return text->at > start;
}

static bool read_site(struct reach *text, char package[REPLICATION_PACKAGE])
{
    enum { CODE = 3 };
    size_t length = 0, most = (size_t)(text->end - text->at);
    while (length < most && length <= CODE && ascii_in(&ascii_words, text->at[length]))
        length++;
    if (length != CODE)
        return false;
    subject_set(text->at, length, package);
    text->at += length;
    return true;
}

/* `C:\...\ds_1vfda.sni`: ends where a blank follows the extension, for folders may have blanks. */
static bool read_file(struct reach *text, char package[REPLICATION_PACKAGE])
{
    const char *name = text->at, *dot = NULL, *at = text->at;
    for (; at < text->end && *at != '\n' && !(is_blank(*at) && dot != NULL); at++) {
        if (*at == '\\' || *at == '/') {
            name = at + 1;
            dot = NULL;
        } else if (*at == '.') {
            dot = at;
        }
    }
    if (dot == NULL || dot <= name)
        return false;
    for (const char *one = name; one < dot; one++)
        if (!ascii_in(&ascii_words, *one))
            return false;
    subject_set(name, (size_t)(dot - name), package);
    text->at = at;
    return true;
}

static void skip_blanks(struct reach *text)
{
    while (text->at < text->end && is_blank(*text->at))
        text->at++;
}

static bool skip_word(struct reach *text, const char *word)
{
    const size_t length = strlen(word);
    const bool there = (size_t)(text->end - text->at) >= length && strncasecmp(text->at, word, length) == 0;
    if (there)
        text->at += length;
    skip_blanks(text);
    return there;
}

/* Behind "package": " ID = ", ": ", " ". @return false when it goes on as a word: "packages", "packageCEN00012" */
static bool skip_to_id(struct reach *text)
{
    bool apart = is_blank(text->at[-1]);
    apart = skip_word(text, "ID") || apart;
    apart = skip_word(text, "=") || skip_word(text, ":") || apart;
    return apart || (text->at < text->end && !ascii_in(&ascii_words, *text->at));
}

/* The first ID that stands behind this word. */
static bool read_behind(const char *word, struct reach *text, char package[REPLICATION_PACKAGE])
{
    for (const char *at = text->at; at < text->end; at++) {
        struct reach behind = {at, text->end};
        if (skip_word(&behind, word) && skip_to_id(&behind) && read_package(&behind, package)) {
            *text = behind;
            return true;
        }
    }
    return false;
}

/* A server's name may look like an ID: only what the line calls a package is one. */
static bool read_named(struct reach *text, char package[REPLICATION_PACKAGE])
{
    return read_behind("package", text, package) || read_behind("content", text, package);
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
    case 't':
        match->other_thread = true;
        if (!read_number(text, &number))
            return false;
        match->thread = (uint32_t)number;
        return true;
    case 'S':
        return read_site(text, match->package);
    case 'F':
        return read_file(text, match->package);
    case 'N':
        return read_named(text, match->package);
    case 'D':
        match->date = text->at;
        return true;
    default:
        return false;
    }
}

/* @return bits in the bytes that are '{': right up to the first of them in memory once le64toh has turned it */
static uint64_t fields_in(uint64_t eight)
{
    uint64_t braces = le64toh(eight) ^ 0x7B7B7B7B7B7B7B7Bu;
    return (braces - 0x0101010101010101u) & ~braces & 0x8080808080808080u;
}

/* @return which of eight bytes is the first that is not 0, 8 when all are; in the order of memory after le64toh */
static size_t first_byte(uint64_t eight)
{
    return eight != 0 ? (size_t)__builtin_ctzll(eight) / 8 : 8;
}

/* @return how many of eight bytes of a pattern are words, and as in the text; 8: all */
static size_t alike(const char *pattern, const char *text, size_t *field)
{
    uint64_t wanted, there;
    memcpy(&wanted, pattern, 8);
    memcpy(&there, text, 8);
    *field = first_byte(fields_in(wanted));
    const size_t other = first_byte(le64toh(wanted ^ there));
    return other < *field ? other : *field;
}

/* The words that pattern and text have in common, mostly eight bytes at a time. */
static const char *common_words(const char *at, const char *end, struct reach *text)
{
    const char *start = at;
    size_t same = 8, field;
    while (same == 8 && end - at >= 8 && text->end - text->at >= 8) {
        same = alike(at, text->at, &field);
        at += same;
        text->at += same;
    }
    for (; same == 8 && at < end && text->at < text->end && *at == *text->at && *at != '{'; at++)
        text->at++;
    while (at > start && at[-1] == ' ' && text->at < text->end && is_blank(*text->at))
        text->at++;
    return at;
}

/* A pattern's piece up to the next `{*}` or its end, at exactly this place. */
static bool read_piece(const char **pattern, const char *pattern_end, struct reach *text,
                       struct template_match *match)
{
    const char *at = common_words(*pattern, pattern_end, text);
    for (; *at != '\0'; at++) {
        if (*at == '{') {
            if (at[1] == '*')
                break;
            if (!read_field(at[1], text, match))
                return false;
            at = common_words(at + 3, pattern_end, text) - 1;
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
    const char *pattern = template->pattern, *pattern_end = pattern + template->length;
    struct reach text = {message, message + length};
    *match = (struct template_match){.template = template};
    if (!read_piece(&pattern, pattern_end, &text, match))
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
            if (read_piece(&piece, pattern_end, &there, match)) {
                pattern = piece;
                text = there;
                break;
            }
        }
    }
    return true;
}

/* No pattern is shorter than two characters. */
static unsigned first_two(const char *text)
{
    return (unsigned)(unsigned char)text[0] << 8 | (unsigned char)text[1];
}

/* The first template whose pattern begins with these two characters, or higher ones. */
static size_t first_of(unsigned two)
{
    size_t low = 0, high = template_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (first_two(templates[middle].pattern) < two)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Can the message still fit where it differs from the pattern? Where it has a blank it may have more of them, or a line break:
 * that is left to the whole match. */
static bool may_be_blank(const char *pattern, const char *message, size_t i)
{
    return is_blank(message[i]) && (pattern[i] == ' ' || pattern[i - 1] == ' ');
}

/* Do they differ before the first field? */
static bool begins_otherwise(const struct message_template *template, const char *message, size_t length)
{
    const char *pattern = template->pattern;
    size_t i = 2, field;
    for (; template->length >= i + 8 && length >= i + 8; i += 8) {
        const size_t same = alike(pattern + i, message + i, &field);
        if (same < field)
            return !may_be_blank(pattern, message, i + same);
        if (same < 8)
            return false;
    }
    for (; pattern[i] != '{' && pattern[i] != '\0'; i++)
        if (i == length || pattern[i] != message[i])
            return i == length || !may_be_blank(pattern, message, i);
    return false;
}

static bool fits(const struct message_template *template, enum replication_component component,
                 const char *message, size_t length, struct template_match *match)
{
    return (template->components & 1u << component) != 0 && !begins_otherwise(template, message, length) &&
           template_matches(template, message, length, match);
}

static bool ends_with(const char *message, const char *end, const char *word)
{
    const size_t length = strlen(word);
    return (size_t)(end - message) >= length && strncasecmp(end - length, word, length) == 0;
}

static const char *skip_back(const char *message, const char *end, const char *marks)
{
    while (end > message && end[-1] != '\0' && strchr(marks, end[-1]) != NULL)
        end--;
    return end;
}

enum { HRESULT_LENGTH = 10 };

/* Is this number, of so many characters, one of an error? By the words before it: "failed; 0x80070005", "Error = 0x80070070",
 * "error code = 5", "WIN32 ERROR = 32", ", error 5", "hr = 0x80070005". "failed: 3" counts something. */
static bool is_error(const char *message, const char *number, size_t length)
{
    const char *mark = skip_back(message, number, " "), *word = skip_back(message, mark, " ;=:-.,(");
    if (word == number)
        return false;
    if (ends_with(message, word, "failed"))
        return mark[-1] == ';' || length == HRESULT_LENGTH;
    return ends_with(message, word, "error") || ends_with(message, word, "error code") ||
           (mark[-1] == '=' && ends_with(message, word, " hr"));
}

static bool tells_error_at_the_end(const char *message, size_t length)
{
    const char *last = skip_back(message, message + length, " .~)]\"'\r\n"), *number = last;
    bool zero = true;
    for (; number > message && (ascii_in(&ascii_hex_digits, number[-1]) || number[-1] == 'x'); number--)
        zero = zero && (number[-1] == '0' || number[-1] == 'x');
    return !zero && is_error(message, number, (size_t)(last - number));
}

/* An HRESULT of a failure cannot be mistaken, wherever it stands: "..., error 0x80070005 was returned". */
static bool tells_hresult(const char *message, size_t length)
{
    const char *end = message + length;
    for (const char *x = message; (x = memchr(x, 'x', (size_t)(end - x))) != NULL; x++) {
        if (x == message || x[-1] != '0' || end - x < HRESULT_LENGTH - 1 || x[1] != '8')
            continue;
        size_t digits = 2;
        while (x - 1 + digits < end && ascii_in(&ascii_hex_digits, x[digits - 1]))
            digits++;
        if (digits == HRESULT_LENGTH && is_error(message, x - 1, digits))
            return true;
    }
    return false;
}

static bool find_error(enum replication_component component, const char *message, size_t length,
                       struct template_match *match)
{
    if ((template_of_errors.components & 1u << component) == 0 ||
        (!tells_error_at_the_end(message, length) && !tells_hresult(message, length)))
        return false;
    struct reach text = {message, message + length};
    *match = (struct template_match){.template = &template_of_errors};
    read_named(&text, match->package);
    return true;
}

bool template_find(enum replication_component component, const char *message, size_t length,
                   struct template_match *match)
{
    if (length < 2)
        return false;
    const unsigned two = first_two((char[]){message[0], is_blank(message[1]) ? ' ' : message[1]});
    for (size_t i = first_of(two); i < template_count && first_two(templates[i].pattern) == two; i++)
        if (fits(&templates[i], component, message, length, match))
            return true;
    return find_error(component, message, length, match);
}
