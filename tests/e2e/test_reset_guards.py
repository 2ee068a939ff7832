# SPDX-License-Identifier: GPL-3.0-or-later
"""sms_reset_package: what it shows, and everything that it refuses."""

import json
import os
import pty
import sqlite3
import subprocess

import packages
import pytest
from packages import DAY, HOUR, SHIM
from reset import APPLY, PAIR, PROGRAM, Reset, row, stuck



@pytest.fixture
def reset(world):
    return Reset(world)


def untouched(world, before, reset):
    """Neither the row nor a journal knows of it."""
    assert row(world) == before
    assert reset.journal() == []


def test_one_package_at_a_time(reset):
    answer = reset("--package=CEN00001,CEN00002", "--child-site=S02")
    assert answer.code == 3 and answer.text.startswith("sms_reset_package: one package at a time: "), answer


def test_a_dry_run_shows_everything_and_changes_nothing(world, reset):
    before = stuck(world, name="Office 2003 SP3")
    world.lab.site("S02", "Oslo", parent="S01")
    world.check()
    with open(world.database, "rb") as file:
        database = file.read()
    state = {name: os.stat(os.path.join(world.state, name)).st_mtime_ns for name in os.listdir(world.state)}
    fields = reset(*PAIR).is_("SHOWN", "--apply").fields
    assert 'CEN00001 "Office 2003 SP3", wanted version 3, owned by site CEN, 126 MB compressed' in fields["Package"]
    assert fields["Child site"] == 'S02 "Oslo", server S021, CEN / S01 / S02'
    assert fields["Row"] == "PkgServer S021: Status sent (1), SourceVersion 3, UpdateTime %s" % before[2]
    assert fields["Trouble"].startswith("sent, for 4 d by the database's dates; seen by check_sms_packages for ")
    assert fields["Statement"] == (
        "UPDATE PkgStatus SET Status = 2, SourceVersion = 0 WHERE ID = 'CEN00001' AND Type = 1 AND SiteCode = 'S02' AND PkgServer "
        "= 'S021' AND Status = 1 AND SourceVersion = 3 AND CAST(UpdateTime AS TEXT) = '%s'" % before[2])
    assert "126 MB" in fields["Link"] and "whole compressed package" in fields["Link"]
    assert "CEN00001.PCK" in fields["Instead"] and "PreloadPkgOnSite" in fields["Instead"]
    assert "backup" in fields["Before"] and "Refresh Distribution Point" in fields["Afterwards"]
    with open(world.database, "rb") as file:
        assert file.read() == database
    assert not os.path.exists(reset.directory)
    assert state == {name: os.stat(os.path.join(world.state, name)).st_mtime_ns for name in os.listdir(world.state)}
    # The statement that is shown is one that does it.
    world.lab.db.execute(fields["Statement"])
    assert row(world) == (2, 0, before[2])


def test_the_article_s_form(world, reset):
    before = stuck(world)
    assert reset("--package=CEN00001", "--pkg-server=S021", *APPLY).is_("DONE", "journal entry 1", "--undo=1")
    assert row(world) == (2, 0, before[2])


def test_lower_case_is_the_same_package(world, reset):
    before = stuck(world)
    answer = reset("--package=cen00001", "--child-site=s02", *APPLY).is_("DONE")
    assert "WHERE ID = 'CEN00001'" in answer.fields["Statement"]
    assert row(world) == (2, 0, before[2])


def test_style_version_leaves_the_status(world, reset):
    before = stuck(world)
    answer = reset(*PAIR, "--style=version", *APPLY).is_("DONE")
    assert "SET SourceVersion = 0 WHERE" in answer.fields["Statement"]
    assert row(world) == (1, 0, before[2])


