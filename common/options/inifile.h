/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_OPTIONS_INIFILE_H
#define SMS_OPTIONS_INIFILE_H

#include "base/arena.h"
#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One section of an ini file, as monitoring-plugins' --extra-opts reads it. All texts live in the caller's
 * arena. */

struct ini_entry {
    const char *key;
    const char *value; /* NULL when the line has no '=' */
    int line;
    struct ini_entry *next;
};

struct ini_section {
    const char *path;
    const char *name;
    struct ini_entry *entries; /* in the file's order; NULL when empty */
    mode_t mode;               /* of the opened file */
};

enum {
    INI_SECTION_MAX = 48, /* inih keeps 49 bytes of a section's name and cuts the rest unsaid */
    INI_LINE_MAX = 64 * 1024,
    INI_FILE_MAX = 4 * 1024 * 1024
};

/**
 * Take apart `[SECTION][@FILE]`. Without a file the default one is looked for: $MP_CONFIG_FILE, then the
 * directories of $NAGIOS_CONFIG_PATH, then the standard places; monitoring-plugins-sms.ini goes before the
 * files that all plugins share.
 *
 * @param locator          NULL counts as ""
 * @param default_section  where the locator names none
 * @return 0, or -1 with a failure that lists where was looked
 */
int inifile_locate(const char *locator, const char *default_section, struct arena *arena,
                   const char **section, const char **path, struct failure *failure);

/**
 * Read one section of a file. Only regular files are read; a section that stands more than once adds up.
 *
 * @return 0, or -1 with a failure that names file and line; a section that does not exist is a failure
 */
int inifile_read(const char *path, const char *name, struct arena *arena, struct ini_section *section,
                 struct failure *failure);

/** As inifile_read, from memory; `path` is only named in failures. */
int inifile_parse(const char *bytes, size_t length, const char *path, const char *name, struct arena *arena,
                  struct ini_section *section, struct failure *failure);

/** @return 0, or -1 when users other than owner and group may read or write the file, which holds `key` */
int inifile_keeps_secret(const struct ini_section *section, const struct ini_entry *entry,
                         struct failure *failure);

/** @return the index-th standard place of the default file, in the order of the search; NULL behind the last
 */
const char *inifile_standard_place(size_t index);

#endif
