// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/filename.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *told, *group;
    } cases[] = {
        {"00000391.JOB", "job 00000391", "JOB"},
        {"0000000a.job", "job 0000000a", "JOB"},
        {"00000391.Idb", "instruction of job 00000391", "I??"},
        {"00000E2A.Icl", "instruction of job 00000E2A", "I??"},
        {"00000E2A.P00", "package file of job 00000E2A", "P??"},
        {"202SQCS1.SRQ", "send request 202SQCS1, normal priority", "SRQ"},
        {"1_001ZZZ.srs", "send request 1_001ZZZ, high priority", "SRS"},
        {"3_001ZZZ.SNI", "send request 3_001ZZZ, low priority", "SNI"},
        {"902SQCS1.SRQ", "", "SRQ"},     /* no such priority */
        {"202SQCS.SRQ", "", "SRQ"},      /* too short */
        {"202SQCS1.SRQ.bak", "", "BAK"}, /* someone's copy */
        {"CEN00012.PKN", "package CEN00012", "PKN"},
        {"CEN00012.PCK.3", "package CEN00012", "3"},
        {"CEN00012.DLT.5.6", "package CEN00012", "6"},
        {"U2J0GVIQ.PKG", "", "PKG"}, /* distmgr.box\INCOMING: a name by chance, Q245579 */
        {"ds_s76nc.ist", "", "IST"}, /* no hex: the despooler's own name */
        {"00000391.IST", "instruction of job 00000391", "I??"},
        {"00000391.", "", ""},
        {".JOB", "", "JOB"},
        {".", "", ""},
        {"", "", ""},
        {"PACKAGES.PKN", "", "PKN"}, /* no digit */
        {"noextension", "", ""},
        {"a.averyveryverylongextension", "", "AVERYVERYVERYLO"},
        {"\xff\xfe.\xe4xt", "", "\xe4XT"},
        {"2\xfc"
         "2SQCS1.SRQ",
         "", "SRQ"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text told = {0};
        char group[INBOX_GROUP_BYTES];
        struct inbox_filename read = inbox_filename_read(cases[i].name);
        inbox_filename_tell(&read, &told);
        inbox_filename_group(cases[i].name, group);
        if (strcmp(text_string(&told), cases[i].told) != 0 || strcmp(group, cases[i].group) != 0)
            fail_msg("%s: '%s' of group '%s'", cases[i].name, text_string(&told), group);
        text_free(&told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
