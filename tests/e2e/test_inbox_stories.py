# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_inbox: what a team meets, on local folders."""
import json
import os
import subprocess

import pytest

from inbox import CRITICAL, DAY, HOUR, MINUTE, OK, PLUGIN, UNKNOWN, WARNING, Inboxes, run

RECEIVE, REQUESTS, LAN, INCOMING = "despoolr.box/receive", "schedule.box/requests", "schedule.box/outboxes/LAN", "distmgr.box/INCOMING"


@pytest.fixture
def boxes(tmp_path):
    return Inboxes(tmp_path).make(RECEIVE, REQUESTS, LAN, INCOMING, "schedule.box/uid", "schedule.box/tosend")


def test_the_antivirus_holds_one_request_and_the_rest_flows(boxes):
    boxes.put(REQUESTS, "202AAS02.SRQ")
    boxes.look(REQUESTS).is_(OK, "1 box, 1 file waits, oldest 202AAS02.SRQ (send request 202AAS02, normal priority)")
    for turn in range(4):
        boxes.wait(5 * MINUTE)
        boxes.put(REQUESTS, "202AB%03d.SRQ" % turn)
        boxes.look(REQUESTS).is_(OK)
        boxes.take(REQUESTS, "202AB%03d.SRQ" % turn)
    boxes.wait(5 * MINUTE)
    boxes.look(REQUESTS).is_(OK)
    for hour in range(11):
        boxes.wait(HOUR)
        boxes.put(REQUESTS, "202AC%03d.SRQ" % hour)
        answer = boxes.look(REQUESTS)
        answer.is_(OK)
        boxes.take(REQUESTS, "202AC%03d.SRQ" % hour)
    boxes.wait(2 * HOUR)
    answer = boxes.look(REQUESTS)
    answer.is_(WARNING, "202AAS02.SRQ was left behind in schedule.box\\requests 13 h ago")
    boxes.wait(12 * HOUR)
    answer = boxes.look(REQUESTS)
    answer.is_(CRITICAL, "202AAS02.SRQ was left behind in schedule.box\\requests 25 h ago")
    item = answer.left("202AAS02.SRQ")
    assert item["kind"] == "left_behind" and "15 younger have left since, last 12 h ago" in item["more"]
    assert "exclude the inboxes from antivirus (KB327453)" in item["more"] and "sched.log" in item["more"]
    assert answer.values("files", "stuck", "known", "largest", "bytes", "boxes") == (1, 1, 0, 1, 100, 1)
    # The team accepts it; the next one pages again.
    boxes.look(REQUESTS, "--known=202AAS02.SRQ@requests").is_(OK, "1 known")
    boxes.look(REQUESTS, "--known=202aas02.*@schedule.box\\requests:2099-01-01").is_(OK, "1 known")
    boxes.look(REQUESTS, "--known=202AAS02.SRQ@LAN").is_(CRITICAL)
    boxes.take(REQUESTS, "202AAS02.SRQ")
    boxes.wait(MINUTE)
    boxes.look(REQUESTS).is_(OK, "1 box, nothing waits")


def test_a_folder_that_changes_is_not_one_that_something_leaves(boxes):
    """A *.TMP an hour, of a broken transfer or a probe, is no work: the despooler hangs, and that is what is told."""
    boxes.make(RECEIVE)
    boxes.look(RECEIVE)
    boxes.wait(5 * MINUTE)
    boxes.put(RECEIVE, "202AAS02.SNI", "202AAS03.SNI", age_s=2 * MINUTE)
    for _ in range(7):
        boxes.look(RECEIVE)
        boxes.wait(HOUR)
        boxes.touch(RECEIVE)
    boxes.look(RECEIVE).is_(CRITICAL, "nothing has left despoolr.box\\receive for 7 h although 2 files wait")


