# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_inbox beside a program that only lists, on the same folders."""
import os
import shutil
import time

import measure

# What reads names, sizes and dates, and nothing else: the floor.
FLOOR = ["find", "", "-type", "f", "-printf", "%s %T@\\n"]
MANY, FEW = 200_000, 2_000


class InboxBench:
    def __init__(self, table, build, folder):
        self.table, self.folder, self.meter = table, folder, measure.Meter(build, folder)
        self.program = os.path.join(build, "plugins", "check_sms_inbox")
        self.environment = {"PATH": "/usr/bin:/bin"}
        self.state = os.path.join(folder, "state-inbox")

    def check(self, boxes, *arguments, forget=False):
        if forget:
            shutil.rmtree(self.state, ignore_errors=True)
        os.makedirs(self.state, 0o750, exist_ok=True)
        return self.meter.run([self.program, *("--box=" + box for box in boxes), "--state-dir=" + self.state, *arguments],
                              self.environment, (0, 1, 2))

    def version(self):
        return self.meter.run([self.program, "--version"], self.environment, (3,))

    def floor(self, box):
        return self.meter.run([FLOOR[0], box, *FLOOR[2:]], self.environment, (0,))

    def fill(self, name, count, age_s=3600):
        """Files that came one after the other until an hour ago."""
        box = os.path.join(self.folder, name, "schedule.box")
        os.makedirs(box)
        for number in range(count):
            path = os.path.join(box, "2%07d.SRQ" % number)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
            then = time.time() - age_s - (count - number) * 0.1
            os.utime(path, (then, then))
        return box


def cpu_ms(cost, floor):
    return (cost.cpu_s - floor.cpu_s) * 1000


def many_files(bench):
    title = "check_sms_inbox, a folder with 200,000 files: "
    box = bench.fill("many", MANY)
    few = bench.fill("few", FEW)
    floor, first, again = measure.compare(5, lambda: bench.floor(box), lambda: bench.check([box], forget=True),
                                          lambda: bench.check([box]))
    bench.table.say("floor: find -printf of 200,000 files", "%.3f s, CPU %.3f s" % (floor.wall_s, floor.cpu_s))
    bench.table.say(title + "first run", "%.3f s, CPU %.3f s" % (first.wall_s, first.cpu_s))
    bench.table.bound(title + "first run, CPU, times the floor", first.cpu_s / floor.cpu_s, 1.5, "x")
    bench.table.bound(title + "next run, CPU, times the floor", again.cpu_s / floor.cpu_s, 1.5, "x")
    small = bench.check([few], forget=True)
    bench.table.bound(title + "peak memory", first.peak_kb / 1024, 64, "MB")
    bench.table.bound(title + "peak memory above that with 2,000", (first.peak_kb - small.peak_kb) / 1024, 1, "MB")
    shutil.rmtree(os.path.dirname(box))


def many_boxes(bench):
    boxes = [bench.fill("site%d" % number, 20) for number in range(100)]
    version, nothing = measure.compare(10, bench.version, lambda: bench.check(boxes))
    bench.table.bound("check_sms_inbox, 100 boxes with 20 files: CPU above --version", cpu_ms(nothing, version), 60, "ms")
    box = bench.fill("one", 20)
    version, nothing = measure.compare(20, bench.version, lambda: bench.check([box]))
    bench.table.bound("check_sms_inbox, one box with 20 files: CPU above --version", cpu_ms(nothing, version), 15, "ms")


def thousand_left_behind(bench):
    """Each is an item, a row of the memory, and what other checks are told."""
    box = bench.fill("old", 1000, age_s=9 * 86400)
    version, again = measure.compare(10, bench.version, lambda: bench.check([box]))
    bench.table.bound("check_sms_inbox, 1,000 files left behind: CPU above --version", cpu_ms(again, version), 60, "ms")


def run(table, build, folder):
    measure.need(FLOOR[0], "findutils")
    bench = InboxBench(table, build, folder)
    many_files(bench)
    many_boxes(bench)
    thousand_left_behind(bench)
