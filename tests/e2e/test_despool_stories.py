# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_despool on the logs that every product writes: what is told of each story, and when it pages."""

import os
import re
import shutil
import time

import logs
import pytest
from despool import CRITICAL, DAY, HOUR, OK, UNKNOWN, WARNING, Child
from packages import durations

PRODUCTS = logs.ORDER


def judge_all(child):
    """All stories at once; @return the answer, judged against what the lab says of each."""
    names = [name for name in logs.STORIES if name != "retry" or child.site.since("cm2012")]
    # Not at the same second: one thread works on one package at a time.
    stories = [child.tell(name, package="CEN%05X" % (16 + i), age_s=4 * DAY + 97 * i) for i, name in enumerate(names)]
    child.write(*stories)
    answer = child.check()
    answer.is_(CRITICAL)
    outcomes = [story.outcome for story in stories]
    still = {outcome.package for outcome in outcomes if outcome.condition}
    assert {item["package"] for item in answer.items} == still, answer
    for name, outcome in zip(names, outcomes):
        if outcome.condition is None:
            continue
        item = answer.item(outcome.package)
        kinds = {"article": "waiting+base_missing", "disguised": "superseded"}.get(name, outcome.condition)
        assert item["kind"] == kinds, answer
        assert item["age"] in durations(child.now - outcome.opened), answer
        if name == "disguised":
            assert (item["sent"], item["arrived"]) == (str(outcome.wanted), str(outcome.have)), answer
        else:
            assert (item["wanted"], item["held"]) == (str(outcome.wanted), str(outcome.have)), answer
    assert answer.values("waiting", "broken", "known") == (len(still) - 1, 1, 0), answer
    return answer


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_story_of_every_product(tmp_path, product):
    child = Child(tmp_path, product)
    answer = judge_all(child)
    assert answer.value("lines") > 1000 and answer.value("bytes") == sum(
        os.path.getsize(child.path(name)) for name in ("despool", "distmgr"))
    again = child.check()
    assert again.values("lines", "bytes") == (0, 0)
    assert again.items and [dict(i, age="") for i in again.items] == [dict(i, age="") for i in answer.items] or again.value(
        "repeats") == answer.value("repeats")


@pytest.mark.parametrize("form, encoding, newline", [
    ("F1", "utf-8-bom", "crlf"), ("F1", "utf-16le-bom", "crlf"), ("F1", "utf-16be", "lf"), ("F1", "cp1252", "lf"),
    ("F2", "utf-16le", "crlf"), ("F2", "utf-8", "lf"), ("F3", "utf-8", "crlf"), ("F4", "utf-8-bom", "crlf"), ("F4", "utf-16le", "lf")])
def test_every_form_and_encoding(tmp_path, form, encoding, newline):
    judge_all(Child(tmp_path, "sms2003", form=form, encoding=encoding, newline=newline))


def test_the_encoding_is_told_and_may_be_given(tmp_path):
    child = Child(tmp_path, form="F1", encoding="utf-16le")
    child.write(child.tell("article"))
    answer = child.check("-vv")
    assert b"encoding utf-16le" in answer.stderr.lower(), answer
    child.forget()
    child.check("--encoding=utf-16le").is_(CRITICAL)
    child.forget()
    child.check("--encoding=utf-16be").is_(UNKNOWN, "has no record", "--encoding")
    child.check("--encoding=klingon").fails("klingon")


# ---- the article, to the letter


def test_the_article(tmp_path):
    child = Child(tmp_path)
    story = child.tell("article")
    child.write(story)
    answer = child.check("--site=S02")
    answer.is_(CRITICAL, "site S02: 1 stalled: CEN00001 waiting+base_missing for", "; 1 broken, 0 only waiting")
    item = answer.item("CEN00001")
    assert (item["state"], item["site"], item["wanted"], item["held"]) == ("CRITICAL", "S02", "3", "2")
    assert item["line"] == "CCompress::Open: Failed to open E:\\SMSPKG\\CEN00001 (2)"
    for words in ("copy CEN00001.PCK from the owning site", "PreloadPkgOnSite.exe CEN00001",
                  "sms_reset_package --package=CEN00001 --child-site=S02", "refresh its distribution points"):
        assert words in item["advice"]
    assert item["advice"].index("PreloadPkgOnSite") < item["advice"].index("sms_reset_package")
    assert answer.perf["oldest_broken"].endswith("s;3600;86400") and answer.perf["oldest"] == "0s;86400;259200"
    assert answer.value("repeats") == story.outcome.repeats + 0 - 1
    assert answer.perf["log_age"].endswith("s;86400")


