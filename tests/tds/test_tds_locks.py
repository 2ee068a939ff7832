# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks are real: LOCK_TIMEOUT, HOLDLOCK, and two sessions at once."""

import sqlite3
import threading
import time

import pytest

from odbc_client import COMMIT, ROLLBACK, Connection, OdbcError
from tds_database import make_database

UPDATE = "UPDATE PkgStatus SET Status = 2, SourceVersion = 0 WHERE ID = ? AND SiteCode = ?"
HELD = "SELECT Status FROM PkgStatus WITH (UPDLOCK, HOLDLOCK) WHERE ID = ? AND SiteCode = ?"
KEY = ("CEN0000E", "S02")


@pytest.fixture(params=("DELETE", "WAL"))
def two(request, tmp_path, start):
    server = start(db=make_database(tmp_path / "locked.db", request.param))
    with Connection(server.connect_string(tds="7.1")) as first, Connection(server.connect_string()) as second:
        yield first, second


def test_lock_timeout_gives_1222(two):
    first, second = two
    first.autocommit(False)
    assert first.rows(HELD, *KEY) == [(1,)]
    second.do("SET LOCK_TIMEOUT 300")
    begun = time.monotonic()
    with pytest.raises(OdbcError) as caught:
        second.do(UPDATE, *KEY)
    assert 1222 in caught.value.natives
    assert 0.3 <= time.monotonic() - begun < 1
    assert second.rows("SELECT Status FROM PkgStatus WHERE PKID = 1") == [(1,)], "readers are not blocked"
    first.end(ROLLBACK)
    assert second.do(UPDATE, *KEY) == 1


def test_held_lock_makes_the_other_wait(two):
    first, second = two
    first.autocommit(False)
    first.rows(HELD, *KEY)
    first.do("UPDATE PkgStatus SET Status = 5 WHERE PKID = 1")
    threading.Timer(0.3, first.end, (COMMIT,)).start()
    second.autocommit(False)
    begun = time.monotonic()
    assert second.rows(HELD, *KEY) == [(5,)], "it sees what the first has committed"
    assert time.monotonic() - begun > 0.2
    second.end(ROLLBACK)


def test_read_committed_reads_what_others_commit(two):
    """A plain SELECT in a transaction holds nothing; an UPDATE after it does not fail because another came between."""
    first, second = two
    first.autocommit(False)
    assert first.rows("SELECT Status FROM PkgStatus WHERE PKID = 1") == [(1,)]
    assert second.do("UPDATE PkgStatus SET Status = 7 WHERE PKID = 1") == 1
    assert first.rows("SELECT Status FROM PkgStatus WHERE PKID = 1") == [(7,)]
    assert first.do("UPDATE PkgStatus SET Status = 8 WHERE PKID = 1 AND Status = 7") == 1
    first.end(COMMIT)
    assert second.rows("SELECT Status FROM PkgStatus WHERE PKID = 1") == [(8,)]


def test_lock_of_another_program(start, database):
    """A lab script that writes to the file locks the server's sessions out, and the timeout counts."""
    server = start()
    with Connection(server.connect_string()) as connection:
        connection.do("SET LOCK_TIMEOUT 200")
        other = sqlite3.connect(database, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OdbcError) as caught:
            connection.rows("SELECT COUNT(*) FROM PkgStatus")
        assert 1222 in caught.value.natives
        other.execute("ROLLBACK")
        other.close()
        assert connection.rows("SELECT COUNT(*) FROM PkgStatus") == [(4,)]


def test_waiting_for_a_lock_can_be_cancelled(start):
    server = start()
    with Connection(server.connect_string()) as first, Connection(server.connect_string()) as second:
        first.autocommit(False)
        first.rows(HELD, *KEY)
        statement = second.statement()
        statement.timeout(1)
        with pytest.raises(OdbcError) as caught:
            statement.execute(UPDATE, *KEY)
        assert "HYT00" in caught.value.states
        statement.free()
        assert second.rows("SELECT 1") == [(1,)]


def test_all_values_in_where(two):
    """The repair's UPDATE changes the row only as it was read."""
    first, second = two
    sql = ("SET NOCOUNT ON UPDATE PkgStatus SET Status = 2, SourceVersion = 0 WHERE ID = ? AND Type = 1 AND"
           " SiteCode = ? AND PkgServer = ? AND Status = ? AND SourceVersion = ? AND"
           " CONVERT(char(23), UpdateTime, 121) = ? SELECT @@ROWCOUNT")
    values = ("CEN0000E", "S02", "S021", 1, 3, "2026-11-19 10:00:00.003")
    for connection, count in ((first, 1), (second, 0)):
        assert connection.rows(sql, *values) == [(count,)]
