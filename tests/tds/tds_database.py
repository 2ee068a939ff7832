# SPDX-License-Identifier: GPL-3.0-or-later
"""The small database of the tests, and the TDS versions that they try."""

import sqlite3

VERSIONS = ("7.1", "7.2", "7.3", "7.4")

SCHEMA = """
CREATE TABLE Kinds (Id int, Big bigint, Small smallint, Tiny tinyint, Flag bit, Real8 float, Money2 decimal(10,2),
    Name nvarchar(20) COLLATE NOCASE, Plain varchar(20), Code char(5), Long [nvarchar(max)], At datetime, Blob image);
INSERT INTO Kinds VALUES (1, 72057594037927937, -32768, 255, 1, 1.25, 12345.67, 'Öl €😀', 'täxt', 'ab', 'lang',
    '2026-11-23 01:02:03.123', X'0001ff');
INSERT INTO Kinds VALUES (-2147483648, -9223372036854775808, 32767, 0, 0, -0.5, -0.01, '', '', '', '',
    '1970-04-10 06:35:00.000', X'');
INSERT INTO Kinds VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE PkgStatus (ID nvarchar(8) COLLATE NOCASE, Type int, SiteCode nvarchar(3) COLLATE NOCASE,
    PkgServer nvarchar(255), Status int, SourceVersion int, UpdateTime datetime, PKID bigint);
INSERT INTO PkgStatus VALUES ('CEN0000E', 1, 'S02', 'S021', 1, 3, '2026-11-19 10:00:00.003', 1);
INSERT INTO PkgStatus VALUES ('CEN0000E', 1, 'S03', 'S031', 2, 3, '2026-11-19 10:00:00.000', 2);
INSERT INTO PkgStatus VALUES ('CEN0000E', 1, 'S04', 'S041', NULL, 2, NULL, 3);
INSERT INTO PkgStatus VALUES ('CEN0000F', 2, 'S02', 'dp', 0, 7, '2026-11-18 10:00:00.000', 4);
CREATE TABLE Packages (PkgID nvarchar(8) COLLATE NOCASE, Name nvarchar(50) COLLATE NOCASE, SourceVersion int);
INSERT INTO Packages VALUES ('CEN0000E', 'Office', 3), ('CEN0000F', 'Reader', 7), ('CEN00010', 'Visio', 1);
CREATE VIEW v_Package AS SELECT PkgID AS PackageID, Name, SourceVersion + 1 AS NextVersion FROM Packages;
CREATE TABLE Scratch (N int, T nvarchar(40) COLLATE NOCASE, D datetime);
"""


def make_database(path, journal="DELETE"):
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA journal_mode={journal}")
    db.executescript(SCHEMA)
    db.close()
    return path
