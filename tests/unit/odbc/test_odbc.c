// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/unicode.h"
#include "odbc/odbc.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[] = "/tmp/test_odbc.XXXXXX";
static char connect_string[192];
static char trail[8192]; /* steps and notes of the last connection */

static void remember(void *listener, const char *line)
{
    (void)listener;
    size_t used = strlen(trail);
    snprintf(trail + used, sizeof trail - used, "%s\n", line);
}

static const struct trace trace = {remember, remember, NULL, 3};

static struct odbc_connection *connect_database(void)
{
    struct odbc_settings settings = {.connect = connect_string, .login_timeout_s = 5};
    struct odbc_error error;
    trail[0] = '\0';
    struct odbc_connection *connection = odbc_connect(&settings, &trace, &error);
    if (connection == NULL)
        fail_msg("%s", error.failure.text);
    return connection;
}

static int64_t execute(struct odbc_connection *connection, const char *sql)
{
    struct odbc_error error;
    int64_t affected = -2;
    if (odbc_execute(connection, "the change", sql, NULL, 0, &affected, &error) != 0)
        fail_msg("%s: %s", sql, error.failure.text);
    return affected;
}

/* All values of a query as "1|text|NULL;..." */
static void expect_rows(struct odbc_connection *connection, const char *sql,
                        const struct odbc_value *parameters, size_t parameter_count,
                        const struct odbc_column *columns, size_t count, const char *expected)
{
    struct odbc_error error;
    struct odbc_value values[8];
    struct text found = {0};
    struct odbc_query *query =
        odbc_query(connection, "the query", sql, parameters, parameter_count, columns, count, &error);
    if (query == NULL)
        fail_msg("%s: %s", sql, error.failure.text);
    int more;
    while ((more = odbc_query_next(query, values, &error)) == 1) {
        for (size_t i = 0; i < count; i++) {
            assert_non_null(values[i].text);
            text_add(&found, i > 0 ? "|" : "");
            if (values[i].null)
                text_add(&found, values[i].unconverted ? "?" : "NULL");
            else if (columns[i].type == ODBC_TEXT)
                text_add(&found, values[i].text);
            else
                text_addf(&found, "%lld", (long long)values[i].integer);
        }
        text_add(&found, ";");
    }
    if (more != 0)
        fail_msg("%s: %s", sql, error.failure.text);
    assert_int_equal(odbc_query_next(query, values, &error), 0);
    odbc_query_free(query);
    if (strcmp(text_string(&found), expected) != 0)
        fail_msg("%s: \"%s\" where \"%s\" is expected", sql, text_string(&found), expected);
    text_free(&found);
}

static const struct odbc_column integer = {ODBC_INTEGER, 0}, instant = {ODBC_INSTANT, 0},
                                text5 = {ODBC_TEXT, 5}, text40 = {ODBC_TEXT, 40};

