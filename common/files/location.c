// SPDX-License-Identifier: GPL-3.0-or-later
#include "files/location.h"

#include "files/smb_url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool location_is_smb(const char *location)
{
    return strncasecmp(location, "smb://", strlen("smb://")) == 0;
}

/*
 * Nothing is asked of the path itself: the same path must name the same memory while its file system is away.
 * So `..` takes a part away only where that is no symbolic link for sure: of the working directory, whose
 * name has none.
 */
static void add_absolute(const char *path, const char *directory, struct text *place)
{
    bool physical = true;
    if (path[0] != '/' && strcmp(directory, "/") != 0)
        text_add(place, directory);
    for (const char *part = path; *part != '\0';) {
        const size_t length = strcspn(part, "/");
        if (length == 2 && strncmp(part, "..", 2) == 0 && physical) {
            const char *slash = strrchr(text_string(place), '/');
            if (slash != NULL)
                text_cut(place, (size_t)(slash - text_string(place)));
        } else if (length > 1 || (length == 1 && part[0] != '.')) {
            text_add(place, "/");
            text_add_bytes(place, part, length);
            physical = false;
        }
        part += length + (part[length] == '/');
    }
}

static char *taken(struct text *text)
{
    if (!text->failed && text->bytes != NULL)
        return text->bytes;
    text_free(text);
    return NULL;
}

char *location_absolute(const char *given, struct failure *failure)
{
    struct text place = {0};
    char *directory = given[0] == '/' || location_is_smb(given) ? NULL : getcwd(NULL, 0);
    if (location_is_smb(given)) {
        text_add(&place, given);
    } else if (given[0] != '/' && directory == NULL) {
        fail(failure, "%s: the working directory: %s; give an absolute path", given, strerror(errno));
        return NULL;
    } else {
        add_absolute(given, directory != NULL ? directory : "", &place);
        if (place.length == 0)
            text_add(&place, "/");
    }
    free(directory);
    char *absolute = taken(&place);
    if (absolute == NULL)
        fail(failure, "out of memory");
    return absolute;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t location_sort(const char **locations, size_t count)
{
    if (count > 1)
        qsort(locations, count, sizeof *locations, compare);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept > 0 && strcmp(locations[kept - 1], locations[i]) == 0)
            free((char *)locations[i]);
        else
            locations[kept++] = locations[i];
    return kept;
}

void location_add_identity(const char *const *locations, size_t count, struct text *identity)
{
    for (size_t i = 0; i < count; i++)
        text_addf(identity, "%s%s", i == 0 ? "" : "\n", locations[i]);
}

/* '?' would begin libsmbclient's own options in a URL. */
static void add_encoded(struct text *url, const char *name)
{
    for (; *name != '\0'; name++) {
        if (strchr("%?#/\\", *name) != NULL)
            text_addf(url, "%%%02X", (unsigned char)*name);
        else
            text_add_bytes(url, name, 1);
    }
}

char *location_join(const char *folder, const char *name)
{
    struct text joined = {0};
    const size_t length = strlen(folder);
    text_add(&joined, folder);
    if (length > 0 && folder[length - 1] != '/')
        text_add(&joined, "/");
    if (location_is_smb(folder))
        add_encoded(&joined, name);
    else
        text_add(&joined, name);
    return taken(&joined);
}

/* What no parent is shorter than. */
static size_t root_length(const char *location)
{
    struct smburl url;
    if (!location_is_smb(location))
        return location[0] == '/';
    return smburl_parse(location, &url, NULL) == 0 ? strlen(url.share) : strlen(location);
}

char *location_parent(const char *location)
{
    const size_t root = root_length(location);
    size_t length = strlen(location);
    while (length > root && location[length - 1] == '/')
        length--;
    if (length <= root)
        return NULL;
    while (length > root && location[length - 1] != '/')
        length--;
    while (length > root && location[length - 1] == '/')
        length--;
    struct text parent = {0};
    text_add_bytes(&parent, length > 0 ? location : ".", length > 0 ? length : 1);
    return taken(&parent);
}

const char *location_name(const char *location)
{
    const char *slash = strrchr(location, '/');
    return slash != NULL ? slash + 1 : location;
}

char *location_decode(const char *name)
{
    struct text decoded = {0};
    text_add(&decoded, "");
    for (const char *at = name; *at != '\0'; at++) {
        char hex[3] = {0};
        if (*at == '%' && strspn(at + 1, "0123456789abcdefABCDEF") >= 2) {
            memcpy(hex, at + 1, 2);
            char byte = (char)strtol(hex, NULL, 16);
            text_add_bytes(&decoded, &byte, 1);
            at += 2;
        } else {
            text_add_bytes(&decoded, at, 1);
        }
    }
    return taken(&decoded);
}
