// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/nalpath.h"

#include "base/sanitize.h"

#include <string.h>
#include <strings.h>

/* Longer ones are no path of the product: its columns have 255 characters, and keys and lines must stay
 * short. */
enum { MOST_PLACE_BYTES = 320 };

/*
 * An attribute list `["name=value"]`: several attributes are parted by ','. A value may hold anything but
 * '"'.
 * @return behind the list, `at` where there is none, NULL for a broken one
 */
static const char *skip_attributes(const char *at, char *site, size_t site_size)
{
    static const char name[] = "SMS_SITE=";
    if (*at != '[')
        return at;
    do {
        at++;
        if (*at != '"')
            return NULL;
        const char *end = strchr(at + 1, '"');
        if (end == NULL)
            return NULL;
        size_t length = (size_t)(end - at - 1);
        if (length >= sizeof name - 1 && strncasecmp(at + 1, name, sizeof name - 1) == 0) {
            length -= sizeof name - 1;
            if (length == 0 || length >= site_size)
                return NULL;
            memcpy(site, at + sizeof name, length);
            site[length] = '\0';
        }
        at = end + 1;
    } while (*at == ',');
    return *at == ']' ? at + 1 : NULL;
}

/* What no server or share name has: it would break out of a line, a key or a pattern of names. */
static bool is_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] <= 0x20 || strchr("\"/[]:|<>*?,;=+\x7f", name[i]) != NULL)
            return false;
    return length > 0;
}

/* `\\SERVER\` or `\\SERVER\SHARE\`, with or without the last backslash, and further folders below the share.
 */
static bool read_unc(const char *unc, struct text *place)
{
    if (strncmp(unc, "\\\\", 2) != 0)
        return false;
    for (const char *part = unc + 2; *part != '\0';) {
        size_t length = strcspn(part, "\\");
        if (!is_name(part, length))
            return false;
        text_addf(place, "%s%.*s", place->length > 0 ? "\\" : "", (int)length, part);
        part += length;
        part += *part == '\\';
    }
    return place->length > 0 && place->length <= MOST_PLACE_BYTES;
}

void nalpath_read(const char *string, struct nalpath *path)
{
    static const char provider[] = "MSWNET:";
    *path = (struct nalpath){0};
    char ignored[8];
    const char *at = skip_attributes(string, ignored, sizeof ignored);
    if (at != NULL && strncasecmp(at, provider, sizeof provider - 1) == 0) {
        at = skip_attributes(at + sizeof provider - 1, path->site, sizeof path->site);
        struct text cleaned = {0};
        if (at != NULL && read_unc(at, &path->place)) {
            /* A name of the product passes unchanged; what cleaning would alter is none. */
            text_add_clean(&cleaned, text_string(&path->place), MOST_PLACE_BYTES);
            path->parsed = !cleaned.failed && strcmp(text_string(&cleaned), text_string(&path->place)) == 0;
        }
        text_free(&cleaned);
    }
    if (!path->parsed) {
        path->site[0] = '\0';
        text_cut(&path->place, 0);
        text_add_clean(&path->place, string, MOST_PLACE_BYTES);
    }
}

void nalpath_free(struct nalpath *path)
{
    text_free(&path->place);
}