@pytest.mark.parametrize("age_s, status", [(1800, OK), (2 * HOUR, WARNING), (25 * HOUR, CRITICAL)])
def test_when_a_missing_base_pages(tmp_path, age_s, status):
    child = Child(tmp_path)
    child.write(child.tell("article", age_s=age_s))
    child.check().is_(status)


@pytest.mark.parametrize("age_s, status, words", [
    (12.5 * HOUR, OK, "1 open, none too long: CEN00001 waiting for 12 h; 0 broken, 1 only waiting"),
    (25 * HOUR, WARNING, "1 stalled"), (73 * HOUR, CRITICAL, "1 stalled")])
def test_when_waiting_pages(tmp_path, age_s, status, words):
    child = Child(tmp_path)
    child.write(child.tell("waiting", age_s=age_s))
    answer = child.check()
    answer.is_(status, words)
    assert ("KB936465" in answer.text) == (status != OK)
    child.check("-w", "1h", "-c", "100d").is_(WARNING)


def test_nothing_stalled(tmp_path):
    child = Child(tmp_path)
    child.write()
    answer = child.check()
    answer.is_(OK, "nothing stalled in despool.log, distmgr.log, last written")
    assert len(answer.lines) == 1


@pytest.mark.parametrize("product", PRODUCTS)
def test_slow_but_healthy(tmp_path, product):
    """It waits for a day, as a slow link makes it; after that nothing is open: a stored version, or an instruction that went well."""
    child = Child(tmp_path, product)
    child.write(child.tell("slow", package="CEN00003", arrives_after_s=DAY))
    answer = child.check("-v")
    answer.is_(OK)
    assert "ended: CEN00003 waiting: its version was stored" in answer.text


def test_a_retry_that_heals_after_five_minutes(tmp_path):
    child = Child(tmp_path, "cb")
    child.write(child.tell("retry", age_s=HOUR))
    child.check("-w", "1s").is_(OK)


def test_superseded_opens_when_repeated_an_hour_apart(tmp_path):
    child = Child(tmp_path, "sccm2007")
    child.write(child.tell("disguised", age_s=1800))
    answer = child.check("-v")
    answer.is_(OK)
    assert "seen once: CEN000B6: A newer version (15) of package" in answer.text, answer
    assert "CEN000B6" not in child.check().text
    child.forget()
    child.write(child.tell("disguised", age_s=3 * HOUR))
    assert child.check("-w", "1h").is_(WARNING).item("CEN000B6")["kind"] == "superseded"


STORED = "StoredPkgVersion (%d) of package %s. StoredPkgVersion in database is %d."


def test_superseded_does_not_open_when_the_despooler_stored_that_version(tmp_path):
    child = Child(tmp_path, "sccm2007")
    stored = [child.site.despool(child.now - 5 * DAY, 99, "Stored Package CEN000B6. Stored Package Version = 15")]
    child.write(child.tell("disguised", wanted=12, have=15), stored)
    child.check("-w", "1h").is_(OK)


@pytest.mark.parametrize("age_s, status", [(20 * HOUR, OK), (30 * HOUR, WARNING), (4 * DAY, CRITICAL)])
def test_superseded_while_the_database_calls_it_stored(tmp_path, age_s, status):
    """The tool that preloads set that number, and the content never came: each pass throws it away."""
    child = Child(tmp_path, "sccm2007")
    stored = child.every("distmgr", STORED % (15, "CEN000B6", 15), 5 * DAY, 60, HOUR)
    child.write(child.tell("disguised", age_s=age_s, wanted=12, have=15), stored)
    child.check().is_(status)


def test_wanted_rises_while_stalled(tmp_path):
    child = Child(tmp_path, "cb")
    child.write(child.tell("superseded", package="CEN00005"))
    item = child.check().is_(CRITICAL).item("CEN00005")
    assert item["wanted"] == "4" and item["age"] in durations(child.now - (child.now - 4 * DAY + 10))


def test_package_ids_of_digits_and_versions_that_jump(tmp_path):
    child = Child(tmp_path)
    child.write(child.tell("article", package="61000012", wanted=3, have=1))
    item = child.check().is_(CRITICAL).item("61000012")
    assert (item["wanted"], item["held"]) == ("3", "1")


