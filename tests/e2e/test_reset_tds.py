# SPDX-License-Identifier: GPL-3.0-or-later
"""sms_reset_package through FreeTDS: the transaction on the wire, and the truth about every connection that is lost."""

import os
import signal
import sqlite3
import subprocess

import pytest
from packages import DAY, Server
from reset import APPLY, PAIR, Reset, row, stuck, wait_until

VERSIONS = ("7.1", "7.2", "7.3", "7.4")
BOTH = ("7.1", "7.4")  # transactions as batches, and as requests of the transaction manager
WHERE = ["batch", "rpc"]


@pytest.fixture
def lost(world):
    """(before, reset, rules): a stuck row behind a server whose rules can be set."""
    before = stuck(world)
    with Server(world) as server:
        yield before, Reset(world, server), server.tds.rules


def commit_rule(tds, **what):
    return dict({"at": "batch", "match": r"\bCOMMIT\b"} if tds == "7.1" else {"at": "tm", "match": "COMMIT"}, **what)


def sql_of(server):
    return [line.get("sql") or line.get("request") or "" for line in server.tds.requests()
            if line["event"] in ("batch", "rpc", "tm")]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_whole_story(world, version):
    before = stuck(world)
    with Server(world) as server:
        reset = Reset(world, server, version)
        shown = reset(*PAIR).is_("SHOWN").fields["Statement"]
        assert shown.startswith("UPDATE PkgStatus SET Status = 2, SourceVersion = 0 WHERE ID = N'CEN00001' AND Type = 1 AND SiteCode"
                                " = N'S02' AND PkgServer = N'S021' AND Status = 1 AND SourceVersion = 3 AND "
                                "CONVERT(char(23), UpdateTime, 121) = N'2")
        assert not any("UPDATE PkgStatus" in sql or "UPDLOCK" in sql for sql in sql_of(server))
        assert row(world) == before
        answer = reset(*PAIR, *APPLY).is_("DONE", "journal entry 1")
        assert answer.fields["Statement"] == shown
        assert row(world) == (2, 0, before[2])
        assert 'server="TDSTEST" database="SMS_CEN"' in reset.journal()[0]
        sqls = sql_of(server)
        settings = [sql for sql in sqls if "READ COMMITTED" in sql and "LOCK_TIMEOUT 5000" in sql and "NOCOUNT OFF" in sql]
        assert len(settings) == 3 and all("XACT_ABORT ON" in sql for sql in settings)
        updates = [sql for sql in sqls if "UPDATE PkgStatus" in sql]
        # Bound, never written into the text.
        assert len(updates) == 1 and "CEN00001" not in updates[0] and "@@ROWCOUNT" in updates[0]
        at = sqls.index(updates[0])
        begins = [i for i, sql in enumerate(sqls[:at]) if "BEGIN" in sql.upper()]
        commits = [i for i, sql in enumerate(sqls) if "COMMIT" in sql.replace("READ COMMITTED", "").replace("READ UNCOMMITTED", "")]
        assert begins and commits and begins[0] < at < commits[0]
        locked = [i for i, sql in enumerate(sqls) if "WITH (UPDLOCK, HOLDLOCK)" in sql]
        assert len(locked) == 2 and locked[0] < at < locked[1] < commits[0]
        reset("--undo=1", *APPLY).is_("DONE")
        assert row(world) == before


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("status, held, age", [(None, 3, 4 * DAY), (4, 3, None), (3, 2, 4 * DAY)])
def test_nulls_and_dates_are_found_again(world, version, status, held, age):
    stuck(world)
    world.lab.status("CEN00001", "S02", status, held, age)
    before = row(world)
    with Server(world) as server:
        reset = Reset(world, server, version)
        reset(*PAIR, *APPLY).is_("DONE")
        assert row(world) == (2, 0, before[2])
        reset("--undo=1", *APPLY).is_("DONE")
        assert row(world) == before


@pytest.mark.parametrize("name", ["O'Brien", "S02%", "S_21", "]];--", "Größe", "1С сервер"])
def test_names(world, name):
    stuck(world)
    world.lab.db.execute("UPDATE PkgStatus SET PkgServer = ?", [name])
    before = row(world)
    with Server(world) as server:
        reset = Reset(world, server, "7.1")
        reset("--package=CEN00001", "--pkg-server=" + name, *APPLY).is_("DONE")
        assert row(world) == (2, 0, before[2])
        reset("--undo=1", *APPLY).is_("DONE")
        assert row(world) == before


