// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/missing.h"

#include "base/sanitize.h"
#include "base/text.h"
#include "files/location.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = 5, NAME_BYTES = 64, LEVELS = 16 };

struct search {
    const char *wanted; /* without encoding */
    char *alike;        /* owned: the one that differs in case, or begins the same for longest */
    size_t common;      /* so many bytes */
    bool file;          /* what has the name is a file */
    char *first[SHOWN]; /* owned: the first of all */
    size_t count;
};

static size_t common_length(const char *a, const char *b)
{
    size_t length = 0;
    while (a[length] != '\0' && strncasecmp(a + length, b + length, 1) == 0)
        length++;
    return length;
}

static bool visit(void *context, const struct bytestore_entry *entry)
{
    struct search *search = context;
    if (!entry->folder) {
        search->file = search->file || strcmp(entry->name, search->wanted) == 0;
        return true;
    }
    const bool same = strcasecmp(entry->name, search->wanted) == 0;
    const size_t common = common_length(entry->name, search->wanted);
    if (same || (common >= 4 && common > search->common)) {
        search->common = common;
        free(search->alike);
        search->alike = strdup(entry->name);
    }
    if (search->count < SHOWN)
        search->first[search->count] = strdup(entry->name);
    search->count++;
    return !same;
}

static void add_names(const struct search *search, struct text *text)
{
    text_add_clean_list(text, (const char *const *)search->first, search->count, SHOWN, NAME_BYTES);
}

/* The nearest folder above that is there. @return owned, or NULL: none, or it tells nothing */
static char *find_above(struct bytestore *store, const char *location, struct search *search, bool *beside)
{
    char *at = strdup(location);
    for (int level = 0; at != NULL && level < LEVELS; level++) {
        char *above = location_parent(at);
        char *wanted = above != NULL ? location_decode(location_name(at)) : NULL;
        struct bytestore_folder facts = {0};
        search->wanted = wanted != NULL ? wanted : "";
        const int result = above != NULL ? bytestore_list(store, above, visit, search, &facts, NULL) : -1;
        free(wanted);
        free(at);
        at = above;
        *beside = level == 0;
        if (result == 0)
            return at;
        if (!facts.missing)
            break;
    }
    free(at);
    return NULL;
}

int inbox_fail_missing(struct bytestore *store, const char *location, struct failure *failure)
{
    struct search search = {0};
    struct text words = {0};
    bool beside;
    char *above = find_above(store, location, &search, &beside);
    text_addf(&words, "%s: no such folder", location);
    if (above == NULL) {
        text_add(&words, "; check the path and that the share or disk is mounted");
    } else if (search.file && beside) {
        text_add(&words, ": it is a file; give the folder that it lies in");
    } else if (search.alike != NULL) {
        text_add(&words, "; there is ");
        text_add_clean(&words, search.alike, NAME_BYTES);
        text_addf(&words, beside ? " beside it" : " in %s", above);
    } else if (search.count > 0) {
        text_addf(&words, "; in %s there is ", above);
        add_names(&search, &words);
    } else {
        text_addf(&words, "; %s has no folder in it", above);
    }
    free(above);
    free(search.alike);
    for (size_t i = 0; i < SHOWN; i++)
        free(search.first[i]);
    fail(failure, "%s", text_string(&words));
    text_free(&words);
    return -1;
}
