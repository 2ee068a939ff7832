#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a site hierarchy with all kinds of trouble, run the checks on it, and show what an operator sees.

usage: demo.py BUILD [--keep=DIR]

With --keep the database, the logs and the checks' memory stay in DIR, and the end shows how to go on there.
"""
import glob
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import logs
import odbc
import sitedb
import sitedb_demo
import sitedb_order

STATES = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}


class Demo:
    def __init__(self, build, folder):
        self.plugins = os.path.join(os.path.abspath(build), "plugins")
        self.folder = folder
        self.database = os.path.join(folder, "SMS_CEN.db")
        self.drivers = odbc.environment(os.path.join(folder, "odbc"))
        self.environment = {"PATH": "/usr/bin:/bin", **self.drivers}
        self.trouble = 0
        os.mkdir(os.path.join(folder, "state"), 0o750)

    def heading(self, text):
        print("\n\033[1m%s\033[0m" % text if sys.stdout.isatty() else "\n--- " + text, flush=True)

    def run(self, program, *arguments, expect, state=True):
        """Run one program as an operator would read of it; `expect` are the exit codes that the story needs."""
        fixed = ["--state-dir=" + os.path.join(self.folder, "state")] if state else []
        shown = [argument.replace(self.folder + "/", "") for argument in arguments]
        print("$ %s %s" % (program, " ".join("'%s'" % a if " " in a or ";" in a else a for a in shown)))
        done = subprocess.run([os.path.join(self.plugins, program), *arguments, *fixed], env=self.environment, cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        print(done.stdout.replace(self.folder + "/", ""), end="")
        if done.stderr:
            print(done.stderr, end="")
        print("(exit %d%s)" % (done.returncode, " " + STATES[done.returncode] if state else ""), flush=True)
        if done.returncode not in expect:
            self.trouble += 1
            print("demo: expected exit %s here" % " or ".join(map(str, expect)), file=sys.stderr)
        return done

    def how_to_go_on(self):
        self.heading("kept in %s: to go on, type" % self.folder)
        for name, value in self.drivers.items():
            print("export %s=%s" % (name, shlex.quote(value)))
        again = [os.path.join(self.plugins, "check_sms_packages"), *self.connect(), "--state-dir=" + os.path.join(self.folder, "state"), "-v"]
        print(shlex.join(again), flush=True)

    def connect(self):
        return ["--connect=" + odbc.connect_string(self.database), "--site=CEN"]

    def packages(self):
        self.heading("check_sms_packages: which packages have not reached which child sites?")
        with sitedb.Lab(self.database, product="sms2003") as lab:
            sitedb_demo.build(lab)
        self.run("check_sms_packages", *self.connect(), "--min-rate=S04=100MB/h", expect=[2])
        self.heading("the same, with the first ones accepted by the team: the next one pages")
        self.run("check_sms_packages", *self.connect(), "--known=CEN00008@S03:2099-12-31,CEN00002@S03", "--max-items=3", expect=[2])

    def at(self, moment):
        """The variables that hold a program's clock at a moment of the past."""
        library = glob.glob("/usr/lib*/faketime/libfaketime.so.1") + glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        if not library:
            raise SystemExit("demo: libfaketime, which lets the checks run in the past, is not installed (Debian: apt install libfaketime)")
        return {"LD_PRELOAD": library[0], "FAKETIME": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment)), "TZ": "UTC",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def order(self):
        """Four days of a hierarchy, seen by a check that ran every two hours."""
        self.heading("lost or late? Four days of five sites: one package lost, a huge copy that others wait behind, one silent site")
        database = os.path.join(self.folder, "SMS_WAN.db")
        connect = ["--connect=" + odbc.connect_string(database), "--site=CEN"]
        plugin = [os.path.join(self.plugins, "check_sms_packages"), *connect, "--state-dir=" + os.path.join(self.folder, "state")]
        with sitedb.Lab(database, product="sms2003") as lab:
            sitedb_order.build(lab)
            before = None
            for hour in sitedb_order.hours():
                sitedb_order.go(lab, before, hour)
                before = hour
                subprocess.run(plugin, env={**self.environment, **self.at(lab.now + hour * 3600)}, cwd=self.folder,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            subprocess.run([*plugin, "--new=15m"], env={**self.environment, **self.at(lab.now - 3600)}, cwd=self.folder,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        print("(a run every two hours for 100 hours, not shown)")
        self.run("check_sms_packages", *connect, "-v", expect=[2])
        self.heading("the second service of the pair: it paged both an hour ago, and is quiet until the next stall")
        self.run("check_sms_packages", *connect, "--new=15m", "--max-items=0", expect=[0])

    def reset(self):
        """One package at one site: stuck, repaired, on its way, arrived."""
        pair = ["--package=CEN00001", "--child-site=S02"]
        tool = [*self.connect(), *pair, "--state-dir=" + os.path.join(self.folder, "state"),
                "--journal-dir=" + os.path.join(self.folder, "reset")]
        self.heading("sms_reset_package: this one has been stuck for days. What would the repair do?")
        self.run("check_sms_packages", *self.connect(), *pair, expect=[2])
        self.run("sms_reset_package", *tool, expect=[0], state=False)
        self.heading("the administrator has a backup, has looked, and does it")
        self.run("sms_reset_package", *tool, "--apply", "--yes", expect=[0], state=False)
        self.heading("the check knows that it is on its way, and does not page for it; nobody can do it twice")
        self.run("check_sms_packages", *self.connect(), *pair, "-v", expect=[0])
        self.run("sms_reset_package", *tool, "--apply", "--yes", "--output=json", expect=[1], state=False)
        self.heading("the package has crossed the link")
        with sitedb.Lab(self.database) as lab:
            lab.arrive("CEN00001", "S02")
        self.run("check_sms_packages", *self.connect(), *pair, expect=[0])
        self.run("sms_reset_package", "--journal", tool[-1], expect=[0], state=False)

    def dps(self):
        self.heading("check_sms_dps: which distribution points wait for packages, and for how long?")
        self.run("check_sms_dps", *self.connect(), "--max-items=5", expect=[2])
        self.heading("the same for the distribution points of one site")
        self.run("check_sms_dps", *self.connect(), "--child-site=S04", "--min-rate=S04=100MB/h", expect=[2])

    def despool(self):
        self.heading("check_sms_despool: which versions are stalled at child site S02, and why? (logs of the site)")
        site, now = logs.Site("sms2003", code="S02", parent="CEN"), time.time()
        folder = os.path.join(self.folder, "Logs")
        stories = [logs.article(site, package="CEN00001", start=now - 4 * 86400, now=now),
                   logs.slow(site, package="CEN00003", start=now - 2 * 86400 + 97, now=now)]
        logs.write(folder, stories, site, now, form="F2", zone=60)
        given = ["--log=" + os.path.join(folder, name) for name in ("despool.log", "distmgr.log")]
        self.run("check_sms_despool", *given, "--site=S02", expect=[2])


def kept_folder(name):
    """A new or empty one: what lies there may be somebody's."""
    folder = os.path.abspath(name)
    if any(one in folder for one in ";{}"):
        raise SystemExit("demo: %s cannot stand in a connection string: --keep needs a name without ; { and }" % folder)
    try:
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            raise SystemExit("demo: %s is not empty: --keep needs a new or an empty folder" % folder)
    except OSError as reason:
        raise SystemExit("demo: --keep: %s" % reason)
    return folder


def main():
    build, keep = sys.argv[1:2], sys.argv[2:]
    if not build or len(keep) > 1 or not all(one.startswith("--keep=") and one != "--keep=" for one in keep):
        raise SystemExit(__doc__)
    folder = kept_folder(keep[0].partition("=")[2]) if keep else tempfile.mkdtemp(prefix="sms-demo-")
    try:
        demo = Demo(build[0], folder)
        demo.packages()
        demo.order()
        demo.dps()
        demo.despool()
        demo.reset()
        if keep:
            demo.how_to_go_on()
    finally:
        if not keep:
            shutil.rmtree(folder)
    return 1 if demo.trouble else 0


if __name__ == "__main__":
    sys.exit(main())
