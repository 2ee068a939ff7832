// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/dp_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

static void each_number_stands_once_with_words_a_step_and_a_source(void **state)
{
    (void)state;
    int64_t last = 0;
    const struct dp_message *message;
    for (size_t i = 0; (message = dp_message_at(i)) != NULL; i++) {
        bool acts =
            message->message_class == DP_MESSAGE_WAITING || message->message_class == DP_MESSAGE_FAILURE;
        if (message->id <= last)
            fail_msg("%d stands behind %d", (int)message->id, (int)last);
        if (message->words[0] == '\0' || message->source[0] == '\0' || (message->next[0] != '\0') != acts)
            fail_msg("%d: '%s', '%s', '%s'", (int)message->id, message->words, message->next,
                     message->source);
        /* They stand between commas in a line that is read by people and programs. */
        if (strpbrk(message->words, ",;()|") != NULL || strpbrk(message->next, "|\n") != NULL)
            fail_msg("%d: '%s', '%s'", (int)message->id, message->words, message->next);
        assert_ptr_equal(dp_message_find(message->id), message);
        assert_true(dp_message_class_name(message->message_class)[0] != '\0');
        last = message->id;
    }
    assert_true(last > 0);
}

static void other_numbers_have_no_words(void **state)
{
    (void)state;
    static const int64_t numbers[] = {0, -1, 1, 2360, 2400, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_null(dp_message_find(numbers[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_stands_once_with_words_a_step_and_a_source),
        cmocka_unit_test(other_numbers_have_no_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
