# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule does to a client what it says."""

import concurrent.futures
import os
import socket
import time

import pytest

from odbc_client import COMMIT, Connection, OdbcError
from tds_database import make_database
from tds_fixture import TdsServer
from tds_rules import Rule

@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with TdsServer(make_database(tmp_path_factory.mktemp("rules") / "site.db")) as running:
        yield running
        assert not running.requests("exception"), running.requests("exception")[0]["text"]


@pytest.fixture
def ruled(shared):
    """ruled([...]) is the server with these rules, until the test ends."""
    def arrange(rules):
        with Connection(shared.connect_string()) as connection:
            connection.do("DELETE FROM Scratch")
        shared.rules(rules)
        return shared
    yield arrange
    shared.rules([])


QUERY = "SELECT PKID, ID FROM PkgStatus ORDER BY PKID"


def refused(server, tds="7.4", seconds=1):
    """The error of a login that must fail, and how long it took."""
    begun = time.monotonic()
    with pytest.raises(OdbcError) as caught:
        Connection(server.connect_string(tds=tds), login_timeout=seconds)
    return caught.value, time.monotonic() - begun


def test_silent_server(ruled):
    """One client waits at each step; all at once, to save time."""
    server = ruled([{"at": place, "do": "hang", "nth": 1} for place in ("accept", "prelogin", "login")])
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda _: refused(server), range(3)))
    for error, seconds in outcomes:
        assert "HYT00" in error.states or "HYT01" in error.states, error
        assert 0.9 < seconds < 2.5
    struck = {line["rule"]["at"] for line in server.requests("rule") if line["rule"]["do"] == "hang"}
    assert struck == {"accept", "prelogin", "login"}


@pytest.mark.parametrize("place", ("accept", "prelogin", "login"))
@pytest.mark.parametrize("action", ("close", "reset"))
def test_dropped_before_it_is_logged_in(ruled, place, action):
    server = ruled([{"at": place, "do": action}])
    error, seconds = refused(server)
    assert "08001" in error.states or "08S01" in error.states, error
    assert seconds < 0.9


def test_refused_login(ruled):
    server = ruled([{"at": "login", "do": "refuse", "nth": 2}])
    with Connection(server.connect_string()) as connection:
        assert connection.rows("SELECT 1") == [(1,)]
    assert 18456 in refused(server)[0].natives
    with Connection(server.connect_string()) as connection:
        assert connection.rows("SELECT 1") == [(1,)]


def test_login_error_of_choice(ruled):
    server = ruled([{"at": "login", "do": "error", "number": 17142, "message": "SQL Server is paused.",
                           "level": 14}])
    assert 17142 in refused(server)[0].natives


def hangs(server, sql, *values):
    """Seconds until a query with a timeout of one second gives up."""
    with Connection(server.connect_string()) as connection:
        statement = connection.statement()
        statement.timeout(1)
        begun = time.monotonic()
        with pytest.raises(OdbcError) as caught:
            statement.execute(sql, *values)
            statement.rows()
        seconds = time.monotonic() - begun
        statement.free()
        return caught.value, seconds


def test_silent_in_the_query_and_to_attention(ruled):
    server = ruled([{"at": ["batch", "rpc"], "match": "from pkgstatus", "do": "hang"}])
    error, seconds = hangs(server, QUERY.replace("ORDER", "WHERE Type = ? ORDER"), 1)
    assert "HYT00" in error.states and 1.5 < seconds < 3, "an unanswered ATTENTION doubles the time"


def test_silent_in_the_middle_of_a_result(ruled):
    server = ruled([{"at": "row", "match": "PkgStatus", "rows": 2, "do": "hang", "seconds": 3}])
    with Connection(server.connect_string()) as connection:
        statement = connection.statement()
        statement.timeout(1)
        statement.execute(QUERY)
        assert statement.fetch() and statement.fetch()
        with pytest.raises(OdbcError):
            statement.fetch()
        statement.free()


