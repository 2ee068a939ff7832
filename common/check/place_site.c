// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/place_site.h"

#include <string.h>
#include <strings.h>

static const char share_prefix[] = "SMS_", box_ending[] = ".box";

enum { PREFIX = sizeof share_prefix - 1, ENDING = sizeof box_ending - 1 };

/* A name and a part of a path, with or without the domain. */
static bool is_name(const char *name, const char *part, size_t size)
{
    size_t length = strlen(name), label = strcspn(name, "."), part_label = strcspn(part, "./\n");
    if (size == length && strncasecmp(part, name, length) == 0)
        return true;
    return (label == length || part_label == size) && label == part_label && label > 0 &&
           strncasecmp(part, name, label) == 0;
}

static bool is_share(const char *part, size_t size)
{
    return size > PREFIX && strncasecmp(part, share_prefix, PREFIX) == 0;
}

bool place_has_part(const char *places, const char *name)
{
    for (const char *at = places; name[0] != '\0' && *at != '\0';) {
        size_t size = strcspn(at, "/\n");
        if (is_name(name, at, size) || (is_share(at, size) && is_name(name, at + PREFIX, size - PREFIX)))
            return true;
        at += size + (at[size] != '\0');
    }
    return false;
}

static bool is_code(const struct site *site, const char *part, size_t size)
{
    return size == strlen(site->code) && size > 0 && strncasecmp(part, site->code, size) == 0;
}

static const struct site *find_share(const struct sitedb *db, const char *part, size_t size)
{
    for (size_t i = 0; i < db->site_count && is_share(part, size); i++)
        if (is_code(&db->sites[i], part + PREFIX, size - PREFIX))
            return &db->sites[i];
    return NULL;
}

static const struct site *find_code_or_server(const struct sitedb *db, const char *part, size_t size)
{
    for (size_t i = 0; i < db->site_count; i++)
        if (is_code(&db->sites[i], part, size) || is_name(db->sites[i].server, part, size))
            return &db->sites[i];
    return NULL;
}

const struct site *place_site(const struct sitedb *db, const char *location)
{
    static const char scheme[] = "smb://";
    const bool url = strncasecmp(location, scheme, sizeof scheme - 1) == 0;
    const char *at = url ? location + sizeof scheme - 1 : location + strspn(location, "/");
    const struct site *found = NULL;
    for (bool first = true; *at != '\0'; first = false) {
        const size_t length = strcspn(at, "/");
        if (length > ENDING && strncasecmp(at + length - ENDING, box_ending, ENDING) == 0)
            break;
        const size_t size = url && first ? strcspn(at, ":/") : length;
        const struct site *site = find_share(db, at, size);
        if (site == NULL && (url || !first))
            site = find_code_or_server(db, at, size);
        found = site != NULL ? site : found;
        at += length + strspn(at + length, "/");
    }
    return found;
}
