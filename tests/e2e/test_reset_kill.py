# SPDX-License-Identifier: GPL-3.0-or-later
"""sms_reset_package against SIGKILL, dying disks and other administrators: journal and database never contradict each other
silently."""

import os
import random
import re
import signal
import time

import packages
import pytest
from packages import SHIM, Server
from reset import APPLY, PAIR, Reset, row, stuck, wait_until

OFTEN = ("--max-per-hour=1000",)


def put_back(world, before):
    world.lab.db.execute("UPDATE PkgStatus SET Status = ?, SourceVersion = ?, UpdateTime = ? WHERE Type = 1", before)
    world.lab.commit()


def agree(world, reset, before, former):
    """The row is one of both; the entry that is new, if any, says which, or is open and then found out."""
    after = (2, 0, before[2])
    now = row(world)
    assert now in (before, after)
    entries = reset.entries()
    new = sorted(set(entries) - set(former))
    assert len(new) <= 1 and all(entries[n] == former[n] for n in former)
    if not new:
        assert now == before, "changed, and the journal does not know"
        return "nothing"
    result = entries[new[0]]
    assert result in ("open", "done", "rolled back")
    if result == "done":
        assert now == after
    elif result == "rolled back":
        assert now == before
    else:
        listed = [line for line in reset("--journal").lines if line.startswith("%d " % new[0])]
        assert len(listed) == 1 and " open " in listed[0] and "look at the row" in listed[0]
        answer = reset(*PAIR, *APPLY, *OFTEN)
        assert "entry %d about this row was not known" % new[0] in answer.fields["Journal"], answer
        found = reset.entries()[new[0]]
        assert found == "done" or (found == "rolled back" and now == before), answer
        # The proof: the row is only changed where it still was as before. A COMMIT can have been under way above.
        answer.is_("REFUSED", "already") if found == "done" else answer.is_("DONE")
    return result