@pytest.mark.parametrize("status, version, updated", [(None, 3, DAY * 4), (1, None, DAY * 4), (1, 3, None), (7, 2, 4 * DAY)])
def test_nulls_and_codes_are_compared_as_they_are(world, reset, status, version, updated):
    stuck(world)
    world.lab.status("CEN00001", "S02", status, version, updated)
    before = row(world)
    answer = reset(*PAIR, *APPLY).is_("DONE")
    assert ("IS NULL" in answer.fields["Statement"]) == (None in before)
    assert row(world) == (2, 0, before[2])
    reset("--undo=1", *APPLY).is_("DONE", "journal entry 2")
    assert row(world) == before


# ---- guards

def test_unknown_names(world, reset):
    before = stuck(world)
    for arguments, texts in (
            (("--package=CEN99999", "--child-site=S02"), ("there is no package CEN99999",)),
            (("--package=CEN00001", "--child-site=S99"), ("there is no site S99", "CEN, S01, S02, S03")),
            (("--package=CEN00001", "--child-site=CEN"), ("the owning site itself",)),
            (("--package=CEN00001", "--pkg-server=S02.corp.example"), ("NetBIOS", "--child-site")),
            (("--package=CEN00001", "--pkg-server=S021", "--child-site=S01"), ("no row of Type 1",))):
        for more in ((), APPLY, APPLY + ("--force",)):
            reset(*arguments, *more).is_("REFUSED", *texts)
    untouched(world, before, reset)


def test_a_package_of_another_site(world, reset):
    before = stuck(world)
    world.lab.site("PR1", "Primary")
    world.lab.package("PR100001", "Theirs", 2, source_site="PR1")
    reset("--package=PR100001", "--child-site=S02", "--force", *APPLY).is_("REFUSED", "owned by site PR1", "database of site PR1")
    untouched(world, before, reset)


def test_a_row_of_a_distribution_point(world, reset):
    before = stuck(world)
    lab = world.lab
    lab.dp_state("CEN00001", "S021", 1, 2, 4 * DAY, site="S02")
    nal = lab.query("SELECT PkgServer FROM PkgStatus WHERE Type = 2 AND ID = 'CEN00001'")[0][0]
    reset("--package=CEN00001", "--pkg-server=" + nal, "--force", *APPLY).is_("REFUSED", "Type 2", "--child-site=S02")
    untouched(world, before, reset)
    lab.no_status("CEN00001", "S02")
    reset(*PAIR, "--force", *APPLY).is_("REFUSED", "no row of Type 1", "distribution points (Type 2)")


def test_no_row_and_two_rows(world, reset):
    stuck(world)
    world.lab.no_status("CEN00001", "S02")
    reset(*PAIR, "--force", *APPLY).is_("REFUSED", "no row of Type 1", "refresh")
    world.lab.status("CEN00001", "S02", 1, 3, 4 * DAY)
    world.lab.status("CEN00001", "S02", 1, 2, 9 * DAY, server="OLD", add=True)
    before = world.lab.query("SELECT * FROM PkgStatus")
    for pair in (PAIR, ("--package=CEN00001", "--pkg-server=OLD")):
        answer = reset(*pair, "--force", *APPLY).is_("REFUSED", "2 rows of Type 1", "not even with --force")
        assert "Statement" not in answer.fields
    assert world.lab.query("SELECT * FROM PkgStatus") == before and reset.journal() == []


def labels(answer):
    return [line[:12].strip() for line in answer.lines[:-1]]


