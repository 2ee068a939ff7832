# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Nagios with the shipped objects (Debian package nagios4-core); an interval of a minute becomes one second."""
import glob
import os
import re

import daemons
import mailbox
import nrpe

NAGIOS = "/usr/sbin/nagios4"
OPTIONAL = ("services-per-site.cfg", "event-handler.cfg", "graphs.cfg", "sites.cfg")
# Nagios itself brings this period.
PERIOD = """define timeperiod {
    timeperiod_name 24x7
    alias always
%s
}
""" % "\n".join("    %s 00:00-24:00" % day for day in ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"))

# A day's story in seconds: (file, line of the shipped file, line of the test). The intervals' proportions stay.
FAST = {
    "templates.cfg": {
        "    name                    sms-service\n    check_interval          15\n    retry_interval          5\n":
            "    name                    sms-service\n    check_interval          2\n    retry_interval          1\n",
        "    check_interval  5\n    retry_interval  1\n": "    check_interval  2\n    retry_interval  1\n",
        "    notification_interval   60\n    notification_options    w,u,c,r\n":
            "    notification_interval   2\n    notification_options    w,u,c,r\n",
    },
    "escalations.cfg": {"    notification_interval   60\n": "    notification_interval   2\n"},
}

def config_text(home, objects, user, group):
    return """log_file={home}/nagios.log
{objects}
resource_file={home}/resource.cfg
object_cache_file={home}/objects.cache
precached_object_file={home}/objects.precache
status_file={home}/status.dat
status_update_interval=1
state_retention_file={home}/retention.dat
retain_state_information=0
nagios_user={user}
nagios_group={group}
check_external_commands=1
command_file={home}/rw/nagios.cmd
query_socket={home}/rw/nagios.qh
lock_file={home}/nagios.pid
temp_file={home}/nagios.tmp
temp_path={home}
log_archive_path={home}/archives
check_result_path={home}/checkresults
check_result_reaper_frequency=1
interval_length=1
check_workers=2
use_syslog=0
service_inter_check_delay_method=n
host_inter_check_delay_method=n
service_interleave_factor=1
service_check_timeout=60
notification_timeout=30
event_handler_timeout=30
enable_notifications=1
enable_event_handlers=1
enable_flap_detection=0
enable_environment_macros=0
soft_state_dependencies=0
check_for_updates=0
illegal_object_name_chars=`~!$%^&*|'"<>?,()=
illegal_macro_output_chars=`~$&|'"<>
date_format=iso8601
""".format(home=home, objects=objects, user=user, group=group)


class Nagios:
    """Lays out the shipped objects; start() runs them. changes: {file: {old: new}}"""

    def __init__(self, folder, changes=None, optional=(), environment=None):
        self.home = os.path.join(folder, "nagios")
        for part in ("", "rw", "archives", "checkresults", "objects", "bin"):
            os.mkdir(os.path.join(self.home, part))
            daemons.give(os.path.join(self.home, part))
        files = [name for name in sorted(os.listdir(os.path.join(daemons.CONFIG, "nagios")))
                 if name.endswith(".cfg") and (name not in OPTIONAL or name in optional)]
        for name in files:
            text = daemons.shipped("nagios/" + name, changes=(changes or {}).get(name, {}))
            daemons.write(os.path.join(self.home, "objects", name), text)
        assert set(changes or {}) <= set(files), changes
        daemons.write(os.path.join(self.home, "objects", "period.cfg"), PERIOD)
        daemons.write(os.path.join(self.home, "resource.cfg"), "$USER1$=%s\n" % daemons.STANDARD_PLUGINS)
        mailbox.install(os.path.join(self.home, "bin"))
        self.mailbox = os.path.join(self.home, "mailbox")
        self.config = daemons.write(os.path.join(self.home, "nagios.cfg"), config_text(
            self.home, "cfg_dir=%s/objects" % self.home, daemons.user_name(), nrpe.group_name()))
        self.environment = {"PATH": "%s/bin:/usr/bin:/bin" % self.home, "MAILBOX": self.mailbox, **(environment or {})}
        self.server = None

    def verify(self):
        code, output = daemons.run([NAGIOS, "-v", self.config])
        return code, output.decode("utf-8", "replace")

    def start(self):
        code, output = self.verify()
        assert code == 0, output
        self.server = daemons.Server([NAGIOS, self.config], os.path.join(self.home, "out"), self.environment)
        daemons.wait_until(lambda: os.path.exists(os.path.join(self.home, "status.dat")), 20, "nagios4 writes status.dat",
                           self.server.alive)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.server:
            self.server.stop()

    def blocks(self, kind):
        """The blocks of status.dat of a kind, as dictionaries."""
        try:
            text = daemons.read(os.path.join(self.home, "status.dat"))
        except OSError:
            return []
        return [dict(line.strip().split("=", 1) for line in block.splitlines() if "=" in line)
                for block in re.findall(r"^%s \{\n(.*?)\n\t?\}" % kind, text, re.M | re.S)]

    def objects(self, kind):
        """The objects of a kind as Nagios understood them, as dictionaries: what templates gave them as well."""
        text = daemons.read(os.path.join(self.home, "objects.cache"))
        return [dict(line.strip().split("\t", 1) for line in block.splitlines() if "\t" in line.strip())
                for block in re.findall(r"^define %s \{\n(.*?)\n\t?\}" % kind, text, re.M | re.S)]

    def service(self, name):
        """status.dat's block of a service; {} before the first."""
        return next((block for block in self.blocks("servicestatus") if block.get("service_description") == name), {})

    def state(self, name):
        """(has_been_checked, current_state, state_type 0 soft 1 hard)"""
        block = self.service(name)
        return tuple(int(block.get(key, -1)) for key in ("has_been_checked", "current_state", "state_type"))

    def wait_state(self, name, state, hard, seconds=30):
        daemons.wait_until(lambda: self.state(name) == (1, state, 1 if hard else 0), seconds,
                           lambda: "%s becomes %s (is %s)" % (name, (state, hard), self.service(name)), self.server.alive)

    def mails(self, recipient, word):
        return mailbox.mails(self.mailbox, recipient, word)

    def wait_mail(self, recipient, subject, count=1, seconds=30):
        return mailbox.wait(self.mailbox, recipient, subject, count, seconds, self.server, self.log)

    def log(self):
        return "".join(daemons.read(path) for path in glob.glob(os.path.join(self.home, "nagios.log")))
