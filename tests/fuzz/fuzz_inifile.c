// SPDX-License-Identifier: GPL-3.0-or-later
#include "options/inifile.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Whatever the file holds: either a failure with a text, or entries with a key on a line that the file has.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct arena arena = {0};
    struct ini_section section = {0};
    struct failure failure = {""};
    if (inifile_parse((const char *)bytes, length, "fuzz.ini", "check_sms_packages", &arena, &section,
                      &failure) != 0) {
        if (failure.text[0] == '\0')
            abort();
    } else {
        int lines = 1, last = 0;
        for (size_t i = 0; i < length; i++)
            lines += bytes[i] == '\n';
        for (const struct ini_entry *entry = section.entries; entry != NULL; entry = entry->next) {
            if (*entry->key == '\0' || entry->line <= last || entry->line > lines)
                abort();
            last = entry->line;
        }
    }
    arena_free(&arena);
    return 0;
}