def test_interleaved_threads_and_lines_out_of_order(tmp_path):
    child = Child(tmp_path, "cb")
    stories = [child.tell("article", package="CEN%05X" % n, thread=3000 + 4 * n, age_s=4 * DAY - n * 0.004) for n in range(1, 6)]
    child.write(*stories, disorder=True)
    answer = child.check()
    assert {(item["package"], item["wanted"]) for item in answer.items} == {("CEN%05X" % n, "3") for n in range(1, 6)}, answer


# ---- clocks and zones


def test_without_the_zone_the_files_tell_it(tmp_path):
    for zone in ("Europe/Berlin", "Asia/Kolkata", "America/New_York", "-210", "345"):
        child = Child(tmp_path / zone.replace("/", "-"), "sms2003", zone=zone)
        story = child.tell("article")
        child.write(story)
        answer = child.check("--timezone", "-v")
        answer.is_(CRITICAL)
        assert "stamps are local time, UTC" in answer.text
        assert answer.item("CEN00001")["age"] in durations(child.now - story.outcome.opened) | durations(
            child.now - story.outcome.opened - HOUR) | durations(child.now - story.outcome.opened + HOUR), answer


def test_half_hour_zone_by_name(tmp_path):
    child = Child(tmp_path, "sms2003", zone="Asia/Kolkata")
    story = child.tell("article")
    child.write(story)
    assert child.check("--timezone=Asia/Kolkata").item("CEN00001")["age"] in durations(child.now - story.outcome.opened)


def test_implausible_times_ask_for_the_option(tmp_path):
    child = Child(tmp_path)
    child.write(child.tell("article"))
    for name in ("despool", "distmgr"):
        os.utime(child.path(name), (child.now - 40 * DAY, child.now - 40 * DAY))
    child.check("--timezone").is_(UNKNOWN, "--timezone=AREA/CITY", "does not fit the file's modification time")
    child.check("--timezone=Europe/Berlin").is_(CRITICAL)
    child.check("--timezone=Middle/Earth").fails("Middle/Earth", "AREA/CITY")


@pytest.mark.parametrize("changes", ["2026-10-25", "2026-03-29"])
def test_hours_of_daylight_saving(tmp_path, changes):
    """A stall over the night in which the clock changes keeps its age."""
    moment = time.mktime(time.strptime(changes, "%Y-%m-%d"))
    child = Child(tmp_path, "sms2003")
    real, child.now = child.now, moment + 12 * HOUR
    story = child.tell("article", age_s=2 * DAY)
    child.write(story)
    answer = child.check(later=int(child.now - real))
    assert answer.is_(CRITICAL).item("CEN00001")["age"] in durations(child.now - story.outcome.opened, slack=30), answer
    assert answer.value("log_age") < 1200, answer


@pytest.mark.parametrize("ahead_s, status", [(20 * 60, OK), (40 * 60, WARNING), (26 * HOUR, WARNING)])
def test_a_server_whose_clock_is_ahead(tmp_path, ahead_s, status):
    child = Child(tmp_path, "cb")
    child.write(now=child.now + ahead_s)
    answer = child.check().is_(status)
    assert ("in the future: compare the site server's clock with this host's" in answer.verdict) == (status != OK), answer
    assert ("last written" in answer.verdict) == (status == OK), answer
    assert answer.value("log_age") == 0


def test_a_zone_that_makes_the_future(tmp_path):
    child = Child(tmp_path, zone="Asia/Kolkata")
    child.write(gap_s=60)
    for run in range(2):  # also when nothing new is read
        answer = child.check("--timezone=America/New_York")
        answer.is_(WARNING, "nothing stalled in despool.log, distmgr.log; the newest record lies ", " in the future: is --timezone right?")
        assert (answer.value("lines") == 0) == (run == 1)
    child.write(child.tell("article"))
    child.forget()
    child.check("--timezone=America/New_York").is_(CRITICAL, "1 stalled: CEN00001", "in the future: is --timezone right?")
    child.forget()
    assert "future" not in child.check("--timezone=Asia/Kolkata").is_(CRITICAL).verdict


# ---- silence


@pytest.mark.parametrize("quiet_s, options, status", [
    (HOUR, [], OK), (25 * HOUR, [], WARNING), (25 * HOUR, ["--silent-critical=24h"], CRITICAL),
    (25 * HOUR, ["--silent-warning=2d"], OK), (10 * DAY, ["--silent-warning=0"], OK)])
