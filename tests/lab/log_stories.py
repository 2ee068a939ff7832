# SPDX-License-Identifier: GPL-3.0-or-later
"""What one package's trouble, or its healthy way, looks like in the logs of a child site."""

import time
from collections import namedtuple

from log_forms import Record

HOUR = 3600
DAY = 86400
ORDER = ("sms1", "sms20", "sms2003", "sccm2007", "cm2012", "cb")

# condition: what is open at the end: None, "waiting" or "base_missing".
# opened, last: time of the first and the last line that says so; repeats: waiting lines in all.
Outcome = namedtuple("Outcome", "package condition opened last repeats wanted have")
Story = namedtuple("Story", "records outcome")


class Site:
    """The child site that writes the logs."""

    def __init__(self, product="sms2003", code="S02", parent="CEN", drive="E", server=None):
        self.product, self.code, self.parent, self.drive = product, code, parent, drive
        self.server = server or f"{code}1" + (".CORP.EXAMPLE" if self.since("cm2012") else "")
        self.root = f"{drive}:\\ConfigMgr" if self.since("cm2012") else f"{drive}:\\SMS"

    def since(self, product):
        return ORDER.index(self.product) >= ORDER.index(product)

    @property
    def tilde(self):
        """From 2012 on most messages begin with the ~ of a line break."""
        return "~" if self.since("cm2012") else ""

    def incoming(self, package):
        stem = "".join("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"[(ord(c) * 7 + i * 11) % 34]
                       for i, c in enumerate(package))
        return f"{self.root}\\inboxes\\distmgr.box\\INCOMING\\{stem}.PKG"

    def distmgr(self, at, thread, text):
        return Record(at, "distmgr", "SMS_DISTRIBUTION_MANAGER", thread, text)

    def despool(self, at, thread, text):
        return Record(at, "despool", "SMS_DESPOOLER", thread, text)

    def waiting_text(self, package, wanted, have, skip=None):
        """The line that repeats while the content has not arrived; 2012+ has another one."""
        verb = "haven't" if self.since("sms2003") else "hasn't"
        tail = f", skip {self.incoming(package)}" if (skip if skip is not None
                                                     else not self.since("sms2003")) else "."
        return (f"Package {package} requires a newer version ({wanted}) of source files and the"
                f" new compressed files {verb} arrived yet, current version is {have}{tail}")

    def waiting(self, at, thread, package, wanted, have, skip=None):
        """One pass of the distribution manager over the package that has not arrived."""
        if self.since("cm2012"):
            texts = [f"Started package processing thread for package '{package}',"
                     f" thread ID = 0x{thread:X} ({thread})",
                     f"Processing package {package} (SourceVersion:{wanted};StoredVersion:{have})",
                     f"The contents for the package {package} hasn't arrived from site"
                     f" {self.parent} yet, will retry later.",
                     f"All DP threads have completed for package {package} processing thread.",
                     f"Exiting package processing thread for package {package}."]
            return [self.distmgr(at + i * 0.016, thread, "~" + text)
                    for i, text in enumerate(texts)]
        return [self.distmgr(at - 0.094, thread,
                             f"Processing incoming file {self.incoming(package)}."),
                self.distmgr(at, thread, self.waiting_text(package, wanted, have, skip))]

    def received(self, at, thread, package, version):
        """The despooler takes up an instruction that carries the package."""
        lines = ["Executing instruction of type MICROSOFT|SMS|MINIJOBINSTRUCTION|PACKAGE"]
        if self.since("cm2012"):
            box = f"{self.root}\\inboxes\\despoolr.box\\receive"
            stem = f"ds_{thread:x}k"
            lines[:0] = [f"Verifying signature for instruction {box}\\{stem}.ist of type"
                         " MICROSOFT|SMS|MINIJOBINSTRUCTION|PACKAGE",
                         "Signature checked out OK for instruction coming from site"
                         f" {self.parent}, proceed with the instruction execution."]
            lines += [f"Received package {package} version {version}. Compressed file -  "
                      f"{self.drive}:\\SMSPKG\\{package}.PCK.{version} as {box}\\{stem}.pkg",
                      "Old package storedUNC path is ."]
        else:
            lines.append(f"Received package {package} version {version}")
        return [self.despool(at + i * 0.031, thread, self.tilde + line)
                for i, line in enumerate(lines)]

    def stored(self, at, thread, package, version, have):
        """The rest of a success: 2012+ says that it stored the version, older ones do not."""
        pck = f"{self.drive}:\\SMSPKG\\{package}.PCK"
        lines = []
        if self.since("cm2012"):
            lines = [f"~Use drive {self.drive} for storing the compressed package.",
                     f"Uncompressing {pck} to {pck}.temp", f"Extracting from {pck}.temp",
                     f"Extracting package {package}", f"Extracting content {package}.{version}",
                     f"Writing package definition for {package}",
                     f"~Package {package} (version {have}) exists in the distribution source,"
                     f" save the newer version (version {version}).",
                     f"~Stored Package {package}. Stored Package Version = {version}"]
        lines.append(self.tilde + "Despooler successfully executed one instruction.")
        return [self.despool(at + i * 0.7, thread, line) for i, line in enumerate(lines)]

    def processed(self, at, thread, package, version):
        """The distribution manager's pass once the content is here."""
        if self.product in ("sms1", "sms20", "sms2003"):
            return [self.distmgr(at, thread, f"Start updating the package {package}..."),
                    self.distmgr(at + 0.2, thread,
                                 f"Updated replicated package info for package {package}")]
        lines = [f"StoredPkgVersion ({version}) of package {package}. StoredPkgVersion in database"
                 f" is {version}.",
                 f"SourceVersion ({version}) of package {package}. SourceVersion in database"
                 f" is {version}."]
        if self.since("cm2012"):
            lines[:0] = [f"Processing package {package}"
                         f" (SourceVersion:{version};StoredVersion:{version})"]
            lines.append(f"Exiting package processing thread for package {package}.")
        return [self.distmgr(at + i * 0.05, thread, self.tilde + line)
                for i, line in enumerate(lines)]


