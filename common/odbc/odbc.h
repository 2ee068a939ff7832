/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_ODBC_ODBC_H
#define SMS_ODBC_ODBC_H

#include "base/failure.h"
#include "base/text.h"
#include "base/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A database through unixODBC. Judged by return codes, never by the SQLSTATE class (FreeTDS reports a
 * connection lost in mid-result as 01000); a fetch that ends other than SQL_NO_DATA is a failure;
 * QUERY_TIMEOUT is not relied on. All values cross the driver as UTF-16 text and are read here: drivers
 * disagree about what does not convert (sqliteodbc makes 1 of "1.5", FreeTDS 0 of ""), and a failed
 * conversion in the driver can cost the row or look like a lost connection.
 */

enum odbc_encryption { ODBC_ENCRYPTION_OFF, ODBC_ENCRYPTION_REQUEST, ODBC_ENCRYPTION_REQUIRE };

/* All texts UTF-8 and borrowed; NULL where not given. */
struct odbc_settings {
    const char *hostname;
    int64_t port;
    const char *database;
    const char *user; /* NULL: a Kerberos ticket; "DOMAIN\user": NTLM */
    const char *password;
    const char *password_file; /* first line; refused when others can read it */
    const char *driver;        /* NULL: FreeTDS */
    const char *tds_version;   /* NULL: 7.1 */
    int encryption;            /* enum odbc_encryption */
    const char *tls_ca;        /* PEM file; a private freetds.conf is written for it; implies encryption */
    const char *dsn;
    const char *connect;     /* a whole connection string */
    const char *application; /* program name for the server's list of sessions, or NULL */
    int64_t login_timeout_s;
};

struct odbc_connection;

/* What a SQLSTATE or native number means to a plugin, beyond its text. */
enum odbc_reason {
    ODBC_REASON_OTHER,
    ODBC_REASON_UNREACHABLE, /* name not resolved, port closed, silent */
    ODBC_REASON_LOGIN,       /* 18456, 18452, ... */
    ODBC_REASON_NO_DATABASE, /* 4060 */
    ODBC_REASON_DENIED,      /* 229: `object` names it */
    ODBC_REASON_NO_OBJECT,   /* 208, no such table */
    ODBC_REASON_NO_COLUMN,   /* 207 */
    ODBC_REASON_LOCKED,      /* 601, 1205, 1222, SQLITE_BUSY: try again */
    ODBC_REASON_LOST,        /* connection lost in mid-work */
    ODBC_REASON_DRIVER       /* driver missing or not registered */
};

struct odbc_error {
    enum odbc_reason reason;
    int native;
    char sqlstate[6];
    char object[128]; /* the object a 229 or 208 names, else "" */
    struct failure failure;
};

/**
 * Check the settings for what no connection string can carry and for contradictions; makes no connection.
 * @return 0 or -1
 */
int odbc_settings_check(const struct odbc_settings *settings, struct failure *failure);

/** What is watched, for the identity of the state: "sql01:1433/SMS_CEN", "dsn:SMS/...", "connect:...", never
 * a secret. */
void odbc_settings_identity(const struct odbc_settings *settings, struct text *identity);

/** The same for messages: without the prefix that keeps a connection string's identity apart. */
void odbc_settings_place(const struct odbc_settings *settings, struct text *place);

/** @return the connection, owned (odbc_disconnect), or NULL with the error */
struct odbc_connection *odbc_connect(const struct odbc_settings *settings, const struct trace *trace,
                                     struct odbc_error *error);

/** Roll back what is not committed, and end the connection. NULL is allowed. */
void odbc_disconnect(struct odbc_connection *connection);

/** @return "Microsoft SQL Server", "SQLite", ... as the driver says it; borrowed */
const char *odbc_dbms_name(const struct odbc_connection *connection);

/** @return the database that the connection is in, UTF-8, "" when the driver does not say; borrowed */
const char *odbc_database_name(const struct odbc_connection *connection);

/** @return driver name, driver version, DBMS name and version in one line for -vv; borrowed */
const char *odbc_versions(const struct odbc_connection *connection);

enum odbc_type { ODBC_INTEGER, ODBC_TEXT, ODBC_INSTANT };

/* A bound parameter or a fetched value. */
struct odbc_value {
    enum odbc_type type;
    bool null;
    int64_t integer;  /* ODBC_INTEGER; ODBC_INSTANT: seconds since 1970 as if the stored clock were UTC */
    const char *text; /* ODBC_TEXT: valid UTF-8 (what did not convert became U+FFFD); borrowed until the next
                         fetch; fetched NULLs have "" */
    bool unconverted; /* fetched: there was a value but not of this type ("abc" for an integer); `null` is set
                         too */
};

/* A column as the caller wants it. */
struct odbc_column {
    enum odbc_type type;
    size_t characters; /* ODBC_TEXT: room in UTF-16 units; longer values are cut */
};

/**
 * Why the statements that follow may stay without an answer, told with the step in which a time-out ends: "a lock of
 * another session on the tables is likely".
 *
 * @param hint  borrowed until the next call; NULL none
 */
void odbc_expect(struct odbc_connection *connection, const char *hint);

struct odbc_query;

/**
 * Run one statement that gives rows. Parameters are bound, never written into the text. Results without
 * columns that come before the rows (of "UPDATE ...; SELECT ...") are skipped. One query at a time: FreeTDS
 * knows no second one while rows are unread.
 *
 * @param what     the statement's name for steps and failures: "the sites", as in "while waiting for the
 * answer to ..."
 * @param columns  what to fetch, in the statement's order
 * @return the open query, owned (odbc_query_free), or NULL with the error
 */
struct odbc_query *odbc_query(struct odbc_connection *connection, const char *what, const char *sql,
                              const struct odbc_value *parameters, size_t parameter_count,
                              const struct odbc_column *columns, size_t column_count,
                              struct odbc_error *error);

/**
 * Fetch the next row.
 *
 * @param[out] values  one per column; texts are borrowed until the next call
 * @return 1 a row, 0 the end, -1 with the error
 */
int odbc_query_next(struct odbc_query *query, struct odbc_value *values, struct odbc_error *error);

void odbc_query_free(struct odbc_query *query);

/**
 * Run a statement without rows; rows that it gives are dropped.
 *
 * @param[out] affected  rows changed by all its parts, -1 where the server does not say; may be NULL
 */
int odbc_execute(struct odbc_connection *connection, const char *what, const char *sql,
                 const struct odbc_value *parameters, size_t parameter_count, int64_t *affected,
                 struct odbc_error *error);

/** The step that is told before COMMIT goes out: without it, a connection that ended has committed nothing.
 */
extern const char odbc_commit_step[];

/** Explicit transactions: begin turns autocommit off, commit and rollback end it and turn it on again. */
int odbc_begin(struct odbc_connection *connection, struct odbc_error *error);
int odbc_commit(struct odbc_connection *connection, struct odbc_error *error);
int odbc_rollback(struct odbc_connection *connection, struct odbc_error *error);

/** @return seconds spent inside the driver in connect, execute and fetch since odbc_connect began */
double odbc_elapsed_s(const struct odbc_connection *connection);

#endif
