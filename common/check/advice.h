/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_ADVICE_H
#define SMS_CHECK_ADVICE_H

#include "check/options_shared.h"

#include <stdbool.h>

/*
 * Commands in an item's line that an administrator pastes, perhaps as root. Names come from the database or a
 * log, so a command is offered only where package, site and sections have the shape that such names have, and where
 * the line has room for all of it.
 */

enum advice_program {
    ADVICE_RESET,    /* sms_reset_package, with the sections that the connection came from */
    ADVICE_PACKAGES, /* check_sms_packages, the same */
    ADVICE_CLOSE, /* check_sms_despool --close, with the sections that the check got; none where they do not say
                        all of what it looks at */
    ADVICE_PRELOAD /* PreloadPkgOnSite.exe of the product, on the child site */
};

/**
 * Append the command for a package at a child site: "sms_reset_package --extra-opts=database_CEN
 * --package=CEN00012 --child-site=S02". Appends nothing where a name has another shape.
 *
 * @param lead  words in front of the command, appended with it: "; else "
 * @param site  NULL or "" where the command needs none
 * @param text  the item's line
 * @return whether there is one
 */
bool advice_command(const struct check_options *options, enum advice_program program, const char *lead,
                    const char *package, const char *site, struct text *text);

#endif