def kill_at(world, reset, before, delay_s):
    former = reset.entries()
    process = reset.start(*PAIR, *APPLY, *OFTEN)
    time.sleep(delay_s)
    workers = packages.descendants(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_until(lambda: not any(os.path.exists("/proc/%d" % pid) and not is_zombie(pid) for pid in workers))
    outcome = agree(world, reset, before, former)
    put_back(world, before)
    return outcome


def is_zombie(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def kill_often(world, reset, before, times):
    start = time.monotonic()
    reset(*PAIR, *APPLY, *OFTEN).is_("DONE")
    whole_s = time.monotonic() - start
    put_back(world, before)
    moments = random.Random(20071001)
    outcomes = [kill_at(world, reset, before, moments.uniform(0.2, 1.0) * whole_s) for _ in range(times)]
    assert len(set(outcomes)) >= 2, outcomes
    return outcomes


def test_killed_at_50_moments_on_sqlite(world):
    before = stuck(world)
    kill_often(world, Reset(world), before, 50)


@pytest.mark.parametrize("version", ["7.1", "7.4"])
def test_killed_at_25_moments_on_tds(world, version):
    before = stuck(world)
    with Server(world) as server:
        kill_often(world, Reset(world, server, version), before, 25)


@pytest.mark.parametrize("version", ["7.1", "7.4"])
@pytest.mark.parametrize("match, when, done", [("UPDATE PkgStatus", "after", False), ("commit", "before", False), ("commit", "after", True)])
def test_killed_while_the_server_thinks(world, version, match, when, done):
    """The moments that matter, held open by the server."""
    before = stuck(world)
    rule = {"at": ["batch", "rpc"], "match": match}
    if match == "commit":
        rule = {"at": "batch", "match": r"\bCOMMIT\b"} if version == "7.1" else {"at": "tm", "match": "COMMIT"}
    with Server(world) as server:
        reset = Reset(world, server, version)
        server.tds.rules([dict(rule, nth=1, when=when, do="delay", seconds=1)])
        process = reset.start(*PAIR, *APPLY)
        assert server.tds.wait_for("rule")
        process.kill()
        process.communicate()
        server.tds.rules([])
        # The next run waits behind what the server still does, then reads the truth.
        answer = reset(*PAIR, *APPLY, *OFTEN)
        assert "entry 1 about this row was not known" in answer.fields["Journal"], answer
        assert reset.entries()[1] == ("done" if done else "rolled back")
        assert answer.code == (1 if done else 0)
        assert row(world) == (2, 0, before[2])


@pytest.mark.parametrize("call, nth, error", [
    ("write", 1, "ENOSPC"), ("write", 1, "SHORT"), ("write", 1, "KILL"), ("write", 2, "EIO"), ("write", 2, "SHORT"), ("write", 2, "KILL"),
    ("fsync", 1, "EIO"), ("fsync", 1, "KILL"), ("fsync", 2, "EIO"), ("fsync", 2, "KILL"), ("open", 1, "EACCES")])
def test_a_dying_disk_below_the_journal(world, call, nth, error):
    before = stuck(world)
    reset = Reset(world)
    answer = None
    env = {"LD_PRELOAD": SHIM, "SHIM_PATH": reset.journal_file, "SHIM_FAIL_CALL": call, "SHIM_FAIL_NTH": str(nth),
           "SHIM_ERRNO": error, "SHIM_MARK": os.path.join(world.folder, "mark")}
    process = reset.start(*PAIR, *APPLY, env=env)
    stdout, _ = process.communicate(timeout=30)
    assert os.path.exists(env["SHIM_MARK"])
    now, entries = row(world), reset.entries()
    if error == "KILL":
        assert process.returncode == -signal.SIGKILL
        agree(world, reset, before, {})
        return
    text = stdout.decode()
    if nth == 1:
        assert process.returncode == 1 and "REFUSED" in text, text
        assert now == before and entries == {}, text
        answer = reset(*PAIR, *APPLY).is_("DONE", "journal entry 1")
    else:
        assert process.returncode == 0 and "stays open" in text and "DONE" in text, text
        assert now == (2, 0, before[2]) and entries == {1: "open"}, text
        answer = reset(*PAIR, *APPLY).is_("REFUSED", "already")
        assert reset.entries() == {1: "done"}
    assert answer is not None


# ---- several administrators

@pytest.mark.parametrize("directories", [1, 4])
def test_at_once_on_sqlite(world, directories):
    at_once(world, Reset(world), directories)


@pytest.mark.parametrize("version", ["7.1", "7.4"])
def test_at_once_on_tds(world, version):
    stuck(world)
    with Server(world) as server:
        at_once(world, Reset(world, server, version), 4, made=True)


def at_once(world, reset, directories, made=False):
    """One host has one journal; administrators at different hosts have one each. One of them does it, the others hear why not."""
    if not made:
        stuck(world)
    before = row(world)
    folders = [os.path.join(world.folder, "admin%d" % n) for n in range(directories)]
    processes = [reset.start(*PAIR, *APPLY, *OFTEN, "--journal-dir=" + folders[n % directories]) for n in range(4)]
    answers = [reset.answer(process) for process in processes]
    assert row(world) == (2, 0, before[2])
    assert sorted(answer.code for answer in answers).count(0) == 1, answers
    for answer in answers:
        if answer.code == 1:
            assert re.search("already|changed since", answer.verdict), answer
        elif answer.code:
            assert answer.code == 2 and re.search("locked|1222|1205|busy", answer.verdict), answer
    results = []
    for folder in folders:
        reset.directory = folder
        results += reset.entries().values()
    assert results.count("done") == 1 and set(results) <= {"done", "rolled back"}


def test_the_lock_is_told(world):
    """Someone sits before the question on a terminal: the next one hears of it."""
    import pty
    import subprocess
    stuck(world)
    reset = Reset(world)
    master, slave = pty.openpty()
    first = subprocess.Popen(reset.command(*PAIR, "--apply"), env=reset.environment(), cwd="/", stdin=slave, stdout=subprocess.PIPE)
    os.close(slave)
    shown = b""
    while b"Type the package ID" not in shown:
        shown += os.read(first.stdout.fileno(), 4096)
    second = reset.start(*PAIR, *APPLY)
    reset(*PAIR).is_("SHOWN")  # a dry run waits for nobody
    time.sleep(0.2)
    assert second.poll() is None
    os.write(master, b"no\n")
    assert first.wait(10) == 1
    reset.answer(second).is_("DONE")
    os.close(master)
