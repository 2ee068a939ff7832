# SPDX-License-Identifier: GPL-3.0-or-later
"""Real nagios4 with the shipped objects, through the real NRPE: a stuck package pages, escalates and recovers."""
import os
import re
import socket
import time

import pytest

import daemons
import nagios
import nrpe

SERVICE = "SMS packages CEN"
LABELS = "pending stuck failed never_sent resend known oldest oldest_failed outstanding examined sites query_time overtaken silent new".split()


def test_nagios_accepts_every_shipped_file():
    daemons.require_daemons()
    with daemons.Folder() as folder, nagios.Nagios(folder, optional=nagios.OPTIONAL) as server:
        code, output = server.verify()
        assert code == 0 and "Total Warnings: 0" in output and "Total Errors:   0" in output, output
        for name in sorted(os.listdir(os.path.join(daemons.CONFIG, "nagios"))):
            assert os.path.exists(os.path.join(server.home, "objects", name)), "%s was not read" % name


def test_each_service_links_to_the_page_of_its_check():
    daemons.require_daemons()
    with daemons.Folder() as folder, nagios.Nagios(folder) as server:
        server.start()
        pages = {one["check_command"].split("!")[-1]: one["notes_url"] for one in server.objects("service") 
                 if re.search("!check_sms_(packages|dps|despool|inbox)", one["check_command"])}
        wrong = {command: page for command, page in pages.items()
                 if page != "/monitoring-plugins-sms/%s.html" % re.match(r"check_sms_[a-z]+", command)[0]}
        assert len(pages) >= 10 and not wrong, wrong


@pytest.fixture
def running():
    """(site, nagios, nrpe) on a healthy hierarchy, and a port that stands for the database server's."""
    daemons.require_daemons()
    daemons.program("check_sms_packages")
    with daemons.Folder() as folder, socket.socket() as database:
        database.bind(("127.0.0.1", 0))
        database.listen(64)
        site = daemons.Site(folder, demo=False)
        site.database_server = database
        keep_reachable(site)
        hint = os.path.join(daemons.CONFIG, "event-handler", "sms-repair-hint")
        changes = {
            "hosts.cfg": {"192.0.2.10": "127.0.0.1"},
            "services.cfg": {"use                     sms-packages-service": "use sms-packages-service,sms-dry-run"},
            "contacts.cfg": {"contact_name    sms-manager\n": "contact_name    sms-manager\n    service_notification_commands notify-sms-service-dry-run\n"},
            "event-handler.cfg": {"/usr/local/lib/monitoring-plugins-sms/sms-repair-hint": hint, daemons.INI: site.ini},
            **nagios.FAST}
        with nrpe.Nrpe(folder, nrpe.commands(site.ini), "anonymous") as relay:
            changes["templates.cfg"] = {**changes["templates.cfg"], "_NRPE_PORT              5666": "_NRPE_PORT %d" % relay.port}
            with nagios.Nagios(folder, changes, optional=("event-handler.cfg",)) as server:
                os.symlink(daemons.program("sms_reset_package"), os.path.join(server.home, "bin", "sms_reset_package"))
                yield site, server.start()


def keep_reachable(site, **more):
    """The ini file with the place of the stand-in for the database server. Age judges: order would need days of arrivals."""
    site.write_ini(judge="age", **more)
    daemons.write(site.ini, daemons.changed(daemons.read(site.ini), {
        "hostname = sqlserver.example.com\nport = 1433": "hostname = 127.0.0.1\nport = %d" % site.database_server.getsockname()[1]}),
        0o640)


def stick(site, package, child="S02", status=1):
    """Sent four days ago; with another status, failed."""
    with site.lab() as lab:
        lab.status(package, child, status, 3, 4 * daemons.DAY)


def arrive(site, package, child="S02"):
    with site.lab() as lab:
        lab.arrive(package, child)


def perfdata(block):
    return dict(re.findall(r"(\w+)=([0-9.]+)", block["performance_data"]))


