// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/advice.h"

#include "base/ascii.h"
#include "base/packageid.h"

#include <string.h>

static bool is_package(const char *package)
{
    size_t length = strlen(package);
    return length > 0 && package_id_length(package, length) == length;
}

/* Three letters or digits. */
static bool is_site(const char *site)
{
    size_t length = 0;
    while (site[length] != '\0' && site[length] != '_' && ascii_in(&ascii_words, site[length]))
        length++;
    return length == 3 && site[length] == '\0';
}

bool advice_command(const struct check_options *options, enum advice_program program, const char *lead,
                    const char *package, const char *site, struct text *text)
{
    static const struct {
        const char *name, *package_option;
        bool own_sections;
    } programs[] = {[ADVICE_RESET] = {"sms_reset_package", "package", false},
                    [ADVICE_PACKAGES] = {"check_sms_packages", "package", false},
                    [ADVICE_DESPOOL] = {"check_sms_despool", "close", true}};
    const bool at_site = site != NULL && site[0] != '\0';
    if (options->no_commands || !is_package(package) || (at_site && !is_site(site)))
        return false;
    const struct text *extra = programs[program].own_sections ? &options->extra : &options->database_extra;
    text_addf(text, "%s%s%s --%s=%s", lead, programs[program].name, text_string(extra),
              programs[program].package_option, package);
    if (at_site)
        text_addf(text, " --child-site=%s", site);
    return true;
}
