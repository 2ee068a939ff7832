// SPDX-License-Identifier: GPL-3.0-or-later
#include "odbc/diagnose.h"

#include "base/sanitize.h"
#include "odbc/cause.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_BYTES = 300 };

/* Skip "[FreeTDS][SQL Server]" and the like; what is longer than a component's name is the message itself. */
static const char *without_prefixes(const char *text)
{
    for (;;) {
        while (*text == ' ')
            text++;
        const char *end = *text == '[' ? strchr(text, ']') : NULL;
        if (end == NULL || end - text > 60 || end[1] == '\0')
            return text;
        text = end + 1;
    }
}

/* A password of a letter or two stands in many words; it is taken out all the same. */
static void add_without(struct text *text, const char *string, const char *secret)
{
    const char *found;
    while (secret != NULL && *secret != '\0' && (found = strstr(string, secret)) != NULL) {
        text_add_bytes(text, string, (size_t)(found - string));
        text_add(text, "***");
        string = found + strlen(secret);
    }
    text_add(text, string);
}

/* A driver that repeats its connection string may have changed the password's form: drop all behind the key.
 */
static void cut_at_key(struct text *text, const char *key)
{
    const char *found = text->bytes != NULL ? strcasestr(text->bytes, key) : NULL;
    if (found != NULL) {
        text_cut(text, (size_t)(found - text->bytes) + strlen(key));
        text_add(text, "***");
    }
}

void odbc_record_text(const struct odbc_record *record, const char *password, struct text *text)
{
    struct text scrubbed = {0};
    add_without(&scrubbed, without_prefixes(record->text), password);
    cut_at_key(&scrubbed, "PWD=");
    cut_at_key(&scrubbed, "PASSWORD=");
    text_add_clean(text, text_string(&scrubbed), SHOWN_BYTES);
    text_free(&scrubbed);
}

static void copy_object(char *object, size_t size, const char *begin, size_t length)
{
    char piece[256];
    snprintf(piece, sizeof piece, "%.*s", (int)(length < sizeof piece ? length : sizeof piece - 1), begin);
    struct text clean = {0};
    text_add_clean(&clean, piece, size - 1);
    snprintf(object, size, "%s", text_string(&clean));
    text_free(&clean);
}

/* SQL Server quotes with '', in every language; before 2005 it says "on object 'X', database 'Y', owner 'Z'".
 */
static void find_object(const struct odbc_record *record, char *object, size_t size)
{
    static const char *const marks[] = {"no such table: ", "no such column: ", "no such view: ", "object '",
                                        "'"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *begin = strstr(record->text, marks[i]);
        if (begin == NULL)
            continue;
        begin += strlen(marks[i]);
        size_t length = strcspn(begin, strchr(marks[i], '\'') != NULL ? "'" : " \t\r\n");
        copy_object(object, size, begin, length);
        return;
    }
}

static const char *denied_right(const char *text)
{
    static const char *const rights[] = {"SELECT", "UPDATE", "INSERT", "DELETE", "EXECUTE"};
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
        if (strstr(text, rights[i]) != NULL)
            return rights[i];
    return "access";
}

/* An identifier as it may stand in a GRANT. */
static void add_identifier(struct text *text, const char *name)
{
    size_t plain = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.");
    text_addf(text, name[plain] == '\0' ? "%s" : "[%s]", name);
}

static void add_denied(struct text *text, const struct odbc_situation *situation,
                       const struct odbc_record *record, const char *object)
{
    const char *right = denied_right(record->text);
    text_addf(text, "%s denied", right);
    if (*object != '\0')
        text_addf(text, " on %s", object);
    text_addf(text, " (%d): ", record->native);
    if (strncasecmp(object, "v_", 2) == 0) { /* the product's own role for its views */
        text_addf(text, "add the login to the site database's role smsschm_users");
        return;
    }
    text_addf(text, "GRANT %s ON ", strcmp(right, "access") == 0 ? "SELECT" : right);
    add_identifier(text, *object != '\0' ? object : "<object>");
    text_add(text, " TO ");
    if (situation->user != NULL)
        add_identifier(text, situation->user);
    else
        text_add(text, "<user>");
}

static void add_user(struct text *text, const struct odbc_situation *situation)
{
    if (situation->user != NULL)
        text_addf(text, " for user '%s'", situation->user);
    else if (situation->server)
        text_add(text, " with the Kerberos ticket");
}

