# SPDX-License-Identifier: GPL-3.0-or-later
"""The T-SQL that is understood, and what is refused as SQL Server refuses it."""

import pytest

from odbc_client import Connection, OdbcError

VALUES = (
    ("SELECT 1", 1),
    ("select 7 / 2", 3),
    ("SELECT -7 / 2", -3),
    ("SELECT 7 % 4", 3),
    ("SELECT 'a' + 'b' + N'c'", "abc"),
    ("SELECT CASE WHEN 'ABC' = 'abc' THEN 1 ELSE 0 END", 1),
    ("SELECT CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", "two"),
    ("SELECT COUNT(*) FROM PkgStatus WITH (NOLOCK)", 4),
    ("SELECT COUNT(*) FROM PkgStatus (NOLOCK) WHERE Type = 1", 3),
    ("SELECT COUNT(*) FROM [dbo].[PkgStatus] AS [p] WHERE [p].[Type] = 1", 3),
    ("SELECT COUNT(*) FROM dbo.PkgStatus p, Packages q WHERE p.ID = q.PkgID", 4),
    ("SELECT COUNT(*) FROM SMS_CEN.dbo.PkgStatus", 4),
    ("SELECT COUNT(*) FROM SMS_CEN..PkgStatus", 4),
    ("SELECT COUNT(*) FROM PkgStatus WHERE ID = N'cen0000e'", 3),
    ("SELECT COUNT(*) FROM PkgStatus WHERE ID IN ('cen0000e', 'x')", 3),
    ("SELECT COUNT(*) FROM PkgStatus WHERE ID NOT IN (SELECT PkgID FROM Packages WHERE SourceVersion = 3)", 1),
    ("SELECT COUNT(*) FROM PkgStatus WHERE NOT (Status = 1 OR Status IS NULL)", 2),
    ("SELECT COUNT(*) FROM PkgStatus WHERE Status BETWEEN 1 AND 2", 2),
    ("SELECT COUNT(*) FROM PkgStatus WHERE SiteCode LIKE 's0[34]'", 2),
    ("SELECT COUNT(*) FROM PkgStatus WHERE SiteCode LIKE N'S0%' ESCAPE '!'", 4),
    ("SELECT COUNT(*) FROM PkgStatus WHERE UpdateTime >= '20261119'", 2),
    ("SELECT COUNT(*) FROM PkgStatus WHERE UpdateTime = '2026-11-19T10:00:00.003'", 1),
    ("SELECT COUNT(*) FROM Packages p WHERE EXISTS (SELECT * FROM PkgStatus s WHERE s.ID = p.PkgID)", 2),
    ("SELECT COUNT(DISTINCT ID) FROM PkgStatus", 2),
    ("SELECT SUM(CASE WHEN Status <> 0 AND SourceVersion > 0 THEN 1 ELSE 0 END) FROM PkgStatus", 2),
    ("SELECT MAX(x.n) FROM (SELECT ID, COUNT(*) AS n FROM PkgStatus GROUP BY ID HAVING COUNT(*) > 1) x", 3),
    ("SELECT TOP 1 ID FROM PkgStatus ORDER BY PKID DESC", "CEN0000F"),
    ("SELECT TOP (1) SiteCode AS S FROM PkgStatus WHERE Type = 1 ORDER BY S DESC", "S04"),
    ("SELECT MAX(n) FROM (SELECT TOP 2 PKID AS n FROM PkgStatus ORDER BY PKID) t", 2),
    ("SELECT COALESCE(NULL, NULL, 3)", 3),
    ("SELECT ISNULL(Status, -1) FROM PkgStatus WHERE SiteCode = 'S04'", -1),
    ("SELECT NULLIF(1, 1)", None),
    ("SELECT UPPER(LEFT('abcd', 2)) + RIGHT('abcd', 1)", "ABd"),
    ("SELECT SUBSTRING('abcd', 2, 2)", "bc"),
    ("SELECT CHARINDEX('C', 'abcd')", 3),
    ("SELECT LTRIM(RTRIM('  x  '))", "x"),
    ("SELECT REPLACE('a-b', '-', '+')", "a+b"),
    ("SELECT LEN('ab  ')", 2),
    ("SELECT DATALENGTH(N'ab')", 4),
    ("SELECT CONVERT(varchar(10), 12)", "12"),
    ("SELECT CAST('17' AS int)", 17),
    ("SELECT CAST(2.9 AS int)", 2),
    ("SELECT CONVERT(nvarchar(3), N'abcdef')", "abc"),
    ("SELECT CONVERT(char(10), UpdateTime, 120) FROM PkgStatus WHERE PKID = 1", "2026-11-19"),
    ("SELECT DATEDIFF(hour, '2026-11-19 10:59', '2026-11-19 12:01')", 2),
    ("SELECT DATEDIFF(day, UpdateTime, '2026-11-21') FROM PkgStatus WHERE PKID = 1", 2),
    ("SELECT CONVERT(char(19), DATEADD(hh, -1, '2026-01-01'), 120)", "2025-12-31 23:00:00"),
    ("SELECT CONVERT(char(10), CONVERT(datetime, '2026-11-19') - 1, 120)", "2026-11-18"),
    ("SELECT CASE WHEN ABS(DATEDIFF(second, GETUTCDATE(), GETDATE())) < 2 THEN 1 ELSE 0 END", 1),
    ("SELECT COL_LENGTH('PkgStatus', 'PKID')", 8),
    ("SELECT COL_LENGTH('dbo.PkgStatus', 'id')", 16),
    ("SELECT COL_LENGTH(N'PkgStatus', N'Nothing')", None),
    ("SELECT COL_LENGTH('Nothing', 'PKID')", None),
    ("SELECT CASE WHEN OBJECT_ID('dbo.v_Package') IS NULL THEN 0 ELSE 1 END", 1),
    ("SELECT OBJECT_ID('nothing')", None),
    ("SELECT DB_NAME()", "SMS_CEN"),
    ("SELECT SUSER_SNAME()", "probe"),
    ("SELECT HAS_DBACCESS('SMS_CEN')", 1),
    ("SELECT SERVERPROPERTY('ProductVersion')", "15.0.2000.5"),
    ("SELECT LEFT(@@VERSION, 20)", "Microsoft SQL Server"),
    ("SELECT @@TRANCOUNT", 0),
    ("SELECT p.Name FROM PkgStatus s RIGHT JOIN Packages p ON p.PkgID = s.ID WHERE s.ID IS NULL", "Visio"),
    ("SELECT COUNT(*) FROM PkgStatus s INNER JOIN Packages p ON p.PkgID = s.ID LEFT OUTER JOIN Packages q"
     " ON q.PkgID = s.ID", 4),
    ("SELECT (SELECT MAX(SourceVersion) FROM PkgStatus s WHERE s.ID = p.PkgID) FROM Packages p"
     " WHERE p.PkgID = 'CEN0000F'", 7),
    ("SELECT 'it''s' -- comment\n", "it's"),
    ("/* comment */ SELECT N'[x]' + '\"'", "[x]\""),
    ("SET NOCOUNT ON SELECT 5 SET NOCOUNT OFF", 5),
    ("SET NOCOUNT ON\nSET LOCK_TIMEOUT 5000\nSET DEADLOCK_PRIORITY LOW\n"
     "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED\nSELECT @@LOCK_TIMEOUT", 5000),
    ("DECLARE @x int, @y nvarchar(9) SET @x = 3 SELECT @y = N'a' IF @x > 2 SELECT @y ELSE SELECT 'b'", "a"),
    ("IF EXISTS (SELECT 1 FROM PkgStatus WHERE Type = 9) SELECT 'yes' ELSE BEGIN SELECT 'no' END", "no"),
    ("IF COL_LENGTH('PkgStatus', 'PKID') IS NOT NULL SELECT 1", 1),
    ("SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'pkgstatus'", 8),
    ("SELECT DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'PkgStatus' AND COLUMN_NAME = 'PKID'",
     "bigint"),
)

