// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/filename.h"

#include "base/ascii.h"
#include "base/packageid.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { STEM = 8 }; /* SMS began on file systems with 8.3 names */

static bool is_hex(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!ascii_in(&ascii_hex_digits, text[i]))
            return false;
    return true;
}

/* A priority, four characters that count, and a site code. */
static bool is_request(const char *stem)
{
    if (stem[0] < '1' || stem[0] > '3')
        return false;
    for (int i = 1; i < STEM; i++)
        if (!ascii_in(&ascii_words, stem[i]))
            return false;
    return true;
}

static bool is_one_of(const char *extension, const char *const *extensions)
{
    for (; *extensions != NULL; extensions++)
        if (strcasecmp(extension, *extensions) == 0)
            return true;
    return false;
}

/* A job's instruction and package files differ in the last two characters of their extension. */
static char counted_extension(const char *stem, size_t length, const char *extension)
{
    const char first = (char)(extension[0] & ~0x20);
    return length == STEM && is_hex(stem, STEM) && strlen(extension) == 3 && (first == 'I' || first == 'P')
               ? first
               : '\0';
}

struct inbox_filename inbox_filename_read(const char *name)
{
    static const char *const request_extensions[] = {"srq", "srs", "sni", NULL};
    static const char *const package_extensions[] = {"pkn", "pck", "dlt", NULL};
    struct inbox_filename read = {.work = INBOX_WORK_UNKNOWN};
    const char *dot = strchr(name, '.');
    if (dot == NULL)
        return read;
    const size_t stem = (size_t)(dot - name);
    char extension[8] = "";
    snprintf(extension, sizeof extension, "%.*s", (int)strcspn(dot + 1, "."), dot + 1);
    const char counted = strchr(dot + 1, '.') == NULL ? counted_extension(name, stem, dot + 1) : '\0';
    if (stem == STEM && is_request(name) && is_one_of(dot + 1, request_extensions)) {
        read.work = INBOX_WORK_REQUEST;
        read.priority = name[0] - '0';
    } else if (stem == STEM && is_hex(name, STEM) && strcasecmp(dot + 1, "job") == 0) {
        read.work = INBOX_WORK_JOB;
    } else if (counted != '\0') {
        read.work = counted == 'I' ? INBOX_WORK_INSTRUCTION : INBOX_WORK_PACKAGE_FILE;
    } else if (package_id_length(name, stem) == stem && stem > 0 &&
               is_one_of(extension, package_extensions)) {
        read.work = INBOX_WORK_PACKAGE;
    }
    if (read.work != INBOX_WORK_UNKNOWN)
        snprintf(read.id, sizeof read.id, "%.*s", (int)stem, name);
    return read;
}

bool inbox_filename_is_unique(const struct inbox_filename *name)
{
    return name->work != INBOX_WORK_UNKNOWN && name->work != INBOX_WORK_PACKAGE;
}

void inbox_filename_tell(const struct inbox_filename *name, struct text *text)
{
    static const char *const words[] = {[INBOX_WORK_JOB] = "job",
                                        [INBOX_WORK_INSTRUCTION] = "instruction of job",
                                        [INBOX_WORK_PACKAGE_FILE] = "package file of job",
                                        [INBOX_WORK_REQUEST] = "send request",
                                        [INBOX_WORK_PACKAGE] = "package"};
    static const char *const priorities[] = {"", ", high priority", ", normal priority", ", low priority"};
    if (name->work != INBOX_WORK_UNKNOWN)
        text_addf(text, "%s %s%s", words[name->work], name->id, priorities[name->priority]);
}

void inbox_filename_group(const char *name, char group[INBOX_GROUP_BYTES])
{
    const char *dot = strrchr(name, '.');
    snprintf(group, INBOX_GROUP_BYTES, "%s", dot != NULL ? dot + 1 : "");
    if (dot != NULL && counted_extension(name, (size_t)(dot - name), dot + 1) != '\0')
        strcpy(group + 1, "??");
    for (char *at = group; *at != '\0'; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 0x20);
}
