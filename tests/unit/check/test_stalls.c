// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stalls.h"

#include "items/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

enum { HOUR = 3600, DAY = 86400 };
static const int64_t now = 1700000000;

/* One condition, as conditions.c would leave it: age and repeats of each kind, 0 for none. */
static void add(struct conditions *set, const char *package, int64_t waiting_s, int64_t base_s,
                int64_t superseded_s, int64_t wanted, int64_t held)
{
    const int64_t ages[CONDITION_KINDS] = {waiting_s, base_s, superseded_s};
    char line[CONDITION_KINDS][40];
    struct condition condition = {.wanted = wanted, .held = held};
    snprintf(condition.package, sizeof condition.package, "%s", package);
    for (int kind = 0; kind < CONDITION_KINDS; kind++)
        if (ages[kind] != 0) {
            struct condition_sign *sign = &condition.sign[kind];
            *sign = (struct condition_sign){
                .open = true, .first_s = now - ages[kind], .last_s = now - 60, .repeats = 5};
            sign->line = line[kind];
            snprintf(line[kind], sizeof line[kind], "line of %s",
                     condition_kind_name((enum condition_kind)kind));
        }
    assert_int_equal(conditions_load(set, &condition, 1, NULL, 0), 0);
}

static void add_stored(struct conditions *set, const char *package, int64_t version)
{
    struct stored_version stored = {.version = version, .time_s = now - DAY};
    snprintf(stored.package, sizeof stored.package, "%s", package);
    assert_int_equal(conditions_load(set, NULL, 0, &stored, 1), 0);
}

static const struct {
    int64_t waiting_s, base_s, superseded_s;
    const char *kinds, *line;
    enum item_class item_class;
    int64_t age_s, repeats;
    enum status status; /* with the defaults: 24 h and 72 h; 1 h and 24 h for a missing base */
} cases[] = {
    {HOUR, 0, 0, "waiting", "line of waiting", ITEM_PENDING, HOUR, 5, STATUS_OK},
    {25 * HOUR, 0, 0, "waiting", "line of waiting", ITEM_PENDING, 25 * HOUR, 5, STATUS_WARNING},
    {4 * DAY, 0, 0, "waiting", "line of waiting", ITEM_PENDING, 4 * DAY, 5, STATUS_CRITICAL},
    {0, 60, 0, "base_missing", "line of base_missing", ITEM_FAILED, 60, 5, STATUS_OK},
    {0, 2 * HOUR, 0, "base_missing", "line of base_missing", ITEM_FAILED, 2 * HOUR, 5, STATUS_WARNING},
    {4 * DAY, 2 * HOUR, 0, "waiting+base_missing", "line of base_missing", ITEM_FAILED, 4 * DAY, 10,
     STATUS_CRITICAL},
    {0, 0, 4 * DAY, "superseded", "line of superseded", ITEM_PENDING, 4 * DAY, 5, STATUS_CRITICAL},
    {HOUR, 0, 4 * DAY, "waiting+superseded", "line of waiting", ITEM_PENDING, 4 * DAY, 10, STATUS_CRITICAL},
    {-HOUR, 0, 0, "waiting", "line of waiting", ITEM_PENDING, 0, 5, STATUS_OK}, /* a log of the future */
};

static const struct thresholds thresholds = {.warning = {.set = true, .end = 24 * HOUR},
                                             .critical = {.set = true, .end = 72 * HOUR},
                                             .failed_warning = {.set = true, .end = HOUR},
                                             .failed_critical = {.set = true, .end = 24 * HOUR}};

static void kinds_and_classes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct conditions set;
        struct stall_list list = {0};
        struct stall_options options = {.site = "S02"};
        struct failure failure;
        struct tally tally;
        conditions_init(&set, 0);
        add(&set, "CEN00001", cases[i].waiting_s, cases[i].base_s, cases[i].superseded_s, 3, 2);
        assert_int_equal(stalls_of_conditions(&list, &set, &options, now, &failure), 0);
        struct announcements told = {0};
        assert_int_equal(stalls_judge(&list, &thresholds, NULL, &told, now, &failure), 0);
        announcements_free(&told);
        stalls_tally(&list, &tally);
        const struct stall *stall = stalls_ordered(&list, 0);
        if (list.count != 1 || strcmp(stall->item.kind, cases[i].kinds) != 0 ||
            strcmp(stall->line, cases[i].line) != 0 || stall->item.item_class != cases[i].item_class ||
            stall->item.age_s != cases[i].age_s || stall->repeats != cases[i].repeats ||
            tally.status != cases[i].status || tally.worst != &stall->item)
            fail_msg("case %zu: %s of %lld s, \"%s\", class %d, %lld repeats, %s", i, stall->item.kind,
                     (long long)stall->item.age_s, stall->line, stall->item.item_class,
                     (long long)stall->repeats, status_name(tally.status));
        assert_int_equal(stall->wanted, 3);
        assert_int_equal(stall->held, 2);
        stalls_free(&list);
        conditions_free(&set);
    }
}

