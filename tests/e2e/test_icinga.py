# SPDX-License-Identifier: GPL-3.0-or-later
"""Real icinga2 with the shipped files: a single node, and a master with a remote node that reads the logs."""
import os
import re
import time

import pytest

import daemons
import icinga
import mailbox

LABELS = "pending stuck failed never_sent resend known oldest oldest_failed outstanding examined sites query_time overtaken silent new".split()
SINGLE = ("commands.conf", "templates.conf", "services.conf", "dependencies.conf", "notifications.conf")
ONE_ZONE = """object Endpoint NodeName { }
object Zone ZoneName { endpoints = [ NodeName ] }
"""


@pytest.fixture(scope="module")
def place():
    """(folder, authority) for all tests of this file."""
    daemons.require_daemons()
    with daemons.Folder() as folder:
        yield folder, icinga.Authority(folder)


def single(authority, folder, site, host):
    node = icinga.Node(authority, "master1", folder)
    mailbox.install(os.path.join(node.home, "bin"))
    node.configure("master", ONE_ZONE)
    for name in SINGLE:
        node.ship(name)
    node.ship("settings.conf", changes=icinga.FAST)
    node.write("conf.d/hosts.conf", host)
    return node


def owning_site(site, more=""):
    """A host like that of hosts.conf, whose site database is SQLite."""
    return """object Host "sms-central" {
  check_command = "dummy"
  vars.sms_sites["CEN"] = {
    sms_extra_opts = "database_CEN@%s"
    %s
  }
}
""" % (site.ini, more)


def test_the_files_stand_beside_those_that_icinga_brings(place):
    """Several have the same names: in a folder of their own they replace nothing, and no object of theirs is there twice."""
    folder, authority = place
    node = icinga.Node(authority, "beside", folder)
    node.configure("beside", ONE_ZONE)
    own = "/etc/icinga2/conf.d"
    assert {"commands.conf", "hosts.conf", "templates.conf"} <= set(os.listdir(own)) & set(os.listdir(os.path.join(daemons.CONFIG, "icinga2")))
    for name in os.listdir(own):
        node.write("conf.d/" + name, daemons.read(os.path.join(own, name)))
    os.mkdir(daemons.give(os.path.join(node.home, "etc/conf.d")) + "/sms")
    for name in (*SINGLE, "settings.conf", "hosts.conf", "sites.conf"):
        node.ship(name, "conf.d/sms")
    code, output = node.validate()
    assert code == 0, output
    assert re.search(r"Instantiated \d+ Services", output), output


def figures(service):
    """{label: (value, unit as Icinga tells it)} of a service's perfdata as the API has it."""
    found = {}
    for one in service["last_check_result"]["performance_data"]:
        label, value = one.split("=", 1)
        found[label] = value
    return found


def test_a_stuck_package_is_told_escalated_and_recovers(place):
    folder, authority = place
    daemons.program("check_sms_packages")
    own = os.path.join(folder, "one")
    os.mkdir(own)
    site = daemons.Site(daemons.give(own), demo=False)
    hint = os.path.join(daemons.CONFIG, "event-handler", "sms-repair-hint")
    node = single(authority, own, site, owning_site(site, 'sms_judge = "age"'))
    os.symlink(daemons.program("sms_reset_package"), os.path.join(node.home, "bin", "sms_reset_package"))
    netrc = daemons.write(os.path.join(node.home, "netrc"), "default login test password secret\n", 0o600)
    node.ship("event-handler.conf", changes={
        "/usr/local/lib/monitoring-plugins-sms/sms-repair-hint": hint, daemons.INI: site.ini,
        "https://localhost:5665": "https://%s:%d" % (node.name, node.port),
        "/etc/monitoring-plugins-sms/sms-repair-hint.netrc": netrc})
    # The certificate's name is the node's: curl must find it here.
    daemons.write(os.path.join(node.home, "bin", "curl"), "#!/bin/sh\nexec /usr/bin/curl --resolve %s:%d:127.0.0.1 \"$@\"\n" % (
        node.name, node.port), 0o755)
    node.ship("templates.conf", changes={'check_command = "sms_packages"\n': 'check_command = "sms_packages"\n  event_command = "sms-dry-run-comment"\n'})
    node.ship("notifications.conf", changes={
        'user_groups = [ "sms-escalation" ]\n': 'user_groups = [ "sms-escalation" ]\n  command = "sms-mail-dry-run"\n'})
    try:
        node.start()
        name = "sms-packages-CEN"
        healthy = node.wait_state("sms-central", name, 0, True)
        assert list(figures(healthy)) == LABELS and figures(healthy)["examined"] == "4"

        with site.lab() as lab:
            lab.status("CEN00001", "S02", 1, 3, 4 * daemons.DAY)
        node.wait_state("sms-central", name, 2, False)
        stuck = node.wait_state("sms-central", name, 2, True)
        numbers = figures(stuck)
        assert list(numbers) == LABELS
        assert re.fullmatch(r"3456\d\d(\.0+)?s;86400;259200", numbers["oldest"]), numbers
        assert re.fullmatch(r"[0-9.]+B", numbers["outstanding"]), numbers
        assert (numbers["stuck"], numbers["pending"], numbers["sites"]) == ("1", "1", "1")
        assert stuck["last_check_result"]["output"].startswith("SMS PACKAGES CRITICAL - ")
        assert "CEN00001" in stuck["last_check_result"]["output"] and "check_sms_packages.html" in stuck["notes_url"]

        def wait_mail(recipient, word, count=1):
            return mailbox.wait(node.mailbox, recipient, word, count, 40, node.server, node.output)

        _, body = wait_mail("sms-oncall", "PROBLEM: SMS packages CEN on sms-central is CRITICAL: CEN00001")[0]
        assert "CEN00001" in body
        # The comment of the dry run, and the escalation's page with it.
        comments = daemons.wait_until(lambda: node.objects("comments"), 20, "a comment of the dry run", node.server.alive)
        assert any("UPDATE PkgStatus SET Status = 2, SourceVersion = 0 WHERE ID = 'CEN00001'" in one["text"] and "nothing was changed" in one["text"]
                   for one in comments.values()), [one["text"] for one in comments.values()]
        _, body = wait_mail("sms-manager", "PROBLEM: SMS packages CEN")[0]
        assert "UPDATE PkgStatus" in body and "nothing was changed" in body, body

        with site.lab() as lab:
            lab.arrive("CEN00001", "S02")
        node.wait_state("sms-central", name, 0, True)
        wait_mail("sms-oncall", "RECOVERY: SMS packages CEN on sms-central is OK")
        wait_mail("sms-manager", "RECOVERY: SMS packages CEN on sms-central is OK")
    finally:
        node.stop()


