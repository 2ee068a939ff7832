# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a lab database as T-SQL that SQL Server 2000 takes: no multi-row VALUES, no later types."""

import sitedb_schema as schema


def literal(value, kind):
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return "0x" + value.hex().upper()
    if kind == "datetime":
        # Only the form with T is read alike under every language and DATEFORMAT.
        return f"'{value.replace(' ', 'T')}'"
    if kind.startswith("nvarchar"):
        return "N'" + str(value).replace("'", "''") + "'"
    return str(value)


def dump(lab, out, views=True, rows_per_batch=200):
    """views=False writes the views as tables, for servers that know no CREATE VIEW."""
    tables = schema.columns(lab.product, lab.without)
    present = schema.views(lab.product, lab.without)
    kinds = {table: list(spec) for table, spec in tables.items()}
    if not views:
        for view, (table, spec) in present.items():
            types = dict(tables[table])
            kinds[view] = [(name, types[source]) for name, source in spec]
    out.write("SET NOCOUNT ON\nGO\n")
    for table, spec in kinds.items():
        out.write(f"CREATE TABLE {table} (\n    "
                  + ",\n    ".join(f"{name} {kind} NULL" for name, kind in spec) + "\n)\nGO\n")
    for table, spec in kinds.items():
        head = f"INSERT INTO {table} ({', '.join(name for name, _ in spec)}) VALUES ("
        rows = lab.db.execute(f"SELECT {', '.join(name for name, _ in spec)} FROM {table}")
        count = 0
        for count, row in enumerate(rows, 1):
            out.write(head + ", ".join(literal(value, kind)
                                       for value, (_, kind) in zip(row, spec)) + ")\n")
            if count % rows_per_batch == 0:
                out.write("GO\n")
        if count % rows_per_batch:
            out.write("GO\n")
    for name, table, parts, unique in schema.INDEXES:
        if set(parts) <= {column for column, _ in tables.get(table, ())}:
            out.write(f"CREATE {'UNIQUE ' if unique else ''}INDEX {name}"
                      f" ON {table} ({', '.join(parts)})\n")
    out.write("GO\n")
    if views:
        for view, (table, spec) in present.items():
            parts = ", ".join(f"{source} AS {name}" for name, source in spec)
            out.write(f"CREATE VIEW {view} AS SELECT {parts} FROM {table}\nGO\n")