def test_a_request_that_is_rewritten_each_hour_is_no_newcomer(boxes):
    boxes.look(REQUESTS)
    boxes.wait(5 * MINUTE)
    for hour in range(30):
        boxes.put(REQUESTS, "202AAS05.SRQ", "2%03dAS03.SRQ" % hour)
        boxes.look(REQUESTS)
        boxes.wait(HOUR)
        boxes.take(REQUESTS, "2%03dAS03.SRQ" % hour)
    answer = boxes.look(REQUESTS)
    answer.is_(CRITICAL, "202AAS05.SRQ was left behind")
    assert "202AAS05.SRQ (send request 202AAS05, normal priority) waits for 30 h, rewritten 29 times, 29 younger have left" in answer.text


@pytest.mark.parametrize("young", ((1, 1, 1), (1, 4, 2)), ids=("as many at each look", "now more, now fewer"))
def test_a_box_that_is_never_still_and_holds_one(boxes, young):
    """Whatever the check sees besides the one that is held is younger than a minute, and gone at the next look."""
    BOX = "statmgr.box/statmsgs"
    boxes.make(BOX).look(BOX)
    boxes.wait(5 * MINUTE)
    boxes.put(BOX, "held.SVF")
    boxes.look(BOX)
    there, states = [], []
    for look in range(12 * 26):
        boxes.wait(5 * MINUTE)
        boxes.take(BOX, *there)
        there = ["%05d%d.SVF" % (look, number) for number in range(young[look % 3])]
        boxes.put(BOX, *there, age_s=20)
        answer = boxes.look(BOX)
        states.append(answer.code)
    assert states[:70] == [OK] * 70 and states[80] == WARNING and states[-1] == CRITICAL and states == sorted(states), states
    assert answer.first.startswith("SMS INBOX CRITICAL - held.SVF was left behind in statmgr.box\\statmsgs") and "silent" not in answer.text, answer


@pytest.mark.parametrize("late_s", (-MINUTE, 0, 3, HOUR))
def test_a_check_that_runs_once_a_day_sees_silence(boxes, late_s):
    boxes.look(RECEIVE)
    for day in range(4):
        boxes.wait(12 * HOUR)
        boxes.put(RECEIVE, "202AA%03d.SNI" % day)
        boxes.wait(12 * HOUR + late_s)
        answer = boxes.look(RECEIVE)
    answer.is_(CRITICAL, "nothing has left despoolr.box\\receive for 3 d")


def test_one_kind_is_stuck_while_the_others_flow(boxes):
    """No .PKN leaves any more, status files do: told by the longest waiting, after three times the patience of one left behind."""
    BOX = "distmgr.box"
    boxes.make(BOX).look(BOX)
    states = []
    for hour in range(90):
        boxes.wait(HOUR - 5 * MINUTE)
        if hour % 6 == 0:
            boxes.put(BOX, "CEN%05X.PKN" % hour)
        boxes.put(BOX, "A%05d.STA" % hour)
        boxes.look(BOX)
        boxes.wait(5 * MINUTE)
        boxes.take(BOX, "A%05d.STA" % hour)
        answer = boxes.look(BOX)
        states.append(answer.code)
    assert states == sorted(states) and abs(states.index(WARNING) - 19) <= 1 and states.index(CRITICAL) - states.index(WARNING) == 54, states
    answer.is_(CRITICAL, "CEN00000.PKN was left behind in distmgr.box")
    assert answer.value("stuck") == 1 and answer.value("files") == 15, answer
    assert "none of its kind has left for 3 d 1" in answer.text and " h, though younger ones of other kinds have; the box holds" in answer.text, answer
    boxes.take(BOX, "CEN00006.PKN")  # one of them is taken: slow, not stuck
    boxes.look(BOX).is_(OK)
    boxes.wait(HOUR)
    boxes.look(BOX).is_(OK)


