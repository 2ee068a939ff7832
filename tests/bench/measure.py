# SPDX-License-Identifier: GPL-3.0-or-later
"""Wall time, CPU and peak memory of a command, and a table of bounds that were kept or not."""
import os
import shutil
import subprocess


class Cost:
    """The cheapest of several runs: noise of a busy machine only ever adds."""

    def __init__(self, wall_s, cpu_s, peak_kb):
        self.wall_s, self.cpu_s, self.peak_kb = wall_s, cpu_s, peak_kb

    def least(self, other):
        return Cost(min(self.wall_s, other.wall_s), min(self.cpu_s, other.cpu_s), min(self.peak_kb, other.peak_kb))


class Meter:
    """Runs commands through the program `cost`, so that nothing of this interpreter is measured with them."""

    def __init__(self, build, folder):
        self.program, self.output = os.path.join(build, "tests", "bench", "cost"), os.path.join(folder, "output")

    def run(self, command, environment=None, expect=(0, 1, 2, 3)):
        """One run; its stdout is in self.output. Peak memory is the largest of the process and of the children it waited for."""
        told = subprocess.run([self.program, self.output, *command], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        code = os.waitstatus_to_exitcode(int(told[3]))
        if code not in expect:
            raise SystemExit("bench: %s ended with %d" % (command[0], code))
        return Cost(float(told[0]), float(told[1]), int(told[2]))


def need(program, package):
    """A peer that is missing is no peer that was beaten."""
    if shutil.which(program) is None:
        raise SystemExit("bench: %s is needed (Debian package %s)" % (program, package))


def compare(times, *commands):
    """Run the commands in turn, so that load falls on all of them. @return one Cost each"""
    costs = [None] * len(commands)
    for _ in range(times):
        for i, one in enumerate(commands):
            cost = one()
            costs[i] = cost if costs[i] is None else costs[i].least(cost)
    return costs


class Table:
    """Says each row at once: a part of the database runs for minutes, and one that is ended has told what it measured."""

    def __init__(self):
        self.broken = 0

    def bound(self, what, value, most, unit):
        self.judged(what, "%.3f %s" % (value, unit), "%.3f %s" % (most, unit), value <= most)

    def at_least(self, what, value, least, unit):
        self.judged(what, "%.2f %s" % (value, unit), ">= %.2f %s" % (least, unit), value >= least)

    def judged(self, what, value, bound, kept):
        self.broken += not kept
        print("%-70s %14s %14s  %s" % (what, value, bound, "kept" if kept else "BROKEN"), flush=True)

    def say(self, what, value):
        print("%-70s %s" % (what, value), flush=True)
