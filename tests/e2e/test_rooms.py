# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the house at the top of common/sms.h: which room may include which."""
import os
import re

import pytest

TREE = os.environ["SMS_TREE"]
COMMON = os.path.join(TREE, "common")


def plan():
    """{room: rooms it may include}, from the table in sms.h"""
    with open(os.path.join(COMMON, "sms.h"), encoding="utf-8") as text:
        lines = text.read().split("may include\n", 1)[1].splitlines()
    rooms = {}
    for line in lines:
        row = re.match(r" \*   (\w+) +\S.*?  +([a-z -]+)$", line)
        if not row:
            break
        rooms[row[1]] = set(row[2].split()) - {"-"}
    return rooms


def includes(path):
    """The rooms' headers that a file includes, each as (room, header)."""
    with open(path, encoding="utf-8") as text:
        return [tuple(name.split("/", 1)) if "/" in name else ("", name)
                for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text.read(), re.M) if name != "config.h"]


def sources(folder):
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                yield os.path.join(place, name)


PLAN = plan()


def test_every_folder_is_a_room_of_the_plan():
    folders = {name for name in os.listdir(COMMON) if os.path.isdir(os.path.join(COMMON, name))}
    assert folders == set(PLAN) and len(PLAN) >= 12


def test_no_room_reaches_itself():
    """The plan itself has one direction."""
    def reach(room, way=()):
        assert room not in way, "a circle: " + " -> ".join(way + (room,))
        for below in PLAN[room]:
            reach(below, way + (room,))
    for room in PLAN:
        reach(room)


@pytest.mark.parametrize("room", sorted(PLAN))
def test_a_room_includes_only_what_the_plan_allows(room):
    wrong = []
    for path in sources(os.path.join(COMMON, room)):
        for other, header in includes(path):
            if not other or (other != room and (other not in PLAN[room] or header == "private.h")):
                wrong.append("%s includes %s/%s" % (os.path.relpath(path, TREE), other, header))
    assert not wrong


def test_nobody_outside_includes_a_private_header():
    wrong = [path for folder in ("plugins", "tests") for path in sources(os.path.join(TREE, folder))
             if any(header == "private.h" for _, header in includes(path))]
    assert not wrong
