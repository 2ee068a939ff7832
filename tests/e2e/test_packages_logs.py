# SPDX-License-Identifier: GPL-3.0-or-later
"""One story, not two: what check_sms_despool found in the logs of a child site stands in the database check's line."""

import glob
import os

import pytest
from despool import Child
from packages import CRITICAL, DAY, HOUR, OK, leave_half_written, state_files, written_for


@pytest.fixture
def child(tmp_path, world):
    """The logs of S02, whose base of CEN00001 is gone since almost four days; one state directory for both checks."""
    world.make()
    world.stuck("CEN00001", "S02", age_s=4 * DAY)
    folder = tmp_path / "logs"
    folder.mkdir()
    made = Child(folder)
    made.state = world.state
    made.write(made.tell("article", package="CEN00001"), made.alive())
    return made


def despool_memory(world):
    found = [path for path in state_files(world.state) if os.path.basename(path).startswith("check_sms_despool-")]
    assert len(found) == 1, os.listdir(world.state)
    return found[0]


def test_both_programs_tell_one_story(world, child):
    for _ in range(3):
        child.check("--site=S02").is_(CRITICAL)
        answer = world.check().is_(CRITICAL, '1 stuck: CEN00001 "Office" at S02 Branch S02: base missing for ')
        item = answer.item("CEN00001", "S02")
        assert item["kind"] == "base_missing" and item["logs"].startswith("base_missing since 2"), answer
        assert item["logs"].endswith("despool.log") and "copy CEN00001.PCK" in item["advice"], answer
        assert answer.values("pending", "failed", "stuck") == (0, 1, 1)


def test_a_base_is_missing_for_as_long_as_the_logs_say(world, child):
    child.write(child.tell("article", age_s=90 * 60, package="CEN00001"), child.alive())
    child.check("--site=S02")
    item = world.check("--failed-critical=2h").item("CEN00001", "S02")
    assert item["kind"] == "base_missing" and item["state"] in ("OK", "WARNING"), item


@pytest.mark.parametrize("site", ("S02", "s02"))
def test_another_directory(world, child, tmp_path, site):
    other = tmp_path / "other"
    other.mkdir()
    child.state = str(other)
    child.check("--site=" + site)
    assert world.check().item("CEN00001", "S02")["kind"] == "sent"
    assert world.check("--logs=%s" % other).item("CEN00001", "S02")["kind"] == "base_missing"
    assert world.check("--logs=%s" % (tmp_path / "nothing")).item("CEN00001", "S02")["kind"] == "sent"


@pytest.mark.parametrize("arguments", (["--site=S03"], []))
def test_logs_of_another_site_or_of_none_say_nothing(world, child, arguments):
    child.check(*arguments)
    assert world.check().item("CEN00001", "S02")["kind"] == "sent"


def test_no_memory_and_an_old_one_say_nothing(world, child):
    assert world.check().item("CEN00001", "S02")["kind"] == "sent"
    child.check("--site=S02")
    assert world.check(later=20 * HOUR).item("CEN00001", "S02")["kind"] == "base_missing"
    answer = world.check(later=30 * HOUR).is_(CRITICAL)
    assert answer.item("CEN00001", "S02")["kind"] == "sent" and answer.item("CEN00001", "S02")["logs"] is None


@pytest.mark.parametrize("spoil", (lambda path: open(path, "wb").close(), lambda path: os.truncate(path, 5000),
                                   lambda path: open(path, "r+b").write(b"x" * 4096), lambda path: os.chmod(path, 0)))
def test_a_damaged_memory_says_nothing_and_is_left_as_it_is(world, child, spoil):
    child.check("--site=S02")
    path = despool_memory(world)
    spoil(path)
    answer = world.check().is_(CRITICAL)
    if os.geteuid() != 0 or spoil.__code__.co_names != ("os", "chmod"):
        assert answer.item("CEN00001", "S02")["kind"] == "sent", answer
    assert glob.glob(path + "*") == [path] and not glob.glob(os.path.join(world.state, "*despool*.damaged-*"))


def test_a_memory_that_a_killed_run_left_half_written_is_read(world, child):
    child.check("--site=S02")
    leave_half_written(despool_memory(world))
    assert world.check().item("CEN00001", "S02")["kind"] == "base_missing"
    child.check("--site=S02").is_(CRITICAL, "1 stalled")


def test_a_memory_that_is_being_written_is_waited_for(world, child):
    child.check("--site=S02")
    with written_for(despool_memory(world), 0.4):
        assert world.check().item("CEN00001", "S02")["kind"] == "base_missing"


def test_a_package_that_was_stored_is_no_story(world, child):
    child.check("--site=S02")
    world.lab.arrive("CEN00001", "S02")
    world.check().is_(OK)
