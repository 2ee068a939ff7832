# SPDX-License-Identifier: GPL-3.0-or-later
"""Encryption: every mode of the server against every wish of the client, and the check of the CA."""

import os

import pytest

from odbc_client import Connection, OdbcError
from tds_database import make_database
from tds_fixture import Certificates, TdsServer

ROWS = "SELECT COUNT(*) FROM PkgStatus"

# server, client's Encryption=, what is encrypted (None: the connection fails)
MODES = (
    ("off", None, "none"), ("off", "off", "none"), ("off", "request", "none"), ("off", "require", None),
    ("login", None, "login"), ("login", "request", "login"), ("login", "off", "none"), ("login", "require", "all"),
    ("on", None, "all"), ("on", "request", "all"), ("on", "require", "all"), ("on", "off", None),
)


@pytest.fixture(scope="module")
def servers(tmp_path_factory, certificates):
    path = make_database(tmp_path_factory.mktemp("tls") / "site.db")
    running = {mode: TdsServer(path, encrypt=mode, **certificates.options).start() for mode in ("off", "login", "on")}
    yield running
    for server in running.values():
        server.stop()


@pytest.mark.parametrize("mode, wish, extent", MODES)
def test_mode(servers, mode, wish, extent):
    server = servers[mode]
    for tds in ("7.1", "7.2", "7.3", "7.4"):
        seen = len(server.requests("tls"))
        text = server.connect_string(tds=tds, Encryption=wish)
        if extent is None:
            with pytest.raises(OdbcError) as caught:
                Connection(text)
            assert "08001" in caught.value.states or "08S01" in caught.value.states, caught.value
            continue
        with Connection(text) as connection:
            assert connection.rows(ROWS) == [(4,)]
            assert connection.rows(ROWS + " WHERE PKID > ?", 1) == [(3,)]
        found = [line["extent"] for line in server.requests("tls")[seen:]]
        assert found == ([] if extent == "none" else [extent]), tds
    if extent in ("login", "all"):
        assert server.requests("tls")[-1]["version"] == "TLSv1.2"


def test_large_result_and_prepared_statements_over_tls(servers):
    with Connection(servers["on"].connect_string(Encryption="require")) as connection:
        connection.do("IF OBJECT_ID('Big') IS NULL CREATE TABLE Big (T nvarchar(4000))")
        connection.do("DELETE FROM Big INSERT INTO Big (T) SELECT REPLICATE(N'ä', 3000)")
        for _ in range(6):
            connection.do("INSERT INTO Big (T) SELECT T FROM Big")
        statement = connection.statement().prepare("SELECT T FROM Big WHERE LEN(T) > ?")
        assert statement.run(1).rows() == [("ä" * 3000,)] * 64
        statement.free()


@pytest.mark.parametrize("known, section, name_check, works", (
    (True, "ca", "yes", True), (False, "ca", "yes", False), (True, "byname", "yes", True),
))
def test_certificate_is_checked(servers, certificates, tmp_path, monkeypatch, known, section, name_check, works):
    """Debian's driver takes a CA only from a freetds.conf."""
    server = servers["on"]
    ca = certificates.ca if known else Certificates(tmp_path / "other").ca
    host = "localhost" if section == "byname" else "127.0.0.1"
    conf = tmp_path / "freetds.conf"
    conf.write_text(f"[{section}]\nhost = {host}\nport = {server.port}\ntds version = 7.4\nencryption = require\n"
                    f"ca file = {ca}\ncheck certificate hostname = {name_check}\n")
    monkeypatch.setenv("FREETDSCONF", str(conf))
    text = server.connect_string(Server=None, Port=None, Servername=section)
    if works:
        with Connection(text) as connection:
            assert connection.rows(ROWS) == [(4,)]
    else:
        with pytest.raises(OdbcError) as caught:
            Connection(text)
        assert "08001" in caught.value.states


def test_name_in_the_certificate_is_checked(database, tmp_path, monkeypatch):
    other = Certificates(tmp_path / "certificates", name="elsewhere.example")
    with TdsServer(database, encrypt="on", **other.options) as server:
        conf = tmp_path / "freetds.conf"
        for check, works in (("yes", False), ("no", True)):
            conf.write_text(f"[named]\nhost = localhost\nport = {server.port}\nencryption = require\n"
                            f"ca file = {other.ca}\ncheck certificate hostname = {check}\n")
            monkeypatch.setenv("FREETDSCONF", str(conf))
            try:
                Connection(server.connect_string(Server=None, Port=None, Servername="named")).close()
                assert works
            except OdbcError:
                assert not works


def test_windows_login_over_tls(start, certificates):
    server = start(user="CORP\\svc", encrypt="login", **certificates.options)
    for wish in ("request", "require"):
        with Connection(server.connect_string(Encryption=wish)) as connection:
            assert connection.rows("SELECT SUSER_SNAME()") == [("CORP\\svc",)]


def test_keys_are_private(certificates):
    assert os.stat(certificates.key).st_mode & 0o077 == 0
