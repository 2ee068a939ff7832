#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every bound of speed and memory, as ratios to a floor or to peers measured in the same run.

usage: bench.py BUILD [PART ...]
PART is "despool", "inbox" or "database"; without one, all.
"""
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
for room in ("lab", "tds"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), room))
sys.path.insert(0, HERE)

import bench_database
import bench_despool
import bench_inbox
import measure

PARTS = {"despool": bench_despool, "inbox": bench_inbox, "database": bench_database}


def main():
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(PARTS):
        raise SystemExit(__doc__)
    build = os.path.abspath(sys.argv[1])
    folder = tempfile.mkdtemp(prefix="sms-bench-")
    table = measure.Table()
    try:
        for part in sys.argv[2:] or PARTS:
            PARTS[part].run(table, build, folder)
    finally:
        shutil.rmtree(folder)
    print("%d bounds broken" % table.broken)
    return 1 if table.broken else 0


if __name__ == "__main__":
    sys.exit(main())