def test_more_files_than_are_remembered_come_with_old_dates(boxes):
    """A quiet box, and 1,500 files moved in whose dates are days old: they came now. One that is held stays known through it."""
    BOX = "dataldr.box"
    boxes.make(BOX).look(BOX)
    boxes.wait(60 * HOUR)
    boxes.put(BOX, "held.MIF")
    boxes.look(BOX)
    for burst in range(6):
        for _ in range(12 if burst else 2):
            boxes.wait(HOUR / 2)
            boxes.look(BOX)
        names = ["m%d%04d.MIF" % (burst, number) for number in range(1500)]
        boxes.put(BOX, *names, age_s=2 * DAY)
        for _ in range(3):
            boxes.wait(5 * MINUTE)
            answer = boxes.look(BOX)
            assert "silent" not in answer.text and answer.value("stuck") == (burst > 0), (burst, answer)
        boxes.take(BOX, *names)
        boxes.wait(5 * MINUTE)
        answer = boxes.look(BOX)
    answer.is_(CRITICAL, "held.MIF was left behind in dataldr.box 31 h ago")


def test_a_date_in_the_future_that_comes_is_no_file_that_is_written(boxes):
    """A server that is ahead, and one file dated ahead: what has waited goes on waiting when its date is reached."""
    boxes.look(RECEIVE)
    boxes.wait(5 * MINUTE)
    boxes.put(RECEIVE, "202AAS02.SNI", age_s=-20 * HOUR)
    for half in range(2 * 24):
        answer = boxes.look(RECEIVE)
        boxes.wait(HOUR / 2)
        if half > 12:
            answer.is_(CRITICAL, "nothing has left despoolr.box\\receive for")


@pytest.mark.parametrize("ahead_s", (3 * HOUR, 12 * HOUR))
def test_a_server_that_is_ahead_is_told_no_later(boxes, ahead_s):
    boxes.make(RECEIVE).look(RECEIVE)
    boxes.wait(5 * MINUTE)
    boxes.put(RECEIVE, "202AAS02.SNI", age_s=-ahead_s)
    os.utime(boxes.path(RECEIVE), (boxes.now + ahead_s,) * 2)
    for _ in range(14):
        answer = boxes.look(RECEIVE)
        boxes.wait(HOUR / 2)
    answer.is_(CRITICAL, "nothing has left despoolr.box\\receive for 6 h although 1 file waits")


def test_a_box_that_holds_folders_alone_says_so(boxes):
    boxes.make("despoolr.box").put(RECEIVE, "202AAS02.SNI", age_s=20 * DAY)
    boxes.look("despoolr.box").is_(OK, "1 box, nothing waits; despoolr.box holds nothing but 1 folder, not looked at (--recursive)")
    boxes.check("--box=" + boxes.path("despoolr.box"), "--box=" + boxes.path(RECEIVE)).is_(CRITICAL, "202AAS02.SNI has waited")
    boxes.take(RECEIVE, "202AAS02.SNI")
    for answer in (boxes.check("--box=" + boxes.path("despoolr.box"), "--box=" + boxes.path(RECEIVE)), boxes.look("despoolr.box", "--recursive")):
        assert "holds nothing but" not in answer.is_(OK, "nothing waits").text


def test_stuck_counts_what_alerts_whichever_threshold_it_passed(boxes):
    boxes.look(LAN)
    boxes.wait(5 * MINUTE)
    boxes.put(LAN, "202AAS02.SRQ")
    boxes.look(LAN)
    for number in range(4):
        boxes.put(LAN, "202AB%03d.SRQ" % number)
        boxes.look(LAN)
        boxes.wait(5 * MINUTE)
        boxes.take(LAN, "202AB%03d.SRQ" % number)
        boxes.look(LAN)
    boxes.wait(25 * HOUR)
    answer = boxes.look(LAN, "--left-critical=24h").is_(CRITICAL, "202AAS02.SRQ was left behind")
    assert answer.value("stuck") == 1, answer


