// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "options/describe.h"

#include "options/inifile.h"
#include "options/table.h"

#include <stdint.h>
#include <string.h>

/* Decode one character of the table's own texts, which are valid UTF-8. */
static uint32_t next_character(const char **string)
{
    const unsigned char *byte = (const unsigned char *)*string;
    uint32_t character = *byte;
    int more = *byte >= 0xF0 ? 3 : *byte >= 0xE0 ? 2 : *byte >= 0xC2 ? 1 : 0;
    if (more > 0)
        character = *byte & (0x3Fu >> more);
    for (byte++; more > 0 && (*byte & 0xC0) == 0x80; more--)
        character = character << 6 | (*byte++ & 0x3Fu);
    *string = (const char *)byte;
    return character;
}

/* Text as roff input: what groff would take for markup or set as typographic signs is escaped
 * (groff_char(7)). */
static void add_roff(const char *string, const char *end, struct text *output)
{
    if (string < end && (*string == '.' || *string == '\''))
        text_add(output, "\\&");
    while (string < end) {
        uint32_t character = next_character(&string);
        switch (character) {
        case '\\':
            text_add(output, "\\e");
            break;
        case '-':
            text_add(output, "\\-");
            break;
        case '\'':
            text_add(output, "\\(aq");
            break;
        case '`':
            text_add(output, "\\(ga");
            break;
        case '^':
            text_add(output, "\\(ha");
            break;
        case '~':
            text_add(output, "\\(ti");
            break;
        case '"':
            text_add(output, "\\(dq");
            break;
        default:
            if (character < 0x80)
                text_addf(output, "%c", (int)character);
            else
                text_addf(output, "\\[u%04X]", (unsigned)character);
        }
    }
}

static void add_roff_string(const char *string, struct text *output)
{
    add_roff(string, string + strlen(string), output);
}

static void add_upper(const char *string, struct text *output)
{
    for (; *string != '\0'; string++)
        text_addf(output, "%c", *string >= 'a' && *string <= 'z' ? *string - ('a' - 'A') : *string);
}

/* Paragraphs parted by empty lines; runs of lines that start with a blank stand as they are. */
static void add_paragraphs(const char *body, struct text *output)
{
    bool example = false, wanted = false;
    while (*body != '\0') {
        size_t length = strcspn(body, "\n");
        const char *end = body + length;
        bool blank = *body == ' ';
        if (example && length > 0 && !blank) {
            text_add(output, ".EE\n");
            example = false;
            wanted = true;
        }
        if (length == 0) {
            wanted = true;
        } else {
            if (wanted && !example)
                text_add(output, ".PP\n");
            else if (wanted)
                text_add(output, "\n");
            wanted = false;
            if (blank && !example) {
                text_add(output, ".EX\n");
                example = true;
            }
            add_roff(body, end, output);
            text_add(output, "\n");
        }
        body = *end != '\0' ? end + 1 : end;
    }
    if (example)
        text_add(output, ".EE\n");
}

static void add_section(const char *title, struct text *output)
{
    text_add(output, ".SH ");
    text_add(output, "\"");
    add_roff_string(title, output);
    text_add(output, "\"\n");
}

static void add_option(const struct option *option, struct text *output)
{
    struct text words = {0};
    text_add(output, ".TP\n");
    if (option->letter != 0)
        text_addf(output, "\\fB\\-%c\\fR, ", option->letter);
    text_add(output, option->flags & OPTION_INI_ONLY ? "\\fB" : "\\fB\\-\\-");
    add_roff_string(option->name, output);
    text_add(output, "\\fR");
    if (!option_is_switch(option)) {
        option_add_argument(option, &words);
        text_add(output, "=\\fI");
        add_roff_string(text_string(&words), output);
        text_add(output, "\\fR");
        text_cut(&words, 0);
    }
    text_add(output, "\n");
    option_add_help(option, &words);
    add_paragraphs(text_string(&words), output);
    output->failed = output->failed || words.failed;
    text_free(&words);
}

