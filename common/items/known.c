// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/known.h"

#include "base/array.h"
#include "base/hostname.h"
#include "base/packageid.h"
#include "base/stringlist.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* What a program calls the two halves of an entry. */
struct known_words {
    const char *pattern, *place; /* "PACKAGE", "SITE" */
    const char *example;
    bool is_package; /* the first half has the shape of a package ID */
};

static const struct known_words of_packages = {"PACKAGE", "SITE", "CEN00012@S02:2026-12-31", true};
static const struct known_words of_files = {"PATTERN", "BOX", "202AAS02.SRQ@LAN:2026-12-31", false};

static int bad(struct failure *failure, const struct known_words *words, const char *entry, const char *what)
{
    return fail(failure, "'%s' %s; write %s, @%s, %s@%s or %s@%s:YYYY-MM-DD, as in %s", entry, what,
                words->pattern, words->place, words->pattern, words->place, words->pattern, words->place,
                words->example);
}

/* The day counts in the operator's zone and to its end. */
static int end_of_day(const char *date, int64_t *until)
{
    int year, month, day, used = 0;
    if (sscanf(date, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || date[used] != '\0' || used != 10)
        return -1;
    struct tm parts = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day + 1, .tm_isdst = -1};
    time_t end = mktime(&parts);
    /* mktime moves 31 June into July: take the day back and compare. */
    struct tm same_day = {
        .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = 12, .tm_isdst = -1};
    if (end == (time_t)-1 || mktime(&same_day) == (time_t)-1 || same_day.tm_mday != day ||
        same_day.tm_mon != month - 1)
        return -1;
    *until = end;
    return 0;
}

static int add_entry(struct known_list *list, const struct known_words *words, char *entry,
                     struct failure *failure)
{
    struct known_entry known = {0};
    const char *colon = strchr(entry, ':'), *end = colon == NULL ? entry + strlen(entry) : colon;
    const char *at = memchr(entry, '@', (size_t)(end - entry)), *pattern_end = at == NULL ? end : at;
    if (colon != NULL) {
        if (end_of_day(colon + 1, &known.until) != 0)
            return bad(failure, words, entry, "does not end in a date");
        strcpy(known.day, colon + 1);
    }
    if (at != NULL) {
        size_t place_length = (size_t)(end - ++at);
        if (place_length == 0 || place_length >= sizeof known.place)
            return bad(failure, words, entry,
                       words->is_package ? "has no site behind '@'" : "has no box behind '@'");
        if (memchr(at, '@', place_length) != NULL)
            return bad(failure, words, entry, "has more than one '@'");
        memcpy(known.place, at, place_length);
    }
    size_t length = (size_t)(pattern_end - entry);
    const bool everything = length == 0 && at != NULL;
    if (!everything && words->is_package && (length == 0 || package_id_length(entry, length) != length))
        return bad(
            failure, words, entry,
            "does not begin with a package ID: three characters of a site code and five hexadecimal digits, as in CEN0000E");
    if ((length == 0 && !everything) || length >= sizeof known.pattern)
        return bad(failure, words, entry, "does not begin with the pattern of a file name");
    memcpy(known.pattern, everything ? "*" : entry, everything ? 1 : length);
    struct known_entry *entries = array_grow(list->entries, list->count, sizeof *entries);
    if (entries == NULL)
        return fail(failure, "out of memory");
    list->entries = entries;
    entries[list->count++] = known;
    return 0;
}

static int add_package(void *list, char *entry, struct failure *failure)
{
    return add_entry(list, &of_packages, entry, failure);
}

static int add_file(void *list, char *entry, struct failure *failure)
{
    return add_entry(list, &of_files, entry, failure);
}

int known_list_parse(void *list, const char *value, struct failure *failure)
{
    return comma_list_each(value, add_package, list, failure);
}

int known_list_parse_files(void *list, const char *value, struct failure *failure)
{
    return comma_list_each(value, add_file, list, failure);
}

static bool names(const char *pattern, const char *item)
{
    return strcmp(pattern, "*") == 0 || strcasecmp(pattern, item) == 0;
}

static bool globs(const char *pattern, const char *item)
{
    return fnmatch(pattern, item, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

/* A server may be known by its host name alone. */
static bool is_place(const char *known, const char *place)
{
    return hostname_same(known, place);
}

static bool is_box(const char *known, const char *box)
{
    return strcasecmp(known, box) == 0;
}

/* How an entry's two halves are compared. */
struct known_meaning {
    bool (*item)(const char *pattern, const char *item);
    bool (*place)(const char *known, const char *place);
};

static bool mutes(const struct known_list *list, struct known_meaning means, const char *item,
                  const char *place, int64_t now, int64_t *until)
{
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        const struct known_entry *known = &list->entries[i];
        if (means.item(known->pattern, item) &&
            (known->place[0] == '\0' || (place != NULL && means.place(known->place, place)))) {
            *until = known->until;
            if (known->until == 0 || now < known->until)
                return true;
        }
    }
    return false;
}

bool known_list_mutes(const struct known_list *list, const char *package, const char *place, int64_t now,
                      int64_t *until)
{
    return mutes(list, (struct known_meaning){names, is_place}, package, place, now, until);
}

bool known_list_mutes_file(const struct known_list *list, const char *file, const char *place, int64_t now,
                           int64_t *until)
{
    return mutes(list, (struct known_meaning){globs, is_box}, file, place, now, until);
}

void known_list_add_ended(const struct known_list *list, int64_t now, struct text *note)
{
    const char *before = "--known ";
    for (size_t i = 0; i < list->count; i++) {
        const struct known_entry *known = &list->entries[i];
        if (known->until == 0 || now < known->until)
            continue;
        const bool everything = strcmp(known->pattern, "*") == 0 && known->place[0] != '\0';
        text_addf(note, "%s%s%s%s ended %s", before, everything ? "" : known->pattern,
                  known->place[0] == '\0' ? "" : "@", known->place, known->day);
        before = ", ";
    }
}

void known_list_free(struct known_list *list)
{
    free(list->entries);
    *list = (struct known_list){0};
}
