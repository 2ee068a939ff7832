// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How much CPU time a program spends in its database: with LD_PRELOAD, what passes inside the calls of the
 * driver manager is added up, in nanoseconds, in the file $ODBC_CLOCK_FILE (8 bytes, which must be there).
 *
 * The difference of two runs of many seconds, of the program and of a floor, could not tell the milliseconds
 * that the program itself takes.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <sql.h>
#include <sqlext.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int64_t *total_ns;
static int depth; /* the driver manager calls itself */
static int64_t since_ns;

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("ODBC_CLOCK_FILE");
    int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *shared = mmap(NULL, sizeof *total_ns, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    total_ns = shared != MAP_FAILED ? shared : NULL;
    close(file);
}

static void *enter(const char *name)
{
    void *real = dlsym(RTLD_NEXT, name);
    if (depth++ == 0)
        since_ns = now_ns();
    return real;
}

static SQLRETURN leave(SQLRETURN result)
{
    if (--depth == 0 && total_ns != NULL)
        __atomic_fetch_add(total_ns, now_ns() - since_ns, __ATOMIC_RELAXED);
    return result;
}

#define CLOCKED(name, parameters, arguments)                                                                 \
    SQLRETURN SQL_API name parameters                                                                        \
    {                                                                                                        \
        SQLRETURN(*real) parameters;                                                                         \
        void *symbol = enter(#name);                                                                         \
        memcpy(&real, &symbol, sizeof real);                                                                 \
        return leave(real arguments);                                                                        \
    }

CLOCKED(SQLAllocHandle, (SQLSMALLINT type, SQLHANDLE from, SQLHANDLE *handle), (type, from, handle))
CLOCKED(SQLFreeHandle, (SQLSMALLINT type, SQLHANDLE handle), (type, handle))
CLOCKED(SQLDriverConnect,
        (SQLHDBC connection, SQLHWND window, SQLCHAR *in, SQLSMALLINT in_length, SQLCHAR *out,
         SQLSMALLINT size, SQLSMALLINT *length, SQLUSMALLINT completion),
        (connection, window, in, in_length, out, size, length, completion))
CLOCKED(SQLDriverConnectW,
        (SQLHDBC connection, SQLHWND window, SQLWCHAR *in, SQLSMALLINT in_length, SQLWCHAR *out,
         SQLSMALLINT size, SQLSMALLINT *length, SQLUSMALLINT completion),
        (connection, window, in, in_length, out, size, length, completion))
CLOCKED(SQLDisconnect, (SQLHDBC connection), (connection))
CLOCKED(SQLEndTran, (SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT how), (type, handle, how))
CLOCKED(SQLExecDirect, (SQLHSTMT statement, SQLCHAR *text, SQLINTEGER length), (statement, text, length))
CLOCKED(SQLExecDirectW, (SQLHSTMT statement, SQLWCHAR *text, SQLINTEGER length), (statement, text, length))
CLOCKED(SQLFetch, (SQLHSTMT statement), (statement))
CLOCKED(SQLMoreResults, (SQLHSTMT statement), (statement))