def test_silence(tmp_path, quiet_s, options, status):
    child = Child(tmp_path, "cb")
    child.write(now=child.now - quiet_s, start=child.now - quiet_s - DAY)
    answer = child.check(*options).is_(status)
    assert ("no log was written for" in answer.verdict and "SMS_EXECUTIVE" in answer.verdict) == (status != OK)
    assert quiet_s <= answer.value("log_age") < quiet_s + 1800


LAST = "Uncompressing E:\\SMSPKG\\CEN00042.PCK to E:\\SMSPKG\\CEN00042.PCK.temp"


def hanging(tmp_path, silent, quiet_s, pause_s=1800, other_s=300, product="cb", **form):
    """One component stopped, the other wrote a moment ago; before, the silent one paused for as long at most."""
    child = Child(tmp_path, product, **form)
    lively = {"despool": "distmgr", "distmgr": "despool"}[silent]
    ends = getattr(child.site, silent)(child.now - quiet_s, 77, LAST)
    child.write(child.every(lively, "sign of life", 6 * DAY, other_s, 1800), child.every(silent, "sign of life", 6 * DAY, quiet_s + 60, pause_s),
                [ends], gap_s=None)
    return child


@pytest.mark.parametrize("silent, name", [("despool", "despooler"), ("distmgr", "distribution manager")])
@pytest.mark.parametrize("quiet_s, pause_s, options, status", [
    (3.9 * HOUR, 1800, [], OK), (5 * HOUR, 1800, [], WARNING), (25 * HOUR, 1800, [], CRITICAL), (3 * DAY, 1800, [], CRITICAL),
    (25 * HOUR, 1800, ["--silent-warning=2d"], WARNING), (25 * HOUR, 1800, ["--silent-warning=0"], OK),
    (5 * HOUR, 2 * HOUR, [], OK), (7 * HOUR, 2 * HOUR, [], WARNING), (30 * HOUR, 12 * HOUR, [], OK)])
def test_one_component_is_silent_while_the_other_writes(tmp_path, silent, name, quiet_s, pause_s, options, status):
    answer = hanging(tmp_path, silent, quiet_s, pause_s).check(*options).is_(status)
    assert ("the %s is silent for" % name in answer.verdict) == (status != OK), answer
    assert (LAST in answer.verdict) == (status != OK), answer


@pytest.mark.parametrize("form", [{"form": "F2", "product": "sms2003"}, {"form": "F4"}, {"encoding": "utf-16le"}, {"encoding": "cp1252"}])
def test_the_last_line_of_every_form(tmp_path, form):
    answer = hanging(tmp_path, "despool", 2 * DAY, **form).check().is_(CRITICAL, "the despooler is silent for")
    assert LAST in answer.verdict, answer


def test_a_new_service_tells_a_silence_once(tmp_path):
    """It is volatile: a state in each run would be a page in each run."""
    child = hanging(tmp_path, "despool", 2 * DAY)
    first = child.check("--new=15m").is_(CRITICAL, "new: the despooler is silent for 48 h", "; 0 stuck in all")
    assert first.value("new") == 0
    child.check("--new=15m", later=14 * 60).is_(CRITICAL, "new: the despooler is silent")
    known = child.check("--new=15m", later=16 * 60).is_(OK, "nothing new, 0 stuck in all; the despooler is silent for 48 h")
    assert LAST in known.verdict
    child.check(later=16 * 60).is_(CRITICAL, "the despooler is silent for 48 h")
    # It wrote again, and hangs again: that is new.
    child.files["despool"].append([child.site.despool(child.now - 46 * HOUR, 77, LAST)])
    child.check("--new=15m", later=20 * 60).is_(CRITICAL, "new: the despooler is silent for 46 h")


def test_a_new_service_tells_silent_logs_once_and_worse_ones_again(tmp_path):
    child = hanging(tmp_path, "despool", 30 * HOUR, other_s=26 * HOUR)
    limits = ("--new=15m", "--silent-critical=30h")
    child.check(*limits).is_(WARNING, "new: no log was written for 26 h")
    child.check(*limits, later=HOUR).is_(OK, "nothing new", "no log was written for 27 h")
    child.check(*limits, later=6 * HOUR).is_(CRITICAL, "new: no log was written for 32 h")
    child.check(*limits, later=7 * HOUR).is_(OK, "nothing new", "no log was written for 33 h")


