/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_OPTIONS_COMMANDLINE_H
#define SMS_OPTIONS_COMMANDLINE_H

#include "base/arena.h"
#include "options/table.h"

/* One option as it was given, on the command line or in an ini file. */
struct given_option {
    struct option_entry entry;
    const char *value;  /* NULL without one */
    const char *origin; /* words in front of a failure: "--critical", "/etc/x.ini:7: critical" */
    const char *place;  /* "command line", "/etc/x.ini:7" */
    const char *extra; /* the value of --extra-opts that brought it, "" for one without; NULL: command line */
    struct given_option *next;
};

struct given_list {
    struct given_option *first;
    struct given_option **end; /* where the next one is hung in; set by given_list_start */
};

/** Make the list empty; its elements live in an arena. */
void given_list_start(struct given_list *list);

/** @return the new last element, or NULL when memory ran out */
struct given_option *given_list_add(struct given_list *list, struct arena *arena);

/**
 * Take the command line apart with getopt_long. Exact names only: an abbreviation may become ambiguous with
 * the next release. Neither an option that only the ini file has nor a connection string with a password is
 * let through, and no value of them is repeated in the failure.
 *
 * @return 0, or -1 with a failure
 */
int commandline_read(const struct program *program, int argc, char **argv, struct arena *arena,
                     struct given_list *list, struct failure *failure);

/** The failure for a name that no option has, with the nearest one; `dashes` in front of names. @return -1 */
int commandline_unknown(const struct program *program, const char *name, const char *dashes,
                        struct failure *failure);

#endif
