/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_OPTIONS_SHARED_H
#define SMS_CHECK_OPTIONS_SHARED_H

#include "items/announce.h"
#include "items/judge.h"
#include "items/known.h"
#include "items/minrate.h"
#include "items/output.h"
#include "odbc/odbc.h"
#include "options/options.h"
#include "sitedb/sitedb.h"

/* The options that all checks share, and those of every program that opens the site database. */

struct time_limit {
    int64_t seconds;
    enum status status; /* of a check that ran into it */
};

struct check_options {
    int verbosity;
    struct time_limit timeout;
    struct thresholds thresholds;
    struct known_list known;
    const char *state_dir;
    int64_t max_items;
    int64_t new_s;                     /* --new, 0: not given */
    int format;                        /* enum output_format */
    uint64_t rule;                     /* options_rule, of check_main */
    struct text extra, database_extra; /* options_extra: all of it, and what the connection came from */
    bool no_commands;                  /* they need quotes: no command is offered */
    bool sections_lack; /* what is looked at, or where it is remembered, stands on the command line as well */
};

extern const struct option check_option_table[];
extern const size_t check_option_count;
extern const size_t
    check_common_option_count; /* of these, from the beginning, what a check of no packages has too */

/* The `reset` of an option that fills a struct known_list. */
void known_option_reset(void *list);

/* Variables that a program needs in its environment, which NRPE leaves empty. NULL where not given. */
struct environment_options {
    const char *krb5ccname;
    const char *odbcsysini;
    const char *freetdsconf;
};

struct database_options {
    struct odbc_settings settings;
    struct environment_options environment;
};

extern const struct option database_option_table[];
extern const size_t database_option_count;

/* The ticket cache alone, over struct environment_options: for programs that read SMB shares. */
extern const struct option kerberos_option_table[];
extern const size_t kerberos_option_count;

/* Which packages and sites a check over the site database looks at, and how slow their links may be. */
struct site_options {
    const char *site; /* owning site's code, NULL: from the database's name */
    struct sitedb_filter filter;
    struct rate_list rates;
};

extern const struct option site_option_table[];
extern const size_t site_option_count;

/* Options that programs with other tables need as well: one text, several homes. `at` is the offset of the
 * target. */
#define STATE_DIR_OPTION(at)                                                                                 \
    {                                                                                                        \
        .name = "state-dir", .type = OPTION_TEXT, .offset = (at), .argument = "DIR", .flags = OPTION_MANNER, \
        .help = "Where the check keeps what it must remember between runs. Without it: the value of "        \
                "MP_STATE_PATH, else the "                                                                   \
                "directory of the build (Debian: /var/lib/monitoring-plugins-sms)."                          \
    }
#define OUTPUT_OPTION(at, text)                                                                              \
    {                                                                                                        \
        .name = "output", .type = OPTION_CHOICE, .offset = (at), .argument = "FORMAT", .fallback = "text",   \
        .choices = "text|json", .flags = OPTION_MANNER, .help = text                                         \
    }
#define SMB_AUTH_OPTION(at)                                                                                  \
    {                                                                                                        \
        .name = "smb-auth", .type = OPTION_TEXT, .offset = (at), .argument = "FILE", .flags = OPTION_MANNER, \
        .help = "User and password for smb://, in the format of smbclient's authentication file, not "       \
                "readable by others. Without it, a Kerberos ticket is used."                                 \
    }
#define OWNING_SITE_OPTION(at)                                                                               \
    {                                                                                                        \
        .name = "site", .type = OPTION_TEXT, .offset = (at), .argument = "CODE",                             \
        .help =                                                                                              \
            "Owning site, whose database this is; by default the code in a database name SMS_xxx or CM_xxx." \
    }
#define DB_CLOCK_OPTION(at)                                                                                            \
    {                                                                                                                  \
        .name = "db-clock", .type = OPTION_CHOICE, .offset = (at), .argument = "ZONE", .fallback = "utc",              \
        .choices = "utc|local|ignore",                                                                                 \
        .help =                                                                                                        \
            "How the dates PkgStatus.UpdateTime and SMSPackages.SourceDate are read, because their time zone is not "  \
            "documented: as UTC, as the server's local time, or not at all. The --survey of check_sms_packages shows " \
            "which one fits."                                                                                          \
    }

/** Set the environment variables that were given. @return 0, or -1 */
int environment_apply(const struct environment_options *environment, struct failure *failure);

/** @return what makes a service of these options, for items/announce.h */
struct announce_options check_announce_options(const struct check_options *options);

/** --state-dir as given, else MP_STATE_PATH, else the built-in directory. */
const char *check_state_directory(const struct check_options *options);

/** The same of a program with other options. @param given  --state-dir, or NULL */
const char *state_directory(const char *given);

/* The parts of the man page that all checks share. */
extern const struct manual_section check_manual_sections[];
extern const size_t check_manual_section_count;

#endif
