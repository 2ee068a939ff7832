// SPDX-License-Identifier: GPL-3.0-or-later
#include "options/describe.h"

#include "options/table.h"

#include <string.h>

/* A shell name: what is no letter or digit becomes '_'. */
static void add_identifier(const char *name, struct text *output)
{
    for (; *name != '\0'; name++) {
        bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                     (*name >= '0' && *name <= '9');
        text_addf(output, "%c", plain ? *name : '_');
    }
}

static bool is_offered(const struct option *option)
{
    return (option->flags & (OPTION_INI_ONLY | OPTION_HIDDEN)) == 0;
}

static void add_words(const struct program *program, struct text *output)
{
    const char *separator = "";
    for (size_t i = 0; i < optiontable_group_count(program); i++) {
        const struct option_group *group = optiontable_group(program, i);
        for (size_t j = 0; j < group->count; j++) {
            const struct option *option = &group->options[j];
            if (!is_offered(option))
                continue;
            bool bare = option_is_switch(option) || option_value_is_optional(option);
            text_addf(output, "%s--%s%s", separator, option->name, bare ? "" : "=");
            separator = " ";
        }
    }
}

static void add_pattern(const struct option *option, struct text *output)
{
    text_add(output, "    ");
    if (option->letter != 0)
        text_addf(output, "-%c | ", option->letter);
    text_addf(output, "--%s)\n", option->name);
}

static void add_cases(const struct program *program, struct text *output)
{
    for (size_t i = 0; i < optiontable_group_count(program); i++) {
        const struct option_group *group = optiontable_group(program, i);
        for (size_t j = 0; j < group->count; j++) {
            const struct option *option = &group->options[j];
            if (!is_offered(option) || option_is_switch(option) || option_value_is_optional(option))
                continue;
            add_pattern(option, output);
            if (option->choices != NULL) {
                size_t length;
                const char *word;
                text_add(output, "        mapfile -t COMPREPLY < <(compgen -W \"");
                for (size_t k = 0; (word = option_choice(option, k, &length)) != NULL; k++)
                    text_addf(output, "%s%.*s", k > 0 ? " " : "", (int)length, word);
                text_add(output, "\" -- \"$word\")\n");
            } else if (option_names(option, "FILE") || option_names(option, "DIR")) {
                const bool directory = option_names(option, "DIR");
                text_addf(output,
                          "        compopt -o filenames 2>/dev/null\n"
                          "        mapfile -t COMPREPLY < <(compgen -%c -- \"$word\")\n",
                          directory ? 'd' : 'f');
            }
            text_add(output, "        return\n        ;;\n");
        }
    }
}

void describe_bash(const struct program *program, struct text *output)
{
    text_addf(output, "# bash completion for %s\n\n_", program->name);
    add_identifier(program->name, output);
    /* '=' parts words for readline: "--rule=ver" arrives as three words. */
    text_add(output, "()\n{\n"
                     "    local word=${COMP_WORDS[COMP_CWORD]} option=\n"
                     "    COMPREPLY=()\n"
                     "    if [[ $word == = ]]; then\n"
                     "        option=${COMP_WORDS[COMP_CWORD - 1]}\n"
                     "        word=\n"
                     "    elif ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then\n"
                     "        option=${COMP_WORDS[COMP_CWORD - 2]}\n"
                     "    else\n"
                     "        option=${COMP_WORDS[COMP_CWORD - 1]}\n"
                     "    fi\n"
                     "    case $option in\n");
    add_cases(program, output);
    text_add(output, "    esac\n"
                     "    mapfile -t COMPREPLY < <(compgen -W \"");
    add_words(program, output);
    text_add(output, "\" -- \"$word\")\n"
                     "    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then\n"
                     "        compopt -o nospace 2>/dev/null\n"
                     "    fi\n"
                     "}\n"
                     "complete -F _");
    add_identifier(program->name, output);
    text_addf(output, " %s\n", program->name);
}
