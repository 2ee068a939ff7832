# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL types, and how columns of them travel in COLMETADATA and ROW tokens."""

import decimal
import re
import struct
from typing import NamedTuple

import tds_dates as dates
from tds_errors import SqlError

COLLATION = bytes.fromhex("0904d00034")      # SQL_Latin1_General_CP1_CI_AS: code page 1252, case-insensitive

INTEGERS = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}
TEXTS = ("nvarchar", "nchar", "varchar", "char", "ntext", "text")
DATES = ("datetime", "smalldatetime", "datetime2", "date")

# The type that wins where two meet (CASE, COALESCE, UNION, arithmetic): the first of these.
PRECEDENCE = ("datetime2", "datetime", "smalldatetime", "date", "float", "decimal", "bigint", "int", "smallint",
              "tinyint", "bit", "ntext", "text", "image", "nvarchar", "nchar", "varchar", "char", "varbinary", "null")

SYNONYMS = {"integer": "int", "real": "float", "double": "float", "numeric": "decimal", "money": "decimal",
            "smallmoney": "decimal", "sysname": "nvarchar", "binary": "varbinary", "blob": "image",
            "timestamp": "varbinary", "character": "char", "dec": "decimal", "boolean": "bit"}

MAX = -1                                      # length of nvarchar(max)


class SqlType(NamedTuple):
    kind: str
    length: int = 0                           # characters or bytes; MAX
    precision: int = 0
    scale: int = 0

    @property
    def is_text(self):
        return self.kind in TEXTS

    @property
    def is_date(self):
        return self.kind in DATES

    @property
    def is_number(self):
        return self.kind in INTEGERS or self.kind in ("float", "decimal")


INT, BIGINT, FLOAT, NULL = SqlType("int"), SqlType("bigint"), SqlType("float"), SqlType("null")
DATETIME, DATETIME2 = SqlType("datetime"), SqlType("datetime2", scale=7)


def nvarchar(length):
    return SqlType("nvarchar", length)


def make(name, numbers=()):
    """The type of a declaration; ValueError for a name that is none."""
    kind = SYNONYMS.get(name.lower(), name.lower())
    if kind == "text" and not numbers:
        return SqlType("text")
    if kind == "decimal":
        precision, scale = (list(numbers) + [18, 0])[:2] if len(numbers) != 1 else (numbers[0], 0)
        if name.lower() in ("money", "smallmoney"):
            precision, scale = 19, 4
        return SqlType(kind, precision=precision, scale=scale)
    if kind == "datetime2":
        return SqlType(kind, scale=numbers[0] if numbers else 7)
    if kind in ("nvarchar", "nchar", "varchar", "char", "varbinary"):
        default = 128 if name.lower() == "sysname" else 8 if name.lower() == "timestamp" else 1
        return SqlType(kind, numbers[0] if numbers else default)
    if kind not in PRECEDENCE:
        raise ValueError(name)
    return SqlType(kind)


def declared(text):
    """The type of a column as SQLite keeps its declaration; nvarchar where that says nothing."""
    match = re.fullmatch(r"\s*\[?(\w+)\]?\s*(?:\(\s*(\w+)\s*(?:,\s*(\d+)\s*)?\))?\s*", text or "")
    if match is None:
        return nvarchar(4000)
    if match[1].upper() in ("TEXT", "NUM", "") and not match[2]:
        return nvarchar(4000)
    numbers = [MAX if n.lower() == "max" else int(n) for n in match.groups()[1:] if n]
    try:
        return make(match[1], numbers)
    except ValueError:
        return nvarchar(4000)


def common(types):
    """The type of an expression that may give a value of any of these."""
    types = [t for t in types if t.kind != "null"]
    if not types:
        return NULL
    best = min(types, key=lambda t: PRECEDENCE.index(t.kind))
    lengths = [t.length for t in types]
    if best.is_text or best.kind == "varbinary":
        kind = best.kind
        if kind in ("char", "nchar") and len(set(lengths)) > 1:
            kind = kind.replace("char", "varchar")
        return SqlType(kind, MAX if MAX in lengths else max(lengths))
    if best.kind == "decimal":
        return SqlType("decimal", precision=38, scale=max(t.scale for t in types if t.kind == "decimal"))
    return best


def storage_bytes(kind):
    """What COL_LENGTH says: bytes."""
    if kind.kind in ("nvarchar", "nchar"):
        return kind.length if kind.length == MAX else 2 * kind.length
    if kind.kind in INTEGERS:
        return INTEGERS[kind.kind]
    return {"float": 8, "datetime": 8, "smalldatetime": 4, "datetime2": 8, "date": 3, "decimal": 9,
            "ntext": 16, "text": 16, "image": 16}.get(kind.kind, kind.length)


def ucs2(value):
    return value.encode("utf-16-le", "surrogatepass")


