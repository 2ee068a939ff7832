# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs check_sms_packages as NRPE does and takes its answer apart."""

import contextlib
import glob
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import tempfile
import time

import odbc
import sitedb
import sitedb_demo

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.environ.get("SMS_TREE") or os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("SMS_BUILD") or os.path.join(TREE, "build")
PLUGINS = os.environ.get("SMS_PLUGINS") or os.path.join(BUILD, "plugins")
PLUGIN = os.path.join(PLUGINS, "check_sms_packages")

MINUTE, HOUR, DAY = 60, 3600, 86400
OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
NAMES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
LABELS = ("pending stuck failed never_sent resend known oldest oldest_failed outstanding examined sites"
          " query_time overtaken silent new").split()

ITEM = re.compile(
    r'(?P<state>OK|WARNING|CRITICAL|known(?: until (?P<until>\d{4}-\d\d-\d\d))?): (?P<package>\S+)'
    r'(?: "(?P<name>.*?)")? at (?P<site>\S+?)(?: (?P<site_name>.*?))?: (?P<kind>[a-z_]+), '
    r'wants version (?P<wanted>-?\d+)(?:, (?P<word>has|was sent) (?P<held>no row in PkgStatus|no version|-?\d+))?'
    r'(?: \((?P<rows>\d+) rows\))?(?:, Status (?P<status>NULL|[a-z ]+ \(\d+\)|-?\d+))?, for (?P<age>[^,;]+)'
    r'(?:, in trouble since (?P<since>[^,;]+))?(?:, last moved (?P<moved>[^,;]+) ago|, never seen moving|, dated (?P<future>[^,;]+) in the future: is the database\'s clock right, or its zone \(--db-clock\)\?)'
    r'(?:, (?:size|the queue up to it, [^;]+,) allows (?P<allows>[^,;]+))?(?:, known until (?P<ended>[\d-]+), which is over)?'
    r'(?:; the logs of \S+ say: (?P<logs>[^;]*))?'
    r'(?P<order>(?:; (?:waits|overtaken|lost, not slow|nothing sent later|nothing has arrived|it failed last)[^;]*)*)'
    r'(?:; check_sms_inbox on this host: (?P<box>[^;]*))?(?:; (?P<advice>.*))?\Z')
SILENCE = re.compile(
    r'(?P<state>CRITICAL): (?P<site>\S+)(?: (?P<site_name>.*?))? silent: nothing has arrived for (?P<quiet>[^;]+?) although '
    r'(?P<waiting>one package is|\d+ packages are) (?:sent|wanted) \((?:oldest )?(?P<package>\S+), (?P<since>[^)]+)\); (?P<advice>.*?)'
    r'(?:; and at (?P<below>\d+) sites? below)?(?:; check_sms_inbox on this host: (?P<box>[^;]*))?\Z')

CAUSE = re.compile(r'(?P<state>WARNING|CRITICAL): (?P<cause>nothing reaches \d+ of \d+ sites(?: below \S+)?: (?:sender|distribution manager) or scheduler of \S+|\d+ of \d+ packages are stuck at \S+ together'
                   r'|\S+ is stuck at \d+ of its \d+ sites together|\d+ packages are stuck at all or most of their sites); (?P<advice>look [^;]*)'
                   r'(?:; check_sms_inbox on this host: (?P<box>[^;]*))?; oldest (?P<oldest>.*)\Z')


def shared_object(pattern):
    found = sorted(glob.glob(pattern))
    return found[0] if found else None


FAKETIME = shared_object("/usr/lib/*/faketime/libfaketime.so.1")
SHIM = os.path.join(BUILD, "tests", "unit", "shim_io.so")  # lets calls on the files of a path fail, or kills in them


