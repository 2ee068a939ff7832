# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs sms_reset_package as an administrator does, on a world's database, and reads its journal."""

import json
import os
import re
import subprocess
import time

import packages
from packages import DAY

PROGRAM = os.path.join(packages.PLUGINS, "sms_reset_package")
DONE, REFUSED, ROLLED_BACK, UNKNOWN = 0, 1, 2, 3
VERDICTS = {"SHOWN": 0, "DONE": 0, "REFUSED": 1, "ROLLED BACK": 2, "UNKNOWN": 3}
PAIR = ("--package=CEN00001", "--child-site=S02")
APPLY = ("--apply", "--yes")


class Answer:
    def __init__(self, command, code, stdout, stderr=b""):
        self.command, self.code, self.text = command, code, stdout.decode("utf-8")
        self.stderr = stderr.decode("utf-8", "replace")
        self.lines = self.text.rstrip("\n").split("\n")
        self.verdict = self.lines[-1]
        assert self.text.endswith("\n"), self
        assert all(c == "\n" or c.isprintable() for c in self.text), self
        assert packages.Server.__init__.__defaults__[0] not in self.text + self.stderr, "a password in %s" % self

    def __repr__(self):
        return "%s\nexit %d\n%s%s" % (" ".join(self.command), self.code, self.text, self.stderr)

    def is_(self, word, *texts):
        """The verdict's word, its exit code, and these texts in the verdict."""
        assert self.verdict.startswith(word), self
        assert self.code == VERDICTS[word], self
        for text in texts:
            assert text in self.verdict, "%r not in %s" % (text, self)
        return self

    @property
    def fields(self):
        """{label: the rest of the line}"""
        return {line[:12].strip(): line[12:] for line in self.lines[:-1]}

    @property
    def json(self):
        return json.loads(self.text)


class Reset:
    """`server`: a packages.Server, or None for SQLite."""

    def __init__(self, world, server=None, tds=None):
        self.world, self.server, self.tds = world, server, tds
        self.directory = os.path.join(world.folder, "reset")

    def command(self, *arguments):
        given = [str(argument) for argument in arguments]

        def unless(name, *values):
            return [] if any(argument.startswith(name) for argument in given) else list(values)
        if self.server is not None:
            where = ["--hostname=127.0.0.1", "--port=%d" % self.server.tds.port, "--database=" + self.server.database,
                     "--password-file=" + self.server.password_file]
            where += unless("--user", "--user=" + self.server.user) + unless("--tds-version", "--tds-version=" + (self.tds or "7.1"))
        else:
            where = [self.world.connect] + unless("--site", "--site=CEN")
        where += unless("--journal-dir", "--journal-dir=" + self.directory)
        where += unless("--state-dir", "--state-dir=" + self.world.state)
        return [PROGRAM, *(where if "--journal" not in given else where[-2:]), *given]

    def environment(self, env=None):
        more = {"FREETDSCONF": self.server.freetds} if self.server is not None else {}
        return dict(self.world.env, **more, **(env or {}))

    def __call__(self, *arguments, env=None, stdin=subprocess.DEVNULL, timeout=60):
        if self.world.lab is not None:
            self.world.lab.commit()
        command = self.command(*arguments)
        done = subprocess.run(command, env=self.environment(env), cwd="/", stdin=stdin, capture_output=True, timeout=timeout)
        answer = Answer(command, done.returncode, done.stdout, done.stderr)
        if not any(str(argument).startswith("-v") for argument in arguments):
            assert done.stderr == b"", answer
        return answer

    def start(self, *arguments, env=None):
        """The same, not waited for."""
        self.world.lab.commit()
        return subprocess.Popen(self.command(*arguments), env=self.environment(env), cwd="/", stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    @staticmethod
    def answer(process, timeout=60):
        stdout, _ = process.communicate(timeout=timeout)
        return Answer(process.args, process.returncode, stdout)

    # What is left behind

    @property
    def journal_file(self):
        return os.path.join(self.directory, "journal")

    def journal(self):
        """The lines of the file; a line without its end does not count."""
        try:
            with open(self.journal_file, encoding="utf-8") as file:
                return [line[:-1] for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def entries(self):
        """{id: last result, "open" without one} as the file has it."""
        found = {}
        for line in self.journal():
            match = re.fullmatch(r"\S+Z (begin|end) id=(\d+) (.*)", line)
            assert match, line
            found[int(match[2])] = "open" if match[1] == "begin" else re.fullmatch(r'result="(.*)"', match[3])[1]
        return found

    def forget(self):
        """The rate limit counts from the journal."""
        if os.path.exists(self.journal_file):
            os.unlink(self.journal_file)


def row(world, package="CEN00001", site="S02"):
    """(Status, SourceVersion, UpdateTime) of the only Type 1 row."""
    found = world.lab.query("SELECT Status, SourceVersion, UpdateTime FROM PkgStatus WHERE ID = ? AND Type = 1 AND SiteCode = ?",
                            package, site)
    assert len(found) == 1, found
    return found[0]


def stuck(world, **options):
    """The article's case; @return the row as it is."""
    world.make()
    world.stuck(**dict({"age_s": 4 * DAY, "version": 3, "comp_size_kb": 122880}, **options))
    world.lab.commit()
    return row(world)


def wait_until(true, timeout_s=10):
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
