# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered, and what a broken disk or file makes of it: never silently nothing."""

import calendar
import glob
import os
import pwd
import random
import shutil
import sqlite3
import subprocess
import threading
import time

import packages
import pytest
from packages import (CRITICAL, DAY, HOUR, OK, PLUGIN, SHIM, WARNING, World, durations, run, state_files)



def old_and_healthy(world):
    """One item in trouble that only the memory knows to be old, one healthy pair."""
    lab = world.make()
    lab.package("CEN00001", "Office", 3, source_date_age_s=None)
    lab.target("CEN00001", "S02", refreshed_age_s=None)
    lab.status("CEN00001", "S02", 1, 3, None)
    lab.deploy("CEN00001", ["S01"])
    lab.commit()
    return lab


def the_file(world):
    files = state_files(world.state)
    assert len(files) == 1, os.listdir(world.state)
    return files[0]


def damaged(world):
    return glob.glob(os.path.join(world.state, "*.damaged-*"))


def later_is_still(world, age_s, later):
    assert world.check(later=later).item("CEN00001", "S02")["age"] in durations(age_s)


# ---- the directory


def unusable(world, *texts):
    """Trouble is still judged by the database, and nothing else hides what is missing."""
    answer = world.check(later=4 * DAY)
    answer.is_(WARNING, "ages may be too young", *texts)
    assert answer.item("CEN00001", "S02")["age"] in durations(0)
    world.stuck("CEN00009", "S03", age_s=9 * DAY)
    world.check().is_(CRITICAL, 'CEN00009 "Office" at S03', "ages may be too young", *texts)
    world.lab.arrive("CEN00001", "S02")
    world.lab.arrive("CEN00009", "S03")
    world.check().is_(WARNING, "all 3 package/site pairs of site CEN are in sync", *texts)


def test_the_directory_is_missing(world):
    old_and_healthy(world)
    os.rmdir(world.state)
    unusable(world, world.state, "does not exist")
    assert not os.path.exists(world.state)


def test_the_directory_is_unwritable(world):
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    old_and_healthy(world)
    os.chmod(world.state, 0o555)
    unusable(world, world.state, "writ")
    os.chmod(world.state, 0o755)


def test_the_directory_is_writable_by_everybody(world):
    old_and_healthy(world)
    os.chmod(world.state, 0o777)
    unusable(world, world.state)
    assert os.listdir(world.state) == []


def test_the_directory_belongs_to_somebody_else(world):
    if os.geteuid() == 0:
        pytest.skip("root is nobody else")
    old_and_healthy(world)
    world.state = "/etc"
    unusable(world, "/etc")


def test_the_directory_is_a_symbolic_link(world):
    old_and_healthy(world)
    os.rename(world.state, world.state + ".real")
    os.symlink(world.state + ".real", world.state)
    unusable(world, world.state, "link")
    assert os.listdir(world.state + ".real") == []


def test_the_directory_is_a_file(world):
    old_and_healthy(world)
    os.rmdir(world.state)
    open(world.state, "w", encoding="ascii").close()
    unusable(world, world.state)


# ---- the file


def spoil_and_check(world, spoil, *texts):
    """A damaged file is set aside and told; the run after it works again, and the loss is told for a day."""
    old_and_healthy(world)
    world.check().is_(OK)
    world.check(later=HOUR).is_(OK)
    path = the_file(world)
    spoil(path)
    content = None if os.path.islink(path) or os.path.isdir(path) else open(path, "rb").read()
    answer = world.check(later=2 * DAY).is_(WARNING, "ages may be too young", *texts)
    assert answer.item("CEN00001", "S02")["age"] in durations(0)
    aside = [name for name in damaged(world) if not name.endswith("-journal")]
    assert len(aside) == 1 and os.path.basename(aside[0]) in answer.verdict, os.listdir(world.state)
    if content is not None:
        assert open(aside[0], "rb").read() == content, "kept as it was"
    again = world.check(later=2 * DAY + 2 * HOUR).is_(OK, "the memory was lost", "ages may be too young")
    assert again.item("CEN00001", "S02")["age"] in durations(2 * HOUR)
    assert "lost" not in world.check(later=3 * DAY + 2 * HOUR).is_(WARNING, "1 stuck").verdict
    assert len([name for name in damaged(world) if not name.endswith("-journal")]) == 1


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def test_an_empty_file(world):
    spoil_and_check(world, lambda path: write(path, b""))


