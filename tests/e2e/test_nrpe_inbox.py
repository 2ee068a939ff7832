# SPDX-License-Identifier: GPL-3.0-or-later
"""The inbox check started by the real NRPE with the shipped command and ini file: on folders, and over SMB."""
import os
import re
import time

import pytest

import daemons
import inbox
import nrpe
import smbd
import test_nrpe
from inbox import CRITICAL, DAY, HOUR, OK, UNKNOWN, WARNING

COMMAND = "check_sms_inbox_CEN"
REQUESTS, LAN, RECEIVE = "schedule.box/requests", "schedule.box/outboxes/LAN", "despoolr.box/receive"
BOX = "smb://cen1.example.com/SMS_CEN/inboxes/"


@pytest.fixture
def place():
    daemons.require_daemons()
    daemons.program("check_sms_inbox")
    with daemons.Folder() as folder:
        yield folder


def make_boxes(root):
    for name in (REQUESTS, LAN, RECEIVE, "schedule.box/uid", "schedule.box/tosend"):
        os.makedirs(os.path.join(root, name))
    return root


def put(root, box, name, age_s):
    path = os.path.join(root, box, name)
    with open(path, "wb") as file:
        file.write(b"x" * 100)
    then = time.time() - age_s
    os.utime(path, (then, then))
    return path


def ini(folder, place_of_boxes, changes=None):
    """The shipped ini file, whose section of boxes has a state directory and this machine's folders."""
    state = os.path.join(folder, "state")
    os.makedirs(state, 0o750, exist_ok=True)
    daemons.give(state)
    text = daemons.shipped("monitoring-plugins-sms.ini", changes=dict({
        "[inbox_CEN]\ntimeout = 45\n": "[inbox_CEN]\ntimeout = 45\nstate-dir = %s\n" % state, BOX: place_of_boxes}, **changes or {}))
    return daemons.write(os.path.join(folder, "sms.ini"), text, 0o640)


def byte_for_byte(server, commands, command=COMMAND):
    """Two runs at one instant say the same, the one that NRPE starts and the one that the shell starts."""
    server.check(command)  # the first look of a memory has words of its own
    arrived = server.check(command)
    assert arrived == test_nrpe.direct(commands, command)
    lines = arrived[1].decode().splitlines()
    assert lines[0].startswith("SMS INBOX "), arrived[1]
    assert test_nrpe.label_count(lines[0].encode()) == len(inbox.LABELS), lines[0]
    return arrived[0], arrived[1].decode()


STATES = [
    ("nothing waits", [], {}, OK, "7 boxes, nothing waits"),
    ("weekend", [(LAN, "202AAS02.SRQ", 2 * DAY)], {}, OK, "7 boxes, 1 file waits, oldest 202AAS02.SRQ (send request 202AAS02, normal priority) in schedule.box\\outboxes\\LAN for 48 h"),
    ("warning", [(RECEIVE, "202AAS02.SNI", 8 * HOUR)], {}, WARNING, "202AAS02.SNI has waited in despoolr.box\\receive for 8 h"),
    ("critical", [(RECEIVE, "202AAS02.SNI", 4 * DAY), (REQUESTS, "202AAS03.SRQ", 4 * DAY)], {}, CRITICAL, "; 1 more | "),
    ("known", [(RECEIVE, "202AAS02.SNI", 4 * DAY)], {"#known = 1_001ZZZ.SRQ@requests:2026-12-31": "known = 202AAS02.*@receive:2099-12-31"}, OK, "; 1 known"),
    ("too many", [(LAN, "2%07d.SRQ" % number, HOUR) for number in range(12)], {"#files-critical = 10000": "files-critical = 10"}, CRITICAL, "12 files wait in schedule.box\\outboxes\\LAN"),
    ("only some", [(RECEIVE, "202AAS02.SNI", 4 * DAY)], {"#match = *.SRQ": "match = *.SRQ"}, OK, "nothing waits; only *.SRQ"),
    ("a typing mistake", [], {"despoolr.box\n": "despool.box\n"}, UNKNOWN, "no such folder; there is despoolr.box beside it"),
]


