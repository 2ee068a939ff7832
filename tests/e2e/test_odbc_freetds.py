# SPDX-License-Identifier: GPL-3.0-or-later
"""common/odbc/odbc through the real FreeTDS driver and the TDS test server, in NRPE's empty environment."""

import os
import shutil
import socket
import sqlite3
import string
import subprocess
import time

import pytest

import odbc
from kerberos_cache import write_cache
from tds_fixture import Certificates, TdsServer

HERE = os.path.dirname(os.path.abspath(__file__))
PROBE = os.path.join(os.environ.get("SMS_BUILD", os.path.join(HERE, "..", "..")), "tests", "e2e", "odbc_probe")
ENCRYPTION = {"off": 0, "request": 1, "require": 2}

pytestmark = [pytest.mark.skipif(odbc.driver_path("libtdsodbc.so") is None, reason="tdsodbc is not installed"),
              pytest.mark.skipif(not os.access(PROBE, os.X_OK), reason="odbc_probe is not built")]


class Outcome:
    def __init__(self, process):
        self.code, self.out, self.err = process.returncode, process.stdout.decode(), process.stderr.decode()
        self.rows = [line[4:] for line in self.out.splitlines() if line.startswith("row ")]
        errors = [line for line in self.out.splitlines() if line.startswith("error ")]
        self.error = errors[0] if errors else ""

    def __repr__(self):
        return f"exit {self.code}\n{self.out}{self.err}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("freetds")


@pytest.fixture(scope="module")
def database(folder):
    path = folder / "site.db"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE PkgStatus (ID nvarchar(8), Status int, SourceVersion int, UpdateTime datetime)")
        made.executemany("INSERT INTO PkgStatus VALUES (?, ?, ?, ?)",
                         [(f"CEN{i:05X}", i % 10, i, "2026-11-23 08:15:04.120") for i in range(1000)])
    made.close()
    return path


@pytest.fixture(scope="module")
def probe(folder):
    ini = odbc.environment(str(folder / "odbc"))

    def run(server=None, sql="SELECT 1", types="i", parameters=(), environment=None, verbose=False, **settings):
        if server is not None:
            given = {"hostname": "127.0.0.1", "port": server.port, "user": server.user, "password": server.password}
            given.update(settings)
            settings = given
        if "encryption" in settings:
            settings["encryption"] = ENCRYPTION[settings["encryption"]]
        words = [f"{name.replace('_', '-')}={value}" for name, value in settings.items() if value is not None]
        keep = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        keep["ASAN_OPTIONS"] = keep.get("ASAN_OPTIONS", "") + ":detect_leaks=0"  # drivers leak at unloading
        return Outcome(subprocess.run([PROBE, *words, "--", sql, types, *parameters], timeout=60, capture_output=True,
                                      env={**keep, **ini, **({"PROBE_VERBOSE": "1"} if verbose else {}),
                                           **(environment or {})}))

    return run


@pytest.fixture(scope="module")
def server(database):
    with TdsServer(database, database=["SMS_CEN"]) as running:
        yield running


ODD_VALUES = [f"a{char}b" for char in string.printable if char.isprintable()] + [
    "{", "}", "{}", "}}", "a}", "{a}", ";", "a;", ";a", "a;UID=x", "a;Driver=y", "a}b;DSN=z", "a=b", " a ", "a  b", "'",
    '"', "ä€ß", "\U0001F389", "日本語", "x" * 128]


@pytest.mark.parametrize("key", ["password", "user"])
def test_every_character_reaches_the_server(probe, database, key):
    values = [value for value in ODD_VALUES if key == "password" or ("\\" not in value and "=" not in value)]
    accounts = [f"u{i}={value}" if key == "password" else f"{value}=p{i}" for i, value in enumerate(values)]
    with TdsServer(database, account=accounts) as running:
        for i, value in enumerate(values):
            told = {"user": f"u{i}", "password": value} if key == "password" else {"user": value, "password": f"p{i}"}
            outcome = probe(running, **told)
            assert outcome.rows == ["1"], f"{value!r}: {outcome}"