@pytest.mark.parametrize("tds", ("7.1", "7.4"))
@pytest.mark.parametrize("action", ("close", "reset"))
def test_dropped_in_the_query(ruled, tds, action):
    server = ruled([{"at": "batch", "match": "PkgStatus", "do": action}])
    with Connection(server.connect_string(tds=tds)) as connection:
        assert connection.rows("SELECT 1") == [(1,)]
        with pytest.raises(OdbcError):
            connection.rows(QUERY)


@pytest.mark.parametrize("tds", ("7.1", "7.4"))
def test_dropped_after_some_rows(ruled, tds):
    server = ruled([{"at": ["batch", "rpc"], "match": "PkgStatus", "do": "partial", "rows": 3}])
    for sql, values in ((QUERY, ()), (QUERY.replace("ORDER", "WHERE PKID > ? ORDER"), (0,))):
        with Connection(server.connect_string(tds=tds)) as connection:
            statement = connection.execute(sql, *values)
            found = 0
            with pytest.raises(OdbcError) as caught:
                while statement.fetch():
                    found += 1
            assert found == 3 and 20017 in caught.value.natives
            statement.free()


def test_error_after_some_rows(ruled):
    server = ruled([{"at": "row", "match": "PkgStatus", "rows": 1, "do": "error", "number": 1205,
                           "message": "deadlocked", "level": 13}])
    with Connection(server.connect_string()) as connection:
        statement = connection.execute(QUERY)
        assert statement.fetch()
        with pytest.raises(OdbcError) as caught:
            while statement.fetch():
                pass
        assert 1205 in caught.value.natives
        statement.free()


PRELOGIN = bytes.fromhex("1201001a00000000" "00000b0006" "0100110001" "ff" "080001550000" "00")


@pytest.mark.parametrize("spec, count, seconds", (({}, 2, 1), ({"bytes_per_second": 50}, 26, 0.5)))
def test_one_byte_a_second(ruled, spec, count, seconds):
    """Without FreeTDS: each byte gives it new patience, so that its timeout of one second lasts up to ten."""
    server = ruled([{"at": "prelogin", "do": "drip", **spec}])
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(PRELOGIN)
        begun, parts = time.monotonic(), []
        while len(b"".join(parts)) < count:
            parts.append(client.recv(100))
        assert len(parts) > count // 2 and time.monotonic() - begun > 0.9 * seconds


def test_slow_but_alive(ruled):
    server = ruled([{"at": "batch", "do": "drip", "bytes_per_second": 400}])
    with Connection(server.connect_string()) as connection:
        begun = time.monotonic()
        assert len(connection.rows(QUERY)) == 4
        assert 0.2 < time.monotonic() - begun < 2


def test_delay_answers_attention(ruled):
    server = ruled([{"at": "batch", "match": "WHERE Type", "do": "delay", "seconds": 30},
                          {"at": "batch", "match": "ORDER", "do": "delay", "seconds": 0.4}])
    with Connection(server.connect_string()) as connection:
        begun = time.monotonic()
        assert len(connection.rows(QUERY)) == 4
        assert time.monotonic() - begun >= 0.4
        statement = connection.statement()
        statement.timeout(1)
        with pytest.raises(OdbcError):
            statement.execute("SELECT 1 FROM PkgStatus WHERE Type = 1")
        statement.free()
        assert connection.rows("SELECT 1") == [(1,)]


def test_error_and_information_of_choice(ruled):
    server = ruled([{"at": ["batch", "rpc"], "match": "PkgStatus", "do": "error", "number": 8645,
                           "message": "A timeout occurred while waiting for memory resources", "level": 17},
                          {"at": "batch", "match": "SELECT 7", "do": "info", "message": "by the way"}])
    with Connection(server.connect_string(tds="7.1")) as connection:
        for sql, values in ((QUERY, ()), (QUERY.replace("ORDER", "WHERE PKID > ? ORDER"), (0,))):
            with pytest.raises(OdbcError) as caught:
                connection.rows(sql, *values)
            assert caught.value.natives == [8645]
        statement = connection.execute("SELECT 7")
        assert "by the way" in statement.info[0][2] and statement.rows() == [(7,)]
        statement.free()


