#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private ODBC directory, so that a test does not depend on the machine's odbcinst.ini."""

import glob
import os
import sys

DRIVERS = (("SQLite3", "libsqlite3odbc.so"), ("FreeTDS", "libtdsodbc.so"))


def driver_path(library):
    """The driver's full path, or None where it is not installed."""
    for pattern in ("/usr/lib/*/odbc/", "/usr/lib/*/", "/usr/lib/odbc/"):
        found = sorted(glob.glob(pattern + library))
        if found:
            return found[0]
    return None


def environment(directory, dsns=None):
    """Fills the directory and returns the variables to add to a program's environment.

    dsns: {name: {key: value}} for odbc.ini. A driver that is not installed gets no entry.
    """
    os.makedirs(directory, exist_ok=True)
    directory = os.path.abspath(directory)
    lines = []
    for name, library in DRIVERS:
        path = driver_path(library)
        if path is not None:
            lines += [f"[{name}]", f"Description = {name}", f"Driver = {path}", ""]
    with open(os.path.join(directory, "odbcinst.ini"), "w", encoding="utf-8") as out:
        out.write("\n".join(lines))
    lines = []
    for name, keys in (dsns or {}).items():
        lines += [f"[{name}]"] + [f"{key} = {value}" for key, value in keys.items()] + [""]
    user_ini = os.path.join(directory, "odbc.ini")
    with open(user_ini, "w", encoding="utf-8") as out:
        out.write("\n".join(lines))
    return {"ODBCSYSINI": directory, "ODBCINI": user_ini}


def connect_string(database):
    """The connection string of a lab database, for `--connect`."""
    return f"Driver=SQLite3;Database={os.path.abspath(database)}"


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("usage: odbc.py DIRECTORY", file=sys.stderr)
        return 3
    for name, value in environment(sys.argv[1]).items():
        print(f"export {name}='{value}'")
    return 0


if __name__ == "__main__":
    sys.exit(main())
