# SPDX-License-Identifier: GPL-3.0-or-later
"""What a database can do to a check: each fault ends within the deadline, with the right code, the step and the remedy."""

import os
import re
import socket
import subprocess
import time

import packages
import pytest
from packages import BUILD, CRITICAL, UNKNOWN, Server, run

TIMEOUT_S = 2
FAKE_DRIVER = os.path.join(BUILD, "tests", "e2e", "fakedriver.so")


def ends_in_time(world, answer):
    assert answer.seconds < TIMEOUT_S + 0.5, answer
    assert packages.processes_with(world.state) == []
    return answer


QUERY = {"at": ["batch", "rpc"], "match": "FROM SMSPackages.*PkgStatus"}


@pytest.mark.parametrize("rule, code, texts", [
    # The server accepts and stays silent, at every step.
    ({"at": "accept", "do": "hang"}, 3, ["timed out after 2 s", "connecting"]),
    ({"at": "prelogin", "do": "hang"}, 3, ["timed out after 2 s", "connecting"]),
    ({"at": "login", "do": "hang"}, 3, ["timed out after 2 s", "logging in", "--timeout"]),
    ({"at": "batch", "do": "hang"}, 3, ["timed out after 2 s", "connection settings"]),
    ({"at": "batch", "match": "COL_LENGTH", "do": "hang"}, 3,
     ["timed out", "answer to the product's columns: a lock of another session on one of the tables is likely"]),
    ({"at": "batch", "match": "SiteName", "do": "hang"}, 3, ["timed out", "the sites"]),
    (dict(QUERY, do="hang"), 3, ["timed out", "answer to the packages that are not in sync"]),
    ({"at": "row", "match": "PkgStatus", "rows": 3, "do": "hang"}, 3, ["timed out", "fetching", "not in sync"]),
    # One byte a second.
    ({"at": "login", "do": "drip"}, 3, ["timed out", "logging in"]),
    (dict(QUERY, do="drip"), 3, ["timed out", "not in sync"]),
    # It goes away.
    ({"at": "accept", "do": "close"}, 3, ["cannot connect"]),
    ({"at": "prelogin", "do": "reset"}, 3, ["cannot connect"]),
    ({"at": "login", "do": "close"}, 3, ["cannot connect"]),
    (dict(QUERY, do="close"), 3, ["not in sync", "connection was lost"]),
    ({"at": "row", "match": "PkgStatus", "rows": 3, "do": "close"}, 3, ["not in sync", "connection was lost"]),
    ({"at": "row", "match": "PkgStatus", "rows": 3, "do": "reset"}, 3, ["not in sync", "connection was lost"]),
    ({"at": "row", "match": "PkgStatus", "rows": 0, "do": "close"}, 3, ["not in sync", "connection was lost"]),
    ({"at": ["batch", "rpc"], "match": "PkgStatus", "do": "partial", "rows": 2}, 3, ["not in sync", "connection was lost"]),
    ({"at": "row", "match": "SiteName", "rows": 1, "do": "close"}, 3, ["the sites", "connection was lost"]),
    # It refuses.
    ({"at": "login", "do": "refuse", "number": 18456, "message": "Login failed for user 'probe'."}, 3, ["login failed", "18456", "password"]),
    ({"at": "login", "do": "refuse", "number": 18452, "message": "Login failed."}, 3, ["18452", "DOMAIN\\user"]),
    ({"at": "login", "do": "refuse", "number": 17809, "message": "Too many connections."}, 3, ["cannot connect"]),
    (dict(QUERY, do="error", number=1222, message="Lock request time out period exceeded."), 3, ["1222", "locked", "again"]),
    (dict(QUERY, do="error", number=1205, message="Transaction was deadlocked."), 3, ["1205", "deadlock"]),
    (dict(QUERY, do="error", number=207, message="Invalid column name 'Status'."), 3, ["207", "Status"]),
    (dict(QUERY, do="error", number=9002, message="The log | of\ndatabase is full."), 3, ["9002"]),
    ({"at": "row", "match": "PkgStatus", "rows": 3, "do": "error", "number": 823, "level": 24, "message": "I/O error."}, 3, ["not in sync", "823"]),
    ({"at": "row", "match": "PkgStatus", "rows": 3, "do": "error", "number": 601, "level": 12,
      "message": "Could not continue scan with NOLOCK due to data movement."}, 3, ["not in sync", "601"]),
    # A slow server is not a dead one.
    (dict(QUERY, do="delay", seconds=0.7), 2, ["stuck"]),
])
def test_a_server_that_fails(world, rule, code, texts):
    world.demo()
    with Server(world) as server:
        server.tds.rules([rule])
        answer = ends_in_time(world, server.check("-t", TIMEOUT_S))
        if code == UNKNOWN:
            answer.fails(*texts)
            assert world.remembered() == {}, "a run that could not look remembers nothing"
        else:
            answer.is_(code, *texts)
        assert not server.tds.requests("exception")


