# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of the site database against a floor: a program that only connects, runs the same statements, fetches and disconnects."""
import os
import re
import sqlite3
import subprocess
import sys
import time

import measure
import odbc
import sitedb
import sitedb_bulk
import sitedb_demo
import two_pass


class DatabaseBench:
    def __init__(self, table, build, folder):
        self.table, self.folder, self.meter = table, folder, measure.Meter(build, folder)
        self.plugins = os.path.join(build, "plugins")
        self.floor = os.path.join(build, "tests", "bench", "odbc_floor")
        self.clock = os.path.join(build, "tests", "bench", "odbc_clock.so")
        self.environment = {"PATH": "/usr/bin:/bin", **odbc.environment(os.path.join(folder, "odbc"))}

    def statements(self, command, name, database):
        """The statements that the check itself tells under -vvv: no copy of any SQL stands here."""
        told = ""
        for run in range(4):  # the first has no memory, two have seen nothing arrive: they ask for more than all that follow
            if run == 2:
                arrive(database)
            told = subprocess.run(command + ["-vvv"], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True).stderr
        refused = set(re.findall(r"no such column: (\w+)", told))
        lines = [line for line in re.findall(r"^SQL of [^:]*: (.*)$", told, re.M)
                 if not (line.endswith("WHERE 1 = 0") and any("COUNT(%s)" % column in line for column in refused))]
        # The floor binds one text to every parameter: dates are written out.
        for sign, day in ((">=", -1), ("<=", 1)):
            date = time.strftime("%Y-%m-%d", time.gmtime(time.time() + day * 86400))
            lines = [re.sub(r"((?:UpdateTime|LastCopied|SummaryDate) %s )\?" % sign, r"\1'%s'" % date, line) for line in lines]
        path = os.path.join(self.folder, name + ".sql")
        with open(path, "w") as file:
            file.write("".join(line + "\n" for line in lines))
        return path

    def compare(self, name, program, arguments, connect, owner, times, database):
        state = os.path.join(self.folder, "-".join(("state", program, *name.split())))
        os.mkdir(state, 0o750)
        command = [os.path.join(self.plugins, program), "--state-dir=" + state, "-t", "120", "--site=" + owner, *arguments]
        statements = self.statements(command, program + "-" + name.replace(" ", "-"), database)
        floor, check = measure.compare(
            times, lambda: self.meter.run([self.floor, connect, statements, owner], self.environment, (0,)),
            lambda: self.meter.run(command, self.environment, (0, 1, 2)))
        with open(self.meter.output) as file:
            first = file.readline()
        numbers = {key: int(value) for key, value in re.findall(r"\b(pending|failed|examined)=(\d+)", first)}
        findings = numbers["pending"] + numbers["failed"]
        title = "%s, %s" % (program, name)
        self.table.say(title, "%d examined, %d findings, floor %.3f s %.1f MB, check %.3f s %.1f MB" % (
            numbers["examined"], findings, floor.wall_s, floor.peak_kb / 1024, check.wall_s, check.peak_kb / 1024))
        self.table.bound(title + ": wall time", check.wall_s, floor.wall_s * 1.15 + 0.005, "s")
        self.table.bound(title + ": peak memory", check.peak_kb / 1024, floor.peak_kb / 1024 + 8 + 512 * findings / 1e6, "MB")
        self.table.bound(title + ": CPU outside the database", self.outside(command), 0.050 + 5e-6 * findings, "s")
        # Each place has a row that tells when it was looked at last.
        places = max([int(number) for pair in re.findall(r"\bsites=(\d+)|\bon (\d+) DPs", first) for number in pair if number], default=0)
        self.table.bound(title + ": written by a run without a change", self.written(command, state) / 1024, 64 + 0.15 * places, "KB")
        return statements

    def against_two_passes(self, database, name, statements):
        """The same answer as the statements of version 1.0.0 gave, and what it costs; each with its plan."""
        connect = odbc.connect_string(database)
        old = os.path.join(self.folder, "two-passes.sql")
        new = os.path.join(self.folder, "one-pass.sql")
        with sqlite3.connect(database) as db, open(statements) as told, open(old, "w") as first, open(new, "w") as second:
            texts = {"1.0.0, the count": two_pass.statement(db, two_pass.COUNT, "CEN")[0], "1.0.0, the rows": two_pass.statement(db, two_pass.ROWS, "CEN")[0]}
            first.write("".join(text + "\n" for text in texts.values()))
            texts["one pass"] = next(line[:-1] for line in told if "PkgStatus" in line)
            second.write(texts["one pass"] + "\n")
            for title, text in texts.items():
                plan = db.execute("EXPLAIN QUERY PLAN " + text, ["CEN"] * text.count("?")).fetchall()
                for number, step in enumerate(plan):
                    self.table.say("%s, %s" % (name, title) if number == 0 else "", step[3])
        two, one = measure.compare(2, *(lambda path=path: self.meter.run([self.floor, connect, path, "CEN"], self.environment, (0,)) for path in (old, new)))
        self.table.say(name + ", statements", "two passes %.2f s (CPU %.2f s), one pass %.2f s (CPU %.2f s)" % (two.wall_s, two.cpu_s, one.wall_s, one.cpu_s))
        self.table.bound(name + ", statements: wall time, one pass to two", one.wall_s / two.wall_s, 0.6, "")

    def outside(self, command):
        """CPU seconds that the program spends outside the calls of the driver manager."""
        path = os.path.join(self.folder, "clock")
        found = []
        for _ in range(3):
            with open(path, "wb") as file:
                file.write(bytes(8))
            cost = self.meter.run(command, {**self.environment, "LD_PRELOAD": self.clock, "ODBC_CLOCK_FILE": path}, (0, 1, 2))
            with open(path, "rb") as file:
                inside_s = int.from_bytes(file.read(), sys.byteorder) / 1e9
            if inside_s == 0:
                raise SystemExit("bench: no call of the driver manager was seen")
            found.append(cost.cpu_s - inside_s)
        return min(found)

    def written(self, command, state):
        """Bytes that one more run writes below the state directory; its own row is always among them."""
        trace = os.path.join(self.folder, "strace")
        subprocess.run(["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-e", "trace=pwrite64,write", "-o", trace, *command], env=self.environment,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        with open(trace) as file:
            sizes = re.findall(r"(?:pwrite64|write)\(\d+<%s/.*= (\d+)$" % re.escape(state), file.read(), re.M)
        if not sizes:
            raise SystemExit("bench: no write below %s was seen" % state)
        return sum(map(int, sizes))


def arrive(database):
    """A package that is in sync comes once more to each site, as in any hierarchy that lives."""
    with sqlite3.connect(database, timeout=30) as db:
        db.execute("UPDATE PkgStatus SET UpdateTime = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE rowid IN (SELECT MIN(r.rowid) FROM PkgStatus r"
                   " JOIN SMSPackages p ON p.PkgID = r.ID AND p.SourceVersion = r.SourceVersion WHERE r.Type = 1 AND r.Status IN (0, 2, 3)"
                   " GROUP BY r.SiteCode)")


def run(table, build, folder):
    measure.need("strace", "strace")
    bench = DatabaseBench(table, build, folder)
    compare_program(bench, "check_sms_packages", "sms2003", "10,000 packages x 276 sites", packages=10000, sites=276, dps=None,
                    findings=10000, dp_findings=0, summary="none", type2=False)
    compare_program(bench, "check_sms_dps", "cb", "5,000 DPs x 1,000 packages", packages=1000, sites=200, dps=5000, findings=0,
                    dp_findings=20000, summary="all", type2=False)


def compare_program(bench, program, product, title, **bulk):
    """The demo's database in SQLite and behind the TDS server, and a large one."""
    database = os.path.join(bench.folder, "demo-%s.db" % program)
    connect = odbc.connect_string(database)
    with sitedb.Lab(database, product=product) as lab:
        sitedb_demo.build(lab)
    bench.compare("demo on SQLite", program, ["--connect=" + connect], connect, "CEN", 20, database)
    with_server(bench, database, program)
    os.unlink(database)
    with sitedb.Lab(database, product=product) as lab:
        sitedb_bulk.build(lab, **bulk)
    statements = bench.compare(title, program, ["--connect=" + connect], connect, "CEN", 3, database)
    if program == "check_sms_packages":
        bench.against_two_passes(database, title, statements)
    os.unlink(database)


def with_server(bench, demo, program):
    import tds_fixture
    with tds_fixture.TdsServer(demo, database="SMS_CEN", user="bench", password="bench") as server:
        connect = "Driver=FreeTDS;Server=127.0.0.1;Port=%d;Database=SMS_CEN;UID=bench;PWD=bench;TDS_Version=7.1" % server.port
        password = os.path.join(bench.folder, "password")
        with open(password, "w") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write("bench\n")
        bench.compare("demo on the TDS server", program,
                      ["-H", "127.0.0.1", "-p", str(server.port), "-d", "SMS_CEN", "-u", "bench", "--password-file=" + password],
                      connect, "CEN", 20, demo)