def _passes(site, package, wanted, have, first, end, repeat_s, thread, skip):
    records, times, at = [], [], first
    while at <= end:
        group = site.waiting(at, thread + 4 * (len(times) % 7), package, wanted, have, skip)
        if group[-1].time > end:
            break
        records += group
        times.append(at)
        at += repeat_s
    return records, times


def _base_missing(site, at, thread, package, version):
    return site.received(at, thread, package, version) + [
        site.despool(at + 2.2, thread, "CCompress::Open: Failed to open"
                     f" {site.drive}:\\SMSPKG\\{package} (2)")]


def article(site, package="CEN00001", wanted=3, have=2, start=0, now=4 * DAY, repeat_s=HOUR,
            thread=3412, skip=None, received=True):
    """The delta of the wanted version comes, its base is gone, and nothing ever ends.

    received=False: nothing was ever sent; only the distribution manager waits.
    """
    records = _base_missing(site, start, thread + 800, package, wanted) if received else []
    more, times = _passes(site, package, wanted, have, start + 10, now, repeat_s, thread, skip)
    opened = start + 2.2 if received else times[0]
    return Story(records + more, Outcome(
        package, "base_missing" if received else "waiting", opened,
        times[-1] if times else opened, len(times), wanted, have))


def waiting(site, **options):
    """Never sent: the distribution manager waits, the despooler knows nothing."""
    return article(site, received=False, **options)


def slow(site, package="CEN00003", wanted=2, have=1, start=0, now=4 * DAY, repeat_s=HOUR,
         thread=2732, skip=None, arrives_after_s=DAY):
    """Healthy: the content comes after a day. SMS 2003 then just stops to repeat."""
    arrives = start + arrives_after_s
    records, times = _passes(site, package, wanted, have, start + 10, min(arrives, now), repeat_s,
                             thread, skip)
    if arrives + 30 > now:
        return Story(records, Outcome(package, "waiting", times[0], times[-1], len(times), wanted,
                                      have))
    records += site.received(arrives, thread + 804, package, wanted)
    records += site.stored(arrives + 3, thread + 804, package, wanted, have)
    records += site.processed(arrives + 15, thread, package, wanted)
    return Story(records, Outcome(package, None, times[0], times[-1], len(times), wanted, wanted))


