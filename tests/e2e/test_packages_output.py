# SPDX-License-Identifier: GPL-3.0-or-later
"""What reaches a console: first line, perfdata, items, and the budgets of NRPE and Nagios."""

import os
import re

import pytest
from packages import (CRITICAL, DAY, HOUR, LABELS, OK, UNKNOWN, WARNING, durations, run)

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
    well_formed(world.check().is_(OK, "the one package/site pair of site CEN is in sync"))
    world.stuck("CEN00002", "S02", age_s=HOUR)
    well_formed(world.check().is_(OK, 'none stuck, 1 on their way: CEN00002 "Office" at S02 Branch S02: sent for 60 min;'
                                      " 1 not in sync at 1 site; 2 package/site pairs examined"))
    world.stuck("CEN00003", "S03", age_s=30 * HOUR)
    well_formed(world.check("--warning=24h").is_(WARNING, '1 stuck: CEN00003 "Office" at S03 Branch S03: sent for 30 h; 2 not in sync at 2 sites; 3 package/site pairs examined'))
    world.stuck("CEN00004", "S03", age_s=30 * HOUR, status=5)
    answer = well_formed(world.check("--warning=24h").is_(CRITICAL, '2 stuck: CEN00004 "Office" at S03 Branch S03: failed for 30 h; 2 packages not in sync at S03; 3 not in sync, 1 of them failed, at 2 sites'))
    assert answer.values("pending", "stuck", "failed", "oldest", "oldest_failed", "sites") == (2, 2, 1, 108000, 108000, 2) or \
        max(answer.value("oldest"), answer.value("oldest_failed")) < 108010
    assert answer.perf["examined"] == "4" and answer.perf["outstanding"] == "%dB" % (3 * 51200 * 1024)
    well_formed(world.check("--known=CEN00002,CEN00003,CEN00004"))


def test_the_first_line_names_what_the_stuck_pairs_have_in_common(world):
    world.demo()
    verdict = world.check().is_(CRITICAL, '10 stuck: CEN00008 "1С:Предприятие 8.1" at S04 Ship MS Nordnorge (sa...: Status NULL for 12 d; 4 packages not in sync at S04 and 6 others;').verdict
    assert verdict.endswith("; 14 not in sync, 2 of them failed, at 4 sites; 64 package/site pairs examined; 1 pair holds a later version than is wanted: was site CEN restored?; not looked at: S09 (status 2), 1 package")
    world.check("--min-rate=S04=100MB/h").is_(CRITICAL, "8 stuck: CEN00008 ", "; CEN00008 not in sync at 3 sites, 2 packages not in sync at S02 and 3 others;")
    world.check("--rule=recipe", "--package=CEN00008").is_(OK, "CEN00008 suspect at ")


@pytest.mark.parametrize("sites, told", [
    (["S01"], '1 stuck: CEN00001 "Office" at S01 Branch S01: sent for 4 d; 1 not in sync at 1 site; 1 package/site pair examined'),
    (["S01", "S02", "S03"], '3 stuck: CEN00001 is stuck at 3 of its 3 sites together; oldest CEN00001 "Office" at S01 Branch S01: sent for 4 d;'
                            " 3 not in sync at 3 sites; 3 package/site pairs examined")])
def test_one_package_at_many_sites_is_one_word(world, sites, told):
    world.make()
    for site in sites:
        world.stuck(site=site)
    world.check().is_(CRITICAL, told)


