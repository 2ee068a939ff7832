# SPDX-License-Identifier: GPL-3.0-or-later
"""The consoles' own suites: what needs MariaDB, the Director, InfluxDB or a browser (./bootstrap check --consoles)."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for room in ("", "../e2e", "../lab"):
    sys.path.insert(0, os.path.join(HERE, room))
