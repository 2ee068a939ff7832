# SPDX-License-Identifier: GPL-3.0-or-later
"""What reaches a console: first line, perfdata, items, and the budgets of NRPE and Nagios."""

import os
import re

import pytest
from packages import (CRITICAL, DAY, HOUR, LABELS, MINUTE, OK, UNKNOWN, WARNING, durations, run)

# A label, a plain number with its unit, plain numbers as thresholds.
PERFDATUM = re.compile(r"[a-z_]+=\d+(\.\d{3})?(s|B)?(;\d*(;\d*)?)?\Z")
UNITS = {"oldest": "s", "oldest_failed": "s", "outstanding": "B", "query_time": "s"}


def well_formed(answer):
    assert list(answer.perf) == LABELS
    for part in answer.perfdata.split(" "):
        assert PERFDATUM.match(part), part
    for label, value in answer.perf.items():
        unit = re.match(r"[\d.]+([a-zA-Z]*)", value)[1]
        assert unit == UNITS.get(label, ""), (label, value)
    return answer


def test_the_same_labels_in_the_same_order_in_every_state(world):
    lab = world.make()
    nothing = well_formed(world.check().is_(UNKNOWN, "nothing to look at"))
    assert nothing.values("pending", "examined", "oldest", "outstanding") == (0, 0, 0, 0)
    lab.package("CEN00001", "Fine", 1)
    lab.deploy("CEN00001", ["S01"])
    well_formed(world.check().is_(OK, "all 1 targeted packages of site CEN are in sync at their child sites"))
    world.stuck("CEN00002", "S02", age_s=HOUR)
    well_formed(world.check().is_(OK, "none stuck, 1 on their way, oldest CEN00002 at S02 sent for 60 min;"
                                      " 1 pending, 0 failed at 1 site of 2 pairs examined"))
    world.stuck("CEN00003", "S03", age_s=30 * HOUR)
    well_formed(world.check().is_(WARNING, "1 stuck: CEN00003 at S03 sent for 30 h; 2 pending, 0 failed at 2 sites of 3 pairs examined"))
    world.stuck("CEN00004", "S03", age_s=30 * HOUR, status=5)
    answer = well_formed(world.check().is_(CRITICAL, "2 stuck: CEN00004 at S03 failed for 30 h and others"))
    assert answer.values("pending", "stuck", "failed", "oldest", "oldest_failed", "sites") == (2, 2, 1, 108000, 108000, 2) or \
        max(answer.value("oldest"), answer.value("oldest_failed")) < 108010
    assert answer.perf["examined"] == "4" and answer.perf["outstanding"] == "%dB" % (3 * 51200 * 1024)
    well_formed(world.check("--known=CEN00002,CEN00003,CEN00004"))


def test_query_time_is_the_time_in_the_database(world):
    from packages import Server
    world.demo()
    with Server(world) as server:
        server.tds.rules([{"at": ["batch", "rpc"], "match": "FROM SMSPackages.*PkgStatus", "do": "delay", "seconds": 1}])
        answer = server.check()
        assert 1.0 <= answer.value("query_time") < answer.seconds


def test_order_worst_first_then_oldest_known_last(world):
    world.make()
    world.stuck("CEN00001", "S01", age_s=5 * HOUR)
    world.stuck("CEN00002", "S01", age_s=30 * HOUR)
    world.stuck("CEN00003", "S01", age_s=80 * HOUR)
    world.stuck("CEN00004", "S01", age_s=2 * HOUR, status=4)
    world.stuck("CEN00005", "S01", age_s=26 * HOUR, status=5)
    world.stuck("CEN00006", "S01", age_s=90 * DAY)
    world.stuck("CEN00007", "S01", age_s=7 * HOUR)
    answer = world.check("-v", "--known=CEN00006,CEN00007")
    assert [item["package"] for item in answer.items] == [
        "CEN00003", "CEN00005", "CEN00002", "CEN00004", "CEN00001", "CEN00006", "CEN00007"]
    assert [item["state"] for item in answer.items] == ["CRITICAL"] * 2 + ["WARNING"] * 2 + ["OK"] + ["known"] * 2