def test_the_longest_pause_is_remembered(tmp_path):
    child = hanging(tmp_path, "despool", 7 * HOUR, pause_s=3 * HOUR)
    child.check().is_(OK)
    os.unlink(child.path("despool"))  # the memory knows the pauses
    child.files["despool"].append([child.site.despool(child.now - 7 * HOUR, 77, LAST)])
    assert "is silent for" not in child.check().is_(WARNING, "records of despool.log may be lost").text
    child.check().is_(OK)
    child.forget()
    child.check().is_(WARNING, "the despooler is silent for 7 h")


def test_both_silent_is_told_once(tmp_path):
    answer = hanging(tmp_path, "despool", 30 * HOUR, other_s=26 * HOUR).check().is_(WARNING, "no log was written for")
    assert "is silent for" not in answer.verdict


def test_a_component_whose_log_cannot_be_read_is_not_called_silent(tmp_path):
    child = hanging(tmp_path, "despool", 30 * HOUR)
    child.check().is_(CRITICAL)
    os.rename(child.path("despool"), child.path("despool") + ".away")
    assert "is silent for" not in child.check().is_(UNKNOWN).verdict


# ---- the wrong log


@pytest.mark.parametrize("name, component, form", [
    ("sched", "SMS_SCHEDULER", "F1"), ("sender", "SMS_LAN_SENDER", "F1"), ("PkgXferMgr", "SMS_PACKAGE_TRANSFER_MANAGER", "F1"),
    ("smsdpprov", "SMS_Distribution_Point", "F4"), ("smsdpmon", "SMS_Distribution_Point_Monitoring", "F4"), ("hman", "SMS_HIERARCHY_MANAGER", "F2")])
def test_the_log_of_another_component(tmp_path, name, component, form):
    child = Child(tmp_path, "cb")
    other = logs.LogFile(child.path(name), form)
    other.append([logs.Record(child.now - age, name, component, 5744, "Sending failed. Failure count = 24") for age in range(7200, 0, -60)])
    other.touch(child.now - 60)
    words = "%s.log is the log of %s: give despool.log and distmgr.log of the child site" % (name, component)
    answer = child.check("--log=" + child.path(name)).is_(UNKNOWN, words)
    assert "nothing stalled" not in answer.text
    child.check("--log=" + child.path(name)).is_(UNKNOWN, words)  # also when nothing new is read
    # Beside the two, those that tell only why are welcome, and others a mistake.
    child.write(child.tell("article"), gap_s=900)
    arguments = ["--log=" + child.path(one) for one in (name, "despool", "distmgr")]
    answer = child.check(*arguments).is_(CRITICAL, "1 stalled: CEN00001")
    assert (words in answer.verdict) == (name not in ("sched", "sender", "PkgXferMgr")), answer


# ---- the folder of compressed packages


def pck_child(tmp_path, product="sccm2007"):
    child = Child(tmp_path, product)
    slow = child.tell("slow", package="CEN00003", wanted=4, have=3)
    child.write(slow)
    folder = tmp_path / "SMSPKG"
    folder.mkdir()
    for number in range(256):  # what the background stored is there
        (folder / ("XYZ%05X.PCK" % number)).write_bytes(b"x")
    return child, folder


def test_pck(tmp_path):
    child, folder = pck_child(tmp_path)
    answer = child.check("--pck=%s" % folder, "--site=S02")
    answer.is_(OK, "1 open, none too long")
    item = answer.item("CEN00003")
    assert (item["kind"], item["held"], item["file"], item["gone"]) == ("base_missing", "4", "CEN00003.PCK", "not")
    assert answer.values("waiting", "broken") == (0, 1)
    later = child.check("--pck=%s" % folder, later=2 * HOUR)
    later.is_(WARNING)
    assert later.item("CEN00003")["age"] in durations(2 * HOUR)
    (folder / "cen00003.pck").write_bytes(b"")
    assert child.check("--pck=%s" % folder).item("CEN00003")["gone"] == "empty"
    (folder / "cen00003.pck").write_bytes(b"x")
    child.check("--pck=%s" % folder).is_(OK, "nothing stalled")
    assert child.check("--pck=%s" % folder, "--package=CEN00077").item("CEN00077")["gone"] == "not"
    os.unlink(folder / "cen00003.pck")
    child.check("--pck=%s" % folder, "--exclude-package=CEN00003").is_(OK, "nothing stalled of all packages except CEN00003 in ")


