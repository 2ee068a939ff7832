# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs check_sms_inbox as NRPE does, on boxes whose files come and leave at times of the lab."""

import os
import re
import shutil
import time

import packages
from packages import CRITICAL, OK, PLUGINS, UNKNOWN, WARNING, faketime, state_files

TAKEN_FROM_HERE = (OK, WARNING, CRITICAL, UNKNOWN, state_files)

PLUGIN = os.path.join(PLUGINS, "check_sms_inbox")
MINUTE, HOUR, DAY = 60, 3600, 86400
LABELS = "files stuck known oldest largest bytes boxes new".split()

ITEM = re.compile(
    r"(?P<state>OK|WARNING|CRITICAL): (?P<box>[^:]+): (?P<kind>waiting|silent|full|silent\+full|left_behind|old), "
    r"(?:(?P<files>\d+) files? waits? \((?P<size>[^)]+)\), oldest (?P<oldest>.+?) for (?P<age>[^,;]+)|(?P<file>.+?) waits for (?P<waits>[^,;]+?)(?: by its date)?)"
    r"(?P<more>[,;].*)?\Z")


class Answer(packages.Answer):
    title, labels, item_form = "SMS INBOX", LABELS, ITEM

    def __init__(self, *facts):
        super().__init__(*facts)
        if not any(argument.startswith("-v") for argument in self.command):
            assert len(self.stdout) <= 4000, self
        self.is_(self.code)
        assert self.items is not None
        for item in self.items:
            # Whoever is woken is told what the box is for and where to look.
            assert ("; the box holds " in (item["more"] or "")) == (item["state"] != "OK"), (item, self)

    def note(self, line):
        assert re.match(r"\+\d+ more\Z|--known \S+ ended |the server's clock is |this host's clock ran |\d+ files? (is|are) dated in the future", line), \
            "neither an item nor a note: %r in %s" % (line, self)

    def box(self, name):
        found = [item for item in self.items if item["box"] == name and item["files"]]
        assert len(found) == 1, "%d items of %s in %s" % (len(found), name, self)
        return found[0]

    def left(self, name):
        found = [item for item in self.items if item["file"] and item["file"].split(" ")[0] == name]
        assert len(found) == 1, "%d items of %s in %s" % (len(found), name, self)
        return found[0]


def run(*arguments, **more):
    return packages.run(*arguments, program=PLUGIN, form=Answer, **more)


class Inboxes:
    """The inboxes of a site server in a folder, and the check on some of them. Its clock is `now`: the lab's time."""

    def __init__(self, folder, root=None):
        self.folder = os.fspath(folder)
        self.root = root or os.path.join(self.folder, "inboxes")
        self.state = os.path.join(self.folder, "state")
        os.makedirs(self.root, exist_ok=True)
        os.makedirs(self.state, mode=0o755, exist_ok=True)
        self.start = self.now = int(time.time())

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def make(self, *boxes):
        for box in boxes:
            os.makedirs(self.path(box), exist_ok=True)
            self.touch(box)
        return self

    def touch(self, box):
        """The folder changed now."""
        os.utime(self.path(box), (self.now, self.now))

    def put(self, box, *names, age_s=2 * MINUTE, size=100):
        for name in names:
            with open(os.path.join(os.fsencode(self.path(box)), os.fsencode(name)), "wb") as file:
                file.write(b"x" * size)
            os.utime(os.path.join(os.fsencode(self.path(box)), os.fsencode(name)), (self.now - age_s, self.now - age_s))
        self.touch(box)

    def take(self, box, *names):
        for name in names:
            os.unlink(os.path.join(os.fsencode(self.path(box)), os.fsencode(name)))
        self.touch(box)

    def empty(self, box):
        shutil.rmtree(self.path(box))
        self.make(box)

    def wait(self, seconds):
        self.now += seconds

    def clock(self):
        # It stands still in each run, so that no second passes between two looks. Dates of files are the lab's already.
        return dict(faketime(0), FAKETIME=time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.now)), NO_FAKE_STAT="1")

    def check(self, *arguments, env=None, **more):
        given = [str(argument) for argument in arguments]
        return run("--state-dir=" + self.state, *given, env=dict(self.clock(), **(env or {})), **more)

    def look(self, box, *arguments, **more):
        return self.check("--box=" + self.path(box), *arguments, **more)
