# SPDX-License-Identifier: GPL-3.0-or-later
"""Lost, not late: the judgement `order` in the real program, hour by hour, with a clock that stands still in each run."""

import calendar
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time

import packages
import pytest
from packages import CRITICAL, DAY, HOUR, MINUTE, NAMES, OK, PLUGIN, SHIM, UNKNOWN, WARNING, World

BASE = calendar.timegm((2026, 3, 2, 0, 0, 0))  # a Monday
LETTERS = "XYZWV"
FULL = 8192


def at(moment):
    """The variables that hold a program's clock at a moment."""
    return {"LD_PRELOAD": packages.FAKETIME, "FAKETIME": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment)),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}


def row(status, version, wanted, size_mb=10, priority=2):
    return status, version, wanted, size_mb, priority


CALM, SENT, HERE = row(2, 1, 1), row(1, 1, 2), row(2, 2, 2)
HIGH, HIGH_HERE = row(1, 1, 2, 10, 1), row(2, 2, 2, 10, 1)

# name: ({hour: {packages: row}}, until, {(package, why): hour}, hours between runs, (not active from, until))
CASES = {
    "lost: Y and Z sent later arrive": ({10: {"X": SENT}, 12: {"Y": SENT}, 13: {"Y": HERE}, 20: {"Z": SENT}, 22: {"Z": HERE}}, 40, {("X", "overtaken"): 22}),
    "lost, and others go on arriving": ({10: {"X": SENT}, 12: {"Y": SENT}, 13: {"Y": HERE}, 14: {"Z": SENT}, 15: {"Z": HERE}, 20: {"W": SENT}, 22: {"W": HERE}}, 40,
                                        {("X", "overtaken"): 22}),
    "overtaken once, then silence": ({10: {"X": SENT}, 12: {"Y": SENT}, 13: {"Y": HERE}}, 80, {}),
    "the same, for ever": ({10: {"X": SENT}, 12: {"Y": SENT}, 13: {"Y": HERE}}, 120, {("X", "silent"): 85}),
    "slow, not lost": ({10: {"X": SENT}, 70: {"X": HERE}}, 120, {}),
    "sent before, arrives after": ({8: {"Y": SENT}, 10: {"X": SENT}, 14: {"Y": HERE}, 30: {"X": HERE}}, 80, {}),
    "higher priority overtakes": ({10: {"X": row(1, 1, 2, 10, 3)}, 12: {"Y": HIGH}, 13: {"Y": HIGH_HERE}, 40: {"Z": HIGH}, 41: {"Z": HIGH_HERE}, 89: {"W": HIGH_HERE}},
                                  95, {("X", "overtaken"): 89}),
    "moves": ({10: {"X": SENT}, 12: {"Y": SENT}, 13: {"Y": HERE}, 15: {"X": row(1, 1, 3)}, 16: {"X": row(2, 2, 3)}, 22: {"Z": SENT}, 23: {"Z": HERE}}, 60, {}),
    "sent again daily": ({10: {"X": SENT}, 12: {"Y": SENT}, 13: {"Y": HERE}, 20: {"X": row(1, 1, 3)}, 21: {"Z": SENT}, 22: {"Z": HERE}}, 40, {("X", "overtaken"): 22}),
    "an outage of 60 h": ({10: {LETTERS: SENT}, 70: {LETTERS: HERE}}, 100, {}),
    "a hung site": ({10: {LETTERS: SENT}}, 140, {("X", "silent"): 82}),
    "a full copy of 8 GB": ({10: {"X": row(1, 0, 1, FULL, 3)}, 12: {"Y": SENT}, 400: {"X": row(2, 1, 1, FULL, 3)}, 401: {"Y": HERE}}, 500, {}),
    "reset by the repair": ({10: {"X": SENT}, 12: {"Y": SENT}, 13: {"Y": HERE}, 14: {"X": row(2, 0, 2)}, 15: {"X": row(1, 0, 2)}, 22: {"XZ": HERE}, 23: {"Z": HERE}}, 60, {}),
    "behind, and the link has not got to it": ({5: {"Y": SENT}, 10: {"X": row(2, 1, 2)}, 60: {"Y": HERE}}, 120, {}),
    "behind, and what was sent later arrives": ({10: {"X": row(2, 1, 2)}, 20: {"Y": SENT}, 21: {"Y": HERE}, 60: {"Z": SENT}, 61: {"Z": HERE}}, 100, {("X", "behind"): 85}, 5),
    "two versions under way": ({8: {"Y": SENT}, 9: {"Y": row(1, 1, 3), "Z": SENT}, 10: {"X": SENT}, 14: {"Y": row(2, 2, 3)}, 15: {"Y": row(2, 3, 3)}, 30: {"Z": HERE}}, 60, {}),
    "the second version was made later": ({8: {"Y": SENT}, 9: {"Z": SENT}, 10: {"X": SENT}, 12: {"Y": row(1, 1, 3)}, 14: {"Y": row(2, 2, 3)}, 15: {"Y": row(2, 3, 3)},
                                           30: {"Z": HERE}}, 60, {("X", "overtaken"): 30}),
    "came and went between two runs": ({4: {"X": SENT}, 11: {"Y": HERE}, 30: {"Z": HERE}}, 40, {("X", "overtaken"): 32}, 4),
    "first seen in the same run": ({4: {"X": SENT, "Y": HERE}, 30: {"Z": CALM}}, 60, {}, 4),
    "site not active": ({10: {"X": SENT}, 302: {"X": HERE}}, 320, {}, 1, (12, 300)),
    "runs missed": ({10: {"X": SENT}, 30: {"XY": HERE}}, 90, {}, 29),
}
EVERY = {name: case[3] for name, case in CASES.items() if len(case) > 3 and case[3] != 1}