def test_fatal_error_ends_the_connection(ruled):
    server = ruled([{"at": "batch", "match": "PkgStatus", "do": "error", "number": 596, "level": 21,
                           "message": "Cannot continue the execution because the session is in the kill state."}])
    with Connection(server.connect_string()) as connection:
        with pytest.raises(OdbcError) as caught:
            connection.rows(QUERY)
        assert 596 in caught.value.natives
        with pytest.raises(OdbcError):
            connection.rows("SELECT 1")


@pytest.mark.parametrize("tds", ("7.1", "7.2", "7.4"))
@pytest.mark.parametrize("when, rows", (("before", 0), ("after", 1)))
@pytest.mark.parametrize("action", ("close", "reset"))
def test_dropped_at_commit(ruled, tds, when, rows, action):
    server = ruled([{"at": ["tm", "batch"], "match": r"\bCOMMIT\b", "do": action, "when": when}])
    with Connection(server.connect_string(tds=tds)) as connection:
        connection.autocommit(False)
        connection.do("INSERT INTO Scratch (N) VALUES (1)")
        with pytest.raises(OdbcError):
            connection.end(COMMIT)
    with Connection(server.connect_string()) as connection:
        assert connection.rows("SELECT COUNT(*) FROM Scratch") == [(rows,)]


def test_error_at_commit_after_it_is_done(ruled):
    server = ruled([{"at": ["tm", "batch"], "match": "COMMIT", "do": "error", "when": "after"}])
    with Connection(server.connect_string()) as connection:
        connection.autocommit(False)
        connection.do("INSERT INTO Scratch (N) VALUES (1)")
        with pytest.raises(OdbcError) as caught:
            connection.end(COMMIT)
        assert 50000 in caught.value.natives
    with Connection(server.connect_string()) as connection:
        assert connection.rows("SELECT COUNT(*) FROM Scratch") == [(1,)]


def test_update_is_done_and_the_answer_lost(ruled):
    server = ruled([{"at": "rpc", "match": "^UPDATE", "do": "close", "when": "after"}])
    with Connection(server.connect_string()) as connection:
        with pytest.raises(OdbcError):
            connection.do("UPDATE PkgStatus SET Status = 9 WHERE PKID = ?", 1)
    with Connection(server.connect_string()) as connection:
        assert connection.rows("SELECT Status FROM PkgStatus WHERE PKID = 1") == [(9,)]


def test_nth_and_times(ruled):
    server = ruled([{"at": "batch", "match": "SELECT 1", "do": "error", "nth": 2, "times": 2}])
    found = []
    for _ in range(5):
        with Connection(server.connect_string()) as connection:
            try:
                found.append(connection.rows("SELECT 1")[0][0])
            except OdbcError as error:
                found.append(error.natives[0])
    assert found == [1, 50000, 50000, 1, 1]


def test_rules_change_while_the_server_runs(ruled):
    server = ruled([])
    with Connection(server.connect_string()) as connection:
        assert connection.rows("SELECT 1") == [(1,)]
        server.rules([{"at": "batch", "do": "error"}])
        with pytest.raises(OdbcError):
            connection.rows("SELECT 1")
        server.rules([])
        assert connection.rows("SELECT 1") == [(1,)]


@pytest.mark.parametrize("spec", ({"at": "batch"}, {"at": "nowhere", "do": "hang"}, {"at": "row", "do": "dance"},
                                  {"at": "tm", "do": "hang", "when": "never"}, {"at": "tm", "do": "hang", "typo": 1}))
def test_bad_rules_are_refused(spec):
    with pytest.raises((ValueError, KeyError)):
        Rule(spec)


def test_hanging_sessions_do_not_hold_the_server(database):
    with TdsServer(database, rules=[{"at": "accept", "do": "hang"}]) as server:
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
        pid, begun = server.process.pid, time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 2
        assert not os.path.exists(f"/proc/{pid}")
        for client in clients:
            client.close()


def test_server_ends_with_its_test(database):
    server = TdsServer(database).start()
    server.process.stdin.close()
    assert server.process.wait(5) == 0
    server.stop()