static void many_in_order(void **state)
{
    (void)state;
    struct conditions set;
    struct stall_list list = {0};
    struct stall_options options = {.site = ""};
    struct failure failure;
    struct tally tally;
    conditions_init(&set, 0);
    for (int i = 0; i < 300; i++) { /* more than one block of the array: texts move */
        char package[16];
        snprintf(package, sizeof package, "CEN%05X", i);
        add(&set, package, HOUR + (i * 7919 % 300) * HOUR, 0, 0, 2, 1);
    }
    assert_int_equal(stalls_of_conditions(&list, &set, &options, now, &failure), 0);
    struct announcements told = {0};
    assert_int_equal(stalls_judge(&list, &thresholds, NULL, &told, now, &failure), 0);
    announcements_free(&told);
    stalls_tally(&list, &tally);
    assert_int_equal(list.count, 300);
    assert_int_equal(tally.pending, 300);
    assert_ptr_equal(tally.worst, &stalls_ordered(&list, 0)->item);
    assert_int_equal(tally.oldest_s, 300 * HOUR);
    for (size_t i = 0; i < list.count; i++) {
        const struct stall *stall = stalls_ordered(&list, i);
        assert_string_equal(stall->item.package, stall->package);
        assert_int_equal(stall->item.age_s, (300 - (int64_t)i) * HOUR);
    }
    stalls_free(&list);
    conditions_free(&set);
}

/* ---- the folder of compressed packages */

static char folder[48];