def test_a_refusal_that_nothing_lifts_does_not_show_what_would_be_done(world, reset):
    stuck(world)
    lab = world.lab
    lab.site("PR1", "Primary")
    lab.package("PR100001", "Theirs", 2, source_site="PR1")
    lab.target("PR100001", "S02")
    lab.status("PR100001", "S02", 1, 1, 4 * DAY)
    world.stuck("CEN00002", "S02")
    lab.untarget("CEN00002", "S02")
    world.stuck("CEN00003", "S03")
    lab.repair("CEN00003", "S03")
    for pair, word in ((("--package=PR100001", "--child-site=S02", "--force"), "owned by site PR1"),
                       (("--package=CEN00002", "--child-site=S02"), "is not to be at site S02"),
                       (("--package=CEN00003", "--child-site=S03", "--force"), "SourceVersion is 0 already")):
        for more in ((), APPLY):
            assert labels(reset(*pair, *more).is_("REFUSED", word)) == ["Package", "Row"]
        given = reset(*pair, "--output=json").json
        assert word in given["message"] and given["row_count"] == 1 and "statement" not in given and "after" not in given
    # Where a person may know better, it is shown what --force would do.
    young = reset(*PAIR, "--min-age=9d")
    assert {"Trouble", "Statement", "Link"} <= set(labels(young.is_("REFUSED", "--force")))
    assert "statement" in reset(*PAIR, "--min-age=9d", "--output=json").json


def test_version_0_already(world, reset):
    stuck(world)
    world.lab.repair("CEN00001", "S02")
    before = row(world)
    answer = reset(*PAIR, "--force", *APPLY).is_("REFUSED", "SourceVersion is 0 already", "under way")
    assert "Statement" not in answer.fields
    untouched(world, before, reset)


def test_healthy_and_not_targeted(world, reset):
    stuck(world)
    lab = world.lab
    lab.arrive("CEN00001", "S02", age_s=4 * DAY)
    before = row(world)
    reset(*PAIR, *APPLY).is_("REFUSED", "nothing is wrong here")
    lab.status("CEN00001", "S02", 1, 3, 4 * DAY)
    lab.untarget("CEN00001", "S02")
    before = row(world)
    reset(*PAIR, *APPLY).is_("REFUSED", "is not to be at site S02")
    untouched(world, before, reset)
    reset(*PAIR, "--force", *APPLY).is_("DONE")


def test_an_inactive_site(world, reset):
    before = stuck(world)
    world.lab.site("S02", "Closed", status=2)
    reset(*PAIR, *APPLY).is_("REFUSED", "not active")
    untouched(world, before, reset)


def test_young_trouble(world, reset):
    before = stuck(world, age_s=5 * HOUR)
    reset(*PAIR, *APPLY).is_("REFUSED", "5 h old", "--min-age is 24 h", "--force")
    untouched(world, before, reset)
    reset(*PAIR, "--min-age=4h").is_("SHOWN")
    reset(*PAIR, "--force", *APPLY).is_("DONE")


@pytest.mark.parametrize("column", ("PkgStatus SET UpdateTime", "SMSPackages SET SourceDate"))
def test_a_date_in_the_future_is_no_old_one(world, reset, column):
    """A database in local time, ten hours east, read as UTC: what moved two hours ago has no other date that counts."""
    stuck(world, age_s=30 * DAY)
    world.lab.db.execute("UPDATE %s = datetime('now', '+8 hours', '+10 minutes')" % column)
    before = row(world)
    answer = reset(*PAIR).is_("REFUSED", "8 h in the future", "--db-clock=local", "--force")
    assert "in the future: is the database's zone right" in answer.fields["Trouble"], answer
    reset(*PAIR, *APPLY).is_("REFUSED", "in the future")
    untouched(world, before, reset)
    reset(*PAIR, "--force", *APPLY).is_("DONE")


def test_age_from_the_memory_of_the_check(world, reset):
    """A package that is updated every day: its dates are young, the memory is not."""
    stuck(world, age_s=2 * HOUR)
    answer = reset(*PAIR).is_("REFUSED", "2 h old")
    assert "not at hand" in answer.fields["Trouble"]
    world.check()
    reset(*PAIR).is_("REFUSED", "2 h old")
    path = packages.state_files(world.state)[0]
    # Seen three days ago: a check that ran then, by its clock.
    os.unlink(path)
    world.lab.age_all(3 * DAY)
    world.check(later=-3 * DAY)
    world.stuck(age_s=2 * HOUR)
    answer = reset(*PAIR).is_("SHOWN")
    assert "seen by check_sms_packages for 3 d" in answer.fields["Trouble"], answer
    # The same with a damaged one: the dates alone.
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"x" * 64)
    with open(path, "rb") as file:
        damaged = file.read()
    answer = reset(*PAIR).is_("REFUSED", "2 h old")
    assert "not at hand" in answer.fields["Trouble"]
    with open(path, "rb") as file:
        assert file.read() == damaged


