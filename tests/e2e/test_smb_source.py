# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs read over SMB from a real smbd, by log_cat (common/files/files.h, common/logs/source.h)."""

import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import smbd

BUILD = os.environ.get("SMS_BUILD", ".")
LOG_CAT = os.path.join(BUILD, "tests", "e2e", "log_cat")
SHIM = os.path.join(BUILD, "tests", "unit", "shim_read.so")

pytestmark = pytest.mark.skipif(not smbd.installed(), reason="package samba is not installed")

LINES = b"".join(b"line %06d of the log, as long as a line of a log is, more or less\n" % n for n in range(40000))


@pytest.fixture
def server(shared_server):
    """The server, whose share is empty."""
    for name in os.listdir(shared_server.share):
        os.unlink(shared_server.path(name))
    return shared_server


@pytest.fixture
def own_server():
    """A server that the test may kill or stop."""
    with smbd.Smbd() as server:
        yield server


class Run:
    def __init__(self, process, seconds):
        self.code = process.returncode
        self.out = process.stdout
        self.err = process.stderr.decode(errors="replace")
        self.seconds = seconds
        self.steps = [line[7:] for line in self.err.splitlines() if line.startswith("trace: ")]

    def number(self, name):
        return int(self.err.split(name + "=")[1].split()[0])

    @property
    def failure(self):
        lines = [line[9:] for line in self.err.splitlines() if line.startswith("failure: ")]
        return lines[0] if lines else ""


