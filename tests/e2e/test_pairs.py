# SPDX-License-Identifier: GPL-3.0-or-later
"""The pair of services in real nagios4 and icinga2, in scaled time: three stalls, the second in the run after the first and the
first acknowledged, are three pages, while the service that shows the state is red all the time."""
import os
import time

import daemons
import icinga
import mailbox
import nagios
import nrpe
import packages
import test_icinga

DAY = daemons.DAY
# 15 minutes between checks are six seconds of the daemons; the check's own clock runs as much faster, and --new is what is shipped.
INTERVAL = 6
SPEED = 15 * 60 // INTERVAL
WRAPPER = """#!/bin/sh
passed=$(( ($(date +%%s%%3N) - %d) * %d / 1000 ))
exec env LD_PRELOAD=%s FAKETIME=+$passed FAKETIME_DONT_FAKE_MONOTONIC=1 %s/check_sms_packages "$@"
"""
STALLS = (("CEN00001", "S02"), ("CEN00002", "S03"), ("CEN00001", "S03"))


def fast_plugins(folder):
    """A folder of plugins whose check_sms_packages lives SPEED times as fast."""
    home = os.path.join(folder, "plugins")
    os.mkdir(home)
    for name in os.listdir(daemons.PLUGINS):
        if name.startswith("check_sms_") and "." not in name:
            os.symlink(os.path.join(daemons.PLUGINS, name), os.path.join(home, name))
    path = os.path.join(home, "check_sms_packages")
    os.unlink(path)
    daemons.write(path, WRAPPER % (time.time() * 1000, SPEED - 1, packages.FAKETIME, daemons.PLUGINS), 0o755)
    return home


def stick(site, stall):
    with site.lab() as lab:
        lab.status(stall[0], stall[1], 5, 3, 4 * DAY)


def story(site, wait_page, pages, acknowledge, is_checked):
    """The stalls one after the other. wait_page(n): n pages have come; acknowledge(): the service that shows the state."""
    stick(site, STALLS[0])
    wait_page(1)
    # It is seen by the very next run, when the service is still CRITICAL for the first: volatile is needed.
    stick(site, STALLS[1])
    acknowledge()
    wait_page(2)
    # And this one when the first is acknowledged.
    stick(site, STALLS[2])
    wait_page(3)
    # Two runs more, with nothing new: no reminder, no recovery.
    is_checked(2)
    found = pages()
    assert len(found) == 3, found
    for stall, (_, body) in zip(STALLS, found):
        assert "1 new: %s at %s" % stall in body, body


def test_nagios_pages_each_of_three_stalls_once():
    daemons.require_daemons()
    daemons.program("check_sms_packages")
    with daemons.Folder() as folder:
        site = daemons.Site(folder, demo=False)
        text = nrpe.commands(site.ini, plugins=fast_plugins(folder))
        with nrpe.Nrpe(folder, text, "anonymous") as relay:
            changes = {**nagios.FAST, "hosts.cfg": {"192.0.2.10": "127.0.0.1"}}
            changes["templates.cfg"] = {
                **{old: new.replace("check_interval          2", "check_interval          %d" % INTERVAL) for old, new in nagios.FAST["templates.cfg"].items()},
                "_NRPE_PORT              5666": "_NRPE_PORT %d" % relay.port}
            # The database's own reachability is not this story.
            changes["dependencies.cfg"] = {"service_description             SMS database CEN": "service_description             SMS relay"}
            with nagios.Nagios(folder, changes) as server:
                server.start()
                both = ("SMS packages CEN", "SMS packages CEN new")
                for name in both:
                    server.wait_state(name, 0, True)

                def pages():
                    return [mail for mail in server.mails("sms-oncall", "") if both[1] + " on" in mail[0]]

                def wait_page(count):
                    daemons.wait_until(lambda: len(pages()) >= count, 40, lambda: "page %d\n%s" % (count, server.log()), server.server.alive)

                def acknowledge():
                    server.wait_state(both[0], 2, True)
                    with open(server.home + "/rw/nagios.cmd", "w", encoding="utf-8") as pipe:
                        pipe.write("[%d] ACKNOWLEDGE_SVC_PROBLEM;sms-relay;%s;1;0;0;test;seen\n" % (time.time(), both[0]))
                    daemons.wait_until(lambda: server.service(both[0])["problem_has_been_acknowledged"] == "1", 20, "is acknowledged", server.server.alive)

                def is_checked(times):
                    for _ in range(times):
                        last = server.service(both[1])["last_check"]
                        daemons.wait_until(lambda: server.service(both[1]).get("last_check", last) != last, 30, "checked again", server.server.alive)
                    daemons.wait_until(lambda: server.state(both[1]) == (1, 0, 1), 30, "nothing is new any more", server.server.alive)
                    assert server.state(both[0])[1] == 2

                story(site, wait_page, pages, acknowledge, is_checked)
                assert not [mail for mail in pages() if mail[0].startswith(("RECOVERY", "ACKNOWLEDGEMENT"))]


def test_icinga_pages_each_of_three_stalls_once():
    daemons.require_daemons()
    daemons.program("check_sms_packages")
    with daemons.Folder() as folder:
        site = daemons.Site(folder, demo=False)
        node = test_icinga.single(icinga.Authority(folder), folder, site, test_icinga.owning_site(site))
        node.ship("settings.conf", changes={**icinga.FAST, "const SmsCheckInterval = 15m": "const SmsCheckInterval = %ds" % INTERVAL})
        daemons.write(node.config, daemons.changed(daemons.read(node.config), {daemons.PLUGINS: fast_plugins(folder)}))
        names = ("sms-packages-CEN", "sms-packages-new-CEN")
        try:
            node.start()
            for name in names:
                node.wait_state("sms-central", name, 0, True)

            def pages():
                return [mail for mail in mailbox.mails(node.mailbox, "sms-oncall", "") if "SMS packages CEN, new on" in mail[0]]

            def wait_page(count):
                daemons.wait_until(lambda: len(pages()) >= count, 40, lambda: "page %d\n%s" % (count, node.output()), node.server.alive)

            def acknowledge():
                node.wait_state("sms-central", names[0], 2, True)
                node.api("actions/acknowledge-problem", "POST", {"type": "Service", "service": "sms-central!" + names[0], "author": "test",
                                                                 "comment": "seen", "notify": False})
                assert node.service("sms-central", names[0])["acknowledgement"] == 1

            def is_checked(times):
                for _ in range(times):
                    last = node.service("sms-central", names[1])["last_check"]
                    node.wait_service("sms-central", names[1], lambda one: one["last_check"] > last, "checked again")
                node.wait_state("sms-central", names[1], 0, True)
                assert node.service("sms-central", names[0])["state"] == 2

            story(site, wait_page, pages, acknowledge, is_checked)
            assert not [mail for mail in pages() if mail[0].startswith(("RECOVERY", "ACKNOWLEDGEMENT"))]
        finally:
            node.stop()
