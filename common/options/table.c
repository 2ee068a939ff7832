// SPDX-License-Identifier: GPL-3.0-or-later
#include "options/table.h"

#include "base/units.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const struct option common_options[] = {
    {.name = "help",
     .letter = 'h',
     .type = OPTION_FLAG,
     .flags = OPTION_COMMAND_LINE_ONLY,
     .help = "Show this help and exit with 3."},
    {.name = "version",
     .letter = 'V',
     .type = OPTION_FLAG,
     .flags = OPTION_COMMAND_LINE_ONLY,
     .help = "Show the version and exit with 3."},
    {.name = "extra-opts",
     .type = OPTION_LIST,
     .argument = "[SECTION][@FILE]",
     .flags = OPTION_COMMAND_LINE_ONLY,
     .help = "Read options from a section of an ini file, before those of the command line. Without "
             "SECTION, the one named like the program; without FILE, the first of the standard ini files."},
    {.name = "describe",
     .type = OPTION_CHOICE,
     .choices = "man|bash|markdown|ini|tsv",
     .flags = OPTION_COMMAND_LINE_ONLY | OPTION_HIDDEN,
     .help = "Write the man page, the bash completion, the option tables or an example ini file."},
};

const struct option_group optiontable_common = {
    .title = "General",
    .options = common_options,
    .count = sizeof common_options / sizeof common_options[0],
};

size_t optiontable_group_count(const struct program *program)
{
    return program->group_count + 1;
}

const struct option_group *optiontable_group(const struct program *program, size_t index)
{
    return index == 0 ? &optiontable_common : &program->groups[index - 1];
}

struct option_entry optiontable_find(const struct program *program, const char *name, size_t length)
{
    for (size_t i = 0; i < optiontable_group_count(program); i++) {
        const struct option_group *group = optiontable_group(program, i);
        for (size_t j = 0; j < group->count; j++) {
            if (strncmp(group->options[j].name, name, length) == 0 && group->options[j].name[length] == '\0')
                return (struct option_entry){&group->options[j], group};
        }
    }
    return (struct option_entry){0};
}

struct option_entry optiontable_find_letter(const struct program *program, int letter)
{
    for (size_t i = 0; i < optiontable_group_count(program); i++) {
        const struct option_group *group = optiontable_group(program, i);
        for (size_t j = 0; j < group->count; j++) {
            if (letter != 0 && group->options[j].letter == letter)
                return (struct option_entry){&group->options[j], group};
        }
    }
    return (struct option_entry){0};
}

bool option_is_switch(const struct option *option)
{
    return option->type == OPTION_FLAG || option->type == OPTION_COUNT;
}

bool option_value_is_optional(const struct option *option)
{
    return strcmp(option->name, "extra-opts") == 0;
}

bool option_names(const struct option *option, const char *kind)
{
    const char *argument = option->argument != NULL ? option->argument : "";
    const char *bracket = argument[0] == '[' ? strchr(argument, ']') : NULL;
    return strncmp(bracket != NULL ? bracket + 1 : argument, kind, strlen(kind)) == 0;
}

bool option_is_path(const struct option *option)
{
    return option_names(option, "FILE") || option_names(option, "DIR");
}

void *option_target(const struct option_entry *entry)
{
    return (char *)entry->group->target + entry->option->offset;
}

const char *option_choice(const struct option *option, size_t index, size_t *length)
{
    const char *word = option->choices;
    while (word != NULL) {
        *length = strcspn(word, "|");
        if (index-- == 0)
            return word;
        word = word[*length] != '\0' ? word + *length + 1 : NULL;
    }
    return NULL;
}

void option_add_argument(const struct option *option, struct text *text)
{
    if (option->choices != NULL)
        text_add(text, option->choices);
    else if (option->argument != NULL)
        text_add(text, option->argument);
    else
        text_add(text, "VALUE");
}

/* Bounds as they would be typed. */
static void add_bound(const struct option *option, int64_t bound, struct text *text)
{
    char buffer[32];
    if (option->type == OPTION_DURATION)
        text_add(text, duration_format(bound, buffer, sizeof buffer));
    else if (option->type == OPTION_SIZE)
        text_add(text, size_format(bound, buffer, sizeof buffer));
    else
        text_addf(text, "%" PRId64, bound);
}

void option_add_help(const struct option *option, struct text *text)
{
    const char *separator = " (";
    text_add(text, option->help != NULL ? option->help : "");
    if (option->fallback != NULL) {
        text_addf(text, "%sdefault: %s", separator, option->fallback);
        separator = ", ";
    }
    if (option->least != 0 || option->most != 0) {
        text_add(text, separator);
        add_bound(option, option->least, text);
        text_add(text, " to ");
        add_bound(option, option->most, text);
        separator = ", ";
    }
    if (option->type == OPTION_LIST || option->type == OPTION_COUNT || (option->flags & OPTION_REPEATABLE)) {
        text_addf(text, "%srepeatable", separator);
        separator = ", ";
    }
    if (*separator == ',')
        text_add(text, ")");
}

bool holds_password(const char *value)
{
    for (; *value != '\0'; value++) {
        size_t key = strncasecmp(value, "PWD", 3) == 0 ? 3 : strncasecmp(value, "PASSWORD", 8) == 0 ? 8 : 0;
        if (key > 0 && value[key + strspn(value + key, " \t\r\n\v\f")] == '=')
            return true;
    }
    return false;
}
