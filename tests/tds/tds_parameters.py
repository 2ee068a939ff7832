# SPDX-License-Identifier: GPL-3.0-or-later
"""Values in RPC requests."""

import decimal
import struct
from typing import Any, NamedTuple

import tds_dates as dates
import tds_types as types
from tds_errors import SqlError
from tds_types import SqlType

BY_SIZE = {1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"}


class Parameter(NamedTuple):
    name: str
    type: SqlType
    value: Any           # as SQLite takes it; None for NULL


def _text(body, encoding):
    """Valid text as text; texts with unpaired surrogates stay UTF-16LE, as they do in the tables."""
    if body is None:
        return None
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        return body


def _chunked(reader):
    total = reader.number("Q")
    if total == 2 ** 64 - 1:
        return None
    parts = []
    while True:
        size = reader.number("I")
        if not size:
            return b"".join(parts)
        parts.append(reader.take(size))


def _variable(reader, code):
    """(n)(var)char and (var)binary with a 16-bit length."""
    size = reader.number("H")
    if code in (0xA7, 0xAF, 0xE7, 0xEF):
        reader.take(5)
    if size == 0xFFFF:
        body = _chunked(reader)
    else:
        length = reader.number("H")
        body = None if length == 0xFFFF else reader.take(length)
    length = types.MAX if size == 0xFFFF else max(size, 1)
    if code in (0xE7, 0xEF):
        kind = SqlType("nvarchar" if code == 0xE7 else "nchar", length if length == types.MAX else (length + 1) // 2)
        return kind, _text(body, "utf-16-le")
    if code in (0xA7, 0xAF):
        return SqlType("varchar" if code == 0xA7 else "char", length), None if body is None \
            else body.decode("cp1252", "replace")
    return SqlType("varbinary", length), body


def _nullable(reader, code):
    """INTN BITN FLTN MONEYN DATETIMN: one byte of length."""
    size, length = reader.number("B"), reader.number("B")
    body = reader.take(length)
    if code == 0x26:
        return SqlType(BY_SIZE[size]), int.from_bytes(body, "little", signed=size > 1) if length else None
    if code == 0x68:
        return SqlType("bit"), body[0] if length else None
    if code == 0x6D:
        return types.FLOAT, struct.unpack("<f" if length == 4 else "<d", body)[0] if length else None
    if code == 0x6F:
        if not length:
            return types.DATETIME, None
        if length == 4:
            days, minutes = struct.unpack("<HH", body)
            return types.DATETIME, dates.from_ticks(days, minutes * 60 * 300)
        return types.DATETIME, dates.from_ticks(*struct.unpack("<iI", body))
    money = int.from_bytes(body[4:] + body[:4] if length == 8 else body, "little", signed=True) / 10000
    return SqlType("decimal", precision=19, scale=4), money if length else None


def _numeric(reader):
    _, precision, scale, length = (reader.number("B") for _ in range(4))
    kind = SqlType("decimal", precision=precision, scale=scale)
    if not length:
        return kind, None
    body = reader.take(length)
    number = decimal.Decimal((1 if body[0] else -1) * int.from_bytes(body[1:], "little")).scaleb(-scale)
    return kind, int(number) if scale == 0 else float(number)


def _modern_date(reader, code):
    scale = 0 if code == 0x28 else reader.number("B")
    body = reader.take(reader.number("B"))
    if code == 0x28:
        return SqlType("date"), dates.from_datetime2(int.from_bytes(body, "little") + 1, 0)[:10] if body else None
    if code != 0x2A:
        raise SqlError(8016, f"The incoming tabular data stream has a parameter of type 0x{code:02x}.")
    if not body:
        return SqlType("datetime2", scale=scale), None
    units = int.from_bytes(body[:-3], "little") * 10 ** (7 - scale)
    return SqlType("datetime2", scale=scale), dates.from_datetime2(int.from_bytes(body[-3:], "little") + 1, units)


def _blob(reader, code):
    """IMAGE TEXT NTEXT."""
    reader.take(4)
    if code != 0x22:
        reader.take(5)
    length = reader.number("i")
    body = reader.take(length) if length >= 0 else None
    if code == 0x22:
        return SqlType("image"), body
    if code == 0x63:
        return SqlType("ntext"), _text(body, "utf-16-le")
    return SqlType("text"), None if body is None else body.decode("cp1252", "replace")


FIXED = {0x30: ("tinyint", "B"), 0x34: ("smallint", "h"), 0x38: ("int", "i"), 0x7F: ("bigint", "q"),
         0x3E: ("float", "d"), 0x32: ("bit", "B")}


def typed_value(reader):
    code = reader.number("B")
    if code in (0xA5, 0xA7, 0xAD, 0xAF, 0xE7, 0xEF):
        return _variable(reader, code)
    if code in (0x26, 0x68, 0x6D, 0x6E, 0x6F):
        return _nullable(reader, code)
    if code in (0x6A, 0x6C):
        return _numeric(reader)
    if code in (0x28, 0x29, 0x2A, 0x2B):
        return _modern_date(reader, code)
    if code in (0x22, 0x23, 0x63):
        return _blob(reader, code)
    if code in FIXED:
        kind, form = FIXED[code]
        return SqlType(kind), reader.number(form)
    raise SqlError(8009, f"The incoming tabular data stream (TDS) remote procedure call (RPC) protocol stream is "
                         f"incorrect. Parameter has an unknown data type 0x{code:02x}.")


def parameters(reader):
    """The parameters of one call, up to the end or the batch flag before the next call."""
    result = []
    while reader.more and reader.body[reader.at] not in (0x80, 0xFF, 0xFE):
        name = reader.text("B").lstrip("@")
        reader.number("B")
        result.append(Parameter(name, *typed_value(reader)))
    return result
