// SPDX-License-Identifier: GPL-3.0-or-later
#include "state/integrity.h"

#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_VERSION = 999 /* a higher one is a damaged field, not a newer program */ };

static uint32_t big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The fields of the database header that we never change, by sqlite.org/fileformat2.html section 1.3. */
static bool header_is_ours(const unsigned char header[100])
{
    static const struct {
        int offset;
        uint32_t value;
    } fields[] = {
        {16, (uint32_t)STATECHECK_PAGE_BYTES << 16 | 0x0101}, /* page size; legacy (rollback) journal */
        {20, 0x00402020},                                     /* no reserved bytes, payload fractions */
        {44, 4},                                              /* schema format */
        {52, 0},                                              /* no autovacuum */
        {56, 1},                                              /* UTF-8 */
        {64, 0},                                              /* no incremental vacuum */
        {68, STATECHECK_APPLICATION},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (big_endian(header + fields[i].offset) != fields[i].value)
            return false;
    }
    return true;
}

static enum statecheck_verdict check_header(const unsigned char *header, ssize_t length, int version,
                                            struct failure *failure)
{
    static const unsigned char zeros[100];
    if (length == 0)
        fail(failure, "was empty");
    else if (memcmp(header, zeros, (size_t)length) == 0)
        fail(failure, "held only zeros");
    else if (length < 100 || memcmp(header, "SQLite format 3", 16) != 0)
        fail(failure, "was not a SQLite database");
    else if (big_endian(header + 68) != STATECHECK_APPLICATION)
        fail(failure, "was the database of another program");
    else if (!header_is_ours(header) || big_endian(header + 60) == 0 ||
             big_endian(header + 60) > MOST_VERSION)
        fail(failure, "had a damaged header");
    else if (big_endian(header + 60) > (uint32_t)version) {
        fail(failure, "is of a newer version of this program (state version %u, this one knows %d)",
             (unsigned)big_endian(header + 60), version);
        return STATECHECK_NEWER;
    } else
        return STATECHECK_SOUND;
    return STATECHECK_DAMAGED;
}

static bool foreign_journal(const char *path)
{
    char journal[4200];
    struct stat status;
    size_t length = strlen(path);
    if (length + sizeof "-journal" > sizeof journal)
        return true;
    memcpy(journal, path, length);
    memcpy(journal + length, "-journal", sizeof "-journal");
    return lstat(journal, &status) == 0 &&
           (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_nlink != 1);
}

enum statecheck_verdict statecheck_file(const char *path, int version, struct failure *failure)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        if (errno == ENOENT)
            return STATECHECK_ABSENT;
        fail(failure, "cannot be looked at: %s", strerror(errno));
        return STATECHECK_TROUBLE;
    }
    const char *odd = S_ISLNK(status.st_mode)      ? "was a symbolic link"
                      : !S_ISREG(status.st_mode)   ? "was not a regular file"
                      : status.st_uid != geteuid() ? "belonged to another user"
                      : status.st_nlink != 1       ? "had a second name (hard link)"
                      : foreign_journal(path)      ? "had a journal that is not ours"
                                                   : NULL;
    if (odd != NULL) {
        fail(failure, "%s", odd);
        return STATECHECK_DAMAGED;
    }
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        fail(failure, "cannot be read: %s", strerror(errno));
        return STATECHECK_TROUBLE;
    }
    unsigned char header[100];
    ssize_t length = read(fd, header, sizeof header);
    if (length < 0)
        fail(failure, "cannot be read: %s", strerror(errno));
    close(fd);
    if (length < 0)
        return STATECHECK_TROUBLE;
    enum statecheck_verdict verdict = check_header(header, length, version, failure);
    if (verdict == STATECHECK_SOUND && !(status.st_mode & S_IWUSR)) {
        fail(failure, "is read-only; chmod 600 %s", path);
        verdict = STATECHECK_TROUBLE;
    }
    if (verdict == STATECHECK_SOUND && (status.st_mode & 07177))
        chmod(path, 0600);
    return verdict;
}

