# SPDX-License-Identifier: GPL-3.0-or-later
"""unixODBC by ctypes: what the tests need of it, with every diagnostic record kept."""

import ctypes
import ctypes.util
import datetime
import glob
import os
import struct

SUCCESS, WITH_INFO, NO_DATA, ERROR = 0, 1, 100, -1
ENV, DBC, STMT = 1, 2, 3
NTS, NULL_DATA = -3, -1
C_WCHAR, C_SBIGINT, C_TIMESTAMP, C_DOUBLE, C_BINARY, C_CHAR = -8, -25, 93, 8, -2, 1
INTEGER, BIGINT, WVARCHAR, WLONGVARCHAR, TIMESTAMP, DOUBLE = 4, -5, -9, -10, 93, 8
COMMIT, ROLLBACK = 0, 1

SHORT, LONG, HANDLE = ctypes.c_short, ctypes.c_ssize_t, ctypes.c_void_p

odbc = ctypes.CDLL("libodbc.so.2")
for _name in ("SQLAllocHandle", "SQLFreeHandle", "SQLSetEnvAttr", "SQLDriverConnectW", "SQLDisconnect",
              "SQLGetDiagRecW", "SQLExecDirectW", "SQLPrepareW", "SQLExecute", "SQLBindParameter", "SQLNumResultCols",
              "SQLDescribeColW", "SQLFetch", "SQLGetData", "SQLRowCount", "SQLMoreResults", "SQLEndTran",
              "SQLSetConnectAttr", "SQLSetStmtAttr", "SQLCancel", "SQLFreeStmt"):
    getattr(odbc, _name).restype = SHORT


class Timestamp(ctypes.Structure):
    _fields_ = [("year", SHORT), ("month", ctypes.c_ushort), ("day", ctypes.c_ushort), ("hour", ctypes.c_ushort),
                ("minute", ctypes.c_ushort), ("second", ctypes.c_ushort), ("fraction", ctypes.c_uint)]

    @classmethod
    def of(cls, moment):
        return cls(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second,
                   moment.microsecond * 1000)

    def text(self):
        return (f"{self.year:04d}-{self.month:02d}-{self.day:02d} {self.hour:02d}:{self.minute:02d}:{self.second:02d}"
                f".{self.fraction // 10 ** 6:03d}")


class OdbcError(Exception):
    """records: [(sqlstate, native, text)]"""

    def __init__(self, records, code=ERROR):
        super().__init__(f"rc {code} {records}")
        self.records, self.code = records, code

    @property
    def natives(self):
        return [native for _, native, _ in self.records]

    @property
    def states(self):
        return [state for state, _, _ in self.records]


def driver_path():
    found = sorted(glob.glob("/usr/lib/*/odbc/libtdsodbc.so"))
    return found[0] if found else None


def private_ini(directory):
    """Registers the driver as FreeTDS in a directory of the test's own, for this process."""
    with open(os.path.join(directory, "odbcinst.ini"), "w", encoding="utf-8") as file:
        file.write(f"[FreeTDS]\nDescription = FreeTDS\nDriver = {driver_path()}\n")
    open(os.path.join(directory, "odbc.ini"), "w", encoding="utf-8").close()
    return {"ODBCSYSINI": os.fspath(directory), "ODBCINI": os.path.join(os.fspath(directory), "odbc.ini")}


def wide(text):
    """SQLWCHAR is 16 bits in unixODBC. (buffer, number of characters)"""
    body = text.encode("utf-16-le", "surrogatepass")
    return ctypes.create_string_buffer(body + b"\0\0"), len(body) // 2


def records(kind, handle):
    found = []
    state, native = ctypes.create_string_buffer(12), ctypes.c_int()
    text, length = ctypes.create_string_buffer(2048), SHORT()
    while odbc.SQLGetDiagRecW(SHORT(kind), handle, SHORT(len(found) + 1), state, ctypes.byref(native), text,
                              SHORT(1024), ctypes.byref(length)) in (SUCCESS, WITH_INFO):
        found.append((state.raw[:10].decode("utf-16-le"), native.value,
                      text.raw[:2 * min(length.value, 1023)].decode("utf-16-le", "replace")))
    return found