class Story(World):
    """Cases at sites of their own in one database: what becomes CRITICAL at which site, why and when."""

    def __init__(self, folder, names, shift_s=0, base=BASE):
        super().__init__(folder)
        self.names = list(names)
        self.site = {name: "T%02d" % number for number, name in enumerate(self.names)}
        self.base, self.shift_s = base, shift_s  # shift_s: the database's own zone
        self.seen, self.answer = {name: {} for name in names}, None
        self.make()
        self.lab.now = base + shift_s
        for name in self.names:
            self.lab.site(self.site[name], "Branch")
            self.apply(name, LETTERS, CALM)
            for letter in LETTERS:
                self.lab.target(self.package(name, letter), self.site[name], refreshed_age_s=None)

    def package(self, name, letter):
        return "CEN%02d%03d" % (self.names.index(name), LETTERS.index(letter))

    def apply(self, name, letters, values):
        status, version, wanted, size_mb, priority = values
        for letter in letters:
            self.lab.package(self.package(name, letter), letter, wanted, comp_size_kb=size_mb * 1024, priority=priority, source_date_age_s=None)
            self.lab.status(self.package(name, letter), self.site[name], status, version)

    def go(self, hour, end=None):
        """The events up to this hour since the last call, then nothing more."""
        for name in self.names:
            events = CASES[name][0]
            for when in sorted(events):
                if getattr(self, "done", -1) < when <= hour:
                    self.lab.now = self.base + self.shift_s + when * HOUR
                    for letters, values in events[when].items():
                        self.apply(name, letters, values)
            if len(CASES[name]) > 4:
                away, back = CASES[name][4]
                self.lab.site(self.site[name], "Branch", status=2 if away <= hour < back else 1)
        self.done = hour

    def run(self, hour, *arguments, **more):
        """One run; notes what has become CRITICAL."""
        self.go(hour)
        answer = self.check("-v", *arguments, env=at(self.base + int(hour * HOUR)), **more)
        assert answer.code != UNKNOWN, answer
        self.note(hour, answer)
        return answer

    def note(self, hour, answer):
        self.answer = answer
        code = {site: name for name, site in self.site.items()}
        red = [(item["site"], item["name"], "overtaken") for item in answer.items if item["state"] == "CRITICAL" and "lost, not slow" in item["order"]]
        red += [(site, LETTERS[int(one["package"][5:])], "silent") for site, one in answer.silences.items()]
        red += [(item["site"], item["name"], item["kind"]) for item in answer.items if item["state"] == "CRITICAL" and "lost, not slow" not in item["order"]]
        for site, letter, why in red:
            if hour < CASES[code[site]][1] + 1:  # what a case leaves behind is no part of it
                self.seen[code[site]].setdefault((letter, why), int(hour))

    def is_as_told(self, until):
        for name in self.names:
            told = {what: hour for what, hour in CASES[name][2].items() if hour <= until}
            assert self.seen[name] == told, (name, self.seen[name], told)