def test_sql_server_2000(world):
    before = stuck(world)
    with Server(world, server_version="8.0.2039") as server:
        Reset(world, server, "7.1")(*PAIR, *APPLY).is_("DONE")
    assert row(world) == (2, 0, before[2])


# ---- rights and locks

@pytest.mark.parametrize("version", BOTH)
def test_the_login_of_a_check_is_refused(world, version):
    before = stuck(world)
    with Server(world, no_update=True) as server:
        reset = Reset(world, server, version)
        reset(*PAIR).is_("SHOWN")
        reset(*PAIR, *APPLY).is_("REFUSED", "UPDATE denied on PkgStatus (229)", "GRANT UPDATE ON PkgStatus TO probe")
        assert row(world) == before and reset.entries() == {1: "rolled back"}


def test_a_login_that_may_not_even_look(world):
    stuck(world)
    with Server(world, deny=["PkgStatus"]) as server:
        Reset(world, server)(*PAIR, *APPLY).is_("UNKNOWN", "SELECT denied on PkgStatus (229)")


def test_a_locked_row_is_not_waited_for_for_ever(world):
    before = stuck(world)
    with Server(world) as server:
        reset = Reset(world, server)
        other = sqlite3.connect(world.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        reset(*PAIR, *APPLY).is_("ROLLED BACK", "not done", "1222")
        other.close()
        assert row(world) == before and reset.entries() == {1: "rolled back"}


@pytest.mark.parametrize("version", BOTH)
def test_the_row_changes_between_the_look_and_the_lock(world, version):
    stuck(world)
    with Server(world) as server:
        reset = Reset(world, server, version)
        server.tds.rules([{"at": WHERE, "match": "UPDLOCK", "do": "delay", "seconds": 0.5}])
        process = reset.start(*PAIR, *APPLY)
        assert server.tds.wait_for("rule")
        world.lab.db.execute("UPDATE PkgStatus SET UpdateTime = '2026-01-01 00:00:00.000'")
        world.lab.commit()
        before = row(world)
        reset.answer(process).is_("REFUSED", "changed since it was shown", "2026-01-01")
        assert row(world) == before and reset.entries() == {1: "rolled back"}


def test_a_trigger_that_adds_to_it(world):
    """After the UPDATE the row must be what was promised."""
    before = stuck(world)
    world.lab.db.execute("CREATE TRIGGER t AFTER UPDATE ON PkgStatus BEGIN UPDATE PkgStatus SET Status = 1 WHERE SourceVersion = 0;"
                         " END")
    with Server(world) as server:
        reset = Reset(world, server)
        reset(*PAIR, *APPLY).is_("ROLLED BACK", "after the UPDATE the row was")
        assert row(world) == before and reset.entries() == {1: "rolled back"}


# ---- lost connections

@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("match, nth, when", [("UPDLOCK", 1, "before"), ("UPDLOCK", 1, "after"), ("UPDATE PkgStatus", 1, "before"),
                                              ("UPDATE PkgStatus", 1, "after"), ("UPDLOCK", 2, "before"), ("UPDLOCK", 2, "after")])
def test_lost_before_commit(lost, world, version, match, nth, when):
    before, reset, rules = lost
    reset.tds = version
    rules([{"at": WHERE, "match": match, "nth": nth, "do": "close", "when": when}])
    reset(*PAIR, *APPLY).is_("ROLLED BACK", "not done")
    assert row(world) == before and reset.entries() == {1: "rolled back"}
    # It may be tried again at once: nothing was sent.
    reset(*PAIR, *APPLY).is_("DONE")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("do", ["close", "reset"])
def test_lost_during_commit(lost, world, version, do):
    before, reset, rules = lost
    reset.tds = version
    rules([commit_rule(version, nth=1, do=do, when="before")])
    reset(*PAIR, *APPLY).is_("ROLLED BACK", "not done, the row over a new connection is as it was")
    assert row(world) == before and reset.entries() == {1: "rolled back"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("do", ["close", "reset"])
def test_lost_after_commit(lost, world, version, do):
    before, reset, rules = lost
    reset.tds = version
    rules([commit_rule(version, nth=1, do=do, when="after")])
    reset(*PAIR, *APPLY).is_("DONE", "the answer to COMMIT was lost", "journal entry 1")
    assert row(world) == (2, 0, before[2]) and reset.entries() == {1: "done"}


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("when, result", [("before", "rolled back"), ("after", "done")])
def test_lost_at_commit_and_the_server_with_it(lost, world, version, when, result):
    before, reset, rules = lost
    reset.tds = version
    # Refused from the third connection on: one looked, one changed.
    rules([commit_rule(version, nth=1, do="close", when=when), {"at": "accept", "nth": 3, "times": 99, "do": "refuse"}])
    answer = reset(*PAIR, *APPLY).is_("UNKNOWN", "it is not known whether it was done", "Look at SELECT Status", "N'CEN00001'",
                                      "done is status=2 version=0", "not done is status=1 version=3")
    assert "journal entry 1" in answer.verdict
    assert reset.entries() == {1: "unknown"}
    assert row(world) == (before if when == "before" else (2, 0, before[2]))
    # The server is back: the next run finds out before it does anything else.
    rules([])
    again = reset(*PAIR, *APPLY)
    assert again.code == (0 if result == "rolled back" else 1), again
    assert "entry 1 about this row was not known; the row as it is now says: %s" % result in again.fields["Journal"]
    assert reset.entries()[1] == result


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("match", ["UPDATE PkgStatus", "commit before", "commit after"])
def test_a_server_that_is_silent(lost, world, version, match):
    before, reset, rules = lost
    reset.tds = version
    if match.startswith("commit"):
        rules([commit_rule(version, nth=1, do="hang", when=match.split()[1])])
    else:
        rules([{"at": WHERE, "match": match, "nth": 1, "do": "hang"}])
    answer = reset(*PAIR, *APPLY, "--timeout=1")
    if match == "commit after":
        answer.is_("DONE", "timed out after 1 s while waiting for the commit")
        assert row(world) == (2, 0, before[2])
    else:
        answer.is_("ROLLED BACK", "timed out after 1 s")
        assert row(world) == before
    assert reset.entries() == {1: "done" if answer.code == 0 else "rolled back"}


@pytest.mark.parametrize("version", BOTH)
def test_lost_while_looking(lost, world, version):
    before, reset, rules = lost
    reset.tds = version
    rules([{"at": WHERE, "match": "FROM SMSPackages WHERE", "do": "close"}])
    reset(*PAIR, *APPLY).is_("UNKNOWN")
    rules([{"at": "accept", "do": "refuse"}])
    reset(*PAIR).is_("UNKNOWN")
    assert row(world) == before and reset.entries() == {}


def test_no_second_connection(lost, world):
    before, reset, rules = lost
    rules([{"at": "accept", "nth": 2, "do": "refuse"}])
    reset(*PAIR, *APPLY).is_("ROLLED BACK", "not done: ")
    assert row(world) == before and reset.entries() == {1: "rolled back"}


def test_no_password_in_any_diagnosis(lost):
    before, reset, rules = lost
    answer = reset(*PAIR, *APPLY, "-vvv")
    assert "UPDATE PkgStatus" in answer.stderr and answer.code == 0, answer


def test_an_error_at_commit(lost, world):
    before, reset, rules = lost
    rules([commit_rule("7.1", nth=1, do="error", number=3930, message="The transaction is doomed.")])
    answer = reset(*PAIR, *APPLY)
    assert answer.code in (0, 2), answer
    assert row(world) == (before if answer.code == 2 else (2, 0, before[2]))
    assert reset.entries() == {1: "rolled back" if answer.code == 2 else "done"}


def test_interrupted_by_hand(lost, world):
    """Ctrl-C reaches the worker as well: the parent finds out what became of it."""
    before, reset, rules = lost
    rules([{"at": WHERE, "match": "UPDATE PkgStatus", "do": "delay", "seconds": 3, "when": "after"}])
    world.lab.commit()
    process = subprocess.Popen(reset.command(*PAIR, *APPLY), env=reset.environment(), cwd="/", stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    assert reset.server.tds.wait_for("rule")
    os.killpg(process.pid, signal.SIGINT)
    reset.answer(process).is_("ROLLED BACK", "signal 2")
    wait_until(lambda: reset.entries() == {1: "rolled back"})
    assert row(world) == before