def test_advice_names_what_to_look_at_next_and_only_for_what_is_stuck(world):
    world.demo()
    answer = world.check("-v")
    for item in answer.items:
        if item["state"] == "OK":
            assert item["advice"] is None, item
        elif item["kind"] == "never_sent":
            assert "distmgr.log" in item["advice"] and item["site"] in item["advice"] and "sms_reset" not in item["advice"]
        else:
            assert "despool.log and distmgr.log on %s1" % item["site"] in item["advice"], item
            assert "sms_reset_package --package=%s --child-site=%s" % (item["package"], item["site"]) in item["advice"]
    by_kind = {item["kind"]: item for item in answer.items}
    assert set(by_kind) == {"sent", "behind", "failed", "never_sent", "resend", "unexpected"}
    assert by_kind["failed"]["status"] in ("failed (5)", "retry (4)")
    assert answer.item("CEN00008", "S03")["status"] == "7" and answer.item("CEN00008", "S04")["status"] == "NULL"
    assert answer.item("CEN00006", "S02")["status"] == "removed (6)"
    assert answer.item("CEN00006", "S04")["held"] == "no row in PkgStatus"
    assert answer.item("CEN0000E", "S04")["rows"] == "2"


def test_the_budgets_hold_when_everything_is_long(world):
    lab = world.make()
    for number in range(300):
        code = "%03X" % (0xB00 + number)
        lab.site(code, "N" * 200, server="very-long-server-name-%d.%s" % (number, "sub." * 50))
    for number in range(40):
        world.stuck("CEN001%02X" % number, "%03X" % (0xB00 + number), age_s=4 * DAY, name="W" * 255)
    world.check().is_(CRITICAL)
    for number in range(20, 300):
        lab.site("%03X" % (0xB00 + number), "N" * 200, status=2)
    answer = well_formed(world.check("--rule=version", "--min-rate=1GB/h"))
    assert "is not active" in answer.verdict and len(answer.stdout) < 4000 and len(answer.items) >= 3
    long = os.path.join(world.folder, "d" * 240)
    os.mkdir(long)
    deep = os.path.join(long, "e" * 240)
    answer = well_formed(world.check("--state-dir=" + deep))
    answer.is_(CRITICAL, "ages may be too young")
    assert len(answer.first.encode()) < 1000 and len(answer.stdout) < 4000


@pytest.mark.parametrize("error", ["x" * 3000, "ü" * 2000, "a | b\nc\x00d\x1b[2J" * 50])
def test_a_long_text_of_a_failing_server_is_cut(world, error):
    from packages import Server
    world.demo()
    with Server(world) as server:
        server.tds.rules([{"at": "rpc", "do": "error", "number": 50000, "message": error.replace("\x00", "")}])
        assert len(server.check().fails("50000").stdout) < 1000


def test_the_locale_changes_nothing(world):
    world.demo()
    def timeless(answer):
        """Without what a second changes: the age of an item that was first seen by this test, and the perfdata's."""
        return re.sub(r"for \d s,|(oldest|oldest_failed|query_time)=[\d.]+", "", answer.text)
    plain = world.check("-v")
    for variables in ({"LANG": "C.UTF-8"}, {"LC_ALL": "C"}, {"LC_ALL": "de_DE.UTF-8"}, {"LANG": "en_US.ISO-8859-1", "LC_NUMERIC": "de_DE"}):
        assert timeless(world.check("-v", env=variables)) == timeless(plain)


def test_without_home_path_or_writable_directory(world):
    """env -i, cwd /, standard input closed or at its end: all that NRPE leaves."""
    world.demo()
    for variables in ({}, {"HOME": "/nonexistent"}, {"TMPDIR": "/nonexistent"}, {"PATH": ""}):
        world.check(env=variables).is_(CRITICAL)


def test_a_line_says_when_an_item_last_moved_and_since_when_it_is_in_trouble(world):
    lab = world.make()
    world.stuck(age_s=30 * HOUR)
    assert world.check().item("CEN00001", "S02")["moved"] in durations(30 * HOUR)
    lab.status("CEN00001", "S02", 1, 2, None)  # it moved, and the database has no date for it
    lab.commit()
    world.check(later=HOUR)
    item = world.check(later=3 * HOUR).item("CEN00001", "S02")
    assert item["moved"] in durations(2 * HOUR), item
    lab.repair("CEN00001", "S02")
    item = world.check(later=5 * HOUR).item("CEN00001", "S02")
    assert item["kind"] == "resend" and item["moved"] in durations(0) and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", item["since"]), item
