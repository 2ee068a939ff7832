// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct element {
    char bytes[24];
};

static struct element *add(struct element *array, size_t *count)
{
    struct element *grown = array_grow(array, *count, sizeof *grown);
    assert_non_null(grown);
    if (malloc_usable_size(grown) < (*count + 1) * sizeof *grown)
        fail_msg("no room for element %zu", *count);
    memset(&grown[*count], (int)(*count % 251), sizeof *grown);
    ++*count;
    return grown;
}

static void check(const struct element *array, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t byte = 0; byte < sizeof array->bytes; byte++)
            if ((unsigned char)array[i].bytes[byte] != i % 251)
                fail_msg("element %zu of %zu is another one", i, count);
}

static void an_array_grows(void **state)
{
    (void)state;
    struct element *array = NULL;
    for (size_t count = 0; count < 5000;)
        array = add(array, &count);
    check(array, 5000);
    free(array);
}

/* Whatever is taken off between, there is room for the next. */
static void an_array_shrinks_and_grows(void **state)
{
    (void)state;
    static const size_t ups[] = {1, 16, 17, 31, 32, 33, 64, 100};
    for (size_t up = 0; up < sizeof ups / sizeof *ups; up++) {
        for (size_t down = 0; down <= ups[up]; down++) {
            struct element *array = NULL;
            size_t count = 0;
            while (count < ups[up])
                array = add(array, &count);
            count = down;
            while (count < 3 * ups[up])
                array = add(array, &count);
            check(array, count);
            free(array);
        }
    }
}

static void what_no_memory_holds_is_refused(void **state)
{
    (void)state;
    assert_null(array_grow(NULL, 0, SIZE_MAX / 4));
    struct element *array = array_grow(NULL, 0, sizeof *array);
    assert_non_null(array);
    assert_null(array_grow(array, SIZE_MAX / 2 + 1, sizeof *array));
    free(array); /* still the caller's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_grows),
        cmocka_unit_test(an_array_shrinks_and_grows),
        cmocka_unit_test(what_no_memory_holds_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