ERRORS = (
    ("SELECT * FROM nosuch", 208),
    ("SELECT * FROM other.dbo.PkgStatus", 208),
    ("SELECT * FROM sqlite_schema", 208),
    ("SELECT Nothing FROM PkgStatus", 207),
    ("SELECT \"text\" FROM PkgStatus", 207),
    ("SELECT x.ID FROM PkgStatus p", 4104),
    ("SELECT ID FROM PkgStatus a, PkgStatus b", 209),
    ("SELECT 1 FROM PkgStatus, PkgStatus", 1013),
    ("SELECT ID, Status FROM PkgStatus GROUP BY ID", 8120),
    ("SELECT ID, COUNT(*) FROM PkgStatus", 8120),
    ("SELECT ID FROM PkgStatus WHERE COUNT(*) > 1", 147),
    ("SELECT * FROM (SELECT COUNT(*) FROM PkgStatus) t", 8155),
    ("SELECT * FROM (SELECT ID FROM PkgStatus ORDER BY ID) t", 1033),
    ("SELECT * FROM (SELECT ID FROM PkgStatus)", 102),
    ("SELECT FROM PkgStatus", 156),
    ("SELECT ID FROM PkgStatus WHERE", 102),
    ("SELECT ID FROM PkgStatus LIMIT 1", 102),
    ("SELECT 'a' || 'b'", 102),
    ("SELECT 'unclosed", 105),
    ("SELECT IFNULL(1, 2)", 195),
    ("SELECT STRFTIME('%s', 'now')", 195),
    ("SELECT 1 WHERE 1", 4145),
    ("SELECT 1 / 0", 8134),
    ("SELECT CAST('x' AS int)", 245),
    ("SELECT CONVERT(datetime, 'yesterday', 121)", 241),
    ("SELECT CONVERT(datetime, '2026-13-01', 121)", 242),
    ("SELECT 2147483647 + 1", 8115),
    ("SELECT @nothing", 137),
    ("SELECT 1 UNION SELECT 1, 2", 205),
    ("WITH x AS (SELECT 1 AS a) SELECT a FROM x", 156),
    ("frobnicate 1", 2812),
    ("COMMIT TRANSACTION", 3902),
    ("ROLLBACK", 3903),
    ("USE Nowhere", 911),
    ("INSERT INTO Scratch (N) VALUES (1, 2)", 213),
    ("UPDATE nosuch SET a = 1", 208),
    ("UPDATE Scratch SET Nothing = 1", 207),
    ("UPDATE v_Package SET Name = 'x'", 4406),
    ("RAISERROR('mine', 16, 1)", 50000),
)


