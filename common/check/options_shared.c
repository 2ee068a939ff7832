// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/options_shared.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* SECONDS[:STATE], as in --timeout=50:critical */
static int parse_time_limit(void *target, const char *value, struct failure *failure)
{
    struct time_limit *limit = target;
    char *end;
    errno = 0;
    long seconds = strtol(value, &end, 10);
    if (end == value || errno != 0 || seconds < 1 || seconds > 3600)
        return fail(
            failure,
            "'%s' does not begin with 1 to 3600 seconds; write SECONDS or SECONDS:STATE, as in 50:critical",
            value);
    limit->seconds = seconds;
    limit->status = STATUS_UNKNOWN;
    if (*end == '\0')
        return 0;
    static const struct {
        const char *name;
        enum status status;
    } states[] = {{":ok", STATUS_OK},
                  {":0", STATUS_OK},
                  {":warning", STATUS_WARNING},
                  {":1", STATUS_WARNING},
                  {":critical", STATUS_CRITICAL},
                  {":2", STATUS_CRITICAL},
                  {":unknown", STATUS_UNKNOWN},
                  {":3", STATUS_UNKNOWN}};
    for (size_t i = 0; i < COUNT(states); i++)
        if (strcasecmp(end, states[i].name) == 0 && states[i].status != STATUS_OK) {
            limit->status = states[i].status;
            return 0;
        }
    return fail(
        failure,
        "'%s': the state of a check that timed out is warning, critical or unknown, as in 50:critical",
        value);
}

void known_option_reset(void *target)
{
    known_list_free(target);
}

enum { PACKAGE_OPTIONS = 5 }; /* at the end of the table */

#define CHECK(member) offsetof(struct check_options, member)
const struct option check_option_table[] = {
    {.name = "verbose",
     .letter = 'v',
     .type = OPTION_COUNT,
     .offset = CHECK(verbosity),
     .flags = OPTION_MANNER,
     .help = "Show more; repeatable. -v: every item; -vv: settings, versions and "
             "the time of each step, on standard error; -vvv: the SQL as well."},
    {.name = "timeout",
     .letter = 't',
     .type = OPTION_CUSTOM,
     .offset = CHECK(timeout),
     .argument = "SECONDS[:STATE]",
     .fallback = "8",
     .parse = parse_time_limit,
     .flags = OPTION_MANNER,
     .help = "End after this time, with this state (warning, critical or unknown; default "
             "unknown). Keep it below check_nrpe's -t, and that below NRPE's command_timeout."},
    STATE_DIR_OPTION(CHECK(state_dir)),
    {.name = "max-items",
     .type = OPTION_INTEGER,
     .offset = CHECK(max_items),
     .argument = "N",
     .fallback = "10",
     .flags = OPTION_MANNER,
     .least = 0,
     .most = 1000,
     .help = "Show at most this many items, worst and oldest first; -v shows all."},
    {.name = "new",
     .type = OPTION_DURATION,
     .offset = CHECK(new_s),
     .argument = "DURATION",
     .least = 60,
     .most = 31 * 86400,
     .help = "Make this the second service of a pair: only an item whose state was told for the first time "
             "less than DURATION ago sets the state, everything older is shown and OK. With is_volatile and "
             "one check attempt the daemon then pages every new stall once, whatever is red already. "
             "DURATION is shorter than the check interval."},
    OUTPUT_OPTION(CHECK(format),
                  "json: one JSON object on one line, with every item, its fields and its times, for scripts "
                  "and other consoles. The exit code stays the same."),
    /* From here on of checks whose items are packages. */
    {.name = "warning",
     .letter = 'w',
     .type = OPTION_RANGE,
     .offset = CHECK(thresholds.warning),
     .argument = "RANGE",
     .fallback = "24h",
     .help = "Age at which a pending item is a WARNING. Numbers may carry s, m, h, d or w."},
    {.name = "critical",
     .letter = 'c',
     .type = OPTION_RANGE,
     .offset = CHECK(thresholds.critical),
     .argument = "RANGE",
     .fallback = "72h",
     .help = "Age at which a pending item is CRITICAL."},
    {.name = "failed-warning",
     .type = OPTION_RANGE,
     .offset = CHECK(thresholds.failed_warning),
     .argument = "RANGE",
     .fallback = "1h",
     .help = "Age at which an item that is known to be broken is a WARNING."},
    {.name = "failed-critical",
     .type = OPTION_RANGE,
     .offset = CHECK(thresholds.failed_critical),
     .argument = "RANGE",
     .fallback = "24h",
     .help = "Age at which an item that is known to be broken is CRITICAL."},
    {.name = "known",
     .type = OPTION_CUSTOM,
     .offset = CHECK(known),
     .argument = "[PACKAGE][@SITE][:UNTIL]",
     .flags = OPTION_REPEATABLE | OPTION_MANNER,
     .parse = known_list_parse,
     .reset = known_option_reset,
     .help =
         "Items that the team has accepted (comma list): shown last, counted as known, "
         "without an effect on the state until the end of the day UNTIL (YYYY-MM-DD). "
         "The next one pages again. @SITE alone is everything at the site. Where items are at servers, SITE may "
         "name the server; where a line has no package (S03, threads), what it begins with."},
};
const size_t check_option_count = COUNT(check_option_table);
const size_t check_common_option_count = COUNT(check_option_table) - PACKAGE_OPTIONS;

