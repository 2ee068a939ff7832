# SPDX-License-Identifier: GPL-3.0-or-later
"""The log check started by the real NRPE: on files, and over SMB with the credentials of a 0640 file."""
import os
import time

import pytest

import daemons
import despool
import logs
import nrpe
import smbd
import test_nrpe


def write_story(folder):
    """The article's story: version 3 came four days ago, and its base is gone."""
    now = int(time.time())
    site = logs.Site("sms2003", code="S02", parent="CEN")
    logs.write(folder, [logs.article(site, package="CEN00001", start=now - 4 * logs.DAY, now=now)], site, now=now, form="F1")
    for name in os.listdir(folder):
        if ".lo" in name:
            os.chmod(os.path.join(folder, name), 0o644)


@pytest.fixture
def place():
    daemons.require_daemons()
    daemons.program("check_sms_despool")
    with daemons.Folder() as folder:
        state = os.path.join(folder, "state")
        os.mkdir(state, 0o750)
        yield folder, daemons.give(state)


def ini(folder, state, changes):
    text = daemons.shipped("monitoring-plugins-sms.ini", changes={
        "[despool_S02]\ntimeout = 45\n": "[despool_S02]\ntimeout = 45\nstate-dir = %s\n" % state,
        "[despool_S03]\ntimeout = 45\n": "[despool_S03]\ntimeout = 45\nstate-dir = %s\n" % state, **changes})
    return daemons.write(os.path.join(folder, "sms.ini"), text, 0o640)


def test_logs_of_a_folder(place):
    folder, state = place
    write_story(folder)
    settings = ini(folder, state, {"/srv/sms-logs/S03/": folder + "/"})
    commands = nrpe.commands(settings, test_nrpe.stopped_clock())
    with nrpe.Nrpe(folder, commands, "anonymous") as server:
        first = server.check("check_sms_despool_S03")
        assert first[0] == 2 and first[1].startswith(b"SMS DESPOOL CRITICAL - ") and b"base_missing" in first[1], first[1].decode()
        # The first run has read the files; what the second reads by NRPE and by itself is the same.
        arrived = server.check("check_sms_despool_S03")
        assert arrived == test_nrpe.direct(commands, "check_sms_despool_S03")
        assert b" lines=0 bytes=0B " in arrived[1], arrived[1].decode()
        assert test_nrpe.label_count(arrived[1].splitlines()[0]) == len(despool.LABELS)


def test_logs_over_smb_with_the_credentials_of_a_file(place):
    folder, state = place
    if not smbd.installed():
        pytest.fail("smbd or pdbedit is missing (Debian package samba)")
    with smbd.Smbd() as share:
        write_story(share.share)
        secret = daemons.write(os.path.join(folder, "sms_check.smb"), daemons.read(share.auth), 0o640)
        settings = ini(folder, state, {
            "smb://s021.example.com/SMS_S02/Logs/": "smb://127.0.0.1:%d/logs/" % share.port,
            "/etc/monitoring-plugins-sms/sms_check.smb": secret})
        with nrpe.Nrpe(folder, nrpe.commands(settings), "anonymous") as server:
            code, output = server.check("check_sms_despool_S02")
            assert code == 2 and b"CEN00001" in output and b"base_missing" in output, output.decode()
            assert share.password.encode() not in output
            os.chmod(secret, 0o644)
            code, output = server.check("check_sms_despool_S02")
            # What is open stays open, and the first line says why nothing new was read.
            assert code == 2 and b"sms_check.smb can be read" in output.splitlines()[0], output.decode()
            os.chmod(secret, 0o640)
            daemons.write(secret, daemons.read(secret).replace(share.password, "wrong"), 0o640)
            code, output = server.check("check_sms_despool_S02")
            assert code == 2 and b"refused" in output.splitlines()[0] and secret.encode() in output, output.decode()
