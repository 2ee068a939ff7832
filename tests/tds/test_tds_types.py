# SPDX-License-Identifier: GPL-3.0-or-later
"""Columns have their declared types and values survive, in every TDS version."""

import datetime
import sqlite3

import pytest

from odbc_client import Connection
from tds_database import VERSIONS

# expression of Kinds, ODBC type, size (None: not looked at), values of the three rows in order of Id
COLUMNS = (
    ("Id", 4, 10, [None, -2147483648, 1]),
    ("Big", -5, 19, [None, -9223372036854775808, 72057594037927937]),
    ("Small", 5, 5, [None, 32767, -32768]),
    ("Tiny", -6, 3, [None, 0, 255]),
    ("Flag", -7, 1, [None, 0, 1]),
    ("Real8", 8, 53, [None, -0.5, 1.25]),
    ("Money2", 2, 10, [None, "-0.01", "12345.67"]),
    ("Name", -9, 20, [None, "", "Öl €😀"]),
    ("Plain", 12, 20, [None, "", "täxt"]),
    ("Code", 1, 5, [None, "", "ab"]),
    ("Long", None, None, [None, "", "lang"]),
    ("At", 93, 23, [None, "1970-04-10 06:35:00.000", "2026-11-23 01:02:03.123"]),
    ("COALESCE(Name, N'none')", -9, 20, ["none", "", "Öl €😀"]),
    ("CASE WHEN Id IS NULL THEN -1 ELSE Tiny END", 4, 10, [-1, 0, 255]),
    ("Id - Big", -5, 19, [None, 9223372034707292160, -72057594037927936]),
    ("CONVERT(char(23), At, 121)", 1, 23, [None, "1970-04-10 06:35:00.000", "2026-11-23 01:02:03.123"]),
    ("CONVERT(datetime, '2026-11-23 10:20:30.457', 121)", 93, 23, ["2026-11-23 10:20:30.457"] * 3),
    ("N'a' + Name", -9, 21, [None, "a", "aÖl €😀"]),
    ("LEN(Name)", 4, 10, [None, 0, 6]),
    ("NULL", 4, 10, [None] * 3),
    ("'x'", 12, 1, ["x"] * 3),
    ("5000000000", -5, 19, [5000000000] * 3),
)


@pytest.mark.parametrize("expression, kind, size, values", COLUMNS, ids=[row[0] for row in COLUMNS])
def test_type_and_values(any_version, expression, kind, size, values):
    statement = any_version.execute(f"SELECT {expression} AS x FROM Kinds ORDER BY Id")
    [(name, found, width)] = statement.columns()
    assert name == "x"
    assert kind is None or (found, width) == (kind, size), (expression, any_version.version)
    assert [row[0] for row in statement.rows()] == values, (expression, any_version.version)
    statement.free()


def test_empty_results_have_types_too(any_version):
    statement = any_version.execute("SELECT Id, Big, Name, At, MAX(At) AS Last, COUNT(*) AS C FROM Kinds WHERE 1 = 0"
                                    " GROUP BY Id, Big, Name, At")
    assert [(kind, size) for _, kind, size in statement.columns()] == [
        (4, 10), (-5, 19), (-9, 20), (93, 23), (93, 23), (4, 10)]
    assert statement.rows() == []
    statement.free()


def test_aggregates_have_types(any_version):
    statement = any_version.execute("SELECT COUNT(*), COUNT_BIG(*), SUM(Tiny), SUM(Big - Big), MAX(Name), MIN(At),"
                                    " AVG(Tiny) FROM Kinds")
    assert [kind for _, kind, _ in statement.columns()] == [4, -5, 4, -5, -9, 93, 4]
    assert statement.rows() == [(3, 3, 255, 0, "Öl €😀", "1970-04-10 06:35:00.000", 127)]
    statement.free()


