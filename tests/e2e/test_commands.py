# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command line of the README, the pages, --help and NRPE's commands works as it stands, with the ini file that is shipped.

Changed for this machine are only the names of servers, folders and secrets, and the package and site of an example.
"""
import os
import re
import shlex
import subprocess
import time

import pytest

import daemons
import logs
import sitedb_order
from tds_fixture import TdsServer

PROGRAMS = ("check_sms_packages", "check_sms_dps", "check_sms_despool", "check_sms_inbox", "sms_reset_package")
PASSWORD = "Geheim;1}"


def built():
    return [name for name in PROGRAMS if os.access(os.path.join(daemons.PLUGINS, name), os.X_OK)]


def commands_of(text):
    """The command lines of a text: what stands indented, continued lines joined, without prompt, sudo and folder."""
    found = []
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        match = re.match(r"(?: {3,}|\t)(?:\$ )?(?:sudo (?:-u \w+ )?)?(?:/usr/lib/nagios/plugins/)?((?:check_sms|sms_reset)_\w+ .*--.*)$", line)
        if match and match[1].split()[0] in PROGRAMS and "..." not in match[1]:
            found.append(match[1])
    return found


def documents():
    yield "README.md", daemons.read(os.path.join(daemons.TREE, "README.md"))
    yield "nrpe-config/README.md", daemons.read(os.path.join(daemons.CONFIG, "README.md"))
    for program in built():
        yield program + ".md", daemons.read(os.path.join(daemons.TREE, "plugins", program + ".md"))
        done = subprocess.run([os.path.join(daemons.PLUGINS, program), "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        yield program + " --help", done.stdout.partition("\nEXAMPLES:\n")[2].partition("\n\nEXIT STATUS:")[0]
    yield "sms.cfg", re.sub(r"^command\[\w+\]=", "    ", daemons.read(os.path.join(daemons.CONFIG, "nrpe.d", "sms.cfg")), flags=re.M)


def cases():
    return [pytest.param(document, command, id="%s: %s" % (document, command))
            for document, text in documents() for command in dict.fromkeys(commands_of(text))]


class Machine:
    """What the shipped ini file speaks of, on this machine: the database's server, the logs, the passwords."""

    def __init__(self, folder):
        self.folder = str(folder)
        os.chmod(self.folder, 0o755)
        for name, mode in (("state", 0o755), ("journal", 0o700)):
            os.mkdir(self.path(name), mode)
            daemons.give(self.path(name))
        self.database = self.path("SMS_CEN.db")
        with daemons.sitedb.Lab(self.database) as lab:
            daemons.sitedb_demo.build(lab)
        with daemons.sitedb.Lab(self.path("SMS_WAN.db")) as lab:
            sitedb_order.build(lab)
        for name in ("SMS_CEN.db", "SMS_WAN.db"):
            daemons.give(self.path(name))
        now = time.time()
        for code in ("S02", "S03"):
            site = logs.Site("sms2003", code=code, parent="CEN")
            stories = [logs.article(site, package="CEN00001", start=now - 4 * 86400, now=now)]
            for place in (self.path("srv/%s" % code), self.path("srv/%s/Logs" % code), self.path("Logs")):
                os.makedirs(place, exist_ok=True)
                logs.write(place, stories, site, now, form="F2", zone=60)
        for box in ("schedule.box/requests", "despoolr.box/receive"):
            os.makedirs(self.path("srv/cen/inboxes/" + box))
        self.write("password", PASSWORD + "\n")
        self.server = TdsServer(self.database, user="sms_check", password=PASSWORD, database="SMS_CEN")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        daemons.write(self.path(name), text, 0o600)

    def __enter__(self):
        self.server.start()
        text = daemons.read(os.path.join(daemons.CONFIG, "monitoring-plugins-sms.ini"))
        text = daemons.changed(text, {
            "hostname = sqlserver.example.com": "hostname = 127.0.0.1\nport = %d" % self.server.port,
            "/etc/monitoring-plugins-sms/sms_check.password": self.path("password"),
            "/root/sms_repair.password": self.path("password"),
            "user = sms_repair": "user = sms_check\njournal-dir = " + self.path("journal"),
            "smb-auth = ": "#smb-auth = ",
            "smb://s021.example.com/SMS_S02/Logs": self.path("srv/S02"),
            "/srv/sms-logs": self.path("srv"),
            "smb://cen1.example.com/SMS_CEN": self.path("srv/cen"),
        })
        self.write("monitoring-plugins-sms.ini", re.sub(r"(?m)^log = smb://[^/]+/SMS_(\w+)/Logs", lambda m: "log = " + self.path("srv/" + m[1]), text))
        return self

    def __exit__(self, *_):
        self.server.stop()

    def here(self, command):
        for old, new in (("@/etc/monitoring-plugins-sms.ini", ""), ("/srv/sms-logs", self.path("srv")), ("/srv/S02", self.path("srv/S02")), ("/srv/cen", self.path("srv/cen")),
                         ("CEN00012", "CEN00001"), ("CEN0000E", "CEN00001"), ("*.branch.example", "S0*"), ("Database=SMS_", "Database=" + self.path("SMS_"))):
            command = command.replace(old, new)
        return command

    def run(self, command):
        words = shlex.split(self.here(command), comments=True)
        environment = {**daemons.odbc.environment(self.path("odbc")), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
                       "MP_STATE_PATH": self.path("state"), "MP_CONFIG_FILE": self.path("monitoring-plugins-sms.ini")}
        return subprocess.run([os.path.join(daemons.PLUGINS, words[0]), *words[1:]], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False, **daemons.identity())


@pytest.fixture(scope="module")
def machine():
    with daemons.Folder() as folder, Machine(folder) as made:
        yield made


def test_there_are_command_lines():
    found = {}
    for document, text in documents():
        found.setdefault(document, []).extend(commands_of(text))
    assert [name for name in found if not found[name] and name != "nrpe-config/README.md"] == []
    assert len(sum(found.values(), [])) > 20


# Exit codes: what was looked at has a state; --survey judges nothing; a repair without a terminal is refused.
@pytest.mark.parametrize("document, command", cases())
def test_a_command_works_as_it_stands(machine, document, command):
    done = machine.run(command)
    if command.startswith("sms_reset_package"):
        expected = (0, 1) if "--undo" in command or "--apply" in command else (0,)
        if "--journal" in command and "there is no journal" in done.stdout:
            expected = (3,)
        words = ""
    else:
        expected = (3,) if "--survey" in command else (0, 1, 2, 3) if "--close" in command else (0, 1, 2)
        words = "SMS "
    assert done.returncode in expected and done.stdout.startswith(words), (document, command, done)
    for trouble in ("section", "unknown option", "unknown key", "no such file", "permission denied", "does not exist"):
        assert trouble not in (done.stdout.splitlines() or [""])[0].lower(), (document, command, done)
