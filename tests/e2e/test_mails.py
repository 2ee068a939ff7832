# SPDX-License-Identifier: GPL-3.0-or-later
"""What reaches mail(1) from real nagios4 and icinga2: a text that would cut a mail short, forge lines or run commands is whole
and does nothing; the subject has host and package; a pager gets 160 characters with whole words."""
import os
import re
import subprocess
import time

import pytest

import daemons
import icinga
import mailbox
import nagios
import test_icinga

# \c ends printf %b, \n and \033 forge lines; $( ) and ` ` are a shell's.
SHARE = r"\\S021\content$\new\033[31m"
LOGIN = r"CORP\cheryl"
FIRST = "SMS PACKAGES CRITICAL - 1 stuck: CEN00012 \"Office 'Pro'\" at S02, share %s of %s; `touch @` $(touch @) | stuck=1" % (SHARE, LOGIN)
LONG = ("CRITICAL: CEN00012 at S02: share %s of %s, `touch @` $(touch @)" % (SHARE, LOGIN), r"WARNING: CEN00013 at S03: last\c line")
COMMENT = "seen'; touch @; echo 'by \\c me"


@pytest.fixture
def place():
    daemons.require_daemons()
    with daemons.Folder() as folder:
        yield folder, os.path.join(folder, "owned")


def fake_check(folder, owned):
    """A plugin that says what a database full of traps would make a check say."""
    text = "\n".join((FIRST,) + LONG).replace("@", owned)
    daemons.write(os.path.join(folder, "text"), text + "\n")
    for name in ("check_sms_dps", "check_sms_packages"):
        path = daemons.write(os.path.join(folder, name), "#!/bin/sh\ncat %s/text\nexit 2\n" % folder, 0o755)
    return path


def test_nagios_mails_are_whole_and_harmless(place):
    folder, owned = place
    plugin = fake_check(folder, owned)
    changes = {**nagios.FAST, "hosts.cfg": {"192.0.2.10": "127.0.0.1"},
               "commands.cfg": {"$USER1$/check_nrpe -H $HOSTADDRESS$ -p $_HOSTNRPE_PORT$ -t 50:UNKNOWN -c $ARG1$": plugin,
                                "$USER1$/check_nrpe -H $HOSTADDRESS$ -p $_HOSTNRPE_PORT$ -t 15:UNKNOWN": "/bin/true"},
               "contacts.cfg": {"    email           sms-oncall@example.com\n": "    email           sms-oncall@example.com\n"
                                "    service_notification_commands   notify-sms-service,notify-sms-pager\n    pager           pager@example.com\n"},
               "dependencies.cfg": {"service_description             SMS database CEN": "service_description             SMS relay"}}
    with nagios.Nagios(folder, changes) as server:
        server.start()
        subject, body = server.wait_mail("sms-oncall", "PROBLEM: SMS packages CEN on")[0]
        assert subject == "PROBLEM: SMS packages CEN on sms-relay is CRITICAL: CEN00012"
        lines = body.splitlines()
        # Nagios takes quotes, '$', '`' and '|' away, and makes ';' a ':' in the first line.
        assert "share %s of %s:" % (SHARE.replace("$", ""), LOGIN) in body.split("\n\n")[1], body
        assert [line for line in lines if line.startswith("CRITICAL: CEN00012")][0].startswith(
            "CRITICAL: CEN00012 at S02: share %s of %s" % (SHARE.replace("$", ""), LOGIN)), body
        assert r"WARNING: CEN00013 at S03: last\c line" in lines, body
        assert "https://nagios.example.com/monitoring-plugins-sms/check_sms_packages.html" in lines
        (page,) = server.wait_mail("pager", "")[:1]
        text = page[1].strip()
        assert text.startswith("CRITICAL sms-relay: 1 stuck: CEN00012 Office Pro at S02") and len(text) <= 160 and "\033" not in text
        server.wait_state("SMS packages CEN", 2, True)
        with open(server.home + "/rw/nagios.cmd", "w", encoding="utf-8") as pipe:
            pipe.write("[%d] ACKNOWLEDGE_SVC_PROBLEM;sms-relay;SMS packages CEN;1;1;0;Sue O'Hara;%s\n" % (time.time(), COMMENT.replace("@", owned)))
        _, body = server.wait_mail("sms-oncall", "ACKNOWLEDGEMENT: SMS packages CEN on")[0]
        assert "seen" in body and r"\c me" in body, body
        assert not os.path.exists(owned), "a shell obeyed the text of a check or a comment"