def test_types_pass_views_derived_tables_and_unions(any_version):
    statement = any_version.execute(
        "SELECT v.PackageID, v.NextVersion, d.Last FROM v_Package v JOIN (SELECT ID, MAX(UpdateTime) AS Last FROM"
        " PkgStatus GROUP BY ID) d ON d.ID = v.PackageID WHERE v.PackageID = 'cen0000f'"
        " UNION ALL SELECT NULL, 5000000000, NULL")
    assert [kind for _, kind, _ in statement.columns()] == [-9, -5, 93]
    assert statement.rows() == [("CEN0000F", 8, "2026-11-18 10:00:00.000"), (None, 5000000000, None)]
    statement.free()


PARAMETERS = (1, -2 ** 31, 5000000000, 1.5, "täxt €😀", "", "x" * 4000, None,
              datetime.datetime(2026, 11, 23, 1, 2, 3, 123000))


@pytest.mark.parametrize("value", PARAMETERS, ids=lambda value: repr(value)[:20])
def test_parameter_comes_back(any_version, value):
    expected = value
    if isinstance(value, datetime.datetime):
        expected = "2026-11-23 01:02:03.123"
    [(found,)] = any_version.rows("SELECT ? AS x", value)
    if isinstance(value, datetime.datetime):
        found = found[:23]      # datetime2 has seven digits
    assert found == expected


def test_long_texts(any_version):
    text = "ä€" * 6000
    any_version.do("CREATE TABLE Long" + any_version.version[-1] + " (T nvarchar(max))")
    any_version.do(f"INSERT INTO Long{any_version.version[-1]} (T) VALUES (?)", text)
    assert any_version.rows(f"SELECT T FROM Long{any_version.version[-1]}") == [(text,)]


def test_unpaired_surrogates_go_both_ways(start, database):
    """In SQLite such a text is a BLOB of UTF-16LE: no valid text can hold it."""
    dirty = "a\ud800b"
    db = sqlite3.connect(database)
    db.execute("UPDATE Packages SET Name = ? WHERE PkgID = 'CEN0000E'", (dirty.encode("utf-16-le", "surrogatepass"),))
    db.commit()
    db.close()
    server = start()
    for version in VERSIONS:
        with Connection(server.connect_string(tds=version)) as connection:
            assert connection.rows("SELECT Name, COALESCE(Name, N'') FROM Packages WHERE Name = ?", dirty) == [
                (dirty, dirty)]


def test_datetime_is_rounded_to_a_300th(any_version):
    any_version.do("DELETE FROM Scratch")
    for number, fraction in enumerate(("000", "001", "002", "004", "005", "008", "009", "999")):
        any_version.do(f"INSERT INTO Scratch (N, D) VALUES ({number}, '2026-01-01 00:00:00.{fraction}')")
    rows = any_version.rows("SELECT D, CONVERT(char(23), D, 121) FROM Scratch ORDER BY N")
    assert [row[0][-3:] for row in rows[:-1]] == ["000", "000", "003", "003", "007", "007", "010"]
    assert rows[-1][0] == "2026-01-01 00:00:01.000"
    assert all(date == text for date, text in rows)


def test_datetime2_parameter_is_not_the_datetime_it_was_read_as(server, any_version):
    """From TDS 7.3 on timestamps are sent as datetime2; SQL Server 2016 compares all digits."""
    moment = datetime.datetime(2026, 11, 19, 10, 0, 0, 3000)
    found = any_version.rows("SELECT SiteCode FROM PkgStatus WHERE UpdateTime = ?", moment)
    assert found == ([("S02",)] if any_version.version < "7.3" else [])
    whole = datetime.datetime(2026, 11, 19, 10)
    assert any_version.rows("SELECT SiteCode FROM PkgStatus WHERE UpdateTime = ?", whole) == [("S03",)]
    text = "2026-11-19 10:00:00.003"
    assert any_version.rows("SELECT SiteCode FROM PkgStatus WHERE CONVERT(char(23), UpdateTime, 121) = ?",
                            text) == [("S02",)]


def test_datetime2_before_2016(start):
    server = start(server_version="11.0.2100.60")
    with Connection(server.connect_string(tds="7.4")) as connection:
        moment = datetime.datetime(2026, 11, 19, 10, 0, 0, 3000)
        assert connection.rows("SELECT SiteCode FROM PkgStatus WHERE UpdateTime = ?", moment) == [("S02",)]
