# SPDX-License-Identifier: GPL-3.0-or-later
"""The test server as a context manager, and certificates for it.

    with TdsServer("site.db", user="probe", password="secret") as server:
        ... server.port, server.connect_string(tds="7.1"), server.requests(), server.rules([...])
"""

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
USER, PASSWORD = "probe", "Geheim:1"


class TdsServer:
    """Options are the server's long options: deny=["PkgStatus"], encrypt="on", hide_denied=True."""

    def __init__(self, db, user=USER, password=PASSWORD, database=(), rules=None, **options):
        self.user, self.password = user, password
        self.databases = [database] if isinstance(database, str) else list(database)
        self.directory = tempfile.mkdtemp(prefix="tds-")
        self.log = os.path.join(self.directory, "requests.jsonl")
        self.rule_file = os.path.join(self.directory, "rules.json")
        self.errors = os.path.join(self.directory, "stderr")
        self.command = ["/usr/bin/python3", os.path.join(HERE, "tds_server.py"), "--db", os.fspath(db),
                        "--log", self.log, "--rules", self.rule_file, "--until-eof"]
        if user is not None:
            self.command += ["--user", user, f"--password={password}"]
        options["database"] = self.databases
        for name, value in options.items():
            option = "--" + name.replace("_", "-")
            if value is True:
                self.command.append(option)
            elif isinstance(value, (list, tuple)):
                self.command += [f"{option}={one}" for one in value]
            elif value not in (None, False):
                self.command.append(f"{option}={value}")
        self.process = None
        self.rules(rules or [])

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self, timeout_s=15):
        with open(self.errors, "w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=errors, start_new_session=True)
        line = b""
        if select.select([self.process.stdout], [], [], timeout_s)[0]:
            line = self.process.stdout.readline()
        if not line.startswith(b"listening on "):
            told = self.stderr()
            self.stop()
            raise RuntimeError(f"the TDS server did not start: {line!r} {told}")
        self.port = int(line.rsplit(b":", 1)[1])
        return self

    def stop(self):
        if self.process is not None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                self.process.send_signal(number)
                try:
                    self.process.wait(5)
                    break
                except subprocess.TimeoutExpired:
                    continue
            self.process.stdout.close()
            self.process.stdin.close()
            self.process = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def rules(self, rules):
        """Replaces the rule file; the server reads it at the next event."""
        fresh = self.rule_file + ".new"
        with open(fresh, "w", encoding="utf-8") as file:
            json.dump(rules, file)
        os.replace(fresh, self.rule_file)

    def requests(self, event=None):
        """The request log, or only the lines of one kind (login7, batch, rpc, tm, attention, ...)."""
        try:
            with open(self.log, encoding="utf-8") as file:
                lines = [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            lines = []
        return [line for line in lines if event is None or line["event"] == event]

    def wait_for(self, event, timeout_s=5, **fields):
        """The first log line of that kind with these fields; None after the time."""
        end = time.monotonic() + timeout_s
        while True:
            for line in self.requests(event):
                if all(line.get(name) == value for name, value in fields.items()):
                    return line
            if time.monotonic() > end:
                return None
            time.sleep(0.02)

    def stderr(self):
        with open(self.errors, encoding="utf-8") as file:
            return file.read()

    def connect_string(self, tds="7.4", driver="FreeTDS", **keys):
        """keys replace or add parts: UID=..., Encryption="require"; None leaves one out."""
        parts = {"Driver": driver, "Server": "127.0.0.1", "Port": self.port, "TDS_Version": tds, "UID": self.user,
                 "PWD": self.password, "Database": self.databases[0] if self.databases else "SMS_CEN"}
        parts.update(keys)
        return ";".join(f"{name}={braced(value)}" for name, value in parts.items() if value is not None) + ";"

    def memory_kb(self, which="VmRSS"):
        """VmRSS or VmHWM (the peak) of the server."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(which + ":"):
                    return int(line.split()[1])
        return 0


def braced(value):
    """A value with characters that end a part of a connection string goes in braces.

    FreeTDS ends it at the first `};` and knows no escape for that.
    """
    text = str(value)
    if "};" in text:
        raise ValueError("FreeTDS cannot take }; in a connection string")
    return "{" + text + "}" if any(char in text for char in ";{}=") or text != text.strip() else text


class Certificates:
    """A private CA and a server certificate for localhost and 127.0.0.1, made with openssl."""

    def __init__(self, directory, name="localhost"):
        self.directory = os.fspath(directory)
        os.makedirs(self.directory, exist_ok=True)
        self.ca, self.ca_key = self._path("ca.pem"), self._path("ca.key")
        self.cert, self.key = self._path("server.pem"), self._path("server.key")
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=Test CA",
                      "-keyout", self.ca_key, "-out", self.ca)
        request, extensions = self._path("server.csr"), self._path("server.ext")
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"subjectAltName=DNS:{name},IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", self.key,
                      "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.ca_key, "-CAcreateserial",
                      "-days", "30", "-extfile", extensions, "-out", self.cert)

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _openssl(self, *args):
        subprocess.run(["openssl", *args], check=True, stdin=subprocess.DEVNULL, capture_output=True)

    @property
    def options(self):
        """For TdsServer."""
        return {"cert": self.cert, "key": self.key}