def test_a_file_of_a_version_is_a_base(tmp_path):
    child, folder = pck_child(tmp_path)
    for name, there in (("CEN00003.PCK.x", False), ("CEN00003.PCK.", False), ("CEN00003.PCKx", False), ("CEN00003.DLT.4", False), ("cen00003.pck.4", True)):
        (folder / name).write_bytes(b"x")
        assert bool(child.check("--pck=%s" % folder).items) != there, name


def test_most_base_files_at_once_are_one_cause(tmp_path):
    child, folder = pck_child(tmp_path)
    (folder / "CEN00003.PCK").write_bytes(b"x")
    child.check("--pck=%s" % folder).is_(OK, "nothing stalled")
    os.rename(folder, str(folder) + ".moved")
    folder.mkdir()
    child.check("--pck=%s" % folder).is_(OK, "1 open, none too long: SMSPKG base_missing")
    answer = child.check("--pck=%s" % folder, "--site=S02", later=2 * HOUR).is_(WARNING, "1 stalled: SMSPKG base_missing for 2 h", "most base files are gone")
    item, = answer.items
    assert re.match(r"\d+ of \d+ base files are gone, so it is one cause", item["facts"]), answer
    assert "send nothing again before that is known" in item["advice"] and "reset" not in answer.text and "copy " not in answer.text, answer
    child.check("--pck=%s" % folder, "--site=S02", "--known=@S02", later=2 * HOUR).is_(OK, "1 known")


@pytest.mark.parametrize("logs_given", [("despool", "distmgr"), ("distmgr",), ("despool",)])
def test_a_site_with_a_content_library_has_no_base_files(tmp_path, logs_given):
    child, folder = pck_child(tmp_path, "cb")
    library = child.site.despool(child.now - HOUR, 3816, "Received package CEN00003 version 4. Compressed file -  E:\\X.PCK.4 as E:\\PKG.TRY")
    child.files["despool"].append([library, library._replace(text="Content Library: E:\\SCCMContentLib"),
                                   library._replace(text="Stored Package CEN00003. Stored Package Version = 4")])
    for name in os.listdir(folder):
        os.unlink(folder / name)
    arguments = ["--log=" + child.path(name) for name in logs_given] + ["--pck=%s" % folder]
    for _ in range(2):  # also from the memory
        answer = child.check(*arguments).is_(OK, "; --pck does not apply: this site has a content library (ConfigMgr 2012 and later)")
        assert not answer.items, answer


def test_pck_folder_that_cannot_be_read(tmp_path):
    child, folder = pck_child(tmp_path)
    child.check("--pck=%s/none" % folder).is_(UNKNOWN, str(folder))
    child.write(child.tell("article"))
    answer = child.check("--pck=%s/none" % folder)
    answer.is_(CRITICAL, str(folder), "1 stalled: CEN00001")  # what the logs tell is worse, and told


# ---- known, closed, forgotten, filtered


def test_known(tmp_path):
    child = Child(tmp_path)
    child.write(child.tell("article"), child.tell("waiting", package="CEN00002", age_s=2 * DAY))
    answer = child.check("--site=S02", "--known=CEN00001@S02:2099-12-31")
    answer.is_(WARNING, "1 stalled: CEN00002", "1 known")
    assert answer.values("waiting", "stuck", "broken", "known") == (1, 1, 0, 1)
    assert answer.items[-1]["until"] == "2099-12-31"
    child.check("--known=CEN00001,CEN00002").is_(OK, "nothing else stalled in despool.log, distmgr.log, last written", "; 2 known")
    child.check("--known=CEN00001", "--package=CEN00001").is_(OK, "nothing else stalled of CEN00001 in despool.log, distmgr.log", "; 1 known")
    child.check("--known=CEN00001@S03,CEN00002", "--site=S02").is_(CRITICAL)
    answer = child.check("--known=CEN00001:2020-01-31", "--site=S02", "-v").is_(CRITICAL, "2 stalled")
    assert any(line.startswith("--known CEN00001 ended 2020-01-31") for line in answer.lines), answer


def test_filters_share_one_memory(tmp_path):
    child = Child(tmp_path)
    child.write(child.tell("article"), child.tell("waiting", package="CEN00002"))
    assert [item["package"] for item in child.check("--package=cen00002").items] == ["CEN00002"]
    assert [item["package"] for item in child.check("--exclude-package=CEN00002").items] == ["CEN00001"]
    assert len(child.check().items) == 2
    assert len([name for name in os.listdir(child.state) if not name.endswith(".lock")]) == 1


