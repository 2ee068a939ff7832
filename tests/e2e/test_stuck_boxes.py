# SPDX-License-Identifier: GPL-3.0-or-later
"""One story of three programs: what check_sms_inbox found stuck stands in the lines of the database checks."""

import glob
import json
import os
import re
import subprocess

import pytest

import dps
import inbox
import packages
from packages import CRITICAL, DAY, HOUR, MINUTE, OK, state_files

REQUESTS, RECEIVE, INCOMING = "schedule.box/requests", "despoolr.box/receive", "distmgr.box/INCOMING"
INSTANT = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"
STILL = r"at CEN schedule\.box\\requests stands still since %s, 2 files, oldest 202AAS02\.SRQ" % INSTANT


def boxes_of(world, site, folder="inboxes"):
    """The inboxes of a site's server, with the state directory of the other check and its clock."""
    made = inbox.Inboxes(world.folder, root=os.path.join(world.folder, site, folder))
    made.state = world.state
    return made.make(REQUESTS, RECEIVE, INCOMING, "inboxmgr.box")


def let_stand_still(boxes, box=REQUESTS, names=("202AAS02.SRQ", "202AAS03.SRQ"), hours=80):
    """Files wait for so many hours until now, and nothing leaves."""
    boxes.now = boxes.start - hours * HOUR
    boxes.look(box)
    boxes.put(box, *names)
    for hour in range(0, hours, 20):
        boxes.now = boxes.start - (hours - hour) * HOUR
        boxes.look(box)
    boxes.now = boxes.start
    return boxes.look(box).is_(CRITICAL, "nothing has left")


@pytest.fixture
def stuck(world):
    """CEN00001 has been on its way to S02 for four days."""
    world.make()
    world.stuck("CEN00001", "S02", age_s=4 * DAY)
    return world


def box_of(answer, package="CEN00001", site="S02"):
    return answer.item(package, site)["box"]


def test_both_programs_alternate(stuck):
    assert box_of(stuck.check().is_(CRITICAL)) is None
    boxes = boxes_of(stuck, "CEN")
    let_stand_still(boxes)
    for _ in range(3):
        answer = stuck.check().is_(CRITICAL)
        item = answer.item("CEN00001", "S02")
        assert re.fullmatch(STILL, item["box"]), answer
        assert "copy CEN00001.PCK" in item["advice"] and item["kind"] == "sent", answer
        boxes.look(REQUESTS).is_(CRITICAL)
    # It moves again: nothing stands there any more.
    boxes.take(REQUESTS, "202AAS02.SRQ")
    boxes.look(REQUESTS).is_(OK)
    assert box_of(stuck.check().is_(CRITICAL)) is None
    # A healthy item says nothing of boxes.
    boxes.put(REQUESTS, "202AAS04.SRQ", age_s=3 * DAY)
    stuck.lab.arrive("CEN00001", "S02")
    assert "check_sms_inbox" not in stuck.check("-v").is_(OK).text


