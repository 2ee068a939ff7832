/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_KNOWN_H
#define SMS_ITEMS_KNOWN_H

#include "base/failure.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Items that the team has accepted (--known=PACKAGE[@SITE][:UNTIL] or @SITE[:UNTIL], of files PATTERN[@BOX][:UNTIL]
 * or @BOX[:UNTIL]): a service that is already CRITICAL for one of them would hide the next one.
 */
struct known_entry {
    char pattern[256]; /* a package ID, or a glob of file names; "*": everything at the place */
    char place[256];   /* site code, server or box; "" for every place */
    int64_t until;     /* UTC: the end of the day given, local time; 0 without an end */
    char day[11];      /* the same as it was given; "" without an end */
};

struct known_list {
    struct known_entry *entries; /* owned; known_list_free */
    size_t count;
};

/** An OPTION_CUSTOM parser: adds a comma list of entries to a struct known_list. */
int known_list_parse(void *list, const char *value, struct failure *failure);

/** The same for file names: what stands before '@' is a glob. */
int known_list_parse_files(void *list, const char *value, struct failure *failure);

/**
 * @param now         UTC seconds; an entry whose day has passed mutes nothing
 * @param[out] until  when muting ends or ended, 0 without an end; only set where an entry names the package
 * @return whether an entry names this package at this place, or all of the place (without case; a server is meant by
 * its host name alone, too)
 */
bool known_list_mutes(const struct known_list *list, const char *package, const char *place, int64_t now,
                      int64_t *until);

/** The same for a file: the entry's glob names it, without regard to case. */
bool known_list_mutes_file(const struct known_list *list, const char *file, const char *place, int64_t now,
                           int64_t *until);

/** Append `--known CEN00001@S02 ended 2020-01-01, ...`: the entries whose day has passed; nothing without
 * any. */
void known_list_add_ended(const struct known_list *list, int64_t now, struct text *note);

void known_list_free(struct known_list *list);

#endif
