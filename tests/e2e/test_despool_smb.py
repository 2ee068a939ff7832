# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_despool over SMB from a real smbd: what it reads, what it costs, and what it says when the server fails."""

import os
import shutil
import signal
import subprocess
import threading
import time

import despool
import pytest
import smbd
from despool import CRITICAL, OK, UNKNOWN, Child
from test_smb_source import Proxy

pytestmark = pytest.mark.skipif(not smbd.installed(), reason="package samba is not installed")


class Remote:
    """A child site whose folder is the share."""

    def __init__(self, server, folder, port=None):
        self.server, self.port = server, port or server.port
        for name in os.listdir(server.share):
            path = server.path(name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        self.child = Child(server.share, "cb")
        self.child.state = os.path.join(os.fspath(folder), "state")
        os.mkdir(self.child.state)
        self.child.write(self.child.tell("article"))

    def url(self, name="", share="logs"):
        return "smb://127.0.0.1:%d/%s/%s" % (self.port, share, name)

    def logs(self):
        return ["--log=" + self.url("despool.log"), "--log=" + self.url("distmgr.log")]

    def check(self, *arguments, auth=None, **more):
        given = list(arguments) if any(a.startswith("--log") for a in arguments) else self.logs() + list(arguments)
        return self.child.check(*given, "--smb-auth=" + (auth or self.server.auth), **more)


@pytest.fixture
def remote(shared_server, tmp_path):
    return Remote(shared_server, tmp_path)


@pytest.fixture
def own(tmp_path):
    """A server that the test may kill or stop."""
    with smbd.Smbd() as server:
        yield Remote(server, tmp_path)


def test_read_and_rotate(remote):
    answer = remote.check("--site=S02")
    answer.is_(CRITICAL, "site S02: 1 stalled: CEN00001 waiting+base_missing")
    assert remote.check().values("lines", "bytes", "repeats") == (0, 0, answer.value("repeats"))
    log = remote.child.files["despool"]
    log.append([remote.child.site.despool(remote.child.now, 4, "CCompress::Open: Failed to open E:\\SMSPKG\\CEN00002 (2)")])
    log.rotate()
    log.append([remote.child.site.despool(remote.child.now, 4, "CCompress::Open: Failed to open E:\\SMSPKG\\CEN00003 (2)")])
    assert {item["package"] for item in remote.check().items} == {"CEN00001", "CEN00002", "CEN00003"}


def test_names_with_a_date(remote):
    remote.check().is_(CRITICAL)
    log = remote.child.files["despool"]
    for i in (2, 3):
        log.append([remote.child.site.despool(remote.child.now, 4, "CCompress::Open: Failed to open E:\\SMSPKG\\CEN0000%d (2)" % i)])
        log.rotate(date="20261126-09000%d" % i)
    answer = remote.check()
    assert {item["package"] for item in answer.items} == {"CEN00001", "CEN00002", "CEN00003"} and "lost" not in answer.text, answer


def test_rotated_under_the_reader(remote):
    """Rotations again and again while it reads: every record once."""
    remote.check()
    stop = threading.Event()
    written = []

    def writer():
        log = remote.child.files["despool"]
        while not stop.is_set():
            package = "XYZ%05X" % len(written)
            log.append([remote.child.site.despool(remote.child.now, 4, "CCompress::Open: Failed to open E:\\SMSPKG\\%s (2)" % package)])
            written.append(package)
            if len(written) % 25 == 0:
                time.sleep(0.4)  # longer than a run: a log that is rotated twice between runs loses lines
                log.rotate(copy=len(written) % 50 == 0)
            time.sleep(0.002)

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        answers = [remote.check("-t", "20") for _ in range(12)]
    finally:
        stop.set()
        thread.join()
    for answer in answers:
        assert answer.code == CRITICAL or "rotated again and again" in answer.verdict, answer
    answer = remote.check("-v", "-t", "20")
    # On a busy machine a run may take longer than two rotations are apart: then that run says so.
    if not any("may be missing" in one.text for one in answers + [answer]):
        assert {item["package"] for item in answer.items} == {"CEN00001", *written}
        assert all(item["repeats"] is None for item in answer.items if item["package"] in written), answer


def test_bytes_over_the_wire(shared_server, tmp_path):
    proxy = Proxy(shared_server.port)
    remote = Remote(shared_server, tmp_path, proxy.port)
    remote.check().is_(CRITICAL)
    proxy.received = 0
    remote.check().is_(CRITICAL)
    assert proxy.received <= 2 * 65536
    chatter = remote.child.site.distmgr(remote.child.now, 4, "Sleep 3600 seconds...")
    remote.child.files["distmgr"].append([chatter] * 10000)
    proxy.received = 0
    answer = remote.check()
    assert 900_000 < answer.value("bytes") < proxy.received <= answer.value("bytes") + 2 * 65536
    proxy.close()


def test_local_time_is_measured_over_smb(shared_server, tmp_path):
    proxy = Proxy(shared_server.port)
    remote = Remote(shared_server, tmp_path, proxy.port)
    remote.child.write(remote.child.tell("article"), form="F2")
    assert "stamps are local time" in remote.check("--timezone", "-v").is_(CRITICAL).text
    remote.child.files["distmgr"].append([remote.child.site.distmgr(time.time(), 4, "Sleep 3600 seconds...")])
    proxy.received = 0
    assert remote.check("--timezone").is_(CRITICAL).value("lines") == 1
    assert proxy.received <= 2 * 65536
    proxy.close()


def test_pck_over_smb(remote):
    remote.child.site.product = "sccm2007"  # later ones have a content library
    remote.child.write(remote.child.tell("slow", package="CEN00003", wanted=4, have=3))
    # Other packages of the log are stored here too; only this one is asked for.
    remote.check("--pck=" + remote.url(), "--package=CEN00003").is_(OK, "1 broken")
    remote.server.write("cen00003.pck", b"x")
    remote.check("--pck=" + remote.url(), "--package=CEN00003").is_(OK, "nothing stalled")
    remote.check("--pck=" + remote.url("none"), "--package=CEN00003").is_(UNKNOWN, "none")


def refused(answer, *words):
    answer.is_(UNKNOWN, *words)
    assert smbd.Smbd.password not in answer.text
    return answer


def test_wrong_password(remote):
    answer = remote.check(auth=remote.server.auth_file("wrong", "hunter2"))
    refused(answer, "login of user TESTGROUP\\%s" % remote.server.user)
    assert "hunter2" not in answer.text


def test_no_share_and_no_file(remote):
    refused(remote.check("--log=" + remote.url("despool.log", share="nothere$")), "has no such share")
    refused(remote.check("--log=" + remote.url("nothere.log")), "there is no such file or folder")


def test_port_closed(remote):
    remote.port = smbd.free_port()
    refused(remote.check(), "no SMB server answers on port")


def test_auth_files(remote):
    refused(remote.check(auth=remote.server.auth_file("open", smbd.Smbd.password, mode=0o644)), "every user", "chmod o-rwx")
    for more in [], ["--pck=" + remote.url()]:
        answer = refused(remote.check(*more, auth="/nonexistent/auth"), "whether anything is stalled is not known")
        names = "despool.log, distmgr.log" + (", --pck" if more else "")
        assert " - %s: SMB authentication file /nonexistent/auth: " % names in answer.verdict, answer
        assert answer.verdict.count("/nonexistent/auth") == 1, answer  # one cause is told once


# How a connection ends depends on how far it was: refused, in its greeting, in its login, in a read.
ENDED = ("was lost", "no SMB server answers", "did not answer", "ended the conversation at its beginning")


def killed_while_read(own, delay_s):
    process = subprocess.Popen(despool.command(*own.child.arguments(*own.logs(), "--smb-auth=" + own.server.auth, "-t", "5")), env={},
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    time.sleep(delay_s)
    own.server.kill()
    begin = time.monotonic()
    out = process.communicate(timeout=20)[0].decode()
    assert time.monotonic() - begin < 5.5
    if process.returncode == UNKNOWN:
        assert any(words in out for words in ENDED), (delay_s, out)
        assert "whether anything is stalled is not known" in out, (delay_s, out)
    else:
        assert process.returncode == CRITICAL, (delay_s, out)  # it was done before the server was gone
    own.server.start()
    return process.returncode


def test_killed_in_mid_read(own):
    expected = own.check().values("repeats", "broken")
    own.child.files["distmgr"].append([own.child.site.distmgr(own.child.now, 4, "Sleep 3600 seconds...")] * 400_000)
    ends = []
    for delay_s in (0, 0.01, 0.02, 0.04, 0.07, 0.11, 0.15, 0.3):  # from before the greeting to the reading
        own.child.forget()
        ends.append(killed_while_read(own, delay_s))
    assert UNKNOWN in ends
    answer = own.check("-t", "20")
    answer.is_(CRITICAL, "1 stalled")
    assert answer.values("repeats", "broken") == expected


def test_a_server_that_hangs(own):
    own.server.signal(signal.SIGSTOP)
    answer = own.check("-t", "3")
    own.server.signal(signal.SIGCONT)
    refused(answer, "127.0.0.1")
    assert any(words in answer.verdict for words in ("did not answer", "timed out after 3 s")), answer
    assert answer.seconds < 3.5
    own.check("-t", "20").is_(CRITICAL, "1 stalled")


def test_local_logs_load_no_smb_library(tmp_path):
    child = Child(tmp_path, "cb")
    child.write(child.tell("article"))
    done = subprocess.run(despool.command(*child.arguments()), env={"LD_DEBUG": "files"}, stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == CRITICAL and b"libsqlite3" in done.stderr and b"libsmbclient" not in done.stderr
