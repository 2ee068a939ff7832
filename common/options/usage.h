/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_OPTIONS_USAGE_H
#define SMS_OPTIONS_USAGE_H

#include "options/options.h"

/* What --help and --version show. */

enum { USAGE_WIDTH = 80 };

/** Append the whole of --help: purpose, usage, options by group, examples. */
void usage_help(const struct program *program, struct text *output);

/** Append the line of --version. */
void usage_version(const struct program *program, struct text *output);

/**
 * Append paragraphs, wrapped; empty lines part them, and a line that starts with a blank is shown as it is.
 *
 * @param prefix  in front of every line: blanks, or "# "
 * @param width   of the whole line, in characters
 */
void usage_wrap(struct text *output, const char *prefix, const char *paragraphs, size_t width);

#endif
