# SPDX-License-Identifier: GPL-3.0-or-later
"""A real smbd on 127.0.0.1 as an ordinary user, for tests that read over SMB (Debian package samba)."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

CONFIG = """\
[global]
  server role = standalone server
  workgroup = TESTGROUP
  netbios name = CHILDSITE
  interfaces = 127.0.0.1/8
  bind interfaces only = yes
  smb ports = {port}
  disable netbios = yes
  disable spoolss = yes
  load printers = no
  printing = bsd
  printcap name = /dev/null
  private dir = {home}/private
  lock directory = {home}/lock
  state directory = {home}/state
  cache directory = {home}/cache
  pid directory = {home}/pid
  ncalrpc dir = {home}/ncalrpc
  log file = {home}/log
  log level = 0
  passdb backend = tdbsam:{home}/private/passdb.tdb
  map to guest = never
  guest account = {user}
{extra_global}
[logs]
  path = {share}
  read only = yes
{extra_share}
"""


def installed():
    return all(shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") for name in ("smbd", "pdbedit"))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Smbd:
    """Share "logs" on `port`; account `user` with `password`; `auth` is a file for --smb-auth. Use it with `with`."""

    password = "Geheim:1 x"

    def __init__(self, extra_global="", extra_share=""):
        # Samba refuses accounts that the system does not know; root's tests run the server as nobody.
        self.user = pwd.getpwuid(os.getuid() or pwd.getpwnam("nobody").pw_uid).pw_name
        self.home = tempfile.mkdtemp(prefix="smbd-", dir="/tmp")
        self.share = os.path.join(self.home, "share")
        self.port = free_port()
        self.server = None
        for name in ("share", "private", "lock", "state", "cache", "pid", "ncalrpc"):
            os.mkdir(os.path.join(self.home, name), 0o755)
        self.config = os.path.join(self.home, "smb.conf")
        with open(self.config, "w", encoding="utf-8") as config:
            config.write(
                CONFIG.format(
                    port=self.port,
                    home=self.home,
                    user=self.user,
                    share=self.share,
                    extra_global=extra_global,
                    extra_share=extra_share,
                )
            )
        self.auth = self.auth_file("auth", self.password)
        if os.getuid() == 0:
            entry = pwd.getpwnam(self.user)
            for folder, _, files in os.walk(self.home):
                for name in ["."] + files:
                    os.chown(os.path.join(folder, name), entry.pw_uid, entry.pw_gid)
            os.chmod(self.home, 0o755)
            os.chown(self.auth, 0, 0)
        subprocess.run(
            [self._program("pdbedit"), "-s", self.config, "-a", "-t", "-u", self.user],
            input=f"{self.password}\n{self.password}\n".encode(),
            check=True,
            capture_output=True,
            **self._identity(),
        )

    def _identity(self):
        if os.getuid() != 0:
            return {}
        entry = pwd.getpwnam(self.user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": self.home}

    @staticmethod
    def _program(name):
        return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")

    def auth_file(self, name, password, user=None, mode=0o600):
        """Write another auth file and return its path."""
        path = os.path.join(self.home, name)
        with open(path, "w", encoding="utf-8") as auth:
            auth.write(f"username = {user or self.user}\npassword = {password}\ndomain = TESTGROUP\n")
        os.chmod(path, mode)
        return path

    def start(self):
        # Its own session: at its end smbd signals its whole process group.
        self.server = subprocess.Popen(
            [
                self._program("smbd"),
                "--foreground",
                "--no-process-group",
                f"--configfile={self.config}",
                "--debug-stdout",
            ],
            stdin=subprocess.DEVNULL,
            stdout=open(os.path.join(self.home, "out"), "ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **self._identity(),
        )
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if self.server.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        with open(os.path.join(self.home, "out"), encoding="utf-8", errors="replace") as out:
            raise RuntimeError("smbd did not start: " + out.read()[-2000:])

    def processes(self):
        """The server and its children (one for each connection), by their session: all of them are ours."""
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as stat:
                        session = int(stat.read().rpartition(")")[2].split()[3])
                except (OSError, IndexError, ValueError):
                    continue
                if self.server is not None and session == self.server.pid:
                    found.append(int(name))
        return found

    def signal(self, number):
        for process in self.processes():
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """End it at once, as a crash or a power failure does."""
        if self.server is not None:
            self.signal(signal.SIGKILL)
            self.server.wait()
            self.server = None

    def stop(self):
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def url(self, path=""):
        return f"smb://127.0.0.1:{self.port}/logs" + (f"/{path}" if path else "")

    def path(self, name):
        return os.path.join(self.share, name)

    def write(self, name, content, append=False):
        with open(self.path(name), "ab" if append else "wb") as stream:
            stream.write(content)
        os.chmod(self.path(name), 0o644)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
