# SPDX-License-Identifier: GPL-3.0-or-later
"""Real nrpe and check_nrpe with the shipped nrpe.d file and ini file: what the plugin says is what arrives."""
import glob
import os
import re
import socket
import time

import pytest

import daemons
import nrpe
import packages

NRPE_ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
PACKAGES = "check_sms_packages_CEN"


def stopped_clock():
    """Puts a stopped clock before a command line: ages and query times are then the same in two runs."""
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    assert library, "libfaketime is not installed"
    instant = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() + 60))
    return "/usr/bin/env 'LD_PRELOAD=%s' 'FAKETIME=%s' ASAN_OPTIONS=verify_asan_link_order=0" % (library[0], instant)


@pytest.fixture(scope="module")
def site():
    daemons.require_daemons()
    daemons.program("check_sms_packages")
    with daemons.Folder() as folder:
        yield daemons.Site(folder)


@pytest.fixture(scope="module")
def commands(site):
    return nrpe.commands(site.ini, stopped_clock())


@pytest.fixture(scope="module")
def server(site, commands):
    # With NRPE's own default, encryption by an anonymous key exchange.
    with nrpe.Nrpe(site.folder, commands, "anonymous") as running:
        yield running


def command_line(commands, name):
    return re.search(r"^command\[%s\]=(.*)$" % re.escape(name), commands, re.M).group(1)


def direct(commands, name):
    """What the plugin itself says, run as NRPE runs it."""
    return daemons.run(["/bin/sh", "-c", command_line(commands, name)], environment=NRPE_ENVIRONMENT, cwd="/")


def label_count(first_line):
    return len(re.findall(rb"[a-z_]+=[0-9.]+", first_line.split(b"|", 1)[1]))


STATES = [
    ("critical", {}, 2),
    ("warning", {"critical": "200d", "failed-critical": "200d"}, 1),
    ("ok", {"warning": "200d", "critical": "200d", "failed-warning": "200d", "failed-critical": "200d"}, 0),
    ("unknown site", {"child-site": "ZZZ"}, 3),
    ("bad option", {"waning": "1h"}, 3),
]


@pytest.mark.parametrize("name,keys,code", STATES, ids=[one[0] for one in STATES])
def test_packages_arrives_byte_for_byte(site, commands, server, name, keys, code):
    text = daemons.read(site.ini)
    try:
        changes = {"warning = 24h\ncritical = 72h\nfailed-warning = 1h\nfailed-critical = 24h\n# A package that the team": "# A package that the team"} if code < 2 else {}
        site.write_ini(**keys)
        daemons.write(site.ini, daemons.changed(daemons.read(site.ini), changes), 0o640)
        arrived = server.check(PACKAGES)
        assert arrived == direct(commands, PACKAGES), name
        assert arrived[0] == code, arrived[1].decode()
        if code < 3:
            assert label_count(arrived[1].splitlines()[0]) == len(packages.LABELS)
    finally:
        daemons.write(site.ini, text, 0o640)


@pytest.mark.parametrize("name", ["check_sms_packages_CEN_S02", "check_sms_packages_CEN_S03", "check_sms_dps_CEN"])
def test_other_database_checks_arrive_byte_for_byte(commands, server, name):
    daemons.program(re.match(r"check_sms_[a-z]+", name).group())
    arrived = server.check(name)
    assert arrived == direct(commands, name)
    assert arrived[0] in (1, 2) and arrived[1].startswith(b"SMS "), arrived[1].decode()


def test_not_more_than_4000_bytes_arrive_whole(server):
    code, output = server.check(PACKAGES)
    assert code == 2 and 2000 < len(output) <= 4001, len(output)
    assert re.search(rb"\n\+\d+ more\n$", output)


@pytest.mark.parametrize("packets", ["-3", "-2"])
def test_old_packets_carry_the_first_line_with_all_perfdata(commands, server, packets):
    code, output = server.check(PACKAGES, packets)
    whole_code, whole = direct(commands, PACKAGES)
    assert code == whole_code
    assert output.startswith(whole.splitlines(True)[0]), output
    assert whole.startswith(output.rstrip(b"\n")[:1000])


