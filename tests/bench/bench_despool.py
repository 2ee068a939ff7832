# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_despool beside its peers on the same files."""
import os
import random
import shutil
import time

import logs
import measure

WORDS = ("requires a newer version", "Failed to open", "StoredPkgVersion")
PATTERN = "|".join(WORDS)
CHECK_LOGFILES = "/usr/lib/nagios/plugins/check_logfiles"
# What a peer is called, its command, and the Debian package that has it.
PEERS = (("rg -c", ["rg", "-c", PATTERN], "ripgrep"),
         ("grep -c -F", ["grep", "-c", "-F", *(word for one in WORDS for word in ("-e", one))], "grep"),
         ("wc -l", ["wc", "-l"], "coreutils"))
MB = 1 << 20
BIG = 400 * MB


class DespoolBench:
    def __init__(self, table, build, folder):
        self.table, self.folder, self.meter = table, folder, measure.Meter(build, folder)
        self.program = os.path.join(build, "plugins", "check_sms_despool")
        self.environment = {"PATH": "/usr/bin:/bin"}
        self.state = os.path.join(folder, "state-despool")

    def check(self, paths, *arguments, forget=True):
        """A run that may read everything at once; a first run when it is to forget."""
        if forget:
            shutil.rmtree(self.state, ignore_errors=True)
            os.mkdir(self.state, 0o750)
        return self.meter.run([self.program, *("--log=" + path for path in paths), "--state-dir=" + self.state, "--timezone=UTC",
                               "--max-bytes=1GiB", "-t", "120", *arguments], self.environment, (0, 1, 2))

    def again(self, paths, *arguments):
        return self.check(paths, *arguments, forget=False)

    def version(self):
        return self.meter.run([self.program, "--version"], self.environment, (3,))

    def peer(self, command, path):
        return self.meter.run([*command, path], self.environment)

    def check_logfiles(self, path):
        """A first run: what it remembers of an earlier log in the same inode would let it read the difference alone."""
        seek = os.path.join(self.folder, "seek")
        shutil.rmtree(seek, ignore_errors=True)
        os.mkdir(seek)
        return self.meter.run([CHECK_LOGFILES, "--tag=sms", "--logfile=" + path, "--seekfilesdir=" + seek, "--allyoucaneat",
                               "--criticalpattern=" + PATTERN], self.environment, (2,))

    def say(self, what, cost):
        self.table.say(what, "%.3f s, CPU %.3f s, %.1f MB" % (cost.wall_s, cost.cpu_s, cost.peak_kb / 1024))


RECORD = "%s  $$<%s><%s.%03d+00><thread=3000 (0xBB8)>\r\n"


def package_log(path, count, message, component, now):
    """One message for each of so many packages, over the last three days."""
    with open(path, "w") as log:
        for i in range(count):
            at = now - 3 * 86400 + i * 2.9 * 86400 / count
            log.write(RECORD % (message % i, component, time.strftime("%m-%d-%Y %H:%M:%S", time.gmtime(at)), at % 1 * 1000))