def test_every_character_in_a_database_name(probe, database):
    names = [value for value in ODD_VALUES if len(value) < 128]
    with TdsServer(database, database=names) as running:
        for name in names:
            outcome = probe(running, database=name)
            assert outcome.rows == ["1"], f"{name!r}: {outcome}"
            shown = " ".join(name.split()).translate(str.maketrans("|<>", "/\u2039\u203a"))
            assert f"database={shown};".casefold() in outcome.out.casefold(), f"{name!r}: {outcome}"


@pytest.mark.parametrize("value", ["geheim};", "geheim};b", "geheim}};b", "geheim" * 22, "geheim\nb"])
def test_what_cannot_be_carried_is_refused(probe, server, value):
    before = len(server.requests())
    outcome = probe(server, password=value)
    assert outcome.error and "geheim" not in repr(outcome), outcome
    assert len(server.requests()) == before


@pytest.mark.parametrize("version", ["7.1", "7.2", "7.3", "7.4"])
def test_rows(probe, server, version):
    outcome = probe(server, "SELECT ID, Status, SourceVersion, UpdateTime, ? FROM PkgStatus WHERE ID = ?", "t8,i,i,d,t20",
                    ["hä€\U0001F389", "CEN003E7"], tds_version=version)
    assert outcome.rows == ["CEN003E7|9|999|1795421704|hä€\U0001F389"], outcome
    outcome = probe(server, "SELECT ID, SourceVersion FROM PkgStatus ORDER BY ID", "t8,i", tds_version=version)
    assert outcome.rows == [f"CEN{i:05X}|{i}" for i in range(1000)], outcome
    outcome = probe(server, "SELECT ID FROM PkgStatus WHERE SourceVersion = 7", "i,", tds_version=version)
    assert "1 columns where 2 are expected" in outcome.error, outcome
    outcome = probe(server, "SELECT ID, NULL FROM PkgStatus WHERE SourceVersion = 7", "i,d", tds_version=version)
    assert outcome.rows == ["UNCONVERTED|NULL"], outcome


def test_changes_are_counted(probe, server):
    outcome = probe(server, "UPDATE PkgStatus SET Status = Status WHERE SourceVersion < ?", "x", ["10"])
    assert "affected 10" in outcome.out, outcome
    assert "affected 0" in probe(server, "UPDATE PkgStatus SET Status = 1 WHERE ID = 'x'", "x").out


def test_refusals_are_told(probe, database):
    with TdsServer(database, database=["SMS_CEN"], deny=["PkgStatus"]) as running:
        assert "login failed for user 'probe' (18456)" in probe(running, password="wrong").error
        assert "wrong" not in repr(probe(running, password="wrong", verbose=True)).replace("password", "")
        outcome = probe(running, database="SMS_XXX")
        assert "database SMS_XXX cannot be opened (4060)" in outcome.error, outcome
        outcome = probe(running, "SELECT ID FROM PkgStatus", "t8", database="SMS_CEN")
        assert "object=PkgStatus" in outcome.error, outcome
        assert "SELECT denied on PkgStatus (229): GRANT SELECT ON PkgStatus TO probe" in outcome.error, outcome
        outcome = probe(running, "SELECT a FROM nosuch", "t8", database="SMS_CEN")
        assert "object=nosuch" in outcome.error and "(208)" in outcome.error, outcome


@pytest.mark.parametrize("rule, part", [
    ({"at": "row", "do": "close", "rows": 500}, "the connection was lost"),
    ({"at": "row", "do": "reset", "rows": 10}, "the connection was lost"),
    ({"at": "batch", "do": "close"}, "the connection was lost"),
    ({"at": "login", "do": "close"}, "ended during login"),
    ({"at": "batch", "do": "error", "number": 1222, "message": "Lock request time out period exceeded."},
     "locked by another session (1222)"),
    ({"at": "batch", "do": "error", "number": 601, "message": "Could not continue scan with NOLOCK due to data movement."},
     "the rows moved while they were read (601)"),
    ({"at": "batch", "do": "error", "number": 1205, "message": "Transaction was deadlocked."}, "deadlock victim (1205)"),
    ({"at": "batch", "do": "error", "message": "Zugriff verweigert für ä€|x"}, "Zugriff verweigert für ä€/x"),
])
def test_failures_in_mid_work_are_told(probe, server, rule, part):
    server.rules([rule])
    try:
        outcome = probe(server, "SELECT ID FROM PkgStatus", "t8")
    finally:
        server.rules([])
    assert outcome.code == 1 and part in outcome.error, outcome


