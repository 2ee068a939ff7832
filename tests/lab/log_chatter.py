# SPDX-License-Identifier: GPL-3.0-or-later
"""What else stands in the two logs: healthy packages, other jobs, other components, other threads.

Nothing here opens or closes a condition of a story's package.
"""

import random
import time

from log_forms import DAYS, MONTHS
from log_stories import HOUR

OTHER = "XYZ"


def _statmsg(site, rng, at, number, component, thread, package, nal=""):
    moment = time.gmtime(at)
    stamp = (f"{DAYS[moment.tm_wday]} {MONTHS[moment.tm_mon - 1]}"
             f" {moment.tm_mday:02d} {time.strftime('%H:%M:%S', moment)}.{rng.randrange(1000):03d}"
             f" {moment.tm_year}")
    strings = [package, nal] + [""] * 8
    return (f'STATMSG: ID={number} SEV=I LEV=M SOURCE="SMS Server" COMP="{component}"'
            f" SYS={site.server} SITE={site.code} PID=5428 TID={thread} GMTDATE={stamp} "
            + " ".join(f'ISTR{i}="{value}"' for i, value in enumerate(strings))
            + f' NUMATTRS=1 AID0=400 AVAL0="{package}"')


def _distmgr_pass(site, rng, at, thread, package, version):
    """A healthy package on its way to a DP."""
    server = f"{site.code}DP{rng.randrange(1, 4)}"
    nal = f'["Display=\\\\{server}\\"]MSWNET:["SMS_SITE={site.code}"]\\\\{server}\\'
    limit = rng.randrange(0, 4)
    modern = site.since("cm2012")
    lines = []
    if modern:
        lines += [f"Found package properties updated notification for package '{package}'",
                  f"Adding package '{package}' to package processing queue.",
                  f"~Currently using {limit} out of 3 allowed package processing threads.",
                  f"~Started package processing thread for package '{package}',"
                  f" thread ID = 0x{thread:X} ({thread})",
                  f"~Processing package {package} (SourceVersion:{version};"
                  f"StoredVersion:{version})"]
    else:
        lines += [f"Used {limit} out of 3 allowed processing threads.",
                  f"Starting package processing thread,thread ID = {thread:X}"]
    lines += [f"Start updating the package {package}...",
              f"{site.tilde}The Package Action is 1, the Update Mask is 160 and UpdateMaskEx is 0.",
              f"{site.tilde}Successfully created/updated the package {package}",
              f"Start adding package {package} to server {nal}...",
              f"The current user context will be used for connecting to {nal}.~",
              f"{site.tilde}Successfully updated the package server status for {nal} for package"
              f" {package}, Status 3",
              _statmsg(site, rng, at, 2330, "SMS_DISTRIBUTION_MANAGER", thread, package, nal)]
    if site.since("sccm2007"):
        lines += [f"{site.tilde}StoredPkgVersion ({version}) of package {package}."
                  f" StoredPkgVersion in database is {version}.",
                  f"{site.tilde}SourceVersion ({version}) of package {package}."
                  f" SourceVersion in database is {version}."]
    lines.append(f"~ Exiting package processing thread for package {package}." if modern
                 else "Sleep 3600 seconds...")
    gap = 0
    for text in lines:
        gap += rng.uniform(0.001, 0.4)
        yield site.distmgr(at + gap, thread, text)


def _despool_other(site, rng, at, thread):
    kind = rng.choice(("INVENTORY", "CONFIG", "STATUS", "PROGRAM"))
    number = rng.randrange(36 ** 4)
    tilde = site.tilde
    yield site.despool(at, 1808, f"{tilde}Found ready instruction {number:06x}.sni")
    yield site.despool(at + 0.015, 1808, f"{tilde}Used {rng.randrange(3)} out of 3 despooling threads")
    yield site.despool(at + 0.031, 1808, f"{tilde}Created a new despooling thread {thread:X}")
    yield site.despool(at + 0.047, thread, f"{tilde}Executing instruction of type"
                       f" MICROSOFT|SMS|MINIJOBINSTRUCTION|{kind}")
    if rng.random() < 0.04:
        # A warning that says "failed" and is none.
        yield site.despool(at + 0.4, thread,
                           f"{tilde}Despooler failed to execute the instruction, error code = cb")
    else:
        yield site.despool(at + rng.uniform(0.1, 5), thread,
                           f"{tilde}Despooler successfully executed one instruction.")
    yield site.despool(at + 5.2, 1808, f"{tilde}Waiting for ready instruction file....")


def _despool_package(site, rng, at, thread, package, version):
    yield from site.received(at, thread, package, version)
    yield from site.stored(at + 1, thread, package, version, version - 1)


def chatter(site, start, now, mean_gap_s=300, seed=1, packages=60, foreign=True):
    """Records between start and now. Their package IDs begin with XYZ.

    foreign: also lines of other components, as where several share one log file.
    """
    rng = random.Random(seed)
    versions = {}
    at = start + rng.uniform(0, mean_gap_s)
    while at < now - 30:
        draw = rng.random()
        thread = rng.randrange(1000, 9999) * 4
        if rng.random() < 0.002:
            thread = rng.randrange(1 << 31, 1 << 32)
        package = f"{OTHER}{rng.randrange(packages):05X}"
        if draw < 0.45:
            records = _distmgr_pass(site, rng, at, thread, package, versions.setdefault(package, 1))
        elif draw < 0.85:
            records = _despool_other(site, rng, at, thread)
        elif draw < 0.97 or not foreign:
            versions[package] = versions.get(package, 1) + 1
            records = _despool_package(site, rng, at, thread, package, versions[package])
        else:
            texts = ("ProcessDPMessage: <Activating JOB 00000123>[Software Distribution for Prüfung,"
                     f" Package ID = {package}]", "SQL>>>>> Done.", "")
            records = (site.distmgr(at, thread, texts[rng.randrange(3)])
                       ._replace(component=rng.choice(("SMS Provider", "SMS_SCHEDULER",
                                                       "C:\\WINDOWS\\sms_temp\\CCMBtLdr.exe"))),)
        for record in records:
            if record.time <= now:
                yield record
        at += rng.expovariate(1 / mean_gap_s)


def heartbeat(site, start, now, every_s=HOUR):
    """Plain signs of life, so that a log goes on when everything else is silent."""
    at = start
    while at <= now:
        yield site.despool(at, 1808, f"{site.tilde}Waiting for ready instruction file....")
        yield site.distmgr(at + 1, 2256, f"{site.tilde}Sleep 3600 seconds...")
        at += every_s