int statecheck_readable(const char *path, struct failure *failure)
{
    char bytes[32 * 1024];
    ssize_t got = -1;
    off_t at = 0;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    while (fd >= 0 && (got = pread(fd, bytes, sizeof bytes, at)) > 0)
        at += got;
    int error = errno;
    if (fd >= 0)
        close(fd);
    return got == 0 ? 0 : fail(failure, "cannot be read: %s", strerror(error));
}

enum statecheck_verdict statecheck_code(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STATECHECK_SOUND;
    case SQLITE_ERROR: /* a table or column that is missing */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
    case SQLITE_FORMAT:
        return STATECHECK_DAMAGED;
    default:
        return STATECHECK_TROUBLE;
    }
}

static uint64_t hash_row(sqlite3_stmt *row, const char *table)
{
    uint64_t hash = hash_add(HASH_START, table, strlen(table));
    for (int column = 0; column < sqlite3_column_count(row); column++) {
        int type = sqlite3_column_type(row, column);
        if (type == SQLITE_INTEGER) {
            hash = hash_add_integer(hash_add_integer(hash, type), sqlite3_column_int64(row, column));
            continue;
        }
        const void *bytes = type == SQLITE_TEXT ? (const void *)sqlite3_column_text(row, column)
                                                : sqlite3_column_blob(row, column);
        int length = sqlite3_column_bytes(row, column);
        hash = hash_add_integer(hash, ((int64_t)length << 8) + type);
        if (bytes != NULL)
            hash = hash_add(hash, bytes, (size_t)length);
    }
    return hash_end(hash);
}

