/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_OPTIONS_DESCRIBE_H
#define SMS_OPTIONS_DESCRIBE_H

#include "options/options.h"

/* The pages that the build makes from the option table (--describe). Names and letters of all, text of each
 * form. */

enum description { DESCRIBE_MAN, DESCRIBE_BASH, DESCRIBE_MARKDOWN, DESCRIBE_INI, DESCRIBE_TSV };

/** Append one of the pages, UTF-8. */
void describe(const struct program *program, enum description form, struct text *output);

/** A page of section 1 in man(7) macros. */
void describe_man(const struct program *program, struct text *output);

/** A completion script for bash, without need of the bash-completion package. */
void describe_bash(const struct program *program, struct text *output);

#endif