def ugly_log(path, size_bytes, source):
    """Nothing of this is shaped to suit: half lines, joined lines, NULs, other tongues, long lines, other components."""
    chance = random.Random(7)
    with open(source, "rb") as file:
        lines = file.read(8 * MB).splitlines(keepends=True)
    block = []
    for line in lines:
        kind = chance.randrange(12)
        block.append(line[:chance.randrange(len(line))] if kind == 0 else line.rstrip(b"\r\n") if kind == 1 else
                     b"\0" * chance.randrange(3000) + line if kind == 2 and chance.randrange(20) == 0 else
                     chance.randbytes(chance.randrange(400)) + b"\r\n" if kind == 3 else
                     b"x" * chance.randrange(60000) + line if kind == 4 and chance.randrange(50) == 0 else
                     line.replace(b"SMS_DISTRIBUTION_MANAGER", b"SMS_ANOTHER_COMPONENT") if kind == 5 else
                     b"\xC3\xBCber~  " + line if kind == 6 else line)
    data = b"".join(block)
    with open(path, "wb") as file:
        for _ in range(max(1, size_bytes // len(data))):
            file.write(data)


def milliseconds(cost, floor):
    return (cost.wall_s - floor.wall_s) * 1000


def small_pair(bench, site, now):
    pair, _ = logs.pair(os.path.join(bench.folder, "pair"), site, now, zone="0")
    paths = [log.path for log in pair.values()]
    version, first = measure.compare(20, bench.version, lambda: bench.check(paths))
    bench.table.bound("check_sms_despool, two logs of 2.6 MB: first run above --version", milliseconds(first, version), 15, "ms")
    version, nothing = measure.compare(20, bench.version, lambda: bench.again(paths))
    bench.table.bound("check_sms_despool, two logs of 2.6 MB: nothing new, above --version", milliseconds(nothing, version), 5, "ms")


def after_growth(bench, path):
    """The cheapest of ten runs, each with another MB of records at the end of the log."""
    with open(path, "rb") as file:
        new = file.read(MB)
    costs = []
    for _ in range(10):
        with open(path, "ab") as file:
            file.write(new)
            os.fsync(file)  # or the file system writes it when the check synchronises its state
        costs.append(bench.again([path]))
    return min(costs, key=lambda cost: cost.wall_s)


def against_peers(bench, path, title, faster):
    check, *peers = measure.compare(3, lambda: bench.check([path]), *(lambda command=command: bench.peer(command, path)
                                                                      for _, command, _ in PEERS))
    slowest = bench.check_logfiles(path)
    bench.say(title + "first run", check)
    for (name, _, _), cost in zip(PEERS, peers):
        bench.say("  peer %s" % name, cost)
    bench.say("  peer check_logfiles", slowest)
    bench.table.at_least(title + "faster than check_logfiles (CPU)", slowest.cpu_s / check.cpu_s, faster, "x")
    bench.table.bound(title + "peak memory", check.peak_kb / 1024, 16, "MB")
    version, nothing = measure.compare(20, bench.version, lambda: bench.again([path]))
    bench.table.bound(title + "nothing new, above --version", milliseconds(nothing, version), 5, "ms")


def big_log(bench, site, now, form):
    path = os.path.join(bench.folder, "distmgr.log")
    logs.big(path, BIG, site, form=form, now=now)
    title = "check_sms_despool, 400 MB of distmgr.log, form %s: " % form
    against_peers(bench, path, title, 15)
    grown = after_growth(bench, path)
    bench.table.bound(title + "peak memory with 1 MB new", grown.peak_kb / 1024, 16, "MB")
    os.unlink(path)
    # By the new bytes alone: a log of a hundredth of the size costs as much.
    logs.big(path, BIG // 100, site, form=form, now=now)
    bench.check([path])
    small = after_growth(bench, path)
    bench.table.bound(title + "1 MB new, above 1 MB new of a 4 MB log", milliseconds(grown, small), 1, "ms")
    os.unlink(path)


def dense_log(bench, site, now):
    path = os.path.join(bench.folder, "distmgr.log")
    logs.big(path, BIG, site, now=now, relevant=0.5, packages=403)
    against_peers(bench, path, "check_sms_despool, 400 MB, half its lines are events, 403 packages: ", 8)
    ugly = os.path.join(bench.folder, "ugly-distmgr.log")
    ugly_log(ugly, BIG // 4, path)
    against_peers(bench, ugly, "check_sms_despool, 100 MB of torn, joined, long and foreign lines: ", 8)
    os.unlink(path)
    os.unlink(ugly)


def many_packages(bench, now):
    path, title = os.path.join(bench.folder, "despool.log"), "check_sms_despool, "
    package_log(path, 8000, "CCompress::Open: Failed to open E:\\SMSPKG\\CEN%05X (2)", "SMS_DESPOOLER", now)
    bench.check([path])
    version, nothing = measure.compare(20, bench.version, lambda: bench.again([path]))
    bench.table.bound(title + "8,000 conditions open: nothing new, above --version", milliseconds(nothing, version), 5, "ms")
    bench.table.bound(title + "8,000 conditions open: peak memory", nothing.peak_kb / 1024, 16 + 8, "MB")
    package_log(path, 100_000, "Package CEN%05X requires a newer version (3) of source files and the new compressed files haven't "
                "arrived yet, current version is 2.", "SMS_DISTRIBUTION_MANAGER", now)
    bench.table.bound(title + "100,000 packages in one log: first run", bench.check([path]).wall_s, 2, "s")
    package_log(path, 32_000, "StoredPkgVersion (3) of package CEN%05X. StoredPkgVersion in database is 3.",
                "SMS_DISTRIBUTION_MANAGER", now)
    folder = os.path.join(bench.folder, "SMSPKG")
    os.mkdir(folder)
    for i in range(32_000):
        with open(os.path.join(folder, "CEN%05X.PCK" % i), "w") as file:
            file.write("x")
    bench.check([path])
    bench.again([path], "--pck=" + folder)
    without, pck = measure.compare(10, lambda: bench.again([path]), lambda: bench.again([path], "--pck=" + folder))
    bench.table.bound(title + "--pck with 32,000 packages, above without", milliseconds(pck, without), 50, "ms")
    shutil.rmtree(folder)
    os.unlink(path)


def run(table, build, folder):
    for program, package in [(command[0], package) for _, command, package in PEERS] + [(CHECK_LOGFILES, "monitoring-plugins-check-logfiles")]:
        measure.need(program, package)
    bench = DespoolBench(table, build, folder)
    now, site = time.time(), logs.Site("sms2003")
    small_pair(bench, site, now)
    for form in ("F1", "F2"):
        big_log(bench, site, now, form)
    dense_log(bench, site, now)
    many_packages(bench, now)
