/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ITEMS_KNOWN_H
#define SMS_ITEMS_KNOWN_H

#include "base/failure.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Items that the team has accepted (--known=PACKAGE[@SITE][:UNTIL]): a service that is already CRITICAL for
 * one package would hide the next one.
 */
struct known_entry {
    char package[16];
    char place[256]; /* site code or server; "" for every place */
    int64_t until;   /* UTC: the end of the day given, local time; 0 without an end */
    char day[11];    /* the same as it was given; "" without an end */
};

struct known_list {
    struct known_entry *entries; /* owned; known_list_free */
    size_t count;
};

/** An OPTION_CUSTOM parser: adds a comma list of entries to a struct known_list. */
int known_list_parse(void *list, const char *value, struct failure *failure);

/**
 * @param now         UTC seconds; an entry whose day has passed mutes nothing
 * @param[out] until  when muting ends, 0 without an end; only set when muted
 * @return whether an entry names this package at this place (without case)
 */
bool known_list_mutes(const struct known_list *list, const char *package, const char *place, int64_t now,
                      int64_t *until);

/** Append `--known CEN00001@S02 ended 2020-01-01, ...`: the entries whose day has passed; nothing without
 * any. */
void known_list_add_ended(const struct known_list *list, int64_t now, struct text *note);

void known_list_free(struct known_list *list);

#endif
