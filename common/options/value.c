// SPDX-License-Identifier: GPL-3.0-or-later
#include "options/value.h"

#include "base/range.h"
#include "base/unicode.h"
#include "base/units.h"
#include "options/table.h"
#include "options/typo.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void option_reset(const struct option *option, void *target)
{
    switch (option->type) {
    case OPTION_FLAG:
        *(bool *)target = false;
        break;
    case OPTION_COUNT:
        *(int *)target = 0;
        break;
    case OPTION_TEXT:
        *(const char **)target = NULL;
        break;
    case OPTION_LIST:
        *(struct string_list *)target = (struct string_list){0};
        break;
    case OPTION_INTEGER:
    case OPTION_SIZE:
    case OPTION_DURATION:
        *(int64_t *)target = 0;
        break;
    case OPTION_RANGE:
        *(struct range *)target = (struct range){0};
        break;
    case OPTION_CHOICE:
        *(int *)target = -1;
        break;
    case OPTION_CUSTOM:
        if (option->reset != NULL)
            option->reset(target);
        break;
    }
}

static int flag_assign(bool *flag, const char *value, struct failure *failure)
{
    static const char *const words[][4] = {{"no", "false", "off", "0"}, {"yes", "true", "on", "1"}};
    if (value == NULL || *value == '\0') {
        *flag = true;
        return 0;
    }
    for (size_t i = 0; i < 8; i++) {
        if (strcasecmp(value, words[i / 4][i % 4]) == 0) {
            *flag = i / 4 == 1;
            return 0;
        }
    }
    return fail(failure, "'%.64s' is neither yes nor no", value);
}

static int integer_parse(const char *value, int64_t *number, struct failure *failure)
{
    const char *digits = value + (*value == '-');
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return fail(failure, "'%.64s' is not a whole number", value);
    errno = 0;
    intmax_t parsed = strtoimax(value, NULL, 10);
    if (errno != 0 || parsed > INT64_MAX || parsed < INT64_MIN)
        return fail(failure, "%.64s is too large a number", value);
    *number = parsed;
    return 0;
}

static const char *quantity_text(const struct option *option, int64_t number, char *buffer, int size)
{
    if (option->type == OPTION_DURATION)
        return duration_format(number, buffer, size);
    if (option->type == OPTION_SIZE)
        return size_format(number, buffer, size);
    snprintf(buffer, (size_t)size, "%" PRId64, number);
    return buffer;
}

static int quantity_assign(const struct option *option, int64_t *target, const char *value,
                           struct failure *failure)
{
    char least[32], most[32];
    int64_t number = 0;
    int outcome = option->type == OPTION_DURATION ? duration_parse(value, &number, failure)
                  : option->type == OPTION_SIZE   ? size_parse(value, &number, failure)
                                                  : integer_parse(value, &number, failure);
    if (outcome != 0)
        return -1;
    if (option->least == 0 && option->most == 0) {
        if (number < 0)
            return fail(failure, "%.64s is negative", value);
    } else if (number < option->least || number > option->most) {
        return fail(failure, "%.64s is not between %s and %s", value,
                    quantity_text(option, option->least, least, sizeof least),
                    quantity_text(option, option->most, most, sizeof most));
    }
    *target = number;
    return 0;
}

static int choice_assign(const struct option *option, int *target, const char *value, struct arena *arena,
                         struct failure *failure)
{
    struct text choices = {0};
    struct nearest nearest = {.word = value};
    size_t length;
    const char *word;
    for (size_t i = 0; (word = option_choice(option, i, &length)) != NULL; i++) {
        if (strlen(value) == length && strncmp(word, value, length) == 0) {
            text_free(&choices);
            *target = (int)i;
            return 0;
        }
        const char *copy = arena_copy(arena, word, length);
        if (copy != NULL)
            nearest_offer(&nearest, copy);
        text_add(&choices, i == 0 ? "" : word[length] == '\0' ? " or " : ", ");
        text_add_bytes(&choices, word, length);
    }
    if (nearest.best != NULL)
        fail(failure, "'%.64s' is not one of %s; did you mean %s?", value, text_string(&choices),
             nearest.best);
    else
        fail(failure, "'%.64s' is not one of %s", value, text_string(&choices));
    text_free(&choices);
    return -1;
}

static int list_assign(struct string_list *list, const char *value, struct arena *arena,
                       struct failure *failure)
{
    size_t items = 1;
    for (const char *comma = strchr(value, ','); comma != NULL; comma = strchr(comma + 1, ','))
        items++;
    const char **strings = arena_allocate(arena, (list->count + items) * sizeof *strings);
    if (strings == NULL)
        return fail(failure, "out of memory");
    for (size_t i = 0; i < list->count; i++)
        strings[i] = list->strings[i];
    for (size_t i = 0; i < items; i++) {
        size_t whole = strcspn(value, ",");
        const char *item = value + strspn(value, " \t");
        size_t length = item < value + whole ? (size_t)(value + whole - item) : 0;
        while (length > 0 && (item[length - 1] == ' ' || item[length - 1] == '\t'))
            length--;
        if (length == 0)
            return fail(failure, "the list has an empty item; write A,B,C");
        strings[list->count + i] = arena_copy(arena, item, length);
        if (strings[list->count + i] == NULL)
            return fail(failure, "out of memory");
        value += whole + 1;
    }
    list->strings = strings;
    list->count += items;
    return 0;
}

static int count_assign(int *count, const char *value, struct failure *failure)
{
    int64_t more = 1;
    if (value != NULL && *value != '\0' && integer_parse(value, &more, failure) != 0)
        return -1;
    if (more < 0 || more > 100)
        return fail(failure, "%.64s is not between 0 and 100", value);
    if (*count <= INT_MAX - (int)more)
        *count += (int)more;
    return 0;
}

static int value_assign(const struct option *option, void *target, const char *value, struct arena *arena,
                        struct failure *failure)
{
    if (option->type == OPTION_FLAG)
        return flag_assign(target, value, failure);
    if (option->type == OPTION_COUNT)
        return count_assign(target, value, failure);
    switch (option->type) {
    case OPTION_TEXT: {
        char *copy = arena_copy(arena, value, strlen(value));
        if (copy == NULL)
            return fail(failure, "out of memory");
        *(const char **)target = copy;
        return 0;
    }
    case OPTION_LIST:
        return list_assign(target, value, arena, failure);
    case OPTION_RANGE:
        return range_parse(value, true, target, failure);
    case OPTION_CHOICE:
        return choice_assign(option, target, value, arena, failure);
    case OPTION_CUSTOM:
        return option->parse(target, value, failure);
    default:
        return quantity_assign(option, target, value, failure);
    }
}

int option_assign(const struct option *option, void *target, const char *value, struct arena *arena,
                  struct failure *failure)
{
    struct text expected = {0};
    if (!option_is_switch(option) && (value == NULL || *value == '\0')) {
        option_add_argument(option, &expected);
        fail(failure, "the value is missing; write %s=%s", option->name, text_string(&expected));
        text_free(&expected);
        return -1;
    }
    if (value != NULL && !option_is_path(option) && !utf8_valid(value, strlen(value)))
        return fail(failure, "the value is not valid UTF-8");
    if (value_assign(option, target, value, arena, failure) == 0)
        return 0;
    if (option->flags & OPTION_SECRET)
        return fail(failure, "the value is not valid (it is a secret and not shown)");
    return -1;
}