def test_an_age_that_nobody_knows(world, reset):
    stuck(world)
    world.lab.package("CEN00001", "Office", 3, source_date_age_s=None)
    world.lab.status("CEN00001", "S02", 1, 3, None)
    world.lab.target("CEN00001", "S02", refreshed_age_s=None)
    before = row(world)
    reset(*PAIR, *APPLY).is_("REFUSED", "how long this lasts is not known", "--force")
    untouched(world, before, reset)


def test_a_stuck_parent_is_told(world, reset):
    stuck(world)
    world.lab.site("S02", "Below", parent="S01")
    world.lab.target("CEN00001", "S01")
    world.lab.status("CEN00001", "S01", 1, 3, 4 * DAY)
    fields = reset(*PAIR).is_("SHOWN").fields
    assert fields["Also stuck:"] == "S01 (sent)" and fields["Mind"].startswith("S01, above S02, is in trouble")


# ---- the journal's guards

def test_rate_limit(world, reset):
    stuck(world)
    world.stuck("CEN00002", "S02")
    world.stuck("CEN00003", "S03")
    other = ("--package=CEN00002", "--child-site=S02")
    reset(*PAIR, *APPLY).is_("DONE")
    reset(*other, *APPLY).is_("REFUSED", "1 repair at site S02 within the last hour")
    reset(*other, *APPLY, "--force").is_("REFUSED", "--max-per-hour is 1")
    reset(*other).is_("REFUSED", "within the last hour")
    reset("--package=CEN00003", "--child-site=S03", *APPLY).is_("DONE")
    reset(*other, *APPLY, "--max-per-hour=2").is_("DONE", "journal entry 3")
    assert reset.entries() == {1: "done", 2: "done", 3: "done"}


def test_undo(world, reset):
    before = stuck(world)
    reset(*PAIR, *APPLY).is_("DONE")
    reset("--undo=1").is_("SHOWN")
    assert row(world) == (2, 0, before[2])
    reset("--undo=2", *APPLY).is_("REFUSED", "no entry 2")
    put_back = "CEN00001 at S02 is again as it was before entry 1, status=1 version=3 updated=%s" % before[2]
    assert reset("--undo=1", *APPLY).is_("DONE").verdict == "DONE: %s; journal entry 2" % put_back
    assert row(world) == before
    reset("--undo=1", *APPLY).is_("REFUSED", "undone already, by entry 2")
    reset("--undo=2", *APPLY).is_("REFUSED", "itself an undo")
    assert 'undo_of=1' in reset.journal()[2]


def test_undo_in_json_says_what_was_put_back(world, reset):
    before = stuck(world)
    reset(*PAIR, *APPLY).is_("DONE")
    done = reset("--undo=1", *APPLY, "--output=json").json
    assert (done["result"], done["undo_of"], done["journal_entry"]) == ("done", 1, 2)
    assert done["message"] == "CEN00001 at S02 is again as it was before entry 1, status=1 version=3 updated=%s" % before[2]


def test_a_journal_that_is_not_there_is_no_empty_one(world, reset):
    before = stuck(world)
    reset("--journal").is_("UNKNOWN", "there is no journal in " + reset.directory)
    failed = reset("--journal", "--output=json")
    assert failed.code == 3 and failed.json["result"] == "unknown" and "there is no journal in" in failed.json["message"]
    assert not os.path.exists(reset.directory)
    os.mkdir(reset.directory, 0o700)
    reset("--journal").is_("UNKNOWN", "there is no journal in " + reset.directory)
    with open(reset.journal_file, "w", encoding="utf-8"):
        os.chmod(reset.journal_file, 0o600)
    assert (reset("--journal").code, reset("--journal").text) == (0, "no entries\n")
    assert reset("--journal", "--output=json").json == []
    untouched(world, before, reset)


