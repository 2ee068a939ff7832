# SPDX-License-Identifier: GPL-3.0-or-later
"""Large logs, quickly: one day is made once and then repeated under other dates."""

import datetime
import os

from log_chatter import chatter
from log_forms import DAYS, MONTHS, LogFile
from log_stories import DAY

BLOCK_BYTES = 2_500_000
# Bytes that no record holds, where the date of each repetition goes.
DATE, YEAR = b"\x01\x02\x03", b"\x04\x05\x06"


def _block(log, site, midnight, waiting, relevant, which):
    """One day of about BLOCK_BYTES; every (1/relevant)-th line waits for one of the packages."""
    gap_s = 60.0
    while True:
        own = [r for r in chatter(site, midnight + 60, midnight + DAY - 60, mean_gap_s=gap_s,
                                  foreign=False) if r.log == which]
        size = len(log.encode(own))
        if abs(size - BLOCK_BYTES) < BLOCK_BYTES * 0.05:
            break
        gap_s *= size / BLOCK_BYTES
    wanted = max(len(waiting), int(len(own) * relevant / (1 - relevant)))
    if site.since("cm2012"):
        wanted = max(len(waiting), wanted // 3)
    for i in range(wanted):
        at = midnight + 61 + i * (DAY - 122) / wanted
        if which == "distmgr":
            group = site.waiting(at, 3000 + i % 50 * 4, waiting[i % len(waiting)], 3, 2)
            own += [r for r in group if "Processing incoming" not in r.text]
        else:
            own += site.received(at, 3000 + i % 50 * 4, waiting[i % len(waiting)], 3)
            own.append(site.despool(at + 1, 3000 + i % 50 * 4, "CCompress::Open: Failed to open"
                                    f" E:\\SMSPKG\\{waiting[i % len(waiting)]} (2)"))
    own.sort(key=lambda record: record.time)
    return log.encode(own), len(own)


def _stamp(form, moment):
    if form == "F2":
        return (f"><{DAYS[moment.weekday()]} {MONTHS[moment.month - 1]} {moment.day:02d} ",
                f" {moment.year} ")
    if form == "F4":
        return f'date="{moment:%m-%d-%Y}"', None
    return f"><{moment:%m-%d-%Y} ", None


def big(path, size_bytes, site, form="F1", now=None, relevant=0.01, packages=20, zone=0,
        label=None, encoding="utf-8", newline="crlf"):
    """Writes distmgr.log or despool.log of about size_bytes that ends yesterday's midnight.

    Returns (lines, the package IDs that wait from the first day to the last). The zone is a fixed
    one (minutes east of UTC), so that every day has 24 hours.
    """
    if form not in ("F1", "F2", "F4"):
        raise ValueError(f"large logs are made in F1, F2 and F4, not {form}")
    if encoding.startswith("utf-16"):
        raise ValueError("large logs are made in one-byte encodings")
    which = "despool" if "despool" in os.path.basename(path).lower() else "distmgr"
    log = LogFile(path, form, encoding, newline, zone, label)
    waiting = [f"CEN{n:05X}" for n in range(1, packages + 1)]
    last = int((now - DAY) // DAY * DAY - int(zone) * 60)
    local = datetime.datetime.fromtimestamp(last, datetime.timezone.utc) \
        + datetime.timedelta(minutes=int(zone))
    block, lines = _block(log, site, last, waiting, relevant, which)
    head, year = (part and part.encode() for part in _stamp(form, local))
    template = block.replace(head, DATE)
    if year:
        template = template.replace(year, YEAR)
    days = max(1, round(size_bytes / len(block)))
    with open(path, "wb") as out:
        out.write(log.mark)
        for back in range(days - 1, -1, -1):
            head, year = (part and part.encode()
                          for part in _stamp(form, local - datetime.timedelta(days=back)))
            content = template.replace(DATE, head)
            out.write(content.replace(YEAR, year) if year else content)
    log.touch(last + DAY - 60)
    return lines * days, waiting