static void add_login(struct text *text, const struct odbc_situation *situation,
                      const struct odbc_record *record)
{
    text_add(text, "login failed");
    add_user(text, situation);
    if (record->native != 0)
        text_addf(text, " (%d)", record->native);
    const char *remedy = odbc_login_remedy(record->native, situation->user != NULL);
    text_addf(text, ": %s", remedy);
}

static void add_unreachable(struct text *text, const struct odbc_situation *situation,
                            const struct odbc_record *record)
{
    if (record->native == 20013) {
        text_add(text, "its name cannot be resolved: check --hostname and the name service");
    } else if (strncmp(record->sqlstate, "HYT", 3) == 0 || record->native == 20003) {
        text_addf(text, "no answer within %ld s: the server is down, busy, or a firewall drops the packets",
                  situation->login_timeout_s);
    } else {
        text_add(text, "nothing listens there");
        if (record->native != 0)
            text_addf(text, " (%d)", record->native);
        text_add(text, ": check the host, the port, and that SQL Server runs with TCP/IP enabled");
    }
}

/* 20002 comes without a reason whenever FreeTDS gives up after the TCP connection was made. */
static void add_refused(struct text *text, const struct odbc_situation *situation)
{
    text_add(text, "the connection ended during login, without a reason");
    const char *glue = ": ";
    if (situation->user == NULL && situation->server) {
        text_addf(text,
                  "%sno user was given, so a Kerberos ticket is needed: check klist, KRB5CCNAME and the SPN "
                  "MSSQLSvc/%.*s, or give --user",
                  glue, (int)strcspn(situation->place, "/"), situation->place);
        glue = "; ";
    }
    if (situation->tls_ca != NULL) {
        text_addf(text, "%sthe server's certificate must be signed by %s and bear the name in --hostname",
                  glue, situation->tls_ca);
        glue = "; ";
    }
    if (situation->encryption_required) {
        text_addf(text, "%sthe server must offer TLS 1.2 (--encryption=require)", glue);
    } else if (situation->user != NULL) {
        text_addf(text,
                  "%scheck that the port is SQL Server's, and whether it "
                  "demands --encryption=require or a newer --tds-version",
                  glue);
    }
}

static void add_driver(struct text *text, const struct odbc_situation *situation,
                       const struct odbc_record *record)
{
    const char *opened = strstr(record->text, "Can't open lib '");
    if (opened != NULL) {
        opened += strlen("Can't open lib '");
        char library[200];
        copy_object(library, sizeof library, opened, strcspn(opened, "'"));
        /* unixODBC takes an unknown driver's name for a file name */
        if (strchr(library, '/') == NULL && strstr(library, ".so") == NULL)
            text_addf(text, "driver %s is not registered in odbcinst.ini: %s", library,
                      odbc_driver_remedy(library));
        else
            text_addf(text, "the driver library %s cannot be loaded: %s", library,
                      odbc_driver_remedy(library));
        return;
    }
    if (strcmp(record->sqlstate, "IM002") == 0 && situation->driver == NULL) {
        text_add(text, "this data source is not in odbc.ini: check the name, "
                       "and ODBCSYSINI or ODBCINI where it lies elsewhere");
        return;
    }
    const char *driver = situation->driver != NULL ? situation->driver : "of the data source";
    text_addf(text, "driver %s is not registered in odbcinst.ini: %s", driver, odbc_driver_remedy(driver));
}

static void add_no_database(struct text *text, const struct odbc_situation *situation,
                            const struct odbc_record *record)
{
    if (odbc_record_is_sqlite(record)) {
        text_addf(text, "the file cannot be opened as a SQLite database (%d)", record->native);
        return;
    }
    text_add(text, "database");
    if (situation->database != NULL)
        text_addf(text, " %s", situation->database);
    text_addf(text, " cannot be opened (%d): check its name, and that the login", record->native);
    if (situation->user != NULL)
        text_addf(text, " '%s'", situation->user);
    text_add(text, " has a user in it");
}

