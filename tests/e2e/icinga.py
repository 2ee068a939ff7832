# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Icinga 2 nodes with the shipped files (Debian packages icinga2-bin, icinga2-common, monitoring-plugins-basic)."""
import base64
import json
import os
import shutil
import ssl
import http.client
import time
import urllib.parse

import daemons
import nrpe

ICINGA = "/usr/sbin/icinga2"
# What stands in settings.conf for a test: minutes become seconds.
FAST = {
    "const SmsCheckInterval = 15m": "const SmsCheckInterval = 2s",
    "const SmsRetryInterval = 5m": "const SmsRetryInterval = 1s",
    "const SmsNotificationInterval = 1h": "const SmsNotificationInterval = 4s",
    "const SmsEscalateAfter = 1h": "const SmsEscalateAfter = 3s",
}
PERIOD_FREE = """include <itl>
include <plugins>
const PluginDir = "{plugins}"
const NodeName = "{node}"
const ZoneName = "{zone}"
object CheckerComponent "checker" {{ }}
object NotificationComponent "notification" {{ }}
object ApiListener "api" {{
  bind_host = "127.0.0.1"
  bind_port = {port}
  accept_commands = {accepts}
  accept_config = {accepts}
}}
object ApiUser "test" {{
  password = "secret"
  permissions = [ "*" ]
}}
include "zones.conf"
include_recursive "conf.d"
"""


class Authority:
    """A CA and the nodes' certificates, made once for all tests of a file: each costs a second."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "ca")
        self.scratch = Node(self, "authority", self.folder)
        self.scratch.command("pki", "new-ca")

    def sign(self, node):
        certs = os.path.join(node.home, "data", "certs")
        name = os.path.join(certs, node.name)
        shutil.copy(os.path.join(self.scratch.home, "data", "ca", "ca.crt"), daemons.give(certs))
        node.command("pki", "new-cert", "--cn", node.name, "--key", name + ".key", "--csr", name + ".csr")
        self.scratch.command("pki", "sign-csr", "--csr", name + ".csr", "--cert", name + ".crt")


class Node:
    """One node in private folders. Put files into it, then start() it."""

    def __init__(self, authority, name, folder):
        self.name, self.home = name, os.path.join(folder, name[:8])
        self.port = daemons.free_port()
        for part in ("", "etc", "etc/conf.d", "etc/zones.d", "data", "data/certs", "data/ca", "log", "cache", "spool", "run", "bin"):
            os.makedirs(os.path.join(self.home, part), exist_ok=True)
            daemons.give(os.path.join(self.home, part))
        self.config = os.path.join(self.home, "etc", "icinga2.conf")
        self.mailbox = os.path.join(self.home, "mailbox")
        self.server = None
        if authority is not None and name != "authority":
            authority.sign(self)

    def arguments(self, *command):
        folders = {"ConfigDir": "etc", "ZonesDir": "etc/zones.d", "DataDir": "data", "LogDir": "log", "CacheDir": "cache", "SpoolDir": "spool", "InitRunDir": "run"}
        return [ICINGA, *command, "-D", "RunAsUser=" + daemons.user_name(), "-D", "RunAsGroup=" + nrpe.group_name()] + [
            word for key, part in folders.items() for word in ("-D", "%s=%s/%s" % (key, self.home, part))]

    def environment(self):
        return {"HOME": self.home, "LC_ALL": "C.UTF-8", "PATH": "%s/bin:/usr/sbin:/usr/bin:/bin" % self.home, "MAILBOX": self.mailbox}

    def command(self, *command):
        """A subcommand; its own arguments follow the subcommand's name words."""
        words = [one for one in command if not one.startswith("-")][:2] if command[0] == "pki" else list(command[:1])
        code, output = daemons.run(self.arguments(*words) + list(command[len(words):]), environment=self.environment())
        assert code == 0, output.decode("utf-8", "replace")
        return output.decode()

    def write(self, name, text):
        return daemons.write(os.path.join(self.home, "etc", name), text)

    def configure(self, zone, zones, accepts=False):
        self.write("icinga2.conf", PERIOD_FREE.format(plugins=daemons.PLUGINS, node=self.name, zone=zone, port=self.port,
                                                      accepts=str(accepts).lower()))
        self.write("zones.conf", zones)

    def ship(self, name, target="conf.d", changes=None):
        """Copy a shipped file to conf.d or a folder of zones.d."""
        text = daemons.shipped("icinga2/" + name, changes=changes or {})
        return self.write(os.path.join(target, name.replace("/", "-")), text)

    def validate(self):
        code, output = daemons.run(self.arguments("daemon") + ["-C", "-c", self.config], environment=self.environment())
        return code, output.decode("utf-8", "replace")

    def start(self):
        code, output = self.validate()
        assert code == 0, output
        self.server = daemons.Server(self.arguments("daemon") + ["-c", self.config], os.path.join(self.home, "out"), self.environment())
        self.server.wait_port(self.port)
        return self

    def stop(self):
        if self.server:
            self.server.stop()

    def output(self):
        return "%s:\n%s" % (self.name, daemons.read(os.path.join(self.home, "out"))[-4000:])

    def api(self, path, method="GET", body=None, **query):
        """@return the decoded answer of the node's API; None when it does not answer yet"""
        context = ssl.create_default_context(cafile=os.path.join(self.home, "data", "certs", "ca.crt"))
        context.check_hostname = False
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)
        headers = {"Accept": "application/json", "Authorization": "Basic " + base64.b64encode(b"test:secret").decode()}
        try:
            connection.request(method, "/v1/" + path + ("?" + urllib.parse.urlencode(query, doseq=True) if query else ""),
                               json.dumps(body) if body is not None else None, headers)
            return json.loads(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def objects(self, kind, **query):
        answer = self.api("objects/" + kind, **query)
        return {one["name"]: one["attrs"] for one in (answer or {}).get("results", [])}

    def service(self, host, name):
        return self.objects("services").get("%s!%s" % (host, name), {})

    def check_now(self, host, name):
        self.api("actions/reschedule-check", "POST", {"type": "Service", "service": "%s!%s" % (host, name), "force": True})

    def wait_service(self, host, name, condition, what, seconds=30, other=None, ask_s=None):
        """ask_s: ask for a check at once this often. A check sent to a node that is just reloading is lost, and Icinga 2 sends
        the next only after the command's timeout and 30 s."""
        found = {}
        asked = time.monotonic()

        def met():
            nonlocal asked
            if ask_s and time.monotonic() - asked > ask_s:
                asked = time.monotonic()
                self.check_now(host, name)
            found.clear()
            found.update(self.service(host, name))
            return bool(found) and condition(found)

        daemons.wait_until(met, seconds, lambda: "%s: %s (is %s)\n%s" % (name, what, {key: found.get(key) for key in (
            "state", "state_type", "last_check_result")}, "\n".join(node.output() for node in (self, other) if node)), self.server.alive)
        return found

    def wait_state(self, host, name, state, hard, seconds=30):
        return self.wait_service(host, name, lambda one: one["last_check_result"] is not None and one["state"] == state and
                                 one["state_type"] == (1 if hard else 0), "becomes %d %s" % (state, "hard" if hard else "soft"), seconds)
