// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/manual.h"

const struct manual_section check_manual_sections[] = {
    {"EXIT STATUS", " 0  OK\n"
                    " 1  WARNING\n"
                    " 2  CRITICAL\n"
                    " 3  UNKNOWN: the check could not look, or showed --help or --version\n\n"
                    "A check that could not look never says OK. A run that "
                    "lost its memory or could not keep it is at least WARNING."},
    {"RANGES", "A RANGE is that of the Monitoring Plugins guidelines: 24h alerts "
               "above 24 hours, 10: below 10, ~:10 above 10, 5:10 outside 5 to "
               "10, @5:10 inside. Its numbers may carry s, m, h, d or w."},
    {"FILES", "The ini file of --extra-opts is monitoring-plugins-sms.ini, monitoring-plugins.ini or "
              "plugins.ini, first found in the "
              "directories that Monitoring Plugins search. A section named like the program is read; keys "
              "are the long options. A "
              "file that holds a password must not be readable by others (mode 0640).\n\n"
              "What is remembered between runs lies in SQLite files below " STATE_DIRECTORY
              ". A damaged file is set aside and reported."},
    {"ENVIRONMENT", "MP_STATE_PATH names the state directory where --state-dir is not given. "
                    "KRB5CCNAME, ODBCSYSINI and FREETDSCONF are honoured, and can be set in "
                    "the ini file because NRPE starts plugins with an empty environment."},
    {"SEE ALSO", "The page of this program in " PAGES_DIRECTORY "."},
};
const size_t check_manual_section_count = sizeof check_manual_sections / sizeof *check_manual_sections;