def test_ten_thousand_stuck_pairs_are_told_in_one_line(world):
    lab = world.make()
    for number in range(100):
        lab.site("%03X" % (0xB00 + number), "Branch")
    for number in range(100):
        lab.package("CEN%05d" % number, "Package", 3, source_date_age_s=4 * DAY)
        for site in range(100):
            code = "%03X" % (0xB00 + site)
            lab.target("CEN%05d" % number, code)
            lab.status("CEN%05d" % number, code, 1, 3, 4 * DAY)
    answer = world.check("--timeout=50").is_(CRITICAL, "10000 stuck: ", "10000 package/site pairs examined")
    assert re.match(r".* - 10000 stuck: nothing reaches 100 of 100 sites: sender or scheduler of CEN; oldest \S+ .*: sent for 4 d; 10000 not in sync at 100 sites;", answer.verdict), answer
    assert answer.seconds < 20


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
        advice, pair = item["advice"], (item["package"], item["site"])
        if item["state"] == "OK":
            assert advice is None, item
        elif item["kind"] == "never_sent":
            assert "distmgr.log" in advice and item["site"] in advice
        elif item["kind"] == "unexpected":
            assert "look at the row of %s at %s in PkgStatus, and at --survey" % pair in advice, item
        elif item["kind"] == "failed":
            assert "despool.log and distmgr.log on %s1 and in sender.log of CEN" % item["site"] in advice, item
            assert advice.endswith("cure the cause, the product retries by itself") or item["rows"], item
        else:
            assert item["kind"] in ("sent", "behind"), item
            assert advice.startswith("look for %s in despool.log and distmgr.log on %s1" % pair), item
            if item["rows"] is None:
                assert advice.endswith("; copy %s.PCK to %s1 and preload it, else sms_reset_package --package=%s --child-site=%s"
                                       % (pair + pair)), item
    by_kind = {item["kind"]: item for item in answer.items}
    assert set(by_kind) == {"sent", "behind", "failed", "never_sent", "resend", "unexpected"}
    assert by_kind["failed"]["status"] in ("failed (5)", "retry (4)")
    assert answer.item("CEN00008", "S03")["status"] == "7" and answer.item("CEN00008", "S04")["status"] == "NULL"
    assert answer.item("CEN00006", "S02")["status"] == "removed (6)"
    assert answer.item("CEN00006", "S04")["held"] == "no row in PkgStatus"
    assert answer.item("CEN00006", "S02")["held"] is None
    assert answer.item("CEN0000E", "S04")["rows"] == "2"


@pytest.mark.parametrize("code, held, kind, word", [
    (1, 3, "sent", "was sent"), (1, 2, "sent", "was sent"), (2, 2, "behind", "has"), (3, 1, "behind", "has"), (0, 2, "behind", "has"),
    (4, 3, "failed", "was sent"), (5, 2, "failed", "was sent"), (6, 3, "never_sent", None), (8, 3, "unexpected", "has"),
    (9, 3, "unexpected", "has"), (None, 3, "unexpected", "has"), (1, 0, "resend", "has"), (1, None, "sent", "has"), (5, 0, "failed", "has"),
    (9, 0, "unexpected", "has")])
def test_words_and_advice_of_each_kind(world, code, held, kind, word):
    """packages.py asserts of every item which word stands where, and that the repair is offered where it can run."""
    lab = world.make()
    world.stuck(status=code, held=-1 if held is None else held, age_s=4 * DAY)
    if held is None:
        lab.db.execute("UPDATE PkgStatus SET SourceVersion = NULL")
    world.check()
    for rows in (None, "2"):
        if rows:
            lab.status("CEN00001", "S02", code, held or 0, 5 * DAY, server="OTHER", add=True)
            if held is None:
                lab.db.execute("UPDATE PkgStatus SET SourceVersion = NULL")
        item = world.check(later=5 * DAY).is_(CRITICAL).item("CEN00001", "S02")
        assert (item["kind"], item["word"], item["rows"]) == (kind, word, rows)


def test_advice_names_the_site_where_no_server_is_known(world):
    lab = world.make()
    world.stuck()
    lab.db.execute("UPDATE v_Site SET ServerName = ''")
    lab.db.execute("UPDATE PkgStatus SET PkgServer = ''")
    advice = world.check().is_(CRITICAL).item("CEN00001", "S02")["advice"]
    assert advice.startswith("look for CEN00001 in despool.log and distmgr.log on S02; copy CEN00001.PCK to S02 and preload it"), advice


def test_advice_under_rule_recipe_is_that_of_the_row(world):
    world.make()
    world.stuck("CEN00001", "S02", status=1)
    world.stuck("CEN00002", "S02", status=5)
    world.stuck("CEN00003", "S02", status=8)
    world.stuck("CEN00004", "S02", status=3)
    world.check("--rule=recipe")
    answer = world.check("--rule=recipe", later=4 * DAY)
    advice = {item["package"][-1]: item["advice"] for item in answer.items}
    assert all(text.startswith("look at --survey first") for text in advice.values()), answer
    assert [("sms_reset_package" in advice[number]) for number in "1234"] == [True, False, False, False], answer
    assert "retries by itself" in advice["2"] and "PkgStatus" in advice["3"] and "in sync" in advice["4"], answer


