# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that make the server refuse, hang, drop, drip, delay or fail at a chosen step.

A rule file is a JSON list of objects:

    at      accept, prelogin, login, batch, rpc, tm, row; or a list of these
    match   regular expression searched in the SQL text (case-insensitive; for tm: BEGIN, COMMIT, ROLLBACK); optional
    nth     only the nth matching event of the server's life; optional
    times   with nth (default 1): how many events from the nth on; without: only the first so many
    do      hang, close, reset, refuse, error, info, delay, drip, partial
    when    before (default) or after the work is done, but before any answer
    seconds         of a hang (then the connection closes; default: until the client goes) or a delay
    rows            at row, or do partial: how many rows are sent before it happens
    number, message, level, state   of an error, a refusal, an information (it comes before the results)
    bytes_per_second                of drip (default 1)
"""

import json
import os
import re
import threading

from tds_errors import SqlError

PLACES = ("accept", "prelogin", "login", "batch", "rpc", "tm", "row")
ACTIONS = ("hang", "close", "reset", "refuse", "error", "info", "delay", "drip", "partial")
KEYS = {"at", "match", "nth", "times", "do", "when", "seconds", "rows", "number", "message", "level", "state",
        "bytes_per_second"}


class Rule:

    def __init__(self, spec):
        unknown = set(spec) - KEYS
        if unknown:
            raise ValueError(f"unknown key in a rule: {', '.join(sorted(unknown))}")
        self.spec = spec
        self.places = [spec["at"]] if isinstance(spec["at"], str) else list(spec["at"])
        self.action, self.when = spec["do"], spec.get("when", "before")
        if not set(self.places) <= set(PLACES) or self.action not in ACTIONS or self.when not in ("before", "after"):
            raise ValueError(f"no such place, action or time in a rule: {spec}")
        self.pattern = re.compile(spec["match"], re.I | re.S) if spec.get("match") else None
        self.first = spec.get("nth", 1)
        times = spec.get("times", 1 if "nth" in spec else None)
        self.last = None if times is None else self.first + times - 1

    def get(self, key, default=None):
        return self.spec.get(key, default)

    @property
    def cuts_rows(self):
        return self.action == "partial" or "row" in self.places

    def error(self, number=50000, message="Error by rule."):
        return SqlError(self.get("number", number), self.get("message", message), self.get("level", 16),
                        self.get("state", 1))


class Rules:
    """The file is read again whenever it changes; an unchanged rule keeps its count."""

    def __init__(self, path=None):
        self.path, self.stamp, self.rules, self.counts = path, None, [], {}
        self.lock = threading.Lock()

    def _refresh(self):
        try:
            status = os.stat(self.path)
        except OSError:
            self.rules = []
            return
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        if stamp != self.stamp:
            with open(self.path, encoding="utf-8") as file:
                rules = [Rule(spec) for spec in json.load(file)]
            self.stamp, self.rules = stamp, rules

    def find(self, place, text=""):
        """The first rule that holds for this event, or None. Every rule that matches counts it."""
        if self.path is None:
            return None
        with self.lock:
            self._refresh()
            found = None
            for number, rule in enumerate(self.rules):
                if place not in rule.places or (rule.pattern is not None and not rule.pattern.search(text)):
                    continue
                key = (number, json.dumps(rule.spec, sort_keys=True))
                count = self.counts[key] = self.counts.get(key, 0) + 1
                if found is None and count >= rule.first and (rule.last is None or count <= rule.last):
                    found = rule
            return found