def test_no_undo_after_the_product_worked_on_it(world, reset):
    stuck(world)
    reset(*PAIR, *APPLY).is_("DONE")
    world.lab.status("CEN00001", "S02", 1, 3, 0)
    before = row(world)
    reset("--undo=1", *APPLY, "--force").is_("REFUSED", "no longer as that entry left it")
    world.lab.status("CEN00001", "S02", 2, 0, 0, server="NEW", add=True)
    reset("--undo=1", *APPLY, "--force").is_("REFUSED", "2 rows")
    world.lab.db.execute("DELETE FROM PkgStatus WHERE PkgServer = 'NEW'")
    assert row(world) == before and reset.entries() == {1: "done"}


def test_no_undo_under_a_newer_repair_of_the_row(world, reset):
    """Rows without UpdateTime look alike after each repair: the older before-image is not put over the newer one's."""
    stuck(world)
    world.lab.status("CEN00001", "S02", 1, 3, None)
    reset(*PAIR, *APPLY).is_("DONE", "journal entry 1")
    world.lab.package("CEN00001", "Office", 9)
    world.lab.status("CEN00001", "S02", 1, 9, None)
    before = row(world)
    reset(*PAIR, *APPLY, "--max-per-hour=9").is_("DONE", "journal entry 2")
    reset("--undo=1", *APPLY).is_("REFUSED", "entry 2 is a newer repair of the same row")
    reset("--undo=1", *APPLY, "--force").is_("REFUSED", "undo that first")
    reset("--undo=2", *APPLY).is_("DONE", "journal entry 3")
    assert row(world) == before
    reset("--undo=1", *APPLY).is_("REFUSED", "no longer as that entry left it")


def test_no_undo_on_another_database(world, reset, tmp_path):
    stuck(world)
    reset(*PAIR, *APPLY).is_("DONE")
    other = tmp_path / "other"
    other.mkdir()
    with packages.World(other) as second:
        stuck(second)
        second.lab.repair("CEN00001", "S02")
        second.lab.commit()
        reset("--undo=1", *APPLY, second.connect).is_("REFUSED", "entry 1 is about database")


def test_an_open_entry_is_shown_and_resolved(world, reset):
    """What a SIGKILL leaves: once before the row was changed, once after."""
    before = stuck(world)
    reset(*PAIR, *APPLY).is_("DONE")
    lines = reset.journal()

    def leave_open():
        with open(reset.journal_file, "w", encoding="utf-8") as file:
            file.write(lines[0] + "\n" + lines[1][:20])
    leave_open()
    assert " open " in reset("--journal").text
    answer = reset(*PAIR).is_("REFUSED", "already")
    assert "entry 1 about this row was not known" in answer.fields["Journal"] and "done" in answer.fields["Journal"]
    assert reset.entries() == {1: "open"}
    reset(*PAIR, *APPLY).is_("REFUSED", "already")
    assert reset.entries() == {1: "done"}
    leave_open()
    world.lab.status("CEN00001", "S02", 1, 3, 4 * DAY)
    world.lab.db.execute("UPDATE PkgStatus SET UpdateTime = ?", [before[2]])
    reset(*PAIR, *APPLY).is_("DONE", "journal entry 2")
    assert reset.entries() == {1: "rolled back", 2: "done"}