def environment(**more):
    """As NRPE's: no HOME, no smb.conf of a user. libsmbclient leaks at its end, which is not ours."""
    return {"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "detect_leaks=0", **more}


def log_cat(*arguments, **variables):
    begin = time.monotonic()
    process = subprocess.run(
        [LOG_CAT, *arguments], capture_output=True, stdin=subprocess.DEVNULL, env=environment(**variables), timeout=60
    )
    assert process.returncode in (0, 1), process.stderr.decode()
    return Run(process, time.monotonic() - begin)


def start(*arguments):
    return subprocess.Popen(
        [LOG_CAT, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        bufsize=0,
    )


class Proxy:
    """Counts what the server sends."""

    def __init__(self, port):
        self.received = 0
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._pump, args=(client, upstream, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(upstream, client, True), daemon=True).start()

    def _pump(self, source, target, count):
        try:
            while block := source.recv(65536):
                if count:
                    self.received += len(block)
                target.sendall(block)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


def test_read_grow_rotate(server, tmp_path):
    position = str(tmp_path / "position")
    server.write("despool.log", b"one\ntwo\nhal")
    arguments = ("-a", server.auth, "-p", position, server.url("despool.log"))
    run = log_cat(*arguments)
    assert (run.code, run.out) == (0, b"one\ntwo\n"), run.err
    assert f"connecting to smb://127.0.0.1:{server.port}/logs" in run.steps
    assert f"reading {server.url('despool.log')}" in run.steps
    server.write("despool.log", b"f\n", append=True)
    assert log_cat(*arguments).out == b"half\n"
    server.write("despool.log", b"last of the old\n", append=True)
    os.rename(server.path("despool.log"), server.path("despool.lo_"))
    server.write("despool.log", b"first of the new\n")
    assert log_cat(*arguments).out == b"last of the old\nfirst of the new\n"
    run = log_cat(*arguments)
    assert (run.out, run.number("new")) == (b"", 0)


def test_rotated_under_the_reader(server, tmp_path):
    position = str(tmp_path / "position")
    server.write("despool.log", LINES)
    arguments = ("-a", server.auth, "-p", position, "-b", "65536", server.url("despool.log"))
    reader = start(*arguments)
    first = reader.stdout.read(1000)  # the reader now waits for the pipe, in the middle of the log
    server.write("despool.log", b"more\n", append=True)
    os.rename(server.path("despool.log"), server.path("despool.lo_"))
    server.write("despool.log", b"new\n")
    rest, errors = reader.communicate(timeout=30)
    assert reader.returncode == 0, errors
    assert first + rest == LINES
    assert log_cat(*arguments).out == b"more\nnew\n"


def test_copied_and_truncated_under_the_reader(server, tmp_path):
    position = str(tmp_path / "position")
    server.write("despool.log", LINES)
    arguments = ("-a", server.auth, "-p", position, "-b", "65536", server.url("despool.log"))
    reader = start(*arguments)
    reader.stdout.read(1000)
    server.write("despool.lo_", LINES)
    os.truncate(server.path("despool.log"), 0)
    server.write("despool.log", b"new\n", append=True)
    _, errors = reader.communicate(timeout=30)
    assert b"outcome=1" in errors  # what was given is dropped; the old position stays
    assert log_cat(*arguments).out == LINES + b"new\n"


def test_names_without_case(server):
    server.write("DESPOOL.LOG", b"one\n")
    assert log_cat("-a", server.auth, server.url("despool.log")).out == b"one\n"


def test_names_without_case_on_a_server_with_case():
    with smbd.Smbd(extra_share="  case sensitive = yes") as server:
        server.write("DESPOOL.LOG", b"two\n")
        server.write("DESPOOL.LO_", b"one\n")
        assert log_cat("-a", server.auth, server.url("despool.log")).out == b"one\ntwo\n"


def test_percent_in_url(server):
    server.write("a b%20c.log", b"one\n")
    run = log_cat("-a", server.auth, server.url("a%20b%2520c.log"))
    assert run.out == b"one\n", run.err


def test_bytes_over_the_wire(server, tmp_path):
    proxy = Proxy(server.port)
    server.write("despool.lo_", LINES)
    server.write("despool.log", b"another first line\n" + LINES)
    arguments = ("-a", server.auth, "-p", str(tmp_path / "position"), f"smb://127.0.0.1:{proxy.port}/logs/despool.log")
    assert log_cat(*arguments).number("read") == 2 * len(LINES) + 19
    for new in (b"", b"new\n" * 1000, LINES):
        server.write("despool.log", new, append=True)
        proxy.received = 0
        run = log_cat(*arguments)
        assert run.out == new
        assert run.number("wire") <= len(new) + 8 * 1024
        assert proxy.received <= len(new) + 65536
    proxy.close()


def test_max_bytes(server, tmp_path):
    server.write("despool.log", LINES)
    arguments = ("-a", server.auth, "-p", str(tmp_path / "position"), "-m", "1000000", server.url("despool.log"))
    out = b""
    for _ in range(4):
        run = log_cat(*arguments)
        out += run.out
    assert out == LINES
    assert run.number("left") == 0


def test_list(server):
    server.write("CEN00001.PCK", b"12345")
    run = log_cat("-a", server.auth, "-l", server.url())
    assert run.out.startswith(b"CEN00001.PCK file 5 "), run.err


@pytest.mark.parametrize("path, words", [("none", "there is no such file or folder"), ("../x", "")])
def test_list_missing_folder(server, path, words):
    run = log_cat("-a", server.auth, "-l", server.url(path))
    assert run.code == 1 and words in run.failure


def expect_refused(run, *words):
    assert run.code == 1 and run.out == b""
    for word in words:
        assert word in run.failure, run.err
    assert smbd.Smbd.password not in run.err


def test_wrong_password(server):
    server.write("despool.log", b"one\n")
    auth = server.auth_file("wrong", "hunter2")
    run = log_cat("-v", "-a", auth, server.url("despool.log"))
    expect_refused(run, f"smb://127.0.0.1:{server.port}/logs", f"login of user TESTGROUP\\{server.user}", auth)
    assert "hunter2" not in run.err
    # Each wrong login brings the account's lock nearer: one run, one login.
    assert run.err.count("login failed") == 1


def test_unknown_user(server):
    server.write("despool.log", b"one\n")
    run = log_cat("-a", server.auth_file("unknown", "x", user="no-such-user"), server.url("despool.log"))
    expect_refused(run, "refused the login of user TESTGROUP\\no-such-user")


def test_auth_file_of_everybody(server):
    auth = server.auth_file("open", smbd.Smbd.password, mode=0o644)
    expect_refused(log_cat("-a", auth, server.url("despool.log")), "every user", f"chmod o-rwx {auth}")


def test_no_auth_file_and_no_ticket(server):
    expect_refused(log_cat(server.url("despool.log")), "no login with a Kerberos ticket", "--smb-auth=FILE")


def test_password_in_url():
    run = log_cat("smb://joe:hunter2@127.0.0.1/logs/despool.log")
    expect_refused(run, "--smb-auth=FILE")
    assert "hunter2" not in run.err and "joe" not in run.err


def test_no_share(server):
    run = log_cat("-a", server.auth, f"smb://127.0.0.1:{server.port}/nothere$/despool.log")
    expect_refused(run, "127.0.0.1 has no such share")


def test_no_file(server):
    run = log_cat("-a", server.auth, server.url("despool.log"))
    expect_refused(run, server.url("despool.log"), "there is no such file or folder")


def test_folder_instead_of_file(server):
    os.mkdir(server.path("folder.log"))
    try:
        expect_refused(log_cat("-a", server.auth, server.url("folder.log")), "is a directory")
    finally:
        os.rmdir(server.path("folder.log"))


def test_file_without_right(server):
    server.write("despool.log", b"one\n")
    os.chmod(server.path("despool.log"), 0)
    if os.getuid() == 0:
        os.chown(server.path("despool.log"), 0, 0)
    run = log_cat("-a", server.auth, server.url("despool.log"))
    expect_refused(run, "the server denies it to user TESTGROUP\\", "give it the right to read")


def test_port_closed(server):
    url = f"smb://127.0.0.1:{smbd.free_port()}/logs/despool.log"
    expect_refused(log_cat("-a", server.auth, url), "no SMB server answers on port")


def test_name_not_resolved(server):
    run = log_cat("-a", server.auth, "smb://no-such-host.invalid/logs/despool.log")
    expect_refused(run, "the name no-such-host.invalid does not resolve")


def test_smb1_only():
    with smbd.Smbd(extra_global="  server min protocol = NT1\n  server max protocol = NT1") as server:
        server.write("despool.log", b"one\n")
        expect_refused(log_cat("-a", server.auth, server.url("despool.log")), "client min protocol = NT1")


def test_not_an_smb_server(server):
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        client, _ = listener.accept()
        client.recv(100)
        client.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        client.close()

    threading.Thread(target=answer, daemon=True).start()
    port = listener.getsockname()[1]
    run = log_cat("-t", "1000", "-a", server.auth, f"smb://127.0.0.1:{port}/logs/despool.log")
    listener.close()
    assert run.code == 1 and f"smb://127.0.0.1:{port}/logs" in run.failure
    assert run.seconds < 5


def test_killed_in_mid_read(own_server, tmp_path):
    own_server.write("despool.log", LINES)
    position = tmp_path / "position"
    reader = start("-a", own_server.auth, "-p", str(position), "-b", "65536", own_server.url("despool.log"))
    reader.stdout.read(1000)
    own_server.kill()
    begin = time.monotonic()
    _, errors = reader.communicate(timeout=30)
    assert reader.returncode == 1
    assert b"the connection to 127.0.0.1 was lost" in errors and b"reading it at byte" in errors
    assert time.monotonic() - begin < 5
    assert not position.exists()


def test_hangs_in_mid_read(own_server):
    own_server.write("despool.log", LINES)
    reader = start("-a", own_server.auth, "-t", "1000", "-b", "65536", own_server.url("despool.log"))
    reader.stdout.read(1000)
    own_server.signal(signal.SIGSTOP)
    begin = time.monotonic()
    _, errors = reader.communicate(timeout=30)
    own_server.signal(signal.SIGCONT)
    assert reader.returncode == 1
    assert b"reading it at byte" in errors and b"did not answer within 1 s" in errors
    assert time.monotonic() - begin < 3


def test_hangs_at_connect(own_server):
    own_server.signal(signal.SIGSTOP)
    run = log_cat("-a", own_server.auth, "-t", "1000", own_server.url("despool.log"))
    own_server.signal(signal.SIGCONT)
    expect_refused(run, "127.0.0.1 did not answer within 1 s")
    assert run.seconds < 4


def test_nothing_but_our_words(server):
    """libsmbclient's own messages reach neither stream."""
    run = log_cat("-a", server.auth_file("wrong", "x"), server.url("despool.log"))
    for line in run.err.splitlines():
        assert line.split(":")[0] in ("trace", "failure") or line.startswith("outcome="), run.err


def test_local_file_loads_no_smb_library(tmp_path):
    (tmp_path / "despool.log").write_bytes(b"one\n")
    traced = subprocess.run(
        [LOG_CAT, str(tmp_path / "despool.log")], env=environment(LD_DEBUG="files"), capture_output=True, timeout=30
    )
    assert traced.stdout == b"one\n" and b"libsmbclient" not in traced.stderr


@pytest.mark.skipif(not os.path.exists(SHIM), reason="tests/unit/shim_read.so is not built")
def test_a_read_that_blocks_for_ever(tmp_path):
    (tmp_path / "despool.log").write_bytes(b"one\n" * 1000)
    reader = subprocess.Popen(
        [LOG_CAT, str(tmp_path / "despool.log")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(LD_PRELOAD=SHIM, SHIM_READ_HANGS="despool.log"),
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            reader.communicate(timeout=1)
    finally:
        reader.kill()
    out, errors = reader.communicate()
    assert out == b"" and errors.splitlines()[-1].startswith(b"trace: opening ")  # what the supervisor will name
