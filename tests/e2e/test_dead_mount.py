# SPDX-License-Identifier: GPL-3.0-or-later
"""A log on a mount whose server is gone: the worker hangs in the kernel and cannot be killed."""
import os
import signal
import subprocess
import sys
import time

import daemons
import pytest

import despool
import inbox
from despool import CRITICAL, UNKNOWN, Child

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/fuse"), reason="needs root and /dev/fuse")]


class DeadMount:
    """One file in a directory, seen only by what runs in the server's mount namespace."""

    def __init__(self, directory, name, *more):
        daemons.require_mount_namespace()
        os.makedirs(directory)
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hangfs.py")
        self.server = subprocess.Popen(["unshare", "--mount", "--propagation", "private", sys.executable, "-B", script, directory, name, "100000", *more],
                                       stdout=subprocess.PIPE, start_new_session=True)
        assert self.server.stdout.readline() == b"ready\n"

    def inside(self, command):
        return ["nsenter", "--target", str(self.server.pid), "--mount", "--", *command]

    def end(self):
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()
        self.server.stdout.close()


def state_of(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except OSError:
        return None


def workers(folder):
    """Processes that hold a file below the folder open."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if any(os.readlink("/proc/%s/fd/%s" % (pid, fd)).startswith(folder) for fd in os.listdir("/proc/%s/fd" % pid)):
                found.append(int(pid))
        except OSError:
            pass
    return found


def run(mount, child, *arguments, program=despool):
    command = mount.inside([program.PLUGIN, *arguments, "--state-dir=" + child.state, "-t", "1"])
    start = time.monotonic()
    done = subprocess.run(command, env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    return program.Answer(command, done.returncode, done.stdout, done.stderr, time.monotonic() - start)


def test_a_worker_that_cannot_be_killed(tmp_path):
    child = Child(tmp_path, "cb")
    child.write(child.tell("article"))
    mount = DeadMount(os.path.join(child.folder, "mnt"), "despool.log")
    try:
        log = "--log=" + os.path.join(child.folder, "mnt", "despool.log")
        first = run(mount, child, log)
        first.fails("timed out after 1 s", "despool.log")
        assert first.seconds < 1.5
        held = workers(child.state)
        assert len(held) == 1 and state_of(held[0]) == "D"
        second = run(mount, child, log)
        second.fails("pid %d" % held[0])
        assert second.seconds < 1.5 and workers(child.state) == held
        # Other logs have another memory: nothing waits for the dead one.
        run(mount, child, "--log=" + child.path("despool"), "--log=" + child.path("distmgr")).is_(CRITICAL, "1 stalled")
    finally:
        mount.end()
    end = time.monotonic() + 10
    while workers(child.state) and time.monotonic() < end:
        time.sleep(0.02)
    assert workers(child.state) == []
    os.rmdir(os.path.join(child.folder, "mnt"))
    # The lock is free again.
    despool.run(log, "--state-dir=" + child.state).is_(UNKNOWN, "no such file")


def test_a_listing_that_never_comes_back(tmp_path):
    boxes = inbox.Inboxes(tmp_path).make("receive")
    directory = os.path.join(boxes.folder, "mnt")
    mount = DeadMount(directory, "202AAS02.SNI", "list")
    try:
        first = run(mount, boxes, "--box=" + directory, program=inbox)
        first.fails("timed out after 1 s while listing " + directory)
        held = workers(boxes.state)
        assert len(held) == 1 and state_of(held[0]) == "D"
        second = run(mount, boxes, "--box=" + directory, program=inbox)
        second.fails("pid %d" % held[0])
        assert second.seconds < 1.5 and workers(boxes.state) == held
        # Other boxes have another memory.
        run(mount, boxes, "--box=" + boxes.path("receive"), program=inbox).is_(inbox.OK)
    finally:
        mount.end()
