// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/unicode.h"
#include "odbc/cause.h"
#include "odbc/diagnose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define TDS "[FreeTDS][SQL Server]"
#define DM  "[unixODBC][Driver Manager]"

static const struct odbc_situation server = {.place = "sql01:1433/SMS_CEN",
                                             .user = "sms_monitor",
                                             .driver = "FreeTDS",
                                             .database = "SMS_CEN",
                                             .server = true,
                                             .login_timeout_s = 5,
                                             .waited_s = 1.25,
                                             .password = "geheim"};

struct error_case {
    enum odbc_stage stage;
    struct odbc_record records[3];
    enum odbc_reason reason;
    int native;
    const char *object, *text;
};

static const struct error_case cases[] = {
    {ODBC_STAGE_CONNECT,
     {{"42000", 18456, TDS "Login failed for user 'sms_monitor'."},
      {"08001", 0, TDS "Unable to connect to data source"}},
     ODBC_REASON_LOGIN,
     18456,
     "",
     "cannot connect to sql01:1433/SMS_CEN: login failed for user "
     "'sms_monitor' (18456): check the user and the password file"},
    {ODBC_STAGE_CONNECT,
     {{"01000", 5701, TDS "Changed database context to 'master'."},
      {"42000", 4060, TDS "Cannot open database \"SMS_CEN\" requested by the login. The login failed."},
      {"42000", 18456, TDS "Login failed for user 'sms_monitor'."}},
     ODBC_REASON_NO_DATABASE,
     4060,
     "",
     NULL},
    {ODBC_STAGE_CONNECT,
     {{"42000", 4060, TDS "Cannot open database \"SMS_CEN\" requested by the login. The login failed."}},
     ODBC_REASON_NO_DATABASE,
     4060,
     "",
     "cannot connect to sql01:1433/SMS_CEN: database SMS_CEN cannot be opened "
     "(4060): check its name, and that the login 'sms_monitor' has a user in it"},
    {ODBC_STAGE_CONNECT,
     {{"08S01", 20009, TDS "Unable to connect: Adaptive Server is unavailable or does not exist"},
      {"08001", 0, TDS "Unable to connect to data source"}},
     ODBC_REASON_UNREACHABLE,
     20009,
     "",
     "cannot connect to sql01:1433/SMS_CEN: nothing listens there (20009): "
     "check the host, the port, and that SQL Server runs with TCP/IP enabled"},
    {ODBC_STAGE_CONNECT,
     {{"HYT00", 0, TDS "Timeout expired"}, {"08001", 0, TDS "Unable to connect to data source"}},
     ODBC_REASON_UNREACHABLE,
     0,
     "",
     "cannot connect to sql01:1433/SMS_CEN: no answer within 5 s: "
     "the server is down, busy, or a firewall drops the packets"},
    {ODBC_STAGE_CONNECT,
     {{"01000", 0, DM "Can't open lib 'FreeTDS' : file not found"}},
     ODBC_REASON_DRIVER,
     0,
     "",
     "cannot connect to sql01:1433/SMS_CEN: driver FreeTDS is not registered in "
     "odbcinst.ini: install the package tdsodbc, or name another with --driver"},
    {ODBC_STAGE_CONNECT,
     {{"01000", 0, DM "Can't open lib '/usr/lib/x/libsqlite3odbc.so' : file not found"}},
     ODBC_REASON_DRIVER,
     0,
     "",
     "cannot connect to sql01:1433/SMS_CEN: the driver library /usr/lib/x/libsqlite3odbc.so "
     "cannot be loaded: install the package libsqliteodbc, or correct Driver="},
    {ODBC_STAGE_CONNECT,
     {{"IM002", 0, DM "Data source name not found and no default driver specified"}},
     ODBC_REASON_DRIVER,
     0,
     "",
     NULL},
    {ODBC_STAGE_QUERY,
     {{"42000", 229, TDS "SELECT permission denied on object 'PkgStatus', database 'SMS_CEN', owner 'dbo'."}},
     ODBC_REASON_DENIED,
     229,
     "PkgStatus",
     "the sites: SELECT denied on PkgStatus (229): GRANT SELECT ON PkgStatus TO sms_monitor"},
    {ODBC_STAGE_QUERY,
     {{"42000", 229,
       TDS "The UPDATE permission was denied on the object 'PkgStatus', database 'SMS_CEN', schema 'dbo'."}},
     ODBC_REASON_DENIED,
     229,
     "PkgStatus",
     "the sites: UPDATE denied on PkgStatus (229): GRANT UPDATE ON PkgStatus TO sms_monitor"},
    {ODBC_STAGE_QUERY,
     {{"42000", 229, TDS "Die SELECT-Berechtigung wurde f\xC3\xBCr das Objekt 'v_Package' verweigert."}},
     ODBC_REASON_DENIED,
     229,
     "v_Package",
     "the sites: SELECT denied on v_Package (229): add the login to the site database's role smsschm_users"},
    {ODBC_STAGE_QUERY,
     {{"42000", 229,
       TDS "The SELECT permission was denied on the object 'a b', database 'x', schema 'dbo'."}},
     ODBC_REASON_DENIED,
     229,
     "a b",
     "the sites: SELECT denied on a b (229): GRANT SELECT ON [a b] TO sms_monitor"},
    {ODBC_STAGE_QUERY,
     {{"42S02", 208, TDS "Invalid object name 'PkgStatus'."}},
     ODBC_REASON_NO_OBJECT,
     208,
     "PkgStatus",
     "the sites: table or view PkgStatus does not exist (208): "
     "is SMS_CEN the site's database (SMS_xxx or CM_xxx)?"},
    {ODBC_STAGE_QUERY,
     {{"42S22", 207, TDS "Invalid column name 'PackageType'."}},
     ODBC_REASON_NO_COLUMN,
     207,
     "PackageType",
     NULL},
    {ODBC_STAGE_QUERY,
     {{"HY000", 1, "[SQLite]no such table: PkgStatus (1)"}},
     ODBC_REASON_NO_OBJECT,
     1,
     "PkgStatus",
     NULL},
    {ODBC_STAGE_QUERY,
     {{"HY000", 1, "[SQLite]no such column: p.PackageType (1)"}},
     ODBC_REASON_NO_COLUMN,
     1,
     "p.PackageType",
     NULL},
    {ODBC_STAGE_QUERY, {{"HY000", 5, "[SQLite]database is locked (5)"}}, ODBC_REASON_LOCKED, 5, "", NULL},
    {ODBC_STAGE_QUERY,
     {{"HY000", 1222, TDS "Lock request time out period exceeded."}},
     ODBC_REASON_LOCKED,
     1222,
     "",
     "the sites: locked by another session (1222): try again later"},
    {ODBC_STAGE_FETCH,
     {{"HY000", 601, TDS "Could not continue scan with NOLOCK due to data movement."}},
     ODBC_REASON_LOCKED,
     601,
     "",
     "the sites: the rows moved while they were read (601): the next run reads them again"},
    {ODBC_STAGE_FETCH,
     {{"01000", 20017, TDS "Unexpected EOF from the server"}},
     ODBC_REASON_LOST,
     20017,
     "",
     "the sites: the connection was lost after 1.2 s (20017): the server or the network ended it"},
    {ODBC_STAGE_QUERY, {{"08S01", 0, TDS "Communication link failure"}}, ODBC_REASON_LOST, 0, "", NULL},
    {ODBC_STAGE_QUERY,
     {{"42000", 50000, TDS "something\r\n\tbad | \x1b[1m [x] \xFF"}},
     ODBC_REASON_OTHER,
     50000,
     "",
     "the sites: something bad / [1m [x] \xEF\xBF\xBD (SQLSTATE 42000, 50000)"},
    {ODBC_STAGE_QUERY,
     {{"HY000", 0, "[FreeTDS][SQL Server]syntax near geheim; PWD={geheim}; and more"}},
     ODBC_REASON_OTHER,
     0,
     "",
     "the sites: syntax near ***; PWD=*** (SQLSTATE HY000, 0)"},
    {ODBC_STAGE_QUERY,
     {{"01003", 8153, TDS "Null value is eliminated"}, {"42000", 102, TDS "Incorrect syntax near 'x'."}},
     ODBC_REASON_OTHER,
     102,
     "",
     "the sites: Incorrect syntax near 'x'. (SQLSTATE 42000, 102)"},
    {ODBC_STAGE_FETCH, {{"", 0, ""}}, ODBC_REASON_OTHER, 0, "", NULL},
};

