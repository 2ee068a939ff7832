// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/beginning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define WORDS(words)                                                                                         \
    {                                                                                                        \
        .bytes = words, .length = sizeof words - 1                                                           \
    }

static struct log_words some_messages(size_t i)
{
    static const struct log_words messages[] = {
        WORDS("Received package "),
        WORDS("Received a letter of more than two words"),
        WORDS("Package "),
        {.bytes = "STATMSG: ID={n} SEV=E", .length = 12, .behind = " SEV=E", .behind_length = 6},
        {0},
    };
    return messages[i];
}

static void what_a_message_begins_like(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        unsigned number;
    } cases[] = {
        {"Received package CEN00001", 1},
        {"Received package", 1}, /* no more than LOG_BEGINNING_WORDS bytes are looked at */
        {"Received a letter of", 2},
        {"Received a lette", 2},
        {"Received a lett", 0},
        {"Received nothing", 0},
        {"Package ", 3},
        {"Package CEN00001 requires", 3},
        {"Package", 0},
        {"package CEN00001", 0},
        {"STATMSG: ID=2302 SEV=E LEV=M", 4},
        {"STATMSG: ID=30001 SEV=E", 4},
        {"STATMSG: ID= SEV=E", 4},
        {"STATMSG: ID=2302 SEV=I LEV=M", 0},
        {"STATMSG: ID=2302 SEV=", 0},
        {"STATMSG: ID=2302", 0},
        {"STATMSG: ID=", 0},
        {"", 0},
    };
    struct log_beginnings beginnings;
    log_beginnings_init(&beginnings, some_messages);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (log_beginnings_find(&beginnings, cases[i].message, strlen(cases[i].message)) != cases[i].number)
            fail_msg("\"%s\" is not number %u", cases[i].message, cases[i].number);
}

static struct log_words many_messages(size_t i)
{
    static char bytes[LOG_BEGINNINGS][16];
    if (i == LOG_BEGINNINGS)
        return (struct log_words){0};
    snprintf(bytes[i], sizeof bytes[i], "%08zx", i * 7919);
    return (struct log_words){.bytes = bytes[i], .length = 8};
}

/* As many as there may be: their slots collide. */
static void every_one_of_many_is_found(void **state)
{
    (void)state;
    struct log_beginnings beginnings;
    log_beginnings_init(&beginnings, many_messages);
    char message[32];
    for (size_t i = 0; i < 4096; i++) {
        snprintf(message, sizeof message, "%08zx and more", i);
        bool is_one = i % 7919 == 0;
        assert_int_equal(log_beginnings_find(&beginnings, message, strlen(message)),
                         is_one ? 1 + i / 7919 : 0);
    }
    for (size_t i = 0; i < LOG_BEGINNINGS; i++)
        assert_int_equal(log_beginnings_find(&beginnings, many_messages(i).bytes, 8), i + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_message_begins_like),
        cmocka_unit_test(every_one_of_many_is_found),
    };
    return cmocka_run_group_tests_name("logbeginning", tests, NULL, NULL);
}