def test_a_journal_that_cannot_be_trusted(world, reset):
    before = stuck(world)
    os.mkdir(reset.directory, 0o755)
    reset(*PAIR, *APPLY).is_("REFUSED", "open to others")
    os.chmod(reset.directory, 0o700)
    with open(reset.journal_file, "w", encoding="utf-8") as file:
        os.chmod(reset.journal_file, 0o600)
        file.write("somebody was here\n")
    reset(*PAIR, *APPLY).is_("REFUSED", "line 1", "none of ours")
    assert "none of ours" in reset(*PAIR).is_("SHOWN").fields["Journal"]
    os.unlink(reset.journal_file)
    os.symlink("/etc/passwd", reset.journal_file)
    reset(*PAIR, *APPLY).is_("REFUSED", "cannot open the journal")
    os.unlink(reset.journal_file)
    os.rename(reset.directory, reset.directory + "2")
    os.symlink(reset.directory + "2", reset.directory)
    reset(*PAIR, *APPLY).is_("REFUSED", "symbolic link")
    os.unlink(reset.directory)
    assert row(world) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_dry_run_does_not_need_the_journal(world, reset):
    """Event handlers run it as the checks' user, who must not read it."""
    before = stuck(world)
    os.mkdir(reset.directory, 0o700)
    os.chmod(reset.directory, 0)
    assert "Permission denied" in reset(*PAIR).is_("SHOWN").fields["Journal"]
    reset(*PAIR, *APPLY).is_("REFUSED", "journal")
    answer = reset("--journal")
    assert answer.code == 3 and "Permission denied" in answer.text
    os.chmod(reset.directory, 0o700)
    untouched(world, before, reset)


