// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* vsnprintf cuts between bytes; a cut character would make the whole line invalid UTF-8 for the console. */
static void end_at_character(char *text, size_t size)
{
    size_t length = strlen(text);
    if (length + 1 < size)
        return;
    size_t start = length;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC0)
        text[start - 1] = '\0';
}

int fail(struct failure *failure, const char *format, ...)
{
    if (failure == NULL)
        return -1;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
    end_at_character(failure->text, sizeof failure->text);
    return -1;
}

int fail_context(struct failure *failure, const char *format, ...)
{
    if (failure == NULL)
        return -1;
    struct failure inner = *failure;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
    size_t used = strlen(failure->text);
    snprintf(failure->text + used, sizeof failure->text - used, "%s", inner.text);
    end_at_character(failure->text, sizeof failure->text);
    return -1;
}

int failure_add(struct failure *failure, const char *format, ...)
{
    if (failure == NULL)
        return -1;
    size_t used = strlen(failure->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->text + used, sizeof failure->text - used, format, arguments);
    va_end(arguments);
    end_at_character(failure->text, sizeof failure->text);
    return -1;
}
