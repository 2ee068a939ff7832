// SPDX-License-Identifier: GPL-3.0-or-later

/*
 * Run one SQL text through common/odbc/odbc with settings from the command line and print what came of it, for
 * tests: odbc_probe [key=value ...] -- SQL TYPE[,TYPE...] [parameter ...] TYPE is i (integer), d (instant) or
 * tN (text of N units); "x" as TYPE executes without rows.
 */
#include "odbc/odbc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell(void *listener, const char *line)
{
    fprintf(stderr, "%s%s\n", (const char *)listener, line);
}

static int set(struct odbc_settings *settings, const char *argument)
{
    const struct {
        const char *key;
        const char **target;
    } texts[] = {{"hostname", &settings->hostname},
                 {"database", &settings->database},
                 {"user", &settings->user},
                 {"password", &settings->password},
                 {"password-file", &settings->password_file},
                 {"driver", &settings->driver},
                 {"tds-version", &settings->tds_version},
                 {"tls-ca", &settings->tls_ca},
                 {"dsn", &settings->dsn},
                 {"connect", &settings->connect},
                 {"application", &settings->application}};
    const char *equals = strchr(argument, '=');
    if (equals == NULL)
        return -1;
    size_t length = (size_t)(equals - argument);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strlen(texts[i].key) == length && strncmp(argument, texts[i].key, length) == 0) {
            *texts[i].target = equals + 1;
            return 0;
        }
    if (strncmp(argument, "port=", 5) == 0)
        settings->port = atoi(equals + 1);
    else if (strncmp(argument, "encryption=", 11) == 0)
        settings->encryption = atoi(equals + 1);
    else if (strncmp(argument, "login-timeout=", 14) == 0)
        settings->login_timeout_s = atoi(equals + 1);
    else
        return -1;
    return 0;
}

static int failed(const struct odbc_error *error)
{
    printf("error reason=%d native=%d state=%s object=%s: %s\n", (int)error->reason, error->native,
           error->sqlstate, error->object, error->failure.text);
    return 1;
}

static void print_value(const struct odbc_value *value)
{
    if (value->null)
        printf(value->unconverted ? "UNCONVERTED" : "NULL");
    else if (value->type == ODBC_TEXT)
        printf("%s", value->text);
    else
        printf("%" PRId64, value->integer);
}

static int run(struct odbc_connection *connection, const char *sql, const char *types,
               const struct odbc_value *parameters, size_t parameter_count)
{
    struct odbc_error error;
    if (strcmp(types, "x") == 0) {
        int64_t affected;
        if (odbc_execute(connection, "the statement", sql, parameters, parameter_count, &affected, &error) !=
            0)
            return failed(&error);
        printf("affected %" PRId64 "\n", affected);
        return 0;
    }
    struct odbc_column columns[32];
    struct odbc_value values[32];
    size_t count = 0;
    for (const char *type = types; type != NULL && count < 32; type = strchr(type, ',')) {
        type += *type == ',';
        columns[count++] = (struct odbc_column){*type == 'i'   ? ODBC_INTEGER
                                                : *type == 'd' ? ODBC_INSTANT
                                                               : ODBC_TEXT,
                                                *type == 't' ? (size_t)atoi(type + 1) : 0};
    }
    struct odbc_query *query =
        odbc_query(connection, "the query", sql, parameters, parameter_count, columns, count, &error);
    if (query == NULL)
        return failed(&error);
    int more;
    while ((more = odbc_query_next(query, values, &error)) == 1) {
        for (size_t i = 0; i < count; i++) {
            printf(i > 0 ? "|" : "row ");
            print_value(&values[i]);
        }
        printf("\n");
    }
    odbc_query_free(query);
    return more < 0 ? failed(&error) : 0;
}

int main(int argc, char **argv)
{
    struct odbc_settings settings = {.port = 1433, .login_timeout_s = 5};
    static char prefix[] = "trace: ";
    struct trace trace = {tell, tell, prefix, getenv("PROBE_VERBOSE") != NULL ? 3 : 0};
    int at = 1;
    for (; at < argc && strcmp(argv[at], "--") != 0; at++)
        if (set(&settings, argv[at]) != 0)
            return 2;
    if (at + 2 >= argc)
        return 2;
    struct odbc_value parameters[16] = {0};
    size_t parameter_count = 0;
    for (int i = at + 3; i < argc && parameter_count < 16; i++)
        parameters[parameter_count++] = (struct odbc_value){.type = ODBC_TEXT, .text = argv[i]};
    struct text identity = {0};
    odbc_settings_identity(&settings, &identity);
    printf("identity %s\n", text_string(&identity));
    text_free(&identity);
    struct odbc_error error;
    struct odbc_connection *connection =
        odbc_connect(&settings, getenv("PROBE_VERBOSE") != NULL ? &trace : NULL, &error);
    if (connection == NULL)
        return failed(&error);
    printf("connected dbms=%s database=%s; %s\n", odbc_dbms_name(connection), odbc_database_name(connection),
           odbc_versions(connection));
    int result = run(connection, argv[at + 1], argv[at + 2], parameters, parameter_count);
    odbc_disconnect(connection);
    return result;
}