def test_a_full_disk_is_noticed_before_the_database_is_touched(world, reset):
    """RLIMIT_FSIZE stands in for it: the write ends in the middle of the line, which is taken off again."""
    before = stuck(world)
    reset(*PAIR, *APPLY, "--style=version").is_("DONE")
    reset("--undo=1", *APPLY).is_("DONE")
    size = os.path.getsize(reset.journal_file)
    done = subprocess.run(["/usr/bin/prlimit", "--fsize=%d" % (size + 100)] + reset.command(*PAIR, *APPLY, "--max-per-hour=9"),
                          env=reset.environment(), cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 1, done
    assert "REFUSED: the database was not touched: cannot write the journal" in done.stdout
    assert os.path.getsize(reset.journal_file) == size and row(world) == before
    assert reset.entries() == {1: "done", 2: "done"}


@pytest.mark.parametrize("error, words", [("ENOSPC", "No space left on device"), ("EDQUOT", "Disk quota exceeded")])
def test_no_room_for_the_end_of_an_entry_is_noticed_at_its_beginning(world, reset, error, words):
    """Room for both lines is reserved before the first is written."""
    before = stuck(world)
    shim = {"LD_PRELOAD": SHIM, "SHIM_PATH": reset.directory, "SHIM_FAIL_CALL": "fallocate", "SHIM_FAIL_NTH": "1", "SHIM_ERRNO": error}
    answer = reset(*PAIR, *APPLY, env=shim).is_("REFUSED", "the database was not touched: no room for an entry in the journal %s: %s" % (
        reset.journal_file, words))
    assert answer.code == 1 and row(world) == before and reset.journal() == []
    # A file system that cannot reserve room is taken as it is.
    reset(*PAIR, *APPLY, "--style=version", env=dict(shim, SHIM_ERRNO="EOPNOTSUPP")).is_("DONE")


# ---- told twice

def test_without_a_terminal_it_needs_yes(world, reset):
    before = stuck(world)
    reset(*PAIR, "--apply").is_("REFUSED", "--yes")
    assert reset(*PAIR, "--apply", "--output=json").json["result"] == "refused"
    untouched(world, before, reset)


def on_terminal(reset, typed, *arguments):
    reset.world.lab.commit()
    master, slave = pty.openpty()
    process = subprocess.Popen(reset.command(*arguments), env=reset.environment(), cwd="/", stdin=slave, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    os.close(slave)
    os.write(master, typed.encode())
    text, _ = process.communicate(timeout=30)
    os.close(master)
    return process.returncode, text.decode()


@pytest.mark.parametrize("typed, code", [("CEN00001\n", 0), ("cen00001\n", 0), ("y\n", 1), ("CEN00002\n", 1), ("\n", 1), ("\4", 1)])
def test_on_a_terminal_the_package_is_typed(world, reset, typed, code):
    before = stuck(world)
    got, text = on_terminal(reset, typed, *PAIR, "--apply")
    assert got == code, text
    assert text.count("Statement") == 1 and "Type the package ID to change database" in text
    assert (row(world) == before) == (code == 1)
    assert reset.entries() == ({} if code else {1: "done"})


def answer_late(reset, meanwhile):
    """Type the package once the question stands and something else has happened. @return exit code and output"""
    master, slave = pty.openpty()
    process = subprocess.Popen(reset.command(*PAIR, "--apply"), env=reset.environment(), cwd="/", stdin=slave,
                               stdout=subprocess.PIPE)
    os.close(slave)
    shown = b""
    while b"Type the package ID" not in shown:
        shown += os.read(process.stdout.fileno(), 4096)
    meanwhile()
    os.write(master, b"CEN00001\n")
    text = process.communicate(timeout=30)[0].decode()
    os.close(master)
    return process.returncode, text


def test_the_row_changed_while_the_person_thought(world, reset):
    stuck(world)

    def change():
        world.lab.status("CEN00001", "S02", 1, 2, 4 * DAY)
        world.lab.commit()
    code, text = answer_late(reset, change)
    assert code == 1 and "REFUSED: the row has changed since it was shown" in text, text
    assert row(world)[:2] == (1, 2) and reset.entries() == {1: "rolled back"}


@pytest.mark.parametrize("away", [os.unlink, lambda path: os.rename(path, path + ".1")], ids=("deleted", "rotated"))
def test_the_journal_went_away_while_the_person_thought(world, reset, away):
    before = stuck(world)
    code, text = answer_late(reset, lambda: away(reset.journal_file))
    assert code == 1 and "REFUSED: the database was not touched: the journal" in text and "was moved away or deleted" in text, text
    assert row(world) == before and not os.path.exists(reset.journal_file)


# ---- options and output

@pytest.mark.parametrize("arguments, text", [
    ((), "--package=ID"), (("--package=CEN00001",), "--child-site=CODE"), (("--undo=1", "--package=X"), "give neither"),
    (("--journal", "--apply"), "no other action"), (("--undo=0",), "1"), (("--style=none",), "recipe"), (("--nonsense",), "nonsense")])
def test_bad_options(world, reset, arguments, text):
    world.make()
    answer = reset(*arguments)
    assert answer.code == 3 and len(answer.lines) == 1 and text in answer.text, answer


def test_apply_yes_undo_and_force_are_no_keys_of_an_ini_file(world, reset, tmp_path):
    stuck(world)
    for key in ("apply", "yes", "force", "undo"):
        path = tmp_path / "own.ini"
        path.write_text("[reset]\n%s = 1\n" % key)
        answer = reset(*PAIR, "--extra-opts=reset@%s" % path)
        assert answer.code == 3 and key in answer.text, answer


def test_it_could_not_look(world, reset):
    stuck(world)
    world.lab.db.execute("DROP TABLE PkgStatus")
    reset(*PAIR).is_("UNKNOWN", "PkgStatus")
    reset(*PAIR, *APPLY).is_("UNKNOWN", "PkgStatus")
    assert reset.entries() == {}


def test_json_is_json_whatever_the_names(world, reset):
    stuck(world, name='A "quoted" \\ name | with\ttabs, Größe, 1С and \'apostrophes\' %s {}')
    world.lab.site("S02", 'Oslo "old" \\\\ site')
    shown = reset(*PAIR, "--output=json").json
    assert shown["result"] == "shown" and shown["exit_code"] == 0 and "Größe" in shown["package_name"]
    assert shown["rows"] == [{"pkg_server": "S021", "status": 1, "source_version": 3, "update_time": row(world)[2]}]
    assert shown["after"]["source_version"] == 0 and shown["statement"].startswith("UPDATE PkgStatus")
    assert reset("--package=CEN99999", "--child-site=S02", "--output=json").json["result"] == "refused"
    done = reset(*PAIR, *APPLY, "--output=json").json
    assert (done["result"], done["journal_entry"]) == ("done", 1)
    listed = json.loads(reset("--journal", "--output=json").text)
    assert [(e["entry"], e["result"], e["package"], e["child_site"]) for e in listed] == [(1, "done", "CEN00001", "S02")]


@pytest.mark.parametrize("server", ["O'Brien", "S02%", "S_21", "a;DROP TABLE PkgStatus--", 'with "quotes"', "back\\slash", "Größe",
                                    "what?", "[S021]"])
def test_names_with_quotes_and_wildcards(world, reset, server):
    stuck(world)
    world.stuck("CEN00002", "S03")
    world.lab.db.execute("UPDATE PkgStatus SET PkgServer = ? WHERE SiteCode = 'S02'", [server])
    world.lab.db.execute("UPDATE v_Site SET ServerName = ? WHERE SiteCode = 'S02'", [server])
    others = world.lab.query("SELECT * FROM PkgStatus WHERE SiteCode <> 'S02'")
    before = row(world)
    answer = reset("--package=CEN00001", "--pkg-server=" + server, *APPLY).is_("DONE")
    assert row(world) == (2, 0, before[2])
    assert world.lab.query("SELECT * FROM PkgStatus WHERE SiteCode <> 'S02'") == others
    check = sqlite3.connect(":memory:")
    check.execute("CREATE TABLE PkgStatus (ID, Type, SiteCode, PkgServer, Status, SourceVersion, UpdateTime)")
    check.execute("INSERT INTO PkgStatus VALUES ('CEN00001', 1, 'S02', ?, 1, 3, ?)", [server, before[2]])
    assert check.execute(answer.fields["Statement"]).rowcount == 1
    reset("--undo=1", *APPLY).is_("DONE")
    assert row(world) == before


@pytest.mark.parametrize("package, site", [("CEN0000%", "S02"), ("CEN0000_", "S02"), ("CEN00001", "S0_"), ("' OR 1=1--", "S02"),
                                           ("CEN00001", "' OR ''='"), ("", "S02"), ("CEN00001", "")])
def test_wildcards_select_nothing(world, reset, package, site):
    before = stuck(world)
    answer = reset("--package=" + package, "--child-site=" + site, "--force", *APPLY)
    assert answer.code in (1, 3) and not answer.verdict.startswith("UNKNOWN"), answer
    untouched(world, before, reset)


def test_help_and_version():
    for option in ("--help", "--version"):
        done = subprocess.run([PROGRAM, option], env={}, capture_output=True, text=True)
        assert done.returncode == 3 and "sms_reset_package" in done.stdout


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2), (1, 2)])
def test_closed_descriptors_spoil_no_journal(world, reset, closed):
    """A caller that closed stdout: the journal must not get its number, and the program's output with it."""
    stuck(world)
    world.lab.commit()

    def close():
        for descriptor in closed:
            os.close(descriptor)
    done = subprocess.run(reset.command(*PAIR, *APPLY), env=reset.environment(), preexec_fn=close, check=False)
    assert done.returncode == 0
    assert row(world)[:2] == (2, 0)
    assert reset.entries() == {1: "done"} and len(reset.journal()) == 2
    reset("--undo=1", *APPLY).is_("DONE")


@pytest.mark.parametrize("status, words", [(8, "remove failed"), (9, "retry remove")])
def test_a_row_that_is_being_removed_is_not_repaired(world, reset, status, words):
    before = stuck(world, status=status)
    for force in ((), ("--force",)):
        reset(*PAIR, *APPLY, *force).is_("REFUSED", "Status is %d (%s)" % (status, words))
    untouched(world, before, reset)