def test_a_file_of_zeros(world):
    spoil_and_check(world, lambda path: write(path, bytes(os.path.getsize(path))))


def test_a_file_of_noise(world):
    spoil_and_check(world, lambda path: write(path, random.Random(1).randbytes(16384)))


def test_a_database_of_somebody_else(world):
    def foreign(path):
        os.unlink(path)
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE item (key TEXT)")
        db.close()
    spoil_and_check(world, foreign)


def test_rows_that_somebody_edited(world):
    def edit(path):
        with sqlite3.connect(path) as db:
            db.execute("UPDATE item SET first_seen = first_seen + 99")
        db.close()
    spoil_and_check(world, edit)


def test_a_directory_in_the_place_of_the_file(world):
    def make(path):
        os.unlink(path)
        os.mkdir(path)
    spoil_and_check(world, make)


def test_a_symbolic_link_in_the_place_of_the_file(world):
    victim = os.path.join(world.folder, "victim")
    write(victim, b"precious")

    def link(path):
        os.unlink(path)
        os.symlink(victim, path)
    spoil_and_check(world, link)
    assert open(victim, "rb").read() == b"precious"


def test_one_bit_anywhere(world):
    """Each eighth of a page: a flipped bit is noticed, or changes nothing that is remembered."""
    old_and_healthy(world)
    world.check()
    path = the_file(world)
    good, before = open(path, "rb").read(), world.remembered()
    noticed = 0
    for offset in range(0, len(good), 509):
        bad = bytearray(good)
        bad[offset] ^= 0x10
        write(path, bad)
        answer = world.check(later=HOUR)
        if damaged(world):
            noticed += 1
            answer.is_(WARNING, "ages may be too young")
            for name in damaged(world):
                os.unlink(name)
        else:
            item = world.remembered()["version/CEN00001@S02"]
            assert item["first_seen"] == before["version/CEN00001@S02"]["first_seen"], offset
            if answer.code == OK:
                assert answer.item("CEN00001", "S02")["age"] in durations(HOUR)
        for name in glob.glob(os.path.join(world.state, "*.sqlite3*")):
            os.unlink(name)
        write(path, good)
    assert noticed > 2


def test_truncated_at_every_512_bytes(world):
    old_and_healthy(world)
    for number in range(60):
        world.stuck("CEN001%02X" % number, "S03", age_s=HOUR)
    world.check()
    path = the_file(world)
    good = open(path, "rb").read()
    assert len(good) >= 16384
    for size in range(0, len(good), 512):
        write(path, good[:size])
        answer = world.check(later=HOUR)
        answer.is_(WARNING, "ages may be too young")
        assert len(damaged(world)) >= 1, size
        assert world.check(later=2 * HOUR).is_(OK, "the memory was lost").value("pending") == 61, size
        for name in glob.glob(os.path.join(world.state, "*.sqlite3*")):
            os.unlink(name)


def test_a_file_of_a_newer_version_is_not_touched(world):
    old_and_healthy(world)
    world.check()
    path = the_file(world)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    before = open(path, "rb").read()
    for _ in range(2):
        world.check(later=DAY).is_(WARNING, "ages may be too young", "newer")
        assert open(path, "rb").read() == before and not damaged(world)


def test_a_file_that_cannot_be_written(world):
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    old_and_healthy(world)
    world.check()
    path = the_file(world)
    os.chmod(path, 0o400)
    before = open(path, "rb").read()
    world.check(later=DAY).is_(WARNING, "ages may be too young", path)
    assert open(path, "rb").read() == before and not damaged(world)
    os.chmod(path, 0o600)
    assert world.check(later=DAY + HOUR).item("CEN00001", "S02")["age"] in durations(DAY + HOUR)