@pytest.mark.parametrize("options, age_s, status", [
    (("-w", "@1s:3d"), 80 * HOUR, CRITICAL), (("-w", "30h", "-c", "1d"), 26 * HOUR, CRITICAL), (("-w", "@1s:3d"), 60 * HOUR, WARNING)])
def test_advice_stands_at_every_item_that_is_not_ok(world, options, age_s, status):
    world.make()
    world.stuck(age_s=age_s)
    answer = world.check(*options).is_(status)
    assert "look for CEN00001" in answer.item("CEN00001", "S02")["advice"]
    assert answer.value("stuck") == (1 if status == WARNING else 0), "only what the warning range alerts on"


def test_the_budgets_hold_when_everything_is_long(world):
    lab = world.make()
    for number in range(300):
        code = "%03X" % (0xB00 + number)
        lab.site(code, "N" * 200, server="very-long-server-name-%d.%s" % (number, "sub." * 50))
    for number in range(40):
        world.stuck("CEN001%02X" % number, "%03X" % (0xB00 + number), age_s=4 * DAY, name="W" * 255)
        world.stuck("CEN002%02X" % number, "%03X" % (0xB00 + number), age_s=HOUR)
    world.check().is_(CRITICAL)
    for number in range(20, 300):
        lab.site("%03X" % (0xB00 + number), "N" * 200, status=2)
    answer = well_formed(world.check("--rule=version", "--min-rate=1GB/h"))
    assert "is not active" in answer.verdict and len(answer.stdout) < 4000 and len(answer.items) >= 3
    for item in answer.items:
        assert item["advice"].endswith("--package=%s --child-site=%s" % (item["package"], item["site"])), "the remedy was cut: %s" % answer
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


def test_an_entry_of_known_that_has_ended_says_why_it_pages_again(world):
    world.make()
    world.stuck()
    item = world.check("--known=CEN00001@S02:2020-01-31").is_(CRITICAL).item("CEN00001", "S02")
    assert item["ended"] == "2020-01-31"
    assert world.check().item("CEN00001", "S02")["ended"] is None


def test_a_date_in_the_future_is_told_with_the_option(world):
    world.make()
    world.stuck(age_s=-5 * HOUR)
    line = world.check("-v").lines[1]
    assert re.search(r"dated [45] h in the future: is the database's clock right, or its zone \(--db-clock\)\?", line), line


@pytest.mark.parametrize("given, asked", [("--warning=24", "24h or 24s?"), ("--critical=72:", "72h or 72s?"), ("--failed-critical=@1h:30", "30h or 30s?")])
def test_a_duration_without_a_unit_is_asked_back(world, given, asked):
    world.make()
    world.check(given).fails(given.partition("=")[0], asked)


def test_a_pasted_command_carries_the_sections_of_the_connection(world):
    world.make()
    world.stuck()
    ini = os.path.join(world.folder, "checks.ini")
    with open(ini, "w", encoding="utf-8") as file:
        file.write("[database_CEN]\nconnect = %s\nsite = CEN\n[packages_CEN]\ncritical = 72h\n" % world.connect.partition("=")[2])
    world.lab.commit()
    sections = ["--extra-opts=%s@%s" % (name, ini) for name in ("database_CEN", "packages_CEN")]
    answer = run(*sections, "--state-dir=" + world.state, "--judge=age", env=world.env).is_(CRITICAL)
    command = "sms_reset_package %s --package=CEN00001 --child-site=S02" % sections[0]
    assert answer.item("CEN00001", "S02")["advice"].endswith(", else " + command)
    # What is pasted runs as it stands, but for the journal's place.
    done = run(*command.split()[1:], "--journal-dir=" + os.path.join(world.folder, "journal"), "--state-dir=" + world.state,
               env=world.env, program=os.path.join(os.path.dirname(world.plugin["program"]), "sms_reset_package"), form=lambda *facts: facts)
    assert done[1] == 0 and b"SHOWN" in done[2], done


@pytest.mark.parametrize("package", ["CEN$(id)", "CEN1;id", "`id`001", "CEN 0001"])
def test_a_name_of_another_shape_is_in_no_command(world, package):
    world.make()
    world.stuck(package)
    line = world.check("--judge=age", "-v").is_(CRITICAL).lines[1]
    assert "copy" in line and "--package" not in line and "sms_reset_package" not in line, line
