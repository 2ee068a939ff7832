# SPDX-License-Identifier: GPL-3.0-or-later
"""A large result costs the server no memory."""

import sqlite3
import threading

from odbc_client import Connection

ROWS = 300000


def test_300000_rows(start, database):
    db = sqlite3.connect(database)
    db.execute("CREATE TABLE Large (Id int, ID2 nvarchar(8) COLLATE NOCASE, UpdateTime datetime)")
    db.executemany("INSERT INTO Large VALUES (?, ?, '2026-11-19 10:00:00.000')",
                   ((number, f"CEN{number:05X}") for number in range(ROWS)))
    db.commit()
    db.close()
    server = start()
    with Connection(server.connect_string(tds="7.1")) as connection:
        connection.rows("SELECT COUNT(*) FROM Large")
        before = server.memory_kb("VmHWM")
        statement = connection.execute("SELECT Id, ID2, UpdateTime FROM Large")
        count = 0
        while statement.fetch():
            count += 1
        statement.free()
        assert count == ROWS
        assert server.memory_kb("VmHWM") - before < 8000, "kB more at the peak"


def test_slow_reader_and_another_client(start, database):
    """A client that stops reading in the middle of a large result holds nobody up."""
    server = start()
    with Connection(server.connect_string()) as slow, Connection(server.connect_string()) as other:
        other.do("CREATE TABLE Wide (T nvarchar(4000))")
        other.do("INSERT INTO Wide (T) SELECT REPLICATE(N'x', 4000)")
        for _ in range(10):
            other.do("INSERT INTO Wide (T) SELECT T FROM Wide")
        statement = slow.execute("SELECT T FROM Wide")
        assert statement.fetch()
        done = []
        worker = threading.Thread(target=lambda: done.append(other.rows("SELECT COUNT(*) FROM Wide")))
        worker.start()
        worker.join(5)
        assert done == [[(1024,)]]
        count = 1
        while statement.fetch():
            count += 1
        assert count == 1024
        statement.free()
