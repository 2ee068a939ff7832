# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs check_sms_dps as NRPE does and takes its answer apart."""

import os
import re

import packages
from packages import DAY
from sitedb_schema import nal_path

PLUGIN = os.path.join(packages.PLUGINS, "check_sms_dps")
LABELS = "pending stuck retrying failed known oldest oldest_failed examined evidence_age query_time new".split()

ITEM = re.compile(
    r'(?P<state>OK|WARNING|CRITICAL|known(?: until (?P<until>\d{4}-\d\d-\d\d))?): (?P<package>\S+)'
    r'(?: "(?P<name>.*?)")? on (?P<server>.+?), site (?P<site>\S+?)(?: (?P<site_name>.*?))?: (?P<kind>[a-z_A-Z ]+), '
    r'(?:wants version (?P<wanted>-?\d+), )?has (?P<held>no version|-?\d+)(?:, State (?P<code>NULL|-?\d+))?'
    r', for (?P<age>[^,;]+)(?:, in trouble since (?P<since>[^,;]+))?'
    r'(?:, last moved (?P<moved>[^,;]+) ago|, never seen moving)(?:, size allows (?P<allows>[^,;]+))?'
    r'(?:, last message (?P<message>-?\d+)(?:: (?P<words>[^;]+?))?(?: \((?P<message_state>[a-z ]+)\))?(?: (?P<message_age>\d[^;,]+) ago)?)?'
    r'(?P<maintenance>, DP in maintenance mode)?(?P<inactive>, DP not active)?'
    r'(?:, drive (?P<drive>\S+) of the DP has (?P<free>\d+)% free)?'
    r'(?:; (?P<advice>.*))?\Z')

KINDS = {1: "pending", 2: "retrying", 3: "failed", 4: "removal_pending", 5: "removal_retrying", 6: "removal_failed",
         7: "updating", 8: "validation_failed", 0: "old version"}
FAILED = ("failed", "validation_failed", "removal_failed")


class Answer(packages.Answer):
    title, labels, item_form = "SMS DPS", LABELS, ITEM

    def item(self, package, server):
        found = [item for item in self.items if (item["package"], item["server"]) == (package, server)]
        assert len(found) == 1, "%d items %s on %s in %s" % (len(found), package, server, self)
        return found[0]

    def note(self, line):
        """A line of -v before the items: what is told by name, what cannot be read."""
        if not re.match(r"(waits for prestaged content|targeted, but has no status row|installed, but its newest message is an error"
                        r"|row of a DP that has the package from another site now): \S+|not told: .*; (GRANT SELECT ON \S+ TO|v\S+ could not)",
                        line):
            super().note(line)

    @property
    def notes(self):
        return [line for line in self.lines[1:] if not self.item_form.match(line)]

    @property
    def shown(self):
        """{(package, server): kind}"""
        return {(item["package"], item["server"]): item["kind"] for item in self.items}


class World(packages.World):
    plugin = {"program": PLUGIN, "form": Answer}

    def make(self, product="cb", **options):
        """Sites CEN, S01, S02, S03; no package yet. One package is installed on every DP, so that there is something to see."""
        lab = super().make(product=product, **options)
        lab.package("CEN00000", "Installed everywhere")
        for code in ("CEN", "S01", "S02", "S03"):
            self.dp("CEN00000", "DP-" + code, 0, site=code)
        return lab

    def package(self, package, version=3, age_s=90 * DAY, **options):
        self.lab.package(package, options.pop("name", "Office"), version, source_date_age_s=age_s, **options)

    def dp(self, package, server, state, age_s=4 * DAY, version=None, site="S02", target=0, peer=False, nal=None):
        """The package is targeted at a DP, and the summarizer says what became of it."""
        if not self.lab.query("SELECT 1 FROM SMSPackages WHERE PkgID = ?", package):
            self.package(package)
        if target is not None:
            self.lab.target(package, site, server, status=target, peer=peer)
        self.lab.dp_state(package, server, state, version, age_s, site=site)
        if nal is not None:
            for table in ("v_DistributionPoint", "v_PackageStatusDistPointsSumm"):
                self.lab.db.execute("UPDATE %s SET ServerNALPath = ? WHERE PackageID = ? AND ServerNALPath = ?" % table,
                                    (nal, package, nal_path(site, server)))
        self.lab.commit()
