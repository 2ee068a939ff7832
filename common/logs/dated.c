// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/dated.h"

#include "base/ascii.h"
#include "files/location.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char form[] = "-dddddddd-dddddd.log", extension[] = ".log";

struct search {
    char *stem; /* owned: "despool" of despool.log */
    size_t stem_length;
    int64_t since;
    size_t most;
    char *names[LOG_DATED_MOST]; /* owned */
    size_t count;
    bool no_memory;
};

/* @return 0; 1 when the name does not end in ".log"; -1 without memory */
static int take_stem(struct search *search, const char *location)
{
    const char *name = location_name(location);
    search->stem = location_is_smb(location) ? location_decode(name) : strdup(name);
    if (search->stem == NULL)
        return -1;
    const size_t length = strlen(search->stem);
    if (length < strlen(extension) || strcasecmp(search->stem + length - strlen(extension), extension) != 0)
        return 1;
    search->stem_length = length - strlen(extension);
    return 0;
}

static bool is_dated(const struct search *search, const char *name)
{
    if (strlen(name) != search->stem_length + strlen(form) ||
        strncasecmp(name, search->stem, search->stem_length) != 0)
        return false;
    name += search->stem_length;
    for (size_t i = 0; form[i] != 'l'; i++)
        if (form[i] == 'd' ? !ascii_is_digit(name[i]) : name[i] != form[i])
            return false;
    return strcasecmp(name + strlen(form) - strlen(extension), extension) == 0;
}

/* Only the newest are kept, the oldest of them first. */
static bool visit(void *context, const struct bytestore_entry *entry)
{
    struct search *search = context;
    if (!entry->regular || entry->mtime < search->since || !is_dated(search, entry->name))
        return true;
    size_t at = search->count;
    while (at > 0 && strcasecmp(search->names[at - 1], entry->name) > 0)
        at--;
    const bool full = search->count == search->most;
    if (full && at == 0)
        return true;
    char *name = strdup(entry->name);
    search->no_memory = name == NULL;
    if (name == NULL)
        return false;
    if (full) {
        free(search->names[0]);
        memmove(search->names, search->names + 1, --at * sizeof *search->names);
    } else {
        memmove(search->names + at + 1, search->names + at, (search->count++ - at) * sizeof *search->names);
    }
    search->names[at] = name;
    return true;
}

static int list(struct bytestore *store, const char *location, struct search *search, struct log_dated *dated,
                struct failure *failure)
{
    char *folder = location_parent(location);
    if (folder == NULL)
        return fail(failure, "%s: the folder is not known", location);
    int result = bytestore_list(store, folder, visit, search, NULL, failure);
    for (size_t i = 0; i < search->count && result == 0; i++) {
        dated->locations[dated->count] = location_join(folder, search->names[i]);
        search->no_memory |= dated->locations[dated->count++] == NULL;
    }
    free(folder);
    return result == 0 && search->no_memory ? fail(failure, "%s: out of memory", location) : result;
}

int log_dated_find(struct bytestore *store, const char *location, int64_t since, size_t most,
                   struct log_dated *dated, struct failure *failure)
{
    struct search search = {.since = since, .most = most};
    *dated = (struct log_dated){.count = 0};
    int result = take_stem(&search, location);
    if (result == 0)
        result = list(store, location, &search, dated, failure);
    else if (result < 0)
        fail(failure, "%s: out of memory", location);
    for (size_t i = 0; i < search.count; i++)
        free(search.names[i]);
    free(search.stem);
    return result < 0 ? -1 : 0;
}

void log_dated_free(struct log_dated *dated)
{
    for (size_t i = 0; i < dated->count; i++)
        free(dated->locations[i]);
    *dated = (struct log_dated){.count = 0};
}