def encoded(value):
    """(bytes, C type, SQL type, column size, digits) of a parameter."""
    if isinstance(value, int):
        return value.to_bytes(8, "little", signed=True), C_SBIGINT, BIGINT, 0, 0
    if isinstance(value, float):
        return struct.pack("<d", value), C_DOUBLE, DOUBLE, 0, 0
    if isinstance(value, datetime.datetime):
        return bytes(Timestamp.of(value)), C_TIMESTAMP, TIMESTAMP, 23, 3
    raw = b"" if value is None else value if isinstance(value, bytes) else value.encode("utf-16-le", "surrogatepass")
    # FreeTDS cuts what is bound as WVARCHAR at 4000 characters, without a word.
    kind = WVARCHAR if len(raw) <= 8000 else WLONGVARCHAR
    return raw, C_WCHAR, kind, max(len(raw) // 2, 60), 0


class Statement:

    def __init__(self, connection):
        self.handle, self.bound = HANDLE(), {}
        connection.check(odbc.SQLAllocHandle(SHORT(STMT), connection.handle, ctypes.byref(self.handle)))
        self.info = []

    def check(self, code, *allowed):
        if code in (WITH_INFO, NO_DATA):
            self.info += records(STMT, self.handle)
        if code == WITH_INFO:
            return code
        if code != SUCCESS and code not in allowed:
            raise OdbcError(records(STMT, self.handle), code)
        return code

    def timeout(self, seconds):
        self.check(odbc.SQLSetStmtAttr(self.handle, 0, HANDLE(seconds), 0))

    def bind(self, number, value):
        """int (bigint), str (nvarchar), datetime (timestamp), float; None as nvarchar; bytes as raw UTF-16LE.

        A value of the same kind goes into the buffer that is bound already: a new binding makes FreeTDS prepare anew.
        """
        raw, c_type, sql_type, size, scale = encoded(value)
        indicator = NULL_DATA if value is None else len(raw)
        kept = self.bound.get(number)
        if kept is not None and kept[2] == (c_type, sql_type) and len(raw) + 2 <= len(kept[0]):
            ctypes.memmove(kept[0], raw + b"\0\0", len(raw) + 2)
            kept[1].value = indicator
            return
        holder = ctypes.create_string_buffer(raw, max(len(raw) + 2, 128))
        kept = self.bound[number] = (holder, LONG(indicator), (c_type, sql_type))
        self.check(odbc.SQLBindParameter(self.handle, ctypes.c_ushort(number), SHORT(1), SHORT(c_type),
                                         SHORT(sql_type), ctypes.c_size_t(size), SHORT(scale), holder,
                                         LONG(len(holder)), ctypes.byref(kept[1])))

    def execute(self, sql, *values):
        for number, value in enumerate(values, 1):
            self.bind(number, value)
        text, length = wide(sql)
        self.check(odbc.SQLExecDirectW(self.handle, text, ctypes.c_int(length)), NO_DATA)
        return self

    def prepare(self, sql):
        text, length = wide(sql)
        self.check(odbc.SQLPrepareW(self.handle, text, ctypes.c_int(length)))
        return self

    def run(self, *values):
        for number, value in enumerate(values, 1):
            self.bind(number, value)
        self.check(odbc.SQLExecute(self.handle), NO_DATA)
        return self

    def columns(self):
        """[(name, SQL type, size)] of the current result."""
        count = SHORT()
        self.check(odbc.SQLNumResultCols(self.handle, ctypes.byref(count)))
        found = []
        for number in range(1, count.value + 1):
            name, length, kind, size, digits, nullable = (ctypes.create_string_buffer(512), SHORT(), SHORT(),
                                                          ctypes.c_size_t(), SHORT(), SHORT())
            self.check(odbc.SQLDescribeColW(self.handle, ctypes.c_ushort(number), name, SHORT(256),
                                            ctypes.byref(length), ctypes.byref(kind), ctypes.byref(size),
                                            ctypes.byref(digits), ctypes.byref(nullable)))
            found.append((name.raw[:2 * length.value].decode("utf-16-le"), kind.value, size.value))
        return found

    def fetch(self):
        return self.check(odbc.SQLFetch(self.handle), NO_DATA) != NO_DATA

    def get(self, number, c_type=C_WCHAR):
        """One value; texts as str (unpaired surrogates kept), in as many pieces as it takes."""
        indicator = LONG()
        if c_type == C_WCHAR:
            parts, buffer = [], ctypes.create_string_buffer(8192)
            while True:
                code = odbc.SQLGetData(self.handle, ctypes.c_ushort(number), SHORT(C_WCHAR), buffer, LONG(8192),
                                       ctypes.byref(indicator))
                if code == NO_DATA:
                    break
                if code not in (SUCCESS, WITH_INFO):
                    raise OdbcError(records(STMT, self.handle), code)
                if indicator.value == NULL_DATA:
                    return None
                cut = code == WITH_INFO and (indicator.value < 0 or indicator.value > 8190)
                parts.append(buffer.raw[:8190 if cut else indicator.value])
                if not cut:
                    break
            return b"".join(parts).decode("utf-16-le", "surrogatepass")
        holder = {C_SBIGINT: ctypes.c_longlong, C_DOUBLE: ctypes.c_double, C_TIMESTAMP: Timestamp}[c_type]()
        self.check(odbc.SQLGetData(self.handle, ctypes.c_ushort(number), SHORT(c_type), ctypes.byref(holder),
                                   LONG(ctypes.sizeof(holder)), ctypes.byref(indicator)))
        if indicator.value == NULL_DATA:
            return None
        return holder.text() if c_type == C_TIMESTAMP else holder.value

    def rows(self):
        """All rows of the current result; whole numbers as int, dates as text, the rest as text."""
        how = {INTEGER: C_SBIGINT, BIGINT: C_SBIGINT, 5: C_SBIGINT, -6: C_SBIGINT, -7: C_SBIGINT,
               TIMESTAMP: C_TIMESTAMP, DOUBLE: C_DOUBLE}
        kinds = [how.get(kind, C_WCHAR) for _, kind, _ in self.columns()]
        found = []
        while self.fetch():
            found.append(tuple(self.get(number, kind) for number, kind in enumerate(kinds, 1)))
        return found

    def row_count(self):
        count = LONG()
        self.check(odbc.SQLRowCount(self.handle, ctypes.byref(count)))
        return count.value

    def more(self):
        return self.check(odbc.SQLMoreResults(self.handle), NO_DATA) != NO_DATA

    def close(self):
        """Closes an open result; the statement can run again."""
        odbc.SQLFreeStmt(self.handle, ctypes.c_ushort(0))

    def cancel(self):
        return odbc.SQLCancel(self.handle)

    def free(self):
        if self.handle:
            odbc.SQLFreeHandle(SHORT(STMT), self.handle)
            self.handle = None


class Connection:

    def __init__(self, connect_string, login_timeout=None):
        self.environment, self.handle, self.info = HANDLE(), HANDLE(), []
        odbc.SQLAllocHandle(SHORT(ENV), None, ctypes.byref(self.environment))
        odbc.SQLSetEnvAttr(self.environment, 200, HANDLE(3), 0)
        odbc.SQLAllocHandle(SHORT(DBC), self.environment, ctypes.byref(self.handle))
        if login_timeout:
            odbc.SQLSetConnectAttr(self.handle, 103, HANDLE(login_timeout), 0)
        text, length = wide(connect_string)
        code = odbc.SQLDriverConnectW(self.handle, None, text, SHORT(length), None, SHORT(0), None, ctypes.c_ushort(0))
        try:
            self.check(code)
            self.open = True
        except OdbcError:
            self.open = False
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def check(self, code):
        if code == WITH_INFO:
            self.info += records(DBC, self.handle)
        elif code != SUCCESS:
            raise OdbcError(records(DBC, self.handle), code)
        return code

    def statement(self):
        return Statement(self)

    def execute(self, sql, *values):
        statement = Statement(self)
        try:
            return statement.execute(sql, *values)
        except OdbcError:
            statement.free()
            raise

    def rows(self, sql, *values):
        statement = self.execute(sql, *values)
        try:
            return statement.rows()
        finally:
            statement.free()

    def do(self, sql, *values):
        """Runs a statement without rows; the row count (-1: not told)."""
        statement = self.execute(sql, *values)
        try:
            return statement.row_count()
        finally:
            statement.free()

    def autocommit(self, on):
        self.check(odbc.SQLSetConnectAttr(self.handle, 102, HANDLE(1 if on else 0), 0))

    def end(self, how):
        self.check(odbc.SQLEndTran(SHORT(DBC), self.handle, SHORT(how)))

    def close(self):
        if self.handle:
            if self.open:
                odbc.SQLDisconnect(self.handle)
            odbc.SQLFreeHandle(SHORT(DBC), self.handle)
            odbc.SQLFreeHandle(SHORT(ENV), self.environment)
            self.handle = None
