// SPDX-License-Identifier: GPL-3.0-or-later
#include "options/inifile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifndef SYSCONF_DIRECTORY
#define SYSCONF_DIRECTORY "/etc"
#endif
#define OWN_NAME "monitoring-plugins-sms.ini"

/*
 * The directories and shared names are those of monitoring-plugins (documentation, "Extra-Opts") in its
 * order, the older ones of nagios-plugins behind. Our own name comes before all shared ones: who installs it
 * means it.
 */
static const char *const standard_places[] = {
    SYSCONF_DIRECTORY "/monitoring-plugins/" OWN_NAME,
    SYSCONF_DIRECTORY "/" OWN_NAME,
    "/usr/local/etc/monitoring-plugins/" OWN_NAME,
    "/usr/local/etc/" OWN_NAME,
    "/etc/monitoring-plugins/" OWN_NAME,
    "/etc/" OWN_NAME,
    "/etc/nagios/" OWN_NAME,
    "/usr/local/nagios/etc/" OWN_NAME,
    "/usr/local/etc/nagios/" OWN_NAME,
    "/etc/opt/nagios/" OWN_NAME,
    "/etc/opt/" OWN_NAME,
    "/usr/local/etc/monitoring-plugins/monitoring-plugins.ini",
    "/usr/local/etc/monitoring-plugins.ini",
    "/etc/monitoring-plugins/monitoring-plugins.ini",
    "/etc/monitoring-plugins.ini",
    "/etc/nagios/plugins.ini",
    "/usr/local/nagios/etc/plugins.ini",
    "/usr/local/etc/nagios/plugins.ini",
    "/etc/opt/nagios/plugins.ini",
    "/etc/nagios-plugins.ini",
    "/usr/local/etc/nagios-plugins.ini",
    "/etc/opt/nagios-plugins.ini",
};

static const char *const names_in_path[] = {OWN_NAME, "monitoring-plugins.ini", "plugins.ini",
                                            "nagios-plugins.ini"};

const char *inifile_standard_place(size_t index)
{
    return index < sizeof standard_places / sizeof standard_places[0] ? standard_places[index] : NULL;
}

/* A file that is there but cannot be read is found: to skip it would run with other settings than the ones
 * meant. */
static bool exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

/* The first of the names in the directories of a colon list. @return 1 found, 0 not, -1 out of memory */
static int search_path(const char *directories, struct arena *arena, const char **path)
{
    while (*directories != '\0') {
        size_t length = strcspn(directories, ":");
        for (size_t i = 0; length > 0 && i < sizeof names_in_path / sizeof names_in_path[0]; i++) {
            size_t size = length + 1 + strlen(names_in_path[i]) + 1;
            char *candidate = arena_allocate(arena, size);
            if (candidate == NULL)
                return -1;
            snprintf(candidate, size, "%.*s/%s", (int)length, directories, names_in_path[i]);
            if (exists(candidate)) {
                *path = candidate;
                return 1;
            }
        }
        directories += length;
        directories += strspn(directories, ":");
    }
    return 0;
}

static int locate_default(struct arena *arena, const char **path, struct failure *failure)
{
    const char *file = getenv("MP_CONFIG_FILE");
    if (file != NULL && *file != '\0') {
        *path = arena_copy(arena, file, strlen(file));
        return *path != NULL ? 0 : fail(failure, "out of memory");
    }
    const char *directories = getenv("NAGIOS_CONFIG_PATH");
    int found = directories != NULL ? search_path(directories, arena, path) : 0;
    if (found != 0)
        return found > 0 ? 0 : fail(failure, "out of memory");
    for (size_t i = 0; inifile_standard_place(i) != NULL; i++) {
        if (exists(inifile_standard_place(i))) {
            *path = inifile_standard_place(i);
            return 0;
        }
    }
    return fail(failure, "no ini file was found: no " OWN_NAME ", monitoring-plugins.ini or "
                         "plugins.ini in /etc, /etc/monitoring-plugins, /etc/nagios or the other places that "
                         "--help names; name one with --extra-opts=[SECTION]@FILE");
}

int inifile_locate(const char *locator, const char *default_section, struct arena *arena,
                   const char **section, const char **path, struct failure *failure)
{
    if (locator == NULL)
        locator = "";
    size_t section_length = strcspn(locator, "@");
    if (section_length > INI_SECTION_MAX)
        return fail(failure, "the section's name is longer than %d bytes", INI_SECTION_MAX);
    *section = section_length > 0 ? arena_copy(arena, locator, section_length) : default_section;
    if (*section == NULL)
        return fail(failure, "out of memory");
    if (locator[section_length] == '\0')
        return locate_default(arena, path, failure);
    const char *file = locator + section_length + 1;
    if (*file == '\0')
        return fail(failure, "no file is named after the '@'; write for example %s@/etc/%s", *section,
                    OWN_NAME);
    *path = arena_copy(arena, file, strlen(file));
    return *path != NULL ? 0 : fail(failure, "out of memory");
}
