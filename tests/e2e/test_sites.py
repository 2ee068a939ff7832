# SPDX-License-Identifier: GPL-3.0-or-later
"""One host a site with its parent (sites.cfg, sites.conf) in real nagios4 and icinga2: the first broken hop is DOWN, what lies below
is UNREACHABLE, and neither is a guess while the database cannot be asked."""
import os
import socket

import pytest

import daemons
import icinga
import nagios
import nrpe
import test_icinga
import test_nagios

UP, DOWN, UNREACHABLE = 0, 1, 2
FAST_SITES = {"    check_interval          15\n    retry_interval          5\n": "    check_interval          2\n    retry_interval          1\n",
              "192.0.2.10": "127.0.0.1"}


@pytest.fixture
def place():
    """(folder, site whose S03 gets everything from S02, the stand-in for the database server)"""
    daemons.require_daemons()
    daemons.program("check_sms_packages")
    with daemons.Folder() as folder, socket.socket() as database:
        database.bind(("127.0.0.1", 0))
        database.listen(64)
        site = daemons.Site(folder, demo=False)
        site.database_server = database
        test_nagios.keep_reachable(site)
        yield folder, site, database


def test_nagios_shows_the_first_broken_hop(place):
    folder, site, database = place
    with nrpe.Nrpe(folder, nrpe.commands(site.ini), "anonymous") as relay:
        changes = {**nagios.FAST, "hosts.cfg": {"192.0.2.10": "127.0.0.1"}, "sites.cfg": FAST_SITES}
        changes["templates.cfg"] = {**changes["templates.cfg"], "_NRPE_PORT              5666": "_NRPE_PORT %d" % relay.port}
        with nagios.Nagios(folder, changes, optional=("sites.cfg",)) as server:
            server.start()

            def states():
                found = {block["host_name"]: (int(block["current_state"]), block["has_been_checked"]) for block in server.blocks("hoststatus")}
                return tuple(found.get("sms-site-" + code, (None, "0"))[0] if found.get("sms-site-" + code, (None, "0"))[1] == "1" else None
                             for code in ("CEN", "S02", "S03"))

            def wait(expected):
                daemons.wait_until(lambda: states() == expected, 60, lambda: "%s (is %s)\n%s" % (expected, states(), server.blocks("hoststatus")), server.server.alive)

            wait((UP, UP, UP))
            for child in ("S02", "S03"):
                test_nagios.stick(site, "CEN00001", child, status=5)
            wait((UP, DOWN, UNREACHABLE))
            test_nagios.arrive(site, "CEN00001", "S02")
            wait((UP, UP, DOWN))
            # Nothing can be asked any more: that is one broken thing, not three.
            database.close()
            os.rename(site.database, site.database + ".gone")
            os.mkdir(site.database)
            wait((DOWN, UNREACHABLE, UNREACHABLE))
            assert not [mail for mail in server.mails("sms-oncall", "") if "sms-site" in mail[0]], "these hosts page nobody"


def test_icinga_shows_the_first_broken_hop(place):
    folder, site, database = place
    node = test_icinga.single(icinga.Authority(folder), folder, site, test_icinga.owning_site(site))
    plugins = os.path.join(folder, "plugins")
    os.mkdir(plugins)
    for one in (os.path.join(daemons.STANDARD_PLUGINS, "check_tcp"), os.path.join(daemons.PLUGINS, "check_sms_packages")):
        os.symlink(one, os.path.join(plugins, os.path.basename(one)))
    daemons.write(node.config, daemons.changed(daemons.read(node.config), {'"%s"' % daemons.PLUGINS: '"%s"' % plugins}))
    node.ship("sites.conf", changes={
        'sms_hostname = "sqlserver.example.com"': 'sms_hostname = "127.0.0.1"\n  sms_port = %d' % database.getsockname()[1],
        # The database of this test is asked through the ini file.
        "      check_command = \"sms_packages\"\n": "      check_command = \"sms_packages\"\n      vars.remove(\"sms_hostname\")\n      vars.remove(\"sms_port\")\n"
        "      vars.remove(\"sms_database\")\n      vars.remove(\"sms_user\")\n      vars.remove(\"sms_password_file\")\n"
        "      vars.sms_extra_opts = [ \"database_CEN@%s\" ]\n" % site.ini})
    try:
        node.start()

        def states():
            hosts = node.objects("hosts")
            found = []
            for code in ("CEN", "S02", "S03"):
                one = hosts.get("sms-site-" + code, {})
                found.append(None if not one.get("last_check_result") else UP if one["state"] == 0 else DOWN if one["last_reachable"] else UNREACHABLE)
            return tuple(found)

        def wait(expected):
            daemons.wait_until(lambda: states() == expected, 60, lambda: "%s (is %s)\n%s" % (expected, states(), {
                name: one["last_check_result"] for name, one in node.objects("hosts").items()}), node.server.alive)

        wait((UP, UP, UP))
        for child in ("S02", "S03"):
            test_nagios.stick(site, "CEN00001", child, status=5)
        wait((UP, DOWN, UNREACHABLE))
        test_nagios.arrive(site, "CEN00001", "S02")
        wait((UP, UP, DOWN))
    finally:
        node.stop()