def test_nothing_listens(probe):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        outcome = probe(hostname="127.0.0.1", port=free.getsockname()[1], user="a", password="b")
    assert "nothing listens there (20009)" in outcome.error, outcome


def test_a_silent_server_ends_the_login_in_time(probe):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begin = time.monotonic()
        outcome = probe(hostname="127.0.0.1", port=silent.getsockname()[1], user="a", password="b", login_timeout=1)
    assert "no answer within 1 s" in outcome.error, outcome
    assert time.monotonic() - begin < 5


def test_data_sources(probe, server, folder):
    directory = str(folder / "dsn")
    base = {"Driver": "FreeTDS", "Server": "127.0.0.1", "Port": server.port}
    ini = odbc.environment(directory, {"Plain": base, "New": {**base, "TDS_Version": "7.4"}})
    for dsn, version in (("Plain", "7.2"), ("New", "7.4")):
        before = len(server.requests("login7"))
        outcome = probe(dsn=dsn, user=server.user, password=server.password, tds_version="7.2", environment=ini)
        assert outcome.rows == ["1"], outcome
        assert version in str(server.requests("login7")[before]), server.requests("login7")[before]


def test_ntlm(probe, database):
    with TdsServer(database, user="DOM\\mon", password="Pä;ss}1") as running:
        assert probe(running).rows == ["1"]
        outcome = probe(running, password="wrong")
        assert outcome.error and "login failed" in outcome.error, outcome


def test_kerberos(probe, server, folder):
    cache, conf = folder / "cache", folder / "krb5.conf"
    conf.write_text("[libdefaults]\ndefault_realm = EXAMPLE.TEST\ndns_lookup_kdc = false\n"
                    "dns_canonicalize_hostname = false\nrdns = false\n")
    write_cache(cache, "EXAMPLE.TEST", "mon", [("MSSQLSvc", f"127.0.0.1:{server.port}")])
    ticket = {"KRB5CCNAME": f"FILE:{cache}", "KRB5_CONFIG": str(conf)}
    before = len(server.requests("login7"))
    outcome = probe(server, user=None, password=None, environment=ticket)
    logins = server.requests("login7")[before:]
    assert len(logins) == 1, outcome  # without a ticket FreeTDS does not get that far
    outcome = probe(server, user=None, password=None, environment={**ticket, "KRB5CCNAME": "FILE:/nonexistent"})
    assert f"SPN MSSQLSvc/127.0.0.1:{server.port}" in outcome.error, outcome
    assert len(server.requests("login7")) == before + 1


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_tls(probe, database, server, folder):
    certificates, others = Certificates(folder / "tls"), Certificates(folder / "other", "sql.example.test")
    with TdsServer(database, encrypt="on", **certificates.options) as running:
        good = probe(running, tls_ca=certificates.ca, encryption="request", hostname="localhost", database="SMS_CEN")
        assert good.rows == ["1"], good
        wrong = probe(running, tls_ca=others.ca, encryption="require", hostname="localhost")
        assert f"must be signed by {others.ca}" in wrong.error, wrong
        assert probe(running, encryption="require").rows == ["1"]
    with TdsServer(database, encrypt="on", cert=others.cert, key=others.key) as running:
        wrong = probe(running, tls_ca=others.ca, encryption="require", hostname="localhost")
        assert "bear the name in --hostname" in wrong.error, wrong
    wrong = probe(server, encryption="require")
    assert "the server must offer TLS" in wrong.error, wrong
    wrong = probe(server, tls_ca=certificates.ca, encryption="require")
    assert wrong.error, wrong  # never in plain text
    assert probe(server, encryption="off").rows == ["1"]


def test_steps_and_no_secrets(probe, server):
    outcome = probe(server, "SELECT ID FROM PkgStatus WHERE Status = ?", "t8", ["3"], verbose=True)
    for part in ("resolving 127.0.0.1", f"connecting and logging in to 127.0.0.1 port {server.port} as user probe",
                 "waiting for the answer to the query", "fetching rows of the query", "1 parameters: SELECT ID",
                 "driver libtdsodbc.so", "disconnecting from 127.0.0.1"):
        assert part in outcome.err, outcome
    assert server.password not in repr(outcome)
