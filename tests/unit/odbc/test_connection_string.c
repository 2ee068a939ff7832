// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/secretfile.h"
#include "odbc/attribute.h"
#include "odbc/connection_string.h"
#include "odbc/freetds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[] = "/tmp/test_connection.XXXXXX";

/* A file in the private directory; @return its path, valid until the next call */
static const char *write_file(const char *name, const char *bytes, size_t length, mode_t mode)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static const char *const password_text = "geheim";

static void strings(void **state)
{
    (void)state;
    static const struct {
        struct odbc_settings settings;
        const char *servername, *string;
    } cases[] = {
        {{.hostname = "sql01", .port = 1433, .database = "SMS_CEN", .user = "mon", .password = "geheim"},
         NULL,
         "Driver={FreeTDS};Server={sql01};Port=1433;TDS_Version=7.1;Encryption=off;Database={SMS_CEN};UID={"
         "mon};"
         "PWD={geheim};"},
        {{.hostname = "sql01",
          .port = 1500,
          .driver = "TDS 1.4",
          .tds_version = "7.4",
          .application = "check_sms_dps",
          .encryption = ODBC_ENCRYPTION_REQUIRE},
         NULL,
         "Driver={TDS 1.4};Server={sql01};Port=1500;TDS_Version=7.4;Encryption=require;APP={check_sms_dps};"},
        {{.hostname = "sql01\\SMS", .port = 1433, .encryption = ODBC_ENCRYPTION_REQUEST},
         NULL,
         "Driver={FreeTDS};Server={sql01\\SMS};TDS_Version=7.1;Encryption=request;"},
        {{.hostname = "sql01", .port = 1433, .encryption = ODBC_ENCRYPTION_REQUEST, .tls_ca = "/ca.pem"},
         "sms",
         "Driver={FreeTDS};Servername={sms};TDS_Version=7.1;Encryption=require;"},
        {{.hostname = "sql01", .port = 1433, .user = "DOM\\mon", .password = "a;b}c{d"},
         NULL,
         "Driver={FreeTDS};Server={sql01};Port=1433;TDS_Version=7.1;Encryption=off;UID={DOM\\mon};PWD={a;b}c{"
         "d};"},
        {{.driver = "SQLite3", .database = "/tmp/a b}.sqlite"},
         NULL,
         "Driver={SQLite3};Database=/tmp/a b}.sqlite;NoCreat=1;Timeout=5000;"},
        {{.dsn = "SMS", .tds_version = "7.1"}, NULL, "DSN=SMS;"},
        {{.dsn = "SMS", .user = "mon", .password = "geheim", .database = "X"},
         NULL,
         "DSN=SMS;Database=X;UID=mon;PWD=geheim;"},
        {{.dsn = "SMS", .user = "mon", .password = "ge;heim"}, NULL, "DSN=SMS;UID=mon;PWD={ge;heim};"},
        {{.connect = "Driver=SQLite3;Database=/x"},
         NULL,
         "Driver=SQLite3;Database=/x;NoCreat=1;Timeout=5000;"},
        {{.connect = "Driver=SQLite3;Database=/x;NoCreat=0;timeout=1"},
         NULL,
         "Driver=SQLite3;Database=/x;NoCreat=0;timeout=1;"},
        {{.connect = "driver={FreeTDS};Server=sql01"},
         NULL,
         "driver={FreeTDS};Server=sql01;TDS_Version=7.1;"},
        {{.connect = "Driver=FreeTDS;Server=sql01;tds_version=7.3"},
         NULL,
         "Driver=FreeTDS;Server=sql01;tds_version=7.3;"},
        {{.connect = "Driver=FreeTDS;Servername=sms", .user = "mon", .password = "p}"},
         NULL,
         "Driver=FreeTDS;Servername=sms;UID={mon};PWD={p}};"},
        {{.connect = "Driver=Other;X=1"}, NULL, "Driver=Other;X=1;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text string = {0};
        const char *password = cases[i].settings.password != NULL ? cases[i].settings.password : "";
        assert_int_equal(connection_string(&cases[i].settings, password, cases[i].servername, &string), 0);
        assert_string_equal(text_string(&string), cases[i].string);
        text_free(&string);
    }
}

#define HOST .hostname = "sql01", .port = 1433

static const char long_word[] =
    "123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
    "123456789012345678901234567890123456789";

static void checks(void **state)
{
    (void)state;
    static const struct {
        struct odbc_settings settings;
        const char *complaint; /* a part of it; NULL: accepted */
    } cases[] = {
        {{HOST}, NULL},
        {{HOST, .user = "mon", .password = "geheim"}, NULL},
        {{HOST, .user = "mon", .password = "p}"}, NULL},
        {{HOST, .user = "mon", .password = "a}}b;{=\"'"}, NULL},
        {{HOST, .user = "mon", .password = "\xC3\xA4\xE2\x82\xAC"}, NULL},
        {{.driver = "SQLite3", .database = "/x"}, NULL},
        {{.dsn = "SMS"}, NULL},
        {{.dsn = "SMS", .driver = "FreeTDS", .tds_version = "7.1"}, NULL},
        {{.connect = "Driver=X;Y=Z"}, NULL},
        {{.database = "SMS_CEN"}, "no database server given"},
        {{HOST, .dsn = "SMS"}, "exclude each other"},
        {{.dsn = "SMS", .connect = "Driver=X"}, "exclude each other"},
        {{.connect = "Driver=X", .database = "SMS"}, "exclude each other"},
        {{.connect = "Driver"}, "has no KEY=VALUE"},
        {{.connect = "Driver=\xFF"}, "not valid UTF-8"},
        {{HOST, .user = "mon"}, "no password for user \"mon\""},
        {{HOST, .password = "geheim"}, "a password without --user"},
        {{HOST, .user = "mon", .password = "geheim", .password_file = "/x"}, "exclude each other"},
        {{HOST, .user = "mon", .password = "geheim};"}, "contains \"};\""},
        {{HOST, .user = "mon", .password = "geheim};x"}, "contains \"};\""},
        {{HOST, .user = "mon", .password = "geheim\n"}, "control character"},
        {{HOST, .user = "mon", .password = "geheim\xFF"}, "not valid UTF-8"},
        {{HOST, .user = "mon", .password = long_word}, "longer than 128 characters"},
        {{HOST, .user = "m};n", .password = "geheim"}, "user \"m};n\" contains"},
        {{HOST, .user = "", .password = "geheim"}, "user is empty"},
        {{HOST, .database = "a};b"}, "contains \"};\""},
        {{.driver = "SQLite3", .database = "/x;y"}, "contains \";\""},
        {{.driver = "SQLite3", .database = "/x", .hostname = "sql01"}, "takes no --hostname"},
        {{.dsn = "SMS", .user = "mon", .password = "gehe}im"}, "contains \"}\""},
        {{.hostname = "sql01,1433", .port = 1433}, "no host name"},
        {{.hostname = "sql 01", .port = 1433}, "no host name"},
        {{.hostname = "", .port = 1433}, "no host name"},
        {{.hostname = "sql01", .port = 0}, "port 0"},
        {{.hostname = "sql01", .port = 70000}, "port 70000"},
        {{HOST, .driver = "ODBC Driver 18 for SQL Server"}, "other keywords"},
        {{HOST, .tls_ca = "/ca", .encryption = ODBC_ENCRYPTION_OFF}, "contradict"},
        {{HOST, .tls_ca = "/ca", .encryption = ODBC_ENCRYPTION_REQUIRE}, NULL},
        {{.dsn = "SMS", .tls_ca = "/ca", .encryption = ODBC_ENCRYPTION_REQUIRE}, "with --hostname only"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct failure failure = {""};
        int result = odbc_settings_check(&cases[i].settings, &failure);
        const char *complaint = cases[i].complaint;
        if ((result == 0) != (complaint == NULL) ||
            (complaint != NULL && strstr(failure.text, complaint) == NULL))
            fail_msg("case %zu: %d \"%s\"", i, result, failure.text);
        if (strstr(failure.text, "geheim") != NULL || strstr(failure.text, "gehe}im") != NULL)
            fail_msg("case %zu shows the password: \"%s\"", i, failure.text);
    }
}

static void identities(void **state)
{
    (void)state;
    static const struct {
        struct odbc_settings settings;
        const char *identity, *place;
    } cases[] = {
        {{.hostname = "SQL01", .port = 1433, .database = "SMS_CEN", .user = "a", .password = "geheim"},
         "sql01:1433/SMS_CEN",
         "sql01:1433/SMS_CEN"},
        {{.hostname = "sql01\\I", .port = 1433, .database = "SMS_CEN"},
         "sql01\\i/SMS_CEN",
         "sql01\\i/SMS_CEN"},
        {{.hostname = "sql01", .port = 1}, "sql01:1", "sql01:1"},
        {{.dsn = "SMS"}, "dsn:SMS", "dsn:SMS"},
        {{.dsn = "SMS", .database = "SMS_CEN", .user = "a"}, "dsn:SMS/SMS_CEN", "dsn:SMS/SMS_CEN"},
        {{.driver = "SQLite3", .database = "/x"}, "file:/x", "file:/x"},
        {{.connect = "Driver=FreeTDS;SERVER=Sql01;Port=1433;UID=me;PWD={ge;heim};Database={SMS};Password=y"},
         "connect:server=Sql01;port=1433;database=SMS",
         "server=Sql01;port=1433;database=SMS"},
        {{.connect = " ; Database = /x"}, "connect:database=/x", "database=/x"},
        {{.connect = "Driver=X"}, "connect:", "the database"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text identity = {0};
        odbc_settings_identity(&cases[i].settings, &identity);
        assert_string_equal(text_string(&identity), cases[i].identity);
        text_cut(&identity, 0);
        odbc_settings_place(&cases[i].settings, &identity);
        assert_string_equal(text_string(&identity), cases[i].place);
        text_free(&identity);
    }
}

static void values_of_strings(void **state)
{
    (void)state;
    static const struct {
        const char *string, *key, *value;
    } cases[] = {{"PWD=x", "pwd", "x"},
                 {"UID=a;PWD={x;y}z};DSN=q", "PWD", "x;y}z"},
                 {"UID=a;PWD={x;y}", "PWD", "x;y"},
                 {"UID=a;PWD={x;y", "PWD", "x;y"},
                 {"UID={PWD=no};PWD=yes", "PWD", "yes"},
                 {"PWD = x", "PWD", "x"},
                 {"PWD=", "PWD", ""},
                 {"XPWD=x", "PWD", NULL},
                 {"", "PWD", NULL},
                 {"PWD", "PWD", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text value = {0};
        bool found = attribute_find(cases[i].string, cases[i].key, &value);
        if (found != (cases[i].value != NULL) || (found && strcmp(text_string(&value), cases[i].value) != 0))
            fail_msg("\"%s\": %d \"%s\"", cases[i].string, found, text_string(&value));
        text_free(&value);
    }
}

static void password_files(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        mode_t mode;
        const char *password, *complaint;
    } cases[] = {
        {"geheim\n", 7, 0600, "geheim", NULL},          {"geheim", 6, 0640, "geheim", NULL},
        {"geheim\r\nnext\n", 13, 0600, "geheim", NULL}, {"\xEF\xBB\xBFgeheim\n", 10, 0600, "geheim", NULL},
        {" ge heim \n", 10, 0600, " ge heim ", NULL},   {"geheim\n", 7, 0604, NULL, "chmod o-rwx"},
        {"geheim\n", 7, 0602, NULL, "chmod o-rwx"},     {"\ngeheim\n", 8, 0600, NULL, "first line is empty"},
        {"", 0, 0600, NULL, "first line is empty"},     {"ge\0heim\n", 8, 0600, NULL, "not UTF-8"},
        {"g\xE4heim\n", 7, 0600, NULL, "not UTF-8"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = write_file("password", cases[i].bytes, cases[i].length, cases[i].mode);
        struct text password = {0};
        struct failure failure = {""};
        int result = password_file_read(path, &password, &failure);
        if ((result == 0) != (cases[i].password != NULL) ||
            strcmp(text_string(&password), cases[i].password != NULL ? cases[i].password : "") != 0 ||
            (result != 0 && strstr(failure.text, cases[i].complaint) == NULL))
            fail_msg("case %zu: %d \"%s\"", i, result, failure.text);
        if (strstr(failure.text, password_text) != NULL)
            fail_msg("case %zu shows the password: \"%s\"", i, failure.text);
        text_wipe(&password);
        unlink(path);
    }
    struct text password = {0};
    struct failure failure = {""};
    assert_int_equal(password_file_read("/nonexistent", &password, &failure), -1);
    assert_non_null(strstr(failure.text, "/nonexistent"));
    assert_int_equal(password_file_read(directory, &password, &failure), -1);
    assert_non_null(strstr(failure.text, "not a regular file"));
    char fifo[128];
    snprintf(fifo, sizeof fifo, "%s/fifo", directory);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(password_file_read(fifo, &password, &failure), -1);
    assert_non_null(strstr(failure.text, "not a regular file"));
    unlink(fifo);
}

static const char certificate[] = "x\n-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";

static void private_freetds_conf(void **state)
{
    (void)state;
    const char *path = write_file("ca.pem", certificate, sizeof certificate - 1, 0644);
    char real[4096], expected[4352];
    assert_non_null(realpath(path, real));
    snprintf(expected, sizeof expected,
             "[sms]\nhost = sql01\nport = 1500\ntds version = 7.3\nencryption = require\nca file = %s\n"
             "check certificate hostname = yes\n",
             real);
    struct odbc_settings settings = {.hostname = "sql01", .port = 1500, .tds_version = "7.3", .tls_ca = path};
    struct freetdsconf conf;
    struct failure failure = {""};
    assert_int_equal(freetdsconf_open(&settings, &conf, &failure), 0);
    const char *name = getenv("FREETDSCONF");
    assert_non_null(name);
    char found[512] = "";
    FILE *file = fopen(name, "r");
    assert_non_null(file);
    assert_true(fread(found, 1, sizeof found - 1, file) > 0);
    fclose(file);
    assert_string_equal(found, expected);
    struct failure second = {""};
    settings.encryption = ODBC_ENCRYPTION_REQUIRE;
    assert_int_equal(odbc_settings_check(&settings, &second), -1);
    assert_non_null(strstr(second.text, "FREETDSCONF"));
    freetdsconf_close(&conf);
    assert_null(getenv("FREETDSCONF"));

    settings.hostname = "sql01\\INST";
    struct text text = {0};
    assert_int_equal(freetdsconf_text(&settings, &text, &failure), 0);
    assert_non_null(strstr(text_string(&text), "host = sql01\ninstance = INST\n"));
    text_free(&text);

    settings.tls_ca = "/nonexistent";
    assert_int_equal(freetdsconf_open(&settings, &conf, &failure), -1);
    assert_non_null(strstr(failure.text, "/nonexistent"));
    settings.tls_ca = write_file("ca.pem", "no certificate", 14, 0644);
    assert_int_equal(freetdsconf_open(&settings, &conf, &failure), -1);
    assert_non_null(strstr(failure.text, "no PEM certificate"));
    unlink(settings.tls_ca);
    assert_null(getenv("FREETDSCONF"));
}

int main(void)
{
    unsetenv("FREETDSCONF");
    if (mkdtemp(directory) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),        cmocka_unit_test(checks),
        cmocka_unit_test(identities),     cmocka_unit_test(values_of_strings),
        cmocka_unit_test(password_files), cmocka_unit_test(private_freetds_conf)};
    int result = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(directory);
    return result;
}