def hourly():
    return [name for name in CASES if name not in EVERY]


def test_the_cases_hour_by_hour(tmp_path):
    with Story(tmp_path, hourly()) as story:
        for hour in [*range(125), *range(125, 501, 5)]:
            story.run(hour)
        story.is_as_told(500)


def test_the_cases_every_ten_minutes(tmp_path):
    with Story(tmp_path, hourly()) as story:
        for run in range(123 * 6):
            story.run(run / 6)
        story.is_as_told(122)


@pytest.mark.parametrize("name", EVERY)
def test_the_cases_with_longer_intervals(tmp_path, name):
    with Story(tmp_path, [name]) as story:
        for hour in range(0, CASES[name][1] + 1, EVERY[name]):
            story.run(hour)
        story.is_as_told(CASES[name][1])


# ---- the same with what happens to runs


SHORT = ("lost: Y and Z sent later arrive", "the same, for ever", "moves", "a hung site", "higher priority overtakes", "slow, not lost")


def test_services_with_other_filters_share_one_memory(tmp_path):
    with Story(tmp_path, SHORT) as story:
        for hour in range(96):
            story.go(hour)
            for arguments in (["--child-site=" + story.site[SHORT[0]]], ["--exclude-site=" + story.site[SHORT[0]]],
                              ["--package=" + story.package(SHORT[3], "V")], ["--judge=age"]):
                if hour % 3 or arguments[0] != "--judge=age":
                    story.check(*arguments, env=at(BASE + hour * HOUR + 5 * MINUTE - 20))
            story.run(hour + 1 / 6)
        story.is_as_told(95)


def test_a_service_of_one_package_sees_the_order_of_the_whole_site(tmp_path):
    with Story(tmp_path, SHORT) as story:
        for hour in range(23):
            story.go(hour)
            answer = story.check("--package=" + story.package(SHORT[0], "X"), env=at(BASE + hour * HOUR))
            assert answer.code == (CRITICAL if hour >= 22 else WARNING if hour == 22 else OK), (hour, answer)
            assert answer.value("examined") == 1
        assert "lost, not slow" in answer.lines[1] and answer.value("overtaken") == 1