def test_the_json_text_tells_it(stuck):
    let_stand_still(boxes_of(stuck, "CEN"))
    stuck.lab.commit()
    done = subprocess.run([packages.PLUGIN, *stuck.arguments("--output=json")], env=stuck.env, cwd="/", stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    item, = json.loads(done.stdout)["items"]
    assert re.search("; check_sms_inbox on this host: " + STILL, item["text"]), item


def test_the_second_service_of_the_pair_tells_it_too(stuck):
    let_stand_still(boxes_of(stuck, "CEN"))
    assert box_of(stuck.check("--new=15m").is_(CRITICAL))
    assert re.fullmatch(STILL, box_of(stuck.check("--new=15m", later=HOUR).is_(OK)))


@pytest.mark.parametrize("site, box, told", [("S02", RECEIVE, True), ("S03", RECEIVE, False), ("CEN", "inboxmgr.box", False), ("data", REQUESTS, False)])
def test_whose_box_it_is(stuck, site, box, told):
    boxes = boxes_of(stuck, site)
    let_stand_still(boxes, box)
    said = box_of(stuck.check())
    assert (said is not None) == told and (not told or said.startswith("at S02 despoolr.box\\receive stands still since ")), said


def test_a_site_between(stuck):
    stuck.lab.site("S02", "Branch S02", parent="S01")
    let_stand_still(boxes_of(stuck, "SMS_S01"), RECEIVE)
    assert box_of(stuck.check()).startswith("at S01 despoolr.box\\receive stands still")
    stuck.lab.site("S02", "Branch S02")
    assert box_of(stuck.check()) is None


def test_a_server_in_the_path(stuck):
    stuck.lab.site("S02", "Branch S02", server="BRANCH7")
    let_stand_still(boxes_of(stuck, "branch7"), RECEIVE)
    assert box_of(stuck.check()).startswith("at S02 despoolr.box\\receive stands still")


def test_files_of_packages(stuck):
    """A file that tells its package is told with that package alone."""
    stuck.stuck("CEN00002", "S02", age_s=5 * DAY)
    boxes = boxes_of(stuck, "CEN")
    boxes.put("distmgr.box", "CEN00001.PKN", age_s=3 * DAY)
    boxes.look("distmgr.box").is_(CRITICAL, "CEN00001.PKN has waited")
    answer = stuck.check()
    assert re.fullmatch(r"at CEN CEN00001\.PKN in distmgr\.box waits since " + INSTANT, box_of(answer)), answer
    assert box_of(answer, "CEN00002") is None
    # With one more that may hold any.
    boxes.put("distmgr.box", "x.STA", age_s=9 * DAY)
    boxes.look("distmgr.box")
    boxes.wait(MINUTE)
    boxes.look("distmgr.box").is_(CRITICAL)
    answer = stuck.check()
    assert box_of(answer).startswith("at CEN CEN00001.PKN in distmgr.box waits since ") or "and 1 more on the way" in box_of(answer), answer


def test_the_antivirus_holds_one_request(stuck):
    boxes = boxes_of(stuck, "CEN")
    boxes.now = boxes.start - 30 * HOUR
    boxes.put(REQUESTS, "202AAS02.SRQ")
    boxes.look(REQUESTS)
    for turn in range(4):
        boxes.wait(5 * MINUTE)
        boxes.put(REQUESTS, "202AB%03d.SRQ" % turn)
        boxes.look(REQUESTS)
        boxes.take(REQUESTS, "202AB%03d.SRQ" % turn)
    boxes.wait(5 * MINUTE)
    boxes.look(REQUESTS)
    boxes.now = boxes.start
    boxes.look(REQUESTS).is_(CRITICAL, "202AAS02.SRQ was left behind")
    assert re.fullmatch(r"at CEN 202AAS02\.SRQ in schedule\.box\\requests is left behind since %s" % INSTANT, box_of(stuck.check()))


def test_an_old_memory_says_nothing(stuck):
    let_stand_still(boxes_of(stuck, "CEN"))
    assert box_of(stuck.check(later=HOUR))
    assert re.fullmatch(STILL + r" \(seen 20 h ago\)", box_of(stuck.check(later=20 * HOUR)))
    answer = stuck.check(later=27 * HOUR).is_(CRITICAL)
    assert box_of(answer) is None, answer


def test_a_box_that_could_not_be_listed_since(stuck):
    boxes = boxes_of(stuck, "CEN")
    let_stand_still(boxes)
    os.rename(boxes.path("schedule.box"), boxes.path("away"))
    boxes.wait(5 * HOUR)
    boxes.look(REQUESTS)
    assert re.fullmatch(STILL + r" \(seen 5 h ago\)", box_of(stuck.check(later=5 * HOUR)))


SPOILT = {"empty": lambda path: open(path, "wb").close(), "cut": lambda path: os.truncate(path, 5000),
          "overwritten": lambda path: open(path, "r+b").write(b"x" * 4096), "a FIFO": lambda path: (os.unlink(path), os.mkfifo(path)),
          "gone": os.unlink}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_damaged_memory_says_nothing_and_is_left_as_it_is(stuck, spoil):
    let_stand_still(boxes_of(stuck, "CEN"))
    path, = [path for path in state_files(stuck.state) if os.path.basename(path).startswith("check_sms_inbox-")]
    spoil(path)
    for _ in range(2):
        answer = stuck.check().is_(CRITICAL)
        assert box_of(answer) is None, answer
    assert glob.glob(path + "*") == ([path] if os.path.lexists(path) else []) and not glob.glob(os.path.join(stuck.state, "*inbox*.damaged-*"))


def test_a_memory_that_is_being_written(stuck):
    """Both programs at once, again and again: neither fails, and the story is told in the end."""
    boxes = boxes_of(stuck, "CEN")
    let_stand_still(boxes)
    for _ in range(8):
        writer = subprocess.Popen([inbox.PLUGIN, "--box=" + boxes.path(REQUESTS), "--state-dir=" + boxes.state], env=boxes.clock(),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        answer = stuck.check().is_(CRITICAL)
        out = writer.communicate(timeout=30)[0].decode()
        assert writer.returncode == CRITICAL and "nothing has left" in out, out
        assert "memory" not in answer.verdict, answer
    assert re.fullmatch(STILL, box_of(stuck.check()))


def test_a_silent_site(world):
    world.make()
    for number in range(1, 3):
        world.lab.package("CEN0000%d" % number, "Office", 3, source_date_age_s=9 * DAY)
        world.lab.target("CEN0000%d" % number, "S02")
        world.lab.status("CEN0000%d" % number, "S02", 2, 3, 9 * DAY)
    world.check().is_(OK)
    for number in range(1, 3):
        world.lab.package("CEN0000%d" % number, "Office", 4, source_date_age_s=0)
        world.lab.status("CEN0000%d" % number, "S02", 1, 4, 0)
    for hour in range(1, 80, 12):
        answer = world.check(later=hour * HOUR)
    assert list(answer.is_(CRITICAL).silences) == ["S02"] and answer.silences["S02"]["box"] is None, answer
    boxes = boxes_of(world, "S02")
    boxes.start = boxes.now = boxes.start + 73 * HOUR
    let_stand_still(boxes, RECEIVE, ("202AAS02.SNI",), hours=60)
    answer = world.check(later=73 * HOUR)
    assert re.fullmatch(r"at S02 despoolr\.box\\receive stands still since %s, 1 file, oldest 202AAS02\.SNI" % INSTANT, answer.silences["S02"]["box"]), answer


def test_many_at_once_is_one_cause_with_its_box(world):
    world.make()
    for code in ("S01", "S02", "S03"):
        for number in range(1, 5):
            world.stuck("CEN0000%d" % number, code, age_s=6 * DAY)
    let_stand_still(boxes_of(world, "CEN"))
    answer = world.check("-v").is_(CRITICAL)
    cause, = answer.causes
    assert re.fullmatch(STILL, cause["box"]), answer
    assert not any(item["box"] for item in answer.items), answer


def test_budgets_with_names_of_any_length(world):
    """Forty items whose lines name boxes of long names: the whole stays below 4,000 bytes, and advice is still there."""
    world.make()
    for number in range(40):
        world.stuck("CEN000%02X" % number, "S02" if number % 2 else "S01", age_s=(4 + number) * DAY, name="Office " + "x" * 120)
    boxes = boxes_of(world, "CEN")
    long = "distmgr.box/" + "ä" * 100
    boxes.make(long)
    let_stand_still(boxes, "distmgr.box", ("Ö" * 120 + ".PKG;",))
    answer = world.check()
    assert len(answer.stdout) <= 4000 and "check_sms_inbox on this host: at CEN distmgr.box stands still" in answer.text, answer


# ---- distribution points

@pytest.fixture
def points(tmp_path):
    with dps.World(tmp_path) as made:
        made.make()
        made.dp("CEN00001", "S021", 1, 4 * DAY)
        yield made


def said_of(answer, package="CEN00001", server="S021"):
    line, = [line for line in answer.lines[1:] if " %s " % package in line and " on %s, " % server in line]
    found = re.search(r"; check_sms_inbox on this host: ([^;]*)", line)
    return found and found[1]


def test_a_pending_dp_names_the_box(points):
    assert said_of(points.check().is_(CRITICAL)) is None
    boxes = boxes_of(points, "CEN")
    let_stand_still(boxes)
    answer = points.check().is_(CRITICAL)
    assert re.fullmatch(STILL, said_of(answer)) and "; look for CEN00001 in " in answer.text, answer
    let_stand_still(boxes_of(points, "S02"), "distmgr.box", ("x.STA",))
    assert re.fullmatch(STILL + ", and 1 more on the way", said_of(points.check()))
    boxes.take(REQUESTS, "202AAS02.SRQ")
    boxes.look(REQUESTS).is_(OK)
    assert said_of(points.check()).startswith("at S02 distmgr.box stands still since ")


def test_a_failed_or_removed_or_healthy_dp_names_none(points):
    points.dp("CEN00002", "S021", 3, 4 * DAY)
    points.dp("CEN00003", "S021", 4, 4 * DAY)
    points.dp("CEN00004", "S021", 1, MINUTE)
    let_stand_still(boxes_of(points, "CEN"))
    answer = points.check("-v", "--include-removals").is_(CRITICAL)
    assert [said_of(answer, "CEN0000%d" % number) is not None for number in range(1, 5)] == [True, False, False, False], answer


def test_a_dp_that_has_another_source(points):
    """A package of another site: the way to its DP is not known here, so its own site's boxes are named alone."""
    points.package("OTH00001", source_site="OTH")
    points.dp("OTH00001", "S022", 1, 4 * DAY)
    let_stand_still(boxes_of(points, "CEN"))
    answer = points.check().is_(CRITICAL)
    assert said_of(answer, "OTH00001", "S022") is None and said_of(answer, "CEN00001"), answer
    let_stand_still(boxes_of(points, "S02"), "distmgr.box", ("x.STA",))
    assert said_of(points.check(), "OTH00001", "S022").startswith("at S02 distmgr.box stands still")


def test_a_dp_at_a_standstill_names_the_box(tmp_path):
    with dps.World(tmp_path) as world:
        world.make()
        for number in range(1, 15):
            world.dp("CEN001%02X" % number, "S021", 1, 4 * DAY)
        let_stand_still(boxes_of(world, "S02"), "distmgr.box", ("x.STA",))
        answer = world.check("-v").is_(CRITICAL)
        assert said_of(answer, "CEN00101").startswith("at S02 distmgr.box stands still since ")
        assert answer.text.count("check_sms_inbox on this host") == 1, answer
