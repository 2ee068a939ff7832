// SPDX-License-Identifier: GPL-3.0-or-later
#include "options/describe.h"

#include "options/table.h"
#include "options/usage.h"

#include <string.h>

/* A cell of a Markdown table: one line, '|' and '<' are no markup. */
static void add_cell(const char *string, struct text *output)
{
    for (; *string != '\0'; string++) {
        if (*string == '\n')
            text_add(output, " ");
        else if (strchr("|<*_`\\", *string) != NULL)
            text_addf(output, "\\%c", *string);
        else
            text_add_bytes(output, string, 1);
    }
}

/* Inside backquotes only the table's own '|' needs its backslash. */
static void add_code(const char *string, struct text *output)
{
    text_add(output, "`");
    for (; *string != '\0'; string++)
        text_addf(output, *string == '|' ? "\\%c" : "%c", *string);
    text_add(output, "`");
}

static void add_markdown_row(const struct option *option, struct text *output)
{
    struct text name = {0};
    text_add(output, "| ");
    if (option->letter != 0)
        text_addf(output, "`-%c` ", option->letter);
    text_addf(&name, "%s%s", option->flags & OPTION_INI_ONLY ? "" : "--", option->name);
    if (!option_is_switch(option)) {
        text_add(&name, "=");
        option_add_argument(option, &name);
    }
    add_code(text_string(&name), output);
    text_add(output, " | ");
    if (option->fallback != NULL)
        add_code(option->fallback, output);
    text_add(output, " | ");
    add_cell(option->help != NULL ? option->help : "", output);
    if (option->type == OPTION_LIST || (option->flags & OPTION_REPEATABLE))
        text_add(output, " Repeatable.");
    if (option->flags & OPTION_INI_ONLY)
        text_add(output, " Ini file only.");
    text_add(output, " |\n");
    output->failed = output->failed || name.failed;
    text_free(&name);
}

static void describe_markdown(const struct program *program, struct text *output)
{
    const char *title = "";
    for (size_t i = 0; i < optiontable_group_count(program); i++) {
        const struct option_group *group = optiontable_group(program, i);
        if (group->count > 0 && strcmp(title, group->title) != 0) {
            text_addf(output, "%s**%s**\n\n| option | default | meaning |\n|---|---|---|\n",
                      i > 0 ? "\n" : "", group->title);
        }
        title = group->title;
        for (size_t j = 0; j < group->count; j++) {
            if ((group->options[j].flags & OPTION_HIDDEN) == 0)
                add_markdown_row(&group->options[j], output);
        }
    }
}

static void add_ini_key(const struct option *option, struct text *output)
{
    struct text help = {0};
    option_add_help(option, &help);
    text_add(output, "\n");
    usage_wrap(output, "# ", text_string(&help), USAGE_WIDTH);
    text_addf(output, "#%s =", option->name);
    if (option->fallback != NULL)
        text_addf(output, " %s", option->fallback);
    else if (option->type == OPTION_FLAG)
        text_add(output, " yes");
    else if (option->type == OPTION_COUNT)
        text_add(output, " 1");
    else if (option->flags & OPTION_SECRET)
        text_add(output, " ...");
    else {
        text_add(output, " ");
        option_add_argument(option, output);
    }
    text_add(output, "\n");
    output->failed = output->failed || help.failed;
    text_free(&help);
}

static void describe_ini(const struct program *program, struct text *output)
{
    text_addf(output, "# %s: %s\n#\n", program->name, program->purpose);
    usage_wrap(output, "# ",
               "Keys are the long options. A comment needs a line of its own; a "
               "value ends with its line and is taken without quotes. A file "
               "that holds a password must not be readable by others: chmod 0640.",
               USAGE_WIDTH);
    text_addf(output, "\n[%s]\n", program->name);
    for (size_t i = 0; i < program->group_count; i++) {
        const struct option_group *group = &program->groups[i];
        text_addf(output, "\n# --- %s\n", group->title);
        for (size_t j = 0; j < group->count; j++) {
            if ((group->options[j].flags & (OPTION_COMMAND_LINE_ONLY | OPTION_HIDDEN)) == 0)
                add_ini_key(&group->options[j], output);
        }
    }
}

static void add_flag_names(unsigned flags, struct text *output)
{
    static const struct {
        unsigned flag;
        const char *name;
    } names[] = {
        {OPTION_INI_ONLY, "ini-only"},     {OPTION_COMMAND_LINE_ONLY, "command-line-only"},
        {OPTION_SECRET, "secret"},         {OPTION_CONNECTION_STRING, "connection-string"},
        {OPTION_REPEATABLE, "repeatable"},
    };
    const char *separator = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (flags & names[i].flag) {
            text_addf(output, "%s%s", separator, names[i].name);
            separator = ",";
        }
    }
}

static void describe_tsv(const struct program *program, struct text *output)
{
    for (size_t i = 0; i < optiontable_group_count(program); i++) {
        const struct option_group *group = optiontable_group(program, i);
        for (size_t j = 0; j < group->count; j++) {
            const struct option *option = &group->options[j];
            if (option->flags & OPTION_HIDDEN)
                continue;
            text_addf(output, "%s\t", option->name);
            if (option->letter != 0)
                text_addf(output, "%c", option->letter);
            text_add(output, "\t");
            if (!option_is_switch(option))
                option_add_argument(option, output);
            text_addf(output, "\t%s\t", option->fallback != NULL ? option->fallback : "");
            add_flag_names(option->flags | (option->type == OPTION_LIST ? OPTION_REPEATABLE : 0), output);
            text_add(output, "\t");
            for (const char *help = option->help != NULL ? option->help : ""; *help != '\0'; help++)
                text_addf(output, "%c", *help == '\n' || *help == '\t' ? ' ' : *help);
            text_add(output, "\n");
        }
    }
}

void describe(const struct program *program, enum description form, struct text *output)
{
    switch (form) {
    case DESCRIBE_MAN:
        describe_man(program, output);
        break;
    case DESCRIBE_BASH:
        describe_bash(program, output);
        break;
    case DESCRIBE_MARKDOWN:
        describe_markdown(program, output);
        break;
    case DESCRIBE_INI:
        describe_ini(program, output);
        break;
    case DESCRIBE_TSV:
        describe_tsv(program, output);
        break;
    }
}
