/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_OPTIONS_OPTIONS_H
#define SMS_OPTIONS_OPTIONS_H

#include "base/failure.h"
#include "base/stringlist.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One declarative table per program. Parsing of argv and ini files, --help, the man page, the bash completion
 * and the option tables of the pages under plugins/ are all made from it; an option is written nowhere else.
 */

enum option_type {
    OPTION_FLAG,     /* bool: true when given */
    OPTION_COUNT,    /* int: how often given (-vv is 2) */
    OPTION_TEXT,     /* const char *: owned by the arena */
    OPTION_LIST,     /* struct string_list: comma list, repeatable, accumulates over ini and argv */
    OPTION_INTEGER,  /* int64_t */
    OPTION_SIZE,     /* int64_t bytes (base/units.h) */
    OPTION_DURATION, /* int64_t seconds (base/units.h) */
    OPTION_RANGE,    /* struct range over durations (base/range.h) */
    OPTION_CHOICE,   /* int: index into `choices`; -1 when not given and without a fallback */
    OPTION_CUSTOM    /* `parse` fills the target; gets the fallback first, then every value given */
};

enum option_flags {
    OPTION_INI_ONLY = 1,          /* a key of the ini file that has no form on the command line */
    OPTION_COMMAND_LINE_ONLY = 2, /* no key in the ini file (--help, --extra-opts) */
    OPTION_SECRET = 4,            /* no output shows it; an ini file with it must be closed to others */
    OPTION_CONNECTION_STRING = 8, /* a secret when it holds PWD= or PASSWORD=; argv must not hold those */
    OPTION_REPEATABLE = 16, /* OPTION_CUSTOM that accumulates; its fallback counts only without values */
    OPTION_HIDDEN = 32,     /* works, but is not shown */
    OPTION_MANNER = 64      /* how it is told or reached, not what is judged: no part of options_rule */
};

struct option {
    const char *name; /* long name, also the ini key */
    int letter;       /* short name, or 0 */
    enum option_type type;
    size_t offset;        /* of the target in the group's struct */
    const char *argument; /* placeholder in --help ("RANGE"), NULL for flags and counts */
    const char *fallback; /* default as a user would type it, parsed like any value and shown; or NULL */
    const char *choices;  /* OPTION_CHOICE: "version|recipe" */
    const char *help;     /* one or more sentences; wrapped when shown */
    unsigned flags;
    int64_t least, most; /* allowed span of OPTION_INTEGER, _SIZE and _DURATION; both 0 means any >= 0 */
    int (*parse)(void *target, const char *value, struct failure *failure); /* OPTION_CUSTOM */
    void (*reset)(void *target); /* OPTION_CUSTOM: empties the target before a parse; or NULL */
};

struct option_group {
    const char *title; /* "Database connection" */
    const struct option *options;
    size_t count;
    void *target; /* the struct that the offsets mean; borrowed */
};

struct manual_section {
    const char *title; /* "EXIT STATUS" */
    const char *body;  /* paragraphs parted by empty lines; lines that start with a blank stand as they are */
};

struct program {
    const char *name;        /* also the default ini section */
    const char *purpose;     /* one line, for the man page's NAME and the top of --help */
    const char *description; /* paragraphs */
    const char
        *examples; /* paragraphs, commands with a blank before them; they work with the shipped ini file */
    const struct option_group *groups;
    size_t group_count;
    const struct manual_section *sections;
    size_t section_count;
};

enum options_outcome {
    OPTIONS_RUN,     /* go on */
    OPTIONS_PRINTED, /* --help, --version or --describe: print `output` and exit 3 */
    OPTIONS_BAD      /* print the failure and exit 3 */
};

/* What the option texts live in; free it last. */
struct options_arena;

/**
 * Parse the ini sections named by --extra-opts (first) and argv (second, so that it wins; lists add up) into
 * the groups' targets, which are first filled with the fallbacks. Values are also checked, so that every
 * error names the option, what is wrong with the value and what would be right.
 *
 * Understands for every program: -h/--help, -V/--version, --extra-opts=[SECTION][@FILE] (repeatable) and
 * --describe=man|bash|markdown|ini|tsv (hidden: how the build makes pages, completion and the example ini
 * file). May be called twice with the same argv: targets are reset to their fallbacks each time.
 *
 * @param[out] arena   owns all texts; never NULL after the call unless memory ran out
 * @param[out] output  the text of OPTIONS_PRINTED; caller frees
 */
enum options_outcome options_parse(const struct program *program, int argc, char **argv,
                                   struct options_arena **arena, struct text *output,
                                   struct failure *failure);

void options_arena_free(struct options_arena *arena);

/**
 * Append every option that has a value as it was written and where it came from, one a line, for -vv:
 * "--critical=72h (default)", "--package=CEN00012 (file.ini:7)". Secrets are shown as "(set)".
 *
 * @param arena  of the options_parse whose settings are shown
 */
void options_settings(const struct program *program, const struct options_arena *arena, struct text *output);

/**
 * What a service is, as far as it judges: a hash of every option that is no OPTION_MANNER, as it is given, in
 * the order of the table. Two runs with the same value look at the same things by the same rules.
 */
uint64_t options_rule(const struct program *program, const struct options_arena *arena);

/**
 * Append the --extra-opts that brought values, each once with a blank in front, for a command that an
 * administrator pastes: " --extra-opts=database_CEN".
 *
 * @param options  those that brought values of the group with this table; NULL: all of them
 * @return 0, or -1: one of them would need quotes in a shell, or memory ran out
 */
int options_extra(const struct options_arena *arena, const struct option *options, struct text *text);

/** @return whether an option that `counts` was given on the command line, so that sections alone do not say it again */
bool options_on_command_line(const struct options_arena *arena, bool (*counts)(const struct option *option));

#endif