static size_t count_of(const struct error_case *error_case)
{
    size_t count = 0;
    while (count < 3 && error_case->records[count].sqlstate[0] != '\0')
        count++;
    return count;
}

static void texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct odbc_situation situation = server;
        situation.stage = cases[i].stage;
        situation.what = cases[i].stage == ODBC_STAGE_CONNECT ? NULL : "the sites";
        struct odbc_error error;
        odbc_error_fill(&situation, cases[i].records, count_of(&cases[i]), &error);
        if (error.reason != cases[i].reason || error.native != cases[i].native ||
            strcmp(error.object, cases[i].object) != 0 ||
            (cases[i].text != NULL && strcmp(error.failure.text, cases[i].text) != 0))
            fail_msg("case %zu: reason %d, native %d, object \"%s\": %s", i, (int)error.reason, error.native,
                     error.object, error.failure.text);
        if (error.failure.text[0] == '\0' || strstr(error.failure.text, "geheim") != NULL ||
            strstr(error.failure.text, "[FreeTDS]") != NULL)
            fail_msg("case %zu: \"%s\"", i, error.failure.text);
    }
}

static void refusals_without_a_reason(void **state)
{
    (void)state;
    static const struct odbc_record records[] = {{"08001", 0, TDS "Unable to connect to data source"},
                                                 {"01000", 20002, TDS "Adaptive Server connection failed"}};
    static const struct {
        const char *user, *tls_ca;
        bool encryption;
        const char *with, *without;
    } variants[] = {{NULL, NULL, false, "SPN MSSQLSvc/sql01:1433,", "TLS"},
                    {"mon", NULL, false, "--encryption=require or a newer", "Kerberos"},
                    {"mon", NULL, true, "must offer TLS 1.2", "Kerberos"},
                    {"mon", "/ca.pem", true, "must be signed by /ca.pem", "Kerberos"},
                    {NULL, "/ca.pem", true, "Kerberos ticket is needed", "newer"}};
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        struct odbc_situation situation = server;
        situation.stage = ODBC_STAGE_CONNECT;
        situation.user = variants[i].user;
        situation.tls_ca = variants[i].tls_ca;
        situation.encryption_required = variants[i].encryption;
        struct odbc_error error;
        odbc_error_fill(&situation, records, 2, &error);
        if (error.native != 20002 || strstr(error.failure.text, variants[i].with) == NULL ||
            strstr(error.failure.text, variants[i].without) != NULL)
            fail_msg("case %zu: %s", i, error.failure.text);
    }
}

