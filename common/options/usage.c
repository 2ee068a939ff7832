// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "options/usage.h"

#include "options/table.h"

#include <string.h>

/* Columns that bytes take, as far as plain text goes: one a character. */
static size_t columns(const char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return count;
}

/* Add the prefix without the blanks at its end. */
static void add_bare_prefix(struct text *output, const char *prefix)
{
    size_t length = strlen(prefix);
    while (length > 0 && prefix[length - 1] == ' ')
        length--;
    text_add_bytes(output, prefix, length);
}

void usage_wrap(struct text *output, const char *prefix, const char *paragraphs, size_t width)
{
    size_t margin = columns(prefix, strlen(prefix));
    size_t column = 0; /* 0: at the start of a line, nothing written yet */
    const char *line = paragraphs;
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        const char *end = line + length;
        if (length == 0 || *line == ' ') {
            if (column > 0)
                text_add(output, "\n");
            column = 0;
            if (length > 0)
                text_addf(output, "%s%.*s", prefix, (int)length, line);
            else
                add_bare_prefix(output, prefix);
            text_add(output, "\n");
        }
        for (const char *word = line; length > 0 && *line != ' ' && word < end;) {
            word += strspn(word, " ");
            size_t word_length = strcspn(word, " \n");
            size_t word_columns = columns(word, word_length);
            if (word_length == 0)
                break;
            if (column > 0 && column + 1 + word_columns > width) {
                text_add(output, "\n");
                column = 0;
            }
            text_add(output, column > 0 ? " " : prefix);
            text_add_bytes(output, word, word_length);
            column += word_columns + (column > 0 ? 1 : margin);
            word += word_length;
        }
        line = *end != '\0' ? end + 1 : end;
    }
    if (column > 0)
        text_add(output, "\n");
}

static void add_option_name(const struct option *option, struct text *output)
{
    if (option->flags & OPTION_INI_ONLY)
        text_addf(output, "  %s", option->name);
    else if (option->letter != 0)
        text_addf(output, "  -%c, --%s", option->letter, option->name);
    else
        text_addf(output, "      --%s", option->name);
    if (!option_is_switch(option)) {
        text_add(output, "=");
        option_add_argument(option, output);
    }
    text_add(output, "\n");
}

static void add_option(const struct option *option, struct text *output)
{
    struct text help = {0};
    add_option_name(option, output);
    option_add_help(option, &help);
    usage_wrap(output, "          ", text_string(&help), USAGE_WIDTH);
    output->failed = output->failed || help.failed;
    text_free(&help);
}

/* The options of all groups that are, or are not, for the ini file only. */
static void add_options(const struct program *program, bool ini_only, struct text *output)
{
    const char *title = NULL;
    for (size_t i = 0; i < optiontable_group_count(program); i++) {
        const struct option_group *group = optiontable_group(program, i);
        for (size_t j = 0; j < group->count; j++) {
            const struct option *option = &group->options[j];
            if ((option->flags & OPTION_HIDDEN) || ((option->flags & OPTION_INI_ONLY) != 0) != ini_only)
                continue;
            const char *heading = ini_only ? "Only in the ini file (--extra-opts)" : group->title;
            if (title == NULL || strcmp(title, heading) != 0)
                text_addf(output, "\n%s:\n", heading);
            title = heading;
            add_option(option, output);
        }
    }
}

void usage_help(const struct program *program, struct text *output)
{
    text_addf(output, "%s: ", program->name);
    text_addf(output, "%s\n\nUsage: %s [OPTION]...\n", program->purpose, program->name);
    if (program->description != NULL) {
        text_add(output, "\n");
        usage_wrap(output, "", program->description, USAGE_WIDTH);
    }
    add_options(program, false, output);
    add_options(program, true, output);
    if (program->examples != NULL) {
        text_add(output, "\nEXAMPLES:\n");
        usage_wrap(output, "  ", program->examples, USAGE_WIDTH);
    }
    for (size_t i = 0; i < program->section_count; i++) {
        text_addf(output, "\n%s:\n", program->sections[i].title);
        usage_wrap(output, "  ", program->sections[i].body, USAGE_WIDTH);
    }
}

void usage_version(const struct program *program, struct text *output)
{
    text_addf(output, "%s (%s) %s\n", program->name, PACKAGE_NAME, PACKAGE_VERSION);
    text_add(output, "Licence: GNU General Public License, version 3 or (at your option) any later one.\n"
                     "Free software; there is no warranty, to the extent permitted by law.\n");
}