/* Programs without a database read SMB shares with a ticket: one option, two homes. */
#define KERBEROS_OPTION(at)                                                                                  \
    {                                                                                                        \
        .name = "KRB5CCNAME", .type = OPTION_TEXT, .offset = (at), .argument = "CACHE",                      \
        .flags = OPTION_INI_ONLY | OPTION_MANNER, .help = "Kerberos ticket cache to use."                    \
    }
const struct option kerberos_option_table[] = {
    KERBEROS_OPTION(offsetof(struct environment_options, krb5ccname))};
const size_t kerberos_option_count = COUNT(kerberos_option_table);

#define DATABASE(member)    offsetof(struct database_options, settings.member)
#define ENVIRONMENT(member) offsetof(struct database_options, environment.member)
const struct option database_option_table[] = {
    {.name = "hostname",
     .letter = 'H',
     .type = OPTION_TEXT,
     .offset = DATABASE(hostname),
     .flags = OPTION_MANNER,
     .argument = "HOST",
     .help = "Database server."},
    {.name = "port",
     .letter = 'p',
     .type = OPTION_INTEGER,
     .offset = DATABASE(port),
     .flags = OPTION_MANNER,
     .argument = "PORT",
     .fallback = "1433",
     .least = 1,
     .most = 65535,
     .help = "Its TCP port."},
    {.name = "database",
     .letter = 'd',
     .type = OPTION_TEXT,
     .offset = DATABASE(database),
     .flags = OPTION_MANNER,
     .argument = "NAME",
     .help = "Site database, as a rule SMS_xxx or CM_xxx with the site's code."},
    {.name = "user",
     .letter = 'u',
     .type = OPTION_TEXT,
     .offset = DATABASE(user),
     .flags = OPTION_MANNER,
     .argument = "USER",
     .help = "SQL login, or DOMAIN\\user for Windows authentication "
             "(NTLM). Without it, a Kerberos ticket is used."},
    {.name = "password",
     .type = OPTION_TEXT,
     .offset = DATABASE(password),
     .argument = "PASSWORD",
     .flags = OPTION_INI_ONLY | OPTION_SECRET | OPTION_MANNER,
     .help = "Password of the user. The file that holds it must not be readable by others (mode 0640)."},
    {.name = "password-file",
     .type = OPTION_TEXT,
     .offset = DATABASE(password_file),
     .flags = OPTION_MANNER,
     .argument = "FILE",
     .help = "File with the password on its first line, not readable by others."},
    {.name = "driver",
     .type = OPTION_TEXT,
     .offset = DATABASE(driver),
     .flags = OPTION_MANNER,
     .argument = "NAME",
     .fallback = "FreeTDS",
     .help = "ODBC driver as odbcinst.ini names it."},
    {.name = "tds-version",
     .type = OPTION_TEXT,
     .offset = DATABASE(tds_version),
     .flags = OPTION_MANNER,
     .argument = "VERSION",
     .fallback = "7.1",
     .help = "Version of the wire protocol: 7.1 is spoken by SQL Server 2000 up "
             "to today's; 7.2, 7.3 and 7.4 by newer ones only. Always passed, "
             "because FreeTDS can hang for ever while it guesses (FreeTDS #733)."},
    {.name = "encryption",
     .type = OPTION_CHOICE,
     .offset = DATABASE(encryption),
     .flags = OPTION_MANNER,
     .argument = "MODE",
     .fallback = "request",
     .choices = "off|request|require",
     .help = "Encryption of the connection."},
    {.name = "tls-ca",
     .type = OPTION_TEXT,
     .offset = DATABASE(tls_ca),
     .flags = OPTION_MANNER,
     .argument = "FILE",
     .help =
         "CA certificate (PEM) that the server's certificate must lead to; implies --encryption=require."},
    {.name = "dsn",
     .type = OPTION_TEXT,
     .offset = DATABASE(dsn),
     .flags = OPTION_MANNER,
     .argument = "NAME",
     .help = "Use a data source of odbc.ini instead of hostname, port and driver."},
    {.name = "connect",
     .type = OPTION_TEXT,
     .offset = DATABASE(connect),
     .argument = "STRING",
     .flags = OPTION_CONNECTION_STRING | OPTION_MANNER,
     .help = "Use this ODBC connection string as it is. PWD= and PASSWORD= are taken from an ini file only."},
    KERBEROS_OPTION(ENVIRONMENT(krb5ccname)),
    {.name = "ODBCSYSINI",
     .type = OPTION_TEXT,
     .offset = ENVIRONMENT(odbcsysini),
     .argument = "DIR",
     .flags = OPTION_INI_ONLY | OPTION_MANNER,
     .help = "Directory of odbcinst.ini and odbc.ini."},
    {.name = "FREETDSCONF",
     .type = OPTION_TEXT,
     .offset = ENVIRONMENT(freetdsconf),
     .argument = "FILE",
     .flags = OPTION_INI_ONLY | OPTION_MANNER,
     .help = "freetds.conf to use."},
};
const size_t database_option_count = COUNT(database_option_table);