def test_a_kind_that_moves_slowly_is_not_stuck(boxes):
    """A backlog of packages, one in 8 h, the oldest first, while status files come and go."""
    BOX = "distmgr.box"
    boxes.make(BOX).look(BOX)
    boxes.wait(HOUR)
    names = ["CEN%05X.PKN" % number for number in range(30)]
    boxes.put(BOX, *names)
    for hour in range(200):
        boxes.wait(HOUR - 5 * MINUTE)
        boxes.put(BOX, "A%05d.STA" % hour)
        boxes.look(BOX).is_(OK)
        boxes.wait(5 * MINUTE)
        boxes.take(BOX, "A%05d.STA" % hour)
        if hour % 8 == 7:
            boxes.take(BOX, names.pop(0))
        boxes.look(BOX).is_(OK)


def test_the_despooler_hangs(boxes):
    boxes.put(RECEIVE, "202AAS01.SNI")
    boxes.look(RECEIVE).is_(OK)
    boxes.wait(5 * MINUTE)
    boxes.take(RECEIVE, "202AAS01.SNI")
    boxes.put(RECEIVE, "202AAS02.SNI", "202AAS02.PCK")
    boxes.look(RECEIVE).is_(OK)
    for hour in range(3):
        boxes.wait(HOUR)
        boxes.put(RECEIVE, "202AB%03d.SNI" % hour)
        answer = boxes.look(RECEIVE)
    answer.is_(WARNING, "nothing has left despoolr.box\\receive for 3 h although 5 files wait")
    for hour in range(4):
        boxes.wait(HOUR)
        answer = boxes.look(RECEIVE)
    answer.is_(CRITICAL, "nothing has left despoolr.box\\receive for 7 h although 5 files wait")
    item = answer.box("despoolr.box\\receive")
    assert item["kind"] == "silent" and "last left 202AAS01.SNI 7 h ago" in item["more"] and "does despool.log still grow?" in item["more"]
    # One more than the operator allows, whatever leaves.
    boxes.look(RECEIVE, "--files-warning=3", "--files-critical=4", "-w", "2d", "-c", "2d").is_(CRITICAL, "5 files wait in despoolr.box\\receive")
    # Started anew, it takes one.
    boxes.take(RECEIVE, "202AAS02.SNI")
    boxes.wait(MINUTE)
    boxes.look(RECEIVE).is_(OK)


def test_the_weekend_queue_of_a_closed_address(boxes):
    """Friday evening to Monday 22:00: nothing leaves, nothing is wrong."""
    boxes.look(LAN).is_(OK, "nothing waits")
    boxes.wait(5 * MINUTE)
    boxes.put(LAN, "202AAS02.SRQ", "202AAS03.SRQ")
    for hour in range(3 * 24 + 4):
        if hour % 6 == 0:
            answer = boxes.look(LAN)
            answer.is_(OK, "2 files wait")
        boxes.wait(HOUR)
    item = answer.box("schedule.box\\outboxes\\LAN")
    assert item["kind"] == "waiting" and "may wait for days: the address of its site may be closed by a schedule" in item["more"]
    boxes.empty(LAN)
    boxes.look(LAN).is_(OK, "nothing waits")
    # The same where addresses are always open, by the team's own numbers.
    boxes.put(LAN, "202AAS04.SRQ")
    for hour in range(8):
        answer = boxes.look(LAN, "-w", "2h", "-c", "6h")
        boxes.wait(HOUR)
    answer.is_(CRITICAL, "nothing has left schedule.box\\outboxes\\LAN for 7 h although 1 file waits")


def test_a_sender_that_hangs_is_found_in_the_end(boxes):
    boxes.look(LAN)
    boxes.wait(5 * MINUTE)
    boxes.put(LAN, "202AAS02.SRQ")
    for hour in range(98):
        if hour % 12 == 0 or hour > 84:
            answer = boxes.look(LAN)
        boxes.wait(HOUR)
        if hour == 86:
            answer.is_(WARNING)
    answer.is_(CRITICAL, "nothing has left schedule.box\\outboxes\\LAN for 4 d")