static void add_options(const struct program *program, bool ini_only, struct text *output)
{
    const char *title = "";
    for (size_t i = 0; i < optiontable_group_count(program); i++) {
        const struct option_group *group = optiontable_group(program, i);
        for (size_t j = 0; j < group->count; j++) {
            const struct option *option = &group->options[j];
            if ((option->flags & OPTION_HIDDEN) || ((option->flags & OPTION_INI_ONLY) != 0) != ini_only)
                continue;
            const char *heading = ini_only ? "Only in the ini file" : group->title;
            if (strcmp(title, heading) != 0) {
                text_add(output, ".SS \"");
                add_roff_string(heading, output);
                text_add(output, "\"\n");
            }
            title = heading;
            add_option(option, output);
        }
    }
}

/* With --sysconfdir=/etc the build's own directory is one of the usual ones. */
static bool is_listed_before(size_t place)
{
    for (size_t i = 0; i < place; i++) {
        if (strcmp(inifile_standard_place(i), inifile_standard_place(place)) == 0)
            return true;
    }
    return false;
}

static void add_ini_section(struct text *output)
{
    add_section("INI FILE", output);
    add_paragraphs(
        "Everything can stand in an ini file, read with --extra-opts: keys are the long options; lines that "
        "begin with # or ; are comments; a value ends with its line and is taken as it is. A switch needs "
        "no value, or yes or no. Options of the command line win over those of the file; lists add up.\n"
        "\n"
        "A file that holds a password must not be readable or writable by others (chmod 0640).\n"
        "\n"
        "Without a file's name, the first of these is read: $MP_CONFIG_FILE; "
        "in each directory of $NAGIOS_CONFIG_PATH monitoring-plugins-sms.ini, "
        "monitoring-plugins.ini, plugins.ini and nagios-plugins.ini; then\n"
        "\n",
        output);
    text_add(output, ".PP\n.EX\n");
    for (size_t i = 0; inifile_standard_place(i) != NULL; i++) {
        if (is_listed_before(i))
            continue;
        text_add(output, "  ");
        add_roff_string(inifile_standard_place(i), output);
        text_add(output, "\n");
    }
    text_add(output, ".EE\n");
}

void describe_man(const struct program *program, struct text *output)
{
    bool see_also = false;
    text_add(output, ".\\\" Made by --describe=man from the program's own option table.\n.TH ");
    add_upper(program->name, output);
    text_addf(output, " 1 \"\" \"%s %s\" \"Monitoring Plugins\"\n", PACKAGE_NAME, PACKAGE_VERSION);
    text_add(output, ".ad l\n");
    add_section("NAME", output);
    add_roff_string(program->name, output);
    text_add(output, " \\- ");
    add_roff_string(program->purpose, output);
    text_add(output, "\n");
    add_section("SYNOPSIS", output);
    text_add(output, ".B ");
    add_roff_string(program->name, output);
    text_add(output, "\n.RI [ OPTION ]...\n");
    if (program->description != NULL) {
        add_section("DESCRIPTION", output);
        add_paragraphs(program->description, output);
    }
    add_section("OPTIONS", output);
    add_options(program, false, output);
    add_options(program, true, output);
    add_ini_section(output);
    if (program->examples != NULL) {
        add_section("EXAMPLES", output);
        add_paragraphs(program->examples, output);
    }
    for (size_t i = 0; i < program->section_count; i++) {
        see_also = see_also || strcmp(program->sections[i].title, "SEE ALSO") == 0;
        add_section(program->sections[i].title, output);
        add_paragraphs(program->sections[i].body, output);
    }
    if (!see_also) {
        add_section("SEE ALSO", output);
        text_addf(output, "The pages of %s; the Monitoring Plugins' documentation of extra\\-opts.\n",
                  PACKAGE_NAME);
    }
}