@pytest.mark.parametrize("state, code", [("critical", 2), ("WARNING", 1), ("2", 2), ("unknown", 3)])
def test_the_state_of_a_time_out_is_the_operators_choice(world, state, code):
    world.demo()
    with Server(world) as server:
        server.tds.rules([dict(QUERY, do="hang")])
        ends_in_time(world, server.check("-t", "%d:%s" % (TIMEOUT_S, state))).is_(code, "timed out after 2 s")


def test_known_trouble_survives_a_fault_in_the_second_run(world):
    world.demo()
    with Server(world) as server:
        server.check().is_(CRITICAL)
        before = world.remembered()
        for rule in (dict(QUERY, do="close"), {"at": "row", "match": "PkgStatus", "rows": 3, "do": "close"},
                     {"at": "rpc", "match": "Live", "do": "error", "number": 1205}):
            if "Live" in rule["match"]:
                world.lab.arrive("CEN00001", "S02")
            server.tds.rules([rule])
            server.check("-t", TIMEOUT_S).fails()
            assert world.remembered() == before
        server.tds.rules([])
        server.check()
        assert set(before) - set(world.remembered()) == {"version/CEN00001@S02"}


def test_the_name_cannot_be_resolved(world):
    world.demo()
    with Server(world) as server:
        answer = server.check("--hostname=no-such-host.invalid", "-t", TIMEOUT_S)
        ends_in_time(world, answer).fails("no-such-host.invalid", "resolve")


def test_the_port_is_closed(world):
    world.demo()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: nobody else gets it
        with Server(world) as server:
            answer = server.check("--port=%d" % unused.getsockname()[1], "-t", TIMEOUT_S)
            ends_in_time(world, answer).fails("nothing listens", "port")


def test_a_listener_that_never_accepts(world):
    world.demo()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with Server(world) as server:
            answer = server.check("--port=%d" % listener.getsockname()[1], "-t", TIMEOUT_S)
            ends_in_time(world, answer).fails("timed out", "connecting")


def test_wrong_password_and_database(world):
    world.demo()
    with Server(world) as server:
        answer = server.check("--password-file=" + server.keep_password("falsch", "wrong"))
        answer.fails("login failed", "'probe'", "18456", "password file")
        assert "falsch" not in answer.text and server.password not in answer.text
        server.check("--database=SMS_XXX").fails("SMS_XXX", "4060")
        server.check("--user=nobody-here").fails("login failed", "18456")


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("table, grant", [
    ("PkgStatus", "GRANT SELECT ON PkgStatus"), ("SMSPackages", "GRANT SELECT ON SMSPackages"),
    ("v_DistributionPoint", "smsschm_users"), ("v_Site", "smsschm_users")])
def test_a_right_that_is_missing_is_named_with_its_grant(world, table, grant, hidden):
    world.demo()
    with Server(world, deny=[table], hide_denied=hidden) as server:
        server.check().fails("denied on " + table, "229", grant)
        assert world.remembered() == {}


@pytest.mark.parametrize("table", ["PkgStatus", "SMSPackages", "v_DistributionPoint", "v_Site"])
def test_a_table_that_is_missing_is_named(world, table):
    world.demo()
    world.lab.db.execute("DROP VIEW IF EXISTS v_Package")
    world.lab.db.execute("DROP VIEW IF EXISTS v_PackageStatusRootSummarizer")
    world.lab.db.execute("DROP TABLE " + table)
    with Server(world) as server:
        server.check().fails(table, "208", "SMS_xxx")
    world.check().fails(table, "does not exist")


def test_a_missing_database_file(world):
    os.mkdir(os.path.join(world.folder, "dir"))
    for path in ("nowhere/site.db", "dir"):
        answer = run("--connect=Driver=SQLite3;Database=%s/%s" % (world.folder, path), "--site=CEN",
                     "--state-dir=" + world.state, env=world.env)
        answer.fails()


def test_a_database_that_somebody_holds(world):
    world.demo()
    world.lab.commit()
    world.lab.db.execute("BEGIN EXCLUSIVE")
    answer = run(*world.arguments("-t", TIMEOUT_S), env=world.env)
    world.lab.db.rollback()
    ends_in_time(world, answer).fails()
    assert "timed out" in answer.first or "locked" in answer.first


def test_a_file_that_is_no_database(world):
    path = os.path.join(world.folder, "text.db")
    with open(path, "w", encoding="ascii") as file:
        file.write("This is no database. " * 100)
    run("--connect=Driver=SQLite3;Database=" + path, "--site=CEN", "--state-dir=" + world.state, env=world.env).fails()


def test_the_driver_is_not_registered_or_missing(world):
    world.demo()
    with Server(world) as server:
        server.check("--driver=Nope").fails("Nope", "odbcinst.ini")
        empty = os.path.join(world.folder, "empty")
        os.mkdir(empty)
        open(os.path.join(empty, "odbcinst.ini"), "w", encoding="ascii").close()
        server.check(env={"ODBCSYSINI": empty}).fails("FreeTDS", "odbcinst.ini")
        with open(os.path.join(empty, "odbcinst.ini"), "w", encoding="ascii") as file:
            file.write("[FreeTDS]\nDriver=/nonexistent/libtdsodbc.so\n")
        server.check(env={"ODBCSYSINI": empty}).fails("/nonexistent/libtdsodbc.so", "install the package tdsodbc")