def test_icinga_mails_are_whole_and_harmless(place):
    folder, owned = place
    fake_check(folder, owned)
    site = daemons.Site(folder, demo=False)
    node = test_icinga.single(icinga.Authority(folder), folder, site, test_icinga.owning_site(site))
    daemons.write(node.config, daemons.changed(daemons.read(node.config), {daemons.PLUGINS: folder}))
    node.ship("notifications.conf", changes={"  email = \"sms-manager@example.com\"\n": "  email = \"sms-manager@example.com\"\n  pager = \"pager@example.com\"\n",
                                             'user_groups = [ "sms-escalation" ]\n': 'user_groups = [ "sms-escalation" ]\n  command = "sms-pager"\n'})
    try:
        node.start()
        subject, body = mailbox.wait(node.mailbox, "sms-oncall", "PROBLEM: SMS packages CEN on", 1, 40, node.server, node.output)[0]
        assert subject == "PROBLEM: SMS packages CEN on sms-central is CRITICAL: CEN00012"
        lines = body.splitlines()
        for line in LONG:
            assert line.replace("@", owned) in lines, body
        assert FIRST.split(" | ")[0].replace("@", owned).rstrip() in [line.rstrip() for line in lines], body
        assert any("https://icinga.example.com/monitoring-plugins-sms/check_sms_packages.html" in line for line in lines)
        page = mailbox.wait(node.mailbox, "pager", "", 1, 40, node.server, node.output)[0]
        text = page[1].strip()
        assert text.startswith("CRITICAL sms-central: 1 stuck: CEN00012") and len(text) <= 160, text
        node.wait_state("sms-central", "sms-packages-CEN", 2, True)
        node.api("actions/acknowledge-problem", "POST", {"type": "Service", "service": "sms-central!sms-packages-CEN", "author": "Sue O'Hara",
                                                         "comment": COMMENT.replace("@", owned), "notify": True})
        _, body = mailbox.wait(node.mailbox, "sms-oncall", "ACKNOWLEDGEMENT: SMS packages CEN on", 1, 40, node.server, node.output)[0]
        assert "Sue O'Hara " + COMMENT.replace("@", owned) in body, body
        assert not os.path.exists(owned), "a shell obeyed the text of a check or a comment"
    finally:
        node.stop()


PAGES = [
    ("short", "SMS DPS WARNING - 1 behind", "CRITICAL sms-central: 1 behind"),
    ("long", "SMS DPS WARNING - " + "wort " * 60, "CRITICAL sms-central: " + "wort " * 26 + "wort..."),
    ("other letters", "SMS DPS WARNING - B\u00fcrosoftware \u0141\u00f3d\u017a", "CRITICAL sms-central: B?rosoftware ??d?"),
    ("several lines", "SMS DPS WARNING - one\ntwo", "CRITICAL sms-central: one"),
]


@pytest.mark.parametrize("name,output,expected", PAGES, ids=[one[0] for one in PAGES])
def test_the_pager_text(tmp_path, name, output, expected):
    """The shell text of sms-pager, as Icinga 2 would call it."""
    text = daemons.shipped("icinga2/commands.conf")
    script = re.search(r'NotificationCommand "sms-pager" \{\n  command = \[ "/bin/sh", "-c", \{\{\{\n(.*?)\}\}\}', text, re.S).group(1).replace("$$", "$")
    mailbox.install(str(tmp_path))
    # Readable for the servers' user.
    os.chmod(tmp_path, 0o755)
    subprocess.run(["/bin/sh", "-c", script, "sms-pager", "host=sms-central", "state=CRITICAL", "output=" + output, "to=pager@example.com"], check=True,
                   env={"PATH": "%s:/usr/bin:/bin" % tmp_path, "MAILBOX": str(tmp_path / "box")})
    ((_, body),) = mailbox.mails(str(tmp_path / "box"), "pager", "")
    assert body.strip() == expected and len(body.strip()) <= 160