static void reset_rates(void *target)
{
    rate_list_free(target);
}

#define SITE(member)   offsetof(struct site_options, member)
#define FILTER(member) offsetof(struct site_options, filter.member)
const struct option site_option_table[] = {
    OWNING_SITE_OPTION(SITE(site)),
    {.name = "package",
     .type = OPTION_LIST,
     .offset = FILTER(packages),
     .argument = "ID,...",
     .help = "Only these packages. One that does not exist is UNKNOWN."},
    {.name = "exclude-package",
     .type = OPTION_LIST,
     .offset = FILTER(exclude_packages),
     .argument = "ID,...",
     .help = "Not these packages."},
    {.name = "child-site",
     .type = OPTION_LIST,
     .offset = FILTER(sites),
     .argument = "CODE,...",
     .help = "Only these sites. One that does not exist is UNKNOWN."},
    {.name = "exclude-site",
     .type = OPTION_LIST,
     .offset = FILTER(exclude_sites),
     .argument = "CODE,...",
     .help = "Not these sites."},
    {.name = "min-rate",
     .type = OPTION_CUSTOM,
     .offset = SITE(rates),
     .argument = "[SITE=]SIZE/h",
     .flags = OPTION_REPEATABLE,
     .parse = rate_list_parse,
     .reset = reset_rates,
     .help = "The rate that the links have, for all sites or for one (2GB/h,S02=300MB/h). A large package "
             "may take longer on a slow link: the thresholds of a pending item grow by its compressed size, "
             "in check_sms_packages with what is ahead of it on the link, divided by the rate."},
};
const size_t site_option_count = COUNT(site_option_table);

int environment_apply(const struct environment_options *environment, struct failure *failure)
{
    const struct {
        const char *name, *value;
    } variables[] = {{"KRB5CCNAME", environment->krb5ccname},
                     {"ODBCSYSINI", environment->odbcsysini},
                     {"FREETDSCONF", environment->freetdsconf}};
    for (size_t i = 0; i < COUNT(variables); i++)
        if (variables[i].value != NULL && setenv(variables[i].name, variables[i].value, 1) != 0)
            return fail(failure, "cannot set %s: %s", variables[i].name, strerror(errno));
    return 0;
}

struct announce_options check_announce_options(const struct check_options *options)
{
    enum { NEW_S = 15 * 60 }; /* for the perfdata where --new is not given */
    return (struct announce_options){.rule = options->rule,
                                     .only_new = options->new_s > 0,
                                     .window_s = options->new_s > 0 ? options->new_s : NEW_S};
}

const char *state_directory(const char *given)
{
    if (given != NULL)
        return given;
    const char *path = getenv("MP_STATE_PATH");
    return path != NULL && path[0] != '\0' ? path : STATE_DIRECTORY;
}

const char *check_state_directory(const struct check_options *options)
{
    return state_directory(options->state_dir);
}

const struct manual_section check_manual_sections[] = {
    {"EXIT STATUS", " 0  OK\n"
                    " 1  WARNING\n"
                    " 2  CRITICAL\n"
                    " 3  UNKNOWN: something could not be judged; or --help or --version\n\n"
                    "A check that could not read what it judges never says OK. A run that "
                    "lost its memory or could not keep it is at least WARNING."},
    {"RANGES", "A RANGE is that of the Monitoring Plugins guidelines: 24h alerts "
               "above 24 hours, 10: below 10, ~:10 above 10, 5:10 outside 5 to "
               "10, @5:10 inside. Its numbers may carry s, m, h, d or w."},
    {"FILES", "The ini file of --extra-opts is monitoring-plugins-sms.ini, monitoring-plugins.ini or "
              "plugins.ini, the first that is found: in the directories of "
              "NAGIOS_CONFIG_PATH (a colon list), then in the build's directory of settings, "
              "/usr/local/etc, /etc, their folders monitoring-plugins and nagios, "
              "/usr/local/nagios/etc and /etc/opt. A section named like the program is read; keys "
              "are the long options. A "
              "file that holds a password must not be readable by others (mode 0640).\n\n"
              "What is remembered between runs lies in SQLite files below " STATE_DIRECTORY
              ". A damaged file is set aside and reported."},
    {"ENVIRONMENT", "MP_STATE_PATH names the state directory where --state-dir is not given. "
                    "The variables in capitals among the ini file's keys above are honoured in the "
                    "environment as well; NRPE starts plugins with an empty one."},
    {"SEE ALSO", "The page of this program in " PAGES_DIRECTORY "."},
};
const size_t check_manual_section_count = sizeof check_manual_sections / sizeof *check_manual_sections;
