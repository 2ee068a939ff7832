# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end-to-end tests share."""

import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
for room in ("", "../lab", "../tds"):
    sys.path.insert(0, os.path.join(HERE, room))


def pytest_configure(config):
    config.addinivalue_line("markers", "root: needs root; run in a second pass, not with -n")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("root") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture
def world(tmp_path):
    """A site database of one's own with a state directory, and the plugin on it."""
    import packages
    with packages.World(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared_server():
    """An SMB server for all tests of a file that neither kill nor stop it."""
    import smbd
    with smbd.Smbd() as server:
        yield server
