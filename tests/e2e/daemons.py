# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests with real servers share: where things lie, as whom they run, and how a server is started and stopped.

Every server gets a session of its own (some end by signalling their whole process group), binds 127.0.0.1 on a port from
the kernel, and is ended by its own pid. Started as root, servers and plugins run as user nagios.
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.environ.get("SMS_TREE") or os.path.dirname(os.path.dirname(HERE))
CONFIG = os.path.join(TREE, "nrpe-config")
PLUGINS = os.environ.get("SMS_PLUGINS") or os.path.join(os.environ.get("SMS_BUILD") or os.path.join(TREE, "build"), "plugins")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))

import odbc  # noqa: E402
import sitedb  # noqa: E402
import sitedb_demo  # noqa: E402

INI = "/etc/monitoring-plugins-sms.ini"
STANDARD_PLUGINS = "/usr/lib/nagios/plugins"
DAY = 86400


def identity():
    """Arguments of subprocess for whom servers and plugins run as."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nagios")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def user_name():
    return "nagios" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def require_daemons():
    if os.environ.get("SMS_DAEMONS", "yes") == "no":
        pytest.skip("real servers are left out (--no-daemons)")


def program(name):
    """The path of one of our programs; a test of one that is not built is skipped."""
    path = os.path.join(PLUGINS, name)
    if not os.access(path, os.X_OK):
        pytest.skip("%s is not built" % name)
    return path


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text, mode=0o644):
    """Write a file of the servers' user."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    give(path)
    return path


def give(path):
    who = identity()
    if who:
        os.chown(path, who["user"], who["group"])
    return path


def shipped(name, **replacements):
    """The text of a file of nrpe-config with some of its parts changed for this machine; each part must be there."""
    return changed(read(os.path.join(CONFIG, name)), replacements.pop("changes", {}), name)


def changed(text, changes, name="text"):
    for old, new in changes.items():
        assert old in text, "%s no longer holds %r" % (name, old)
        text = text.replace(old, new)
    return text


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def port_answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def wait_until(condition, seconds, what, alive=None):
    """Poll until the condition is true and return its value; fail with `what` otherwise."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if alive is not None and not alive():
            pytest.fail("%s: the server has ended" % what)
        if time.monotonic() > end:
            pytest.fail("not within %g s: %s" % (seconds, what() if callable(what) else what))
        time.sleep(0.05)


def require_mount_namespace():
    """A root that chroot entered is no mount point, and has no namespace of its own."""
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("no mount namespace can be made here: " + done.stderr.strip())


class Folder:
    """A private folder with a short path (unix sockets lie in it), gone at the end."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="e")
        os.chmod(self.path, 0o755)
        return give(self.path)

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


class Server:
    """One process in a session of its own."""

    def __init__(self, command, log, environment=None, cwd="/", who=None):
        """who: arguments of subprocess for another identity than the servers' usual one."""
        self.command, self.log = command, log
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        clean.update(environment or {})
        with open(log, "ab") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=clean, cwd=cwd,
                                            start_new_session=True, **(identity() if who is None else who))

    def alive(self):
        return self.process.poll() is None

    def wait_port(self, port, seconds=20):
        wait_until(lambda: port_answers(port), seconds, lambda: "%s answers on port %d\n%s" % (
            self.command[0], port, read(self.log)), self.alive)

    def stop(self, seconds=10):
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        # What it left in its own session, which is nobody else's.
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def run(command, timeout=60, environment=None, **more):
    """Run a program as the servers' user with a clean environment. @return (exit code, standard output as bytes)"""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                          env=environment if environment is not None else {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
                          check=False, **identity(), **more)
    return done.returncode, done.stdout


class Site:
    """A made-up site hierarchy on this machine: database, ODBC, state, and the shipped ini file with their places in it."""

    def __init__(self, folder, demo=True):
        self.folder = folder
        self.database = os.path.join(folder, "SMS_CEN.db")
        self.environment = odbc.environment(os.path.join(folder, "odbc"))
        self.state = os.path.join(folder, "state")
        os.mkdir(self.state, 0o750)
        give(self.state)
        with sitedb.Lab(self.database) as lab:
            if demo:
                sitedb_demo.build(lab)
            else:
                self.build_healthy(lab)
        give(self.database)
        self.ini = os.path.join(folder, "sms.ini")
        self.write_ini()

    @staticmethod
    def build_healthy(lab):
        for code in ("CEN", "S02", "S03"):
            lab.site(code, "Site " + code, parent="" if code == "CEN" else "CEN")
        for number in (1, 2):
            package = "CEN0000%d" % number
            lab.package(package, "Package %d" % number, version=3, source_date_age_s=5 * DAY)
            lab.deploy(package, ("S02", "S03"), age_s=4 * DAY)

    def lab(self):
        return sitedb.Lab(self.database)

    def write_ini(self, **more):
        """The shipped ini file; `more` are keys of [packages_CEN]."""
        text = shipped("monitoring-plugins-sms.ini", changes={
            "hostname = sqlserver.example.com\ndatabase = SMS_CEN\nuser = sms_check\n"
            "password-file = /etc/monitoring-plugins-sms/sms_check.password\n":
                "site = CEN\nconnect = Driver=SQLite3;Database=%s\nODBCSYSINI = %s\nstate-dir = %s\n" % (
                    self.database, os.path.join(self.folder, "odbc"), self.state),
            "[packages_CEN]\n": "[packages_CEN]\n" + "".join("%s = %s\n" % item for item in more.items()),
        })
        write(self.ini, text, 0o640)