@pytest.fixture
def fake(world):
    """A demo behind a driver that fails when FAKE_ABORT and FAKE_HOW say so."""
    world.demo()
    with open(os.path.join(world.odbc, "odbcinst.ini"), "w", encoding="ascii") as file:
        file.write("[Fake]\nDriver=%s\n" % FAKE_DRIVER)

    def check(*arguments, **variables):
        return ends_in_time(world, run("--connect=Driver=Fake;Database=" + world.database, "--site=CEN",
                                       "--state-dir=" + world.state, "-t", TIMEOUT_S, *arguments, env=dict(world.env, **variables)))
    world.fake = check
    return world


@pytest.mark.parametrize("how, text", [("abort", "crashed (signal 6"), ("segv", "crashed (signal 11"),
                                       ("exit", "ended without a result"), ("hang", "timed out after 2 s")])
@pytest.mark.parametrize("step, words", [("connect", "connecting"), ("execute", "waiting for the answer"), ("fetch", "fetching")])
def test_a_driver_that_dies_or_hangs(fake, step, words, how, text):
    fake.fake().is_(CRITICAL)
    before = fake.remembered()
    fake.fake(FAKE_ABORT=step, FAKE_HOW=how).fails(text, words)
    assert fake.remembered() == before


def test_a_row_that_one_read_missed_is_read_once_more(fake):
    """The only row of a pair comes back before the n-th statement: whichever that is, the pair was sent."""
    lab = fake.lab
    lab.package("CEN00077", "Rewritten", 2)
    lab.target("CEN00077", "S02")
    lab.status("CEN00077", "S02", 2, 2, packages.DAY)
    lab.commit()
    before = fake.fake().value("never_sent")
    lab.db.execute("CREATE TABLE Kept AS SELECT * FROM PkgStatus WHERE ID = 'CEN00077'")
    put = "import sqlite3; db = sqlite3.connect('%s'); db.execute('INSERT INTO PkgStatus SELECT * FROM Kept'); db.commit()" % fake.database
    lab.db.execute("DELETE FROM PkgStatus WHERE ID = 'CEN00077'")
    lab.commit()
    statements = re.findall("^SQL of (.*?), [0-9]+ parameters:", fake.fake("-vvv").stderr.decode(), re.M)
    behind = len(statements) - 1 - statements.index("the packages that were never sent, once more")
    told = []
    for nth in range(1, 30):
        lab.db.execute("DELETE FROM PkgStatus WHERE ID = 'CEN00077'")
        lab.commit()
        answer = fake.fake(FAKE_ABORT="execute", FAKE_HOW="run", FAKE_NTH=str(nth), FAKE_COMMAND='/usr/bin/python3 -c "%s"' % put)
        told.append(answer.value("never_sent") - before)
        if lab.db.execute("SELECT COUNT(*) FROM PkgStatus WHERE ID = 'CEN00077'").fetchone()[0] == 0:
            break
    assert told == [0] * (nth - 1 - behind) + [1] * (behind + 1), (told, behind)


@pytest.mark.parametrize("how", ["abort", "segv", "exit", "hang"])
def test_a_driver_that_dies_at_disconnect_changes_nothing(fake, how):
    calm = fake.fake()
    answer = fake.fake(FAKE_ABORT="disconnect", FAKE_HOW=how)
    assert (answer.code, answer.verdict, answer.lines[1:]) == (CRITICAL, calm.verdict, calm.lines[1:])


def test_a_reader_that_is_gone_changes_no_exit_code(world):
    world.demo()
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([packages.PLUGIN] + world.arguments("-v"), env=world.env, cwd="/", stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert done.returncode == CRITICAL and done.stderr == b""


def test_closed_standard_streams(world):
    world.demo()
    command = " ".join("'%s'" % part for part in [packages.PLUGIN] + world.arguments())
    for closing in ("0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"):
        done = subprocess.run(["/bin/sh", "-c", "%s %s" % (command, closing)], env=world.env, cwd="/", stdout=subprocess.PIPE)
        assert done.returncode == CRITICAL, closing
        assert ("1>&-" in closing) == (done.stdout == b"")
    assert world.lab.query("PRAGMA integrity_check") == [("ok",)]


def test_a_killed_plugin_takes_its_worker_with_it(world):
    world.demo()
    with Server(world) as server:
        server.tds.rules([dict(QUERY, do="hang")])
        plugin = subprocess.Popen(
            [packages.PLUGIN, "--hostname=127.0.0.1", "--port=%d" % server.tds.port, "--database=SMS_CEN", "--user=probe",
             "--password-file=" + server.password_file, "--state-dir=" + world.state, "-t", "30"],
            env=dict(world.env, FREETDSCONF=server.freetds), cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert server.tds.wait_for("rule")
        assert packages.descendants(plugin.pid)
        plugin.kill()
        plugin.communicate(timeout=5)
        for _ in range(50):
            if not packages.processes_with(world.state):
                break
            time.sleep(0.02)
        assert packages.processes_with(world.state) == []
