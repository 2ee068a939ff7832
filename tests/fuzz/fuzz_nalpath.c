// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/nalpath.h"

#include "base/unicode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Whatever the column holds: a place that can stand in a line and in a key, and the same when it is read
 * again. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *string = malloc(length + 1);
    if (string == NULL)
        return 0;
    if (length > 0)
        memcpy(string, bytes, length);
    string[length] = '\0';
    struct nalpath path, again;
    nalpath_read(string, &path);
    nalpath_read(string, &again);
    const char *place = text_string(&path.place);
    if (path.place.length > 400 || !utf8_valid(place, path.place.length) ||
        strpbrk(place, "|\n\r\t\x1b\x7f") != NULL || strcmp(place, text_string(&again.place)) != 0)
        abort();
    if (path.parsed && (path.place.length == 0 || strpbrk(place, " /\"[]:") != NULL || place[0] == '\\'))
        abort();
    if (!path.parsed && path.site[0] != '\0')
        abort();
    nalpath_free(&path);
    nalpath_free(&again);
    free(string);
    return 0;
}