# ---- the disk


@pytest.mark.parametrize("call, error, on", [
    ("pwrite", "ENOSPC", True), ("pwrite", "EIO", False), ("pwrite", "SHORT", False), ("write", "ENOSPC", True),
    ("fsync", "EIO", False), ("fsync", "EIO", True), ("fdatasync", "EIO", False), ("fdatasync", "EIO", True), ("ftruncate", "EIO", False),
    ("open", "EMFILE", False), ("open", "EACCES", True), ("unlink", "EIO", False), ("rename", "EIO", False),
    ("pread", "EIO", False), ("read", "EIO", False), ("fcntl", "ENOLCK", False), ("fcntl", "ENOLCK", True)])
def test_the_nth_call_fails_for_every_n(world, call, error, on):
    """A full disk, a failing fsync: what an earlier run has committed is never lost, and the run tells or is whole."""
    assert os.path.exists(SHIM)
    lab = old_and_healthy(world)
    mark = os.path.join(world.folder, "mark")
    n = hit = 0
    for fresh in (False, True):
        for name in os.listdir(world.state):
            os.unlink(os.path.join(world.state, name))
        if not fresh:
            world.check().is_(OK)
        before = world.remembered()
        for n in range(1, 80):
            # A change in every run, so that there is something to write.
            lab.status("CEN00001", "S02", 1, 3 + n, None)
            variables = {"LD_PRELOAD": SHIM, "SHIM_PATH": world.state, "SHIM_FAIL_CALL": call, "SHIM_FAIL_NTH": str(n),
                         "SHIM_ERRNO": error, "SHIM_MARK": mark}
            if on:
                variables["SHIM_FAIL_ON"] = "1"
            answer = world.check(env=variables)
            if not os.path.exists(mark):
                answer.is_(OK)
                break
            os.unlink(mark)
            hit += 1
            assert answer.code in (OK, WARNING), answer
            assert answer.item("CEN00001", "S02")["held"] == str(3 + n)
            if answer.code == WARNING:
                assert "ages may be too young" in answer.verdict
            else:
                # Said to be kept: then it is.
                stored = world.remembered()["version/CEN00001@S02"]
                assert stored["progress"].startswith("1/%d/" % (3 + n)), (n, stored)
            if not fresh:
                stored = world.remembered()
                assert stored["version/CEN00001@S02"]["first_seen"] == before["version/CEN00001@S02"]["first_seen"], (n, answer)
                assert not damaged(world), (n, answer)
            else:
                for name in os.listdir(world.state):
                    os.unlink(os.path.join(world.state, name))
        else:
            raise AssertionError("more than %d calls of %s" % (n, call))
        final = world.check()
        assert final.code in (OK, WARNING) and "version/CEN00001@S02" in world.remembered()
    assert hit > 0 or call in ("write", "rename", "fdatasync", "read", "ftruncate", "fcntl", "unlink"), "%s is never called" % call


@pytest.mark.parametrize("call", ["pwrite", "fsync", "fdatasync", "unlink", "open"])
def test_killed_at_every_call(world, call):
    """The machine dies between two calls: the journal brings back what was committed."""
    lab = old_and_healthy(world)
    world.check().is_(OK)
    before = world.remembered()["version/CEN00001@S02"]["first_seen"]
    for n in range(1, 80):
        lab.status("CEN00001", "S02", 1, 3 + n, None)
        lab.commit()
        done = subprocess.run([PLUGIN] + world.arguments(), cwd="/", capture_output=True,
                              env=dict(world.env, LD_PRELOAD=SHIM, SHIM_PATH=world.state, SHIM_FAIL_CALL=call,
                                       SHIM_FAIL_NTH=str(n), SHIM_ERRNO="KILL"))
        if done.returncode == OK:
            break
        assert b"SMS PACKAGES UNKNOWN - the worker crashed (signal 9" in done.stdout, done
        answer = world.check().is_(OK)
        assert "too young" not in answer.verdict
        assert world.remembered()["version/CEN00001@S02"]["first_seen"] == before, n
    # SQLite syncs with fdatasync only.
    assert 1 < n < 79 or call == "fsync"


