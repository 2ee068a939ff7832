# SPDX-License-Identifier: GPL-3.0-or-later
"""datetime (1/300 s) and datetime2 (100 ns) values.

In SQLite a datetime is the text `yyyy-mm-dd hh:mi:ss.mmm`, where .003 means 3 1/3 ms: SQL Server keeps ticks of
1/300 s and shows them rounded. From 2016 on it converts a datetime to datetime2 with all digits (.0033333), so the
text that a client read (.003) and sends back as datetime2 is another instant. `as_datetime2` does that conversion.
"""

import datetime
import re

from tds_errors import SqlError

EPOCH_DAY = datetime.date(1900, 1, 1).toordinal()
TEXT = re.compile(r"\s*(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:[.:](\d{1,9}))?)?)?\s*")
COMPACT = re.compile(r"\s*(\d{4})(\d\d)(\d\d)(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:[.:](\d{1,9}))?)?)?\s*")
DAY_100NS = 86400 * 10 ** 7


def split(text):
    """(day as ordinal, 100 ns units of the day); SqlError 241 for what is no date."""
    if isinstance(text, (int, float)):
        day, rest = divmod(text, 1)
        return EPOCH_DAY + int(day), round(rest * DAY_100NS)
    match = TEXT.fullmatch(str(text)) or COMPACT.fullmatch(str(text))
    if match is not None:
        year, month, day, hour, minute, second, fraction = match.groups()
        try:
            ordinal = datetime.date(int(year), int(month), int(day)).toordinal()
            datetime.time(int(hour or 0), int(minute or 0), int(second or 0))
        except ValueError:
            raise SqlError(242, "The conversion of a varchar data type to a datetime data type resulted in an "
                                "out-of-range value.")
        seconds = int(hour or 0) * 3600 + int(minute or 0) * 60 + int(second or 0)
        return ordinal, seconds * 10 ** 7 + int(((fraction or "0") + "000000")[:7].ljust(7, "0"))
    raise SqlError(241, "Conversion failed when converting date and/or time from character string.")


def ticks_of(text):
    """(days since 1900, 1/300 s of the day), as a datetime is stored and sent."""
    day, units = split(text)
    ticks = (units * 300 + 5 * 10 ** 6) // 10 ** 7
    carry, ticks = divmod(ticks, 300 * 86400)
    return day + carry - EPOCH_DAY, ticks


def _clock(seconds):
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def from_ticks(days, ticks):
    """The text of a datetime: milliseconds rounded, so that they end in 0, 3 or 7."""
    seconds, rest = divmod(ticks, 300)
    day = datetime.date.fromordinal(EPOCH_DAY + days).isoformat()
    return f"{day} {_clock(seconds)}.{(rest * 10 + 1) // 3:03d}"


def from_datetime2(day, units):
    return f"{datetime.date.fromordinal(day).isoformat()} {_clock(units // 10 ** 7)}.{units % 10 ** 7:07d}"


def as_datetime(text):
    return None if text is None else from_ticks(*ticks_of(text))


def as_datetime2(text):
    """A datetime2's own text, 7 digits."""
    return None if text is None else from_datetime2(*split(text))


def widened(text):
    """A datetime converted to datetime2 as SQL Server 2016 does: 1/300 s with all digits."""
    if text is None:
        return None
    days, ticks = ticks_of(text)
    return from_datetime2(EPOCH_DAY + days, (ticks * 10 ** 8 + 1500) // 3000)


def datetime2_bytes(text):
    day, units = split(text)
    return units.to_bytes(5, "little") + (day - 1).to_bytes(3, "little")


def date_bytes(text):
    return (split(text)[0] - 1).to_bytes(3, "little")


def now(offset_minutes=0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=offset_minutes)
    return as_datetime(moment.strftime("%Y-%m-%d %H:%M:%S.%f"))


PARTS = {"YEAR": "Y", "YY": "Y", "YYYY": "Y", "MONTH": "M", "MM": "M", "M": "M", "DAY": "D", "DD": "D", "D": "D",
         "HOUR": "h", "HH": "h", "MINUTE": "m", "MI": "m", "N": "m", "SECOND": "s", "SS": "s", "S": "s",
         "MILLISECOND": "ms", "MS": "ms", "WEEK": "W", "WK": "W", "WW": "W"}
SPAN = {"W": 7 * DAY_100NS, "D": DAY_100NS, "h": 3600 * 10 ** 7, "m": 60 * 10 ** 7, "s": 10 ** 7, "ms": 10 ** 4}


def difference(part, start, end):
    """DATEDIFF: how many boundaries of the part lie between the two."""
    if start is None or end is None:
        return None
    first, last = split(start), split(end)
    if part in "YM":
        a, b = datetime.date.fromordinal(first[0]), datetime.date.fromordinal(last[0])
        months = (b.year - a.year) * 12 + b.month - a.month
        return b.year - a.year if part == "Y" else months
    if part == "D":
        return last[0] - first[0]
    span = SPAN[part]
    return (last[0] * DAY_100NS + last[1]) // span - (first[0] * DAY_100NS + first[1]) // span


def add(part, count, start):
    """DATEADD."""
    if start is None or count is None:
        return None
    day, units = split(start)
    if part in "YM":
        date = datetime.date.fromordinal(day)
        month = date.year * 12 + date.month - 1 + int(count) * (12 if part == "Y" else 1)
        first = datetime.date(month // 12, month % 12 + 1, 1)
        following = datetime.date((month + 1) // 12, (month + 1) % 12 + 1, 1)
        day = first.toordinal() + min(date.day, (following - first).days) - 1
    else:
        carry, units = divmod(units + round(count * SPAN[part]), DAY_100NS)
        day += carry
    return as_datetime(from_datetime2(day, units))
