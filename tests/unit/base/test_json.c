// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_json(void **state)
{
    (void)state;
    struct json json = {0};
    json_begin(&json, NULL, '{');
    json_string(&json, "text", "a \"b\" \\ Größe \n 1С \x1f\x7f");
    json_string(&json, "latin1",
                "Gr\xf6\xdf"
                "e");
    json_string(&json, "nothing", NULL);
    json_number(&json, "time", "0.002");
    json_integer(&json, "large", true, INT64_MAX);
    json_integer(&json, "unknown", false, 5);
    json_begin(&json, "list", '[');
    json_begin(&json, NULL, '{');
    json_boolean(&json, "yes", true);
    json_end(&json, '}');
    json_begin(&json, NULL, '[');
    json_end(&json, ']');
    json_string(&json, NULL, "");
    json_end(&json, ']');
    json_boolean(&json, "no", false);
    json_end(&json, '}');
    assert_false(json.text.failed);
    assert_string_equal(text_string(&json.text),
                        "{\"text\":\"a \\\"b\\\" \\\\ Größe \\u000a 1С "
                        "\\u001f\\u007f\",\"latin1\":\"Gr\xef\xbf\xbd\xef\xbf\xbd"
                        "e\",\"nothing\":null,\"time\":0.002,\"large\":9223372036854775807,"
                        "\"unknown\":null,\"list\":[{\"yes\":true},[],\"\"],\"no\":false}");
    text_free(&json.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json)};
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
