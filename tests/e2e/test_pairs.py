# SPDX-License-Identifier: GPL-3.0-or-later
"""The pair of services in real nagios4 and icinga2, in scaled time: three stalls, the second in the run after the first and the
first acknowledged, are three pages, while the service that shows the state is red all the time."""
import time

import daemons
import icinga
import mailbox
import nagios
import nrpe
import test_icinga

DAY = daemons.DAY
# Seconds for the 15 minutes between checks, and less for the 10 minutes of --new.
INTERVAL, NEW = 6, 4
STALLS = (("CEN00001", "S02"), ("CEN00002", "S03"), ("CEN00001", "S03"))


def stick(site, stall):
    with site.lab() as lab:
        lab.status(stall[0], stall[1], 1, 3, 4 * DAY)


def story(site, wait_page, pages, acknowledge, is_checked):
    """The stalls one after the other. wait_page(n): n pages have come; acknowledge(): the paging service, and the other."""
    stick(site, STALLS[0])
    wait_page(1)
    acknowledge()
    # It is seen by the very next run, when the service is CRITICAL for the first and acknowledged.
    stick(site, STALLS[1])
    wait_page(2)
    stick(site, STALLS[2])
    wait_page(3)
    # Some runs more, with nothing new: no reminder, no recovery.
    is_checked(3)
    found = pages()
    assert len(found) == 3, found
    for number, (_, body) in enumerate(found):
        new = body.split("new:", 1)[1].split(";")[0].split(":")[0] if "new:" in body else body
        assert STALLS[number][0] + " at " + STALLS[number][1] in body, body
        assert "1 new" in body, new


def test_nagios_pages_each_of_three_stalls_once():
    daemons.require_daemons()
    daemons.program("check_sms_packages")
    with daemons.Folder() as folder:
        site = daemons.Site(folder, demo=False)
        text = nrpe.commands(site.ini, changes={"--new=10m": "--new=%ds" % NEW})
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
                    for name in both:
                        daemons.write(server.home + "/command", "[%d] ACKNOWLEDGE_SVC_PROBLEM;sms-relay;%s;1;0;0;test;seen\n" % (time.time(), name))
                        with open(server.home + "/rw/nagios.cmd", "w", encoding="utf-8") as pipe:
                            pipe.write(daemons.read(server.home + "/command"))

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
        node.ship("settings.conf", changes={**icinga.FAST, "const SmsCheckInterval = 15m": "const SmsCheckInterval = %ds" % INTERVAL,
                                            'const SmsNew = "10m"': 'const SmsNew = "%ds"' % NEW})
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
                for name in names:
                    node.api("actions/acknowledge-problem", "POST", {"type": "Service", "service": "sms-central!" + name, "author": "test",
                                                                     "comment": "seen", "notify": False})

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