static void long_and_odd_records(void **state)
{
    (void)state;
    struct odbc_record record = {"42000", 229, ""};
    memset(record.text, '\'', sizeof record.text - 1);
    struct odbc_error error;
    odbc_error_fill(&server, &record, 1, &error);
    memset(record.text, 'x', sizeof record.text - 1);
    record.text[0] = '\'';
    odbc_error_fill(&server, &record, 1, &error);
    assert_true(strlen(error.object) < sizeof error.object);
    for (size_t i = 1; i + 2 < sizeof record.text; i += 2)
        memcpy(record.text + i, "\xC3\xA4", 2);
    odbc_error_fill(&server, &record, 1, &error);
    assert_true(utf8_valid(error.object, strlen(error.object)));
    assert_true(utf8_valid(error.failure.text, strlen(error.failure.text)));
    for (size_t length = 0; length < 70; length++) { /* unclosed and long prefixes */
        memset(record.text, '[', length);
        record.text[length] = '\0';
        odbc_error_fill(&server, &record, 1, &error);
    }
    strcpy(record.text, "[FreeTDS][SQL Server]");
    record.native = 5;
    odbc_error_fill(&server, &record, 1, &error);
    assert_true(error.failure.text[0] != '\0');
}

static void short_passwords(void **state)
{
    (void)state;
    struct odbc_record record = {"42000", 0, "aXbXc"};
    struct text text = {0};
    odbc_record_text(&record, "X", &text);
    assert_string_equal(text_string(&text), "a***b***c");
    text_cut(&text, 0);
    odbc_record_text(&record, "", &text);
    assert_string_equal(text_string(&text), "aXbXc");
    text_cut(&text, 0);
    odbc_record_text(&record, NULL, &text);
    assert_string_equal(text_string(&text), "aXbXc");
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts), cmocka_unit_test(refusals_without_a_reason),
                                       cmocka_unit_test(long_and_odd_records),
                                       cmocka_unit_test(short_passwords)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
