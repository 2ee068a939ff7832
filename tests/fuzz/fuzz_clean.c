// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/sanitize.h"

#include "base/unicode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(const char *string, size_t most)
{
    struct text text = {0}, again = {0};
    text_add_clean(&text, string, most);
    const char *cleaned = text_string(&text);
    if (text.length > most || !utf8_valid(cleaned, text.length) || strchr(cleaned, '|') != NULL)
        abort();
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)cleaned[i] < 0x20 || cleaned[i] == 0x7f)
            abort();
    if (text.length > 0 && (cleaned[0] == ' ' || strstr(cleaned, "  ") != NULL))
        abort();
    /* Clean text stays as it is. */
    text_add_clean(&again, cleaned, most);
    if (strcmp(cleaned, text_string(&again)) != 0)
        abort();
    text_free(&text);
    text_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *string = malloc(length + 1);
    if (string == NULL)
        return 0;
    if (length > 0)
        memcpy(string, bytes, length);
    string[length] = '\0';
    for (size_t most = 0; most < 12; most++)
        check(string, most);
    check(string, length);
    check(string, 4 * length + 4);
    free(string);
    return 0;
}
