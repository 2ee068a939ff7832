# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for the tests of the TDS server: FreeTDS through unixODBC is the client."""

import os

import pytest

import odbc_client
from tds_database import VERSIONS, make_database
from tds_fixture import Certificates, TdsServer

if odbc_client.driver_path() is None:
    pytest.exit("the FreeTDS ODBC driver (tdsodbc) is not installed", 1)


@pytest.fixture(scope="session", autouse=True)
def odbc_environment(tmp_path_factory):
    directory = tmp_path_factory.mktemp("odbc")
    variables = odbc_client.private_ini(directory)
    os.environ.update(variables)
    # FreeTDS reads ~/.freetds.conf and the system's file unless it is given one.
    empty = directory / "freetds.conf"
    empty.write_text("[global]\n")
    os.environ["FREETDSCONF"] = str(empty)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def database(tmp_path):
    return make_database(tmp_path / "site.db")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that neither need options nor rules; tests change only Scratch."""
    with TdsServer(make_database(tmp_path_factory.mktemp("shared") / "site.db"), database="SMS_CEN") as running:
        yield running
        assert not running.requests("exception"), running.stderr()


@pytest.fixture(scope="module")
def connection(server):
    with odbc_client.Connection(server.connect_string()) as opened:
        yield opened


@pytest.fixture(params=VERSIONS)
def any_version(request, server):
    """A connection in each TDS version."""
    with odbc_client.Connection(server.connect_string(tds=request.param)) as opened:
        opened.version = request.param
        yield opened


@pytest.fixture
def start(database):
    """start(option=value, ...) runs a server of the test's own."""
    running = []

    def launch(**options):
        options.setdefault("db", database)
        running.append(TdsServer(**options).start())
        return running[-1]
    yield launch
    for one in running:
        told = one.requests("exception")
        one.stop()
        assert not told, told[0]["text"]