def faketime(moved_s):
    """The variables that move a program's clock by so many seconds."""
    return {"LD_PRELOAD": FAKETIME, "FAKETIME": "%+d" % moved_s, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def duration(seconds):
    """A duration as the product writes it, from the contract in common/base/units.h."""
    if seconds < 2 * MINUTE:
        return "%d s" % seconds
    if seconds < 2 * HOUR:
        return "%d min" % (seconds // MINUTE)
    if seconds < 3 * DAY:
        return "%d h" % (seconds // HOUR)
    days, hours = divmod(seconds // HOUR, 24)
    return "%d d %d h" % (days, hours) if hours else "%d d" % days


def durations(seconds, slack=6):
    """What an age may read as while a few seconds pass between the lab's clock and the run."""
    # One second less: SQL Server's datetime rounds to a 300th of a second, sometimes up into the next one.
    return {duration(max(0, int(seconds) + more)) for more in range(-1, slack + 1)}


class Answer:
    """One run, taken apart; every rule that holds for any output is checked here."""

    title, labels, item_form = "SMS PACKAGES", LABELS, ITEM

    def __init__(self, command, code, stdout, stderr, seconds):
        self.command, self.code, self.stdout, self.stderr, self.seconds = command, code, stdout, stderr, seconds
        self.text = stdout.decode("utf-8")
        assert self.text.endswith("\n"), self
        self.lines = self.text[:-1].split("\n")
        self.first = self.lines[0]
        assert len(self.first.encode()) < 1000, self
        for character in self.text:
            assert character == "\n" or character.isprintable(), "%r in %s" % (character, self)
        self.verdict, bar, self.perfdata = self.first.partition(" | ")
        assert "|" not in self.verdict + self.perfdata, self
        assert not any("|" in line for line in self.lines[1:]), self
        self.perf = {}
        for part in self.perfdata.split(" ") if bar else ():
            label, value = part.split("=")
            self.perf[label] = value
        if self.perf:
            assert list(self.perf) == self.labels, self

    def __repr__(self):
        return "\n".join((" ".join(self.command), "exit %d after %.2f s" % (self.code, self.seconds), self.text,
                          self.stderr.decode("utf-8", "replace")))

    def value(self, label):
        number = re.match(r"-?\d+(\.\d+)?", self.perf[label])[0]
        return float(number) if "." in number else int(number)

    def values(self, *labels):
        return tuple(self.value(label) for label in labels)

    @property
    def items(self):
        found = []
        for line in self.lines[1:]:
            if SILENCE.match(line):
                continue
            match = self.item_form.match(line)
            if match:
                found.append(match.groupdict())
                self.word(found[-1])
            else:
                self.note(line)
        return found

    def word(self, item):
        """What was sent and not confirmed is not held; what was removed is neither. What each kind may offer."""
        if "word" not in item:
            return
        sent = item["held"] not in ("0", "no version") and (item["kind"] in ("sent", "failed") or item["status"] in ("sent (1)", "retry (4)", "failed (5)"))
        if item["kind"] in ("base_missing", "waiting", "failing", "superseded"):
            pass  # the logs say what it is
        elif item["status"] == "removed (6)" and item["kind"] == "never_sent":
            assert item["word"] is None, (item, self)
        else:
            assert item["word"] == ("was sent" if sent else "has"), (item, self)
        if not self.causes:  # many at once is one cause: its items have no advice of their own
            assert (item["advice"] is None) == (item["state"] == "OK") or item["state"].startswith("known"), (item, self)
        advice = item["advice"] or ""
        if item["kind"] not in ("recipe", "base_missing", "waiting", "failing", "superseded"):
            early = item["state"] == "WARNING" and re.search("overtaken, not yet for long|nothing has arrived at", item.get("order") or "") or "it failed last" in (item.get("order") or "")
            unmade = item["kind"] == "behind" and ": was version " in advice or "; its row was written again " in advice  # nothing to bring, or it was reset
            repair = item["kind"] in ("sent", "behind") and item["rows"] is None and not early and not unmade
            assert not advice or ("sms_reset_package" in advice) == repair, (item, self)
        if item["rows"] and advice:
            assert "%s rows in PkgStatus: an administrator must" % item["rows"] in advice, (item, self)
            assert "sms_reset_package" not in advice, (item, self)

    def note(self, line):
        assert CAUSE.match(line) or re.fullmatch(r"\+\d+ more|--known \S+ ended \d{4}-\d\d-\d\d(, \S+ ended \d{4}-\d\d-\d\d)*", line), "not an item: %r in %s" % (line, self)

    @property
    def causes(self):
        return [match.groupdict() for match in map(CAUSE.match, self.lines[1:]) if match]

    @property
    def silences(self):
        return {match["site"]: match.groupdict() for match in map(SILENCE.match, self.lines[1:]) if match}

    def item(self, package, site):
        found = [item for item in self.items if (item["package"], item["site"]) == (package, site)]
        assert len(found) == 1, "%d items %s@%s in %s" % (len(found), package, site, self)
        return found[0]

    def is_(self, status, *texts):
        """Exit code and first line agree, and the verdict holds these texts."""
        assert self.code == status, self
        assert self.first.startswith("%s %s - " % (self.title, NAMES[status])), self
        for text in texts:
            assert text in self.verdict, "%r not in %s" % (text, self)
        return self

    def fails(self, *texts):
        """UNKNOWN with one line and no perfdata: the check could not look."""
        self.is_(UNKNOWN, *texts)
        assert len(self.lines) == 1 and not self.perf, self
        return self


def limit_file_size():
    """For preexec_fn: a write beyond 1 KiB fails, after SIGXFSZ, which ends a process that does not expect it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))


def run(*arguments, env=None, program=PLUGIN, form=Answer, timeout=60, stdin=subprocess.DEVNULL, **more):
    """One run with an environment that holds nothing but `env`, in /, with its stderr kept apart."""
    command = [program] + [str(argument) for argument in arguments]
    start = time.monotonic()
    variables = {name: value for name, value in (env or {}).items() if value is not None}
    done = subprocess.run(command, env=variables, cwd="/", stdin=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout, **more)
    answer = form(command, done.returncode, done.stdout, done.stderr, time.monotonic() - start)
    if not any(str(argument).startswith("-vv") for argument in arguments):
        assert done.stderr == b"", answer
    return answer


def descendants(pid):
    """Processes that live below one, by their parents."""
    below = []
    for folder in glob.glob("/proc/[0-9]*"):
        try:
            with open(folder + "/stat", encoding="utf-8", errors="replace") as stat:
                parent = int(stat.read().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            child = int(os.path.basename(folder))
            below += [child] + descendants(child)
    return below


def processes_with(text):
    """Command lines of living processes that hold a text: a test's own folder names its own runs."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                line = file.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


def remembered(state):
    """{key: row} of the items in the state files below a directory, as the next run would find them."""
    rows = {}
    for path in state_files(state):
        with tempfile.TemporaryDirectory() as folder:
            # A copy with its journal: SQLite rolls it back in the copy, and the file itself stays as it is.
            copy = os.path.join(folder, os.path.basename(path))
            for tail in ("", "-journal"):
                if os.path.exists(path + tail):
                    shutil.copyfile(path + tail, copy + tail)
            db = sqlite3.connect(copy)
            db.row_factory = sqlite3.Row
            for row in db.execute("SELECT * FROM item"):
                rows[row["key"]] = dict(row)
            db.close()
    return rows


def state_files(state):
    return sorted(path for path in glob.glob(os.path.join(os.fspath(state), "*"))
                  if os.path.isfile(path) and not os.path.islink(path) and ".damaged-" not in path
                  and not path.endswith((".lock", "-journal")))


HALF_WRITTEN = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.executescript("PRAGMA cache_size = 1; BEGIN IMMEDIATE; CREATE TABLE half(written TEXT);")
for _ in range(200):
    database.execute("INSERT INTO half VALUES (?)", ("x" * 1000,))
os._exit(0)
"""


def leave_half_written(path):
    """What a run leaves that was killed in the middle of its commit: changed pages, and the journal that takes them back."""
    subprocess.run(["/usr/bin/python3", "-c", HALF_WRITTEN, path], check=True)
    assert os.path.getsize(path + "-journal") > 512


@contextlib.contextmanager
def written_for(path, seconds):
    """Another run is in the middle of its commit for so long."""
    writer = "import sqlite3, sys, time; d = sqlite3.connect(sys.argv[1]); d.execute('BEGIN EXCLUSIVE'); print(flush=True); time.sleep(float(sys.argv[2]))"
    with subprocess.Popen(["/usr/bin/python3", "-c", writer, path, str(seconds)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield


class World:
    """A lab database, a state directory and a private ODBC directory."""

    plugin = {"program": PLUGIN, "form": Answer}

    def __init__(self, folder, **lab):
        self.folder = os.fspath(folder)
        self.database = os.path.join(self.folder, "site.db")
        self.state = os.path.join(self.folder, "state")
        os.makedirs(self.state, mode=0o755, exist_ok=True)
        self.odbc = os.path.join(self.folder, "odbc")
        self.env = {"ODBCSYSINI": odbc.environment(self.odbc)["ODBCSYSINI"]}
        self.lab = None
        self.lab_options = lab

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.lab is not None:
            self.lab.close()

    def make(self, **options):
        """An empty lab database (CEN with children S01, S02, S03)."""
        self.lab = sitedb.Lab(self.database, **dict(self.lab_options, **options))
        self.lab.site("CEN", "Central")
        for code in ("S01", "S02", "S03"):
            self.lab.site(code, "Branch " + code)
        self.lab.commit()
        return self.lab

    def demo(self, **options):
        self.lab = sitedb.Lab(self.database, **dict(self.lab_options, **options))
        sitedb_demo.build(self.lab)
        return self.lab

    @property
    def connect(self):
        return "--connect=" + odbc.connect_string(self.database)

    def arguments(self, *arguments):
        given = [str(argument) for argument in arguments]
        owner = [] if any(argument.startswith("--site") for argument in given) else ["--site=CEN"]
        return [self.connect, "--state-dir=" + self.state] + owner + given

    def check(self, *arguments, env=None, later=0, **more):
        """Run; `later` moves the clock of the check and, as SQLite lives in its process, of the database."""
        if self.lab is not None:
            self.lab.commit()
        variables = dict(self.env, **(env or {}))
        if later:
            variables.update(faketime(later))
        return run(*self.arguments(*arguments), env=variables, **dict(self.plugin, **more))

    def remembered(self):
        return remembered(self.state)

    def stuck(self, package="CEN00001", site="S02", version=3, status=1, age_s=4 * DAY, held=None, **options):
        """One package in trouble at one site."""
        self.lab.package(package, options.pop("name", "Office"), version, source_date_age_s=age_s, **options)
        self.lab.target(package, site)
        self.lab.status(package, site, status, version if held is None else held, age_s)
        self.lab.commit()


class Server:
    """The TDS server of the tests on a world's database, and what the plugin needs to reach it."""

    def __init__(self, world, password="Geheim:1", user="probe", database="SMS_CEN", **options):
        from tds_fixture import TdsServer
        self.world, self.user, self.password, self.database = world, user, password, database
        world.lab.commit()
        self.tds = TdsServer(world.database, user=user, password=password, database=database, **options)
        # FreeTDS reads ~/.freetds.conf and the system's file unless it is given one.
        self.freetds = os.path.join(world.folder, "freetds.conf")
        with open(self.freetds, "w", encoding="ascii") as file:
            file.write("[global]\n")
        self.password_file = self.keep_password(password)

    def keep_password(self, password, name="password"):
        path = os.path.join(self.world.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            os.chmod(path, 0o600)
            file.write(password + "\n")
        return path

    def __enter__(self):
        self.tds.start()
        return self

    def __exit__(self, *_):
        self.tds.stop()

    def check(self, *arguments, env=None, user=None, **more):
        world = self.world
        world.lab.commit()
        given = [str(argument) for argument in arguments]

        def unless(name, *values):
            return [] if any(argument.startswith(name) for argument in given) else list(values)
        settings = (unless("--hostname", "--hostname=127.0.0.1") + unless("--port", "--port=%d" % self.tds.port)
                    + unless("--database", "--database=" + self.database) + unless("--user", "--user=" + self.user)
                    + unless("--password-file", "--password-file=" + self.password_file))
        variables = dict(world.env, FREETDSCONF=self.freetds)
        variables.update(env or {})
        return run(*settings, "--state-dir=" + world.state, *given, env=variables, **dict(world.plugin, **more))
