// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/advice.h"

#include "base/ascii.h"
#include "base/packageid.h"
#include "items/output.h"

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

static const char *sections_of(const struct check_options *options, enum advice_program program)
{
    switch (program) {
    case ADVICE_RESET:
    case ADVICE_PACKAGES:
        return text_string(&options->database_extra);
    case ADVICE_CLOSE:
        return text_string(&options->extra);
    case ADVICE_PRELOAD:
        break;
    }
    return "";
}

bool advice_command(const struct check_options *options, enum advice_program program, const char *lead,
                    const char *package, const char *site, struct text *text)
{
    static const struct {
        const char *name, *package_option;
    } programs[] = {[ADVICE_RESET] = {"sms_reset_package", "--package="},
                    [ADVICE_PACKAGES] = {"check_sms_packages", "--package="},
                    [ADVICE_CLOSE] = {"check_sms_despool", "--close="},
                    [ADVICE_PRELOAD] = {"PreloadPkgOnSite.exe", ""}};
    const bool at_site = site != NULL && site[0] != '\0';
    const size_t before = text->length;
    if (options->no_commands || !is_package(package) || (at_site && !is_site(site)) ||
        (program == ADVICE_CLOSE && options->sections_lack))
        return false;
    text_addf(text, "%s%s%s %s%s", lead, programs[program].name, sections_of(options, program),
              programs[program].package_option, package);
    if (at_site)
        text_addf(text, " --child-site=%s", site);
    if (text->length <= REPORT_ITEM_UNCUT_BYTES)
        return true;
    text_cut(text, before); /* the beginning of a command may be another command */
    return false;
}
