// SPDX-License-Identifier: GPL-3.0-or-later

/* getopt's own `struct option` would clash with the table's. */
#define option getopt_option
#include <getopt.h>
#undef option

#include "options/commandline.h"

#include "options/typo.h"

#include <stdio.h>
#include <string.h>

/* Long options are told apart from letters by values above all of them. */
enum { FIRST_LONG = 256 };

void given_list_start(struct given_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

struct given_option *given_list_add(struct given_list *list, struct arena *arena)
{
    struct given_option *given = arena_allocate(arena, sizeof *given);
    if (given == NULL)
        return NULL;
    *list->end = given;
    list->end = &given->next;
    return given;
}

int commandline_unknown(const struct program *program, const char *name, const char *dashes,
                        struct failure *failure)
{
    struct nearest nearest = {.word = name};
    unsigned unreachable = *dashes != '\0' ? OPTION_INI_ONLY : OPTION_COMMAND_LINE_ONLY;
    for (size_t i = 0; i < optiontable_group_count(program); i++) {
        const struct option_group *group = optiontable_group(program, i);
        for (size_t j = 0; j < group->count; j++) {
            if ((group->options[j].flags & (unreachable | OPTION_HIDDEN)) == 0)
                nearest_offer(&nearest, group->options[j].name);
        }
    }
    const char *what = *dashes != '\0' ? "option" : "key";
    if (nearest.best != NULL)
        return fail(failure, "unknown %s %s%.64s; did you mean %s%s?", what, dashes, name, dashes,
                    nearest.best);
    return fail(failure, "unknown %s %s%.64s; %s --help lists all", what, dashes, name, program->name);
}

static int refuse_ini_only(const struct program *program, const struct option *option,
                           struct failure *failure)
{
    char file[80];
    if ((option->flags & OPTION_SECRET) == 0)
        return fail(failure,
                    "--%s is not an option of the command line: put it into the ini file (--extra-opts)",
                    option->name);
    snprintf(file, sizeof file, "%s-file", option->name);
    bool has_file = optiontable_find(program, file, strlen(file)).option != NULL;
    return fail(failure,
                "--%s is not an option, because ps shows it to every user: put it into the ini file%s%s",
                option->name, has_file ? " or use --" : "", has_file ? file : "");
}

/* Before anything is parsed, so that no failure can repeat a password that stands in the wrong place. */
static int refuse_secrets(const struct program *program, int argc, char **argv, struct failure *failure)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            const char *name = argv[i] + 2;
            const struct option *option = optiontable_find(program, name, strcspn(name, "=")).option;
            if (option != NULL && (option->flags & OPTION_INI_ONLY))
                return refuse_ini_only(program, option, failure);
        }
        if (holds_password(argv[i])) {
            bool has_file = optiontable_find(program, "password-file", 13).option != NULL;
            return fail(failure,
                        "argument %d holds PWD= or PASSWORD=, and ps shows "
                        "it to every user: put it into the ini file%s",
                        i, has_file ? " or use --password-file" : "");
        }
    }
    return 0;
}

/* getopt would take an abbreviation, so names are checked before it sees them. */
static int check_long_name(const struct program *program, const char *argument, struct failure *failure)
{
    char name[65];
    const char *begin = argument + 2;
    size_t length = strcspn(begin, "=");
    if (optiontable_find(program, begin, length).option != NULL)
        return 0;
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), begin);
    return commandline_unknown(program, name, "--", failure);
}

static int unexpected_argument(char **argv, const char *argument, struct failure *failure)
{
    for (int i = 1; argv[i] != NULL && argv[i + 1] != NULL; i++) {
        if (argv[i + 1] == argument && strcmp(argv[i], "--extra-opts") == 0)
            return fail(failure, "the value of --extra-opts stands behind '=': --extra-opts=%.64s", argument);
    }
    if (*argument == '\0')
        return fail(failure, "there is an empty argument; is a macro of the command line not set?");
    return fail(failure, "unexpected argument '%.64s'; every value stands behind its option", argument);
}

