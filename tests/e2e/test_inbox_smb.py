# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_inbox over SMB from a real smbd."""
import os
import shutil
import signal

import pytest

import smbd
from inbox import CRITICAL, DAY, HOUR, MINUTE, OK, UNKNOWN, WARNING, Inboxes

pytestmark = pytest.mark.skipif(not smbd.installed(), reason="package samba is not installed")


class Remote(Inboxes):
    """Boxes in the share."""

    def __init__(self, server, folder):
        super().__init__(folder, root=server.share)
        self.server = server
        for name in os.listdir(server.share):
            shutil.rmtree(server.path(name))
        self.make("schedule.box/requests", "despoolr.box/receive")

    def look(self, box, *arguments, auth=None, port=None, share="logs", env=None, **more):
        url = "smb://127.0.0.1:%d/%s/%s" % (port or self.server.port, share, box)
        answer = self.check("--box=" + url, "--smb-auth=" + (auth or self.server.auth), *arguments, env=env, **more)
        assert smbd.Smbd.password not in answer.text
        return answer


@pytest.fixture
def remote(shared_server, tmp_path):
    return Remote(shared_server, tmp_path)


@pytest.fixture
def own(tmp_path):
    with smbd.Smbd() as server:
        yield Remote(server, tmp_path)


def test_a_box_through_its_day(remote):
    remote.put("despoolr.box/receive", "202AAS02.SNI", "202AAS03.SNI")
    remote.look("despoolr.box/receive").is_(OK, "oldest 202AAS0", "in despoolr.box\\receive for 2 min")
    remote.wait(5 * MINUTE)
    remote.take("despoolr.box/receive", "202AAS03.SNI")
    answer = remote.look("despoolr.box/receive")
    assert "last left 202AAS03.SNI 0 s ago" in answer.box("despoolr.box\\receive")["more"]
    remote.wait(7 * HOUR)
    remote.look("despoolr.box/receive").is_(CRITICAL, "nothing has left despoolr.box\\receive for 7 h although 1 file waits")
    # Case does not count on this server.
    remote.look("DESPOOLR.BOX/Receive").is_(WARNING, "202AAS02.SNI has waited in DESPOOLR.BOX\\Receive for 7 h")


def test_subfolders_and_names(remote):
    remote.make("schedule.box/outboxes/L A#N", "schedule.box/UID")
    remote.put("schedule.box/outboxes/L A#N", "n" * 251 + ".SRQ", "50%.SRQ", "ä ö.SRQ")
    remote.put("schedule.box/UID", "00000400.job", age_s=900 * DAY)
    answer = remote.look("schedule.box", "--recursive")
    answer.is_(OK, "3 files wait")
    assert answer.value("boxes") == 4 and answer.box("schedule.box\\outboxes\\L A#N")["files"] == "3"
    remote.wait(5 * MINUTE)
    remote.take("schedule.box/outboxes/L A#N", "50%.SRQ")
    answer = remote.look("schedule.box", "--recursive")
    assert "last left 50%.SRQ" in answer.box("schedule.box\\outboxes\\L A#N")["more"]


def test_a_server_whose_clock_is_ahead(remote):
    """This host is three hours behind: the folder's own date tells it."""
    remote.put("despoolr.box/receive", "202AAS02.SNI", age_s=HOUR)
    remote.put("despoolr.box/receive", "202AAS03.SNI", age_s=-DAY)
    remote.now -= 3 * HOUR
    answer = remote.look("despoolr.box/receive")
    answer.is_(OK, "2 files wait, oldest 202AAS02.SNI (send request 202AAS02, normal priority) in despoolr.box\\receive for 60 min")
    assert "the server's clock is 3 h ahead of this host's; 1 file is dated in the future: age from the first sight" in answer.text
    # And backwards.
    remote.now -= 5 * HOUR
    answer = remote.look("despoolr.box/receive")
    answer.is_(OK)
    assert "this host's clock ran backwards" in answer.text


def test_what_is_not_there(remote):
    remote.make("SCHEDULE2.BOX")
    remote.look("schedule.bux").is_(UNKNOWN, "schedule.bux: no such folder; there is schedule.box beside it")
    remote.look("x/y").is_(UNKNOWN, "no such folder; in smb://127.0.0.1:%d/logs there is " % remote.server.port)
    remote.look("receive", share="nothere$").is_(UNKNOWN, "has no such share")
    remote.look("receive", port=smbd.free_port()).is_(UNKNOWN, "no SMB server answers on port")
    answer = remote.look("despoolr.box/receive", auth=remote.server.auth_file("wrong", "hunter2"))
    answer.is_(UNKNOWN, "login of user TESTGROUP\\%s" % remote.server.user)
    assert "hunter2" not in answer.text


@pytest.mark.skipif(os.getuid() != 0, reason="root makes a folder that the server's user may not read")
def test_denied(remote):
    remote.put("despoolr.box/receive", "202AAS02.SNI", age_s=4 * DAY)
    os.chown(remote.path("schedule.box"), 0, 0)
    os.chmod(remote.path("schedule.box"), 0o700)
    url = "smb://127.0.0.1:%d/logs/" % remote.server.port
    answer = remote.look("despoolr.box/receive", "--box=" + url + "schedule.box")
    answer.is_(CRITICAL, "schedule.box", "denies it", "202AAS02.SNI has waited in despoolr.box\\receive for 4 d")
    remote.look("schedule.box").is_(UNKNOWN, "denies it", remote.server.user)


def test_a_server_that_hangs(own):
    own.put("despoolr.box/receive", "202AAS02.SNI")
    own.look("despoolr.box/receive").is_(OK)
    own.wait(MINUTE)
    own.server.signal(signal.SIGSTOP)
    answer = own.look("despoolr.box/receive", "--box=smb://127.0.0.1:%d/logs/schedule.box" % own.server.port, "-t", "3")
    own.server.signal(signal.SIGCONT)
    answer.is_(UNKNOWN, "127.0.0.1")
    assert any(words in answer.verdict for words in ("did not answer", "timed out after 3 s")), answer
    assert answer.seconds < 3.5
    # What was remembered is not lost with it.
    own.wait(7 * HOUR)
    own.look("despoolr.box/receive", "-t", "20").is_(CRITICAL, "for 7 h although 1 file waits")
    own.server.kill()
    own.look("despoolr.box/receive").is_(UNKNOWN, "no SMB server answers")


def test_many_files_in_one_listing(remote):
    remote.make("schedule.box/outboxes/LAN")
    many = remote.path("schedule.box/outboxes/LAN")
    for number in range(5000):
        with open(os.path.join(many, "2%07d.SRQ" % number), "wb"):
            pass
        os.utime(os.path.join(many, "2%07d.SRQ" % number), (remote.now - 600 - number, remote.now - 600 - number))
    answer = remote.look("schedule.box/outboxes/LAN", "-t", "60")
    assert answer.is_(OK, "5000 files wait, oldest 20004999.SRQ").values("files", "largest", "oldest") [:2] == (5000, 5000) and 5599 <= answer.value("oldest") < 5700