def test_a_package_definition_waits_for_its_content(boxes):
    boxes.look(INCOMING)
    boxes.wait(5 * MINUTE)
    boxes.put(INCOMING, "U2J0GVIQ.PKG")
    for _ in range(4):
        boxes.wait(12 * HOUR)
        boxes.look(INCOMING).is_(OK)
    boxes.put(INCOMING, "A1B2C3D4.STA")
    boxes.look(INCOMING)
    boxes.wait(7 * HOUR)
    boxes.look(INCOMING).is_(CRITICAL, "nothing has left distmgr.box\\INCOMING for 7 h although 2 files wait")


def test_the_first_look_judges_by_dates(boxes):
    boxes.put(RECEIVE, "202AAS02.SNI", age_s=4 * DAY)
    boxes.put(RECEIVE, "202AAS03.SNI", age_s=HOUR)
    answer = boxes.look(RECEIVE)
    answer.is_(CRITICAL, "202AAS02.SNI has waited in despoolr.box\\receive for 4 d")
    assert "there at the first look" in answer.left("202AAS02.SNI")["more"]
    assert "what leaves it is not known before the next run" in answer.box("despoolr.box\\receive")["more"]
    # The others flow; this one stays told until it leaves.
    boxes.take(RECEIVE, "202AAS03.SNI")
    boxes.wait(5 * MINUTE)
    boxes.look(RECEIVE).is_(CRITICAL, "202AAS02.SNI has waited")


def test_emptied_filled_replaced_and_moved_in(boxes):
    boxes.put(RECEIVE, "CEN00012.PKN")
    boxes.look(RECEIVE)
    boxes.wait(5 * HOUR)
    # Another file of the same name: a package comes again and again.
    boxes.put(RECEIVE, "CEN00012.PKN", size=200)
    boxes.look(RECEIVE).is_(OK, "oldest CEN00012.PKN (package CEN00012) in despoolr.box\\receive for 2 min")
    # Emptied and filled between two runs.
    boxes.wait(3 * HOUR)
    boxes.empty(RECEIVE)
    boxes.put(RECEIVE, "202AB001.SNI")
    answer = boxes.look(RECEIVE)
    answer.is_(OK)
    assert "last left CEN00012.PKN 0 s ago" in answer.box("despoolr.box\\receive")["more"]
    # A file that is moved in brings its old date.
    boxes.wait(HOUR)
    boxes.take(RECEIVE, "202AB001.SNI")
    boxes.put(RECEIVE, "202AC001.SNI", age_s=9 * DAY)
    boxes.look(RECEIVE).is_(OK, "oldest 202AC001.SNI (send request 202AC001, normal priority) in despoolr.box\\receive for 60 min")


def test_what_is_not_waiting(boxes):
    boxes.put("schedule.box/uid", "00000400.job", "00000400.req", age_s=400 * DAY)
    boxes.put(RECEIVE, "202AAS02.TMP", age_s=9 * DAY)
    boxes.put(RECEIVE, "202AAS03.SNI", age_s=5)
    answer = boxes.check("--box=" + boxes.path("schedule.box"), "--box=" + boxes.path("despoolr.box"), "--recursive")
    answer.is_(OK, "7 boxes, nothing waits")
    assert boxes.check("--box=" + boxes.path("schedule.box/uid")).is_(OK).values("files") == (0,)


def test_boxes_have_names_and_are_counted_once(boxes):
    boxes.put(RECEIVE, "202AAS02.SNI", age_s=3 * DAY)
    boxes.put(LAN, "202AAS03.SRQ", "202AAS04.SRQ")
    answer = boxes.check("--box=oslo=" + boxes.path(RECEIVE), "--box=" + boxes.path(LAN), "--box=" + boxes.path(LAN) + "/")
    answer.is_(CRITICAL, "202AAS02.SNI has waited in oslo for 3 d")
    assert answer.values("files", "largest", "boxes") == (3, 2, 2)
    # A name is for readers: the memory is the same.
    boxes.wait(5 * MINUTE)
    answer = boxes.check("--box=" + boxes.path(LAN), "--box=" + boxes.path(RECEIVE), "-v")
    assert "none was seen to leave" in answer.box("schedule.box\\outboxes\\LAN")["more"]
    answer = boxes.check("--box=" + boxes.path("schedule.box"), "--recursive", "--match=*.srq,*.job")
    answer.is_(OK, "only *.srq, *.job")
    assert answer.values("files", "boxes") == (2, 5)