def test_killed_at_200_random_moments(world):
    """No first_seen that an earlier run committed is lost, and the file always opens."""
    lab = old_and_healthy(world)
    for number in range(40):
        world.stuck("CEN001%02X" % number, "S03", age_s=HOUR)
    world.check().is_(OK)
    before = {key: row["first_seen"] for key, row in world.remembered().items()}
    start = time.monotonic()
    run_s = min(world.check().seconds for _ in range(5))
    dice = random.Random(4711)
    ended = 0
    for moment in range(200):
        # Every run has something to write: all items moved.
        lab.db.execute("UPDATE PkgStatus SET SourceVersion = ? WHERE Status = 1", (10 + moment,))
        lab.db.execute("UPDATE SMSPackages SET SourceVersion = ?", (10 + moment,))
        lab.commit()
        plugin = subprocess.Popen([PLUGIN] + world.arguments(), env=world.env, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0, run_s))
        plugin.kill()
        ended += plugin.wait() != -9
        if moment % 10 == 0:
            answer = world.check()
            assert "too young" not in answer.verdict and answer.code in (OK, WARNING, CRITICAL), answer
            now = {key: row["first_seen"] for key, row in world.remembered().items()}
            assert {key: now.get(key) for key in before} == before
    assert ended < 150, "most runs must be hit"
    assert not damaged(world)
    db = sqlite3.connect(the_file(world))
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
    end = time.monotonic() + 1
    while packages.processes_with(world.state) and time.monotonic() < end:
        time.sleep(0.02)  # the last worker dies with its parent, a moment after it
    assert packages.processes_with(world.state) == []
    assert time.monotonic() - start < 60


# ---- runs at once


