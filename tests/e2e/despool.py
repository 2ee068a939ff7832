# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs check_sms_despool as NRPE does, on logs of the lab, and takes its answer apart."""

import os
import re
import sqlite3
import time

import logs
import packages
from packages import BUILD, CRITICAL, OK, PLUGINS, UNKNOWN, WARNING, faketime, state_files

STATES = (OK, WARNING, CRITICAL, UNKNOWN)  # the tests take them from here

PLUGIN = os.path.join(PLUGINS, "check_sms_despool")
SHIM_READ = os.path.join(BUILD, "tests", "unit", "shim_read.so")
HOUR, DAY = 3600, 86400
LABELS = "waiting stuck broken known oldest oldest_broken repeats lines bytes log_age new".split()

ITEM = re.compile(
    r'(?P<state>OK|WARNING|CRITICAL|known(?: until (?P<until>\d{4}-\d\d-\d\d))?): (?P<package>\w+)(?: at (?P<site>\w+))?: '
    r'(?P<kind>[a-z_+]+), (?:(?:wants version (?P<wanted>\d+)|wanted version not said)(?:, has (?P<held>\d+)|, which its database calls stored)?(?:, )?|'
    r'throws away version (?P<sent>\d+) that is sent, for (?P<arrived>\d+) has arrived(?:, )?)?(?P<facts>.*?)(?:, )?for (?P<age>\d[^,:;]+)'
    r'(?:, repeated (?P<repeats>\d+) times, last (?P<last>[^,:;]+) ago)?(?:, (?P<file>\S+) is (?P<gone>not|empty) in (?P<folder>[^:;]+))?'
    r'(?:: (?:"(?P<line>.*?)"|(?P<message>status message [^;]+)))?(?:; (?P<advice>.*))?\Z')
NOTE = re.compile(r"--known \S+ ended |ended: |seen once: |\+\d+ more\Z|\S+: (stamps are local time|.* (was|were) )|\S+ events are of more")


class Answer(packages.Answer):
    title, labels, item_form = "SMS DESPOOL", LABELS, ITEM

    def __init__(self, *facts):
        super().__init__(*facts)
        if not any(argument.startswith("-v") for argument in self.command):
            assert len(self.stdout) <= 4000, self
        self.is_(self.code)

    def note(self, line):
        assert NOTE.match(line), "neither an item nor a note: %r in %s" % (line, self)

    def item(self, package):
        found = [item for item in self.items if item["package"] == package]
        assert len(found) == 1, "%d items of %s in %s" % (len(found), package, self)
        return found[0]


def command(*arguments):
    return [PLUGIN] + [str(argument) for argument in arguments]


def run(*arguments, **more):
    return packages.run(*arguments, program=PLUGIN, form=Answer, **more)


class Child:
    """The logs of one child site in a folder of their own, and the check on them."""

    def __init__(self, folder, product="sms2003", **form):
        self.folder, self.form = os.fspath(folder), form
        self.site = logs.Site(product)
        self.now = time.time()
        self.state = os.path.join(self.folder, "state")
        os.makedirs(self.state, mode=0o755, exist_ok=True)
        self.files = {}

    def write(self, *stories, **more):
        options = dict(self.form)
        options.update(more)
        self.files = logs.write(self.folder, stories, self.site, options.pop("now", self.now), **options)
        return self.files

    def tell(self, name, age_s=4 * DAY, **options):
        return logs.STORIES[name](self.site, start=self.now - age_s, now=self.now, **options)

    def every(self, log, text, first_s, last_s, step_s=HOUR, thread=2508):
        """Records of one line (or of several, one behind the other) that repeats between two ages."""
        texts = [text] if isinstance(text, str) else text
        make = getattr(self.site, log)
        ages = [first_s - n * step_s for n in range(int((first_s - last_s) // step_s) + 1)]
        return [make(self.now - age + 0.01 * i, thread, one) for age in ages for i, one in enumerate(texts)]

    def alive(self, first_s=6 * DAY, last_s=60, logs=("despool", "distmgr")):
        """The signs of life of both components, and nothing else."""
        texts = {"despool": "Waiting for ready instruction file....", "distmgr": "Sleep 3600 seconds..."}
        return [record for log in logs for record in self.every(log, self.site.tilde + texts[log], first_s, last_s, 1800, 6128)]

    def path(self, name):
        return os.path.join(self.folder, name + ".log")

    def arguments(self, *arguments):
        given = [str(argument) for argument in arguments]
        own = [] if any(a.startswith("--log") for a in given) else ["--log=" + self.path("despool"), "--log=" + self.path("distmgr")]
        zone = [] if any(a.startswith("--timezone") for a in given) else ["--timezone=Europe/Berlin"]
        return own + zone + ["--state-dir=" + self.state] + [a for a in given if a != "--timezone"]

    def check(self, *arguments, env=None, later=0, **more):
        variables = dict(env or {})
        if later:
            variables.update(faketime(later))
        return run(*self.arguments(*arguments), env=variables, **more)

    def forget(self):
        for name in os.listdir(self.state):
            os.unlink(os.path.join(self.state, name))

    def dump(self):
        """What is remembered of packages, as one comparable value."""
        path, = [path for path in state_files(self.state) if "-pck" not in path]
        with sqlite3.connect(path) as db:
            rows = [sorted(line for (lines,) in db.execute("SELECT lines FROM " + table) for line in lines.splitlines())
                    for table in ("condition", "stored")]
        db.close()
        return rows
