# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder with 200,000 files: inside the deadline, in memory that does not grow with it."""
import os
import subprocess
import time

import pytest

import packages
from inbox import CRITICAL, HOUR, PLUGIN, Answer, Inboxes

COST = os.path.join(packages.BUILD, "tests", "bench", "cost")
LAN, MANY = "schedule.box/outboxes/LAN", 200_000


@pytest.fixture
def boxes(tmp_path):
    made = Inboxes(tmp_path).make(LAN, "schedule.box/requests")
    for number in range(MANY):
        os.close(os.open(made.path(LAN, "2%07d.SRQ" % number), os.O_CREAT | os.O_WRONLY))
    # One that is older than all others, and is listed at whatever place.
    os.utime(made.path(LAN, "20123456.SRQ"), (made.now - 9 * HOUR, made.now - 9 * HOUR))
    made.put("schedule.box/requests", "20000001.SRQ")
    made.wait(HOUR)
    return made


def run(boxes, box):
    """@return the answer and its peak memory in KB, of the child that lists as well"""
    output = os.path.join(boxes.folder, "output")
    command = [PLUGIN, "--box=" + boxes.path(box), "--state-dir=" + boxes.state, "-t", "45"]
    start = time.monotonic()
    told = subprocess.run([COST, output, *command], env=boxes.clock(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    took_s = time.monotonic() - start
    _, _, peak_kb, status = told.stdout.split()
    with open(output, "rb") as file:
        return Answer(command, os.waitstatus_to_exitcode(int(status)), file.read(), b"", took_s), int(peak_kb)


def list_all(folder):
    """What any program must do to know names, sizes and dates."""
    start = time.monotonic()
    with os.scandir(folder) as entries:
        total = sum(entry.stat().st_size for entry in entries)
    return time.monotonic() - start, total


def test_200_000_files(boxes):
    _, small_kb = run(boxes, "schedule.box/requests")
    floor_s, _ = list_all(boxes.path(LAN))
    answer, peak_kb = run(boxes, LAN)
    answer.is_(CRITICAL, "200000 files wait in schedule.box\\outboxes\\LAN")
    assert answer.values("files", "largest", "boxes") == (MANY, MANY, 1)
    assert answer.value("oldest") >= 10 * HOUR and "oldest 20123456.SRQ" in answer.text, answer
    assert peak_kb < 64 * 1024 and peak_kb < small_kb + 2048, (peak_kb, small_kb)
    # Beside what the listing costs there is next to nothing; the slack is for a busy machine.
    assert answer.seconds < 5 + 5 * floor_s, (answer.seconds, floor_s)
    # Of so many the oldest thousand are remembered; that one of the others has left is seen by their number.
    os.unlink(boxes.path(LAN, "20199999.SRQ"))
    boxes.wait(HOUR)
    answer, _ = run(boxes, LAN)
    answer.is_(CRITICAL, "199999 files wait")
    assert ", last left 0 s ago" in answer.text, answer
