# SPDX-License-Identifier: GPL-3.0-or-later
"""T-SQL's own functions inside SQLite (all named t_...)."""

import functools
import re

import tds_dates as dates
from tds_errors import SqlError
from tds_types import text_of, ucs2

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def date_text(value, style, wide):
    """CONVERT(char, date, style)."""
    if value is None:
        return None
    text = dates.as_datetime2(value) if wide else dates.as_datetime(value)
    day, clock = text.split(" ")
    year, month, number = day.split("-")
    forms = {
        0: lambda: f"{MONTHS[int(month) - 1]} {int(number):2d} {year} {_twelve(clock)}",
        20: lambda: text[:19], 120: lambda: text[:19], 21: lambda: text, 121: lambda: text, 25: lambda: text,
        126: lambda: day + "T" + clock, 127: lambda: day + "T" + clock, 23: lambda: day,
        101: lambda: f"{month}/{number}/{year}", 103: lambda: f"{number}/{month}/{year}",
        104: lambda: f"{number}.{month}.{year}", 108: lambda: clock[:8], 114: lambda: clock.replace(".", ":"),
        112: lambda: year + month + number,
    }
    if style not in forms:
        raise SqlError(281, f"{style} is not a valid style number when converting from datetime to a character string.")
    return forms[style]()


def _twelve(clock):
    hour = int(clock[:2])
    return f"{hour % 12 or 12:2d}:{clock[3:5]}{'PM' if hour >= 12 else 'AM'}"


def sized(value, length, pad):
    """Cut to the type's length; char is filled up."""
    if value is None:
        return None
    text = text_of(value)
    if length >= 0:
        text = text[:length].ljust(length) if pad else text[:length]
    try:
        text.encode()
    except UnicodeEncodeError:
        return ucs2(text)
    return text


def integer(value, kind):
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value)
    try:
        return int(text_of(value).strip() or 0)
    except ValueError:
        raise SqlError(245, f"Conversion failed when converting the varchar value '{text_of(value)}' "
                            f"to data type {kind}.")


def divide(left, right):
    if left is None or right is None:
        return None
    if right == 0:
        raise SqlError(8134, "Divide by zero error encountered.")
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


@functools.lru_cache(maxsize=256)
def _pattern(pattern, escape):
    out, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        if escape and char == escape and at + 1 < len(pattern):
            at += 1
            out.append(re.escape(pattern[at]))
        elif char == "%":
            out.append(".*")
        elif char == "_":
            out.append(".")
        elif char == "[" and "]" in pattern[at:]:
            end = pattern.index("]", at + 1)
            body = pattern[at + 1:end].replace("\\", r"\\").replace("[", r"\[")
            out.append(f"[{body}]" if body else "(?!)")
            at = end
        else:
            out.append(re.escape(char))
        at += 1
    return re.compile("".join(out), re.I | re.S)


def like(value, pattern, escape):
    if value is None or pattern is None:
        return None
    return int(_pattern(text_of(pattern), escape).fullmatch(text_of(value)) is not None)


def charindex(needle, text, start=1):
    if needle is None or text is None:
        return None
    return text_of(text).casefold().find(text_of(needle).casefold(), max(start, 1) - 1) + 1


def add_days(value, days):
    return dates.add("D", days, value)


def length(value):
    return None if value is None else len(ucs2(text_of(value).rstrip(" "))) // 2


def data_length(value, wide):
    if value is None:
        return None
    if isinstance(value, (int, float)):
        return 4
    return len(value) if isinstance(value, bytes) else len(ucs2(value)) // (1 if wide else 2)


FUNCTIONS = (
    ("t_datetime", 1, dates.as_datetime), ("t_datetime2", 1, dates.as_datetime2), ("t_widened", 1, dates.widened),
    ("t_date_text", 3, date_text), ("t_sized", 3, sized), ("t_integer", 2, integer), ("t_divide", 2, divide),
    ("t_like", 3, like), ("t_charindex", 2, charindex), ("t_charindex", 3, charindex), ("t_add_days", 2, add_days),
    ("t_length", 1, length), ("t_data_length", 2, data_length),
    ("t_difference", 3, dates.difference), ("t_add", 3, dates.add),
    ("t_right", 2, lambda value, count: None if value is None else text_of(value)[-count:] if count else ""),
)


def install(db, catalog, failed):
    """failed(error): SQLite only says that a function failed, so the error itself goes this way."""
    def guarded(function):
        def call(*args):
            try:
                return function(*args)
            except SqlError as error:
                failed(error)
                raise
        return call
    for name, count, function in FUNCTIONS:
        db.create_function(name, count, guarded(function), deterministic=True)
    db.create_function("t_column_length", 2, catalog.column_length)
    db.create_function("t_object_id", 1, catalog.object_id)