def test_runs_that_end_without_a_result_change_nothing(tmp_path):
    """A locked database, and SIGKILL at any moment, between runs that are whole."""
    dice = random.Random(11)
    with Story(tmp_path, SHORT) as story:
        for hour in range(96):
            story.go(hour)
            story.lab.commit()
            if hour % 4 == 1:
                blocker = sqlite3.connect(story.database)
                blocker.execute("BEGIN EXCLUSIVE")
                answer = story.check("-t", "2", env=at(BASE + hour * HOUR))
                assert answer.code == UNKNOWN, answer
                blocker.close()
            else:
                for _ in range(2):
                    process = subprocess.Popen([PLUGIN] + story.arguments(), env=dict(story.env, **at(BASE + hour * HOUR)), cwd="/",
                                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                               start_new_session=True)
                    time.sleep(dice.random() * 0.04)
                    try:
                        os.killpg(process.pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                    process.wait()
            answer = story.run(hour)
            assert "memory" not in answer.first, (hour, answer)
        story.is_as_told(95)


@pytest.mark.parametrize("call", ("pwrite", "fdatasync", "unlink"))
def test_what_arrived_in_a_killed_run_is_seen_by_the_next(tmp_path, call):
    """At whatever call the machine died: half-written memory does not cost the order of what arrived meanwhile."""
    with Story(tmp_path, SHORT[:1]) as story:
        for hour in (10, 11, 12):
            story.run(hour)
        shutil.copytree(story.state, tmp_path / "before")
        story.go(13)
        story.lab.commit()
        for n in range(1, 60):
            shutil.rmtree(story.state)
            shutil.copytree(tmp_path / "before", story.state)
            moment = at(BASE + 13 * HOUR)
            shims = dict(LD_PRELOAD=SHIM + ":" + moment["LD_PRELOAD"], SHIM_PATH=story.state, SHIM_FAIL_CALL=call,
                         SHIM_FAIL_NTH=str(n), SHIM_ERRNO="KILL")
            killed = story.check(env=dict(moment, **shims))
            if killed.code != UNKNOWN:
                break
            assert "the worker crashed (signal 9" in killed.lines[0], killed
            answer = story.run(13)
            assert "overtaken, not yet for long" in answer.text and "CEN00001 (sent after" in answer.text, (n, answer)
            assert "memory" not in answer.text, (n, answer)
        assert 1 < n < 59


def test_what_arrived_while_another_run_kept_its_memory_is_seen(tmp_path):
    """A writer at work when this run looks: it waits for it, as it waits for the lock."""
    with Story(tmp_path, SHORT[:1]) as story:
        for hour in (10, 11, 12):
            story.run(hour)
        story.go(13)
        story.lab.commit()
        memory, = (os.path.join(story.state, name) for name in os.listdir(story.state) if name.endswith(".sqlite3"))
        with packages.written_for(memory, 0.4):
            answer = story.run(13)
        assert "overtaken, not yet for long" in answer.text, answer


def test_a_clock_that_jumps_pages_nothing(tmp_path):
    calm = ("slow, not lost", "sent before, arrives after", "moves", "reset by the repair", "an outage of 60 h")
    with Story(tmp_path, calm) as story:
        for hour in range(30):
            story.run(hour)
            if hour in (9, 12, 21):
                story.check(env=at(BASE + hour * HOUR + 20 * HOUR))
            if hour in (11, 25):
                story.check(env=at(BASE + hour * HOUR - 9 * DAY))
        story.is_as_told(29)
        assert all(0 <= item["first_seen"] <= BASE + 50 * HOUR for item in story.remembered().values())


def test_a_clock_that_was_wrong_does_not_hide_what_is_lost(tmp_path):
    with Story(tmp_path, SHORT[:1]) as story:
        for hour in range(41):
            if hour == 5:
                story.check(env=at(BASE + 400 * DAY))
            story.run(hour)
        story.is_as_told(40)


@pytest.mark.parametrize("shift_h", (-11, 5, 14))
def test_the_zone_of_the_database_does_not_matter(tmp_path, shift_h):
    with Story(tmp_path, SHORT, shift_s=shift_h * HOUR) as story:
        for hour in range(96):
            story.run(hour)
        story.is_as_told(95)


# ---- a hierarchy


def test_the_story_of_the_demo(world):
    """One package lost among others that arrive, one huge copy that makes others wait, one silent site with those below it."""
    import sitedb
    import sitedb_order
    lab = world.lab = sitedb.Lab(world.database, now=BASE + 200 * HOUR)
    sitedb_order.build(lab)
    before = None
    for hour in [*sitedb_order.hours(), 0]:
        sitedb_order.go(lab, before, hour)
        before = hour
        answer = world.check("-v", env=at(lab.now + hour * HOUR))
        assert answer.code == (OK if hour < -44 else answer.code), answer
    answer.is_(CRITICAL, "2 stuck: S05 Branch office Tromsø silent for 4 d 4 h, 2 packages wait there, and at 2 sites below;")
    assert answer.values("overtaken", "silent", "stuck", "pending") == (1, 1, 2, 8)
    assert answer.silences["S05"]["below"] == "2" and list(answer.silences) == ["S05"]
    states = {(item["package"], item["site"]): (item["state"], item["order"]) for item in answer.items}
    assert "lost, not slow" in states["CEN00012", "S02"][1] and "CEN00031 (sent after " in states["CEN00012", "S02"][1]
    assert "behind 8.6 GB of CEN00847; nothing sent later has arrived" in states["CEN00031", "S03"][1]
    assert [key for key, (state, _) in states.items() if state != "OK"] == [("CEN00012", "S02")]
    # Without -v what is folded is not shown.
    assert len(world.check(env=at(lab.now)).lines) == 6
    # A ship at sea: everything at S05 is accepted until a day; what is below it does not inherit that.
    accepted = world.check("--known=@S05:2199-12-31", "-v", env=at(lab.now))
    assert "S05" not in accepted.silences and {item["state"] for item in accepted.items if item["site"] == "S05"} == {"known until 2199-12-31"}, accepted
    assert accepted.value("known") == 2 and world.check("--known=@S05:2020-01-01", env=at(lab.now)).value("silent") == 1


def test_one_dead_site_holds_every_sender_thread(world):
    """40 of 43 sites get nothing: one cause, one line, and nobody is advised to bring single packages by hand."""
    lab = world.make()
    lab.now = BASE
    sites = ["%03X" % (0xA00 + number) for number in range(43)]
    names = ["CEN000%02d" % number for number in range(12)]
    for code in sites:
        lab.site(code, "Branch")
    for name in names:
        lab.package(name, "Package", 2, source_date_age_s=None)
        lab.deploy(name, sites, age_s=0)
    world.check(env=at(BASE)).is_(OK)
    lab.now = BASE + HOUR
    for code in sites:
        for name in names[:9]:
            lab.status(name, code, 1, 1)
    world.check(env=at(BASE + HOUR)).is_(OK)
    for hour in (20, 40, 60):
        lab.now = BASE + hour * HOUR
        for code in sites[40:]:
            lab.status(names[hour // 20], code, 2, 2)
        world.check(env=at(BASE + hour * HOUR))
    answer = world.check(env=at(BASE + 74 * HOUR)).is_(CRITICAL, "nothing reaches 40 of 43 sites: sender or scheduler of CEN; oldest CEN000")
    assert len(answer.causes) == 1 and answer.value("silent") == 40, answer
    for words in (answer.text, world.check("-v", env=at(BASE + 75 * HOUR)).text):
        assert "PreloadPkgOnSite" not in words and "copy " not in words and "sms_reset_package" not in words, words
    lab.now = BASE + 76 * HOUR
    for code in sites:
        for name in names[:9]:
            lab.status(name, code, 2, 2)
    world.check(env=at(BASE + 76 * HOUR)).is_(OK)


def survey(world, hour):
    done = subprocess.run([packages.PLUGIN, *world.arguments("--survey")], env={**world.env, **at(BASE + hour * HOUR)}, capture_output=True, text=True, check=False)
    assert done.returncode == UNKNOWN and done.stderr == "", done
    return done.stdout


def test_the_survey_counts_how_often_order_was_right(world):
    """S01 in order, S02 with one that came long after what was sent later; then enough in order to make it the exception."""
    lab = world.make()
    names = ["CEN000%02d" % number for number in range(99)]
    for name in names:
        lab.package(name, "Package", 2, source_date_age_s=None)
        lab.deploy(name, ["S01", "S02"], age_s=0)

    def run(hour, *changes):
        lab.now = BASE + hour * HOUR
        for name, site, status in changes:
            lab.status(name, site, status, 2 if status == 2 else 1)
        world.check(env=at(BASE + hour * HOUR))
    run(0)
    assert "Order: no run has seen an arrival yet; look again when the check has run for some days" in survey(world, 0)
    first, second, third = names[:3]
    run(1, *[(name, site, 1) for name in names for site in ("S01", "S02") if name != second and name != third])
    run(2, (second, "S01", 1), (second, "S02", 1))
    run(3, (first, "S01", 2), (second, "S02", 2))
    run(4, (third, "S01", 1), (third, "S02", 1))
    run(12, (second, "S01", 2), (third, "S02", 2))
    run(13, (first, "S02", 2))
    told = survey(world, 13)
    assert "Order does not hold everywhere: 1 of 5 arrivals were overtaken for longer than the limit before they came; several senders to a site?" in told, told
    assert re.search(r"^  S01 +0 of 2\n  S02 +1 of 3$", told, re.M), told
    run(14, *[(name, "S01", 2) for name in names[3:]])
    told = survey(world, 14)
    assert "Order holds: 1 of %d arrivals were overtaken for longer than the limit before they came\n" % (5 + 96) in told, told
    assert re.search(r"^Priorities of packages: medium \(2\) 99$", told, re.M), told


def test_the_first_160_bytes_serve_a_pager(world):
    lab = world.make()
    lab.site("S02", "Zweigstelle Düsseldorf-Unterbilk am Rheinufer")
    for number in range(3):
        world.stuck("CEN0000%d" % number, "S02", age_s=(4 + number) * DAY, name="Microsoft Office Professional Plus 2003 SP3 Größe", held=2)
    lab.deploy("CEN00000", ["S01"])
    for number in range(30):
        lab.package("CEN001%02d" % number, "Fine", 1)
        lab.deploy("CEN001%02d" % number, ["S02"])
    first = world.check().is_(CRITICAL).first.encode()[:160].decode("utf-8", "ignore")
    for word in ("CRITICAL", "3 stuck", "CEN00002", "Microsoft Office", "S02 Zweigstelle", "sent for 6 d"):
        assert word in first, first


def test_what_may_still_come_is_not_sent_again(tmp_path):
    """Overtaken for an hour is a WARNING: it says where to look, and offers no repair before the package is called lost."""
    with Story(tmp_path, ["lost, and others go on arriving"]) as story:
        seen = set()
        for hour in range(24):
            story.run(hour)
            seen |= {(line.split(":")[0], "sms_reset_package" in line, "it may still come" in line) for line in story.answer.lines[1:] if '"X"' in line}
        assert seen == {("OK", False, False), ("WARNING", False, True), ("CRITICAL", True, False)}


@pytest.mark.parametrize("ahead_s", (4 * DAY, 30 * DAY))
def test_a_clock_that_was_ahead_for_one_run_makes_no_page_and_hides_none(tmp_path, ahead_s):
    with Story(tmp_path, SHORT[:1] + ("slow, not lost", "moves", "sent before, arrives after")) as story:
        for hour in range(41):
            if hour in (6, 12, 16):
                story.check(env=at(BASE + hour * HOUR + ahead_s))
            story.run(hour)
        assert "clock of this host" not in story.answer.text
        assert {name: seen for name, seen in story.seen.items() if seen} == {SHORT[0]: {("X", "overtaken"): 22}}, story.seen


def test_a_host_whose_clock_is_behind_its_database_teaches_nothing(world):
    """A machine that starts before it has asked for the time: what was known stays as it was, and is judged by the database's clock."""
    lab = world.make()
    for package, dated in (("CEN00001", None), ("CEN00002", 5 * DAY)):
        lab.package(package, "Office", 2, source_date_age_s=dated)
        lab.target(package, "S02", refreshed_age_s=dated)
    world.stuck("CEN00003", "S03", age_s=5 * DAY)
    world.check("--judge=age", later=-5 * DAY)
    lab.commit()
    with packages.Server(world) as server:
        calm = server.check("-v").is_(CRITICAL)
        before = world.remembered()
        lab.package("CEN00004", "New", 2)
        lab.target("CEN00004", "S01")
        lab.commit()
        for run in range(3):
            answer = server.check("-v", env=packages.faketime(-9 * DAY + run * 10 * MINUTE)).is_(CRITICAL)
            assert "; this run is not remembered: the clock of this host is " in answer.first and " behind that of the last run" in answer.first, answer
            states = {item["package"]: (item["state"], item["age"]) for item in answer.items}
            assert {item["package"]: (item["state"], item["age"]) for item in calm.items}.items() <= states.items(), (calm, answer)
            assert world.remembered() == before
        assert "clock of this host" not in server.check().text and len(world.remembered()) == len(before) + 1


def test_what_fails_and_is_tried_again_is_not_well_in_between(tmp_path):
    """Status 5 and 1 in turn, and the same where nobody looks at the failures but now and then."""
    with Story(tmp_path, ["slow, not lost"]) as story:
        site, states = story.site["slow, not lost"], []
        for hour in range(80):
            story.go(0)
            story.lab.now = BASE + hour * HOUR
            if 3 <= hour < 60:
                story.apply("slow, not lost", "Y", row(5 if hour % 3 == 0 else 1, 1, 2))
            elif hour == 60:
                story.apply("slow, not lost", "Y", HERE)
            answer = story.check("-v", env=at(BASE + hour * HOUR))
            states.append(answer.item(story.package("slow, not lost", "Y"), site)["state"] if 3 <= hour < 60 else answer.code)
            if hour in (31, 32):
                assert "; it failed last 2026-03-03 06:00 UTC and is tried again" in answer.text, answer
        assert set(states[:3] + states[60:]) == {OK}
        assert set(states[28:60]) == {"CRITICAL"} and "CRITICAL" not in states[3:27], states


def test_one_failure_that_is_over_is_soon_forgotten(tmp_path):
    with Story(tmp_path, ["slow, not lost"]) as story:
        states = []
        for hour in range(60):
            story.go(0)
            story.lab.now = BASE + hour * HOUR
            story.apply("slow, not lost", "Y", CALM if hour < 3 else row(5 if 30 <= hour < 32 else 1, 1, 2))
            answer = story.check("-v", env=at(BASE + hour * HOUR))
            states.append(NAMES[answer.code])
        assert states == ["OK"] * 30 + ["CRITICAL"] * 7 + ["OK"] * 2 + ["WARNING"] * 21, states  # nothing arrives


@pytest.mark.parametrize("date_age_s", (None, -400 * DAY, 9000 * DAY))
@pytest.mark.parametrize("rise", (False, True))
def test_dates_that_are_none_do_not_make_a_site_silent_nor_hide_what_is_lost(tmp_path, date_age_s, rise):
    """UpdateTime is NULL or years off: what was pending and is in sync (or has risen) has arrived all the same."""
    with Story(tmp_path, ["slow, not lost"]) as story:
        name, states = "slow, not lost", []
        site = story.site[name]
        for hour in range(120):
            story.go(0)
            story.lab.now = BASE + hour * HOUR
            other = LETTERS[1 + hour // 8 % 4]
            version = 2 + hour // 32
            if hour == 5:
                story.apply(name, "X", SENT)
            if hour % 8 == 0:
                story.apply(name, other, row(1, version - 1, version + rise))
            if hour % 8 == 3:
                story.apply(name, other, row(2, version, version + rise))
            story.lab.db.execute("UPDATE PkgStatus SET UpdateTime = ?", (story.lab.date(date_age_s),))
            answer = story.check("-v", env=at(BASE + hour * HOUR))
            assert not answer.silences and answer.value("silent") == 0, answer
            states += [item["state"] for item in answer.items if item["name"] == "X" and item["site"] == site]
        assert states[0] == "OK" and states[-1] == "CRITICAL" and states == sorted(states, key=("OK", "WARNING", "CRITICAL").index), states


@pytest.mark.parametrize("rate", (None, "500MB/h"))
def test_a_patience_of_months_is_told(tmp_path, rate):
    """Twenty full copies of 5 GB on a dead link: the guess of the rate allows a year, so a WARNING asks for it; a given rate is believed."""
    with Story(tmp_path, ["slow, not lost"]) as story:
        site, states = story.site["slow, not lost"], []
        given = [] if rate is None else ["--min-rate=" + rate]
        story.lab.now = BASE
        story.check(*given, env=at(BASE))
        for number in range(20):
            story.lab.package("CEN%05X" % (0x200 + number), "Image", 1, comp_size_kb=5 * 1000 * 1000, source_date_age_s=None)
            story.lab.target("CEN%05X" % (0x200 + number), site, refreshed_age_s=None)
            story.lab.status("CEN%05X" % (0x200 + number), site, 1, 0)
        for hour in range(1, 300, 6):
            answer = story.check("-v", *given, env=at(BASE + hour * HOUR))
            states.append((hour, NAMES[answer.code]))
        if rate is None:
            assert all((state == "WARNING") == (hour >= 169) for hour, state in states), states
            assert ", full copies of 102 GB allow " in answer.text and " at 12.6 MB/h, which is a guess: --min-rate; " in answer.text, answer
        else:
            patience = 72 + 102.4e9 / 500e6  # from hour 1 on, which saw them sent
            assert all(state == ("CRITICAL" if hour - 1 >= patience else "WARNING" if hour - 1 >= patience / 2 else "OK") for hour, state in states), states
            assert answer.silences, answer
