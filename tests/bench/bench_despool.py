# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_despool beside its peers on the same files."""
import os
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

    def check(self, paths, forget=True):
        """A run that may read everything at once; a first run when it is to forget."""
        if forget:
            shutil.rmtree(self.state, ignore_errors=True)
            os.mkdir(self.state, 0o750)
        return self.meter.run([self.program, *("--log=" + path for path in paths), "--state-dir=" + self.state, "--timezone=UTC",
                               "--max-bytes=1GiB", "-t", "120"], self.environment, (0, 1, 2))

    def again(self, paths):
        return self.check(paths, forget=False)

    def version(self):
        return self.meter.run([self.program, "--version"], self.environment, (3,))

    def peer(self, command, path):
        return self.meter.run([*command, path], self.environment)

    def check_logfiles(self, path):
        seek = os.path.join(self.folder, "seek")
        os.makedirs(seek, exist_ok=True)
        return self.meter.run([CHECK_LOGFILES, "--tag=sms", "--logfile=" + path, "--seekfilesdir=" + seek, "--allyoucaneat",
                               "--criticalpattern=" + PATTERN], self.environment, (2,))

    def say(self, what, cost):
        self.table.say(what, "%.3f s, CPU %.3f s, %.1f MB" % (cost.wall_s, cost.cpu_s, cost.peak_kb / 1024))


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


def big_log(bench, site, now, form):
    path = os.path.join(bench.folder, "distmgr.log")
    logs.big(path, BIG, site, form=form, now=now)
    title = "check_sms_despool, 400 MB of distmgr.log, form %s: " % form
    check, *peers = measure.compare(7, lambda: bench.check([path]), *(lambda command=command: bench.peer(command, path)
                                                                      for _, command, _ in PEERS))
    slowest = bench.check_logfiles(path)
    bench.say(title + "first run", check)
    for (name, _, _), cost in zip(PEERS, peers):
        bench.say("  peer %s" % name, cost)
    bench.say("  peer check_logfiles", slowest)
    bench.table.bound(title + "times ripgrep's time", check.wall_s / peers[0].wall_s, 3, "x")
    bench.table.at_least(title + "faster than check_logfiles", slowest.wall_s / check.wall_s, 25, "x")
    bench.table.bound(title + "peak memory", check.peak_kb / 1024, 16, "MB")
    version, nothing = measure.compare(20, bench.version, lambda: bench.again([path]))
    bench.table.bound(title + "nothing new, above --version", milliseconds(nothing, version), 5, "ms")
    grown = after_growth(bench, path)
    bench.table.bound(title + "peak memory with 1 MB new", grown.peak_kb / 1024, 16, "MB")
    os.unlink(path)
    # By the new bytes alone: a log of a hundredth of the size costs as much.
    logs.big(path, BIG // 100, site, form=form, now=now)
    bench.check([path])
    small = after_growth(bench, path)
    bench.table.bound(title + "1 MB new, above 1 MB new of a 4 MB log", milliseconds(grown, small), 1, "ms")
    os.unlink(path)


def run(table, build, folder):
    for program, package in [(command[0], package) for _, command, package in PEERS] + [(CHECK_LOGFILES, "monitoring-plugins-check-logfiles")]:
        measure.need(program, package)
    bench = DespoolBench(table, build, folder)
    now, site = time.time(), logs.Site("sms2003")
    small_pair(bench, site, now)
    for form in ("F1", "F2"):
        big_log(bench, site, now, form)