@pytest.mark.parametrize("kind", ["plain", "certificates"])
def test_with_certificates_and_without_encryption(site, commands, kind):
    tls = nrpe.make_certificates(site.folder) if kind == "certificates" else None
    with nrpe.Nrpe(site.folder, commands, tls) as other:
        assert other.check(PACKAGES) == direct(commands, PACKAGES)


def silent_server():
    """A database server that accepts and says nothing."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)
    return listener


def hanging(site, listener, timeout):
    """The shipped ini file whose database never answers."""
    text = daemons.shipped("monitoring-plugins-sms.ini", changes={
        "[database_CEN]\ntimeout = 45\n": "[database_CEN]\ntimeout = %s\n" % timeout,
        "hostname = sqlserver.example.com\ndatabase": "hostname = 127.0.0.1\ndatabase",
        "password-file = /etc/monitoring-plugins-sms/sms_check.password\n": "password-file = %s/password\nstate-dir = %s\nODBCSYSINI = %s/odbc\n" % (
            site.folder, site.state, site.folder),
        "#port = 1433": "port = %d" % listener.getsockname()[1]})
    daemons.write(os.path.join(site.folder, "password"), "Geheim:1\n", 0o640)
    return daemons.write(os.path.join(site.folder, "hanging.ini"), text, 0o640)


def test_the_plugin_speaks_before_nrpe(site):
    with silent_server() as listener:
        text = nrpe.commands(hanging(site, listener, "1"), changes={"command_timeout=55": "command_timeout=3"})
        with nrpe.Nrpe(site.folder, text) as server:
            started = time.monotonic()
            code, output = server.check(PACKAGES, "-t", "5:UNKNOWN")
            assert time.monotonic() - started < 2.5
            assert code == 3 and b"timed out after 1 s while" in output and b"logging in" in output, output


def test_the_plugins_state_for_a_timeout_arrives(site):
    with silent_server() as listener:
        text = nrpe.commands(hanging(site, listener, "1:critical"))
        with nrpe.Nrpe(site.folder, text) as server:
            code, output = server.check(PACKAGES)
            assert code == 2 and output.startswith(b"SMS PACKAGES CRITICAL - timed out"), output


def test_nrpe_speaks_when_the_plugin_is_slower(site):
    with silent_server() as listener:
        text = nrpe.commands(hanging(site, listener, "20"), changes={"command_timeout=55": "command_timeout=1"})
        with nrpe.Nrpe(site.folder, text) as server:
            code, output = server.check(PACKAGES, "-t", "5:UNKNOWN")
            assert (code, output) == (3, b"NRPE: Command timed out after 1 seconds\n")


def test_check_nrpe_speaks_when_nrpe_is_slower(site):
    with silent_server() as listener:
        text = nrpe.commands(hanging(site, listener, "3"))
        with nrpe.Nrpe(site.folder, text) as server:
            code, output = server.check(PACKAGES, "-t", "1:UNKNOWN")
            assert code == 3 and b"Socket timeout after 1 seconds" in output, output


def test_the_database_service_asks_whether_the_port_is_open(site):
    if not os.access("/usr/lib/nagios/plugins/check_tcp", os.X_OK):
        pytest.fail("check_tcp of monitoring-plugins-basic is missing")
    with silent_server() as listener:
        text = daemons.changed(daemons.read(site.ini), {
            "[check_tcp_CEN]\ntimeout = 45\nhostname = sqlserver.example.com\nport = 1433":
                "[check_tcp_CEN]\ntimeout = 45\nhostname = 127.0.0.1\nport = %d" % listener.getsockname()[1]})
        ini = daemons.write(os.path.join(site.folder, "tcp.ini"), text, 0o640)
        with nrpe.Nrpe(site.folder, nrpe.commands(ini)) as server:
            code, output = server.check("check_sms_database_CEN")
            assert code == 0 and b"TCP OK" in output, output
            listener.close()
            code, output = server.check("check_sms_database_CEN")
            assert code == 2 and b"refused" in output, output