@pytest.mark.parametrize("options, words", [
    (["--package=ZZZ00001"], "nothing stalled of ZZZ00001 in despool.log, distmgr.log, last written"),
    (["--package=ZZZ00001,ZZZ00002"], "nothing stalled of ZZZ00001, ZZZ00002 in despool.log"),
    (["--package=" + ",".join("ZZZ%05X" % n for n in range(40))],
     "nothing stalled of ZZZ00000, ZZZ00001, ZZZ00002, ZZZ00003, ZZZ00004 and 35 more in despool.log"),
    (["--exclude-package=CEN00001"], "nothing stalled of all packages except CEN00001 in despool.log"),
    (["--package=CEN00001,CEN00002", "--exclude-package=CEN00001"], "nothing stalled of CEN00001, CEN00002 except CEN00001 in despool.log")])
def test_what_was_selected_is_told(tmp_path, options, words):
    child = Child(tmp_path)
    child.write(child.tell("article"))
    child.check(*options).is_(OK, "- " + words)
    child.check("--package=CEN00001").is_(CRITICAL, "1 stalled: CEN00001", "; 1 broken, 0 only waiting of CEN00001")


def test_close(tmp_path):
    child = Child(tmp_path)
    child.write(child.tell("article"))
    child.check().is_(CRITICAL)
    child.check("--close=CEN00009").is_(CRITICAL, "nothing was open for CEN00009, nothing was closed")
    child.check("--close=CEN00009", "--package=CEN00009").is_(UNKNOWN, "nothing was open for CEN00009, nothing was closed")
    answer = child.check("--close=CEN00001", "-v").is_(OK, "closed CEN00001 by hand")
    assert "ended: CEN00001 base_missing: closed by hand" in answer.text
    child.check().is_(OK, "nothing stalled")
    # The next failure is a new trouble.
    child.files["despool"].append(logs.log_stories._base_missing(child.site, child.now, 4, "CEN00001", 3)
                                  if hasattr(logs, "log_stories") else
                                  [child.site.despool(child.now, 4, "CCompress::Open: Failed to open E:\\SMSPKG\\CEN00001 (2)")])
    assert child.check().items[0]["age"] in durations(time.time() - child.now)


def test_close_where_no_service_remembers(tmp_path):
    child = Child(tmp_path)
    child.write(child.tell("article"))
    refusal = "CEN00001 is not closed: no earlier run looked at just these logs; give the same --log or --extra-opts as the service does"
    for _ in range(2):
        child.check("--close=CEN00001").fails(refusal)
    child.check().is_(CRITICAL)
    child.check("--log=" + child.path("despool"), "--close=CEN00001").fails(refusal)
    child.check("--state-dir=/none", "--close=CEN00001").fails("CEN00001 is not closed: the state directory /none does not exist")
    child.check().is_(CRITICAL, "1 stalled: CEN00001")
    child.check("--log=" + child.path("distmgr"), "--log=" + child.path("despool"), "--close=CEN00001").is_(OK, "closed CEN00001 by hand")
    child.check().is_(OK, "nothing stalled")


def test_waiting_is_forgotten_and_told_a_missing_base_never(tmp_path):
    child = Child(tmp_path, "cb")
    child.write(child.tell("waiting", package="CEN00002", age_s=30 * DAY + 97), child.tell("article", age_s=30 * DAY), gap_s=7200)
    quiet = child.site.distmgr(child.now + 20 * DAY, 4, "Sleep 3600 seconds...")
    assert len(child.check().items) == 2
    child.files["distmgr"].append([quiet])
    answer = child.check(later=20 * DAY)
    assert "ended: CEN00002 waiting: forgotten" in answer.text, answer
    assert [item["kind"] for item in answer.is_(CRITICAL).items] == ["base_missing"]
    assert "forgotten" not in child.check(later=20 * DAY).text


def test_an_update_of_sms_2003_that_waits_a_day_closes_without_proof_in_one_run_or_many(tmp_path):
    whole = Child(tmp_path / "whole")
    story = whole.tell("slow", package="CEN00003", age_s=3 * DAY)
    whole.write(story)
    parts = Child(tmp_path / "parts")
    parts.now = whole.now
    shutil.copytree(whole.folder, parts.folder, dirs_exist_ok=True)
    states = []
    for hours in (71, 60, 50, 40, 30, 20, 10, 0):
        parts.write(story, now=parts.now - hours * HOUR, start=parts.now - 3 * DAY - HOUR)
        answer = parts.check(later=-hours * HOUR)
        states.append((answer.code, len(answer.items)))
    assert states[0] == (OK, 1) and states[-1] == (OK, 0), states
    whole.check().is_(OK, "nothing stalled")
    assert whole.dump() == parts.dump()


