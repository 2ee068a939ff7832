# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches, prepared statements, row counts, transactions, cancel: what FreeTDS sends in every version."""

import threading
import time

import pytest

from odbc_client import COMMIT, ROLLBACK, Connection, OdbcError
from tds_database import VERSIONS

DETAIL_SQL = "SELECT SiteCode FROM PkgStatus WHERE ID = ? AND Type = ? ORDER BY SiteCode"


def test_prepared_statement_runs_again(any_version, server):
    statement = any_version.statement().prepare(DETAIL_SQL)
    assert statement.run("CEN0000E", 1).rows() == [("S02",), ("S03",), ("S04",)]
    statement.close()
    assert statement.run("CEN0000F", 2).rows() == [("S02",)]
    statement.close()
    assert statement.run("none", 1).rows() == []
    statement.free()
    assert any_version.rows("SELECT 1") == [(1,)]
    used = {line["procedure"] for line in server.requests("rpc")}
    assert {"sp_prepexec", "sp_execute"} <= used


def test_columns_before_execute(any_version, server):
    statement = any_version.statement().prepare("SELECT SiteCode, PKID FROM PkgStatus WHERE ID = ?")
    assert [(name, kind) for name, kind, _ in statement.columns()] == [("SiteCode", -9), ("PKID", -5)]
    assert len(statement.run("CEN0000E").rows()) == 3
    statement.free()
    assert any(line["procedure"] == "sp_prepare" for line in server.requests("rpc"))


def test_prepared_with_an_error_then_used_again(any_version):
    statement = any_version.statement().prepare("SELECT 10 / ?")
    with pytest.raises(OdbcError) as caught:
        statement.run(0).rows()
    assert 8134 in caught.value.natives
    statement.free()
    assert any_version.rows("SELECT 10 / ?", 5) == [(2,)]


def test_row_count_of_changes(any_version):
    any_version.do("DELETE FROM Scratch")
    assert any_version.do("INSERT INTO Scratch (N, T) VALUES (?, ?)", 1, "a") == 1
    assert any_version.do("INSERT INTO Scratch (N, T) VALUES (2, 'b')") == 1
    assert any_version.do("UPDATE Scratch SET T = 'c'") == 2
    assert any_version.do("UPDATE Scratch SET T = ? WHERE N = ?", "d", 7) == 0
    assert any_version.do("DELETE FROM Scratch WHERE N < ?", 9) == 2


def test_no_count_sends_no_count(any_version):
    any_version.do("DELETE FROM Scratch INSERT INTO Scratch (N) VALUES (1)")
    any_version.do("SET NOCOUNT ON")
    assert any_version.do("UPDATE Scratch SET N = 2") == -1
    assert any_version.do("UPDATE Scratch SET N = ? WHERE N = 2", 3) == -1
    assert any_version.rows("SELECT N FROM Scratch") == [(3,)]
    any_version.do("SET NOCOUNT OFF")
    assert any_version.do("UPDATE Scratch SET N = 4") == 1


@pytest.mark.parametrize("sql, values, count", (
    ("SET NOCOUNT ON; UPDATE Scratch SET N = 5 WHERE N = ?; SELECT @@ROWCOUNT", (1,), 1),
    ("SET NOCOUNT ON UPDATE Scratch SET N = 5 WHERE N = 1 SELECT @@ROWCOUNT AS C", (), 1),
    ("SET NOCOUNT ON UPDATE Scratch SET N = 5 WHERE N = 9 SELECT @@ROWCOUNT", (), 0),
    ("SET NOCOUNT ON SELECT @@ROWCOUNT", (), 0),
))
def test_row_count_by_query(any_version, sql, values, count):
    any_version.do("DELETE FROM Scratch INSERT INTO Scratch (N) VALUES (1)")
    assert any_version.rows(sql, *values) == [(count,)]


def test_row_count_by_query_with_counts(any_version):
    any_version.do("DELETE FROM Scratch INSERT INTO Scratch (N) VALUES (1) INSERT INTO Scratch (N) VALUES (2)")
    statement = any_version.execute("UPDATE Scratch SET N = 5; SELECT @@ROWCOUNT")
    assert statement.row_count() == 2 and statement.columns() == []
    assert statement.more() and statement.rows() == [(2,)]
    assert not statement.more()
    statement.free()


def test_set_options_of_a_procedure_end_with_it(any_version):
    assert any_version.rows("SET NOCOUNT ON SELECT ?", 1) == [(1,)]
    any_version.do("DELETE FROM Scratch INSERT INTO Scratch (N) VALUES (1)")
    assert any_version.do("UPDATE Scratch SET N = 2") == 1


def test_more_results(any_version):
    statement = any_version.execute("SELECT 1 AS a; SELECT 2 AS b, N'x' AS c SELECT 3")
    assert statement.rows() == [(1,)] and statement.more()
    assert statement.rows() == [(2, "x")] and statement.more()
    assert statement.rows() == [(3,)] and not statement.more()
    statement.free()


