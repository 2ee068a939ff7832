/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_OPTIONS_TABLE_H
#define SMS_OPTIONS_TABLE_H

#include "base/arena.h"
#include "options/options.h"

#include <stdbool.h>
#include <stddef.h>

/* Walking and searching a program's options, with those that every program understands. */

/** The options of every program: --help, --version, --extra-opts and the hidden --describe. */
extern const struct option_group optiontable_common;

/** @return how many groups to show: the common one is the first */
size_t optiontable_group_count(const struct program *program);

/** @return the index-th group; the common one is the first */
const struct option_group *optiontable_group(const struct program *program, size_t index);

/* An option with the group whose target it fills. */
struct option_entry {
    const struct option *option; /* NULL when none was found */
    const struct option_group *group;
};

/** @return the option with exactly this long name, or this letter; `option` is NULL where there is none */
struct option_entry optiontable_find(const struct program *program, const char *name, size_t length);
struct option_entry optiontable_find_letter(const struct program *program, int letter);

/** @return whether an option is given without a value */
bool option_is_switch(const struct option *option);

/** @return whether the value may be left out: it then stands behind '=' or not at all */
bool option_value_is_optional(const struct option *option);

/** @return does the value name a `kind`, "FILE" or "DIR", as its argument says: "DIR", "[NAME=]DIR"? */
bool option_names(const struct option *option, const char *kind);

/** @return whether the value names a file or a directory */
bool option_is_path(const struct option *option);

/** @return the option's target */
void *option_target(const struct option_entry *entry);

/**
 * The index-th word of the choices.
 *
 * @param[out] length  of the word
 * @return the word, not terminated, or NULL behind the last
 */
const char *option_choice(const struct option *option, size_t index, size_t *length);

/** Append the placeholder of the value: "RANGE", "off|request|require". */
void option_add_argument(const struct option *option, struct text *text);

/** Append the help with what follows from the table: default, span, repeatable. */
void option_add_help(const struct option *option, struct text *text);

/** @return whether a connection string carries a password */
bool holds_password(const char *value);

#endif