static int fail_value(const struct option *option, bool missing, struct failure *failure)
{
    struct text argument = {0};
    option_add_argument(option, &argument);
    if (missing)
        fail(failure, "--%s needs a value: --%s=%s", option->name, option->name, text_string(&argument));
    else
        fail(failure, "--%s takes no value", option->name);
    text_free(&argument);
    return -1;
}

struct getopt_table {
    struct getopt_option *longs;
    struct option_entry *entries; /* in the order of `longs` */
    char *letters;
};

static int table_make(const struct program *program, struct arena *arena, struct getopt_table *table)
{
    size_t count = 0;
    for (size_t i = 0; i < optiontable_group_count(program); i++)
        count += optiontable_group(program, i)->count;
    table->longs = arena_allocate(arena, (count + 1) * sizeof *table->longs);
    table->entries = arena_allocate(arena, (count + 1) * sizeof *table->entries);
    table->letters = arena_allocate(arena, count * 2 + 3);
    if (table->longs == NULL || table->entries == NULL || table->letters == NULL)
        return -1;

    /* '-': in the given order, also with POSIXLY_CORRECT; ':': a missing value is told apart. */
    char *letter = stpcpy(table->letters, "-:");
    size_t used = 0;
    for (size_t i = 0; i < optiontable_group_count(program); i++) {
        const struct option_group *group = optiontable_group(program, i);
        for (size_t j = 0; j < group->count; j++) {
            const struct option *option = &group->options[j];
            if (option->flags & OPTION_INI_ONLY)
                continue;
            int has_value = option_is_switch(option)           ? no_argument
                            : option_value_is_optional(option) ? optional_argument
                                                               : required_argument;
            table->longs[used] = (struct getopt_option){
                .name = option->name, .has_arg = has_value, .val = FIRST_LONG + (int)used};
            table->entries[used++] = (struct option_entry){option, group};
            if (option->letter != 0) {
                *letter++ = (char)option->letter;
                if (has_value == required_argument)
                    *letter++ = ':';
            }
        }
    }
    *letter = '\0';
    return 0;
}

static struct option_entry table_entry(const struct program *program, const struct getopt_table *table,
                                       int code)
{
    return code >= FIRST_LONG ? table->entries[code - FIRST_LONG] : optiontable_find_letter(program, code);
}

static int add_given(struct option_entry entry, const char *value, struct arena *arena,
                     struct given_list *list, struct failure *failure)
{
    struct given_option *given = given_list_add(list, arena);
    size_t size = strlen(entry.option->name) + 3;
    char *origin = arena_allocate(arena, size);
    const char *copy = value != NULL ? arena_copy(arena, value, strlen(value)) : NULL;
    if (given == NULL || origin == NULL || (value != NULL && copy == NULL))
        return fail(failure, "out of memory");
    snprintf(origin, size, "--%s", entry.option->name);
    given->entry = entry;
    given->value = copy;
    given->origin = origin;
    given->place = "command line";
    return 0;
}

int commandline_read(const struct program *program, int argc, char **argv, struct arena *arena,
                     struct given_list *list, struct failure *failure)
{
    struct getopt_table table;
    if (refuse_secrets(program, argc, argv, failure) != 0)
        return -1;
    if (table_make(program, arena, &table) != 0)
        return fail(failure, "out of memory");

    opterr = 0;
    optind = 0; /* glibc and musl: start anew */
    for (;;) {
        int next = optind > 0 ? optind : 1;
        if (next < argc && strncmp(argv[next], "--", 2) == 0 && argv[next][2] != '\0' &&
            check_long_name(program, argv[next], failure) != 0)
            return -1;
        int code = getopt_long(argc, argv, table.letters, table.longs, NULL);
        if (code == -1)
            break;
        if (code == 1)
            return unexpected_argument(argv, optarg, failure);
        if (code == ':' || (code == '?' && optopt >= FIRST_LONG))
            return fail_value(table_entry(program, &table, optopt).option, code == ':', failure);
        if (code == '?')
            return fail(failure, "unknown option -%c; %s --help lists all", optopt, program->name);
        if (add_given(table_entry(program, &table, code), optarg, arena, list, failure) != 0)
            return -1;
    }
    if (optind < argc)
        return unexpected_argument(argv, argv[optind], failure);
    return 0;
}