@pytest.mark.parametrize("sql, expected", VALUES, ids=[sql for sql, _ in VALUES])
def test_value(connection, sql, expected):
    statement = connection.execute(sql)
    while not statement.columns():
        assert statement.more(), sql
    assert statement.rows()[0] == (expected,), sql
    statement.free()


@pytest.mark.parametrize("sql, number", ERRORS, ids=[sql for sql, _ in ERRORS])
def test_error(connection, sql, number):
    with pytest.raises(OdbcError) as caught:
        connection.rows(sql)
    assert number in caught.value.natives, (sql, caught.value)
    assert connection.rows("SELECT 1") == [(1,)], "the connection stays usable"


def test_syntax_error_runs_nothing_of_the_batch(connection):
    connection.do("DELETE FROM Scratch")
    with pytest.raises(OdbcError):
        connection.do("INSERT INTO Scratch (N) VALUES (1); SELEC 1 FROM FROM")
    assert connection.rows("SELECT COUNT(*) FROM Scratch") == [(0,)]


def test_star_and_order(connection):
    statement = connection.execute("SELECT s.*, p.Name FROM PkgStatus s JOIN Packages p ON p.PkgID = s.ID"
                                   " ORDER BY p.Name DESC, s.SiteCode DESC")
    assert [name for name, _, _ in statement.columns()] == [
        "ID", "Type", "SiteCode", "PkgServer", "Status", "SourceVersion", "UpdateTime", "PKID", "Name"]
    assert [row[7] for row in statement.rows()] == [4, 3, 2, 1]
    statement.free()


def test_update_from_and_delete_from(server):
    with Connection(server.connect_string()) as connection:
        changes(connection)


def changes(connection):
    connection.do("DELETE FROM Scratch")
    for number in range(4):
        connection.do("INSERT INTO Scratch (N, T) VALUES (?, ?)", number, "CEN0000E" if number % 2 else "other")
    assert connection.do("UPDATE s SET T = N'x' FROM Scratch s JOIN Packages p ON p.PkgID = s.T WHERE s.N > 0") == 2
    assert connection.do("DELETE FROM Scratch WHERE T = 'X'") == 2
    assert connection.do("INSERT INTO Scratch (N, T) SELECT SourceVersion, Name FROM Packages") == 3
    assert connection.rows("SELECT COUNT(*) FROM Scratch") == [(5,)]


def test_getdate_has_the_servers_zone(start):
    server = start(utc_offset=120)
    with Connection(server.connect_string()) as connection:
        statement = connection.execute("SELECT GETDATE(), DATEDIFF(minute, GETUTCDATE(), GETDATE())")
        assert statement.columns()[0][1] == 93
        assert statement.rows()[0][1] == 120
        statement.free()


def test_null_warning_is_information(start):
    server = start(null_warning=True)
    with Connection(server.connect_string(tds="7.1")) as connection:
        statement = connection.execute("SELECT MAX(Status) FROM PkgStatus")
        assert [record[:2] for record in statement.info] == [("01003", 8153)]
        assert statement.rows() == [(2,)]
        statement.free()
