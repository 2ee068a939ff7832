# SPDX-License-Identifier: GPL-3.0-or-later
"""The line forms of the server logs, F1 to F5, and the files they stand in."""

import datetime
import os
import shutil
import zoneinfo
from collections import namedtuple

# time: UTC seconds; log: "despool" or "distmgr"
Record = namedtuple("Record", "time log component thread text")

FORMS = ("F1", "F2", "F3", "F4", "F5")
DEFAULT_FORM = {"sms1": "F3", "sms20": "F2", "sms2003": "F2", "sccm2007": "F2",
                "cm2012": "F1", "cb": "F1"}
ENCODINGS = {  # name -> (codec, byte order mark)
    "utf-8": ("utf-8", b""), "utf-8-bom": ("utf-8", b"\xef\xbb\xbf"), "cp1252": ("cp1252", b""),
    "utf-16le": ("utf-16-le", b""), "utf-16le-bom": ("utf-16-le", b"\xff\xfe"),
    "utf-16be": ("utf-16-be", b""), "utf-16be-bom": ("utf-16-be", b"\xfe\xff"),
}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WINDOWS_ZONES = {"Europe/Berlin": "W. Europe", "Europe/London": "GMT", "Europe/Paris": "Romance",
                 "America/New_York": "Eastern", "America/Chicago": "Central",
                 "America/Denver": "Mountain", "America/Los_Angeles": "Pacific",
                 "Asia/Kolkata": "India", "Asia/Tokyo": "Tokyo"}


class Zone:
    """Where the site server stands: an IANA name, or minutes east of UTC."""

    def __init__(self, zone="Europe/Berlin", label=None):
        self.name = zone
        self.label = label
        fixed = isinstance(zone, int) or zone.lstrip("+-").isdigit()
        self.tz = datetime.timezone(datetime.timedelta(minutes=int(zone))) if fixed \
            else zoneinfo.ZoneInfo(zone)

    def local(self, epoch):
        millis = round(epoch * 1000)
        whole = datetime.datetime.fromtimestamp(millis // 1000, self.tz)
        return whole.replace(microsecond=millis % 1000 * 1000)

    def bias(self, moment):
        """Minutes to add to local time to get UTC: the reverse of ISO 8601."""
        return -round(moment.utcoffset().total_seconds() / 60)

    def windows_name(self, moment):
        if self.label is not None:
            return self.label
        if self.name == "UTC" or isinstance(self.tz, datetime.timezone) and not self.bias(moment):
            return "Coordinated Universal Time"
        season = "Daylight" if moment.dst() else "Standard"
        return f"{WINDOWS_ZONES.get(self.name, 'Local')} {season} Time"


def f1(record, zone, padded=True):
    at = zone.local(record.time)
    return (f"{record.text}  $$<{record.component}><{at:%m-%d-%Y %H:%M:%S}.{at.microsecond // 1000:03d}"
            f"{zone.bias(at):+03d}><thread={record.thread} (0x{record.thread:X})>")


def f2(record, zone, padded=True):
    at = zone.local(record.time)
    day, hour = (f"{at.day:02d}", f"{at.hour:02d}") if padded else (str(at.day), str(at.hour))
    name = zone.windows_name(at)
    return (f"{record.text}  $$<{record.component}><{DAYS[at.weekday()]} {MONTHS[at.month - 1]} {day}"
            f" {hour}:{at:%M:%S}.{at.microsecond // 1000:03d} {at.year}{' ' + name if name else ''}>"
            f"<thread={record.thread} (0x{record.thread:X})>")


def f3(record, zone, padded=True):
    at = zone.local(record.time)
    return (f"{record.text}~   $$<{record.component}><{DAYS[at.weekday()]} {MONTHS[at.month - 1]}"
            f" {at:%d %H:%M:%S %Y}~><thread={record.thread:X}>")


def f4(record, zone, padded=True):
    at = zone.local(record.time)
    date = f"{at:%m-%d-%Y}" if padded else f"{at.month}-{at.day}-{at.year}"
    return (f'<![LOG[{record.text}]LOG]!><time="{at:%H:%M:%S}.{at.microsecond // 1000:03d}'
            f'{zone.bias(at):+03d}" date="{date}" component="{record.component}" context=""'
            f' type="1" thread="{record.thread}" file="{record.log}.cpp:{len(record.text)}">')


def f5(record, zone, padded=True):
    at = zone.local(record.time)
    return (f"{record.text}\t{record.component}\t{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}"
            f":{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}\t{record.thread} (0x{record.thread:04X})")


WRITERS = {"F1": f1, "F2": f2, "F3": f3, "F4": f4, "F5": f5}


class LogFile:
    """One log file that grows, as the site server writes it."""

    def __init__(self, path, form="F1", encoding="utf-8", newline="crlf", zone="Europe/Berlin",
                 label=None, padded=True):
        self.path = os.fspath(path)
        self.line = WRITERS[form]
        self.codec, self.mark = ENCODINGS[encoding]
        self.newline = {"crlf": "\r\n", "lf": "\n"}[newline]
        self.zone = zone if isinstance(zone, Zone) else Zone(zone, label)
        self.padded = padded
        self.cut = b""

    @property
    def old_path(self):
        """`distmgr.lo_` beside `distmgr.log`."""
        return self.path[:-1] + "_"

    def encode(self, records):
        text = "".join(self.line(record, self.zone, self.padded) + self.newline
                       for record in records)
        return text.encode(self.codec, "replace")

    def append_bytes(self, content):
        with open(self.path, "ab") as out:
            if out.tell() == 0:
                out.write(self.mark)
            out.write(content)

    def append(self, records):
        """Adds the records (and first the rest of a line that append_half has begun)."""
        self.append_bytes(self.cut + self.encode(records))
        self.cut = b""

    def append_half(self, record, share=0.5):
        """Writes only the first part of a line, as a reader may see it."""
        content = self.encode([record])
        at = int(len(content) * share)
        self.append_bytes(self.cut + content[:at])
        self.cut = content[at:]

    def rotate(self, copy=False, date=None):
        """.log becomes .lo_, or with a date X-20261126-090000.log; copy=True copies it and truncates in place."""
        old = self.old_path if date is None else f"{self.path[:-4]}-{date}.log"
        if copy:
            shutil.copyfile(self.path, old)
            os.truncate(self.path, 0)
        else:
            os.replace(self.path, old)
            open(self.path, "wb").close()

    def touch(self, epoch):
        """The modification time: the zone of F2 stamps may be told from it."""
        os.utime(self.path, (epoch, epoch))
