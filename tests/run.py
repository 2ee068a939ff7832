#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the suites, print a table of seconds, and end with `N passed, N failed[, N skipped]`.

usage: run.py [--daemons yes|no] [--only SUITE,...] BUILD [BUILD-WITH-SANITIZERS]

`make check` runs the suites unit and seeds, `make installcheck` lab, tds and e2e, `make lint` lint, `./bootstrap check` all but
consoles, which `./bootstrap check --consoles` runs.
Started as root, the tests run as an ordinary user from an installed tree in a private folder, because root's rights would
falsify them; the few that need root run once more as root.
"""
import argparse
import concurrent.futures
import os
import pwd
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

TESTS = os.path.dirname(os.path.abspath(__file__))
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}


# Thousands of runs under a shim that must be loaded before any sanitizer.
UNSANITIZED = {"state/test_fault"}
SERVERS = ("nrpe", "nagios4", "icinga2", "smbd", "krb5kdc")
PROGRESS_EVERY_S = 30


class Tally:
    """What one suite came to."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.troubles = []
        self.left_out = {}

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.troubles += other.troubles
        for reason, names in other.left_out.items():
            self.left_out.setdefault(reason, []).extend(names)

    def fail(self, text):
        self.failed += 1
        self.troubles.append(text)


def ordinary_user():
    """The user that the tests run as when started by root: the checks' own where there is one."""
    for name in ("nagios", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SystemExit("run.py: neither a user nagios nor nobody is on this machine")


def without_make():
    """A make that started this program hands its flags on: below `make distcheck` another one would print its folders."""
    return {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


class Progress:
    """That something goes on: a counter in place on a terminal, else a plain line now and then."""

    def __init__(self, suite):
        self.suite, self.start, self.told, self.words = suite, time.monotonic(), time.monotonic(), ""

    def show(self, words):
        now = time.monotonic()
        if sys.stdout.isatty():
            if words != self.words:
                print("\r    %s: %s, %d s " % (self.suite, words, now - self.start), end="", flush=True)
        elif now - self.told >= PROGRESS_EVERY_S:
            print("    %s: %s, %d s" % (self.suite, words, now - self.start), flush=True)
            self.told = now
        self.words = words

    def end(self):
        if sys.stdout.isatty() and self.words:
            print("\r%70s\r" % "", end="", flush=True)

    def pytest(self, output):
        """What pytest -q with console_output_style=count has written until now."""
        rows = re.findall(r"^([.FEsxX]+) *(?:\[ *\d+/(\d+)\])?$", output, re.M)
        marks = "".join(row for row, _ in rows)
        total = next((of for _, of in rows if of), None)
        if marks:
            bad = marks.count("F") + marks.count("E")
            self.show("%d%s%s" % (len(marks), " of " + total if total else "", ", %d failed" % bad if bad else ""))


class Stage:
    """An installed tree and a copy of the tests, which an ordinary user can read, in a private 0755 folder."""

    def __init__(self, build, sanitized):
        self.folder = tempfile.mkdtemp(prefix="sms-check-")
        os.chmod(self.folder, 0o755)
        try:
            self.fill(build, sanitized)
        except BaseException:
            self.remove()
            raise

    def fill(self, build, sanitized):
        root = os.path.join(self.folder, "root")
        done = subprocess.run(["make", "-s", "-C", build, "install", "DESTDIR=" + root], env=without_make(), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit("run.py: make install failed in %s: %s" % (build, (done.stderr.strip().splitlines() or ["without a word"])[-1]))
        plugins = subprocess.run(["make", "-s", "-C", build, "print-plugindir"], env=without_make(), check=True, capture_output=True, text=True)
        self.plugins = root + plugins.stdout.strip()
        self.tests = os.path.join(self.folder, "tests")
        shutil.copytree(TESTS, self.tests, ignore=shutil.ignore_patterns("__pycache__", "*.o", ".dirstamp", ".deps"))
        for name in ("common", "nrpe-config", "plugins", "README.md", "debian", "configure.ac", "NEWS", "monitoring-plugins-sms.spec.in",
                     "bootstrap", "Makefile.am", "CONTRIBUTING.md", "SECURITY.md", ".gitignore"):
            source = os.path.join(os.path.dirname(TESTS), name)
            target = os.path.join(self.folder, name)
            if os.path.isdir(source):
                shutil.copytree(source, target)
            elif os.path.exists(source):
                shutil.copy(source, target)
        self.build = self.copy_programs(build, "build")
        self.sanitized = self.copy_programs(sanitized, "build-asan")
        self.scratch = os.path.join(self.folder, "t")
        os.mkdir(self.scratch)
        os.chmod(self.scratch, 0o1777)

    def copy_programs(self, build, name):
        target = os.path.join(self.folder, name)
        for part in ("plugins", "tests"):
            shutil.copytree(os.path.join(build, part), os.path.join(target, part),
                            ignore=shutil.ignore_patterns("*.o", ".dirstamp", ".deps", "*.Po"))
        return target

    def remove(self):
        if os.geteuid() != 0:  # root needs no rights
            self.open_up()
        shutil.rmtree(self.folder, ignore_errors=True)

    def open_up(self):
        """A test took the rights of a folder away and was ended before it gave them back. Touches nothing outside."""
        for place, folders, _ in os.walk(self.folder):
            for path in (os.path.join(place, name) for name in folders):
                try:
                    if not os.path.islink(path):
                        os.chmod(path, 0o700)
                except OSError:
                    pass


class Runner:
    running = set()

    def __init__(self, stage, daemons, as_root):
        self.stage, self.daemons = stage, daemons
        self.user = ordinary_user() if os.geteuid() == 0 and not as_root else None

    def environment(self, **more):
        keep = {key: os.environ[key] for key in ("PATH", "LANG", "TERM", "CI") if key in os.environ}
        keep["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        home = os.path.join(self.stage.scratch, "home-" + (self.user.pw_name if self.user else "own"))
        os.makedirs(home, exist_ok=True)
        if self.user:
            os.chown(home, self.user.pw_uid, self.user.pw_gid)
        keep.update(HOME=home, TMPDIR=self.stage.scratch, SMS_PLUGINS=self.stage.plugins, SMS_BUILD=self.stage.build,
                    SMS_TREE=self.stage.folder, SMS_SOURCE=os.path.dirname(TESTS), SMS_DAEMONS=self.daemons,
                    SMS_ARTEFACTS=os.path.join(self.stage.scratch, "artefacts"), PYTHONDONTWRITEBYTECODE="1")
        keep.update(more)
        return keep

    def run(self, command, timeout, progress=None, **environment):
        """Run as the ordinary user, in a process group of its own. @return (exit code, output)"""
        who = {}
        if self.user:
            who = {"user": self.user.pw_uid, "group": self.user.pw_gid,
                   "extra_groups": os.getgrouplist(self.user.pw_name, self.user.pw_gid)}
        process = subprocess.Popen(command, cwd=self.stage.folder, env=self.environment(**environment), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, **who)
        self.running.add(process)
        output, end, cut = b"", time.monotonic() + timeout, ""
        try:
            with process, selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                while True:
                    if time.monotonic() > end and not cut:
                        cut = "\n(ended after %d s)" % timeout
                        os.killpg(process.pid, signal.SIGKILL)
                    if time.monotonic() > end + 10:  # a server in a session of its own keeps the pipe open
                        break
                    if selector.select(1):
                        part = os.read(process.stdout.fileno(), 1 << 16)
                        if not part:
                            break
                        output += part
                    if progress:
                        progress(output.decode("utf-8", "replace"))
        finally:
            self.running.discard(process)
        return -1 if cut else process.returncode, output.decode("utf-8", "replace") + cut

    @classmethod
    def stop(cls):
        """End what still runs, when this program is told to end."""
        for process in list(cls.running):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except OSError:
                pass

    def pytest(self, folder, *arguments, parallel=True, timeout=900):
        tally = Tally()
        report = os.path.join(self.stage.scratch, "report-%s-%d.xml" % (folder, time.monotonic_ns()))
        command = ["/usr/bin/python3", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rfE", "--junitxml=" + report,
                   "-o", "console_output_style=count"]
        if parallel:
            command += ["-n", "4", "--dist", "loadfile"]
        progress = Progress(folder)
        code, output = self.run(command + list(arguments) + [os.path.join("tests", folder)], timeout, progress.pytest)
        progress.end()
        try:
            tree = ElementTree.parse(report).getroot()
            for case in tree.iter("testcase"):
                for skip in case.iter("skipped"):
                    tally.left_out.setdefault(skip.get("message"), []).append("%s::%s" % (case.get("classname").split(".")[-1], case.get("name")))
            for suite in tree.iter("testsuite"):
                bad = int(suite.get("failures")) + int(suite.get("errors"))
                tally.failed += bad
                tally.skipped += int(suite.get("skipped"))
                tally.passed += int(suite.get("tests")) - bad - int(suite.get("skipped"))
        except (OSError, ElementTree.ParseError):
            tally.fail("%s: pytest left no report (exit %d)" % (folder, code))
        if code not in (0, 1, 5) and tally.failed == 0:
            tally.fail("%s: pytest ended with %d" % (folder, code))
        if tally.failed:
            tally.troubles.append(output[-20000:])
        return tally

    def tap(self, program):
        """One cmocka program, which must tell as many tests as it planned. @return the tally and the names it skipped"""
        tally = Tally()
        code, output = self.run([program], 300, CMOCKA_MESSAGE_OUTPUT="TAP", SMS_DATA=os.path.join(self.stage.tests, "unit"),
                                **SANITIZER_ENVIRONMENT)
        planned = sum(int(n) for n in re.findall(r"^1\.\.(\d+)", output, re.M))
        skipped = re.findall(r"^(?:not )?ok \d+ # SKIP (\w+)", output, re.M)
        tally.skipped = len(skipped)
        tally.passed = len(re.findall(r"^ok \d+ (?!# SKIP)", output, re.M))
        tally.failed = len(re.findall(r"^not ok \d+ (?!# SKIP)", output, re.M))
        told = tally.passed + tally.failed + tally.skipped
        if planned == 0 or planned != told or (code != 0 and tally.failed == 0):
            tally.fail("%s: %d of %d tests told, exit %d" % (os.path.basename(program), told, planned, code))
        if tally.failed:
            tally.troubles.append("%s\n%s" % (program, output[-6000:]))
        return tally, skipped

    def programs(self, folder, prefix):
        path = os.path.join(self.stage.sanitized, "tests", folder)
        names = sorted((os.path.relpath(os.path.join(place, name), path) for place, _, files in os.walk(path) for name in files
                        if name.startswith(prefix) and os.access(os.path.join(place, name), os.X_OK) and "." not in name),
                       key=lambda name: (name not in UNSANITIZED, name))  # what takes longest begins first
        return [os.path.join(self.stage.build, "tests", folder, name) if name in UNSANITIZED else os.path.join(path, name)
                for name in names]

    def unit(self, root):
        """As the ordinary user; started as root, what was skipped for want of root's rights runs again as root."""
        tally = Tally()
        programs = self.programs("unit", "test_")
        progress = Progress("unit")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for number, (program, (one, skipped)) in enumerate(zip(programs, pool.map(self.tap, programs)), 1):
                progress.show("%d of %d programs" % (number, len(programs)))
                tally.add(one)
                reason = "needs root"
                if skipped and self.user:
                    again, still = root.tap(program)
                    done = len(set(skipped) - set(still))
                    tally.skipped -= done
                    tally.passed += done if again.failed == 0 else 0
                    tally.failed += again.failed
                    tally.troubles += again.troubles
                    reason, skipped = "as the ordinary user and as root", [name for name in skipped if name in still]
                for name in skipped:
                    tally.left_out.setdefault(reason, []).append("%s: %s" % (os.path.basename(program), name))
        return tally

    def seeds(self):
        """Every seed through its fuzz target, under the sanitizers."""
        tally = Tally()
        for program in self.programs("fuzz", "fuzz_"):
            name = os.path.basename(program)[len("fuzz_"):]
            folder = os.path.join(self.stage.tests, "fuzz", "seeds", name)
            seeds = sorted(os.path.join(folder, seed) for seed in os.listdir(folder))
            code, output = self.run([program] + seeds, 120, **SANITIZER_ENVIRONMENT)
            told = len(re.findall(r"^ran ", output, re.M))
            tally.passed += told
            if code != 0 or told != len(seeds) or not seeds:
                tally.fail("fuzz seeds of %s: %d of %d ran, exit %d\n%s" % (name, told, len(seeds), code, output[-4000:]))
        return tally


def lint(build):
    """tests/lint, each of its tools a test."""
    tally = Tally()
    process = subprocess.run(["/bin/sh", os.path.join(TESTS, "lint"), os.path.dirname(TESTS), os.path.abspath(build)], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False)
    output = process.stdout.decode("utf-8", "replace")
    tally.passed = len(re.findall(r"^ok ", output, re.M))
    tally.failed = len(re.findall(r"^not ok ", output, re.M))
    if process.returncode != 0 and not tally.failed:
        tally.fail("lint ended with %d" % process.returncode)
    if tally.failed:
        tally.troubles.append(output[-20000:])
    return tally


def consoles(runner, build):
    """What needs a Director, InfluxDB or a browser; its screenshots are kept in the build folder."""
    made = os.path.join(runner.stage.scratch, "artefacts")
    os.makedirs(made, exist_ok=True)
    os.chmod(made, 0o777)
    tally = runner.pytest("consoles", parallel=False, timeout=1800)
    kept = os.path.join(os.path.abspath(build), "consoles")
    if os.listdir(made):
        shutil.copytree(made, kept, dirs_exist_ok=True)
        print("screenshots: %s" % kept, flush=True)
    return tally


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--daemons", choices=["yes", "no"], default="yes")
    parser.add_argument("--only", default="")
    parser.add_argument("build")
    parser.add_argument("sanitized", nargs="?")
    arguments = parser.parse_args()
    arguments.sanitized = arguments.sanitized or arguments.build
    for folder in (arguments.build, arguments.sanitized):
        if not os.path.exists(os.path.join(folder, "Makefile")):
            raise SystemExit("run.py: there is no Makefile in %s: ./bootstrap check makes it" % folder)
    return arguments


def one_suite(name, suite):
    tally, start = Tally(), time.monotonic()
    try:
        tally = suite()
    except (OSError, ValueError, subprocess.SubprocessError) as reason:
        tally.fail("suite %s could not be run: %s: %s" % (name, type(reason).__name__, reason))
    if tally.passed + tally.failed == 0:
        tally.fail("suite %s ran nothing" % name)
    return tally, time.monotonic() - start


def run_suites(stage, arguments):
    ordinary, root = Runner(stage, arguments.daemons, False), Runner(stage, arguments.daemons, True)
    if ordinary.user:
        print("started as root: the tests run as user %s from %s" % (ordinary.user.pw_name, stage.folder), flush=True)
    suites = [
        ("lint", lambda: lint(arguments.build)),
        ("unit", lambda: ordinary.unit(root)),
        ("seeds", ordinary.seeds),
        ("lab", lambda: ordinary.pytest("lab")),
        ("tds", lambda: ordinary.pytest("tds")),
        ("e2e", lambda: ordinary.pytest("e2e", "-m", "not root", timeout=1800)),
    ]
    if "consoles" in arguments.only.split(","):
        suites.append(("consoles", lambda: consoles(ordinary, arguments.build)))
    if os.geteuid() == 0:
        suites.append(("e2e as root", lambda: root.pytest("e2e", "-m", "root", parallel=False)))
    only = [name for name in arguments.only.split(",") if name]
    for name in only:
        if name not in [known for known, _ in suites]:
            raise SystemExit("run.py: there is no suite %s, there are: %s" % (name, ", ".join(known for known, _ in suites)))
    total, rows = Tally(), []
    missing = [name for name in SERVERS if not shutil.which(name, path="/usr/sbin:/usr/bin")]
    if arguments.daemons == "yes" and missing and (not only or "e2e" in only):
        total.fail("not installed: %s; ./bootstrap check installs what is missing, --no-daemons does without" % ", ".join(missing))
        print(total.troubles[0], flush=True)
    for name, suite in suites:
        if only and name not in only:
            continue
        print("==> suite %s" % name, flush=True)
        tally, seconds = one_suite(name, suite)
        rows.append((name, seconds, tally))
        for trouble in tally.troubles:
            print(trouble, flush=True)
        total.add(tally)
    return total, rows


def tell(total, rows):
    for reason, names in total.left_out.items():
        print("\nskipped, %s:" % reason)
        for name in names:
            print("    " + name)
    print("\n%-14s %8s %8s %8s %8s" % ("suite", "seconds", "passed", "failed", "skipped"))
    for name, seconds, tally in rows:
        print("%-14s %8.1f %8d %8d %8d" % (name, seconds, tally.passed, tally.failed, tally.skipped))
    skipped = ", %d skipped" % total.skipped if total.skipped else ""
    print("%d passed, %d failed%s" % (total.passed, total.failed, skipped))


def stopped(number, _):
    Runner.stop()  # first: whoever waits for them would wait for ever
    raise SystemExit("run.py: stopped by %s" % signal.Signals(number).name)


def main():
    arguments = parse()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, stopped)
    stage = None
    try:
        stage = Stage(arguments.build, arguments.sanitized)
        total, rows = run_suites(stage, arguments)
    except (OSError, shutil.Error, subprocess.SubprocessError) as reason:
        raise SystemExit("run.py: %s: %s" % (type(reason).__name__, str(reason).splitlines()[0][:500]))
    finally:
        Runner.stop()
        if stage:
            stage.remove()
    tell(total, rows)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
