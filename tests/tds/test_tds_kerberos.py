# SPDX-License-Identifier: GPL-3.0-or-later
"""FreeTDS without a user: it sends a Kerberos ticket, from a KDC that the test runs itself.

Needs krb5-kdc, krb5-admin-server and krb5-user; without them only the case without a ticket is tested.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from tds_database import make_database
from tds_fixture import HERE, TdsServer

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
TOOLS = {name: shutil.which(name, path=PATH) for name in ("krb5kdc", "kdb5_util", "kadmin.local", "kinit")}

KRB5_CONF = """[libdefaults]
    default_realm = TEST.EXAMPLE
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
[realms]
    TEST.EXAMPLE = {{
        kdc = 127.0.0.1:{port}
    }}
[domain_realm]
    localhost = TEST.EXAMPLE
"""

KDC_CONF = """[kdcdefaults]
    kdc_listen = ""
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
    TEST.EXAMPLE = {{
        database_name = {directory}/principal
        key_stash_file = {directory}/stash
        acl_file = {directory}/acl
        supported_enctypes = aes256-cts-hmac-sha1-96:normal
    }}
[logging]
    kdc = FILE:{directory}/kdc.log
"""

# The driver's process must be started with the Kerberos environment, so it is one of its own.
CLIENT = """
import sys
sys.path.insert(0, sys.argv[1])
from odbc_client import Connection, OdbcError
try:
    with Connection(sys.argv[2], login_timeout=5) as connection:
        print(connection.rows("SELECT COUNT(*) FROM PkgStatus")[0][0])
except OdbcError as error:
    print(error.natives)
"""


class Kdc:
    """A realm of its own on 127.0.0.1, run by whoever runs the test."""

    def __init__(self, directory):
        self.directory = str(directory)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        for name, text in (("krb5.conf", KRB5_CONF), ("kdc.conf", KDC_CONF)):
            with open(os.path.join(self.directory, name), "w", encoding="ascii") as file:
                file.write(text.format(directory=self.directory, port=self.port))
        self.environment = {"KRB5_CONFIG": f"{self.directory}/krb5.conf",
                            "KRB5CCNAME": f"FILE:{self.directory}/tickets",
                            "KRB5_KDC_PROFILE": f"{self.directory}/kdc.conf"}
        self.run("kdb5_util", "create", "-s", "-r", "TEST.EXAMPLE", "-P", "master")
        with open(os.path.join(self.directory, "out"), "w", encoding="ascii") as out:
            self.process = subprocess.Popen([TOOLS["krb5kdc"], "-n", "-r", "TEST.EXAMPLE"], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out, env=dict(os.environ, **self.environment),
                                            start_new_session=True)
        self.wait()

    def wait(self):
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        pytest.fail("the KDC did not start: " + self.log())

    def run(self, tool, *args, **options):
        subprocess.run([TOOLS[tool], *args], check=True, capture_output=True,
                       env=dict(os.environ, **self.environment), **options)

    def principal(self, name, *how):
        self.run("kadmin.local", "-r", "TEST.EXAMPLE", "addprinc", *how, name)

    def ticket(self, name, password):
        self.run("kinit", name, input=password.encode() + b"\n")

    def log(self):
        found = ""
        for name in ("out", "kdc.log"):
            path = os.path.join(self.directory, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    found += file.read()
        return found

    def stop(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.process.send_signal(number)
            try:
                self.process.wait(5)
                return
            except subprocess.TimeoutExpired:
                continue


def connect(server, environment, **keys):
    """What a client without a user says: the row count, or the native errors."""
    text = server.connect_string(UID=None, PWD=None, **keys)
    done = subprocess.run([sys.executable, "-c", CLIENT, HERE, text], capture_output=True, text=True, timeout=30,
                          env=dict(os.environ, **environment))
    return (done.stdout + done.stderr).strip()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with TdsServer(make_database(tmp_path_factory.mktemp("kerberos") / "site.db"), user=None) as running:
        yield running


@pytest.fixture(scope="module")
def kdc(server, tmp_path_factory):
    if None in TOOLS.values():
        pytest.skip("no Kerberos server: " + ", ".join(name for name, path in TOOLS.items() if path is None))
    running = Kdc(tmp_path_factory.mktemp("kdc"))
    running.principal("svc-sms", "-pw", "secret")
    running.principal(f"MSSQLSvc/localhost:{server.port}", "-randkey")
    running.ticket("svc-sms", "secret")
    yield running
    running.stop()


def test_without_a_ticket_nothing_is_sent(server, tmp_path):
    """FreeTDS gives up after PRELOGIN, and does not say why."""
    seen = len(server.requests("prelogin"))
    environment = {"KRB5_CONFIG": str(tmp_path / "none"), "KRB5CCNAME": f"FILE:{tmp_path}/none"}
    assert connect(server, environment) == "[0, 20002]"
    assert len(server.requests("prelogin")) > seen and not server.requests("sspi")


@pytest.mark.parametrize("tds", ("7.1", "7.4"))
def test_ticket_is_sent(server, kdc, tds):
    seen = len(server.requests("sspi"))
    assert connect(server, kdc.environment, tds=tds, Server="localhost") == "4", kdc.log()
    token = server.requests("sspi")[seen]
    assert token["kind"] in ("kerberos", "spnego") and "2a864886f71201" in token["head"], token
    assert f"MSSQLSvc/localhost:{server.port}@" in kdc.log()


def test_service_unknown_to_the_kdc(server, kdc):
    """The ticket is there, but not for this server."""
    seen = len(server.requests("sspi"))
    assert connect(server, kdc.environment, Server="localhost", ServerSPN="MSSQLSvc/elsewhere:1433") == "[0, 20002]"
    assert len(server.requests("sspi")) == seen


def test_ticket_is_refused(database, kdc):
    for mode, number in (("untrusted", 18452), ("refuse", 18452)):
        with TdsServer(database, user=None, windows=mode) as server:
            kdc.principal(f"MSSQLSvc/localhost:{server.port}", "-randkey")
            assert str(number) in connect(server, kdc.environment, Server="localhost"), mode