def test_one_service_for_each_child_site(place):
    folder, authority = place
    daemons.program("check_sms_packages")
    own = os.path.join(folder, "per")
    os.mkdir(own)
    site = daemons.Site(daemons.give(own))
    node = single(authority, own, site, owning_site(site, 'services_for = [ "S02", "S05" ]'))
    try:
        node.start()
        for child, package in (("S02", "CEN00001"), ("S05", "CEN00004")):
            service = node.wait_service("sms-central", "sms-packages-CEN-" + child, lambda one: one["last_check_result"], "is checked")
            assert package in service["last_check_result"]["output"] and figures(service)["sites"] == "1"
        assert "sms-central!sms-packages-CEN" not in node.objects("services")
        assert "sms-central!sms-dps-CEN" in node.objects("services")
    finally:
        node.stop()


def warnings(output):
    """A rule for which the examples have no host is none."""
    return [line for line in output.splitlines() if "warning/" in line and "does not match anywhere" not in line]


def log_changes(folder):
    """The shipped remote location's logs, on this machine."""
    return {'"smb://s021.example.com/SMS_S02/Logs/despool.log"': '"%s/despool.log"' % folder,
            '"smb://s021.example.com/SMS_S02/Logs/distmgr.log"': '"%s/distmgr.log"' % folder,
            'sms_smb_auth = "/etc/monitoring-plugins-sms/sms_check.smb"': 'sms_state_dir = "%s/state"' % folder}