static void values(void **state)
{
    (void)state;
    struct odbc_connection *connection = connect_database();
    static const struct {
        const char *sql;
        const struct odbc_column *column;
        const char *expected;
    } cases[] = {
        {"SELECT 42", &integer, "42;"},
        {"SELECT i FROM v ORDER BY n", &integer, "1;?;5000000000;NULL;1;?;?;9223372036854775807;"},
        {"SELECT d FROM v ORDER BY n", &instant, "1767323045;?;?;NULL;?;1770091506;?;1770076800;"},
        {"SELECT t FROM v ORDER BY n", &text40,
         "h\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8E\x89 long;X'FF41';;NULL;b;b;b;b;"},
        {"SELECT 'h\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8E\x89x'", &text5, "h\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8E\x89;"},
        {"SELECT 'ab\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8E\x89'", &text5, "ab\xC3\xA4\xE2\x82\xAC;"},
        {"SELECT 'abcde'", &text5, "abcde;"},
        {"SELECT 'abcdef'", &text5, "abcde;"},
        {"SELECT 99999999999999999999", &integer, "?;"},
        {"SELECT 1 WHERE 1 = 0", &integer, ""},
        {"SELECT COUNT(*) FROM v", &integer, "8;"},
        {"SELECT MAX(CASE WHEN i = 1 THEN NULL ELSE 3 END) FROM v WHERE n = 1", &integer, "NULL;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_rows(connection, cases[i].sql, NULL, 0, cases[i].column, 1, cases[i].expected);
    odbc_disconnect(connection);
}

static void parameters(void **state)
{
    (void)state;
    struct odbc_connection *connection = connect_database();
    static char long_text[5001];
    memset(long_text, 'x', sizeof long_text - 1);
    const struct odbc_value bound[] = {{.type = ODBC_TEXT, .text = "h\xC3\xA4 '\"; DROP TABLE v; --"},
                                       {.type = ODBC_INTEGER, .integer = INT64_MIN},
                                       {.type = ODBC_TEXT, .text = ""},
                                       {.type = ODBC_TEXT, .null = true},
                                       {.type = ODBC_INTEGER, .null = true},
                                       {.type = ODBC_INSTANT, .integer = 1795421704},
                                       {.type = ODBC_TEXT, .text = long_text}};
    const struct odbc_column columns[] = {text40, integer, text40, text40, integer, instant, integer};
    expect_rows(connection, "SELECT ?, ?, ?, ?, ?, ?, LENGTH(?)", bound, 7, columns, 7,
                "h\xC3\xA4 '\"; DROP TABLE v; --|-9223372036854775808||NULL|NULL|1795421704|5000;");
    const struct odbc_value early = {.type = ODBC_INSTANT, .integer = INT64_MIN};
    struct odbc_error error;
    assert_null(odbc_query(connection, "the query", "SELECT ?", &early, 1, &integer, 1, &error));
    assert_non_null(strstr(error.failure.text, "years 1 to 9999"));
    odbc_disconnect(connection);
}

static void many_rows(void **state)
{
    (void)state;
    struct odbc_connection *connection = connect_database();
    const struct odbc_column columns[] = {integer, {ODBC_TEXT, 100000}};
    for (int wide = 0; wide < 2; wide++) { /* many rows at once, and one */
        struct odbc_error error;
        struct odbc_value row[2];
        struct odbc_query *query =
            odbc_query(connection, "the numbers",
                       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
                       "SELECT i, 'row ' || i FROM n",
                       NULL, 0, wide ? columns : (struct odbc_column[]){integer, text40}, 2, &error);
        assert_non_null(query);
        int64_t count = 0;
        while (odbc_query_next(query, row, &error) == 1) {
            char expected[32];
            snprintf(expected, sizeof expected, "row %lld", (long long)++count);
            assert_int_equal(row[0].integer, count);
            assert_string_equal(row[1].text, expected);
        }
        assert_int_equal(count, 1000);
        odbc_query_free(query);
    }
    struct odbc_error error;
    struct odbc_query *unread =
        odbc_query(connection, "some", "SELECT n FROM v", NULL, 0, &integer, 1, &error);
    assert_non_null(unread);
    odbc_query_free(unread);
    expect_rows(connection, "SELECT 7", NULL, 0, &integer, 1, "7;");
    odbc_disconnect(connection);
}

static void errors(void **state)
{
    (void)state;
    struct odbc_connection *connection = connect_database();
    static const struct {
        const char *sql;
        enum odbc_reason reason;
        const char *object, *text;
    } cases[] = {{"SELECT a FROM nosuch", ODBC_REASON_NO_OBJECT, "nosuch", "nosuch does not exist"},
                 {"SELECT nosuch FROM v", ODBC_REASON_NO_COLUMN, "nosuch", "column nosuch does not exist"},
                 {"SELEC 1", ODBC_REASON_OTHER, "", "syntax error"},
                 {"SELECT 1, 2", ODBC_REASON_OTHER, "", "2 columns where 1 are expected"},
                 {"DELETE FROM v WHERE n = -1", ODBC_REASON_OTHER, "", "0 columns where 1 are expected"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct odbc_error error;
        struct odbc_query *query =
            odbc_query(connection, "the sites", cases[i].sql, NULL, 0, &integer, 1, &error);
        if (query != NULL || error.reason != cases[i].reason || strcmp(error.object, cases[i].object) != 0 ||
            strstr(error.failure.text, cases[i].text) == NULL ||
            strncmp(error.failure.text, "the sites: ", strlen("the sites: ")) != 0)
            fail_msg("%s: reason %d, object \"%s\": %s", cases[i].sql, (int)error.reason, error.object,
                     error.failure.text);
    }
    struct odbc_error error;
    assert_int_equal(odbc_execute(connection, "the change", "UPDATE nosuch SET a = 1", NULL, 0, NULL, &error),
                     -1);
    assert_int_equal(error.reason, ODBC_REASON_NO_OBJECT);
    expect_rows(connection, "SELECT 7", NULL, 0, &integer, 1, "7;");
    odbc_disconnect(connection);
}

static void changes(void **state)
{
    (void)state;
    struct odbc_connection *connection = connect_database();
    struct odbc_error error;
    execute(connection, "CREATE TABLE c (a int)");
    assert_int_equal(execute(connection, "INSERT INTO c VALUES (1), (2), (3)"), 3);
    assert_int_equal(execute(connection, "UPDATE c SET a = a WHERE a > 1"), 2);
    assert_int_equal(execute(connection, "UPDATE c SET a = a WHERE a > 9"), 0);
    const struct odbc_value two = {.type = ODBC_INTEGER, .integer = 2};
    int64_t affected;
    assert_int_equal(odbc_execute(connection, "it", "DELETE FROM c WHERE a = ?", &two, 1, &affected, &error),
                     0);
    assert_int_equal(affected, 1);

    assert_int_equal(odbc_begin(connection, &error), 0);
    execute(connection, "DELETE FROM c");
    expect_rows(connection, "SELECT COUNT(*) FROM c", NULL, 0, &integer, 1, "0;");
    assert_int_equal(odbc_rollback(connection, &error), 0);
    expect_rows(connection, "SELECT COUNT(*) FROM c", NULL, 0, &integer, 1, "2;");

    assert_int_equal(odbc_begin(connection, &error), 0);
    execute(connection, "DELETE FROM c WHERE a = 1");
    assert_int_equal(odbc_commit(connection, &error), 0);
    odbc_disconnect(connection);

    connection = connect_database();
    expect_rows(connection, "SELECT COUNT(*) FROM c", NULL, 0, &integer, 1, "1;");
    assert_int_equal(odbc_begin(connection, &error), 0);
    execute(connection, "DELETE FROM c");
    odbc_disconnect(connection); /* inside a transaction: nothing is kept */

    connection = connect_database();
    expect_rows(connection, "SELECT COUNT(*) FROM c", NULL, 0, &integer, 1, "1;");
    execute(connection, "DROP TABLE c");
    odbc_disconnect(connection);
}

static void locked(void **state)
{
    (void)state;
    struct odbc_connection *writer = connect_database(), *other = connect_database();
    struct odbc_error error;
    execute(writer, "BEGIN EXCLUSIVE");
    assert_int_equal(odbc_execute(other, "the change", "DELETE FROM v", NULL, 0, NULL, &error), -1);
    if (error.reason != ODBC_REASON_LOCKED)
        fail_msg("reason %d: %s", (int)error.reason, error.failure.text);
    execute(writer, "ROLLBACK");
    odbc_disconnect(other);
    odbc_disconnect(writer);
}

static void what_is_told(void **state)
{
    (void)state;
    struct odbc_connection *connection = connect_database();
    assert_string_equal(odbc_dbms_name(connection), "SQLite");
    assert_non_null(strstr(odbc_versions(connection), "sqlite3odbc"));
    assert_non_null(strstr(odbc_database_name(connection), directory));
    expect_rows(connection, "SELECT 7", NULL, 0, &integer, 1, "7;");
    assert_true(odbc_elapsed_s(connection) > 0 && odbc_elapsed_s(connection) < 60);
    odbc_disconnect(connection);
    static const char *const lines[] = {
        "connecting to database=", "SQL of the query, 0 parameters: SELECT 7\n",
        "waiting for the answer to the query\n", "fetching rows of the query\n",
        "disconnecting from database="};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strstr(trail, lines[i]) == NULL)
            fail_msg("\"%s\" is not in:\n%s", lines[i], trail);
}

static void no_connection(void **state)
{
    (void)state;
    static const struct {
        struct odbc_settings settings;
        enum odbc_reason reason;
        const char *text;
    } cases[] = {
        {{.connect = "Driver=NoSuch;Server=x;PWD=geheim"}, ODBC_REASON_DRIVER, "NoSuch is not registered"},
        {{.connect = "Driver=Broken;Server=x;PWD={geheim};"},
         ODBC_REASON_DRIVER,
         "broken.so cannot be loaded"},
        {{.dsn = "nosuch", .user = "mon", .password = "geheim"}, ODBC_REASON_DRIVER, "not in odbc.ini"},
        {{.driver = "SQLite3", .database = "/nonexistent/x"}, ODBC_REASON_NO_DATABASE, "cannot be opened"},
        {{.connect = "Driver=SQLite3;Database=/nonexistent/x"}, ODBC_REASON_NO_DATABASE, "cannot be opened"},
        {{.hostname = "nosuch.invalid", .port = 1433, .user = "mon", .password = "geheim"},
         ODBC_REASON_UNREACHABLE,
         "nosuch.invalid cannot be resolved"},
        {{.hostname = "sql01", .port = 0}, ODBC_REASON_OTHER, "port 0"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct odbc_error error;
        trail[0] = '\0';
        assert_null(odbc_connect(&cases[i].settings, &trace, &error));
        if (error.reason != cases[i].reason || strstr(error.failure.text, cases[i].text) == NULL)
            fail_msg("case %zu: reason %d: %s", i, (int)error.reason, error.failure.text);
        if (strstr(error.failure.text, "geheim") != NULL || strstr(trail, "geheim") != NULL)
            fail_msg("case %zu shows the password: %s\n%s", i, error.failure.text, trail);
    }
    char missing[128];
    snprintf(missing, sizeof missing, "%s/missing.sqlite", directory);
    struct odbc_settings settings = {.driver = "SQLite3", .database = missing};
    struct odbc_error error;
    assert_null(odbc_connect(&settings, NULL, &error));
    assert_int_not_equal(access(missing, F_OK), 0);
    odbc_disconnect(NULL);
    odbc_query_free(NULL);
}

static int prepare(const char *driver)
{
    char path[128];
    snprintf(path, sizeof path, "%s/odbcinst.ini", directory);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return -1;
    /* A driver that is unloaded leaves what it holds for ever, which a leak checker takes for a leak. */
    fprintf(file, "[SQLite3]\nDriver=%s\nDontDLClose=1\n[Broken]\nDriver=/nonexistent/broken.so\n", driver);
    fclose(file);
    setenv("ODBCSYSINI", directory, 1);
    snprintf(path, sizeof path, "%s/odbc.ini", directory);
    setenv("ODBCINI", path, 1);
    snprintf(path, sizeof path, "%s/x.sqlite", directory);
    fclose(fopen(path, "w")); /* an empty file is an empty database */
    snprintf(connect_string, sizeof connect_string, "Driver=SQLite3;Database=%s;Timeout=100", path);
    return 0;
}

static int fill(void **state)
{
    (void)state;
    struct odbc_connection *connection = connect_database();
    execute(connection, "CREATE TABLE v (n int, i int, d datetime, t nvarchar(20))");
    execute(connection, "INSERT INTO v VALUES "
                        "(1, 1, '2026-01-02 03:04:05.678', 'h\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8E\x89 long'), "
                        "(2, 'abc', 'rubbish', x'ff41'), "
                        "(3, 5000000000, '2026-13-45 03:04:05', ''), "
                        "(4, NULL, NULL, NULL), "
                        "(5, 1.5, '2026-02-30 00:00:00', 'b'), "
                        "(6, '7 x', '2026-02-03T04:05:06Z', 'b'), "
                        "(7, '', 20260203, 'b'), "
                        "(8, 9223372036854775807, '2026-02-03', 'b')");
    odbc_disconnect(connection);
    return 0;
}

int main(void)
{
    glob_t drivers;
    if (glob("/usr/lib/*/odbc/libsqlite3odbc.so", 0, NULL, &drivers) != 0) {
        printf("skipped: libsqlite3odbc.so is not installed\n");
        return 77;
    }
    if (mkdtemp(directory) == NULL || prepare(drivers.gl_pathv[0]) != 0)
        return 1;
    globfree(&drivers);
    const struct CMUnitTest tests[] = {cmocka_unit_test(values),       cmocka_unit_test(parameters),
                                       cmocka_unit_test(many_rows),    cmocka_unit_test(errors),
                                       cmocka_unit_test(changes),      cmocka_unit_test(locked),
                                       cmocka_unit_test(what_is_told), cmocka_unit_test(no_connection)};
    int result = cmocka_run_group_tests(tests, fill, NULL);
    static const char *const files[] = {"odbcinst.ini", "odbc.ini", "x.sqlite"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    rmdir(directory);
    return result;
}