NAMES = {
    "long": "n" * 251 + ".SNI",
    "not utf-8": b"\xc4\xd6\xff.SNI",
    "a bar and a line break": "a|b\nc.SNI",
    "bidirectional": "\u202eINS.20",
    "blanks": "  two  blanks .SNI",
    "a quote": "it's \"one\".SNI",
    "a glob": "[*?].SNI",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_names(boxes, name):
    boxes.put(RECEIVE, name, age_s=3 * DAY)
    boxes.look(RECEIVE).is_(CRITICAL, "has waited in despoolr.box\\receive for 3 d")
    boxes.wait(5 * MINUTE)
    boxes.look(RECEIVE).is_(CRITICAL)  # read back out of the memory
    boxes.empty(RECEIVE)
    boxes.wait(MINUTE)
    boxes.look(RECEIVE).is_(OK, "nothing waits")


def test_names_that_differ_in_case(boxes):
    boxes.put(RECEIVE, "202AAS02.SNI", "202aas02.sni")
    assert boxes.look(RECEIVE).is_(OK).values("files") == (2,)
    boxes.wait(5 * MINUTE)
    boxes.take(RECEIVE, "202AAS02.SNI")
    answer = boxes.look(RECEIVE)
    assert answer.values("files") == (1,) and "last left 202AAS02.SNI" in answer.box("despoolr.box\\receive")["more"]


def test_many_left_behind_keep_the_budget(boxes):
    boxes.put(RECEIVE, *("2%07d.SNI" % number for number in range(1500)), age_s=3 * DAY)
    answer = boxes.look(RECEIVE)
    answer.is_(CRITICAL, "999 more")
    assert answer.values("files", "largest") == (1500, 1500)
    assert len(answer.items) < 11 and answer.lines[-1].startswith("+")


def test_a_box_that_is_too_full_stands_before_a_file_in_it(boxes):
    """Both are critical, and the file is far older; the box holds up all of its files."""
    boxes.put(RECEIVE, "202AAS02.SNI", age_s=9 * DAY)
    boxes.look(RECEIVE)
    boxes.put(RECEIVE, *("202AAS1%d.SNI" % number for number in range(5)), age_s=2 * MINUTE)
    answer = boxes.look(RECEIVE, "--files-critical=4")
    answer.is_(CRITICAL, "6 files wait in despoolr.box\\receive")
    assert [(item["kind"], item["state"]) for item in answer.items] == [("full", "CRITICAL"), ("old", "CRITICAL")], answer


def test_a_service_that_pages_what_is_new(boxes):
    """The second stall is told although the first is red already."""
    new = ("--new=15m",)
    boxes.put(RECEIVE, "202AAS02.SNI", age_s=4 * DAY)
    boxes.look(RECEIVE, *new).is_(CRITICAL, "1 new: 202AAS02.SNI at despoolr.box\\receive (old); 1 stuck in all")
    boxes.wait(20 * MINUTE)
    answer = boxes.look(RECEIVE, *new)
    answer.is_(OK, "nothing new, 1 stuck in all")
    assert answer.left("202AAS02.SNI")["state"] == "CRITICAL" and answer.values("stuck", "new") == (1, 0)
    boxes.put(RECEIVE, "202AAS03.SNI")
    boxes.look(RECEIVE, *new).is_(OK)
    boxes.wait(7 * HOUR)
    boxes.look(RECEIVE, *new).is_(CRITICAL, "1 new: despoolr.box\\receive (silent); 2 stuck in all")
    boxes.wait(HOUR)
    boxes.look(RECEIVE, *new).is_(OK, "nothing new, 2 stuck in all")


def test_json_tells_everything(boxes):
    boxes.put(RECEIVE, "202AAS02.SNI", age_s=4 * DAY)
    boxes.put(RECEIVE, b"\xff\"\\.SNI", age_s=4 * DAY)
    boxes.put(LAN, "202AAS03.SRQ")
    command = [PLUGIN, "--box=" + boxes.path(RECEIVE), "--box=" + boxes.path(LAN), "--state-dir=" + boxes.state, "--output=json"]
    done = subprocess.run(command, env=boxes.clock(), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    told = json.loads(done.stdout)
    assert done.returncode == CRITICAL and told["state"] == "CRITICAL" and told["perfdata"]["files"]["value"] == 3
    kinds = sorted((item["kind"], item["package"], item["place"]) for item in told["items"])
    assert kinds == [("old", "202AAS02.SNI", "despoolr.box\\receive"), ("old", "\ufffd\"\\.SNI", "despoolr.box\\receive"),
                     ("waiting", "", "despoolr.box\\receive"), ("waiting", "", "schedule.box\\outboxes\\LAN")]
    box = next(item for item in told["items"] if item["place"].endswith("LAN"))
    assert (box["files"], box["bytes"], box["oldest"], box["last_left"]) == (1, 100, "202AAS03.SRQ", None)


WRONG = {
    "no box": ([], "no box is given; write --box=DIR"),
    "no folder": (["--box=/nonexistent/a"], "/nonexistent/a: no such folder"),
    "a file": (["--box=/etc/passwd"], "/etc/passwd"),
    "a url without a share": (["--box=smb://host"], "names no share"),
    "a password in the url": (["--box=cen=smb://u:p@host/share"], "everybody can read it"),
    "known without a pattern": (["--box=/tmp", "--known=:2026-12-31"], "write PATTERN, @BOX, PATTERN@BOX"),
    "known without a box": (["--box=/tmp", "--known=@"], "has no box behind"),
    "known without a date": (["--box=/tmp", "--known=a@LAN:soon"], "does not end in a date"),
}


@pytest.mark.parametrize("arguments, text", WRONG.values(), ids=WRONG.keys())
def test_wrong_options(tmp_path, arguments, text):
    run("--state-dir=%s" % tmp_path, *arguments).is_(UNKNOWN, text)


def test_a_wrong_path_is_put_right(boxes):
    boxes.make("SCHEDULE2.BOX")
    boxes.look("Schedule.box").is_(UNKNOWN, "no such folder; there is schedule.box beside it")
    boxes.look("schedule2.box").is_(UNKNOWN, "no such folder; there is SCHEDULE2.BOX beside it")
    boxes.look("schedule.box/outboxes/lan").is_(UNKNOWN, "there is LAN beside it")
    boxes.look("x/y/z").is_(UNKNOWN, "in %s there is " % boxes.root)
    # What can be looked at is judged all the same.
    boxes.put(RECEIVE, "202AAS02.SNI", age_s=4 * DAY)
    answer = boxes.check("--box=" + boxes.path(RECEIVE), "--box=" + boxes.path("none"))
    answer.is_(CRITICAL, "none: no such folder", "202AAS02.SNI has waited")
    assert answer.value("boxes") == 1


def test_links_are_no_circle(boxes):
    os.symlink(boxes.path("schedule.box"), boxes.path("schedule.box", "again"))
    os.symlink("nowhere", boxes.path(RECEIVE, "dangling.SNI"))
    assert boxes.check("--box=" + boxes.path("schedule.box"), "--recursive").is_(OK).value("boxes") == 5
    boxes.look(RECEIVE).is_(OK, "nothing waits")


def test_too_many_folders(boxes):
    for number in range(300):
        os.mkdir(boxes.path("schedule.box", "f%03d" % number))
    boxes.check("--box=" + boxes.path("schedule.box"), "--recursive").is_(UNKNOWN, "more than 256 folders")
