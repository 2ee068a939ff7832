#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes despool.log and distmgr.log of one child site, as any product version writes them.

    site = Site("sms2003", code="S02", parent="CEN")
    story = article(site, package="CEN00001", start=now - 4 * DAY, now=now)
    write(directory, [story], site, now=now, form="F2", zone="Europe/Berlin")
    story.outcome.condition     # "base_missing"
"""

import argparse
import os
import random
import sys
import time

from log_bulk import big
from log_chatter import chatter, heartbeat
from log_forms import DEFAULT_FORM, ENCODINGS, FORMS, LogFile, Record, Zone
from log_stories import (DAY, HOUR, ORDER, STORIES, Outcome, Site, Story, article, disguised,
                         repaired, retry, slow, superseded, waiting)
from sitedb_schema import parse_now

__all__ = ["DAY", "DEFAULT_FORM", "ENCODINGS", "FORMS", "HOUR", "LogFile", "ORDER", "Outcome",
           "Record", "STORIES", "Site", "Story", "Zone", "article", "big", "chatter", "disguised",
           "heartbeat", "merged", "open_logs", "pair", "repaired", "retry", "slow", "superseded",
           "waiting", "write"]


def open_logs(directory, form="F1", encoding="utf-8", newline="crlf", zone="Europe/Berlin",
              label=None, padded=True):
    """{"despool": LogFile, "distmgr": LogFile}, for tests that let the files grow."""
    os.makedirs(directory, exist_ok=True)
    return {name: LogFile(os.path.join(directory, f"{name}.log"), form, encoding, newline, zone,
                          label, padded) for name in ("despool", "distmgr")}


def merged(*sources, disorder=False, seed=7):
    """All records in time order. disorder: now and then two neighbours within 20 ms change places,
    as threads write them."""
    records = sorted((record for source in sources
                      for record in (source.records if isinstance(source, Story) else source)),
                     key=lambda record: record.time)
    if disorder:
        rng = random.Random(seed)
        for i in range(len(records) - 1):
            if records[i + 1].time - records[i].time <= 0.02 and rng.random() < 0.5:
                records[i], records[i + 1] = records[i + 1], records[i]
    return records


def write(directory, sources, site, now, start=None, form=None, encoding="utf-8", newline="crlf",
          zone="Europe/Berlin", label=None, padded=True, gap_s=900, rotate_at=None, max_bytes=None,
          disorder=False, seed=1):
    """Writes the stories among other packages' lines. Returns {"despool": LogFile, ...}.

    gap_s: mean time between other packages' doings, None for silence. rotate_at: a time; what is
    older stands in .lo_. max_bytes: rotates at that size instead, and what is older still is lost.
    The files' modification time is that of their last record.
    """
    logs = open_logs(directory, form or DEFAULT_FORM[site.product], encoding, newline, zone, label,
                     padded)
    everything = [source.records if isinstance(source, Story) else list(source)
                  for source in sources]
    if gap_s is not None:
        if start is None:
            start = min((record.time for source in everything for record in source),
                        default=now - DAY) - HOUR
        everything += [list(chatter(site, start, now, gap_s, seed)),
                       list(heartbeat(site, start, now))]
    records = [record for record in merged(*everything, disorder=disorder, seed=seed)
               if record.time <= now]
    for name, log in logs.items():
        for path in (log.path, log.old_path):
            if os.path.exists(path):
                os.unlink(path)
        own = [record for record in records if record.log == name]
        if max_bytes is not None:
            _write_rotating(log, own, max_bytes)
        elif rotate_at is not None:
            log.append([record for record in own if record.time < rotate_at])
            log.rotate()
            log.append([record for record in own if record.time >= rotate_at])
        else:
            log.append(own)
        if own:
            log.touch(own[-1].time)
    return logs


def _write_rotating(log, records, max_bytes):
    part, size = [], 0
    for record in records:
        length = len(log.encode([record]))
        if size + length > max_bytes and part:
            log.append(part)
            log.rotate()
            part, size = [], 0
        part.append(record)
        size += length
    log.append(part)


def pair(directory, site, now, size_bytes=2_600_000, form=None, zone="Europe/Berlin", **options):
    """Both logs of about size_bytes each, as a busy site has them, with the article's story and a
    slow package among them. Returns ({"despool": LogFile, ...}, [Outcome, ...])."""
    stories = [article(site, start=now - 4 * DAY, now=now),
               slow(site, start=now - 3 * DAY, now=now, package="CEN00003")]
    start = now - 5 * DAY
    records = {"despool": [], "distmgr": []}
    for name in records:
        logs = open_logs(directory, form or DEFAULT_FORM[site.product], zone=zone)
        gap_s = 120.0
        for _ in range(8):
            own = [record for record in chatter(site, start, now, gap_s) if record.log == name]
            size = len(logs[name].encode(own))
            if abs(size - size_bytes) < size_bytes * 0.03:
                break
            gap_s *= size / size_bytes
        records[name] = own
    logs = write(directory, stories + list(records.values()), site, now, form=form, zone=zone,
                 gap_s=None, **options)
    return logs, [story.outcome for story in stories]


def _size(text):
    scale = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1].upper(), 1)
    return int(float(text[:-1] if scale > 1 else text) * scale)


def _span(text):
    scale = {"s": 1, "m": 60, "h": HOUR, "d": DAY, "w": 7 * DAY}
    return float(text[:-1]) * scale[text[-1]] if text[-1] in scale else float(text)


def _parser():
    p = argparse.ArgumentParser(prog="logs.py", description="Writes a child site's logs.")
    p.add_argument("directory")
    p.add_argument("--story", default="article",
                   help=f"comma list of {', '.join(STORIES)}; or none")
    p.add_argument("--product", choices=ORDER, default="sms2003")
    p.add_argument("--form", choices=FORMS, help="default: the product's")
    p.add_argument("--encoding", choices=sorted(ENCODINGS), default="utf-8")
    p.add_argument("--newline", choices=("crlf", "lf"), default="crlf")
    p.add_argument("--zone", default="Europe/Berlin", help="IANA name, or minutes east of UTC")
    p.add_argument("--zone-label", help="zone name in F2 stamps instead of the right one")
    p.add_argument("--unpadded", action="store_true", help="days and hours without leading zero")
    p.add_argument("--now", help="epoch or ISO 8601")
    p.add_argument("--start-age", type=_span, default=4 * DAY, metavar="DURATION")
    p.add_argument("--repeat", type=_span, default=HOUR, metavar="DURATION")
    p.add_argument("--site", default="S02")
    p.add_argument("--parent", default="CEN")
    p.add_argument("--package", help="package of the first story")
    p.add_argument("--wanted", type=int, default=3)
    p.add_argument("--have", type=int, default=2)
    p.add_argument("--gap", type=_span, default=900, help="mean time between other doings; 0: none")
    p.add_argument("--rotate-age", type=_span, help="what is older than this stands in .lo_")
    p.add_argument("--max-bytes", type=_size, help="rotate at this size")
    p.add_argument("--disorder", action="store_true", help="neighbouring lines out of order")
    p.add_argument("--pair", action="store_true", help="a busy site's logs of 2.6 MB each")
    p.add_argument("--big", type=_size, metavar="SIZE", help="only a distmgr.log of this size")
    return p


def main(argv=None):
    options = _parser().parse_args(argv)
    now = parse_now(options.now)
    site = Site(options.product, options.site, options.parent)
    os.makedirs(options.directory, exist_ok=True)
    began = time.monotonic()
    if options.big:
        path = os.path.join(options.directory, "distmgr.log")
        offset = options.zone if options.zone.lstrip("+-").isdigit() else "0"
        lines, packages = big(path, options.big, site,
                              options.form or DEFAULT_FORM[options.product], now,
                              zone=int(offset), label=options.zone_label,
                              encoding=options.encoding, newline=options.newline)
        print(f"{path}: {os.path.getsize(path)} bytes, {lines} lines, {len(packages)} packages"
              f" wait, {time.monotonic() - began:.1f} s")
        return 0
    form = {"form": options.form, "encoding": options.encoding, "newline": options.newline,
            "zone": options.zone, "label": options.zone_label, "padded": not options.unpadded,
            "disorder": options.disorder}
    if options.pair:
        logs, outcomes = pair(options.directory, site, now, **form)
    else:
        names = [name for name in options.story.split(",") if name and name != "none"]
        for name in names:
            if name not in STORIES:
                print(f"logs.py: no such story: {name} (one of {', '.join(STORIES)})",
                      file=sys.stderr)
                return 3
        for name in names:
            if name == "retry" and ORDER.index(options.product) < ORDER.index("cm2012"):
                print("logs.py: story retry needs --product=cm2012 or cb", file=sys.stderr)
                return 3
        stories = []
        for rank, name in enumerate(names):
            own = {"package": options.package} if options.package and rank == 0 else {}
            stories.append(STORIES[name](site, start=now - options.start_age + rank * 0.005,
                                         now=now, repeat_s=options.repeat, wanted=options.wanted,
                                         have=options.have, **own))
        outcomes = [story.outcome for story in stories]
        logs = write(options.directory, stories, site, now, gap_s=options.gap or None,
                     rotate_at=None if options.rotate_age is None else now - options.rotate_age,
                     max_bytes=options.max_bytes, **form)
    for log in logs.values():
        print(f"{log.path}: {os.path.getsize(log.path)} bytes")
    for outcome in outcomes:
        print(outcome)
    print(f"{time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