def text_of(value):
    """A value as text; a BLOB in a text column is raw UTF-16LE (texts that are no valid Unicode)."""
    if isinstance(value, bytes):
        return value.decode("utf-16-le", "surrogatepass")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _integer(size, kind):
    low, high = (0, 2 ** (8 * size) - 1) if size == 1 else (-2 ** (8 * size - 1), 2 ** (8 * size - 1) - 1)
    prefix = bytes([size])

    def encode(value):
        if value is None:
            return b"\0"
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise SqlError(245, f"Conversion failed when converting the varchar value '{value}' to data type {kind}.")
        if not low <= number <= high:
            raise SqlError(8115, f"Arithmetic overflow error converting expression to data type {kind}.")
        return prefix + number.to_bytes(size, "little", signed=size > 1)
    return encode


def _short(encoding, limit):
    """Texts and bytes with a 16-bit length. What is longer than declared is cut: no server could hold it."""
    def encode(value):
        if value is None:
            return b"\xff\xff"
        body = encoding(value)[:limit]
        return struct.pack("<H", len(body)) + body
    return encode


def _plp(encoding):
    def encode(value):
        if value is None:
            return b"\xff" * 8
        body = encoding(value)
        chunk = struct.pack("<I", len(body)) + body if body else b""
        return struct.pack("<Q", len(body)) + chunk + b"\0\0\0\0"
    return encode


def _long(encoding):
    """image, text, ntext: with a text pointer and a time stamp that nobody reads."""
    def encode(value):
        if value is None:
            return b"\0"
        body = encoding(value)
        return b"\x10" + b"p" * 16 + b"t" * 8 + struct.pack("<I", len(body)) + body
    return encode


def _decimal(scale):
    def encode(value):
        if value is None:
            return b"\0"
        number = int(decimal.Decimal(str(value)).scaleb(scale).to_integral_value(decimal.ROUND_HALF_UP))
        return b"\x11" + bytes([number >= 0]) + abs(number).to_bytes(16, "little")
    return encode


def _national(value):
    if isinstance(value, bytes):
        return value[:len(value) // 2 * 2]
    return ucs2(value if isinstance(value, str) else text_of(value))


def _code_page(value):
    return text_of(value).encode("cp1252", "replace")


def _raw(value):
    return value if isinstance(value, bytes) else str(value).encode()


def _table_name(version):
    """The part of text and image columns that names their table."""
    return b"\1\0\0" if version >= 0x702 else b"\0\0"


def column(kind, version):
    """(TYPE_INFO bytes, encoder of one value) for the TDS version."""
    name, length = kind.kind, kind.length
    if name == "null":
        name = "int"
    if name == "bit":
        return b"\x68\x01", _integer(1, "bit")
    if name in INTEGERS:
        return bytes([0x26, INTEGERS[name]]), _integer(INTEGERS[name], name)
    if name == "float":
        return b"\x6d\x08", lambda v: b"\0" if v is None else b"\x08" + struct.pack("<d", float(v))
    if name == "decimal":
        return bytes([0x6C, 17, kind.precision or 38, kind.scale]), _decimal(kind.scale)
    if name in ("datetime", "smalldatetime"):
        return b"\x6f\x08", lambda v: b"\0" if v is None else b"\x08" + struct.pack("<iI", *dates.ticks_of(v))
    if name == "datetime2" and version >= 0x703:
        return bytes([0x2A, 7]), lambda v: b"\0" if v is None else b"\x08" + dates.datetime2_bytes(v)
    if name == "date" and version >= 0x703:
        return b"\x28", lambda v: b"\0" if v is None else b"\x03" + dates.date_bytes(v)
    if name in ("datetime2", "date"):
        name, length = "nvarchar", 27        # what SQL Server does for clients that do not know the type
    if name == "image":
        return b"\x22\xff\xff\xff\x7f" + _table_name(version), _long(_raw)
    if name == "text":
        return b"\x23\xff\xff\xff\x7f" + COLLATION + _table_name(version), _long(_code_page)
    if name == "ntext" or (name == "nvarchar" and length == MAX and version < 0x702):
        return b"\x63\xff\xff\xff\x7f" + COLLATION + _table_name(version), _long(_national)
    if name in ("nvarchar", "nchar"):
        code = b"\xe7" if name == "nvarchar" else b"\xef"
        if length == MAX:
            return code + b"\xff\xff" + COLLATION, _plp(_national)
        size = 2 * min(max(length, 1), 4000)
        return code + struct.pack("<H", size) + COLLATION, _short(_national, size)
    size = 8000 if length == MAX else min(max(length, 1), 8000)
    if name in ("varchar", "char"):
        code = b"\xa7" if name == "varchar" else b"\xaf"
        return code + struct.pack("<H", size) + COLLATION, _short(_code_page, size)
    return b"\xa5" + struct.pack("<H", size), _short(_raw, size)