def test_a_stuck_package_pages_escalates_and_recovers(running):
    site, server = running
    server.wait_state(SERVICE, 0, True)
    assert list(perfdata(server.service(SERVICE))) == LABELS
    assert perfdata(server.service(SERVICE))["examined"] == "4"

    stick(site, "CEN00001")
    server.wait_state(SERVICE, 2, False)
    assert not server.mails("sms-oncall", "PROBLEM: %s on" % SERVICE), "paged in a soft state"
    server.wait_state(SERVICE, 2, True)
    block = server.service(SERVICE)
    assert perfdata(block)["stuck"] == "1" and block["plugin_output"].startswith("SMS PACKAGES CRITICAL - ")
    assert "CEN00001" in block["long_plugin_output"]
    subject, body = server.wait_mail("sms-oncall", "PROBLEM: %s on" % SERVICE)[0]
    assert subject == "PROBLEM: SMS packages CEN on sms-relay is CRITICAL: CEN00001", subject
    assert "CEN00001" in body and "https://nagios.example.com/monitoring-plugins-sms/check_sms_packages.html\n" in body, body
    assert not server.mails("sms-manager", "PROBLEM: %s on" % SERVICE), "escalated with the first page"

    # The escalation adds the manager and keeps the team; the manager's page has the dry run.
    _, body = server.wait_mail("sms-manager", "PROBLEM: %s on" % SERVICE)[0]
    assert "UPDATE PkgStatus SET Status = 2, SourceVersion = 0 WHERE ID = 'CEN00001'" in body and "nothing was changed" in body, body
    server.wait_mail("sms-oncall", "PROBLEM: %s on" % SERVICE, 2)
    comments = [one for one in server.blocks("servicecomment") if one["author"] == "sms-repair-hint"]
    assert len(comments) == 1 and "CEN00001" in comments[0]["comment_data"] and "nothing was changed" in comments[0]["comment_data"], comments

    arrive(site, "CEN00001")
    server.wait_state(SERVICE, 0, True)
    server.wait_mail("sms-oncall", "RECOVERY: %s on" % SERVICE)
    server.wait_mail("sms-manager", "RECOVERY: %s on" % SERVICE)


def test_a_second_package_pages_while_the_first_is_known(running):
    site, server = running
    stick(site, "CEN00001")
    server.wait_state(SERVICE, 2, True)
    server.wait_mail("sms-oncall", "PROBLEM: %s on" % SERVICE)

    keep_reachable(site, known="CEN00001@S02:2099-12-31")
    server.wait_state(SERVICE, 0, True)
    assert perfdata(server.service(SERVICE))["known"] == "1"
    server.wait_mail("sms-oncall", "RECOVERY: %s on" % SERVICE)
    before = len(server.mails("sms-oncall", "PROBLEM: %s on" % SERVICE))

    stick(site, "CEN00002", "S03")
    server.wait_state(SERVICE, 2, True)
    _, body = server.wait_mail("sms-oncall", "PROBLEM: %s on" % SERVICE, before + 1)[-1]
    assert "1 stuck" in body and "CEN00002" in body.splitlines()[3], body
    figures = perfdata(server.service(SERVICE))
    assert (figures["known"], figures["stuck"]) == ("1", "1")


def test_an_unreachable_database_pages_once(running):
    site, server = running
    server.wait_state(SERVICE, 0, True)
    server.wait_state("SMS database CEN", 0, True)
    site.database_server.close()
    server.wait_state("SMS database CEN", 2, True)
    # A check that began before may take seconds on a busy machine.
    seen = [time.monotonic(), None]

    def nobody_asks_any_more():
        last = server.service(SERVICE)["last_check"]
        if last != seen[1]:
            seen[:] = time.monotonic(), last
        return time.monotonic() - seen[0] > 8
    daemons.wait_until(nobody_asks_any_more, 60, "no check of the database runs any more", server.server.alive)
    # Its own trouble is in the check's way as well, and nobody hears of it twice.
    os.rename(site.database, site.database + ".gone")
    os.mkdir(site.database)
    server.wait_mail("sms-oncall", "PROBLEM: SMS database CEN", 2)
    assert not server.mails("sms-oncall", "PROBLEM: %s on" % SERVICE)
    assert server.state(SERVICE) == (1, 0, 1), "it was asked although the database is not reached"
