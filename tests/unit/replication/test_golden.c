// SPDX-License-Identifier: GPL-3.0-or-later
/* The excerpts in data/logs with their expected records, events and conditions. */
#include "../logstory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *const excerpts[] = {
    "cb-mslearn-despool-retry-then-success",
    "cb-mslearn-distmgr-child-dp-success",
    "cb-mslearn-distmgr-parent-sends-to-child",
    "cb-mslearn-distmgr-waiting",
    "cb-smsdpmon-2016-ccm",
    "cm2007-marcum-2010-distmgr-newer-arrived",
    "cm2012-smsprov-2013-raw",
    "sms20-kb328651-distmgr-sched",
    "sms20-q244405-distmgr-delete",
    "sms2003-kb922362-ccmexec-raw",
    "sms2003-kb936465-distmgr",
    "sms2003-wmug-larus-2007-delta",
};

static void replace(struct text *line, const char *from, const char *to)
{
    struct text out = {0};
    const char *at = text_string(line), *found;
    while ((found = strstr(at, from)) != NULL) {
        text_add_bytes(&out, at, (size_t)(found - at));
        text_add(&out, to);
        at = found + strlen(from);
    }
    text_add(&out, at);
    text_free(line);
    *line = out;
}

/* One line of an excerpt as a log would hold it. */
static void convert(const char *posted, size_t length, int number, struct text *log)
{
    struct text line = {0};
    char component[64] = "SMS_DISTRIBUTION_MANAGER";
    unsigned thread = 1;
    int taken = 0;
    text_add_bytes(&line, posted, length);
    replace(&line, "<PackageID>", "CEN00001");
    replace(&line, "<packageName>", "CEN00001");
    replace(&line, "package PackageID version", "package CEN00001 version");
    const char *message = text_string(&line);
    char *columns = strstr(message, " SMS_DISTRIBUTION_MANAGER x/x/xxxx");
    if (sscanf(message, "SMS_%59[A-Z_] %u (0x%*x) %n", component + 4, &thread, &taken) == 2 && taken > 0) {
        memcpy(component, "SMS_", 4);
        message += taken;
    } else if (columns != NULL) {
        thread = 5764;
        *columns = '\0';
    } else if (strncmp(message, "Received", 8) == 0 || strncmp(message, "CCompress", 9) == 0) {
        snprintf(component, sizeof component, "SMS_DESPOOLER");
    }
    text_addf(log, "%s  $$<%s><06-15-2016 %02d:%02d:%02d.000+00><thread=%u (0x%X)>\r\n", message, component,
              number / 3600, number / 60 % 60, number % 60, thread, thread);
    text_free(&line);
}

static struct text as_log(const char *bytes)
{
    struct text log = {0};
    if (strstr(bytes, "$$<") != NULL || strstr(bytes, "<![LOG[") != NULL) {
        text_add(&log, bytes);
        return log;
    }
    int number = 0;
    for (const char *at = bytes; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        convert(at, length, number++, &log);
        at += length + (at[length] == '\n');
    }
    return log;
}

static char *path_of(const char *name, const char *end)
{
    static char path[512];
    const char *data = getenv("SMS_DATA");
    snprintf(path, sizeof path, "%s/data/logs/%s%s", data != NULL ? data : "tests/unit", name, end);
    return path;
}

static void tells_what_is_expected(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof excerpts / sizeof *excerpts; i++) {
        size_t length;
        char *posted = story_file(path_of(excerpts[i], ".log"), &length);
        struct text log = as_log(posted);
        for (size_t piece = 0; piece < 2; piece++) {
            struct story story;
            story_begin(&story, 1, "auto");
            story_grow(&story, 0, text_string(&log), log.length);
            story_run(&story, piece);
            struct text got = {0};
            text_addf(&got, "records %lld\n%s--\n", (long long)story.records, text_string(&story.events));
            story_tell(&story, &got);
            if (getenv("WRITE_EXPECTED") != NULL) {
                FILE *file = fopen(path_of(excerpts[i], ".expected"), "wb");
                fputs(text_string(&got), file);
                fclose(file);
            }
            char *expected = story_file(path_of(excerpts[i], ".expected"), &length);
            if (strcmp(expected, text_string(&got)) != 0) {
                print_error("%s:\n%s\ninstead of\n%s\n", excerpts[i], text_string(&got), expected);
                wrong++;
            }
            free(expected);
            text_free(&got);
            story_end(&story);
        }
        text_free(&log);
        free(posted);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_is_expected),
    };
    return cmocka_run_group_tests_name("loggolden", tests, NULL, NULL);
}