def test_commit_and_rollback(any_version):
    any_version.do("DELETE FROM Scratch")
    any_version.autocommit(False)
    any_version.do("INSERT INTO Scratch (N) VALUES (?)", 1)
    assert any_version.rows("SELECT N, @@TRANCOUNT FROM Scratch") == [(1, 1)]
    any_version.end(ROLLBACK)
    assert any_version.rows("SELECT COUNT(*) FROM Scratch") == [(0,)]
    any_version.do("INSERT INTO Scratch (N) VALUES (2)")
    any_version.end(COMMIT)
    any_version.do("INSERT INTO Scratch (N) VALUES (3)")
    any_version.end(ROLLBACK)
    any_version.autocommit(True)
    assert any_version.rows("SELECT N, @@TRANCOUNT FROM Scratch") == [(2, 0)]


def test_transactions_as_the_version_sends_them(server):
    for version in VERSIONS:
        before = len(server.requests())
        with Connection(server.connect_string(tds=version)) as connection:
            connection.autocommit(False)
            connection.rows("SELECT 1")
            connection.end(COMMIT)
        events = {line["event"] for line in server.requests()[before:]}
        assert ("tm" in events) == (version > "7.1"), version


def test_transaction_by_statements(any_version):
    any_version.do("DELETE FROM Scratch")
    any_version.do("BEGIN TRANSACTION")
    any_version.do("INSERT INTO Scratch (N) VALUES (1)")
    any_version.do("IF @@TRANCOUNT > 0 ROLLBACK")
    any_version.do("BEGIN TRAN INSERT INTO Scratch (N) VALUES (2) COMMIT TRANSACTION")
    any_version.do("IF @@TRANCOUNT > 0 ROLLBACK")
    assert any_version.rows("SELECT N FROM Scratch") == [(2,)]


def test_connection_closed_in_a_transaction_rolls_back(start):
    server = start()
    for version in VERSIONS:
        with Connection(server.connect_string(tds=version)) as connection:
            connection.autocommit(False)
            connection.do("INSERT INTO Scratch (N) VALUES (1)")
        with Connection(server.connect_string()) as connection:
            assert connection.rows("SELECT COUNT(*) FROM Scratch") == [(0,)]


def test_print_and_mild_raiserror_are_information(any_version):
    for sql, text in (("PRINT 'printed'", "printed"), ("RAISERROR('mild', 5, 1)", "mild")):
        statement = any_version.execute(sql)
        assert any(text in record[2] for record in statement.info), sql
        statement.free()


def test_only_some_errors_end_the_batch(any_version):
    for sql, rows in (("RAISERROR('stop', 16, 1)", 1), ("SELECT * FROM nosuch", 0)):
        any_version.do("DELETE FROM Scratch")
        with pytest.raises(OdbcError):
            any_version.do(sql + " INSERT INTO Scratch (N) VALUES (1)")
        assert any_version.rows("SELECT COUNT(*) FROM Scratch") == [(rows,)], sql


def test_query_timeout_is_answered(server):
    with Connection(server.connect_string(tds="7.1")) as connection:
        statement = connection.statement()
        statement.timeout(1)
        begun = time.monotonic()
        with pytest.raises(OdbcError) as caught:
            statement.execute("WAITFOR DELAY '00:00:09'")
        assert "HYT00" in caught.value.states and time.monotonic() - begun < 1.8
        statement.free()
        assert connection.rows("SELECT 1") == [(1,)]


def test_cancel_of_a_working_query(server):
    """SQLite itself is stopped, not only the sending of rows."""
    with Connection(server.connect_string()) as connection:
        connection.do("IF OBJECT_ID('Many') IS NULL CREATE TABLE Many (N int)")
        connection.do("DELETE FROM Many INSERT INTO Many (N) VALUES (1)")
        for _ in range(11):
            connection.do("INSERT INTO Many (N) SELECT N FROM Many")
        statement = connection.statement()
        threading.Timer(0.3, statement.cancel).start()
        begun = time.monotonic()
        with pytest.raises(OdbcError):
            statement.execute("SELECT COUNT(*) FROM Many a, Many b, Many c")
            statement.rows()
        assert time.monotonic() - begun < 3
        statement.free()
        assert connection.rows("SELECT 1") == [(1,)]


def test_result_closed_early(any_version, server):
    any_version.do("IF OBJECT_ID('Wide') IS NULL CREATE TABLE Wide (T nvarchar(4000))")
    any_version.do("DELETE FROM Wide INSERT INTO Wide (T) SELECT REPLICATE(N'x', 4000)")
    for _ in range(8):
        any_version.do("INSERT INTO Wide (T) SELECT T FROM Wide")
    statement = any_version.execute("SELECT T FROM Wide")
    assert statement.fetch()
    statement.free()
    assert any_version.rows("SELECT 1") == [(1,)]
    assert server.requests("attention")


def test_many_clients_at_once(start):
    server, failures = start(), []

    def work(number):
        try:
            with Connection(server.connect_string(tds=VERSIONS[number % 4])) as connection:
                for turn in range(10):
                    assert len(connection.rows("SELECT * FROM PkgStatus WHERE PKID > ?", 1)) == 3
                    assert connection.do("INSERT INTO Scratch (N) VALUES (?)", number * 100 + turn) == 1
        except Exception as error:
            failures.append(error)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with Connection(server.connect_string()) as connection:
        assert connection.rows("SELECT COUNT(*), COUNT(DISTINCT N) FROM Scratch") == [(80, 80)]