static void add_no_object(struct text *text, const struct odbc_situation *situation,
                          const struct odbc_record *record, const char *object)
{
    text_addf(text, "%s %s does not exist (%d): is %s the site's database (SMS_xxx or CM_xxx)?",
              odbc_cause(record, false) == ODBC_CAUSE_NO_COLUMN ? "column" : "table or view",
              *object != '\0' ? object : "asked for", record->native,
              situation->database != NULL ? situation->database : "this");
}

static void add_lost(struct text *text, const struct odbc_situation *situation,
                     const struct odbc_record *record)
{
    text_addf(text, "the connection was lost after %.1f s", situation->waited_s);
    if (record->native != 0)
        text_addf(text, " (%d)", record->native);
    text_add(text, ": the server or the network ended it");
}

static void add_locked(struct text *text, const struct odbc_record *record)
{
    switch (record->native) {
    case 601: /* READ UNCOMMITTED: a page was split or moved under the scan */
        text_add(text, "the rows moved while they were read (601): the next run reads them again");
        break;
    case 1205:
        text_add(text, "chosen as deadlock victim (1205): try again");
        break;
    default:
        text_addf(text, "locked by another session (%d): try again later", record->native);
        break;
    }
}

static void add_cause(struct text *text, enum odbc_cause cause, const struct odbc_situation *situation,
                      const struct odbc_record *record, const char *object)
{
    switch (cause) {
    case ODBC_CAUSE_LOGIN:
        add_login(text, situation, record);
        break;
    case ODBC_CAUSE_DENIED:
        add_denied(text, situation, record, object);
        break;
    case ODBC_CAUSE_UNREACHABLE:
        add_unreachable(text, situation, record);
        break;
    case ODBC_CAUSE_REFUSED:
        add_refused(text, situation);
        break;
    case ODBC_CAUSE_DRIVER:
        add_driver(text, situation, record);
        break;
    case ODBC_CAUSE_NO_DATABASE:
        add_no_database(text, situation, record);
        break;
    case ODBC_CAUSE_NO_OBJECT:
    case ODBC_CAUSE_NO_COLUMN:
        add_no_object(text, situation, record, object);
        break;
    case ODBC_CAUSE_LOST:
        add_lost(text, situation, record);
        break;
    case ODBC_CAUSE_LOCKED:
        add_locked(text, record);
        break;
    default:
        odbc_record_text(record, situation->password, text);
        text_addf(text, " (SQLSTATE %.5s, %d)", record->sqlstate, record->native);
        break;
    }
}

static const struct odbc_record *deciding_record(const struct odbc_record *records, size_t count,
                                                 bool connecting, enum odbc_cause *cause)
{
    size_t best = 0;
    *cause = odbc_cause(&records[0], connecting);
    for (size_t i = 1; i < count; i++) {
        enum odbc_cause candidate = odbc_cause(&records[i], connecting);
        if (candidate > *cause) {
            *cause = candidate;
            best = i;
        }
    }
    return &records[best];
}

void odbc_error_fill(const struct odbc_situation *situation, const struct odbc_record *records, size_t count,
                     struct odbc_error *error)
{
    *error = (struct odbc_error){0};
    struct text text = {0};
    bool connecting = situation->stage == ODBC_STAGE_CONNECT;
    if (connecting)
        text_addf(&text,
                  "cannot connect to %s: ", situation->place != NULL ? situation->place : "the database");
    else if (situation->what != NULL)
        text_addf(&text, "%s: ", situation->what);
    if (count == 0) {
        text_addf(&text, "the driver failed without a reason%s",
                  situation->stage == ODBC_STAGE_FETCH ? " while fetching" : "");
    } else {
        enum odbc_cause cause;
        const struct odbc_record *record = deciding_record(records, count, connecting, &cause);
        if (situation->dead && cause <= ODBC_CAUSE_OTHER)
            cause = ODBC_CAUSE_LOST;
        error->reason = odbc_cause_reason(cause);
        error->native = record->native;
        snprintf(error->sqlstate, sizeof error->sqlstate, "%s", record->sqlstate);
        if (cause == ODBC_CAUSE_DENIED || cause == ODBC_CAUSE_NO_OBJECT || cause == ODBC_CAUSE_NO_COLUMN)
            find_object(record, error->object, sizeof error->object);
        add_cause(&text, cause, situation, record, error->object);
    }
    fail(&error->failure, "%s", text.failed ? "out of memory" : text_string(&text));
    text_free(&text);
}
