# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may log in, as whom, and what it then may do."""

import json
import string

import pytest

from odbc_client import Connection, OdbcError
from tds_fixture import PASSWORD, USER, TdsServer
from tds_ntlm import kind_of, md4


def natives(server, **keys):
    """The native errors of a login that must fail."""
    with pytest.raises(OdbcError) as caught:
        Connection(server.connect_string(**keys))
    return caught.value.natives


def test_wrong_password_user_and_database(start):
    server = start(database=["SMS_CEN", "master"])
    assert 18456 in natives(server, PWD="wrong")
    assert 18456 in natives(server, UID="nobody")
    for tds in ("7.1", "7.4"):
        assert 4060 in natives(server, tds=tds, Database="SMS_XXX")
    with Connection(server.connect_string(Database="sms_cen")) as connection:
        assert connection.rows("SELECT DB_NAME()") == [("SMS_CEN",)]
    assert [line["password_ok"] for line in server.requests("login")][:2] == [False, False]


def test_the_log_has_no_password(start):
    server = start()
    with Connection(server.connect_string()) as connection:
        connection.rows("SELECT ?", "visible")
    with open(server.log, encoding="utf-8") as file:
        text = file.read()
    assert PASSWORD not in text and "visible" in text
    login = server.requests("login7")[0]
    assert login["user"] == USER and login["tds"] == "7.4"
    assert server.requests("login")[0]["password_ok"] is True


PRINTABLE = string.printable[:95]


def test_passwords_with_every_printable_character(database):
    """Each alone, and all of them together (but not as `};`, which FreeTDS cannot take)."""
    passwords = [f"a{char}z" for char in PRINTABLE] + [f"{char}a{char}" for char in PRINTABLE]
    passwords += [PRINTABLE + "äß€Ж", "x" * 128, "{a}", "a}", "Geheim:1"]
    with TdsServer(database, account=[f"u{n}={password}" for n, password in enumerate(passwords)]) as server:
        failed = []
        for number, password in enumerate(passwords):
            try:
                Connection(server.connect_string(UID=f"u{number}", PWD=password)).close()
            except OdbcError:
                failed.append(password)
        assert failed == []


def test_denied_objects_are_named(start):
    server = start(deny=["PkgStatus"])
    for tds in ("7.1", "7.4"):
        with Connection(server.connect_string(tds=tds)) as connection:
            with pytest.raises(OdbcError) as caught:
                connection.rows("SELECT COUNT(*) FROM Packages p JOIN dbo.pkgstatus s ON s.ID = p.PkgID")
            assert caught.value.natives == [229]
            assert ("The SELECT permission was denied on the object 'PkgStatus', database 'SMS_CEN', schema 'dbo'."
                    in caught.value.records[0][2])
            assert connection.rows("SELECT COUNT(*) FROM Packages") == [(3,)]
            assert connection.rows("SELECT COL_LENGTH('PkgStatus', 'PKID')") == [(8,)]
            assert connection.rows("SELECT HAS_PERMS_BY_NAME('PkgStatus', 'OBJECT', 'SELECT')") == [(0,)]


def test_denied_objects_without_metadata(start):
    """From SQL Server 2005 on a login sees no metadata of what it has no right on."""
    server = start(deny=["PkgStatus"], hide_denied=True)
    with Connection(server.connect_string()) as connection:
        assert connection.rows("SELECT COL_LENGTH('PkgStatus', 'PKID'), OBJECT_ID('PkgStatus')") == [(None, None)]
        with pytest.raises(OdbcError) as caught:
            connection.rows("SELECT ID FROM PkgStatus")
        assert caught.value.natives == [229]


def test_no_update(start):
    server = start(no_update=True)
    with Connection(server.connect_string()) as connection:
        for sql in ("UPDATE PkgStatus SET Status = 0", "DELETE FROM PkgStatus", "INSERT INTO Scratch (N) VALUES (1)"):
            with pytest.raises(OdbcError) as caught:
                connection.do(sql)
            assert caught.value.natives == [229], sql
        assert connection.rows("SELECT COUNT(*) FROM PkgStatus") == [(4,)]


def test_sql_server_2000_speaks_71(start):
    """A new client at an old server: it learns the version from the answer to its login."""
    server = start(server_version="8.00.2039")
    with Connection(server.connect_string(tds="7.4")) as connection:
        assert connection.rows("SELECT PKID, UpdateTime FROM PkgStatus WHERE PKID = ?", 1) == [
            (1, "2026-11-19 10:00:00.003")]
        assert "2000" in connection.rows("SELECT @@VERSION")[0][0]


# NTLM

def test_md4():
    for text, digest in ((b"", "31d6cfe0d16ae931b73c59d7e0c089c0"), (b"abc", "a448017aaf21d8525fc10ae87aa6729d"),
                         (b"1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536")):
        assert md4(text).hex() == digest


def test_kinds_of_tokens():
    for head, kind in (("4e544c4d5353500001", "ntlm"), ("6082010606092a864886f71201020201", "kerberos"),
                       ("604806062b0601050502a03e", "spnego"), ("00", "unknown"), ("", "unknown")):
        assert kind_of(bytes.fromhex(head)) == kind, head


@pytest.mark.parametrize("tds", ("7.1", "7.4"))
def test_windows_login_by_ntlm(start, tds):
    server = start(user="CORP\\svc-sms", password="Pa$$ wörd")
    with Connection(server.connect_string(tds=tds)) as connection:
        assert connection.rows("SELECT SUSER_SNAME()") == [("CORP\\svc-sms",)]
    assert server.requests("sspi")[0]["kind"] == "ntlm"
    proof = server.requests("ntlm")[0]
    assert (proof["domain"], proof["user"]) == ("CORP", "svc-sms")
    assert proof["response"] == "v2" and proof["verified"] is True, json.dumps(proof)
    for keys in ({"PWD": "wrong"}, {"UID": "CORP\\other"}, {"UID": "OTHER\\svc-sms"}):
        assert 18456 in natives(server, tds=tds, **keys), keys


def test_windows_logins_refused_by_option(start):
    for mode, number in (("refuse", 18456), ("untrusted", 18452)):
        server = start(user="CORP\\svc-sms", windows=mode)
        assert number in natives(server), mode