static void put(const char *name, const char *content)
{
    char path[128];
    snprintf(path, sizeof path, "%s/pck/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static int look(struct stall_list *list, const struct conditions *set, const struct stall_options *options,
                int64_t at, struct failure *failure)
{
    char pck[64], states[64];
    snprintf(pck, sizeof pck, "%s/pck", folder);
    snprintf(states, sizeof states, "%s/state", folder);
    struct stall_memory memory = {.directory = states, .plugin = "test_stall", .identity = "logs"};
    struct bytestore *store = bytestore_new(NULL, NULL);
    int result = stalls_of_conditions(list, set, options, at, failure);
    if (result == 0)
        result = stalls_of_folder(list, store, pck, set, options, &memory, at, NULL, failure);
    struct announcements told = {0};
    if (result == 0)
        result = stalls_judge(list, &thresholds, NULL, &told, at, failure);
    announcements_free(&told);
    bytestore_close(store);
    return result;
}

static int begin_folder(void **state)
{
    (void)state;
    char path[64];
    strcpy(folder, "/tmp/test_stall-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pck", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/state", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    return 0;
}

static int end_folder(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void missing_files(void **state)
{
    (void)state;
    struct conditions set;
    struct stall_list list = {0};
    static const char *const given[] = {"CEN00009"};
    struct stall_options options = {.site = "S02"};
    struct failure failure = {0};
    put("cen00001.pck", "x");   /* names without case */
    put("CEN00002.PCK", "");    /* 0 bytes */
    put("CEN00003.DLT.1", "x"); /* a delta is no base (KB872943) */
    conditions_init(&set, 0);
    add_stored(&set, "CEN00001", 3);
    add_stored(&set, "CEN00002", 4);
    add_stored(&set, "CEN00003", 5);
    add(&set, "CEN00003", 30 * HOUR, 0, 0, 6, 5);
    add(&set, "CEN00004", 30 * HOUR, 0, 0, 6, 5); /* waits, nothing stored: no file is expected */
    int64_t at = now + DAY;
    assert_int_equal(look(&list, &set, &options, at, &failure), 0);
    assert_int_equal(list.count, 3);
    for (size_t i = 0; i < list.count; i++) {
        const struct stall *stall = stalls_ordered(&list, i);
        if (strcmp(stall->package, "CEN00002") == 0) {
            assert_true(stall->pck_missing && stall->pck_empty);
            assert_string_equal(stall->item.kind, "base_missing");
            assert_int_equal(stall->item.age_s, 0);
            assert_int_equal(stall->held, 4);
        } else if (strcmp(stall->package, "CEN00003") == 0) {
            assert_true(stall->pck_missing && !stall->pck_empty);
            assert_string_equal(stall->item.kind, "waiting+base_missing");
            assert_int_equal(stall->item.item_class, ITEM_FAILED);
            assert_int_equal(stall->item.age_s, 54 * HOUR);
        } else {
            assert_string_equal(stall->package, "CEN00004");
            assert_false(stall->pck_missing);
        }
    }
    stalls_free(&list);
    assert_int_equal(look(&list, &set, &options, at + 5 * HOUR, &failure),
                     0); /* the first sight is remembered */
    for (size_t i = 0; i < list.count; i++)
        if (strcmp(stalls_ordered(&list, i)->package, "CEN00002") == 0)
            assert_int_equal(stalls_ordered(&list, i)->item.age_s, 5 * HOUR);
    stalls_free(&list);
    put("CEN00002.PCK", "whole again");
    options.packages = (struct string_list){.strings = (void *)given, .count = 1};
    assert_int_equal(look(&list, &set, &options, at + 6 * HOUR, &failure), 0);
    assert_int_equal(list.count, 1);
    assert_string_equal(stalls_ordered(&list, 0)->package, "CEN00009"); /* by --package alone */
    stalls_free(&list);
    options.packages = (struct string_list){0};
    put("CEN00003.PCK", "x");
    assert_int_equal(look(&list, &set, &options, at + 7 * HOUR, &failure), 0);
    assert_int_equal(list.count, 2);
    stalls_free(&list);
    put("CEN00002.PCK", ""); /* gone once more: a new trouble, young again */
    assert_int_equal(look(&list, &set, &options, at + 9 * HOUR, &failure), 0);
    for (size_t i = 0; i < list.count; i++)
        if (strcmp(stalls_ordered(&list, i)->package, "CEN00002") == 0)
            assert_int_equal(stalls_ordered(&list, i)->item.age_s, 0);
    stalls_free(&list);
    conditions_free(&set);
}

/* It is as old as the time since when so many are gone, not as the first of them. */
static void most_files_at_once(void **state)
{
    (void)state;
    enum { EXPECTED = 8, MANY = 6 };
    struct conditions set;
    struct stall_list list = {0};
    struct stall_options options = {.site = "S02"};
    struct failure failure = {0};
    char package[16], name[24];
    conditions_init(&set, 0);
    for (int i = 0; i < EXPECTED; i++) {
        snprintf(package, sizeof package, "CEN%05d", i);
        snprintf(name, sizeof name, "%s.PCK.%d", package, i);
        add_stored(&set, package, 3);
        if (i >= MANY - 1)
            put(name, "x");
    }
    assert_int_equal(look(&list, &set, &options, now + DAY, &failure), 0);
    assert_int_equal(list.count, MANY - 1);
    assert_string_equal(stalls_ordered(&list, 0)->item.kind, "base_missing");
    stalls_free(&list);
    put(name, ""); /* the last one */
    for (int hours = 5; hours <= 7; hours += 2) {
        assert_int_equal(look(&list, &set, &options, now + DAY + hours * HOUR, &failure), 0);
        assert_int_equal(list.count, 1);
        const struct stall *stall = stalls_ordered(&list, 0);
        assert_string_equal(stall->package, STALL_FOLDER);
        assert_int_equal(stall->pck_all_missing, MANY);
        assert_int_equal(stall->pck_expected, EXPECTED);
        assert_int_equal(stall->item.item_class, ITEM_FAILED);
        assert_int_equal(stall->item.age_s, (hours - 5) * HOUR);
        stalls_free(&list);
    }
    conditions_free(&set);
}

static void no_folder(void **state)
{
    (void)state;
    struct conditions set;
    struct stall_list list = {0};
    struct stall_options options = {.site = ""};
    struct failure failure = {0};
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s/pck'", folder);
    assert_int_equal(system(command), 0);
    conditions_init(&set, 0);
    add(&set, "CEN00004", 30 * HOUR, 0, 0, 6, 5);
    assert_int_equal(look(&list, &set, &options, now, &failure), -1);
    assert_non_null(strstr(failure.text, "/pck"));
    stalls_free(&list);
    conditions_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_and_classes),
        cmocka_unit_test(many_in_order),
        cmocka_unit_test_setup_teardown(missing_files, begin_folder, end_folder),
        cmocka_unit_test_setup_teardown(most_files_at_once, begin_folder, end_folder),
        cmocka_unit_test_setup_teardown(no_folder, begin_folder, end_folder),
    };
    return cmocka_run_group_tests_name("stall", tests, NULL, NULL);
}