@pytest.mark.parametrize("files, changes, code, words", [one[1:] for one in STATES], ids=[one[0] for one in STATES])
def test_arrives_byte_for_byte(place, files, changes, code, words):
    root = make_boxes(os.path.join(place, "inboxes"))
    for one in files:
        put(root, *one)
    commands = nrpe.commands(ini(place, root + "/", changes), test_nrpe.stopped_clock())
    with nrpe.Nrpe(place, commands, "anonymous") as server:
        arrived, text = byte_for_byte(server, commands)
        assert arrived == code and words in text.splitlines()[0], text
        for packets in ("-2", "-3"):
            again, cut = server.check(COMMAND, packets)
            assert again == code and cut.decode().startswith(text.splitlines()[0]), cut


def test_a_bad_option_arrives_byte_for_byte(place):
    commands = nrpe.commands(ini(place, make_boxes(os.path.join(place, "inboxes")) + "/", {"recursive = yes": "recursiv = yes"}))
    with nrpe.Nrpe(place, commands, "anonymous") as server:
        arrived = server.check(COMMAND)
        assert arrived == test_nrpe.direct(commands, COMMAND) and arrived[0] == UNKNOWN
        assert re.match(rb"SMS INBOX UNKNOWN - .*recursiv", arrived[1]), arrived


def test_the_second_service_pages_a_stall_once(place):
    root = make_boxes(os.path.join(place, "inboxes"))
    commands = nrpe.commands(ini(place, root + "/"))
    with nrpe.Nrpe(place, commands, "anonymous") as server:
        put(root, RECEIVE, "202AAS02.SNI", 4 * DAY)
        code, output = server.check(COMMAND + "_new")
        assert code == CRITICAL and b"1 new: 202AAS02.SNI at despoolr.box\\receive (old); 1 stuck in all" in output, output
        code, output = server.check(COMMAND)
        assert code == CRITICAL and b"202AAS02.SNI has waited in despoolr.box\\receive for 4 d" in output, output


def test_4000_bytes_arrive_whole(place):
    root = make_boxes(os.path.join(place, "inboxes"))
    for number in range(60):
        put(root, RECEIVE, "2%07d" % number + "x" * 100 + ".SNI", 4 * DAY)
    commands = nrpe.commands(ini(place, root + "/"), test_nrpe.stopped_clock())
    with nrpe.Nrpe(place, commands, "anonymous") as server:
        code, text = byte_for_byte(server, commands)
        assert code == CRITICAL and 2000 < len(text) <= 4001 and re.search(r"\n\+\d+ more\n\Z", text), text


def test_over_smb_with_the_credentials_of_a_file(place):
    if not smbd.installed():
        pytest.fail("smbd or pdbedit is missing (Debian package samba)")
    with smbd.Smbd() as share:
        root = make_boxes(os.path.join(share.share, "SMS_CEN", "inboxes"))
        put(root, RECEIVE, "202AAS02.SNI", 4 * DAY)
        secret = daemons.write(os.path.join(place, "sms_check.smb"), daemons.read(share.auth), 0o640)
        settings = ini(place, "smb://127.0.0.1:%d/logs/SMS_CEN/inboxes/" % share.port, {"/etc/monitoring-plugins-sms/sms_check.smb": secret})
        commands = nrpe.commands(settings, test_nrpe.stopped_clock())
        with nrpe.Nrpe(place, commands, "anonymous") as server:
            code, text = byte_for_byte(server, commands)
            assert code == CRITICAL and "202AAS02.SNI has waited in despoolr.box\\receive for 4 d" in text, text
            assert share.password not in text
            os.chmod(secret, 0o644)
            code, output = server.check(COMMAND)
            assert code == UNKNOWN and b"sms_check.smb can be read" in output.splitlines()[0], output
            os.chmod(secret, 0o640)
            daemons.write(secret, daemons.read(secret).replace(share.password, "hunter2"), 0o640)
            code, output = server.check(COMMAND)
            assert code == UNKNOWN and b"login of user" in output.splitlines()[0] and b"hunter2" not in output, output