def test_the_remote_node_reads_the_logs_and_its_loss_is_told(place):
    folder, authority = place
    daemons.program("check_sms_despool")
    import logs
    own = os.path.join(folder, "two")
    os.makedirs(os.path.join(own, "state"), 0o750)
    for path in (own, os.path.join(own, "state")):
        daemons.give(path)
    write_stalled_logs(logs, own)
    names = {"master1.example.com": "master1", "relay-oslo.example.com": "relay1"}
    master, relay = icinga.Node(authority, "master1", own), icinga.Node(authority, "relay1", own)
    mailbox.install(os.path.join(master.home, "bin"))
    master.configure("master", daemons.shipped("icinga2/distributed/zones-master.conf", changes=names))
    relay.configure("relay1", daemons.shipped("icinga2/distributed/zones-relay.conf", changes={
        **{'host = "master1.example.com"': 'host = "127.0.0.1"\n  port = %d' % master.port}, **names}), accepts=True)
    master.ship("commands.conf", "zones.d/global-templates")
    for name in ("templates.conf", "services.conf", "dependencies.conf", "notifications.conf", "distributed/services.conf"):
        master.ship(name, "zones.d/master")
    master.ship("settings.conf", "zones.d/master", icinga.FAST)
    # Its own minute is too long for a test.
    master.ship("distributed/services.conf", "zones.d/master", {"check_interval = 1m": "check_interval = 1s", "retry_interval = 30s": "retry_interval = 1s"})
    master.ship("distributed/relays.conf", "zones.d/master", {
        'vars.sms_zone = "relay-oslo.example.com"': 'vars.sms_zone = "relay1"', 'vars.sms_endpoint = "relay-oslo.example.com"': 'vars.sms_endpoint = "relay1"',
        **log_changes(own)})
    try:
        master.start()
        relay.start()
        # The first synchronisation ends with a reload, which Icinga 2 loses once in a while: started again, it has it.
        for _ in range(400):
            if "sms_despool" in relay.objects("checkcommands"):
                break
            time.sleep(0.05)
        else:
            relay.stop()
            relay.start()
        service = master.wait_service("relay-oslo", "sms-log-S02", lambda one: one["last_check_result"] and one["last_check_result"]["check_source"] == "relay1"
                                      and one["state"] == 2, "the log check runs on relay1", 60, relay, ask_s=5)
        assert "SMS DESPOOL" in service["last_check_result"]["output"]
        master.wait_state("relay-oslo", "sms-log-S02", 2, True)
        mailbox.wait(master.mailbox, "sms-oncall", "PROBLEM: SMS log S02", 1, 20, master.server)
        master.wait_state("relay-oslo", "sms-relay", 0, True)
        relay.stop()
        lost = master.wait_state("relay-oslo", "sms-relay", 2, True, 40)
        assert "relay1" in lost["last_check_result"]["output"]
        mailbox.wait(master.mailbox, "sms-oncall", "PROBLEM: SMS relay is connected", 1, 20, master.server)
        # The log's last state is shown, but nobody is paged for what can no longer be seen.
        paged = len(mailbox.mails(master.mailbox, "sms-oncall", "PROBLEM: SMS log S02"))
        assert paged >= 1
        time.sleep(5.5)
        assert len(mailbox.mails(master.mailbox, "sms-oncall", "PROBLEM: SMS log S02")) == paged
    finally:
        relay.stop()
        master.stop()


def write_stalled_logs(logs, folder):
    """The article's story on a child site, four days old."""
    now = int(time.time())
    site = logs.Site("sms2003", code="S02", parent="CEN")
    story = logs.article(site, package="CEN00001", start=now - 4 * logs.DAY, now=now)
    logs.write(folder, [story], site, now=now, form="F1")
    for name in os.listdir(folder):
        if ".lo" in name:
            daemons.give(os.path.join(folder, name))


@pytest.mark.parametrize("node,zones", [("master1.example.com", "zones-master.conf"), ("master1.example.com", "zones-master-ha.conf"),
                                        ("master2.example.com", "zones-master-ha.conf"), ("relay-oslo.example.com", "zones-relay.conf")])
def test_every_node_accepts_the_shipped_files(place, node, zones):
    folder, authority = place
    own = os.path.join(folder, zones + node[:7])
    os.mkdir(own)
    one = icinga.Node(authority, node, daemons.give(own))
    one.configure("master" if node.startswith("master") else node, daemons.shipped("icinga2/distributed/" + zones), accepts=True)
    one.ship("commands.conf", "zones.d/global-templates")
    # The second master gets zones.d from the first.
    if node.startswith("master1"):
        for name in ("settings.conf", "templates.conf", "services.conf", "dependencies.conf", "notifications.conf", "event-handler.conf", "hosts.conf",
                     "distributed/services.conf", "distributed/relays.conf"):
            one.ship(name, "zones.d/master")
    code, output = one.validate()
    assert code == 0 and not warnings(output), output
    if node.startswith("master1"):
        assert re.search(r"Instantiated \d+ Services", output) and re.search(r"Instantiated \d+ Dependencies", output), output


def test_a_single_node_accepts_the_shipped_files_and_makes_every_service(place):
    folder, authority = place
    own = os.path.join(folder, "all")
    os.mkdir(own)
    node = icinga.Node(authority, "master1", daemons.give(own))
    node.configure("master", ONE_ZONE)
    for name in sorted(os.listdir(os.path.join(daemons.CONFIG, "icinga2"))):
        if name.endswith(".conf"):
            node.ship(name)
    code, output = node.validate()
    assert code == 0 and not warnings(output), output
    code, listed = daemons.run(node.arguments("object", "list") + ["--type", "Service"], environment=node.environment())
    assert code == 0
    names = re.findall(r"Object '(.*?)' of type 'Service'", re.sub(r"\x1b\[[0-9;]*m", "", listed.decode()))
    assert sorted(names) == [
        "sms-central!sms-" + name for name in ("database-CEN", "dps-CEN", "dps-new-CEN", "inbox-CEN-server", "inbox-new-CEN-server", "log-S02", "log-new-S02", "packages-CEN", "packages-new-CEN")]