def test_20_runs_at_once(world):
    world.demo()
    first = world.check().is_(CRITICAL)
    before = {key: row["first_seen"] for key, row in world.remembered().items()}
    lab = world.lab
    lab.age_all(HOUR)
    lab.commit()
    runs = [subprocess.Popen([PLUGIN] + world.arguments("-t", "30"), env=world.env, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(20)]
    outputs = [(one.communicate(timeout=60), one.returncode) for one in runs]
    for (stdout, stderr), code in outputs:
        assert code == CRITICAL and stderr == b"", stdout
        assert b"too young" not in stdout and stdout.count(b"\n") == len(first.lines)
    assert {key: row["first_seen"] for key, row in world.remembered().items()} == before
    assert not damaged(world)


def test_20_first_runs_at_once(world):
    world.demo()
    world.lab.commit()
    runs = [subprocess.Popen([PLUGIN] + world.arguments("-t", "30"), env=world.env, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(20)]
    outputs = [(one.communicate(timeout=60), one.returncode) for one in runs]
    assert {(code, b"too young" in stdout) for (stdout, _), code in outputs} == {(CRITICAL, False)}, outputs
    assert len(state_files(world.state)) == 1 and not damaged(world)
    assert len(world.remembered()) == 14


def test_who_holds_the_lock_is_named_within_the_deadline(world):
    world.demo()
    world.check()
    before = world.remembered()
    lock = glob.glob(os.path.join(world.state, "*.lock"))
    assert len(lock) == 1
    holder = subprocess.Popen(["/usr/bin/python3", "-c", "import fcntl, sys\nfile = open(sys.argv[1], 'r+')\nfcntl.lockf(file, fcntl.LOCK_EX)\n"
                               "print('held', flush=True)\nsys.stdin.read()", lock[0]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        answer = world.check("-t", 2)
        assert answer.seconds < 2.5, answer
        answer.fails("pid %d" % holder.pid)
        # It is free in time: the second run waits for it.
        released = threading.Timer(0.7, holder.stdin.close)
        released.start()
        answer = world.check("-t", 8).is_(CRITICAL)
        released.join()
        assert answer.seconds > 0.3
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert world.remembered() == before


# ---- identity


def test_thresholds_and_filters_share_one_file_and_other_databases_have_their_own(world, tmp_path):
    world.demo()
    for options in ((), ("-w", "1h"), ("--known=CEN00001",), ("--child-site=S02",), ("--rule=recipe",), ("--min-rate=1GB/h",)):
        world.check(*options)
    assert len(state_files(world.state)) == 1
    (tmp_path / "other").mkdir()
    with World(tmp_path / "other") as other:
        other.demo()
        other.state = world.state
        other.check()
        world.check("--site=PR1")
        assert len(state_files(world.state)) == 3


def test_the_state_holds_no_secret_and_is_private(world):
    world.demo()
    with packages.Server(world, password="Streng-Geheim-4711") as server:
        server.check().is_(CRITICAL)
    content = b"".join(open(path, "rb").read() for path in glob.glob(os.path.join(world.state, "*")))
    assert b"Geheim" not in content and b"SMS_CEN" in content
    for path in state_files(world.state):
        assert os.stat(path).st_mode & 0o077 == 0


def test_a_second_run_without_changes_leaves_the_items_alone(world):
    world.demo()
    world.check()
    before = world.remembered()
    for later in (0, HOUR):
        world.check(later=later)
        assert world.remembered() == before


# ---- root


def as_user(command, user, **more):
    import pwd
    entry = pwd.getpwnam(user)
    return subprocess.run(command, user=entry.pw_uid, group=entry.pw_gid, extra_groups=[], cwd="/", capture_output=True, **more)


@pytest.fixture
def roots_world(tmp_path):
    """A world below a folder that everybody may enter, whose state belongs to an ordinary user."""
    import pwd
    import tempfile
    folder = tempfile.mkdtemp(prefix="sms-root-")
    os.chmod(folder, 0o755)
    with World(folder) as world:
        world.demo()
        entry = pwd.getpwnam("nobody")
        world.uid, world.gid = entry.pw_uid, entry.pw_gid
        os.chown(world.state, world.uid, world.gid)
        for path in (world.database, world.odbc):
            os.chmod(path, 0o755)
        yield world
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.root
def test_a_run_as_root_makes_a_state_that_the_checks_own_user_can_use(roots_world):
    world = roots_world
    world.check().is_(CRITICAL)
    before = world.remembered()
    assert len(before) == 14
    for name in os.listdir(world.state):
        assert os.stat(os.path.join(world.state, name)).st_uid == world.uid, name
    done = as_user([PLUGIN] + world.arguments(), "nobody", env=world.env)
    assert done.returncode == CRITICAL and b"too young" not in done.stdout, done
    assert world.remembered() == before
    world.check().is_(CRITICAL)
    assert "too young" not in world.check().verdict


@pytest.mark.root
def test_root_gives_up_its_rights_before_it_opens_anything(roots_world):
    world = roots_world
    secret, user = os.path.join(world.folder, "root.ini"), pwd.getpwuid(world.uid).pw_name
    write(secret, b"[check_sms_packages]\nsite=CEN\n")
    os.chmod(secret, 0o600)
    run("--extra-opts=@" + secret, *world.arguments(), env=world.env).fails(secret, "permission denied for user " + user, "chmod 0640 " + secret)
    os.chmod(world.database, 0o600)
    world.check().fails()
    assert os.listdir(world.state) == []


@pytest.mark.root
def test_a_state_of_root_from_an_older_installation_is_told(roots_world):
    world = roots_world
    world.check()
    for path in state_files(world.state):
        os.chown(path, 0, 0)
    done = as_user([PLUGIN] + world.arguments(), "nobody", env=world.env)
    assert done.returncode == CRITICAL and b"ages may be too young" in done.stdout, done


def test_a_limit_on_file_sizes_costs_the_memory_and_not_the_judgement(world):
    world.make()
    world.stuck()
    answer = world.check(preexec_fn=packages.limit_file_size)
    answer.is_(packages.CRITICAL, "ages may be too young: cannot")
    assert answer.item("CEN00001", "S02")


# What check_sms_packages 1.0.0 left after two runs at 06:00 and 07:00 UTC on 2026-11-25, as sqlite3 dumps it.
MEMORY_OF_1_0_0 = """
PRAGMA application_id = 1397576497;
PRAGMA user_version = 1;
CREATE TABLE state(id INTEGER PRIMARY KEY CHECK (id = 1), identity TEXT NOT NULL, created INTEGER NOT NULL, lost_at INTEGER NOT NULL, runs INTEGER NOT NULL, last_run INTEGER NOT NULL);
INSERT INTO state VALUES(1,'dsn:SMS_CEN/CEN',1795586400,0,2,1795590000);
CREATE TABLE digest(value INTEGER NOT NULL);
INSERT INTO digest VALUES(9121815467309006206);
CREATE TABLE item(key TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, progress TEXT NOT NULL, first_seen INTEGER NOT NULL, attempt_since INTEGER NOT NULL, last_progress INTEGER NOT NULL, absent_runs INTEGER NOT NULL, absent_since INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO item VALUES('version/CEN00001@S02','sent','1/3/3/1795329874',1795586400,1795586400,1795586400,0,0);
INSERT INTO item VALUES('version/CEN00002@S03','failed','5/2/2/1795502674',1795586400,1795586400,1795586400,0,0);
"""
FILE_OF_1_0_0 = "check_sms_packages-7c1544bce9a4c8f7.sqlite3"

# A memory before several versions of one package were told apart: CEN00001 sent at 07:00 UTC, CEN00002 at 08:00 on 2026-11-26.
MEMORY_OF_VERSION_3 = """
PRAGMA application_id = 1397576497;
PRAGMA user_version = 3;
CREATE TABLE away(site TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY(site, since)) WITHOUT ROWID;
CREATE TABLE digest(value INTEGER NOT NULL);
INSERT INTO digest VALUES(-3099163399106611070);
CREATE TABLE item(key TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, progress TEXT NOT NULL, first_seen INTEGER NOT NULL, attempt_since INTEGER NOT NULL, last_progress INTEGER NOT NULL, absent_runs INTEGER NOT NULL, absent_since INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO item VALUES('version/CEN00001@S02','sent','1/1/2/1795676400',1795676400,1795676400,1795676400,0,0);
INSERT INTO item VALUES('version/CEN00002@S02','sent','1/1/2/1795680000',1795680000,1795680000,1795680000,0,0);
CREATE TABLE order_item(key TEXT NOT NULL PRIMARY KEY, since INTEGER NOT NULL, sent INTEGER NOT NULL, over INTEGER NOT NULL, any_priority INTEGER NOT NULL, held INTEGER NOT NULL, failed INTEGER NOT NULL, failed_s INTEGER NOT NULL, reason INTEGER NOT NULL, inherited INTEGER NOT NULL, below INTEGER NOT NULL, by_sent INTEGER NOT NULL, by_count INTEGER NOT NULL, by_package TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO order_item VALUES('CEN00001@S02',1795676400,1795676400,0,0,-1,0,0,0,0,0,0,0,'');
INSERT INTO order_item VALUES('CEN00002@S02',1795680000,1795680000,0,0,-1,0,0,0,0,0,0,0,'');
CREATE TABLE order_site(code TEXT NOT NULL PRIMARY KEY COLLATE NOCASE, last INTEGER NOT NULL, quiet INTEGER NOT NULL, page INTEGER NOT NULL, pages INTEGER NOT NULL, mark INTEGER NOT NULL, prev INTEGER NOT NULL, gap INTEGER NOT NULL, gap_end INTEGER NOT NULL, off INTEGER NOT NULL, arrived INTEGER NOT NULL, late INTEGER NOT NULL, newest TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO order_site VALUES('S01',1795672800,1795672800,0,0,1795500000,1795680000,0,0,0,0,0,'');
INSERT INTO order_site VALUES('S02',1795672800,1795672800,0,0,1795672800,1795680000,0,0,0,0,0,'');
INSERT INTO order_site VALUES('S03',1795672800,1795672800,0,0,1795500000,1795680000,0,0,0,0,0,'');
CREATE TABLE state(id INTEGER PRIMARY KEY CHECK (id = 1), identity TEXT NOT NULL, created INTEGER NOT NULL, lost_at INTEGER NOT NULL, runs INTEGER NOT NULL, last_run INTEGER NOT NULL);
INSERT INTO state VALUES(1,'dsn:SMS_CEN/CEN',1795672800,0,3,1795680000);
"""


def test_the_memory_of_1_0_0_is_taken_over_without_losing_an_age(world):
    lab = world.make()
    for package, site, status, version in (("CEN00001", "S02", 1, 3), ("CEN00002", "S03", 5, 2)):
        lab.package(package, "Office", version, source_date_age_s=None)
        lab.target(package, site, refreshed_age_s=None)
        lab.status(package, site, status, version, None)
    lab.commit()
    path = os.path.join(world.state, FILE_OF_1_0_0)
    with sqlite3.connect(path) as old:
        old.executescript(MEMORY_OF_1_0_0)
    old.close()
    os.chmod(path, 0o600)
    dsn = packages.odbc.environment(world.odbc, {"SMS_CEN": {"Driver": "SQLite3", "Database": world.database}})

    def check(moment):
        clock = {"LD_PRELOAD": packages.FAKETIME, "FAKETIME": moment, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
        lab.commit()
        return run("--dsn=SMS_CEN", "--site=CEN", "--state-dir=" + world.state, env={**dsn, **clock})
    first = check("2026-12-05 08:00:00").is_(CRITICAL, "2 stuck")
    assert [(item["package"], item["age"]) for item in first.items] == [("CEN00001", "10 d 2 h"), ("CEN00002", "10 d 2 h")], first
    assert "too young" not in first.text and damaged(world) == [], first
    assert [os.path.basename(name) for name in state_files(world.state)] == [FILE_OF_1_0_0]
    # What was there before order judged keeps its judgement by age until it ends; what moves is judged by order.
    second = check("2026-12-05 09:00:00").is_(CRITICAL, "2 stuck")
    assert second.item("CEN00001", "S02")["age"] == "10 d 3 h" and world.remembered()["version/CEN00001@S02"]["first_seen"] == 1795586400
    lab.arrive("CEN00001", "S02")
    check("2026-12-05 10:00:00").is_(CRITICAL, "1 stuck")
    assert list(world.remembered()) == ["version/CEN00002@S03"]


def test_an_older_memory_costs_no_arrival(world):
    """What came since the last run of the older program is an arrival for the first of the newer one."""
    lab = world.make()
    lab.now = calendar.timegm((2026, 11, 26, 8, 0, 0))
    for package in ("CEN00001", "CEN00002"):
        lab.package(package, "Office", 2, source_date_age_s=None)
        lab.target(package, "S02", refreshed_age_s=None)
        lab.status(package, "S02", 1, 1)
    lab.now += HOUR
    lab.status("CEN00002", "S02", 2, 2)
    lab.commit()
    path = os.path.join(world.state, FILE_OF_1_0_0)
    with sqlite3.connect(path) as old:
        old.executescript(MEMORY_OF_VERSION_3)
    old.close()
    os.chmod(path, 0o600)
    dsn = packages.odbc.environment(world.odbc, {"SMS_CEN": {"Driver": "SQLite3", "Database": world.database}})
    clock = {"LD_PRELOAD": packages.FAKETIME, "FAKETIME": "2026-11-26 09:00:00", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
    answer = run("--dsn=SMS_CEN", "--site=CEN", "--state-dir=" + world.state, "-v", env={**dsn, **clock}).is_(OK)
    assert "overtaken, not yet for long: sent 2026-11-26 07:00 UTC, CEN00002 (sent after 2026-11-26 08:00 UTC) arrived" in answer.text, answer
    assert damaged(world) == [] and "too young" not in answer.text