# ---- failures that name no package, and causes that are over


FULL = "Despooler failed to execute the instruction, error code = 70"


def failing(child, message, since_s, until_s=0, every_s=1800):
    """And the other component lives."""
    return child.alive(logs=("distmgr",)) + [child.site.despool(child.now - age, 4711, message) for age in range(int(since_s), int(until_s), -every_s)]


@pytest.mark.parametrize("since_s, status", [(50 * 60, OK), (3 * HOUR, WARNING), (25 * HOUR, CRITICAL)])
def test_instructions_that_fail_before_their_package_is_known(tmp_path, since_s, status):
    child = Child(tmp_path)
    child.write(failing(child, FULL, since_s), gap_s=None)
    answer = child.check("-v").is_(status)
    if status == OK:
        assert "nothing stalled" in answer.verdict and "no longer repeated: @despooler: " in answer.text, answer
        return
    assert "1 stalled: despooler failing for" in answer.verdict and "the disk is full" in answer.verdict, answer
    assert "failures that name no package, the disk is full (error 112)" in answer.text, answer
    assert "free space on the drives" in answer.text and "copy" not in answer.text, answer
    child.check("--known=@despooler").is_(OK, "1 known")


def test_they_are_details_where_a_package_tells_its_trouble(tmp_path):
    """Unless the error stops every package: then it is what the operator must know first."""
    child = Child(tmp_path)
    waits = child.every("distmgr", "The compressed files for package CEN00113 hasn't arrived from site CEN yet, will retry later.", 80 * HOUR, 600)
    child.write(waits, failing(child, "Despooler failed to execute the instruction, error code = 8", 80 * HOUR), gap_s=None)
    child.check().is_(CRITICAL, "1 stalled: CEN00113 waiting")
    child.forget()
    child.write(waits, failing(child, FULL, 80 * HOUR), gap_s=None)
    child.check().is_(CRITICAL, "2 stalled: despooler failing", "the disk is full")


def test_one_that_is_over(tmp_path):
    child = Child(tmp_path)
    child.write(failing(child, FULL, 30 * HOUR, 20 * HOUR), child.every("despool", "Waiting for ready instruction file....", 20 * HOUR, 60, 600), gap_s=None)
    child.check().is_(OK, "nothing stalled")


def test_an_unknown_cause_waits_for_a_day(tmp_path):
    child = Child(tmp_path)
    child.write(failing(child, "Despooler failed to execute the instruction, error code = 1f", 20 * HOUR), gap_s=None)
    child.check().is_(OK, "1 open, none too long: despooler failing for 20 h, failures that name no package")
    child.forget()
    child.write(failing(child, "Cannot decompress instruction file", 30 * HOUR), gap_s=None)
    answer = child.check().is_(WARNING, "1 stalled: despooler failing for 30 h")
    assert "look what stands before this line in despool.log, and at the status messages of SMS_DESPOOLER" in answer.text, answer


def test_a_full_disk_of_tuesday_hides_no_missing_base_of_today(tmp_path):
    child = Child(tmp_path)
    site, now = child.site, child.now

    def tries(age_s, lines):
        return [site.despool(now - age_s + i, 4711, line) for i, line in enumerate(["Received package CEN00001 version 3", *lines])]
    full = [line for age in range(80 * HOUR, 50 * HOUR, -HOUR) for line in tries(age, [FULL])]
    missing = [line for age in range(10 * HOUR, 0, -HOUR) for line in
               tries(age, ["CCompress::Open: Failed to open E:\\SMSPKG\\CEN00001 (2)", "Despooler failed to execute the instruction, error code = 12"])]
    child.write(full, missing, child.alive(logs=("distmgr",)), gap_s=None)
    answer = child.check().is_(WARNING, "base_missing")
    assert "the disk is full" not in answer.text and "copy CEN00001.PCK from the owning site" in answer.text, answer
    child.forget()
    child.write(missing, child.alive(logs=("distmgr",)), [site.despool(now - 30, 4711, "Received package CEN00001 version 3"),
                                                         site.despool(now - 29, 4711, FULL)], gap_s=None)
    answer = child.check().is_(WARNING, "the disk is full")
    assert "copy CEN00001.PCK" not in answer.text, answer
