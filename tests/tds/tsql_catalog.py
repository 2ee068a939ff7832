# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables and views of the SQLite file as SQL Server would know them."""

from typing import NamedTuple

import tds_types as types
from tds_errors import SqlError

INFORMATION_SCHEMA = {
    "tables": ("SELECT 'dbo' AS TABLE_SCHEMA, name COLLATE NOCASE AS TABLE_NAME,"
               " CASE type WHEN 'view' THEN 'VIEW' ELSE 'BASE TABLE' END AS TABLE_TYPE FROM sqlite_schema"
               " WHERE type IN ('table', 'view') AND substr(name, 1, 1) <> '_' AND name NOT LIKE 'sqlite%'",
               (("TABLE_SCHEMA", types.nvarchar(128)), ("TABLE_NAME", types.nvarchar(128)),
                ("TABLE_TYPE", types.SqlType("varchar", 10)))),
    "columns": ("SELECT 'dbo' AS TABLE_SCHEMA, m.name COLLATE NOCASE AS TABLE_NAME,"
                " p.name COLLATE NOCASE AS COLUMN_NAME,"
                " p.cid + 1 AS ORDINAL_POSITION, lower(CASE WHEN instr(p.type, '(') THEN"
                " substr(p.type, 1, instr(p.type, '(') - 1) ELSE p.type END) AS DATA_TYPE"
                " FROM sqlite_schema m, pragma_table_info(m.name) p WHERE m.type IN ('table', 'view')"
                " AND substr(m.name, 1, 1) <> '_' AND m.name NOT LIKE 'sqlite%'",
                (("TABLE_SCHEMA", types.nvarchar(128)), ("TABLE_NAME", types.nvarchar(128)),
                 ("COLUMN_NAME", types.nvarchar(128)), ("ORDINAL_POSITION", types.INT),
                 ("DATA_TYPE", types.nvarchar(128)))),
}


class Relation(NamedTuple):
    name: str
    sql: str             # what stands for it in FROM
    columns: tuple       # ((name, SqlType), ...)
    identity: int


class Catalog:
    """execute(sql) waits for locks; bind_view(sql) gives the columns of a view's SELECT, None where it is no T-SQL."""

    def __init__(self, execute, database, bind_view, hidden=()):
        self.execute, self.database, self.bind_view = execute, database, bind_view
        self.hidden = {name.casefold() for name in hidden}
        self.version, self.relations = None, {}

    def refresh(self):
        """Other sessions may have changed the schema; SQLite counts the changes."""
        version = self.execute("PRAGMA schema_version").fetchone()[0]
        if version != self.version:
            self.version, self.relations = version, {}
            self.names = {name.casefold(): (name, kind, sql, number) for number, (name, kind, sql) in enumerate(
                self.execute("SELECT name, type, sql FROM sqlite_schema WHERE type IN ('table', 'view')"
                                " AND substr(name, 1, 1) <> '_' AND name NOT LIKE 'sqlite%'"))}

    def find(self, parts):
        """The relation that a name means, or None."""
        name, folded = parts[-1], parts[-1].casefold()
        if len(parts) > 2 and parts[0].casefold() != self.database.casefold():
            return None
        schema = parts[-2].casefold() if len(parts) > 1 else "dbo"
        if schema == "information_schema" and folded in INFORMATION_SCHEMA:
            sql, columns = INFORMATION_SCHEMA[folded]
            return Relation(name, f"({sql})", columns, -1)
        if schema != "dbo" or folded not in self.names:
            return None
        if folded not in self.relations:
            self.relations[folded] = self._read(*self.names[folded])
        return self.relations[folded]

    def _read(self, name, kind, sql, number):
        quoted = quote(name)
        rows = self.execute(f"PRAGMA table_info({quoted})").fetchall()
        columns = tuple((row[1], types.declared(row[2])) for row in rows)
        # Only a view's plain columns have a declared type; its expressions get theirs by binding its text.
        if kind == "view" and any(not row[2] for row in rows):
            bound = self.bind_view(sql)
            if bound and len(bound) == len(columns):
                columns = tuple((column, derived if not row[2] else known)
                                for (column, known), (_, derived), row in zip(columns, bound, rows))
        return Relation(name, quoted, columns, 1000 + number)

    def need(self, parts):
        found = self.find(parts)
        if found is None:
            raise SqlError(208, f"Invalid object name '{'.'.join(parts)}'.")
        return found

    def visible(self, text):
        """For OBJECT_ID and COL_LENGTH: no metadata of objects that the login has no right on."""
        parts = [part.strip("[]\"") for part in str(text).split(".")]
        found = self.find([part or "dbo" for part in parts])
        return None if found is None or found.name.casefold() in self.hidden else found

    def object_id(self, text):
        found = None if text is None else self.visible(text)
        return found.identity if found else None

    def column_length(self, table, column):
        found = None if table is None or column is None else self.visible(table)
        for name, kind in found.columns if found else ():
            if name.casefold() == str(column).strip("[]").casefold():
                return types.storage_bytes(kind)
        return None


def quote(name):
    return '"' + name.replace('"', '""') + '"'