static int sum_rows(sqlite3 *database, const char *sql, const char *table, uint64_t *digest)
{
    sqlite3_stmt *rows;
    int code = sqlite3_prepare_v2(database, sql, -1, &rows, NULL);
    if (code != SQLITE_OK)
        return code;
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        *digest += hash_row(rows, table);
    sqlite3_finalize(rows);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int statecheck_digest_table(sqlite3 *database, const char *table, uint64_t *digest)
{
    *digest = 0;
    char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
    if (sql == NULL)
        return SQLITE_NOMEM;
    int code = sum_rows(database, sql, table, digest);
    sqlite3_free(sql);
    return code;
}

int statecheck_digest(sqlite3 *database, uint64_t *digest)
{
    *digest = 0;
    int code =
        sum_rows(database, "SELECT type, name, tbl_name, sql FROM sqlite_master", "sqlite_master", digest);
    if (code != SQLITE_OK)
        return code;
    sqlite3_stmt *tables;
    code = sqlite3_prepare_v2(database,
                              "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'digest'", -1,
                              &tables, NULL);
    if (code != SQLITE_OK)
        return code;
    while ((code = sqlite3_step(tables)) == SQLITE_ROW) {
        uint64_t share;
        const char *name = (const char *)sqlite3_column_text(tables, 0);
        code = name == NULL ? SQLITE_CORRUPT : statecheck_digest_table(database, name, &share);
        if (code != SQLITE_OK)
            break;
        *digest += share;
    }
    sqlite3_finalize(tables);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* The first column of the first row as text, "" without one. */
static int first_text(sqlite3 *database, const char *sql, char *text, size_t size)
{
    text[0] = '\0';
    sqlite3_stmt *rows;
    int code = sqlite3_prepare_v2(database, sql, -1, &rows, NULL);
    if (code != SQLITE_OK)
        return code;
    if ((code = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *found = (const char *)sqlite3_column_text(rows, 0);
        sqlite3_snprintf((int)size, text, "%s", found != NULL ? found : "");
        code = SQLITE_OK;
    } else if (code == SQLITE_DONE)
        code = SQLITE_OK;
    sqlite3_finalize(rows);
    return code;
}

static int same_identity(sqlite3 *database, const char *identity, bool *same)
{
    sqlite3_stmt *rows;
    *same = false;
    int code = sqlite3_prepare_v2(database, "SELECT identity FROM state WHERE id = 1", -1, &rows, NULL);
    if (code != SQLITE_OK)
        return code;
    if ((code = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *found = (const char *)sqlite3_column_text(rows, 0);
        *same = found != NULL && strcmp(found, identity) == 0;
        code = SQLITE_OK;
    } else if (code == SQLITE_DONE)
        code = SQLITE_OK;
    sqlite3_finalize(rows);
    return code;
}

/* quick_check tells of a page that could not be read in its text: "... unable to get the page. error
 * code=266". */
static bool tells_of_trouble(const char *text)
{
    const char *code = strstr(text, "error code=");
    return code != NULL && statecheck_code(atoi(code + strlen("error code="))) == STATECHECK_TROUBLE;
}

enum statecheck_verdict statecheck_contents(sqlite3 *database, const char *identity, bool proven,
                                            uint64_t *digest, struct failure *failure)
{
    char text[256] = "ok";
    bool same = false;
    *digest = 0;
    int code = proven ? SQLITE_OK : first_text(database, "PRAGMA quick_check(1)", text, sizeof text);
    if (code == SQLITE_OK && tells_of_trouble(text)) {
        fail(failure, "cannot be read (%s)", text);
        return STATECHECK_TROUBLE;
    }
    if (code == SQLITE_OK && strcmp(text, "ok") != 0) {
        fail(failure, "was damaged (%s)", text);
        return STATECHECK_DAMAGED;
    }
    if (code == SQLITE_OK)
        code = same_identity(database, identity, &same);
    if (code == SQLITE_OK && !same) {
        fail(failure, "was the memory of something else than %s", identity);
        return STATECHECK_DAMAGED;
    }
    if (code == SQLITE_OK)
        code = first_text(database, "SELECT value FROM digest", text, sizeof text);
    if (code == SQLITE_OK && proven)
        *digest = (uint64_t)strtoll(text, NULL, 10);
    else if (code == SQLITE_OK)
        code = statecheck_digest(database, digest);
    if (code != SQLITE_OK) {
        fail(failure,
             statecheck_code(code) == STATECHECK_TROUBLE ? "cannot be read (%s)" : "was damaged (%s)",
             sqlite3_errmsg(database));
        return statecheck_code(code);
    }
    char wanted[32];
    sqlite3_snprintf(sizeof wanted, wanted, "%lld", (long long)*digest);
    if (strcmp(text, wanted) != 0) {
        fail(failure, "was damaged, or changed by another program (its digest does not fit)");
        return STATECHECK_DAMAGED;
    }
    return STATECHECK_SOUND;
}

int statecheck_write_digest(sqlite3 *database, uint64_t digest)
{
    sqlite3_stmt *row;
    int code = sqlite3_exec(database, "DELETE FROM digest", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(database, "INSERT INTO digest VALUES (?)", -1, &row, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_bind_int64(row, 1, (int64_t)digest);
    code = sqlite3_step(row) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(database);
    sqlite3_finalize(row);
    return code;
}

int statecheck_fail(sqlite3 *database, const char *path, const char *verb, struct failure *failure)
{
    int code = sqlite3_errcode(database);
    int number = sqlite3_system_errno(database);
    switch (code & 0xff) {
    case SQLITE_OK: /* a check that met trouble and told it as a row */
    case SQLITE_ROW:
    case SQLITE_DONE:
        return fail(failure, "cannot %s the state file %s: %s", verb, path,
                    strerror(number != 0 ? number : EIO));
    case SQLITE_FULL:
        return fail(failure, "cannot %s the state file %s: %s; make room on its file system", verb, path,
                    strerror(ENOSPC));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(failure, "cannot %s the state file %s: another program has it open; end it", verb, path);
    case SQLITE_READONLY:
        return fail(failure, "cannot %s the state file %s: the file or its file system is read-only", verb,
                    path);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        if (number != 0)
            return fail(failure, "cannot %s the state file %s: %s", verb, path, strerror(number));
    }
    return fail(failure, "cannot %s the state file %s: %s", verb, path, sqlite3_errmsg(database));
}