def retry(site, package="CEN00004", wanted=1, have=0, start=0, now=4 * DAY, thread=3816, **_):
    """2012+: the content comes before its metadata; the despooler tries again after 5 minutes."""
    if not site.since("cm2012"):
        raise ValueError(f"story retry: {site.product} has no such messages, cm2012 and later have")
    box = f"{site.root}\\inboxes\\despoolr.box\\receive"
    records = site.received(start, thread, package, wanted)
    till = time.gmtime(start + 300)
    for i, text in enumerate((
            f"~This package[{package}]'s information hasn't arrived yet for this version"
            f" [{wanted}]. Retry later ...",
            "~Created retry instruction for job 00007QCM",
            "~Despooler failed to execute the instruction, error code = 12")):
        records.append(site.despool(start + 1 + i * 0.1, thread, text))
    records.append(site.despool(start + 2, thread + 2312, f"~Instruction {box}\\ds_3kyyh.sni won't"
                                f" be processed till {till.tm_mon}/{till.tm_mday}/{till.tm_year}"
                                f" {time.strftime('%I:%M:%S %p', till)} Eastern Daylight Time"))
    again = start + 300
    if again + 30 > now:
        return Story(records, Outcome(package, "waiting", start + 1, start + 1, 1, wanted, have))
    records += site.received(again, thread + 256, package, wanted)
    records += site.stored(again + 1, thread + 256, package, wanted, have)
    records += site.processed(again + 15, thread + 900, package, wanted)
    return Story(records, Outcome(package, None, start + 1, start + 1, 1, wanted, wanted))


def superseded(site, package="CEN00005", wanted=3, have=2, start=0, now=4 * DAY, repeat_s=HOUR,
               thread=5204, skip=None, updated_after_s=DAY, arrives_after_s=None):
    """While version 3 is awaited the owner updates to 4; 4 arrives, or (None) never does."""
    renewed = start + updated_after_s
    arrives = now if arrives_after_s is None else start + arrives_after_s
    records, times = _passes(site, package, wanted, have, start + 10, renewed, repeat_s, thread,
                             skip)
    more, later = _passes(site, package, wanted + 1, have, renewed + 10, min(arrives, now),
                          repeat_s, thread, skip)
    records, times = records + more, times + later
    if arrives_after_s is None or arrives + 30 > now:
        return Story(records, Outcome(package, "waiting", times[0], times[-1], len(times),
                                      wanted + 1, have))
    records += site.received(arrives, thread + 804, package, wanted + 1)
    records += site.stored(arrives + 3, thread + 804, package, wanted + 1, have)
    records += site.processed(arrives + 15, thread, package, wanted + 1)
    return Story(records, Outcome(package, None, times[0], times[-1], len(times), wanted + 1,
                                  wanted + 1))


def disguised(site, package="CEN000B6", wanted=12, have=15, start=0, now=4 * DAY, repeat_s=HOUR,
              thread=6116, **_):
    """2007: "a newer version has already arrived", and yet nothing was ever decompressed."""
    text = (f"A newer version ({have}) of package {package} has already arrived, delete the"
            f" replication file {site.incoming(package)} for version {wanted} .")
    times = []
    while start + len(times) * repeat_s <= now:
        times.append(start + len(times) * repeat_s)
    return Story([site.distmgr(at, thread, text) for at in times],
                 Outcome(package, "waiting", times[0], times[-1], len(times), wanted, have))


def repaired(site, package="CEN00007", wanted=4, have=3, start=0, now=4 * DAY, repeat_s=HOUR,
             thread=4452, skip=None, repaired_after_s=2 * DAY):
    """The article's case until the whole package is sent again and goes through."""
    story = article(site, package, wanted, have, start, min(start + repaired_after_s, now),
                    repeat_s, thread, skip)
    again = start + repaired_after_s
    if again + 30 > now:
        return story
    records = story.records + site.received(again, thread + 804, package, wanted)
    records += site.stored(again + 3, thread + 804, package, wanted, 0)
    records += site.processed(again + 15, thread, package, wanted)
    return Story(records, story.outcome._replace(condition=None, have=wanted))


STORIES = {"article": article, "waiting": waiting, "slow": slow, "retry": retry,
           "superseded": superseded, "disguised": disguised, "repaired": repaired}
