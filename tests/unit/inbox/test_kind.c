// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/box.h"
#include "inbox/kind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *location, *folder, *name;
    } cases[] = {
        {"/mnt/cen/inboxes/schedule.box", "schedule.box", "schedule.box"},
        {"/mnt/cen/inboxes/SCHEDULE.BOX/", "schedule.box", "SCHEDULE.BOX"},
        {"smb://cen/SMS_CEN/inboxes/schedule.box/outboxes/LAN", "schedule.box/outboxes/?*",
         "schedule.box\\outboxes\\LAN"},
        {"smb://cen/SMS_CEN/inboxes/schedule%2Ebox/Outboxes", "schedule.box/outboxes",
         "schedule.box\\Outboxes"},
        {"smb://cen/SMS_CEN/inboxes/schedule.box/outboxes/LAN/deeper", "?*",
         "schedule.box\\outboxes\\LAN\\deeper"},
        {"/m/despoolr.box/receive", "despoolr.box/receive", "despoolr.box\\receive"},
        {"/m/distmgr.box/INCOMING", "distmgr.box/incoming", "distmgr.box\\INCOMING"},
        {"/m/replmgr.box/outbound/high", "replmgr.box/outbound/?*", "replmgr.box\\outbound\\high"},
        {"/m/inboxmgr.box", "inboxmgr.box", "inboxmgr.box"},
        {"/m/xschedule.box", "?*", "xschedule.box"},
        {"schedule.box", "schedule.box", "schedule.box"},
        {"/queue", "?*", "queue"},
        {"/", "?*", ""},
        {"", "?*", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *name = inbox_box_name(cases[i].location);
        const char *folder = inbox_kind_of(cases[i].location)->folder;
        if (strcmp(folder, cases[i].folder) != 0 || strcmp(name, cases[i].name) != 0)
            fail_msg("%s: '%s' called '%s'", cases[i].location, folder, name);
        free(name);
    }
}

/* Every row can be told: nobody reads an empty sentence in the night. */
static void test_rows(void **state)
{
    (void)state;
    const struct inbox_kind *kind;
    for (int i = 0; (kind = inbox_kind_at(i)) != NULL; i++) {
        const struct inbox_patience *patience = &kind->patience;
        const bool all_slow = kind->slow != NULL && strcmp(kind->slow, "*") == 0;
        const char *words[] = {kind->component, kind->log, kind->meaning, kind->next, kind->sources};
        for (size_t j = 0; j < COUNT(words); j++)
            if (words[j] == NULL || words[j][0] == '\0')
                fail_msg("%s: word %zu is missing", kind->folder, j);
        if (!all_slow &&
            (patience->silent_warning_s <= 0 || patience->silent_critical_s < patience->silent_warning_s ||
             patience->left_warning_s <= 0 || patience->left_critical_s < patience->left_warning_s))
            fail_msg("%s: its patience", kind->folder);
        if ((kind->slow == NULL) != (kind->slow_reason == NULL))
            fail_msg("%s: slow without a reason", kind->folder);
        if (strlen(kind->meaning) + strlen(kind->next) + strlen(kind->component) > 380)
            fail_msg("%s: too long for a line", kind->folder);
    }
}

static void test_globs(void **state)
{
    (void)state;
    static const struct {
        const char *globs, *name;
        bool matches;
    } cases[] = {
        {NULL, "a", false},
        {"", "a", false},
        {"*", "", true},
        {"*.pck,*.try", "A.PCK", true},
        {"*.pck,*.try", "x.Try", true},
        {"*.pck,*.try", "x.sni", false},
        {"a[", "a[", true},
        {"uid", "UID", true},
        {"bad*", "BADMIFS", true},
        {"*.pck", "\xff.pck", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (inbox_glob_list_matches(cases[i].globs, cases[i].name) != cases[i].matches)
            fail_msg("'%s' and %s", cases[i].globs != NULL ? cases[i].globs : "none", cases[i].name);
    assert_true(inbox_is_temporary("202SQCS1.TMP"));
    assert_false(inbox_is_temporary("tmp"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_globs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
