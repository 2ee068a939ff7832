# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages on their way over links: queues, several versions at once, outages, a tree of sites, and losses.

What is lost is known, so that a check's word can be held against the truth. The same seed makes the same story.
"""

import heapq
import random

HOUR, MB = 3600, 1 << 20
SENT, HERE = 1, 2
RATES_MB = (20, 20, 50, 100, 300)  # an hour
LOST = 0.004
PATIENCE_H = 120  # then somebody sends a lost package again


class Links:
    def __init__(self, lab, seed, tree=False, sites=12, packages=40):
        self.lab, self.dice, self.start, self.hour = lab, random.Random(seed), lab.now, 0
        self.sites = ["A%02d" % number for number in range(sites)]
        self.parent = {site: self.dice.choice(self.sites[:number]) for number, site in enumerate(self.sites) if tree and number >= sites // 3}
        self.rate = {site: self.dice.choice(RATES_MB) * MB for site in self.sites}
        self.packages = {"CEN%05X" % (0x100 + number): {"version": 1, "size": int(MB * min(2000, self.dice.lognormvariate(3, 1.5))),
                                                        "priority": self.dice.choice((1, 2, 2, 2))} for number in range(packages)}
        self.queue = {site: [] for site in self.sites}  # priority, number, package, version, bytes left
        self.at_work, self.outage, self.held, self.size = {}, {}, {}, {}
        self.reports, self.number = [], 0  # hour, number, package, site, version
        self.lost = {}  # (package, site): hour, version
        for site in self.sites:
            lab.site(site, "Site " + site, parent=self.parent.get(site, lab.owner))
        for package in self.packages:
            self.make(package)
            for site in self.sites:
                lab.target(package, site, refreshed_age_s=None)
                lab.status(package, site, HERE, 1)
        lab.commit()

    def make(self, package):
        one = self.packages[package]
        self.lab.package(package, "Package", one["version"], comp_size_kb=one["size"] // 1024, priority=one["priority"], source_date_age_s=None)

    def at(self, hour):
        self.lab.now = self.start + int(hour * HOUR)

    def put(self, site, package, version):
        self.number += 1
        heapq.heappush(self.queue[site], [self.packages[package]["priority"], self.number, package, version, self.size[package, version]])

    def raise_version(self, package):
        """A new version, sent to every site; in the row stands at once that it was, or that it will be."""
        one = self.packages[package]
        one["version"] += 1
        self.size[package, one["version"]] = max(MB, int(one["size"] * self.dice.uniform(.02, .4)))
        self.at(self.hour)
        self.make(package)
        for site in self.sites:
            self.lab.status(package, site, SENT, one["version"] - self.dice.randrange(2))
            if site not in self.parent:
                self.put(site, package, one["version"])

    def arrive(self, package, site, version):
        """The site has it, tells so soon or after the despooler's retries, and sends it on; or it is lost."""
        if self.dice.random() < LOST:
            self.lost.setdefault((package, site), (self.hour, version))
            return
        delay = self.dice.choice((.1, .2, .3, .5, 1, 1, 2)) if self.dice.random() < .95 else self.dice.uniform(2, 5)
        self.number += 1
        heapq.heappush(self.reports, (self.hour + delay, self.number, package, site, version))

    def move(self, site, hours):
        left = self.rate[site] * hours
        while left > 0 and (site in self.at_work or self.queue[site]):
            job = self.at_work.pop(site, None) or heapq.heappop(self.queue[site])
            used = min(left, job[4])
            job[4] -= used
            left -= used
            if job[4] <= 0:
                self.arrive(job[2], site, job[3])
            else:
                self.at_work[site] = job

    def report(self):
        while self.reports and self.reports[0][0] <= self.hour:
            hour, _, package, site, version = heapq.heappop(self.reports)
            self.at(hour)
            for child in self.sites:
                if self.parent.get(child) == site:
                    self.put(child, package, version)
            if version > self.held.get((package, site), 1):
                self.held[package, site] = version
                self.lab.status(package, site, HERE, version)
            if (package, site) in self.lost and version >= self.lost[package, site][1]:
                del self.lost[package, site]

    def go(self, hours):
        """So many hours more."""
        self.hour += hours
        office = self.hour // 24 % 7 < 5 and 8 <= self.hour % 24 < 18
        for _ in range(self.dice.choice((0, 1, 2, 3)) if office else self.dice.random() < .1):
            self.raise_version(self.dice.choice(sorted(self.packages)))
        for site in self.sites:
            if self.outage.get(site, 0) <= self.hour and self.dice.random() < .003 * hours:
                self.outage[site] = self.hour + self.dice.uniform(2, 40)
            if self.outage.get(site, 0) <= self.hour:
                self.move(site, hours)
        self.report()
        for (package, site), (hour, _) in sorted(self.lost.items()):
            if self.hour - hour > PATIENCE_H:
                version = self.packages[package]["version"]
                self.size.setdefault((package, version), MB)
                self.put(site, package, version)
                self.lost[package, site] = self.hour, version
        self.at(self.hour)
        self.lab.commit()

    def is_lost(self, package, site):
        """There, or at a site above."""
        while site is not None:
            if (package, site) in self.lost:
                return True
            site = self.parent.get(site)
        return False
